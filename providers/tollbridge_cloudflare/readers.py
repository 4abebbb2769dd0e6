"""Reading streams as they pass: bytes go through unchanged, only usage is looked at."""

import re

import msgspec

from tollbridge import Usage
from tollbridge.formats import JSON, UNREADABLE, EventCutter, event_data, split_events
from tollbridge_cloudflare.answers import read_usage

# What a model writes stands in JSON strings, where quotes are escaped and no line can begin.
_DATA = rb"(?:^|[\r\n])data: ?"
_TYPE = rb'\{[ \t]*"type"[ \t]*:[ \t]*'
_TERMINAL = re.compile(
    _DATA
    + rb'\[DONE\]|"finish_reason"[ \t\n\r]*:[ \t\n\r]*"[^"]|'
    + _DATA
    + _TYPE
    + rb'"response\.(?:completed|incomplete)"'
)
_TELLING = re.compile(rb'"(?:usage|errors?|success|response\.failed)"')
_FAILED = ("error", "response.failed")


class _Response(msgspec.Struct):
    usage: JSON = None


class _Chunk(msgspec.Struct):
    type: JSON = None
    usage: JSON = None
    success: JSON = None
    errors: JSON = None
    error: JSON = None

    @property
    def failed(self) -> bool:
        """Whether the provider breaks the answer off with it."""
        return self.success is False or bool(self.errors or self.error) or self.type in _FAILED


class _Event(msgspec.Struct):
    type: str
    response: _Response


_decode = msgspec.json.Decoder(_Chunk).decode
_decode_event = msgspec.json.Decoder(_Event).decode


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
        if _TELLING.search(block):
            for event in split_events(block):
                self._look(event)
        self.finished = not self.failed and (self.finished or _TERMINAL.search(block) is not None)
        return [block]

    def _look(self, event: bytes) -> None:
        data = event_data(event) or b""
        try:
            chunk = _decode(data)
            self.failed = self.failed or chunk.failed
            told = chunk.usage
            if told is None and chunk.type is not None:
                told = _decode_event(data).response.usage
        except UNREADABLE:
            return
        self.usage = read_usage(told) or self.usage
