"""The transport on pyreqwest."""

from types import SimpleNamespace

import pytest

from tollbridge.testing.transport_contract import Make, TransportContract
from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge.transport.base import UpstreamRequest
from tollbridge.transport.reqwest import ReqwestResponse, ReqwestTransport


class TestReqwestTransport(TransportContract):
    @pytest.fixture
    def make(self) -> Make:
        return lambda timeouts, guard: ReqwestTransport(timeouts, guard=guard)


async def test_value_that_is_not_utf8_is_sent_as_latin_1() -> None:
    async with ScriptedUpstream() as upstream:
        transport = ReqwestTransport()
        url = f"{upstream.url}/v1/x"
        await (await transport.send(UpstreamRequest("POST", url, [(b"x-odd", b"caf\xe9")], b"{}", True))).close()
        await transport.close()

    assert upstream.requests[0].header("x-odd").encode("latin-1").decode("utf-8") == "caf\xe9"


async def test_empty_chunk_is_not_taken_for_the_end() -> None:
    chunks = [b"one", b"", b"two", None]

    async def read_chunk() -> bytes | None:
        return chunks.pop(0)

    reader = SimpleNamespace(read_chunk=read_chunk)
    answer = ReqwestResponse(None, SimpleNamespace(body_reader=reader, status=200, headers={}))

    assert [await answer.next_chunk() for _ in range(3)] == [b"one", b"two", b""]


def test_request_does_not_show_its_credential() -> None:
    request = UpstreamRequest("POST", "https://models.example/v1", [(b"authorization", b"Bearer sk-1")], b"prompt")

    assert repr(request) == "UpstreamRequest(POST https://models.example/v1)"
