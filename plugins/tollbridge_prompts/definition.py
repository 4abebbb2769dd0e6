"""A prompt API as it is written down: data, of which nothing runs.

A draft may lack what a release needs, so little is required here; `checking` says what is wrong or missing.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Share = Annotated[float, Meta(ge=0, le=1)]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object of a definition: a member that it does not name is refused."""


class ThinkingWish(Shape, frozen=True, kw_only=True):
    """How the model is to think.  `budget` is in tokens, -1 lets it decide; `effort` is one of the gateway's words."""

    enabled: bool | None = None
    budget: Annotated[int, Meta(ge=-1, le=10_000_000)] | None = None
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None


class Parameters(Shape, frozen=True, kw_only=True):
    """What the model is asked with.  What is not said here is left to the model, and to who calls it as a model.

    `max_output` is in tokens.
    """

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Share | None = None
    top_k: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    max_output: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    stop: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=1_000)], ...], Meta(max_length=16)] = ()
    thinking: ThinkingWish | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class Example(Shape, frozen=True, kw_only=True):
    """A turn that shows how to answer; both are templates."""

    user: str
    assistant: str


class Output(Shape, frozen=True, kw_only=True):
    """What the answer is.

    `schema` is for `json`. `retries`: how often a model whose answer does not fit is told so and asked again.
    `media_type` is that of a text. `exact`: a text is given as it was said, with the blanks around it.
    """

    type: Literal["text", "json"] = "text"
    schema: dict[str, Any] | None = None
    retries: Annotated[int, Meta(ge=0, le=5)] = 1
    media_type: str = "text/plain"
    exact: bool = False


class Get(Shape, frozen=True, kw_only=True):
    """It may be called by GET as well: nothing comes of a call but its answer, which stays good for `max_age_s`."""

    max_age_s: Annotated[int, Meta(ge=0, le=30 * 86_400)]


class Judge(Shape, frozen=True, kw_only=True):
    """A model that says from 0 to 1 how well an answer meets the rubric; it must be `least`, at least."""

    model: str
    rubric: str
    least: Share = 0.7


class Expectation(Shape, frozen=True, kw_only=True):
    """What an answer must be.  Exactly one of its members is said, beside `at`.

    `at` is a JSON pointer (RFC 6901) to what is looked at in an answer that is JSON; empty for all of it. `contains`
    is looked for in a text; of what is no text, in its JSON. `matches` is a regular expression that fits somewhere.
    """

    at: str = ""
    equals: Any | UnsetType = UNSET
    contains: str | UnsetType = UNSET
    not_contains: str | UnsetType = UNSET
    matches: str | UnsetType = UNSET
    schema: dict[str, Any] | UnsetType = UNSET
    max_cost_usd: str | UnsetType = UNSET
    max_latency_s: Annotated[float, Meta(gt=0, le=3_600)] | UnsetType = UNSET
    judge: Judge | UnsetType = UNSET


class Case(Shape, frozen=True, kw_only=True):
    """One call of a test set, and all that must hold of its answer."""

    name: str
    variables: dict[str, Any] = {}
    expect: tuple[Expectation, ...] = ()


class Tests(Shape, frozen=True, kw_only=True):
    """A test set.  `gate` is the share of its cases that must pass before a release may be published."""

    cases: tuple[Case, ...] = ()
    gate: Share = 1.0


class PromptDefinition(Shape, frozen=True, kw_only=True):
    """A prompt API.

    `model` is a model of the gateway, or a route. `system`, the examples and `user` are templates, said in that order.
    `variables` are JSON Schemas by name (2020-12), each with three members of our own: `required` as true or false,
    `default`, and `examples`, values that are shown. A variable that has no default is required unless it says
    otherwise; one that is not given and has none is nothing, as a text. `chat`: called as a model, it takes earlier
    turns as well. `stream`: the answer may be had piece by piece.
    """

    model: str = ""
    parameters: Parameters = Parameters()
    system: str = ""
    examples: tuple[Example, ...] = ()
    user: str = ""
    variables: Mapping[str, dict[str, Any]] = {}
    output: Output = Output()
    get: Get | None = None
    stream: bool = True
    chat: bool = False
    timeout_s: Annotated[float, Meta(gt=0, le=3_600)] = 120.0
    tests: Tests = Tests()
