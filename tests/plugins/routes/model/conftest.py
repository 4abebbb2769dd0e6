"""A gateway with a model route."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from tollbridge.services.model import Access, Approval, Design
from tollbridge.testing import GatewayUnderTest, gateway
from tollbridge_routes.model.definition import ModelDefinition

__all__ = ["gateway"]

CONFIG: dict[str, Any] = {
    "providers": {
        "mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"},
        "claude": {"base_url": "https://claude.example/v1", "api_key": "env:MOCK_KEY", "dialect": "anthropic-messages"},
    },
    "models": {
        "small": {"targets": ["mock/tiny-1"], "price": {"input": "1", "output": "2"}},
        "other": {"targets": ["claude/big-1"], "price": {"input": "1", "output": "2"}},
    },
}
Publish = Callable[..., Awaitable[GatewayUnderTest]]


def define(**members: Any) -> ModelDefinition:
    """Make a definition of what is written as JSON."""
    return msgspec.convert({"model": "small", **members}, ModelDefinition)


@pytest.fixture
def publish(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Give a gateway with the model route `fast`; `members` of its definition are other than usual."""
    monkeypatch.setenv("MOCK_KEY", "sk-1")

    async def publish(design: Any = None, **members: Any) -> GatewayUnderTest:
        bridge: GatewayUnderTest = gateway(CONFIG)
        await bridge.client()
        services = bridge.gateway.services
        fields: dict[str, Any] = {
            "name": "Fast",
            "access": Access.SCOPE,
            "approval": Approval.AUTO,
            "price_per_call_usd": "0.01",
            **(design or {}),
        }
        draft = Design(**fields, definition={"model": "small", **members})
        service = await services.add("fast", "model", draft=draft)
        await services.release(service.id, version="1")
        await services.publish(service.id, 1)
        return bridge

    return publish
