"""A gateway with its dashboard, and a browser's side of it."""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tollbridge.testing import GatewayUnderTest, gateway
from tollbridge_dashboard.door import Door

__all__ = ["Visitor", "gateway", "mock", "visit"]

PREFIX = "/_tollbridge"
MOCK = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}},
    "models": {
        "gpt-4o-mini": {"targets": ["mock/gpt-4o-mini"], "price": {"input": "0.15", "output": "0.60"}},
        "small": {"targets": ["mock/tiny-1"], "price": {"input": "0.05", "output": "0.10"}},
        "unknown-price": {"targets": ["mock/nobody-prices-this"]},
    },
    "budgets": {"unpriced": "allow"},
}


class Visitor:
    """Somebody with a browser; `under` is the gateway behind it.  Keeps cookies by hand, to see and forge them."""

    def __init__(self, under: GatewayUnderTest) -> None:
        self.under = under
        self.cookies: dict[str, str] = {}

    def door(self) -> Door:
        gw = self.under.gateway
        return Door(gw.admin_key, gw.config.data, gw.clock)

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self._send("GET", path, headers=headers)

    async def post(self, path: str, form: Any = None, *, site: str | None = "same-origin") -> httpx2.Response:
        headers = {} if site is None else {"sec-fetch-site": site}
        return await self._send("POST", path, headers=headers, data=form or {"a": ""})

    async def _send(self, method: str, path: str, *, headers: dict[str, str], **more: Any) -> httpx2.Response:
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {**headers, **({"cookie": jar} if jar else {})}
        client = await self.under.client()
        client.cookies.clear()
        reply = await client.request(method, PREFIX + path, headers=headers, follow_redirects=False, **more)
        for line in reply.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return reply

    async def sign_in(self) -> "Visitor":
        await self.under.client()
        reply = await self.post("/sign-in", {"code": self.door().make_code()})
        assert reply.status_code == 303
        return self


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
