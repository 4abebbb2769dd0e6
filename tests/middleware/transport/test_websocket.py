"""Sessions with a provider on a real socket."""

import asyncio
import http
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from tests.support.certificates import certificates_for
from tests.support.sessions import provider

from tollbridge.errors import (
    BadRequest,
    ModelNotFound,
    RateLimited,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from tollbridge.transport import Timeouts, UpstreamRequest, make_sockets
from tollbridge.transport.guard import Guard
from tollbridge.transport.sockets import BROKEN_OFF, LONGEST_MESSAGE, SocketEnded
from tollbridge.transport.websocket import Websockets

HEADERS = [(b"authorization", b"Bearer sk-1"), (b"openai-beta", b"realtime=v1")]


def request(url: str, *, headers=HEADERS, allow_private: bool = True) -> UpstreamRequest:
    return UpstreamRequest("GET", f"{url}/v1/realtime?model=m", headers, b"", allow_private)


def secure(url: str, host: str) -> str:
    return url.replace("http://127.0.0.1", f"https://{host}")


async def resolve_here(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


async def resolve_twice(host: str, port: int) -> list[str]:
    return ["127.0.0.2", "127.0.0.1"]


async def test_messages_pass_both_ways_as_they_are() -> None:
    async with provider() as seen:
        socket = await make_sockets(Timeouts()).open(request(seen.url), ["realtime"])
        said = ["h\u00e9llo", b"\x00\xff", "", b"", "x" * 300_000]
        for message in said:
            await socket.send(message)

        assert [await socket.receive() for _ in said] == said
        assert socket.subprotocol == "realtime"
        await socket.close(3001, "bye")
        await socket.close(1000)
        await seen.closed.wait()
        assert seen.closes == [(3001, "bye")]


async def test_request_holds_what_it_is_given_and_nothing_of_the_library() -> None:
    async with provider() as seen:
        socket = await Websockets().open(request(seen.url), [])
        await socket.close()

    (asked,) = seen.requests
    names = {name.lower() for name, _ in asked.headers.raw_items()}
    assert asked.path == "/v1/realtime?model=m"
    assert asked.headers["authorization"] == "Bearer sk-1"
    assert asked.headers["host"] == seen.url.removeprefix("http://")
    assert names.isdisjoint({"user-agent", "origin", "sec-websocket-extensions", "sec-websocket-protocol"})
    assert socket.subprotocol is None


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1011, "oops"), (4000, "session_expired")])
async def test_close_of_the_provider_is_told_with_its_code(code, reason) -> None:
    async def leave(connection) -> None:
        await connection.close(code, reason)

    async with provider(leave) as seen:
        socket = await Websockets().open(request(seen.url), [])

        for action in (socket.receive, lambda: socket.send("x")):
            with pytest.raises(SocketEnded) as caught:
                await action()
            assert (caught.value.code, caught.value.reason) == (code, reason)


async def test_connection_that_breaks_off_is_told_as_such() -> None:
    async def vanish(connection) -> None:
        connection.transport.abort()

    async with provider(vanish) as seen:
        socket = await Websockets().open(request(seen.url), [])

        with pytest.raises(SocketEnded) as caught:
            await socket.receive()
        assert caught.value.code == BROKEN_OFF


async def test_message_that_is_too_long_ends_the_session() -> None:
    async def shout(connection) -> None:
        await connection.send(b"x" * (LONGEST_MESSAGE + 1))
        await connection.wait_closed()

    async with provider(shout) as seen:
        socket = await Websockets().open(request(seen.url), [])

        with pytest.raises(SocketEnded):
            await socket.receive()
        await seen.closed.wait()
        assert seen.closes[0][0] == 1009


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (401, UpstreamError, "upstream_credential"),
        (400, BadRequest, "invalid_request"),
        (404, ModelNotFound, "model_not_found"),
        (429, RateLimited, "rate_limit_exceeded"),
        (500, UpstreamError, "upstream_error"),
    ],
)
async def test_refusal_of_the_provider_keeps_its_class(status, error, code) -> None:
    def refuse(connection, request):
        return connection.respond(http.HTTPStatus(status), "sk-1 is wrong")

    async with provider(process_request=refuse) as seen:
        with pytest.raises(error) as caught:
            await Websockets().open(request(seen.url), [])

    assert caught.value.code == code
    assert "sk-1" not in caught.value.message


