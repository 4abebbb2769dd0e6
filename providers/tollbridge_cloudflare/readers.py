"""Reading streams as they pass: bytes go through unchanged, only usage is looked at."""

import re

import msgspec

from tollbridge import Usage
from tollbridge.formats import JSON, EventCutter, event_data, split_events
from tollbridge_cloudflare.answers import read_usage

# What a model writes stands in JSON strings, where quotes are escaped and no line can begin.
_TERMINAL = re.compile(rb'(?:^|[\r\n])data: ?\[DONE\]|"finish_reason"[ \t\n\r]*:[ \t\n\r]*"[^"]')
_ERROR = re.compile(rb'data: ?\{[ \t\n\r]*"(?:errors?|success)"[ \t\n\r]*:')


class _Chunk(msgspec.Struct):
    usage: dict[str, JSON] | None = None


_decode = msgspec.json.Decoder(_Chunk).decode


class PassingReader:
    """Reads a stream; the last usage holds."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self._cutter = EventCutter()

    def feed(self, chunk: bytes) -> list[bytes]:
        block = self._cutter.feed(chunk) if chunk else self._cutter.end()
        if not block or (not chunk and not _TERMINAL.search(block)):
            return []
        self.pieces += block.count(b"data:")
        if b'"usage"' in block:
            for event in split_events(block):
                self._look(event)
        self.finished = self.finished or _TERMINAL.search(block) is not None
        self.failed = not self.finished and (self.failed or _ERROR.search(block) is not None)
        return [block]

    def _look(self, event: bytes) -> None:
        data = event_data(event)
        try:
            found = _decode(data or b"")
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return
        self.usage = read_usage(found.usage) or self.usage
