"""Streams of answers that hold `choices`: pieces in the shape of the answer, then usage, then `[DONE]`.

What a piece says of one choice is the dialect's: it gives the functions that read and write it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

from tollbridge.errors import GatewayError, UpstreamError
from tollbridge.formats.choices import ChoicesFormat
from tollbridge.formats.conversation import Request
from tollbridge.formats.events import AnyEvent, Aside, Begin, Broken, End, Ping, Unknown, UsageSeen
from tollbridge.formats.fields import Fields
from tollbridge.formats.notes import Notes
from tollbridge.formats.sse import EventCutter, event_data, event_name, split_events, write_event
from tollbridge.formats.values import JSON, decode_json, encode_json


class PiecedChoice(Protocol):
    """One of the answers of a stream while its pieces come."""

    @property
    def ended(self) -> bool:
        """Whether it said why it stopped."""
        ...

    def take(self, found: Fields, /) -> Iterable[AnyEvent]:
        """Take a piece of it."""
        ...

    def close(self) -> Iterable[AnyEvent]:
        """End what of it is still open: the stream is whole."""
        ...


C = TypeVar("C", bound=PiecedChoice)
Quick = Callable[[bytes, Mapping[int, C]], "Iterable[AnyEvent] | None"]


class PieceReader(Generic[C]):
    """Reads one stream.  The end is `[DONE]`, or the end of the bytes where every answer said why it stopped.

    `choice` begins the answer of that number. `quick` may read a piece at once, given those that have begun, and gives
    None for one that is not plain. `failure` gives the error that a piece ends with, beside what else it says.
    """

    def __init__(
        self,
        told: ChoicesFormat,
        choice: Callable[[int], C],
        *,
        quick: "Quick[C] | None" = None,
        failure: Callable[[dict[str, JSON]], GatewayError | None] = lambda piece: None,
    ) -> None:
        self._told, self._choice, self._quick, self._failure = told, choice, quick, failure
        self._cutter = EventCutter()
        self._choices: dict[int, C] = {}
        self._begun = self._over = False

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        if chunk:
            for event in split_events(self._cutter.feed(chunk)):
                if not self._over:
                    events += self._event(event)
        elif not self._over:
            with suppress(UpstreamError):  # half an event says nothing: the stream broke off in it
                events += self._event(self._cutter.end())
            if not self._over and self._choices and all(choice.ended for choice in self._choices.values()):
                events += self._end()
        return events

    def _event(self, event: bytes) -> Iterable[AnyEvent]:
        data = event_data(event)
        if data is not None and self._quick is not None:
            read = self._quick(data, self._choices)
            if read is not None:
                return read
        return self._any_event(event, data)

    def _any_event(self, event: bytes, data: bytes | None) -> Iterator[AnyEvent]:
        if data is None:
            if event.strip():
                yield Ping()
            return
        if data.strip() == b"[DONE]":
            yield from self._end()
            return
        piece = decode_json(data, wrong=UpstreamError, what="a piece of the provider's answer")
        if not isinstance(piece, dict):
            raise UpstreamError("a piece of the provider's answer is no object")
        error = self._told.read_error(piece)
        if error is None and not isinstance(piece.get("choices"), list) and "usage" not in piece:
            name = event_name(event).decode("utf-8", "replace")
            yield Unknown(dialect=self._told.origin, name=name, data=data)
        elif error is None:
            yield from self._piece(Fields(piece, wrong=None))
            error = self._failure(piece)
        if error is not None:
            self._over = True
            yield Broken(error=error)

    def _piece(self, found: Fields) -> Iterator[AnyEvent]:
        choices, wire = found.each("choices") or [], found.members("usage")
        yield from self._head(found, speaks=bool(choices))
        for place, piece in enumerate(choices):
            index = piece.whole("index")
            index = place if index is None else index
            if index not in self._choices:
                self._choices[index] = self._choice(index)
            yield from self._choices[index].take(piece)
        if wire is not None:
            yield UsageSeen(usage=self._told.read_usage(wire), wire=wire)

    def _head(self, found: Fields, *, speaks: bool) -> Iterator[AnyEvent]:
        """Take what is said of the answer as a whole: in the first piece all, in a later one what is new."""
        found.take(self._told.padding)
        head = self._told.read_head(found)
        extras: dict[str, JSON] = {name: value for name, value in head.extras.items() if value is not None}
        if not self._begun and (speaks or head.id or head.model):
            self._begun = True
            yield Begin(
                origin=head.origin, id=head.id, model=head.model, created=head.created, tier=head.tier, extras=extras
            )
        elif extras or head.tier:
            yield Aside(extras=extras, tier=head.tier)

    def _end(self) -> Iterator[AnyEvent]:
        self._over = True
        if not self._begun:
            yield Begin(origin=self._told.origin)
        for choice in self._choices.values():
            yield from choice.close()
        yield End()


class PieceWriter:
    """Writes the pieces of one stream, and what no answer of it says by itself: usage, errors, and the end.

    `counted`: the caller asked for usage, so each piece has a member for it, and a piece of its own comes at the end.
    """

    def __init__(self, told: ChoicesFormat, request: Request, notes: Notes, *, counted: bool) -> None:
        self._told, self._request, self._notes, self._counted = told, request, notes, counted
        self._head: dict[str, JSON] = {}
        self.native = False
        self.usage: JSON = None

    def begin(self, event: Begin) -> None:
        """Take what all pieces say of the answer as a whole."""
        self.native = event.origin == self._told.origin
        self._head = self._told.head(event, self._request, self._notes)
        if self.native:
            self._head.update(event.extras)
        else:
            self._notes.drop_extras(event.extras)

    def piece(self, choices: list[JSON], usage: JSON = None) -> bytes:
        """Write a piece."""
        members = {**self._head, "choices": choices}
        if self._counted or usage is not None:
            members["usage"] = usage
        return write_event(encode_json(members))

    def write(self, event: AnyEvent) -> bytes:
        """Write what is no part of an answer."""
        write = _WRITE.get(type(event))
        return b"" if write is None else write(self, event)

    def _aside(self, event: Aside) -> bytes:
        if self.native:
            self._head.update({**self._told.told_tier(event.tier), **event.extras})
        return b""

    def _usage_seen(self, event: UsageSeen) -> bytes:
        usage = self._told.usage(event.usage, event.wire, native=self.native)
        self.usage = self.usage if usage is None else usage
        return b""

    def _ping(self, event: Ping) -> bytes:
        return b": ping\n\n"

    def _broken(self, event: Broken) -> bytes:
        return write_event(self._told.write_error(event.error))

    def _end(self, event: End) -> bytes:
        usage = self.piece([], self.usage) if self._counted and self.usage is not None else b""
        return usage + write_event(b"[DONE]")


_WRITE: Mapping[type, Callable[[PieceWriter, Any], bytes]] = {
    Aside: PieceWriter._aside,
    UsageSeen: PieceWriter._usage_seen,
    Ping: PieceWriter._ping,
    Broken: PieceWriter._broken,
    End: PieceWriter._end,
}
