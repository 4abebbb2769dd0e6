"""The transport on the event loop."""

import pytest

from tollbridge.testing.transport_contract import Make, TransportContract
from tollbridge.transport.base import UpstreamRequest
from tollbridge.transport.http1 import Http1Transport


class TestHttp1Transport(TransportContract):
    @pytest.fixture
    def make(self) -> Make:
        return lambda timeouts, guard: Http1Transport(timeouts, guard=guard)


def test_request_does_not_show_its_credential() -> None:
    request = UpstreamRequest("POST", "https://models.example/v1", [(b"authorization", b"Bearer sk-1")], b"prompt")

    assert repr(request) == "UpstreamRequest(POST https://models.example/v1)"
