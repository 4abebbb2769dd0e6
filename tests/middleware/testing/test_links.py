"""The ends of a scripted upstream's connections, over sockets."""

import asyncio
import socket

import pytest

from tollbridge.testing.transport_contract import PATIENCE_S
from tollbridge.testing.upstream import ScriptedUpstream

LAST = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


async def _ask(upstream: ScriptedUpstream) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(upstream.url.rpartition(":")[2]))
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    return reader, writer


@pytest.mark.skipif(not hasattr(socket, "TCP_CORK"), reason="the system cannot hold bytes back")
async def test_end_of_a_connection_comes_with_the_last_bytes() -> None:
    for _ in range(50):
        async with ScriptedUpstream() as upstream:
            upstream.raw(LAST)
            _, writer = await _ask(upstream)
            writer.transport.pause_reading()
            connection = writer.get_extra_info("socket")
            with socket.socket(fileno=connection.dup().detach()) as seen:
                seen.setblocking(False)
                while True:
                    try:
                        got = seen.recv(1000)
                        break
                    except BlockingIOError:
                        await asyncio.sleep(0)
                assert got == LAST
                assert seen.recv(1000) == b""  # would block, had the end come later
            writer.close()


async def test_every_connection_can_be_ended_from_the_upstream() -> None:
    async with ScriptedUpstream() as upstream:
        rows = [await _ask(upstream) for _ in range(3)]
        await upstream.received(3)

        upstream.hang_up()

        async with asyncio.timeout(PATIENCE_S):
            for reader, writer in rows:
                await reader.read()
                assert reader.at_eof()
                writer.close()


async def test_upstream_that_never_began_has_nothing_to_end() -> None:
    upstream = ScriptedUpstream()

    upstream.hang_up()

    assert upstream.connections == 0
