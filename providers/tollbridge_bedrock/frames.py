"""Frames of AWS's event stream, from bytes at any cut (https://smithy.io/2.0/aws/amazon-eventstream.html, 2026-11).

A frame is its length, its headers' length and the CRC-32 of both; then headers, payload, and the CRC-32 of all before.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from uuid import UUID
from zlib import crc32

import msgspec

from tollbridge import UpstreamError

HeaderValue = bool | int | bytes | str | UUID
"""What a header holds.  A time is an int, in milliseconds since the epoch, and comes back as a number."""

MOST_HEADERS = 128 * 1024
MOST_PAYLOAD = 24 * 1024 * 1024
"""Bytes: the limits of AWS's own SDKs (read in botocore 1.44)."""

_PRELUDE = struct.Struct(">III")
_CRC = struct.Struct(">I")
_LEAST = _PRELUDE.size + _CRC.size
_INT, _LONG = struct.Struct(">i"), struct.Struct(">q")
_INT_TYPE, _LONG_TYPE, _BYTES_TYPE, _TEXT_TYPE, _UUID_TYPE = 4, 5, 6, 7, 9
_NUMBERS = {2: struct.Struct(">b"), 3: struct.Struct(">h"), _INT_TYPE: _INT, _LONG_TYPE: _LONG, 8: _LONG}
_SIZE = struct.Struct(">H")


class Frame(msgspec.Struct, frozen=True):
    """One frame.  `raw` is all of it as it came, `head` its headers' bytes."""

    headers: Mapping[str, HeaderValue]
    payload: bytes
    head: bytes
    raw: bytes

    @property
    def name(self) -> str:
        """What kind of event or exception it is; empty where it does not say."""
        found = self.headers.get(_NAMED.get(self.kind, ":event-type"))
        return found if isinstance(found, str) else ""

    @property
    def kind(self) -> str:
        """`event`, `exception` or `error`."""
        found = self.headers.get(":message-type")
        return found if isinstance(found, str) else ""

    def with_payload(self, payload: bytes) -> bytes:
        """Write the frame with another payload."""
        return _written(self.head, payload)


_NAMED = {"event": ":event-type", "exception": ":exception-type", "error": ":error-code"}


