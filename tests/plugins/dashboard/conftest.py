"""A gateway with its dashboard, and a browser's side of it."""

import re
from collections.abc import Callable

import pytest
from tests.support.visiting import MOCK, PREFIX, Visitor

from tollbridge.testing import GatewayUnderTest, gateway

__all__ = ["MOCK", "PREFIX", "Visitor", "gateway", "mock", "visit"]


@pytest.fixture
def mock(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Callable[..., GatewayUnderTest]:
    """Give `mock(**sections)`: a gateway with a priced provider, the given sections put over it."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    return lambda **sections: gateway({**MOCK, **sections})


@pytest.fixture
async def visit(mock: Callable[..., GatewayUnderTest]) -> Visitor:
    """Give somebody who is signed in."""
    return await Visitor(mock()).sign_in()


def element(html: str, id: str) -> str:
    """Give the machine-readable value of the figure with that id."""
    found = re.search(rf'id="{id}"><data value="([^"]*)"', html)
    assert found, f"no figure {id}"
    return found[1]
