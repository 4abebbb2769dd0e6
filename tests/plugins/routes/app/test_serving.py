"""Routes of a wrapped app as a service, called from outside."""

from typing import Any

import pytest
from tests.plugins.routes.app.conftest import Publish, define
from tests.plugins.routes.shop import make_home, make_shop

from tollbridge import NotFound
from tollbridge_routes.app.serving import ServedApp, _led_back

APIS = "/v1/apis/orders"


async def test_routes_are_called_below_the_service_and_where_they_always_were(publish: Publish) -> None:
    bridge = await publish()

    listed = await bridge.request("GET", f"{APIS}/orders")
    ordered = await bridge.request("POST", f"{APIS}/orders", json={"item": "tea"})
    one = await bridge.request("GET", f"{APIS}/orders/7")
    direct = await bridge.request("GET", "/shop/orders/7")

    assert listed.json() == [{"item": "tea", "amount": 1}]
    assert ordered.json() == {"item": "tea", "amount": 1}
    assert one.json() == direct.json() == {"id": 7}
    assert one.headers["tollbridge-version"] == "1"
    assert "tollbridge-version" not in direct.headers


async def test_each_operation_has_its_scope_and_its_toll(publish: Publish) -> None:
    bridge = await publish()
    reader = await bridge.token("service:orders:list")

    assert (await bridge.request("GET", f"{APIS}/orders", token=reader)).status_code == 200
    refused = await bridge.request("POST", f"{APIS}/orders", token=reader, json={"item": "tea"})
    outside = await bridge.request("GET", "/shop/orders", token=reader)
    await bridge.request("POST", f"{APIS}/orders", json={"item": "tea"})

    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert outside.status_code == 403
    rows = {row.operation: row.cost for row in await bridge.gateway.store.recent() if row.status == 200}
    assert rows == {"service:orders:list": 1_000_000, "service:orders:order": 2_000_000}


@pytest.mark.parametrize("path", ["/orders/export", "/../admin", "/admin", "/moved?to=/", "/orders/x", "/orders/7/8"])
async def test_route_that_is_not_in_the_service_is_not_called_by_it(publish: Publish, path: str) -> None:
    bridge = await publish()

    answer = await bridge.request("GET", f"{APIS}{path}")

    assert answer.status_code in (400, 404)


async def test_path_that_is_like_one_of_the_service_but_another_route_of_the_app_stays_closed(publish: Publish) -> None:
    """FastAPI takes the first route that fits, and `/orders/export` fits `/orders/{id}` as well."""
    shop = make_shop()
    shop.add_api_route("/shop/orders/{id}", lambda id: {"text": id})
    bridge = await publish({"name": "text", "path": "/orders/{id}"}, app=shop)

    assert (await bridge.request("GET", f"{APIS}/orders/tea")).json() == {"text": "tea"}
    assert (await bridge.request("GET", f"{APIS}/orders/export")).status_code == 404
    assert (await bridge.request("GET", f"{APIS}/orders/7")).status_code == 404


async def test_other_method_is_refused_with_those_that_are_served(publish: Publish) -> None:
    bridge = await publish()

    refused = await bridge.request("DELETE", f"{APIS}/orders")
    headed = await bridge.request("HEAD", f"{APIS}/orders")

    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST")
    assert headed.status_code == 405  # the app's own answer: FastAPI takes no HEAD for a GET
    assert "HEAD" not in headed.headers["allow"]


async def test_app_sees_who_calls_and_is_mounted_at_the_service(publish: Publish) -> None:
    bridge = await publish({"name": "scope", "path": "/scope"}, config={"service": {"vouch": True}})

    seen = (await bridge.request("GET", f"{APIS}/scope?a=%C3%A4", headers={"x-tollbridge-evil": "1"})).json()

    assert seen == {
        "path": "/v1/apis/orders/shop/scope",
        "root": "/v1/apis/orders",
        "raw": "/v1/apis/orders/shop/scope",
        "query": "a=%C3%A4",
        "who": "test",
        "state": True,
        "said": {"aud": "app", "service": "orders"},
        "evil": False,
    }


