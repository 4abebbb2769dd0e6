"""A stream of any dialect as events.  Folded, they are the answer; see `fold`.

Order: one `Begin`; for each part `PartBegin`, its pieces, `PartEnd`; `ChoiceEnd` for each answer; `End` at the very
end, or `Broken`. `UsageSeen` and `Aside` may stand anywhere between. Parts of an answer are counted from 0 in the order
in which they begin, and several may be open at a time.
"""

import msgspec

from tollbridge.errors import GatewayError
from tollbridge.formats.parts import AnyPart, Citation, Logprob, State
from tollbridge.formats.response import Stop
from tollbridge.formats.values import JSON, NO_EXTRAS, Extras
from tollbridge.metering.usage import Usage


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag=str.lower):
    """Something that happened in a stream."""


class Begin(Event, frozen=True, kw_only=True):
    """The answer begins."""

    origin: str
    id: str = ""
    model: str = ""
    created: int | None = None
    tier: str | None = None
    extras: Extras = NO_EXTRAS


class PartBegin(Event, frozen=True, kw_only=True):
    """A part begins with what is known of it: the kind, a tool's name and id, or all there is of a picture."""

    part: AnyPart
    index: int
    choice: int = 0


class Delta(Event, frozen=True, kw_only=True):
    """More words of an open part: text, reasoning, refusal, or a tool's arguments.  May be empty."""

    text: str
    index: int
    choice: int = 0


class Detail(Event, frozen=True, kw_only=True):
    """More that belongs to an open part: its state, citations, logprobs, or `extras` of its own dialect."""

    index: int
    choice: int = 0
    state: State | None = None
    citations: tuple[Citation, ...] = ()
    logprobs: tuple[Logprob, ...] = ()
    extras: Extras = NO_EXTRAS


class Replaced(Event, frozen=True, kw_only=True):
    """All that is known of an open part now: what was said of it before is void."""

    part: AnyPart
    index: int
    choice: int = 0


class PartEnd(Event, frozen=True, kw_only=True):
    """A part is whole."""

    index: int
    choice: int = 0


class ChoiceEnd(Event, frozen=True, kw_only=True):
    """One of the answers is whole."""

    stop: Stop | None
    said: str | None = None
    sequence: str | None = None
    choice: int = 0
    extras: Extras = NO_EXTRAS


class UsageSeen(Event, frozen=True, kw_only=True):
    """The usage so far, in total; the last one holds.  `wire` is what the provider said, word for word."""

    usage: Usage | None
    wire: JSON = None


class Aside(Event, frozen=True, kw_only=True):
    """Members of the answer as a whole that came later than its beginning, for its own dialect."""

    extras: Extras = NO_EXTRAS
    tier: str | None = None


class Unknown(Event, frozen=True, kw_only=True):
    """An event that its own dialect does not know either; only that dialect passes it on, as it came."""

    dialect: str
    name: str
    data: bytes


class Ping(Event, frozen=True):
    """A sign of life."""


class Broken(Event, frozen=True, kw_only=True):
    """The provider ended the stream with an error."""

    error: GatewayError


class End(Event, frozen=True):
    """The answer is whole."""


AnyEvent = (
    Begin
    | PartBegin
    | Delta
    | Detail
    | Replaced
    | PartEnd
    | ChoiceEnd
    | UsageSeen
    | Aside
    | Unknown
    | Ping
    | Broken
    | End
)
