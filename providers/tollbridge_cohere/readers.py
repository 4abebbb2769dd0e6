"""Reading Cohere's streams as they pass: bytes go through unchanged, only usage and the end are looked at."""

import re
from decimal import Decimal
from typing import Any

import msgspec

from tollbridge import Usage
from tollbridge.formats import UNREADABLE, CostLine, EventCutter, event_data, split_events, with_cost
from tollbridge_cohere.errors import STOPPED
from tollbridge_cohere.usage import read_usage

_USAGE = re.compile(rb'"usage"[ \t\n\r]*:[ \t\n\r]*\{')
_END = b'message-end"'
"""In what a model writes a quote is escaped, so only the event's own type can be this."""


class _Delta(msgspec.Struct):
    finish_reason: str | None = None
    error: Any = None
    usage: Any = None


class _Event(msgspec.Struct):
    type: str
    delta: _Delta | None = None


_decode = msgspec.json.Decoder(_Event, float_hook=Decimal).decode


class StreamReader:
    """Reads a stream; `cost`, where given, is written beside the usage."""

    def __init__(self, *, cost: CostLine | None) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self._cost = cost
        self._cutter = EventCutter()

    def feed(self, chunk: bytes) -> list[bytes]:
        if not chunk:
            rest = self._cutter.end()
            rest = self._event(rest) if _END in rest else b""
            return [rest] if rest and (self.finished or self.failed) else []
        block = self._cutter.feed(chunk)
        if not block:
            return []
        self.pieces += block.count(b'-delta"')
        if _END in block:
            return [self._event(event) for event in split_events(block)]
        return [block]

    def _event(self, event: bytes) -> bytes:
        data = event_data(event) if _END in event else None
        if data is None:
            return event
        try:
            found = _decode(data)
        except UNREADABLE:
            return event
        if found.type != "message-end":
            return event
        delta = found.delta or _Delta()
        self.failed = delta.error is not None or delta.finish_reason in STOPPED
        self.finished = not self.failed
        self.usage = read_usage(delta.usage)
        return self._priced(event)

    def _priced(self, event: bytes) -> bytes:
        at = _USAGE.search(event)
        return event if at is None else with_cost(event, at.end() - 1, self._cost, self.usage)
