"""The protocol on sockets, with asyncio's loop and with uvloop."""

import asyncio
import pickle
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
import uvloop
from starlette.types import ASGIApp
from tests.support.http1 import GET, Answers, Echo, answering, part, start
from tests.support.waiting import until
from uvicorn.server import ServerState
from websockets.asyncio.client import connect

from tollbridge.server.http1 import Http1

MEGABYTE = 1_000_000
PATIENCE_S = 30
KEY = b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
UPGRADE = b"host: h\r\nconnection: Upgrade\r\nupgrade: websocket\r\n" + KEY
Run = Callable[[Awaitable[None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Run a coroutine on one of the loops."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        yield lambda work: runner.run(asyncio.wait_for(work, PATIENCE_S))


@asynccontextmanager
async def serving(app: ASGIApp, **options: Any):
    """Serve on a free port of this machine; gives the port and the server's state."""
    http: Any = Http1()
    config = uvicorn.Config(app, http=http, log_config=None, lifespan="off", **options)
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: http(config, state, {}), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], state
    finally:
        server.close()
        for connection in list(state.connections):
            connection.shutdown()
        await until(lambda: not state.connections and not state.tasks, "the end of all connections")


def test_requests_on_one_connection_are_answered(run) -> None:
    async def work() -> None:
        async with serving(Echo()) as (port, state):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for number in range(3):
                body = b"%d" % number * 200_000
                writer.write(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
                head = await reader.readuntil(b"\r\n\r\n")
                assert Answers(head + await reader.readexactly(len(body))).bodies == [body]
            assert (len(state.connections), state.total_requests) == (1, 3)
            writer.close()
            await writer.wait_closed()

    run(work())


def test_websocket_is_handed_on_with_the_first_bytes_that_came_behind_it(run) -> None:
    heard = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (scope["type"], scope["path"], scope["query_string"]) == ("websocket", "/a b", b"c=d")
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            heard.append(message["text"])
            await send({"type": "websocket.send", "text": message["text"]})

    async def work() -> None:
        async with serving(app) as (port, _):
            async with connect(f"ws://127.0.0.1:{port}/a%20b?c=d") as client:
                await client.send("one")
                assert await client.recv() == "one"
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            frame = b"\x81\x83\0\0\0\0two"
            writer.write(b"GET /a%20b?c=d HTTP/1.1\r\n" + UPGRADE + b"\r\n" + frame)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            assert await reader.readexactly(5) == b"\x81\x03two"
            writer.close()
            await writer.wait_closed()

    run(work())
    assert heard == ["one", "two"]


NO_WEBSOCKET = {
    "no GET": b"POST / HTTP/1.1\r\n" + UPGRADE + b"\r\n",
    "with a body": b"GET / HTTP/1.1\r\n" + UPGRADE + b"content-length: 5\r\n\r\nhello",
    "something else": b"GET / HTTP/1.1\r\n" + UPGRADE.replace(b"websocket", b"h2c") + b"\r\n",
    "two": b"GET / HTTP/1.1\r\n" + UPGRADE + b"upgrade: h2c\r\n\r\n",
    "HTTP/1.0": b"GET / HTTP/1.0\r\n" + UPGRADE + b"\r\n",
    "a target that is none": b"CONNECT /x HTTP/1.1\r\n" + UPGRADE + b"\r\nhello",
}


@pytest.mark.parametrize("name", NO_WEBSOCKET)
def test_other_upgrade_is_a_request_with_its_body(run, name) -> None:
    app = Echo()

    async def work() -> None:
        async with serving(app) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(NO_WEBSOCKET[name])
            answers = Answers(await reader.read(-1))
            writer.close()
            assert answers.statuses == [200 if app.seen else 400]

    run(work())
    assert [body for _, body in app.seen] in ([b"hello"], [b""], [])
    assert [body for _, body in app.seen] == [b"hello" if name == "with a body" else b""] or "target" in name


def test_websocket_behind_a_running_answer_is_a_request(run) -> None:
    app = Echo()

    async def work() -> None:
        async with serving(app) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET + b"GET / HTTP/1.1\r\n" + UPGRADE + b"\r\n")
            assert Answers(await reader.read(-1)).statuses == [200, 200]
            writer.close()

    run(work())


def test_websocket_is_a_request_where_there_is_nobody_for_it(run) -> None:
    async def work() -> None:
        async with serving(Echo(), ws="none") as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\n" + UPGRADE + b"\r\n")
            assert Answers(await reader.read(-1)).statuses == [200]
            writer.close()

    run(work())


async def sent(writer: asyncio.StreamWriter, megabytes: int) -> int:
    """Send, and say how much was taken before the connection was closed."""
    for number in range(megabytes):
        writer.write(bytes(MEGABYTE))
        try:
            await writer.drain()
        except ConnectionError:
            return number
    return megabytes


def test_large_body_is_not_read_for_a_caller_who_is_refused(run) -> None:
    async def work() -> None:
        async with serving(answering(b"no", status=401)) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n" % (200 * MEGABYTE))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 401 ")
            assert await reader.read(-1) == b"no"
            assert await sent(writer, 200) < 50
            writer.close()

    run(work())


class Flood:
    """An app that sends 100 megabytes, and counts what it could send."""

    def __init__(self) -> None:
        self.sent = 0
        self.done = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(start())
        for _ in range(100):
            await send(part(bytes(MEGABYTE)))
            self.sent += MEGABYTE
        await send(part(b"", more=False))
        self.done = True


@pytest.mark.parametrize("reads", [True, False])
def test_slow_reader_holds_the_app_up_until_it_reads_or_leaves(run, reads) -> None:
    app = Flood()

    async def work() -> None:
        async with serving(app) as (port, state):
            loop = asyncio.get_running_loop()
            with socket.create_connection(("127.0.0.1", port)) as caller:
                caller.setblocking(False)
                await loop.sock_sendall(caller, GET)
                await until(lambda: any(each.choked for each in state.connections), "a full buffer")
                await until(still(lambda: app.sent), "a stop")
                assert app.sent < 50 * MEGABYTE
                (connection,) = state.connections
                assert connection._transport.get_write_buffer_size() < 2 * MEGABYTE
                received = 0
                while reads and not app.done:
                    received += len(await loop.sock_recv(caller, MEGABYTE))
            await until(lambda: app.done, "the end of the app")

    run(work())


def still(value: Callable[[], int]) -> Callable[[], bool]:
    """Say whether a value is what it was at the last look."""
    seen = [-1]

    def looked() -> bool:
        seen.append(value())
        return seen[-1] == seen[-2]

    return looked


def test_caller_that_closes_its_side_is_gone(run) -> None:
    told = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        told.append((await receive())["type"])

    async def work() -> None:
        async with serving(app) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET)
            writer.write_eof()
            assert await reader.read(-1) == b""
            await until(lambda: bool(told), "the message")
            writer.close()

    run(work())
    assert told == ["http.disconnect"]


def test_options_travel_to_workers() -> None:
    sent = pickle.loads(pickle.dumps(Http1(head_timeout_s=2.0, max_head_bytes=9)))

    assert vars(sent) == {"_head_timeout_s": 2.0, "_max_head_bytes": 9, "_site": None}
