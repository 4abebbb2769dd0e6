"""Server-sent events, cut by the WHATWG rules (HTML standard, section 9.2), from bytes at any split."""

import re

from tollbridge.errors import UpstreamError

_END = re.compile(rb"(?>\r\n|\n|\r)(?:\r\n|\n|\r)")  # atomic, or one CRLF would count as two line ends
_LINE = re.compile(rb"\r\n|\n|\r")
BOM = b"\xef\xbb\xbf"
LONGEST_EVENT = 16 * 1024 * 1024
"""Bytes of one event that are held while its end has not come."""


class EventCutter:
    """Gives whole events, their bytes unchanged, blank line included.  Linear in the stream, however it is cut."""

    __slots__ = ("_held", "_limit")

    def __init__(self, limit: int = LONGEST_EVENT) -> None:
        self._held = bytearray()
        self._limit = limit

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; give all events that are whole now, joined.

        Raises `UpstreamError` where more than `limit` bytes of an event are held and its end has not come.
        """
        held = self._held
        if chunk.endswith(b"\n\n") or chunk.endswith(b"\r\n\r\n"):
            return b"".join((self.end(), chunk)) if held else chunk
        seam = held[-2:]  # an end may have begun here, none lies before
        cut = _last_end(seam + chunk) - len(seam)
        if cut < 0:
            events = b""
            held += chunk
        else:
            events = b"".join((held, chunk[:cut]))
            held[:] = chunk[cut:]
        if len(held) > self._limit:
            held.clear()
            raise UpstreamError(f"the provider sent an event over {self._limit} bytes")
        return events

    def end(self) -> bytes:
        """Give what was never terminated, and forget it."""
        rest = bytes(self._held)
        self._held.clear()
        return rest


def _last_end(data: bytearray) -> int:
    """Find where the last whole event ends, 0 if none does."""
    if b"\r" not in data:
        at = data.rfind(b"\n\n")
        return at + 2 if at >= 0 else 0
    # A CR at the very end may be half of a CRLF: what it ends is not known yet.
    stop = len(data) - 1 if data.endswith(b"\r") else len(data)
    end = 0
    for match in _END.finditer(data, 0, stop):
        end = match.end()
    return end


def split_events(block: bytes) -> list[bytes]:
    """Cut joined whole events into single ones, bytes unchanged."""
    _, end, more = block.partition(b"\n\n")
    if end and not more and b"\r" not in block:
        return [block]
    events, start = [], 0
    for match in _END.finditer(block):
        events.append(block[start : match.end()])
        start = match.end()
    if start < len(block):
        events.append(block[start:])
    return events


def event_data(event: bytes) -> bytes | None:
    """Give the joined `data` lines of one event, None if it has none (a comment, say)."""
    line, _, rest = event.partition(b"\n")
    if rest != b"\n" and line.startswith(b"event: "):
        line, _, rest = rest.partition(b"\n")
    if rest == b"\n" and line.startswith(b"data: ") and b"\r" not in event:
        return line[6:]
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
