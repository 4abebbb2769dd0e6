"""Requests that ask for another protocol: which are a WebSocket's, and how the body of the others is read.

llhttp stops behind the head of such a request, so that a second parser is told its framing alone and reads on.
"""

from collections.abc import Callable
from typing import Protocol

from httptools import HttpRequestParser

from tollbridge.call import Headers

_FRAMES = frozenset((b"content-length", b"transfer-encoding"))


class Reader(Protocol):
    """What hears of a body."""

    def on_body(self, body: bytes) -> None: ...
    def on_message_complete(self) -> None: ...


class BodyAlone:
    """What the second parser tells of: its head is no news."""

    on_body: Callable[[bytes], None]
    on_message_complete: Callable[[], None]

    def __init__(self, reader: Reader) -> None:
        self.on_body = reader.on_body
        self.on_message_complete = reader.on_message_complete


def asks_for_websocket(parser: HttpRequestParser, headers: Headers) -> bool:
    """Whether the request opens a WebSocket (RFC 6455 section 4.1) and nothing else: a body would be lost."""
    asked = [value.lower() for name, value in headers if name == b"upgrade"]
    return asked == [b"websocket"] and parser.get_method() == b"GET" and _FRAMES.isdisjoint(dict(headers))


def head_of_body(parser: HttpRequestParser, headers: Headers) -> bytes:
    """Write the head that tells the second parser how long the body is; CONNECT has none (RFC 9110 section 9.3.6)."""
    frames = [] if parser.get_method() == b"CONNECT" else [pair for pair in headers if pair[0] in _FRAMES]
    return b"POST / HTTP/1.1\r\nconnection: close\r\n%b\r\n" % b"".join([b"%b: %b\r\n" % pair for pair in frames])
