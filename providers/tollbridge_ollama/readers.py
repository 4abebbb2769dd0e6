"""Reading Ollama's answers as they pass: bytes go through unchanged, only usage is looked at."""

import re
from typing import Any

import msgspec

from tollbridge import Usage
from tollbridge.formats import UNREADABLE, CostLine, with_cost
from tollbridge_ollama.lines import LineCutter, split_lines
from tollbridge_ollama.usage import WireUsage

# In what a model writes quotes are escaped, so this stands in a member's name; whose, the decoder tells.
_TELLING = re.compile(rb'"done"[ \t\r]*:[ \t\r]*true|"(?:error|status)"[ \t\r]*:')


class _Line(WireUsage):
    done: bool | None = None
    error: Any = None
    status: Any = None


_decode = msgspec.json.Decoder(_Line).decode


class LineReader:
    """Reads a stream of lines: an answer's, or the progress of a download, whose end is the status `success`.

    `cost`, where given, is written into the last line.
    """

    def __init__(self, *, cost: CostLine | None) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self._cost = cost
        self._cutter = LineCutter()

    def feed(self, chunk: bytes) -> list[bytes]:
        if not chunk:
            return self._end()
        block = self._cutter.feed(chunk)
        if not block:
            return []
        if not _TELLING.search(block):
            self.pieces += block.count(b"\n")
            return [block]
        return [self._line(line) for line in split_lines(block)]

    def _line(self, line: bytes) -> bytes:
        self.pieces += 1
        told = _told(line) if _TELLING.search(line) else None
        if told is None:
            return line
        self.failed = self.failed or told.error is not None
        self.finished = self.finished or told.done is True or told.status == "success"
        if told.done is not True:
            return line
        self.usage = told.read() or self.usage
        return with_cost(line, line.index(b"{"), self._cost, self.usage)

    def _end(self) -> list[bytes]:
        """Pass what has no line end on, if it is whole all the same."""
        rest = self._cutter.end()
        return [self._line(rest)] if rest and _told(rest) is not None else []


def _told(line: bytes) -> _Line | None:
    try:
        return _decode(line)
    except UNREADABLE:
        return None
