"""An API that somebody else runs: what a small depot has in stock, on a loopback port of its own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

STOCK = {"lantern": 12, "rope": 40, "compass": 3}
_ITEM = {
    "type": "object",
    "required": ["item", "left"],
    "properties": {"item": {"type": "string"}, "left": {"type": "integer", "minimum": 0}},
}
_ONE = {"item": "lantern", "left": STOCK["lantern"]}
_ALL = [{"item": item, "left": left} for item, left in STOCK.items()]


def _answers(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    return {"description": "What there is.", "content": {"application/json": {"schema": schema, "example": example}}}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Depot", "version": "1.0.0"},
    "paths": {
        "/stock": {
            "get": {
                "operationId": "all",
                "summary": "List what is in stock.",
                "responses": {"200": _answers({"type": "array", "items": _ITEM}, _ALL)},
            }
        },
        "/stock/{item}": {
            "get": {
                "operationId": "one",
                "summary": "Say how much of an item is left.",
                "parameters": [{"name": "item", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"200": _answers(_ITEM, _ONE), "404": {"description": "There is no such item."}},
            }
        },
    },
}
"""What the depot offers, in OpenAPI."""


async def _all(request: Request) -> Response:
    return JSONResponse(_ALL)


async def _one(request: Request) -> Response:
    item: str = request.path_params["item"]
    if item not in STOCK:
        raise HTTPException(404)
    return JSONResponse({"item": item, "left": STOCK[item]})


def make_depot() -> Starlette:
    """Make the depot."""
    return Starlette(routes=[Route("/stock", _all), Route("/stock/{item}", _one)])


@asynccontextmanager
async def served(listener: socket.socket) -> AsyncIterator[None]:
    """Serve the depot on a socket that listens, in this event loop, until the block ends."""
    settings = uvicorn.Config(make_depot(), log_config=None, access_log=False, lifespan="off")
    server = _Beside(settings)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await running


class _Beside(uvicorn.Server):
    """A server beside another one, which has the signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
