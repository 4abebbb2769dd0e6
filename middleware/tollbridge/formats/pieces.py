"""Reading streams of answers that hold `choices`: pieces in the shape of the answer, then usage, then `[DONE]`.

What a piece says of one choice is for the dialect to read. The writer's half is `piecelines`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from tollbridge.errors import GatewayError, UpstreamError
from tollbridge.formats.choices import ChoicesFormat
from tollbridge.formats.events import AnyEvent, Aside, Begin, Broken, End, Ping, Unknown, UsageSeen
from tollbridge.formats.fields import Fields
from tollbridge.formats.sse import EventCutter, event_data, event_name, split_events
from tollbridge.formats.values import JSON, decode_json


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
        choices, wire = found.each("choices") or [], self._told.take_usage(found)
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
