"""A gateway to begin with, and a beginning of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tollbridge.testing import FixedClock, GatewayUnderTest
from tollbridge.testing.gateway import make_gateway
from tollbridge_demo.starter import NAME, PROMPT, REST, Laid, Starter

ALL = (
    *(f"team {NAME}", f"application {NAME}", f"service {PROMPT}", f"subscription to {PROMPT}"),
    *(f"service {REST}", f"subscription to {REST}"),
)
CONFIG: dict[str, Any] = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}},
    "models": {"small": {"targets": ["mock/tiny"], "price": {"input": "1", "output": "2"}, "context": 8000}},
    "services": {"allow_private": True},
}


@pytest.fixture
async def bridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GatewayUnderTest]:
    monkeypatch.setenv("MOCK_KEY", "sk-starter-of-tests")
    found = make_gateway(CONFIG, data=tmp_path, clock=FixedClock())
    await found.client()
    yield found
    await found.close()


async def begun(bridge: GatewayUnderTest, upstream: str = "") -> Laid:
    found = await Starter(bridge.gateway, model="small", upstream=upstream).lay()
    assert found is not None
    return found
