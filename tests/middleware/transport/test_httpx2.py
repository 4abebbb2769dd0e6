"""The transport on httpx2."""

import pytest

from tollbridge.testing.transport_contract import Make, TransportContract
from tollbridge.transport.httpx2_transport import Httpx2Transport


class TestHttpx2Transport(TransportContract):
    @pytest.fixture
    def make(self) -> Make:
        return lambda timeouts, guard: Httpx2Transport(timeouts, guard=guard)
