"""What a model route is made of, as it is written."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Share = Annotated[float, Meta(ge=0, le=1)]
Tokens = Annotated[int, Meta(ge=1, le=10_000_000)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a definition."""


class ThinkingWish(Part, frozen=True, kw_only=True):
    """How the model is to think.  `budget` is in tokens, -1 lets it decide; `effort` is one of the gateway's words."""

    enabled: bool | None = None
    budget: Annotated[int, Meta(ge=-1, le=10_000_000)] | None = None
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None


class Parameters(Part, frozen=True, kw_only=True):
    """Parameters of a call.  What is not said is the caller's own.  `max_output` is in tokens."""

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Share | None = None
    top_k: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    max_output: Tokens | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    stop: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=1_000)], ...], Meta(max_length=16)] | None = None
    thinking: ThinkingWish | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class Most(Part, frozen=True, kw_only=True):
    """What a call has at most: tokens of one answer, tokens of thought, answers, and tools that it brings."""

    output: Tokens | None = None
    thinking: Tokens | None = None
    answers: Annotated[int, Meta(ge=1, le=128)] | None = None
    tools: Annotated[int, Meta(ge=0, le=10_000)] | None = None


class ModelDefinition(Part, frozen=True, kw_only=True):
    """A model route.

    `model` is a model of the gateway, an alias, or a route of several. `system` is said before the caller's own
    instructions. `defaults` hold where a caller says nothing, `fixed` whatever a caller says.
    """

    model: Annotated[str, Meta(max_length=300)] = ""
    system: Annotated[str, Meta(max_length=200_000)] = ""
    defaults: Parameters = Parameters()
    fixed: Parameters = Parameters()
    most: Most = Most()
