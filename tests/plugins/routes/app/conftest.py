"""A gateway around an app, with a service of its routes."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from starlette.types import ASGIApp
from tests.plugins.routes.shop import make_shop

from tollbridge.services.model import Access, Approval, Design
from tollbridge.testing import GatewayUnderTest, gateway
from tollbridge_routes.app.definition import AppDefinition

__all__ = ["gateway"]

ORDERS: list[dict[str, Any]] = [
    {"name": "list", "path": "/orders"},
    {"name": "order", "path": "/orders", "methods": ["POST"], "price_per_call": "0.002"},
    {"name": "one", "path": "/orders/{id:int}"},
]
Publish = Callable[..., Awaitable[GatewayUnderTest]]


def define(*routes: dict[str, Any], prefix: str = "/shop", **more: Any) -> AppDefinition:
    """Make a definition of what is written as JSON."""
    return msgspec.convert({"prefix": prefix, "routes": list(routes), **more}, AppDefinition)


@pytest.fixture
def publish(gateway: Any) -> Publish:
    """Give a gateway around the shop with the service `orders`."""

    async def publish(
        *routes: dict[str, Any], app: ASGIApp | None = None, prefix: str = "/shop", config: Any = None, **design: Any
    ) -> GatewayUnderTest:
        bridge: GatewayUnderTest = gateway(config or {}, app=app or make_shop())
        await bridge.client()
        services = bridge.gateway.services
        definition = {"prefix": prefix, "routes": list(routes) or ORDERS}
        draft = Design(
            name="Orders", access=Access.SCOPE, approval=Approval.AUTO, definition=definition, **{**PRICED, **design}
        )
        service = await services.add("orders", "app", draft=draft)
        await services.release(service.id, version="1")
        await services.publish(service.id, 1)
        return bridge

    return publish


PRICED = {"price_per_call_usd": "0.001"}
