"""Reading streams of the Responses API as they pass: bytes go through unchanged, only usage is looked at.

Each event but the last few repeats what the caller asked for, tools and metadata included, and a caller may have called
any of it `usage` or `response.completed`. So an event that may be the last one is decoded, not searched.
"""

import re
from collections.abc import Mapping

import msgspec

from tollbridge import GatewayError, Usage
from tollbridge.formats import UNREADABLE, CostLine, EventCutter, event_data, object_in, splice, split_events
from tollbridge_openai.responses_usage import decode_event

_LAST = re.compile(rb'"(?:response\.(?:completed|incomplete|failed)|error)"')
_FINISHED: Mapping[str, bool] = {
    "response.completed": True,
    "response.incomplete": True,
    "response.failed": False,
    "error": False,
}


class StreamReader:
    """Reads a stream of events.  `cost`, where given, is written beside the usage.

    `lasts`: the answer goes on when its caller leaves, so that what passed says nothing of what it costs. No pieces are
    counted then, and without a usage all that was reserved is charged.
    """

    def __init__(self, *, cost: CostLine | None, lasts: bool = False) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self.answer = b""
        self._cost = cost
        self._lasts = lasts
        self._cutter = EventCutter()

    def feed(self, chunk: bytes) -> list[bytes]:
        block = self._cutter.feed(chunk) if chunk else self._rest()
        if not block:
            return []
        self.pieces += 0 if self._lasts else block.count(b'.delta"')
        if _LAST.search(block):
            return [self._event(event) for event in split_events(block)]
        return [block]

    def _rest(self) -> bytes:
        """Give a last event that lacks its blank line, nothing for half of one."""
        rest = self._cutter.end()
        data = event_data(rest)
        try:
            told = decode_event(data or b"")
        except UNREADABLE:
            return b""
        return rest if told.type in _FINISHED else b""

    def _event(self, event: bytes) -> bytes:
        data = event_data(event) if _LAST.search(event) else None
        if data is None:
            return event
        try:
            told = decode_event(data)
            finished = _FINISHED.get(told.type)
            answer = bytes(_decode_whole(data).response) if finished else b""
        except UNREADABLE:
            return self._unread(event, data)
        if finished is None:
            return event
        self.finished, self.failed = self.finished or finished, self.failed or not finished
        self.answer = answer or self.answer
        usage = told.response.read() if told.response is not None else None
        self.usage = usage or self.usage
        cost = self._cost(usage) if self._cost is not None and usage is not None else None
        return event if cost is None else _priced(event, data, cost)

    def _unread(self, event: bytes, data: bytes) -> bytes:
        """Look at an event whose usage makes no sense: it is the last one all the same."""
        try:
            kind = _decode_type(data).type
        except UNREADABLE:
            return event
        finished = _FINISHED.get(kind)
        if finished is not None:
            self.finished, self.failed = self.finished or finished, self.failed or not finished
        return event


class _Typed(msgspec.Struct):
    type: str = ""


class _Whole(msgspec.Struct):
    response: msgspec.Raw = msgspec.Raw(b"")


_decode_type = msgspec.json.Decoder(_Typed).decode
_decode_whole = msgspec.json.Decoder(_Whole).decode


def _priced(event: bytes, data: bytes, cost: str) -> bytes:
    """Put `usage.cost` into the answer an event holds; an event in which it has no one place stays as it is."""
    try:
        response = object_in(data, "response")
        usage = splice(object_in(response, "usage"), {"cost": cost.encode("ascii")})
        written = splice(data, {"response": splice(response, {"usage": usage})})
    except GatewayError:
        return event
    return event.replace(data, written, 1)
