"""How much of a body comes to the app."""

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.plugins.routes.app.conftest import Publish

APIS = "/v1/apis/orders"
ROUTE = {"name": "read", "path": "/read", "methods": ["POST"], "max_body_bytes": 10}


def counting(heard: list[int]) -> Starlette:
    """Make an app that counts what comes."""

    async def read(request: Request) -> PlainTextResponse:
        heard.append(len(await request.body()))
        return PlainTextResponse(str(heard[-1]))

    async def failing(request: Request) -> PlainTextResponse:
        raise LookupError("the app's own")

    return Starlette(
        routes=[Route("/read", read, methods=["POST"]), Route("/fails", failing, methods=["POST"])],
    )


async def test_body_within_the_bound_comes_whole(publish: Publish) -> None:
    heard: list[int] = []
    bridge = await publish(ROUTE, app=counting(heard), prefix="")

    assert (await bridge.request("POST", f"{APIS}/read", content=b"0123456789")).text == "10"


async def test_body_that_says_it_is_longer_never_comes_to_the_app(publish: Publish) -> None:
    heard: list[int] = []
    bridge = await publish(ROUTE, app=counting(heard), prefix="")

    answer = await bridge.request("POST", f"{APIS}/read", content=b"0123456789a")

    assert (answer.status_code, answer.json()["detail"]) == (413, "the body has 11 bytes; at most 10 are taken")
    assert heard == []


async def test_body_without_a_length_is_cut_off_where_it_is_too_long(publish: Publish) -> None:
    heard: list[int] = []
    bridge = await publish(ROUTE, app=counting(heard), prefix="")

    async def pieces() -> Any:
        for piece in (b"01234", b"56789", b"a", b"b"):
            yield piece

    answer = await bridge.request("POST", f"{APIS}/read", content=pieces())

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert heard == []


async def test_app_that_reads_on_hears_that_its_caller_left_and_is_not_listened_to(publish: Publish) -> None:
    heard: list[str] = []

    async def stubborn(scope: Any, receive: Any, send: Any) -> None:
        heard.extend([(await receive())["type"] for _ in range(4)])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"all of it"})

    bridge = await publish({**ROUTE, "path": "/*"}, app=stubborn, prefix="")

    async def pieces() -> Any:
        for piece in (b"01234", b"56789a", b"b"):
            yield piece

    answer = await bridge.request("POST", f"{APIS}/read", content=pieces())

    assert heard == ["http.request", "http.disconnect", "http.disconnect", "http.disconnect"]
    assert answer.status_code == 413


async def test_fault_of_the_app_is_its_own(publish: Publish) -> None:
    bridge = await publish({**ROUTE, "path": "/fails"}, app=counting([]), prefix="")

    answer = await bridge.request("POST", f"{APIS}/fails", content=json.dumps({}))

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
