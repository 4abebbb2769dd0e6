"""What every transport promises of its connections: opened in time, closed at once, used again where that is safe."""

import asyncio
import socket
from collections.abc import Sequence

import pytest

from tollbridge.errors import UpstreamTimeout, UpstreamUnreachable
from tollbridge.testing.asking import Make, call, left, post
from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge.transport.base import Timeouts, Transport
from tollbridge.transport.guard import Guard


class ConnectionContract:
    """Tests of connections, a part of `TransportContract`."""

    async def test_refused_connection_is_unreachable(self, transport: Transport) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"  # bound and not listening

            with pytest.raises(UpstreamUnreachable) as caught:
                await transport.send(post(url))

        assert "127.0.0.1" in caught.value.message
        assert "sk-1" not in f"{caught.value.message} {caught.value.detail}"

    async def test_name_without_an_address_is_unreachable(self, make: Make) -> None:
        async def resolve(host: str, port: int) -> Sequence[str]:
            raise OSError(-2, "Name or service not known")

        transport = make(Timeouts(), Guard(resolve))
        with pytest.raises(UpstreamUnreachable):
            await transport.send(post("http://models.example"))
        await transport.close()

    async def test_connection_that_is_not_taken_in_time_is_a_timeout(self, make: Make) -> None:
        transport = make(Timeouts(connect_s=0.2), Guard())
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            try:
                for connection in waiting:  # the queue is full after these, and further SYNs are dropped
                    connection.setblocking(False)
                    connection.connect_ex(full.getsockname())
                with pytest.raises(UpstreamTimeout):
                    await transport.send(post(f"http://127.0.0.1:{full.getsockname()[1]}"))
            finally:
                for connection in waiting:
                    connection.close()
        await transport.close()

    async def test_cancelled_send_closes_the_connection_at_once_whatever_the_timeouts(
        self, upstream: ScriptedUpstream, make: Make
    ) -> None:
        transport = make(Timeouts(), Guard())
        upstream.raw(asyncio.Event())
        sending = asyncio.ensure_future(transport.send(post(upstream.url)))
        await upstream.received(1)

        sending.cancel()

        with pytest.raises(asyncio.CancelledError):
            await sending
        await left(upstream)
        await transport.close()

    async def test_cancelled_read_closes_the_connection(self, upstream: ScriptedUpstream, transport: Transport) -> None:
        upstream.stream([b"one", asyncio.Event()])
        response = await transport.send(post(upstream.url))
        assert await response.next_chunk() == b"one"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await response.next_chunk()

        await response.close()
        await response.close()

        await left(upstream)

    async def test_answer_that_is_let_go_unread_closes_the_connection(
        self, upstream: ScriptedUpstream, transport: Transport
    ) -> None:
        upstream.stream([b"one", asyncio.Event()])
        response = await transport.send(post(upstream.url))
        await response.close()
        await left(upstream)

        await call(transport, upstream)

        assert [request.connection for request in upstream.requests] == [1, 2]

    async def test_connection_of_a_complete_answer_is_used_again(
        self, upstream: ScriptedUpstream, transport: Transport
    ) -> None:
        upstream.answer({})
        upstream.stream([b"one", b"two"])
        for _ in range(3):
            response = await transport.send(post(upstream.url))
            while await response.next_chunk():
                pass
            await response.close()

        assert [request.connection for request in upstream.requests] == [1, 1, 1]

    async def test_closing_twice_closes_every_connection(self, upstream: ScriptedUpstream, make: Make) -> None:
        transport = make(Timeouts(), Guard())
        await call(transport, upstream)

        await transport.close()
        await transport.close()

        await left(upstream)
