"""What every transport promises, as tests over sockets: subclass with a fixture `make` that builds one."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tollbridge.errors import UpstreamError, UpstreamTimeout, UpstreamTruncated, UpstreamUnreachable
from tollbridge.testing.asking import BODY, HEADERS, LIMIT, PATIENCE_S, Make, call, left, post
from tollbridge.testing.connection_contract import ConnectionContract
from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge.transport.base import Timeouts, Transport
from tollbridge.transport.guard import Guard

__all__ = ["BODY", "PATIENCE_S", "Make", "TransportContract", "call", "left", "post"]


class TransportContract(ConnectionContract):
    """Tests of `Transport` and `UpstreamResponse`."""

    @pytest.fixture
    async def upstream(self) -> AsyncIterator[ScriptedUpstream]:
        async with ScriptedUpstream() as upstream:
            yield upstream

    @pytest.fixture
    async def transport(self, make: Make) -> AsyncIterator[Transport]:
        transport = make(Timeouts(connect_s=2.0), Guard())
        yield transport
        await transport.close()

    async def test_request_is_on_the_wire_as_given_and_nothing_is_added(
        self, upstream: ScriptedUpstream, transport: Transport
    ) -> None:
        body = bytes(range(256)) * 300
        upstream.answer({})

        response = await transport.send(post(upstream.url, body=body))
        await response.close()

        (sent,) = upstream.requests
        assert (sent.method, sent.path, sent.body) == ("POST", "/v1/chat/completions", body)
        own = {"host": upstream.url.removeprefix("http://"), "content-length": str(len(body))}
        found = [(name.lower(), value) for name, value in sent.headers if name.lower() not in own]
        assert found == [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in HEADERS]
        assert {name: sent.header(name) for name in own} == own

    async def test_answer_arrives_with_its_status_headers_and_body(
        self, upstream: ScriptedUpstream, transport: Transport
    ) -> None:
        upstream.answer(b"no \xff", status=418, headers=[("X-One", "1"), ("x-two", "a"), ("x-two", "b")])

        response = await transport.send(post(upstream.url))

        assert response.status == 418
        shown = [(name, value) for name, value in response.headers if name.startswith(b"x-")]
        assert shown == [(b"x-one", b"1"), (b"x-two", b"a"), (b"x-two", b"b")]
        assert await response.read(LIMIT) == b"no \xff"
        await response.close()

    async def test_header_that_is_not_ascii_does_no_harm(
        self, upstream: ScriptedUpstream, transport: Transport
    ) -> None:
        upstream.answer({}, headers=[("x-odd", "b\xe9"), ("x-one", "1")])

        response = await transport.send(post(upstream.url))

        assert (b"x-one", b"1") in response.headers
        assert await response.read(LIMIT) == b"{}"
        await response.close()

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_redirect_is_given_as_it_is(
        self, upstream: ScriptedUpstream, transport: Transport, status: int
    ) -> None:
        upstream.answer(b"", status=status, headers=[("location", f"{upstream.url}/elsewhere")])

        response = await transport.send(post(upstream.url))
        await response.close()

        assert response.status == status
        assert [request.path for request in upstream.requests] == ["/v1/chat/completions"]

    async def test_proxies_of_the_environment_are_not_used(
        self, upstream: ScriptedUpstream, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with ScriptedUpstream() as proxy:
            for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy.url)
            transport = make(Timeouts(), Guard())
            await call(transport, upstream)
            await transport.close()

        assert (len(upstream.requests), proxy.connections) == (1, 0)

    async def test_cookies_are_not_kept(self, upstream: ScriptedUpstream, transport: Transport) -> None:
        for _ in range(2):
            upstream.answer({}, headers=[("set-cookie", "a=1; path=/")])
            await call(transport, upstream)

        assert [request.header("cookie") for request in upstream.requests] == ["", ""]

    @pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
    async def test_compressed_answer_is_given_as_it_came(
        self, upstream: ScriptedUpstream, transport: Transport, coding: str
    ) -> None:
        upstream.answer(b"\x1f\x8b is not unpacked", headers=[("content-encoding", coding)])

        response = await transport.send(post(upstream.url))

        assert await response.read(LIMIT) == b"\x1f\x8b is not unpacked"
        assert dict(response.headers)[b"content-encoding"] == coding.encode()
        await response.close()

    async def test_chunks_arrive_as_they_are_sent(self, upstream: ScriptedUpstream, transport: Transport) -> None:
        gates = [asyncio.Event() for _ in range(3)]
        upstream.stream([gates[0], b"one", gates[1], b"two", gates[2], b"three"])

        seen = []
        async with asyncio.timeout(PATIENCE_S):
            response = await transport.send(post(upstream.url))
            for gate in gates:
                gate.set()
                seen.append(await response.next_chunk())

        assert seen == [b"one", b"two", b"three"]
        assert [await response.next_chunk(), await response.next_chunk()] == [b"", b""]
        await response.close()

    @pytest.mark.parametrize("reset", [False, True])
    @pytest.mark.parametrize(
        "head",
        [
            b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
            b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\nno chunk",
            b"content-length: 99\r\n\r\nhello",
        ],
    )
    async def test_answer_that_breaks_off_is_told_from_a_complete_one(
        self, upstream: ScriptedUpstream, transport: Transport, head: bytes, reset: bool
    ) -> None:
        for whole in (False, True):
            gate = asyncio.Event()
            upstream.raw(b"HTTP/1.1 200 OK\r\n" + head, gate, reset=reset)
            response = await transport.send(post(upstream.url))
            assert whole or await response.next_chunk() == b"hello"
            gate.set()
            with pytest.raises(UpstreamTruncated):
                await (response.read(LIMIT) if whole else response.next_chunk())
            await response.close()

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", b"\x16\x03\x01\x02\x00garbage\r\n\r\n"])
    async def test_connection_without_an_answer_is_an_error_that_may_have_cost(
        self, upstream: ScriptedUpstream, transport: Transport, answer: bytes
    ) -> None:
        upstream.raw(answer)

        with pytest.raises(UpstreamError) as caught:
            await transport.send(post(upstream.url))

        assert not isinstance(caught.value, UpstreamUnreachable | UpstreamTimeout)
        assert len(upstream.requests) == 1  # and the request is not sent again

    async def test_reading_is_bounded(self, upstream: ScriptedUpstream, transport: Transport) -> None:
        for limit in (1000, 1000, 999, 999):
            upstream.answer(b"x" * 1000)
            upstream.stream([b"x" * 600, b"x" * 400])
            response = await transport.send(post(upstream.url))
            if limit == 1000:
                assert len(await response.read(limit)) == 1000
            else:
                with pytest.raises(UpstreamError, match="over 999 bytes"):
                    await response.read(limit)
            await response.close()
