"""Writing streams of answers that hold `choices`; what a piece says of one choice is for the dialect to write."""

from collections.abc import Callable, Mapping
from typing import Any

from tollbridge.formats.choices import ChoicesFormat
from tollbridge.formats.conversation import Request
from tollbridge.formats.events import AnyEvent, Aside, Begin, Broken, End, Ping, UsageSeen
from tollbridge.formats.notes import Notes
from tollbridge.formats.sse import write_event
from tollbridge.formats.values import JSON, encode_json


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
        self._head = self._told.head(event, self._told.piece, self._request, self._notes)
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
