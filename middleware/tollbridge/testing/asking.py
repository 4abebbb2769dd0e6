"""How a transport is asked in its contracts."""

import asyncio
from collections.abc import Callable

from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge.transport.base import Timeouts, Transport, UpstreamRequest
from tollbridge.transport.guard import Guard

Make = Callable[[Timeouts, Guard], Transport]
PATIENCE_S = 5.0
LIMIT = 1_000_000
BODY = b'{"model":"m","messages":[]}'
HEADERS = (
    (b"content-type", b"application/json"),
    (b"Authorization", b"Bearer sk-1"),
    (b"x-Odd", b"a  b\xc3\xa9"),
    (b"accept", b"text/event-stream"),
    (b"user-agent", b"test"),
)


def post(url: str, *, body: bytes = BODY, private: bool = True) -> UpstreamRequest:
    """Make a request for a model."""
    return UpstreamRequest("POST", f"{url}/v1/chat/completions", HEADERS, body, private)


async def call(transport: Transport, upstream: ScriptedUpstream) -> bytes:
    """Ask and read the whole answer."""
    response = await transport.send(post(upstream.url))
    body = await response.read(LIMIT)
    await response.close()
    return body


async def left(upstream: ScriptedUpstream) -> None:
    """Wait until the first connection was closed from our side."""
    async with asyncio.timeout(PATIENCE_S):
        await upstream.closed(1)
