"""The transport on the event loop: the contract on both event loops, and its pool."""

import asyncio
import select
import ssl
from collections.abc import Sequence

import pytest

from tollbridge.errors import UpstreamError, UpstreamTimeout, UpstreamUnreachable
from tollbridge.testing.transport_contract import PATIENCE_S, Make, TransportContract, call, left, post
from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge.transport import http1 as http1_module
from tollbridge.transport.base import Timeouts, UpstreamRequest
from tollbridge.transport.guard import Guard
from tollbridge.transport.http1 import Http1Transport


class TestHttp1Transport(TransportContract):
    @pytest.fixture
    def make(self) -> Make:
        return lambda timeouts, guard: Http1Transport(timeouts, guard=guard)


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": True})], ids=["uvloop"])
class TestHttp1TransportOnUvloop(TestHttp1Transport):
    """The loop of `tollbridge serve`."""


async def test_idle_connection_is_closed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1_module, "IDLE_S", 0.02)
    async with ScriptedUpstream() as upstream, ScriptedUpstream() as other:
        transport = Http1Transport()
        await call(transport, upstream)
        await call(transport, other)

        await left(upstream)
        await left(other)

        assert await call(transport, upstream)
        assert upstream.connections == 2
        await transport.close()


async def test_sweep_leaves_what_was_just_used() -> None:
    async with ScriptedUpstream() as upstream:
        transport = Http1Transport()
        await call(transport, upstream)

        transport._sweep()
        await call(transport, upstream)

        assert upstream.connections == 1
        await transport.close()


async def test_connection_the_provider_closed_is_not_used_again() -> None:
    async with ScriptedUpstream() as upstream:
        transport = Http1Transport()
        for _ in range(2):
            upstream.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            assert await call(transport, upstream) == b"{}"
            async with asyncio.timeout(PATIENCE_S):
                while transport._idle and any(each.open for row in transport._idle.values() for each in row):
                    await asyncio.sleep(0)

        assert upstream.connections == 2
        await transport.close()


async def test_connection_whose_end_the_loop_has_not_heard_yet_is_not_used_again() -> None:
    with ScriptedUpstream.in_thread() as upstream:
        transport = Http1Transport()
        upstream.answer({})
        assert await call(transport, upstream) == b"{}"
        (row,) = transport._idle.values()
        (kept,) = row
        assert kept.quiet

        upstream.hang_up()  # nothing is awaited from here on, so that the loop hears of nothing
        ears = select.poll()
        ears.register(kept._transport.get_extra_info("socket").fileno(), select.POLLIN)
        assert ears.poll(PATIENCE_S * 1000)

        assert kept.open
        assert not kept.quiet
        upstream.answer({"a": 1})
        assert await call(transport, upstream) == b'{"a": 1}'
        assert upstream.connections == 2
        await transport.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_kept_connection_that_ends_without_a_byte_is_no_answer_to_what_is_idempotent(method) -> None:
    async with ScriptedUpstream() as upstream:
        transport = Http1Transport()
        await call(transport, upstream)
        upstream.raw()
        upstream.answer({} if method != "HEAD" else b"")

        response = await transport.send(UpstreamRequest(method, f"{upstream.url}/v1", [], b"", True))

        assert response.status == 200
        await response.close()
        assert [request.method for request in upstream.requests] == ["POST", method, method]
        assert [request.connection for request in upstream.requests] == [1, 1, 2]
        await transport.close()


async def test_what_may_have_been_done_is_not_sent_again() -> None:
    async with ScriptedUpstream() as upstream:
        transport = Http1Transport()
        await call(transport, upstream)
        upstream.raw()

        with pytest.raises(UpstreamError, match="closed the connection without an answer"):
            await call(transport, upstream)

        assert len(upstream.requests) == 2
        await transport.close()


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "new"])
async def test_answer_that_broke_off_and_a_new_connection_that_ends_are_not_asked_again(kept) -> None:
    async with ScriptedUpstream() as upstream:
        transport = Http1Transport()
        if kept:
            await call(transport, upstream)
        upstream.raw(*((b"HTTP/1.1 2",) if kept else ()))

        with pytest.raises(UpstreamError, match="closed the connection without an answer"):
            await transport.send(UpstreamRequest("GET", f"{upstream.url}/v1", [], b"", True))

        assert len(upstream.requests) == 1 + kept
        await transport.close()


async def test_only_so_many_idle_connections_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1_module, "_MOST_IDLE", 2)
    async with ScriptedUpstream() as upstream:
        transport = Http1Transport()
        answers = [await transport.send(post(upstream.url)) for _ in range(4)]
        for answer in answers:
            await answer.read(10_000)
            await answer.close()

        assert [len(row) for row in transport._idle.values()] == [2]
        await transport.close()


async def test_known_header_names_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1_module, "_KNOWN", 2)
    async with ScriptedUpstream() as upstream:
        transport = Http1Transport()
        for number in range(5):
            request = UpstreamRequest("POST", f"{upstream.url}/v1", [(b"x-%d" % number, b"1")], b"{}", True)
            await (await transport.send(request)).close()

        assert len(transport._forms) <= 2
        await transport.close()


async def test_transport_that_closes_while_a_call_connects_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, dialled = asyncio.Event(), asyncio.Event()
    connect = Http1Transport._connect

    async def slowly(self, endpoint, pin):
        connection = await connect(self, endpoint, pin)
        dialled.set()
        await gate.wait()
        return connection

    monkeypatch.setattr(Http1Transport, "_connect", slowly)
    async with ScriptedUpstream() as upstream:
        transport = Http1Transport()
        sending = asyncio.create_task(transport.send(post(upstream.url)))
        await dialled.wait()

        await transport.close()
        gate.set()
        with pytest.raises(UpstreamUnreachable):
            await sending

        await left(upstream)
        assert upstream.requests == []


async def test_given_context_decides_whom_to_trust() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    context = ssl.create_default_context()
    async with ScriptedUpstream() as upstream:
        transport = Http1Transport(Timeouts(connect_s=0.2), guard=Guard(resolve), tls=context)
        with pytest.raises(UpstreamTimeout):  # it speaks no TLS, and waits for the end of a request
            await transport.send(post(upstream.url.replace("http://127.0.0.1", "https://models.example")))

        assert transport._context() is context
        await transport.close()


def test_request_does_not_show_its_credential() -> None:
    request = UpstreamRequest("POST", "https://models.example/v1", [(b"authorization", b"Bearer sk-1")], b"prompt")

    assert repr(request) == "UpstreamRequest(POST https://models.example/v1)"
