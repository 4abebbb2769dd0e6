"""What a provider is: names, base URLs, its auth, models and their prices.  All of it data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tollbridge.auth import Auth, NoAuth
from tollbridge.models import Models

if TYPE_CHECKING:
    from tollbridge.shownkeys import KeptKey
    from tollbridge.signing import Signing


@dataclass(frozen=True, slots=True)
class Quirks:
    """Where a host that speaks a known dialect differs from it."""

    rename: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    stream_usage: str = "option"
    """How usage comes into a stream: `option` (ask by stream_options), `always`, or `never`."""
    add: Mapping[str, str] = field(default_factory=dict)
    """Members that every body of this host has, as JSON texts by name."""
    keeps_answers: bool = False
    """Whether this host keeps its answers, so that a request can go on from one by its id."""
    paths: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Where an operation is here, by its label, where that is not where its dialect has it: whole, and streamed."""
    rewritten: tuple[str, ...] = ()
    """Dialects, each by its own name, that this host writes amiss.

    Their streams and their embeddings are read and written anew; every other answer passes as it is.
    """
    only_counts: tuple[str, ...] = ()
    """Dialects, each by the name its URL has, that this host is asked in to count tokens and for nothing else.

    It writes its answers amiss there: a call in such a dialect is translated to another that the host speaks.
    """
    drop_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Members to leave out where they have one of these values, as JSON texts by name, which the host refuses: it does
    that anyhow, or what it does is rewritten."""

    free_text: bool = False
    """Whether this host takes OpenAI's tools of free text.  Few but OpenAI do; any other is given functions instead."""

    @property
    def alters_bodies(self) -> bool:
        """Whether bodies of this host need more than another model's name."""
        return bool(self.rename or self.drop or self.add or self.drop_values)


@dataclass(frozen=True, slots=True, init=False)
class Provider:
    """A host that serves models.

    Give `base_url` with `dialect`, or `base_urls` with one URL a dialect.  A `{NAME}` in a URL is filled from the
    environment variable of that name.  `price_id` is this host's id in the price data, its own name by default.
    """

    name: str
    base_urls: Mapping[str, str]
    auth: Auth
    models: Models
    quirks: Quirks
    price_id: str
    display_name: str
    homepage: str
    source: str
    allow_private: bool

    def __init__(
        self,
        name: str,
        *,
        base_url: str = "",
        dialect: str = "openai-chat",
        base_urls: Mapping[str, str] | None = None,
        auth: Auth | None = None,
        models: Models | None = None,
        quirks: Quirks | None = None,
        price_id: str = "",
        display_name: str = "",
        homepage: str = "",
        source: str = "",
        allow_private: bool = False,
    ) -> None:
        found = dict(base_urls or {})
        if base_url:
            found.setdefault(dialect, base_url)
        values = {
            "name": name,
            "base_urls": {key: url.rstrip("/") for key, url in found.items()},
            "auth": auth or NoAuth(),
            "models": models or Models(),
            "quirks": quirks or Quirks(),
            "price_id": price_id or name,
            "display_name": display_name or name,
            "homepage": homepage,
            "source": source,
            "allow_private": allow_private,
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)


@dataclass(frozen=True, slots=True)
class Target:
    """One way to reach a model: a provider, its own name for the model, and what shows our credential.

    `max_output` is the most tokens the model writes as the operator says, `limit` as its provider says. `headers` hold
    the credential and are never logged; `__repr__` leaves them out. `signing` is there where each request is signed,
    `kept` where the database keeps the key.
    """

    provider: Provider
    model: str
    headers: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    base_urls: Mapping[str, str] = field(default_factory=dict)
    allow_private: bool = False
    max_output: int | None = None
    limit: int | None = None
    signing: "Signing | None" = None
    kept: "KeptKey | None" = None

    def assumed_output(self, otherwise: int) -> int:
        """Give the output limit to reckon with where the caller sets none, in tokens.

        A provider's own limit may lower what is assumed, and never raises it: models that can write 128,000 tokens
        seldom do, and what they might cost would fill every budget.
        """
        if self.max_output is not None:
            return self.max_output
        return otherwise if self.limit is None else min(self.limit, otherwise)
