"""Reading Mistral's streams as they pass: bytes go through unchanged, only usage and the end are looked at."""

import re
from collections import deque

from tollbridge import Usage
from tollbridge.formats import UNREADABLE, CostLine, EventCutter, event_data, split_events, with_cost
from tollbridge_mistral.usage import answer_usage

_USAGE = re.compile(rb'"usage"[ \t\n\r]*:[ \t\n\r]*\{')
# What a model writes stands in JSON strings, where quotes are escaped and no line can begin.
_TERMINAL = re.compile(rb'(?:^|[\r\n])data: ?\[DONE\]|"finish_reason"[ \t\n\r]*:[ \t\n\r]*"(?!error")[^"]')
_ERROR = re.compile(
    rb'data: ?\{[ \t\n\r]*(?:"error"[ \t\n\r]*:|"object"[ \t\n\r]*:[ \t\n\r]*"error")'
    rb'|"finish_reason"[ \t\n\r]*:[ \t\n\r]*"error"'
)


class StreamReader:
    """Reads a stream of pieces; `cost`, where given, is written beside the usage."""

    def __init__(self, *, cost: CostLine | None) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self._cost = cost
        self._cutter = EventCutter()
        self._last: deque[bytes] = deque(maxlen=4)

    def feed(self, chunk: bytes) -> list[bytes]:
        if not chunk:
            return self._end()
        block = self._cutter.feed(chunk)
        if not block:
            return []
        told = block.count(b"data:")
        self.pieces += told
        if told:  # signs of life may follow the end
            self._last.append(block)
        if b'"usage"' in block:
            return [self._event(event) for event in split_events(block)]
        return [block]

    def _event(self, event: bytes) -> bytes:
        at = _USAGE.search(event)
        data = event_data(event) if at else None
        if at is None or data is None:
            return event
        try:
            usage = answer_usage(data)
        except UNREADABLE:
            return event
        self.usage = usage or self.usage
        return with_cost(event, at.end() - 1, self._cost, usage)

    def _end(self) -> list[bytes]:
        rest = self._cutter.end()
        if rest and (_TERMINAL.search(rest) or _ERROR.search(rest)):
            self._last.append(rest)
            rest = self._event(rest)
        else:
            rest = b""
        self.failed = any(_ERROR.search(block) for block in self._last)
        self.finished = not self.failed and any(_TERMINAL.search(block) for block in self._last)
        return [rest] if rest else []
