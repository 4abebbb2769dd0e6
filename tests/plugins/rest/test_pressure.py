"""Who is slow makes the other side wait: nothing grows in between."""

import asyncio
import socket
from collections.abc import Callable

from tests.plugins.rest.conftest import World, define, route, upstream
from tests.support.waiting import until

PIECE = b"x" * 65_536
MOST = 24 * 1024 * 1024
"""Bytes that the kernel's and our own buffers hold of one stream at most, with room to spare."""


async def still(count: Callable[[], int]) -> None:
    """Wait until a count grows no more, by looking."""
    before: list[int] = []

    def stands() -> bool:
        before.append(count())
        return len(before) > 10 and before[-10] == before[-1] > 0

    await until(stands, "an end of the growth")


def small_buffers(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)


async def test_node_waits_for_a_caller_who_does_not_read(world: World) -> None:
    written = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        small_buffers(writer)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (1 << 32))
        while True:
            writer.write(PIECE)
            await writer.drain()
            written += len(PIECE)

    node = await world.raw(pour)
    live = await world.serve(define({"main": upstream(node.url)}, [route(max_answer_bytes=1 << 33)]))
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port, limit=4096)
    writer.write(b"GET /v1/apis/shop/ HTTP/1.1\r\nhost: h\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")

    await still(lambda: written)

    assert 0 < written < MOST
    writer.close()
    await asyncio.wait_for(node.closed.wait(), 5)


async def test_caller_waits_for_a_node_that_does_not_read(world: World) -> None:
    asked = asyncio.Event()
    end = asyncio.Event()

    async def stand(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await end.wait()
        raise ConnectionError

    node = await world.raw(stand)
    live = await world.serve(define({"main": upstream(node.url)}, [route(max_body_bytes=1 << 32)]))
    _, writer = await asyncio.open_connection("127.0.0.1", live.port)
    small_buffers(writer)
    writer.write(b"POST /v1/apis/shop/ HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n" % (1 << 31))
    sent = 0

    async def pour() -> None:
        nonlocal sent
        while True:
            writer.write(PIECE)
            await writer.drain()
            sent += len(PIECE)

    pouring = asyncio.create_task(pour())
    await asked.wait()
    await still(lambda: sent)

    assert 0 < sent < MOST
    pouring.cancel()
    writer.transport.abort()
    end.set()
    await asyncio.wait_for(live.front.ended.wait(), 5)
