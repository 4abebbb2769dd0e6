"""The kind `app`, as a gateway uses it."""

from typing import Any

import pytest
from tests.plugins.routes.app.conftest import ORDERS, Publish, define
from tests.plugins.routes.shop import make_shop

from tollbridge.services.kinds import Running
from tollbridge.services.model import Access, Design
from tollbridge.testing import GatewayUnderTest
from tollbridge_routes.app.kind import AppKind

KIND = AppKind()


def test_kind_names_what_can_be_called_and_what_that_comes_to() -> None:
    definition = define(*ORDERS, {"name": "all", "path": "/bare/*", "methods": ["GET", "POST"], "max_body_bytes": 5})

    operations = KIND.operations(definition)

    assert [(each.name, each.method, each.path, each.price, each.max_body) for each in operations] == [
        ("list", "GET", "/orders", None, None),
        ("order", "POST", "/orders", 2_000_000, None),
        ("one", "GET", "/orders/{id}", None, None),
        ("all", "GET", "/bare/{rest}", None, 5),
        ("all", "POST", "/bare/{rest}", None, 5),
    ]
    assert KIND.app_routes(definition) == [
        "GET:/shop/orders",
        "POST:/shop/orders",
        "GET:/shop/orders/{id:int}",
        "GET:/shop/bare/*",
        "POST:/shop/bare/*",
    ]
    assert (KIND.models(definition), KIND.secrets(definition), KIND.gated(definition)) == ((), (), False)
    assert KIND.changes(definition, definition) == []


async def test_gateway_that_stands_alone_answers_503(gateway: Any) -> None:
    bridge: GatewayUnderTest = gateway({})
    await bridge.client()
    services = bridge.gateway.services
    draft = Design(name="Orders", access=Access.SCOPE, definition={"routes": ORDERS})
    service = await services.add("orders", "app", draft=draft)
    await services.release(service.id, version="1")
    await services.publish(service.id, 1)

    answer = await bridge.request("GET", "/v1/apis/orders/orders")

    assert (answer.status_code, answer.json()["detail"]) == (503, "this service cannot be called now")


@pytest.mark.parametrize(("wrapped", "passed"), [(True, True), (False, False)])
async def test_trial_asks_the_app_that_is_wrapped(gateway: Any, wrapped: bool, passed: bool) -> None:
    bridge: GatewayUnderTest = gateway({}, app=make_shop() if wrapped else None)
    running = Running("svc_1", "orders", "", "rel_1", 1, "1", define(*ORDERS))

    proof = await KIND.prove(bridge.gateway, running, None)  # type: ignore[arg-type]  # it is on nobody's account

    assert proof.passed is passed


async def test_whoever_publishes_routes_of_the_app_must_be_allowed_to_call_them(publish: Publish) -> None:
    bridge = await publish()
    scopes = ("admin:services:*", "admin:publishing:*", "service:app:GET:/shop/*")
    developer = await bridge.token(*scopes)
    path, api = "/_tollbridge/api/v1/services/orders/releases", {"token": developer}

    refused = await bridge.request("POST", path, json={"version": "2"}, **api)
    allowed = await bridge.request(
        "POST", path, json={"version": "2"}, token=await bridge.token(*scopes, "service:app:POST:/shop/orders")
    )

    assert (refused.status_code, refused.json()["code"]) == (403, "scope_beyond")
    assert "service:app:POST:/shop/orders" in refused.json()["detail"]
    assert allowed.status_code == 201