async def test_redirect_is_not_followed() -> None:
    def redirect(connection, request):
        answer = connection.respond(http.HTTPStatus.FOUND, "there")
        answer.headers["Location"] = "/v1/other"
        return answer

    async with provider(process_request=redirect) as seen:
        with pytest.raises(UpstreamError, match="not an answer"):
            await Websockets().open(request(seen.url), [])

    assert seen.requests == []


async def test_subprotocol_nobody_asked_for_is_no_session() -> None:
    def pick(connection, names):
        return "other"

    async with provider(select_subprotocol=pick) as seen:
        with pytest.raises(UpstreamError, match="does not answer as a WebSocket"):
            await Websockets().open(request(seen.url), ["realtime"])


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://10.0.0.1", "http://localhost:9", "http://[::1]:9"])
async def test_address_that_is_private_is_not_dialled_unless_it_is_meant(url) -> None:
    with pytest.raises(UpstreamUnreachable, match="cannot be reached") as caught:
        await Websockets().open(request(url, allow_private=False), [])

    assert "not public" in (caught.value.detail or "")


@pytest.mark.parametrize("url", ["ftp://h", "ws://h", "http://user:sk-1@h", "http://h\\x"])
async def test_url_that_may_not_be_dialled_is_not(url) -> None:
    with pytest.raises(UpstreamUnreachable) as caught:
        await Websockets().open(request(url), [])

    assert "sk-1" not in f"{caught.value.message} {caught.value.detail}"


@pytest.mark.parametrize("header", [(b"x", b"a\r\ny: b"), (b"x\ny", b"a"), (b"x", b"a\x00")])
async def test_header_that_would_be_two_is_not_sent(header) -> None:
    async with provider() as seen:
        with pytest.raises(UpstreamUnreachable):
            await Websockets().open(request(seen.url, headers=[header]), [])

    assert seen.requests == []


async def test_port_where_nobody_listens_is_unreachable() -> None:
    async with provider() as seen:
        pass

    with pytest.raises(UpstreamUnreachable, match="cannot be reached"):
        await Websockets().open(request(seen.url), [])


async def test_address_that_does_not_answer_gives_way_to_the_next() -> None:
    async with provider() as seen:
        url = seen.url.replace("127.0.0.1", "twice.example")
        socket = await Websockets(guard=Guard(resolve_twice)).open(request(url), [])
        await socket.send("x")

        assert await socket.receive() == "x"
        await socket.close()
    assert seen.requests[0].headers["host"].startswith("twice.example:")


async def plainly(answer: bytes) -> AsyncIterator[str]:
    """Listen for one request and answer it so, or say nothing until the caller leaves."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if not answer:
            await reader.read()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        done.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await done.wait()


async def test_provider_that_says_nothing_is_given_up_in_time() -> None:
    async with asynccontextmanager(plainly)(b"") as url:
        with pytest.raises(UpstreamTimeout, match="in time"):
            await Websockets(Timeouts(connect_s=0.1)).open(request(url), [])


async def test_server_that_is_none_of_websockets_is_an_error_of_the_provider() -> None:
    async with asynccontextmanager(plainly)(b"HTTP/1.1 101 Switching Protocols\r\n\r\n") as url:
        with pytest.raises(UpstreamError, match="WebSocket"):
            await Websockets().open(request(url), [])


async def test_certificate_that_nobody_vouches_for_is_refused(tmp_path) -> None:
    async with provider(ssl=certificates_for("a.example", tmp_path).server) as seen:
        with pytest.raises(UpstreamUnreachable):
            await Websockets(guard=Guard(resolve_here)).open(request(secure(seen.url, "a.example")), [])

    assert seen.requests == []


async def test_session_over_tls_is_with_a_server_that_has_proved_its_name(tmp_path) -> None:
    made = certificates_for("a.example", tmp_path)
    sockets = Websockets(guard=Guard(resolve_here), tls=made.client)
    async with provider(ssl=made.server) as seen:
        socket = await sockets.open(request(secure(seen.url, "a.example")), [])
        await socket.send("x")
        assert await socket.receive() == "x"
        await socket.close()

        with pytest.raises(UpstreamUnreachable):
            await sockets.open(request(secure(seen.url, "b.example")), [])

    assert len(seen.requests) == 1
