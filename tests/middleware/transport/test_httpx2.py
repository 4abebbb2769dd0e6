"""The transport on httpx2."""

import httpx2
import pytest

from tollbridge.errors import UpstreamError
from tollbridge.testing.transport_contract import Make, TransportContract
from tollbridge.transport.base import UpstreamRequest
from tollbridge.transport.httpx2_transport import Httpx2Response, Httpx2Transport


class TestHttpx2Transport(TransportContract):
    @pytest.fixture
    def make(self) -> Make:
        return lambda timeouts, guard: Httpx2Transport(timeouts, guard=guard)


REQUEST = UpstreamRequest("POST", "http://127.0.0.1/v1/x", [], b"{}")


class Pieces(httpx2.AsyncByteStream):
    async def __aiter__(self):
        for piece in (b"one", b"", b"two"):
            yield piece


async def test_given_transport_is_not_guarded_and_its_empty_pieces_are_no_end() -> None:
    transport = Httpx2Transport(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, stream=Pieces())))

    response = await transport.send(REQUEST)

    assert [await response.next_chunk() for _ in range(3)] == [b"one", b"two", b""]
    await response.close()
    await transport.close()


async def test_answer_that_cannot_be_read_asynchronously_is_an_error() -> None:
    class Blocking(httpx2.SyncByteStream):
        def __iter__(self):
            yield b"one"

    answer = Httpx2Response(httpx2.Response(200, stream=Blocking()))

    with pytest.raises(UpstreamError, match="asynchronously"):
        await answer.next_chunk()
