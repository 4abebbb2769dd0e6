"""NDJSON, one JSON value a line (https://github.com/ndjson/ndjson-spec), cut from bytes at any split."""

from tollbridge import UpstreamError
from tollbridge.formats import encode_json

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes of one line that are held while its end has not come."""


class LineCutter:
    """Gives whole lines, their bytes unchanged, line ends included.  Linear in the stream, however it is cut."""

    __slots__ = ("_held", "_limit")

    def __init__(self, limit: int = LONGEST_LINE) -> None:
        self._held = bytearray()
        self._limit = limit

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; give all lines that are whole now, joined.

        Raises `UpstreamError` where more than `limit` bytes of a line are held and its end has not come.
        """
        cut = chunk.rfind(b"\n") + 1
        lines = b"".join((self.end(), chunk[:cut])) if cut else b""
        self._held += chunk[cut:]
        if len(self._held) > self._limit:
            self._held.clear()
            raise UpstreamError(f"the provider sent a line over {self._limit} bytes")
        return lines

    def end(self) -> bytes:
        """Give the line that was never ended, and forget it."""
        rest = bytes(self._held)
        self._held.clear()
        return rest


_ENDS_TO_SOME = ((b"\xc2\x85", rb"\u0085"), (b"\xe2\x80\xa8", rb"\u2028"), (b"\xe2\x80\xa9", rb"\u2029"))
"""Signs of Unicode that end a line for Python's `str.splitlines`, by which httpx cuts for Ollama's own client."""


def write_line(value: object) -> bytes:
    """Write one line, which everybody takes for one."""
    line = encode_json(value)
    for raw, escaped in _ENDS_TO_SOME:
        line = line.replace(raw, escaped)
    return line + b"\n"


def split_lines(block: bytes) -> list[bytes]:
    """Cut joined lines into single ones, bytes unchanged."""
    return block.splitlines(keepends=True) if b"\r" not in block else _split(block)


def _split(block: bytes) -> list[bytes]:
    """Cut at line feeds alone: a carriage return is a space of JSON (RFC 8259, section 2)."""
    *whole, rest = block.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])
