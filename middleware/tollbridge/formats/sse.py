"""Server-sent events, cut by the WHATWG rules (HTML standard, section 9.2), from bytes at any split."""

import re

from tollbridge.errors import UpstreamError

_END = re.compile(rb"(?>\r\n|\n|\r)(?:\r\n|\n|\r)")  # atomic, or one CRLF would count as two line ends
_LINE = re.compile(rb"\r\n|\n|\r")
BOM = b"\xef\xbb\xbf"


class EventCutter:
    """Gives whole events, their bytes unchanged, blank line included.

    What was never terminated is in `rest`. An event over `limit` bytes raises `UpstreamError`.
    """

    __slots__ = ("_limit", "rest")

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self.rest = b""
        self._limit = limit

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; give all events that are whole now, joined."""
        if not self.rest and chunk.endswith(b"\n\n"):
            return chunk
        data = self.rest + chunk if self.rest else chunk
        cut = _last_end(data, len(self.rest))
        self.rest = data[cut:]
        if len(self.rest) > self._limit:
            self.rest = b""
            raise UpstreamError(f"the provider sent an event over {self._limit} bytes")
        return data[:cut]


def _last_end(data: bytes, known: int) -> int:
    """Find where the last whole event ends, 0 if none does; the first `known` bytes hold no end of one."""
    begin = max(0, known - 3)
    if b"\r" not in data:
        at = data.rfind(b"\n\n", begin)
        return at + 2 if at >= 0 else 0
    # A CR at the very end may be half of a CRLF: what it ends is not known yet.
    stop = len(data) - 1 if data.endswith(b"\r") else len(data)
    end = 0
    for match in _END.finditer(data, begin, stop):
        end = match.end()
    return end


def split_events(block: bytes) -> list[bytes]:
    """Cut joined whole events into single ones, bytes unchanged."""
    events, start = [], 0
    for match in _END.finditer(block):
        events.append(block[start : match.end()])
        start = match.end()
    if start < len(block):
        events.append(block[start:])
    return events


def event_data(event: bytes) -> bytes | None:
    """Give the joined `data` lines of one event, None if it has none (a comment, say)."""
    if event.startswith(b"data: ") and event.find(b"\n") == len(event) - 2 and b"\r" not in event:
        return event[6:-2]
    lines = []
    for line in _LINE.split(event.removeprefix(BOM)):
        name, colon, value = line.partition(b":")
        if name == b"data" and line:
            lines.append(value.removeprefix(b" ") if colon else b"")
    return b"\n".join(lines) if lines else None


def event_name(event: bytes) -> bytes:
    """Give the event's type; empty where it has none, which means `message`."""
    name = b""
    for line in _LINE.split(event.removeprefix(BOM)):
        field, _, value = line.partition(b":")
        if field == b"event":
            name = value.removeprefix(b" ")
    return name


def write_event(data: bytes, name: bytes = b"") -> bytes:
    """Write one event; `data` is a single line."""
    return (b"event: %b\n" % name if name else b"") + b"data: %b\n\n" % data
