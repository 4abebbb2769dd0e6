"""What can be called of a service, listed over the API."""

from tests.plugins.admin.conftest import Admin
from tests.plugins.admin.test_services import make

ROUTES = {"upstreams": {"main": {"nodes": [{"url": "https://api.example.com"}]}}}


async def test_draft_and_release_say_what_can_be_called_and_by_which_scope(admin: Admin) -> None:
    route = {"name": "read", "path": "/orders/{id}", "methods": ["GET"], "summary": "One", "upstream": "main"}
    draft = {"name": "Orders", "definition": {**ROUTES, "routes": [{**route, "price_per_call": "0.5"}]}}
    await admin.post("/services", {"slug": "orders", "kind": "rest", "draft": draft})
    assert (await admin.post("/services/orders/releases", {"version": "1"})).status_code == 201
    await admin.patch("/services/orders", {"draft": {"definition": {**ROUTES, "routes": [{**route, "name": "one"}]}}})

    now = (await admin.get("/services/orders/operations")).json()["items"]
    before = (await admin.get("/services/orders/operations?release=1")).json()["items"]

    assert now == [
        {
            **{"name": "one", "scope": "service:orders:one", "method": "GET", "url": "/v1/apis/orders/orders/{id}"},
            **{"summary": "One", "public": False, "price_usd": None},
        }
    ]
    assert [(one["scope"], one["price_usd"]) for one in before] == [("service:orders:read", "0.5")]


async def test_draft_that_cannot_be_read_says_why(admin: Admin) -> None:
    await make(admin, draft={"definition": {"text": 7}})

    reply = await admin.get("/services/weather/operations")

    assert (reply.status_code, reply.json()["code"]) == (422, "not_ready")
    assert "cannot be read yet" in reply.json()["detail"]


async def test_what_is_not_there_has_no_operations(admin: Admin) -> None:
    await make(admin)
    blue = await admin.other("admin:services:read", team="blue")

    assert (await admin.get("/services/weather/operations?release=9")).status_code == 404
    assert (await admin.get("/services/sun/operations")).status_code == 404
    assert (await blue.get("/services/weather/operations")).status_code == 404
