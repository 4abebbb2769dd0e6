"""Providers as the API says them: what each needs and has, and how one fares.  No key is in any of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tollbridge.administering import LONGEST_KEY, STORED_NAME
from tollbridge.seeing import ProviderSeen, ProviderTried, Variable
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.providerkeyshapes import ProviderName
from tollbridge_admin.tokenshapes import Wish

State = Literal["serving", "waiting", "known"]
_URL = {"examples": ["https://api.example.com/v1"]}
_NO_KEY = Annotated[
    str, Meta(max_length=LONGEST_KEY, description="The key itself.", extra_json_schema={"writeOnly": True})
]
_HEADER = {"pattern": "^$|^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"}


class ProvidersAsked(Wish, frozen=True):
    """Which providers are listed: those in whose name or title `q` stands, and that are so."""

    q: Annotated[str, Meta(max_length=100)] = ""
    state: State | None = None
    limit: Limit = 50
    after: Cursor = ""


class ProviderTryWish(Wish, frozen=True):
    """A provider that is to be tried: where it is known to be, or at a base URL of one's own in a dialect.

    With `key`, which is kept nowhere, or the one that is stored under a name, which is shown at no URL of one's own;
    without either, with the one that it has.
    """

    provider: ProviderName
    base_url: Annotated[str, Meta(max_length=2000, extra_json_schema=_URL)] = ""
    dialect: Annotated[str, Meta(max_length=100, examples=["openai-chat"])] = ""
    auth_header: Annotated[str, Meta(max_length=100, extra_json_schema=_HEADER)] = ""
    key: _NO_KEY = ""
    stored: Annotated[str, Meta(max_length=64, extra_json_schema={"pattern": f"^$|^{STORED_NAME}$"})] = ""


class KeptShown(msgspec.Struct, frozen=True, kw_only=True):
    """The key that the database keeps: how many versions are live, and what is known of the newest of them."""

    versions: int
    hint: str | None
    added_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class CheckShown(msgspec.Struct, frozen=True):
    """When somebody last asked the provider whether it takes its kept key, and what it said of each version."""

    at: datetime
    by: str
    results: Mapping[str, str]


class KeyStateShown(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider's key is read, and whether it is there; `reference` is null where it takes none.

    `added_by` and `check` are told of one provider alone, as far as the audit log has them.
    """

    reference: str | None
    is_set: bool
    needed: bool
    variables: Sequence[Variable]
    kept: KeptShown | None
    added_by: str | None = None
    check: CheckShown | None = None


class FaredShown(msgspec.Struct, frozen=True):
    """How calls of one service fared at a provider; `ai` are those of models themselves."""

    service: str
    calls: int
    failed: int
    latency_p50_ms: int | None


class HealthShown(msgspec.Struct, frozen=True, kw_only=True):
    """How calls of a range fared.  The median is that of the service with the most calls, null without any."""

    calls: int
    failed: int
    latency_p50_ms: int | None
    services: Sequence[FaredShown]


class HealthsShown(msgspec.Struct, frozen=True):
    """How calls fared: of the last hour, and of the last day."""

    hour: HealthShown
    day: HealthShown


class ModelCountShown(msgspec.Struct, frozen=True):
    """How many models that lead to a provider have a name here, and how many of them have a price."""

    listed: int
    priced: int


class ProviderShown(msgspec.Struct, frozen=True, kw_only=True):
    """A provider: one that serves, one whose key is missing (`waiting`), or one that could be added (`known`).

    `by_key_alone`: it serves from the moment its key is there, without a section in the configuration. `variables` are
    those of its URLs. `private`: it may be on this machine or a private network. `scheme` and `header` say how it is
    shown its key. To a token with a team `base_urls`, `key` and `health` are null: they are the whole bridge's.
    """

    name: str
    title: str
    homepage: str | None
    source: str | None
    state: State
    configured: bool
    by_key_alone: bool
    private: bool
    base_urls: Mapping[str, str] | None
    variables: Sequence[Variable]
    scheme: str
    header: str | None
    key: KeyStateShown | None
    models: ModelCountShown | None
    health: HealthsShown | None


class ProvidersShown(msgspec.Struct, frozen=True):
    """A page of providers; `next` is the cursor of the page behind it."""

    items: Sequence[ProviderShown]
    next: str | None


class ProviderTriedShown(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a try.  `status` is what the provider answered, 0 for nothing.

    `toml` is what is to be put into tollbridge.toml, empty where nothing is. `stored` is the name under which
    `POST /provider-credentials` keeps the key then, `variable` the one of the environment that may hold it, where
    `toml` names it or says nothing of a key; null where the provider takes none.
    """

    result: Literal["ok", "refused", "unreachable", "unknown"]
    status: int
    detail: str
    models: Sequence[str]
    took_ms: int
    toml: str
    variable: str | None
    stored: str | None


def shown(
    seen: ProviderSeen, *, whole: bool, key: KeyStateShown, models: ModelCountShown | None, health: HealthsShown
) -> ProviderShown:
    """Give a provider as it is shown; `whole`: to somebody without a team."""
    return ProviderShown(
        name=seen.name,
        title=seen.title,
        homepage=seen.homepage or None,
        source=seen.source or None,
        state=seen.state,
        configured=seen.configured,
        by_key_alone=not seen.private and all(one.is_set for one in seen.variables),
        private=seen.private,
        base_urls=seen.base_urls if whole else None,
        variables=seen.variables,
        scheme=seen.scheme,
        header=seen.header or None,
        key=key if whole else None,
        models=models,
        health=health if whole else None,
    )


def tried_shown(tried: ProviderTried, **place: Any) -> ProviderTriedShown:
    """Give what came of a try."""
    found = tried.checked
    return ProviderTriedShown(
        result=found.result.value,
        status=found.status,
        detail=found.detail,
        models=tried.models,
        took_ms=tried.took_ms,
        **place,
    )
