"""Models as the API says them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tollbridge.seeing import Speaking
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.tokenshapes import Usd, Wish

ModelId = Annotated[str, Meta(min_length=1, max_length=256, description="A model by the name that callers use.")]
Part = Annotated[str, Meta(max_length=256)]
Kind = Literal["configured", "provider", "service"]
State = Literal["serving", "waiting", "deprecated", "paused", "retired", "failed"]
From = Literal["configuration", "provider", "plugin", "genai-prices"]


class ModelsAsked(Wish, frozen=True):
    """Which models are listed: those in whose name or targets `q` stands, and that `provider` may be asked for."""

    q: Part = ""
    provider: Annotated[str, Meta(max_length=100, description="Only those that lead to this provider.")] = ""
    limit: Limit = 50
    after: Cursor = ""


class ModelAsked(Wish, frozen=True):
    """Which model is shown."""

    id: ModelId


class TierShown(msgspec.Struct, frozen=True):
    """What a million tokens cost of a call with more than `above` input tokens in all."""

    above: int
    input: Usd
    output: Usd
    cache_read: Usd
    cache_write: Usd


class PriceShown(msgspec.Struct, frozen=True, kw_only=True):
    """A price, US dollars for a million tokens; `request` and `server_tool_call` are for a call.

    `origin` is who says so, `source` where exactly it stands. `left_out` names what the provider charges for besides.
    """

    input: Usd
    output: Usd
    cache_read: Usd
    cache_write: Usd
    cache_write_1h: Usd
    audio_input: Usd
    image_input: Usd
    audio_output: Usd
    request: Usd
    server_tool_call: Usd
    tiers: Sequence[TierShown]
    left_out: Sequence[str]
    origin: From
    source: str


class TargetShown(msgspec.Struct, frozen=True, kw_only=True):
    """One way to a model: what the provider calls it.  `ready`: the provider can be asked now."""

    provider: str
    model: str
    ready: bool
    price: PriceShown | None


class ServiceModelShown(msgspec.Struct, frozen=True, kw_only=True):
    """A published service that is called as a model; its toll is for each call, null where it has ended."""

    slug: str
    name: str
    team: str
    price_per_call_usd: str | None


class ModelShown(msgspec.Struct, frozen=True, kw_only=True):
    """A model that has a name here.

    `targets` are tried in order: those behind the first are what it falls back to. `price` is that of the first that
    can be asked, and `unpriced` says that there is none, so that the cost of its calls is not known. `context` and
    `max_output` are the least of its targets, in tokens, null where nobody says. `successor` takes its place.
    """

    id: str
    kind: Kind
    state: State
    targets: Sequence[TargetShown]
    price: PriceShown | None
    unpriced: bool
    context: int | None
    max_output: int | None
    service: ServiceModelShown | None
    deprecated_at: datetime | None
    ends_at: datetime | None
    successor: str | None


class ModelsShown(msgspec.Struct, frozen=True):
    """A page of models; `next` is the cursor of the page behind it."""

    items: Sequence[ModelShown]
    next: str | None


class ModelWhole(ModelShown, frozen=True, kw_only=True):
    """A model, and what it can be asked for.

    `listed`: it is in the list; any other name behind `provider/` is passed on to the provider as it is. `also` are
    names that mean the same at the first target.
    """

    listed: bool
    also: Sequence[str]
    speaks: Sequence[Speaking]


def price_shown(table: dict[str, Any], left_out: Sequence[str], origin: From) -> PriceShown:
    """Give a price as it is shown, made of the table that the core gives for programs."""
    tiers = [TierShown(**{name: one[name] for name in TierShown.__struct_fields__}) for one in table["tiers"]]
    known = {name: table[name] for name in PriceShown.__struct_fields__ if name in table and name != "tiers"}
    return PriceShown(**known, tiers=tiers, left_out=tuple(left_out), origin=origin)
