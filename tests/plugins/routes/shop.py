"""An app as somebody has it, with routes that look alike."""

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send


class Order(BaseModel):
    """What is ordered."""

    item: str
    amount: int = 1


class Secret(BaseModel):
    """What nobody outside is to know of."""

    word: str


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with where it was called, as an app that shows no routes."""
    await JSONResponse({"path": scope["path"], "root": scope["root_path"]})(scope, receive, send)


def said_of(assertion: str) -> dict[str, Any]:
    """Give for whom, and of which service, the gateway says who calls."""
    if not assertion:
        return {}
    payload = assertion.split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return {name: claims.get(name) for name in ("aud", "service")}


async def scoped(request: Request) -> JSONResponse:
    """Tell what the app sees of a call."""
    call = request.scope["tollbridge"]
    return JSONResponse(
        {
            "path": request.scope["path"],
            "root": request.scope["root_path"],
            "raw": request.scope["raw_path"].decode(),
            "query": request.url.query,
            "who": call.principal.name if call.principal is not None else "",
            "state": request.state.tollbridge is call,
            "said": said_of(request.headers.get("x-tollbridge-identity", "")),
            "evil": "x-tollbridge-evil" in request.headers,
        }
    )


def make_shop() -> FastAPI:
    """Make the app."""
    shop = FastAPI(title="Shop", version="7")

    @shop.get("/shop/orders")
    async def orders() -> list[Order]:
        """List orders."""
        return [Order(item="tea")]

    @shop.post("/shop/orders")
    async def order(order: Order) -> Order:
        """Order something."""
        return order

    @shop.get("/shop/orders/export")
    async def export() -> Secret:
        return Secret(word="everything")

    @shop.get("/shop/orders/{id:int}", summary="One order")
    async def one(id: int) -> dict[str, int]:
        return {"id": id}

    @shop.get("/shop/moved")
    async def moved(to: str) -> RedirectResponse:
        return RedirectResponse(to)

    @shop.get("/shop/linked")
    async def linked(request: Request) -> RedirectResponse:
        return RedirectResponse(request.url_for("one", id=3))

    @shop.get("/shop/slowly")
    async def slowly() -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            for piece in ("a", "b", "c"):
                await asyncio.sleep(0)
                yield piece

        return StreamingResponse(pieces())

    @shop.get("/admin")
    async def admin() -> str:
        return "keys"

    shop.add_route("/shop/scope", scoped)
    shop.mount("/shop/bare", bare)
    return shop


def make_home() -> Starlette:
    """Make an app that is at its root, with one below it."""

    async def home(request: Any) -> JSONResponse:
        return JSONResponse({"at": request.scope["path"]})

    return Starlette(routes=[Route("/", home), Mount("/inner", Starlette(routes=[Route("/", home)]))])


shop = make_shop()
nothing = bare
