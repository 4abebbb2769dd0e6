"""A gateway that is ready to be called."""

from collections.abc import Callable

import pytest

from tollbridge.testing import GatewayUnderTest, gateway

__all__ = ["gateway", "mock"]

MOCK = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}},
    "models": {
        "gpt-4o-mini": {"targets": ["mock/gpt-4o-mini"], "price": {"input": "0.15", "output": "0.60"}},
        "small": {"targets": ["mock/tiny-1"], "price": {"input": "0.15", "output": "0.60"}},
        "unknown-price": {"targets": ["mock/nobody-prices-this"]},
    },
}


@pytest.fixture
def mock(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Callable[..., GatewayUnderTest]:
    """Give `mock(**sections)`: a gateway whose provider `mock` has a key, the given sections put over it.

    `plugins` are plugin objects, so the section of that name is `plugins_section`.
    """
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")

    def make(
        *, at: str = "", plugins: tuple[object, ...] = (), app: object = None, **sections: object
    ) -> GatewayUnderTest:
        if "plugins_section" in sections:
            sections["plugins"] = sections.pop("plugins_section")
        return gateway({**MOCK, **sections}, at=at, plugins=plugins, app=app)

    return make
