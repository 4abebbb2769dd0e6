"""WebSocket handshakes under uvicorn: every one is answered at once."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_MESSAGE = b"this is no WebSocket handshake: it has a body, or headers that are too many or too long"
_REFUSAL = (
    b"HTTP/1.1 400 Bad Request\r\n"
    b"content-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\n"
    b"connection: close\r\n"
    b"\r\n"
    b"%b"
)


class PromptHandshake(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which says nothing to a request that it cannot read: here that is refused.

    The HTTP protocol hands over the whole head in the first piece. What has not become a handshake with that never
    will: it announces a body (RFC 6455 section 4.1 knows none), or has headers over the limits of `websockets`. Such a
    connection would stay open for as long as the caller likes, and needs no token.
    """

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.handshake_initiated and not self.transport.is_closing():
            self.transport.write(_REFUSAL % (len(_MESSAGE), _MESSAGE))
            self.transport.close()
