"""The scripted upstream, read with plain sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import pytest

from tollbridge.testing.upstream import DONE, USAGE, Received, ScriptedUpstream, chat_events, event

PATIENCE_S = 5.0


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as upstream:
        yield upstream


async def connect(upstream: ScriptedUpstream) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(upstream.url.rpartition(":")[2]))


def wire(body: object = None) -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    return b"POST /v1/x HTTP/1.1\r\nHost: h\r\nX-Odd:  a b \r\ncontent-length: %d\r\n\r\n%b" % (len(data), data)


async def exchange(upstream: ScriptedUpstream, body: object = None) -> bytes:
    """Send one request on a connection of its own, and read until its answer's end."""
    reader, writer = await connect(upstream)
    writer.write(wire(body))
    writer.write_eof()
    found = await reader.read()
    writer.close()
    return found


async def test_request_is_kept_as_it_came(upstream: ScriptedUpstream) -> None:
    await exchange(upstream, {"model": "m"})

    (request,) = upstream.requests
    assert (request.method, request.path, request.json()) == ("POST", "/v1/x", {"model": "m"})
    assert request.headers[1] == ("X-Odd", "a b")
    assert (request.header("x-odd"), request.header("absent")) == ("a b", "")
    assert request.answered.is_set()


def test_header_that_was_sent_twice_is_not_given_as_one() -> None:
    request = Received("GET", "/", [("a", "1"), ("A", "2")], b"", 1, None)

    with pytest.raises(AssertionError, match="a was sent 2 times"):
        request.header("a")


async def test_scripts_are_given_in_order_and_then_a_chat_completion(upstream: ScriptedUpstream) -> None:
    upstream.answer({"n": 1}, status=500, headers=[("x-n", "1")])
    upstream.raw(b"garbage")

    first, second, third = [await exchange(upstream, {"model": "m"}) for _ in range(3)]

    assert first.startswith(b"HTTP/1.1 500 Scripted\r\ncontent-type: application/json\r\nx-n: 1\r\n")
    assert first.endswith(b'{"n": 1}')
    assert second == b"garbage"
    answer = json.loads(third.partition(b"\r\n\r\n")[2])
    assert (answer["model"], answer["usage"]) == ("m", USAGE)
    assert answer["choices"][0]["message"]["content"] == "Hello."


@pytest.mark.parametrize(("options", "told"), [({}, False), ({"stream_options": {"include_usage": True}}, True)])
async def test_stream_that_is_asked_for_ends_with_done_and_tells_usage_if_asked(
    upstream: ScriptedUpstream, options, told
) -> None:
    answer = await exchange(upstream, {"stream": True, **options})

    assert b"content-type: text/event-stream" in answer
    assert answer.endswith(DONE + b"\r\n0\r\n\r\n")
    assert (b'"usage"' in answer) is told


async def test_steps_wait_for_their_events(upstream: ScriptedUpstream) -> None:
    gate = asyncio.Event()
    upstream.stream([b"one", b"", gate, b"two"])
    reader, writer = await connect(upstream)
    writer.write(wire())

    head = await reader.readuntil(b"3\r\none\r\n")
    request = await upstream.received(1)
    assert b"two" not in head
    assert not request.answered.is_set()
    gate.set()

    assert await reader.readexactly(13) == b"3\r\ntwo\r\n0\r\n\r\n"
    writer.close()


async def test_stream_without_its_end_is_cut_by_the_server(upstream: ScriptedUpstream) -> None:
    upstream.stream([b"one"], end=False)

    answer = await exchange(upstream)

    assert answer.endswith(b"3\r\none\r\n")
    assert upstream.connections == 1


async def test_reset_reaches_the_client_as_one(upstream: ScriptedUpstream) -> None:
    gate = asyncio.Event()
    upstream.raw(b"HTTP/1.1 2", gate, reset=True)
    reader, writer = await connect(upstream)
    writer.write(wire())
    assert await reader.readexactly(10) == b"HTTP/1.1 2"

    gate.set()

    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_client_that_leaves_is_noticed_and_one_that_is_left_is_not(upstream: ScriptedUpstream) -> None:
    upstream.raw(asyncio.Event())
    _, writer = await connect(upstream)
    writer.write(wire())
    request = await upstream.received(1)
    upstream.raw(b"bye")
    await exchange_until_cut(upstream)

    writer.close()

    async with asyncio.timeout(PATIENCE_S):
        await upstream.closed(1)
    assert request.gone.is_set()
    assert not upstream.requests[1].gone.is_set()


async def exchange_until_cut(upstream: ScriptedUpstream) -> None:
    """Send a request and stay until the server ends the connection."""
    reader, writer = await connect(upstream)
    writer.write(wire())
    await reader.read()
    writer.close()


async def test_client_that_leaves_in_the_middle_of_a_request_does_no_harm(upstream: ScriptedUpstream) -> None:
    for part in (wire()[:10], wire({"model": "m"})[:-3]):
        _, writer = await connect(upstream)
        writer.write(part)
        writer.close()
    async with asyncio.timeout(PATIENCE_S):
        await upstream.closed(2)

    assert upstream.requests == []
    assert (await exchange(upstream)).startswith(b"HTTP/1.1 200")


async def test_releasing_before_the_start_is_nothing() -> None:
    ScriptedUpstream().release(asyncio.Event())


def test_one_in_a_thread_serves_a_test_that_is_not_asynchronous() -> None:
    gate = asyncio.Event()
    with ScriptedUpstream.in_thread() as upstream:
        upstream.raw(b"one", gate, b"two")
        with socket.create_connection(("127.0.0.1", int(upstream.url.rpartition(":")[2])), PATIENCE_S) as client:
            client.sendall(wire())
            assert client.recv(3) == b"one"
            upstream.release(gate)
            assert client.recv(3) == b"two"
            assert client.recv(3) == b""


def test_events_of_a_chat_completion_are_what_a_model_sends() -> None:
    first, stop, usage, done = chat_events("Hi", usage=True, model="m")

    assert b'"content":"Hi"' in first
    assert b'"finish_reason":"stop"' in stop
    assert b'"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}' in usage
    assert done == DONE
    assert event({"a": 1}) == b'data: {"a":1}\n\n'
