"""WebSocket handshakes under uvicorn, over a wire."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from tollbridge import Gateway
from tollbridge.serving import bind, serve_one

pytestmark = pytest.mark.usefixtures("restored_logging")

HEAD = b"Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
FRAME = b"\x81\x82\x00\x00\x00\x00hi"  # the text "hi", masked with nothing
CLOSE = b"\x88\x80\x00\x00\x00\x00"
BODY = b"Content-Length: 2\r\n\r\nhi"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
LONG = b"X-A: " + b"a" * 9_000 + b"\r\n\r\n"


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


def talk(folder: Path, *pieces: bytes) -> bytes:
    """Send the pieces to a server, each once the one before was answered; gives all that came back."""
    received = bytearray()

    async def caller(base: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
        try:
            async with asyncio.timeout(30):
                for piece in pieces:
                    writer.write(piece)
                    received.extend(await reader.read(65_536))
                received.extend(await reader.read())
        finally:
            writer.close()
            os.kill(os.getpid(), signal.SIGINT)

    config = {"plugins": {"disabled": ["dashboard"]}, "service": {"public": ["/echo"]}}
    app = Starlette(routes=[WebSocketRoute("/echo", echo)])
    with bind("127.0.0.1", 0) as listener, pytest.raises(KeyboardInterrupt):
        serve_one(Gateway(config, app=app, env={"TOLLBRIDGE_DATA": str(folder)}), listener, ready=caller)
    return bytes(received)


@pytest.mark.parametrize("end", [BODY, KEY + BODY, KEY + CHUNKED, KEY + LONG], ids=["body", "key", "chunked", "long"])
@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_what_is_no_handshake_is_refused_and_the_connection_closed(tmp_path, method, end) -> None:
    answer = talk(tmp_path, method + b" /echo HTTP/1.1\r\n" + HEAD + end)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(
        b"\r\n\r\nthis is no WebSocket handshake: it has a body, or headers that are too many or too long"
    )


def test_handshake_the_library_refuses_has_its_own_answer(tmp_path) -> None:
    answer = talk(tmp_path, b"GET /echo HTTP/1.1\r\n" + HEAD + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"missing Sec-WebSocket-Key header" in answer


def test_handshake_opens_the_socket(tmp_path) -> None:
    answer = talk(tmp_path, b"GET /echo HTTP/1.1\r\n" + HEAD + KEY + b"\r\n", FRAME, CLOSE)

    assert answer.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"\x81\x02hi" in answer
