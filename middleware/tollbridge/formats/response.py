"""A model's whole answer, whatever dialect it came in."""

from enum import StrEnum

import msgspec

from tollbridge.formats.parts import AnyPart
from tollbridge.formats.values import JSON, NO_EXTRAS, Extras
from tollbridge.metering.usage import Usage


class Stop(StrEnum):
    """Why a model stopped."""

    END = "end"
    STOP_SEQUENCE = "stop_sequence"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    FILTER = "filter"
    REFUSAL = "refusal"
    PAUSE = "pause"
    CONTEXT = "context"
    BROKEN_CALL = "broken_call"
    OTHER = "other"


class Choice(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One of the answers.

    `said` is the reason it stopped in the provider's own words, `sequence` the stop sequence that was met.
    """

    index: int = 0
    parts: tuple[AnyPart, ...] = ()
    stop: Stop | None = None
    said: str | None = None
    sequence: str | None = None
    extras: Extras = NO_EXTRAS


class Response(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An answer.  `origin` is the dialect it came in; `created` in seconds since the epoch.

    `usage` is None where the provider did not say. `wire_usage` is what it said, word for word, for its own dialect.
    """

    origin: str
    id: str = ""
    model: str = ""
    created: int | None = None
    choices: tuple[Choice, ...] = ()
    usage: Usage | None = None
    wire_usage: JSON = None
    tier: str | None = None
    extras: Extras = NO_EXTRAS
