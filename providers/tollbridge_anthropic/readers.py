"""Reading Messages answers as they pass: bytes go through unchanged, only usage is looked at."""

import re

from tollbridge import Usage
from tollbridge.formats import UNREADABLE, CostLine, EventCutter, event_data, split_events, with_cost
from tollbridge_anthropic.usage import decode_event

_USAGE = re.compile(rb'"usage"[ \t\n\r]*:[ \t\n\r]*\{')
# What a model writes stands in JSON strings, where quotes are escaped and no line can begin.
_STOP = re.compile(rb'(?:^|[\r\n])event: ?message_stop[\r\n]|"type"[ \t\n\r]*:[ \t\n\r]*"message_stop"')
_ERROR = rb'(?:^|[\r\n])(?:event: ?error[\r\n]|data: ?\{[ \t]*"type"[ \t]*:[ \t]*"error")'
_END = re.compile(b"%b|(?P<error>%b)" % (_STOP.pattern, _ERROR))


class StreamReader:
    """Reads a stream of events.  `cost`, where given, is written beside the last usage."""

    def __init__(self, *, cost: CostLine | None) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self._cost = cost
        self._cutter = EventCutter()

    def feed(self, chunk: bytes) -> list[bytes]:
        if not chunk:
            return self._end()
        block = self._cutter.feed(chunk)
        if not block:
            return []
        self.pieces += block.count(b"content_block_delta")
        self._look(block)
        if b'"usage"' in block and _USAGE.search(block):
            return [self._event(event) for event in split_events(block)]
        return [block]

    def _event(self, event: bytes) -> bytes:
        found = _USAGE.search(event)
        data = event_data(event) if found else None
        if found is None or data is None:
            return event
        try:
            told = decode_event(data)
        except UNREADABLE:
            return event
        wire = told.usage or (told.message.usage if told.message is not None else None)
        if wire is None:
            return event
        self.usage = wire.read(self.usage)
        return event if told.usage is None else with_cost(event, found.end() - 1, self._cost, self.usage)

    def _end(self) -> list[bytes]:
        rest = self._cutter.end()
        if not _STOP.search(rest):
            return []
        self._look(rest)
        return [rest]

    def _look(self, block: bytes) -> None:
        """See whether the stream ends here, and how; what comes behind that says nothing."""
        if self.finished or self.failed or not (b"message_stop" in block or b"error" in block):
            return
        found = _END.search(block)
        if found is not None:
            self.failed = found["error"] is not None
            self.finished = not self.failed
