"""Reading Gemini's answers as they pass: bytes go through unchanged, only usage is looked at."""

import re
from collections import deque

from msgspec.structs import replace

from tollbridge import Usage
from tollbridge.formats import UNREADABLE, CostLine, EventCutter, event_data, split_events, with_cost
from tollbridge_gemini.searches import TOLD, Searches
from tollbridge_gemini.usage import decode_chunk

_USAGE = re.compile(rb'"usageMetadata"[ \t\n\r]*:[ \t\n\r]*\{')
# What a model writes stands in JSON strings, where quotes are escaped and no line can begin.
_TERMINAL = re.compile(rb'"(?:finishReason|blockReason)"[ \t\n\r]*:[ \t\n\r]*["0-9]')
_ERROR = re.compile(rb'data: ?\{[ \t\n\r]*"error"[ \t\n\r]*:')


class StreamReader:
    """Reads a stream of answers, each with the usage so far.  `cost`, where given, is written beside the last."""

    def __init__(self, *, cost: CostLine | None) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self._cost = cost
        self._cutter = EventCutter()
        self._searches = Searches()
        self._last: deque[bytes] = deque(maxlen=2)

    def feed(self, chunk: bytes) -> list[bytes]:
        if not chunk:
            return self._end()
        block = self._cutter.feed(chunk)
        if not block:
            return []
        self.pieces += block.count(b"data:")
        self._last.append(block)
        if (b'"usageMetadata"' in block and _USAGE.search(block)) or TOLD.search(block):
            return [self._event(event) for event in split_events(block)]
        self.finished = self.finished or _TERMINAL.search(block) is not None
        return [block]

    def _event(self, event: bytes) -> bytes:
        self.finished = self.finished or _TERMINAL.search(event) is not None
        found = _USAGE.search(event)
        data = event_data(event) if found or TOLD.search(event) else None
        if data is None:
            return event
        try:
            usage = decode_chunk(data).read(self._searches)
        except UNREADABLE:
            return event
        if usage is None or found is None:
            self._searched()
            return event
        self.usage = usage
        return with_cost(event, found.end() - 1, self._cost, usage) if self.finished else event

    def _searched(self) -> None:
        """Take searches that are told without a usage."""
        if self.usage is not None:
            self.usage = replace(self.usage, server_tool_calls=self._searches.count)

    def _end(self) -> list[bytes]:
        rest = self._cutter.end()
        rest = self._event(rest) if rest and _TERMINAL.search(rest) else b""
        self.failed = not self.finished and any(_ERROR.search(block) for block in self._last)
        return [rest] if rest else []
