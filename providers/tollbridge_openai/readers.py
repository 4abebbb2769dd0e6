"""Reading OpenAI's answers as they pass: bytes go through unchanged, only usage is looked at."""

import re
from collections import deque

from tollbridge import Usage
from tollbridge.formats import UNREADABLE, CostLine, EventCutter, event_data, split_events, with_cost
from tollbridge_openai.usage import decode_chunk

_USAGE = re.compile(rb'"usage"[ \t\n\r]*:[ \t\n\r]*\{')
# What a model writes stands in JSON strings, where quotes are escaped and no line can begin.
_TERMINAL = re.compile(rb'(?:^|[\r\n])data: ?\[DONE\]|"finish_reason"[ \t\n\r]*:[ \t\n\r]*"[^"]')
# Of OpenRouter it stands beside the choices, with `[DONE]` after it (recorded, 2026-11), of Groq in `x_groq`.
_ERROR = re.compile(rb'"error"[ \t\n\r]*:[ \t\n\r]*[{"]')


class StreamReader:
    """Reads a stream of chunks.

    The chunk that carries nothing but usage is taken out for callers who did not ask for it. `cost`, where given, is
    written beside the usage.
    """

    def __init__(self, *, asked: bool, cost: CostLine | None) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self._asked = asked
        self._cost = cost
        self._cutter = EventCutter()
        self._last: deque[bytes] = deque(maxlen=4)

    def feed(self, chunk: bytes) -> list[bytes]:
        if not chunk:
            return self._end()
        block = self._cutter.feed(chunk)
        if not block:
            return []
        self.pieces += block.count(b"data:")
        self._last.append(block)
        if b'"usage"' in block and _USAGE.search(block):
            return [kept for event in split_events(block) if (kept := self._event(event))]
        return [block]

    def _event(self, event: bytes) -> bytes:
        found = _USAGE.search(event)
        data = event_data(event) if found else None
        if found is None or data is None:
            return event
        try:
            chunk = decode_chunk(data)
        except UNREADABLE:
            return event
        usage = None if chunk.usage is None else chunk.usage.read()
        if usage is None:
            return event
        self.usage = usage
        if chunk.choices == [] and not self._asked:
            return b""
        return with_cost(event, found.end() - 1, self._cost, usage)

    def _end(self) -> list[bytes]:
        rest = self._cutter.end()
        if rest and _TERMINAL.search(rest):
            self._last.append(rest)
            rest = self._event(rest)
        else:
            rest = b""
        self.failed = any(_ERROR.search(block) for block in self._last)
        self.finished = not self.failed and any(_TERMINAL.search(block) for block in self._last)
        return [rest] if rest else []
