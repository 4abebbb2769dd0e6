"""The wrapped app's routes become a draft over the API."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from tests.plugins.admin.conftest import an_admin

from tollbridge.testing import GatewayUnderTest

Make = Callable[..., GatewayUnderTest]


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


def shop() -> Starlette:
    inner = [Route("/orders", answer, name="list"), Route("/orders/{id:int}", answer, methods=["PUT"], name="change")]
    return Starlette(routes=[Mount("/shop", routes=inner), Route("/other", answer)])


async def test_routes_of_the_app_below_a_prefix_become_a_draft(gateway: Make) -> None:
    admin = await an_admin(gateway({}, app=shop()))

    said = (await admin.post("/app-drafts", {"prefix": "/shop/"})).json()
    whole = (await admin.post("/app-drafts")).json()

    assert (said["kind"], said["operations"], said["notes"]) == ("app", 2, [])
    assert said["draft"]["definition"] == {
        "prefix": "/shop",
        "routes": [
            {"name": "list", "path": "/orders", "methods": ["GET"]},
            {"name": "change", "path": "/orders/{id:int}", "methods": ["PUT"]},
        ],
    }
    made = await admin.post(
        "/services", {"slug": "orders", "kind": "app", "draft": {**said["draft"], "name": "Orders"}}
    )
    assert (made.status_code, whole["operations"]) == (201, 3)


@pytest.mark.parametrize("config", [{}, {"plugins": {"disabled": ["routes"]}}])
async def test_gateway_that_wraps_no_app_has_no_draft_of_one(gateway: Make, config: dict[str, Any]) -> None:
    admin = await an_admin(gateway(config, app=shop() if config else None))

    assert (await admin.post("/app-drafts")).status_code == 404


async def test_app_that_shows_no_routes_has_no_draft(gateway: Make) -> None:
    async def bare(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("nobody calls it")

    admin = await an_admin(gateway({}, app=bare))

    reply = await admin.post("/app-drafts")

    assert (reply.status_code, reply.json()["detail"]) == (
        404,
        "the app shows no routes: it is no app of Starlette or FastAPI",
    )


async def test_routes_are_not_shown_to_a_token_with_a_team(gateway: Make) -> None:
    member = await an_admin(gateway({}, app=shop()), team="blue")

    reply = await member.post("/app-drafts")

    assert (reply.status_code, reply.json()["code"]) == (403, "out_of_reach")
