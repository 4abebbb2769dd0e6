"""A gateway, and somebody who administers it over the API."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.support.answering import Answering

from tollbridge.administering import AuditRecord
from tollbridge.testing import GatewayUnderTest, gateway

__all__ = ["Admin", "admin", "gateway", "under"]

BASE = "/_tollbridge/api/v1"
EVERYTHING = ("admin:*", "ai:*", "model:*", "service:*")


class Admin:
    """Whoever holds a token; `under` is the gateway."""

    def __init__(self, under: GatewayUnderTest, secret: str, id: str) -> None:
        self.under = under
        self.secret = secret
        self.id = id

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Make a request; a body is sent as JSON, names of headers are written with `_`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        more = {} if body is None else {"json": body}
        return await self.under.request(method, BASE + path, token=self.secret, headers=named, **more)

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.ask("GET", path, **headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        return await self.ask("POST", path, body, **headers)

    async def patch(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        return await self.ask("PATCH", path, body, **headers)

    async def make(self, **wish: Any) -> dict[str, Any]:
        """Make a token over the API and give what was answered."""
        reply = await self.post("/tokens", {"name": "made", "scopes": ["ai:chat"], **wish})
        assert reply.status_code == 201, reply.text
        found: dict[str, Any] = reply.json()
        return found

    async def other(self, *scopes: str, **options: Any) -> "Admin":
        """Give somebody else, whose token nobody minted."""
        return await an_admin(self.under, *scopes, **options)

    async def records(self) -> list[AuditRecord]:
        """Read the audit log past the API, oldest first."""
        return [*await self.under.gateway.store.follow_audit()]


async def an_admin(under: GatewayUnderTest, *scopes: str, **options: Any) -> Admin:
    """Make a token past the API for somebody."""
    await under.client()
    issued = await under.gateway.tokens.issue(name="admin", scopes=scopes or EVERYTHING, **options)
    return Admin(under, issued.secret, issued.token.id)


@pytest.fixture
def under(gateway: Callable[..., GatewayUnderTest]) -> GatewayUnderTest:
    return gateway({}, plugins=(Answering(),))


@pytest.fixture
async def admin(under: GatewayUnderTest) -> Admin:
    """Give somebody who may do everything."""
    return await an_admin(under)
