"""Reading what else OpenAI answers as it passes: events with usage, JSON or text, and bytes."""

import re
from collections.abc import Sequence

from tollbridge import Usage
from tollbridge.formats import UNREADABLE, CostLine, EventCutter, event_data, event_name, split_events, with_cost
from tollbridge_openai.side_usage import added, answer_usage, decode_event

_LONGEST_EVENT = 96 * 1024 * 1024
"""Bytes: a picture of 8 million points as PNG in base64 comes in one event."""
_TELLING = 6
"""Bytes that tell events from sound."""
_EVENTS = re.compile(rb"(?:data|event|id|retry):.*|:[\t\n\r\x20-\x7e]*", re.DOTALL)
"""How events begin.  Sound without a head can begin with a colon too, which tells a comment only where text follows."""
_USAGE = re.compile(rb'"usage"[ \t\n\r]*:[ \t\n\r]*\{')
_ERROR = re.compile(rb'data: ?\{[ \t\n\r]*"error"[ \t\n\r]*:|"type"[ \t\n\r]*:[ \t\n\r]*"error"')


class StreamReader:
    """Reads a stream of events, of which those named `last` end it and tell the usage; several of them add up.

    `spoken`: what comes out is sound. `counts`: an event is about one token of output, for an estimate where no usage
    is told. `cost`, where given, is written beside the usage. An event may be a picture of many megabytes, so that no
    pattern is searched in one before its name was found.
    """

    def __init__(self, last: Sequence[str], *, spoken: bool, counts: bool, cost: CostLine | None) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self._last = tuple(name.encode("ascii") for name in last)
        self._spoken = spoken
        self._counts = counts
        self._cost = cost
        self._cutter = EventCutter(_LONGEST_EVENT)

    def feed(self, chunk: bytes) -> list[bytes]:
        block = self._cutter.feed(chunk) if chunk else self._rest()
        if not block:
            return []
        if self._counts:
            self.pieces += block.count(b"data:")
        passed = [self._event(event) for event in _events(block)] if self._may_end(block) else [block]
        if not self.finished and b'"error"' in block and _ERROR.search(block):
            self.failed = True
        return passed

    def _may_end(self, block: bytes) -> bool:
        return any(name in block for name in self._last)

    def _rest(self) -> bytes:
        """Give a last event that lacks its blank line, nothing for half of one."""
        rest = self._cutter.end()
        try:
            decode_event(event_data(rest) or b"")
        except UNREADABLE:
            return b""
        return rest if self._may_end(rest) else b""

    def _event(self, event: bytes) -> bytes:
        data = event_data(event) if self._may_end(event) else None
        if data is None:
            return event
        try:
            told = decode_event(data)
        except UNREADABLE:
            return event
        if (told.type.encode("utf-8") or event_name(event)) not in self._last:
            return event
        self.finished = True
        usage = told.read(spoken=self._spoken)
        if usage is None:
            return event
        self.usage = added(self.usage, usage)
        found = _USAGE.search(event) if self._cost is not None else None
        return event if found is None else with_cost(event, found.end() - 1, self._cost, usage)


def _events(block: bytes) -> list[bytes]:
    alone = block.endswith(b"\n\n") and block.count(b"\n\n") == 1 and b"\r" not in block
    return [block] if alone else split_events(block)


class LooseReader:
    """Reads a whole answer that is JSON with usage, or something else: text, subtitles, sound.

    Nothing but the bytes is asked of the latter, which may be none at all: silence, written down.
    """

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finished = True
        self.failed = False
        self.pieces = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        if not chunk:
            return []
        if chunk.startswith(b"{"):
            try:
                self.usage = answer_usage(chunk)
            except UNREADABLE:
                self.usage = None
        return [chunk]


class BytesReader:
    """Passes bytes on as they come.  They tell no usage."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        if not chunk:
            return []
        self.finished = True
        return [chunk]


class SpeechReader(StreamReader):
    """Reads speech that was asked for as events, and comes as bytes where the provider cannot do that."""

    def __init__(self, last: Sequence[str], *, cost: CostLine | None) -> None:
        super().__init__(last, spoken=True, counts=False, cost=cost)
        self._first = b""
        self._events: bool | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        if self._events is None:
            self._first += chunk
            if chunk and len(self._first) < _TELLING:
                return []
            self._events = _EVENTS.fullmatch(self._first[:_TELLING]) is not None
            first, self._first = self._first, b""
            return self._read(first) + ([] if chunk else self._read(b""))
        return self._read(chunk)

    def _read(self, chunk: bytes) -> list[bytes]:
        if self._events:
            return super().feed(chunk)
        self.finished = self.finished or bool(chunk)
        return [chunk] if chunk else []
