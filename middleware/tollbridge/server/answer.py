"""How the head of an answer is written: checked whole and in C, its framing left to RFC 9112 section 6."""

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import NamedTuple

from tollbridge.call import Headers
from tollbridge.sanity import IN_NAMES, IN_VALUES

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus if status >= 200
}
_LONGEST_LENGTH = 18
_LONGEST_ROW = 1_024
_MOST_ROWS = 1_024


Head = tuple[bytes, frozenset[bytes], int | None, bool, bool]
"""How an answer begins: status line and the app's headers, each with its end; then what is known of them.

Their names; the length of the body, if the app said it; whether that stands among the lines; and whether the app wants
the connection closed.
"""


class Row(NamedTuple):
    """A row of header names: `form` is filled with the values, which must leave `ends` and nothing else.

    `length` is the place of content-length, or -1. `ours`: there is more among them than it that is not the app's.
    """

    form: bytes
    ends: bytes
    names: frozenset[bytes]
    length: int
    ours: bool


class Heads:
    """Reads the heads that apps send, and remembers rows of names, for an app sends the same ones again and again."""

    def __init__(self) -> None:
        self._rows: dict[tuple[bytes, ...], Row] = {}

    def read(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> Head:
        """Check and join headers; raises `RuntimeError` for what would not be one a line (RFC 9110 section 5)."""
        line = _STATUS_LINES.get(status) or _status_line(status)
        headers = list(headers)
        names, values = zip(*headers) if headers else ((), ())  # noqa: B905
        row = self._rows.get(names)
        if row is None:
            row = self._learn(names)
        length, sized, close = None, False, False
        if row.ours or (status == 204 and row.length >= 0):
            length, close, headers = _take_ours(headers)
            names, values = zip(*headers, strict=True) if headers else ((), ())
            row = self._learn(names)
        if row.length >= 0:
            length, sized = _read_length(values[row.length]), True
        lines = row.form % values
        if lines.translate(None, IN_VALUES) != row.ends:
            raise RuntimeError("the answer has a header with a control character in it")
        return line + lines, row.names, None if status == 204 else length, sized, close

    def _learn(self, names: tuple[bytes, ...]) -> Row:
        """Check names and keep their row.  Capitals are written small, as the specification of ASGI has them."""
        small = [name.lower() for name in names]
        joined = b"\n".join(small)
        if joined.translate(None, IN_NAMES) != b"\n" * (len(names) - 1) or b"" in small:
            raise RuntimeError("the answer has a header name that is none")
        length = small.index(b"content-length") if b"content-length" in small else -1
        ours = small.count(b"content-length") > 1 or b"transfer-encoding" in small or b"connection" in small
        form = b"".join([b"%b: %%b\r\n" % name.replace(b"%", b"%%") for name in small])
        row = Row(form, b"\r\n" * len(names), frozenset(small), length, ours)
        if len(joined) <= _LONGEST_ROW:
            if len(self._rows) >= _MOST_ROWS:
                self._rows.clear()
            self._rows[names] = row
        return row


def _take_ours(headers: Headers) -> tuple[int | None, bool, Headers]:
    """Give the length an app set, whether it wants the connection closed, and the headers that remain.

    The transfer coding is chosen here, so that `chunked` is taken out; no other is understood.
    """
    length, close, kept = None, False, []
    for given, value in headers:
        name = given.lower()
        if name == b"content-length":
            if length is not None:
                raise RuntimeError("the answer has two content-lengths")
            length = _read_length(value)
        elif name == b"connection":
            options = [option.strip() for option in value.lower().split(b",")]
            close = close or b"close" in options
        elif name != b"transfer-encoding":
            kept.append((name, value))
        elif value.lower() != b"chunked":
            raise RuntimeError("the answer has a transfer-encoding that is not chunked")
    return length, close, kept


def _read_length(value: bytes) -> int:
    if not value.isdigit() or len(value) > _LONGEST_LENGTH:
        raise RuntimeError("the answer has a content-length that is no number")
    return int(value)


def _status_line(status: int) -> bytes:
    """Give a first line without a word; raises `RuntimeError` for an interim answer (RFC 9110 section 15.2)."""
    if not 200 <= status <= 999:
        raise RuntimeError(f"{status} is no status of a final answer")
    return b"HTTP/1.1 %d \r\n" % status


def refusal(status: int, code: str, message: str, usual: bytes) -> bytes:
    """Write an error that no app answers for, in the shape of the gateway's own; the connection closes after it."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return b"%b%bcontent-type: application/json\r\ncontent-length: %d\r\n%b\r\n%b" % (
        _STATUS_LINES[status],
        usual,
        len(body),
        b"cache-control: no-store\r\nconnection: close\r\n",
        body,
    )


def chunk(body: bytes, *, last: bool) -> bytes:
    """Write a part of a body under the chunked coding (RFC 9112 section 7.1), with its end after the `last`."""
    if not body:
        return b"0\r\n\r\n" if last else b""
    return b"%x\r\n%b\r\n%b" % (len(body), body, b"0\r\n\r\n" if last else b"")
