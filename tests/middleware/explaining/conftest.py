"""Gateways whose calls are explained, then made."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tollbridge import Call, hookimpl
from tollbridge.errors import Denied
from tollbridge.explaining import Asked, Explaining, Explanation
from tollbridge.layers.layer import Layer
from tollbridge.testing import GatewayUnderTest

MODELS = {
    "small": {"targets": ["mock/tiny-1"], "price": {"input": "150", "output": "600"}},
    "unpriced": {"targets": ["mock/nobody-prices-this"]},
    "two": {"targets": ["mock/tiny-1", "claude/opus-x"], "price": {"input": "1", "output": "2"}},
    "turned": {"targets": ["claude/opus-x", "mock/tiny-1"], "price": {"input": "1", "output": "2"}},
    "claude": {"targets": ["claude/opus-x"], "price": {"input": "1", "output": "2"}},
}
CONFIG: dict[str, Any] = {
    "providers": {
        "mock": {"base_url": "https://mock.example/v1", "dialect": "openai-chat", "api_key": "env:MOCK_KEY"},
        "claude": {"base_url": "https://claude.example", "dialect": "anthropic-messages", "api_key": "env:MOCK_KEY"},
    },
    "models": MODELS,
    "logging": {"access": False},
}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")


@dataclass
class Watched:
    """A plugin that keeps how each call ended."""

    calls: list[Call] = field(default_factory=list)

    @hookimpl
    def register_metrics(self, register: Callable[[Callable[[Call], None]], None]) -> None:
        register(self.calls.append)

    def last(self) -> str:
        """Give the code with which the bridge refused the last call, empty where it crossed."""
        call = self.calls[-1]
        return call.error.code if call.error is not None and not call.reached else ""


class Brings:
    """A plugin with layers."""

    def __init__(self, *layers: type[Layer]) -> None:
        self._layers = layers

    @hookimpl
    def register_layers(self, register: Any) -> None:
        for layer in self._layers:
            register(layer)


class NoTools:
    """A policy that only looks."""

    pure = True

    async def body(self, call: Call) -> None:
        if call.body is not None and b'"tools"' in call.body:
            raise Denied("no tools here", code="no_tools")


def chat(model: str, **fields: Any) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello"}], **fields}).encode()


async def explained(gw: GatewayUnderTest, token_id: str, asked: Asked, **options: Any) -> Explanation:
    explaining = Explaining(gw.gateway)
    return await explaining.explain(await explaining.known(token_id), asked, **options)


async def made(gw: GatewayUnderTest, secret: str, asked: Asked) -> Any:
    """Make the call that was asked about."""
    return await gw.request(
        asked.method, asked.path, token=secret, headers=dict(asked.headers), content=asked.body or None
    )
