"""The transport on pyreqwest."""

import pytest

from tollbridge.testing.transport_contract import Make, TransportContract
from tollbridge.transport.reqwest import ReqwestTransport


class TestReqwestTransport(TransportContract):
    @pytest.fixture
    def make(self) -> Make:
        return lambda timeouts, guard: ReqwestTransport(timeouts, guard=guard)