class FrameCutter:
    """Gives whole frames, checked.  Linear in the stream, however it is cut.

    Raises `UpstreamError` for what is no frame, or one over the limits, as soon as its first 12 bytes are there.
    """

    __slots__ = ("_held", "_need")

    def __init__(self) -> None:
        self._held = bytearray()
        self._need = _PRELUDE.size

    @property
    def torn(self) -> bool:
        """Whether a frame has begun that is not whole."""
        return bool(self._held)

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take the next bytes, give the frames that are whole now."""
        self._held += chunk
        if len(self._held) < self._need:
            return []
        frames, at = [], 0
        while True:
            self._need = _length(self._held, at)
            if len(self._held) - at < self._need:
                break
            frames.append(_read(bytes(self._held[at : at + self._need])))
            at += self._need
        del self._held[:at]
        return frames


def _length(held: bytearray, at: int) -> int:
    """Give the length of the frame that begins here, of its prelude alone where that is not all here."""
    if len(held) - at < _PRELUDE.size:
        return _PRELUDE.size
    total, headers, crc = _PRELUDE.unpack_from(held, at)
    if crc32(held[at : at + 8]) != crc:
        raise _damaged("its first checksum is wrong")
    if headers > MOST_HEADERS or not headers + _LEAST <= total <= headers + _LEAST + MOST_PAYLOAD:
        raise _damaged(f"{total} bytes with {headers} of headers are no frame")
    return int(total)


def _read(raw: bytes) -> Frame:
    if crc32(raw[: -_CRC.size]) != _CRC.unpack_from(raw, len(raw) - _CRC.size)[0]:
        raise _damaged("its last checksum is wrong")
    behind = _PRELUDE.size + _PRELUDE.unpack_from(raw)[1]
    head = raw[_PRELUDE.size : behind]
    try:
        headers = dict(_headers(head))
    except (struct.error, UnicodeDecodeError, KeyError, ValueError) as exc:
        raise _damaged("its headers cannot be read") from exc
    return Frame(headers, raw[behind : -_CRC.size], head, raw)


def _headers(head: bytes) -> Iterator[tuple[str, HeaderValue]]:
    at = 0
    while at < len(head):
        behind = at + 1 + head[at]
        name = _piece(head, at + 1, behind).decode("utf-8")
        value, at = _value(head, behind)
        yield name, value


def _value(head: bytes, at: int) -> tuple[HeaderValue, int]:
    """Read a value behind its type; gives where the next header begins."""
    kind = _piece(head, at, at + 1)[0]
    at += 1
    if kind in (0, 1):
        return kind == 0, at
    if kind in (_BYTES_TYPE, _TEXT_TYPE):
        start = at + _SIZE.size
        end = start + _SIZE.unpack_from(head, at)[0]
        found = _piece(head, start, end)
        return (found if kind == _BYTES_TYPE else found.decode("utf-8")), end
    if kind == _UUID_TYPE:
        return UUID(bytes=_piece(head, at, at + 16)), at + 16
    number = _NUMBERS[kind]
    return number.unpack_from(head, at)[0], at + number.size


def _piece(head: bytes, start: int, end: int) -> bytes:
    if end > len(head):
        raise ValueError("a header is cut off")
    return head[start:end]


def _damaged(why: str) -> UpstreamError:
    return UpstreamError("the provider's stream is damaged", detail=f"a frame of its event stream: {why}")


def write_frame(headers: Mapping[str, HeaderValue], payload: bytes) -> bytes:
    """Write a frame; raises `ValueError` for a header or a payload over the limits of the format."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    return _written(head, payload)


def _written(head: bytes, payload: bytes) -> bytes:
    if len(head) > MOST_HEADERS or len(payload) > MOST_PAYLOAD:
        raise ValueError("a frame is over the limits of the event stream")
    sizes = struct.pack(">II", _LEAST + len(head) + len(payload), len(head))
    frame = b"".join((sizes, _CRC.pack(crc32(sizes)), head, payload))
    return frame + _CRC.pack(crc32(frame))


def _header(name: str, value: HeaderValue) -> bytes:
    label = name.encode("utf-8")
    if not 1 <= len(label) <= 255:
        raise ValueError(f"the name of a header must have 1 to 255 bytes, not {len(label)}")
    return bytes((len(label),)) + label + _WRITE[type(value)](value)


def _write_number(value: int) -> bytes:
    small = -(2**31) <= value < 2**31
    try:
        return bytes((_INT_TYPE,)) + _INT.pack(value) if small else bytes((_LONG_TYPE,)) + _LONG.pack(value)
    except struct.error as exc:
        raise ValueError("a number in a header is over 64 bits") from exc


def _write_bytes(kind: int, value: bytes) -> bytes:
    if len(value) > 32_767:
        raise ValueError("a header is over 32,767 bytes")
    return bytes((kind,)) + _SIZE.pack(len(value)) + value


_WRITE: Mapping[type, Callable[..., bytes]] = {
    bool: lambda value: b"\x00" if value else b"\x01",
    int: _write_number,
    bytes: lambda value: _write_bytes(_BYTES_TYPE, value),
    str: lambda value: _write_bytes(_TEXT_TYPE, value.encode("utf-8")),
    UUID: lambda value: bytes((_UUID_TYPE,)) + value.bytes,
}


def write_event(name: str, payload: bytes) -> bytes:
    """Write an event, its headers in the order Bedrock has them (recorded streams)."""
    return write_frame({":event-type": name, ":content-type": "application/json", ":message-type": "event"}, payload)


def write_exception(name: str, payload: bytes) -> bytes:
    """Write an exception, which ends a stream."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return write_frame(headers, payload)