async def test_all_below_a_path_is_served_where_the_service_says_so(publish: Publish) -> None:
    bridge = await publish({"name": "bare", "path": "/bare/*"}, {"name": "one", "path": "/orders/{id:int}"})

    bare = await bridge.request("GET", f"{APIS}/bare/%C3%A4/b")
    head = await bridge.request("GET", f"{APIS}/bare")

    assert bare.json() == {"path": "/v1/apis/orders/shop/bare/ä/b", "root": "/v1/apis/orders/shop/bare"}
    assert head.status_code == 404


async def test_all_of_an_app_that_shows_no_routes_can_be_served(publish: Publish) -> None:
    shop = make_shop()
    bare: Any = shop.routes[-1].app  # type: ignore[attr-defined]
    bridge = await publish({"name": "all", "path": "/*", "methods": ["GET"]}, app=bare, prefix="/x")

    assert (await bridge.request("GET", f"{APIS}/a/b")).json()["path"] == "/v1/apis/orders/x/a/b"
    assert (await bridge.request("POST", f"{APIS}/a/b")).status_code == 405


@pytest.mark.parametrize(("prefix", "path", "at"), [("", "", "/"), ("", "/", "/"), ("/inner", "/", "/inner/")])
async def test_root_of_the_app_is_served_with_a_slash_or_without(
    publish: Publish, prefix: str, path: str, at: str
) -> None:
    bridge = await publish({"name": "home", "path": path}, app=make_home(), prefix=prefix)

    for called in ("", "/"):
        assert (await bridge.request("GET", f"{APIS}{called}")).json() == {"at": f"{APIS}{at}"}


async def test_public_route_needs_no_token_and_costs_nobody(publish: Publish) -> None:
    bridge = await publish({"name": "list", "path": "/orders", "public": True})

    answer = await bridge.request("GET", f"{APIS}/orders", token="")

    assert answer.status_code == 200
    (row,) = await bridge.gateway.store.recent()
    assert (row.operation, row.token_id, row.cost) == ("service:orders:list", "", 0)


async def test_where_the_app_sends_its_callers_is_below_the_service(publish: Publish) -> None:
    bridge = await publish({"name": "moved", "path": "/moved"}, {"name": "linked", "path": "/linked"})

    linked = await bridge.request("GET", f"{APIS}/linked")
    moved = await bridge.request("GET", f"{APIS}/moved", params={"to": "https://elsewhere.example/shop/orders"})

    assert linked.headers["location"] == "http://gateway.test/v1/apis/orders/orders/3"
    assert moved.headers["location"] == "https://elsewhere.example/shop/orders"


@pytest.mark.parametrize(
    ("location", "there"),
    [
        (b"/g/v1/apis/x/shop/a?b#c", b"/g/v1/apis/x/a?b#c"),
        (b"/g/v1/apis/x/shop", b"/g/v1/apis/x"),
        (b"/g/v1/apis/x/shopping", b"/g/v1/apis/x/shopping"),
        (b"../a", b"../a"),
        (b"//[", b"//["),
        (b"\xff/shop", b"\xff/shop"),
    ],
)
def test_location_is_led_back_below_the_prefix_alone(location: bytes, there: bytes) -> None:
    assert _led_back(location, "/g/v1/apis/x/shop", "/g/v1/apis/x") == there


async def test_answers_stream(publish: Publish) -> None:
    bridge = await publish({"name": "slowly", "path": "/slowly"})

    client = await bridge.client()
    headers = {"authorization": f"Bearer {await bridge.token()}"}
    async with client.stream("GET", f"{APIS}/slowly", headers=headers) as answer:
        pieces = [piece async for piece in answer.aiter_raw()]

    assert b"".join(pieces) == b"abc"
    assert "content-length" not in answer.headers


async def test_route_the_app_lost_since_is_gone(publish: Publish) -> None:
    shop = make_shop()
    bridge = await publish(app=shop)
    shop.router.routes[:] = [each for each in shop.routes if getattr(each, "name", "") != "one"]

    assert (await bridge.request("GET", f"{APIS}/orders/7")).status_code == 404
    assert (await bridge.request("GET", f"{APIS}/orders")).status_code == 200


async def test_route_that_goes_while_a_call_is_let_in_is_gone() -> None:
    served = ServedApp(make_shop(), define(prefix="/shop"))
    scope = {"method": "GET", "path": "/x/orders", "root_path": "/x", "headers": [], "query_string": b""}

    with pytest.raises(NotFound, match="nothing at /orders"):
        await served(scope, none, none)
    await served.close()


async def none(*_: Any) -> Any:
    """Be there for nobody."""
