"""Two services and what stands before them: a shop with a REST API, and a prompt; each caller by the scopes it has."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge.call import Call, open_call
from tollbridge.errors import GatewayError, NotFound, ScopeMissing, Unauthenticated
from tollbridge.testing import FixedClock
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import ScopeSet
from tollbridge_mcp.app import answers
from tollbridge_mcp.catalogue import CatalogueTools, Published
from tollbridge_mcp.endpoint import Door, Endpoint
from tollbridge_mcp.invoking import InProcess
from tollbridge_mcp.operations import read_document
from tollbridge_mcp.sources import OpenApiTools

PNG = b"\x89PNG\r\n\x1a\nnot really"
ORDER = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "item": {"$ref": "#/components/schemas/Item"},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}},
    },
    "required": ["id"],
}
SHOP: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "https://evil.example"}],
    "components": {"schemas": {"Order": ORDER, "Item": {"type": "string", "minLength": 1}}},
    "paths": {
        "/orders": {
            "get": {
                "operationId": "listOrders",
                "summary": "Lists orders.",
                "parameters": [
                    {"name": "status", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}
                            }
                        },
                    }
                },
            },
            "post": {
                "operationId": "create order!",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                },
                "responses": {
                    "201": {
                        "description": "",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                    }
                },
            },
        },
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"operationId": "getOrder", "responses": {"200": {"description": ""}}},
            "delete": {"operationId": "deleteOrder", "responses": {"204": {"description": ""}}},
        },
        "/orders/{id}/photo": {
            "post": {
                "operationId": "addPhoto",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "requestBody": {
                    "required": True,
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "photo": {"type": "string", "format": "binary"},
                                    "title": {"type": "string"},
                                },
                                "required": ["photo"],
                            }
                        }
                    },
                },
                "responses": {"200": {"description": ""}},
            }
        },
        "/logo": {"get": {"operationId": "logo", "responses": {"200": {"description": ""}}}},
    },
}
PROMPT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Sentiment", "version": "2"},
    "paths": {
        "": {
            "post": {
                "operationId": "sentiment",
                "summary": "Says how a text sounds.",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "text": {"type": "string"},
                                    "language": {"type": "string", "default": "en"},
                                },
                                "required": ["text"],
                                "additionalProperties": False,
                            }
                        }
                    },
                },
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {"sentiment": {"enum": ["good", "bad"]}},
                                    "required": ["sentiment"],
                                }
                            }
                        },
                    }
                },
            }
        }
    },
}
DOCUMENTS = {"shop": SHOP, "sentiment": PROMPT}


async def _list(asked: Asked) -> Response:
    status = asked.query_params.getlist("status")
    return JSONResponse([{"id": "1", "item": each} for each in status] or [{"id": "1"}])


async def _create(asked: Asked) -> Response:
    given = await asked.json()
    if given["id"] == "taken":
        problem = {"title": "Conflict", "detail": "there is an order 'taken' already"}
        return JSONResponse(problem, 409, media_type="application/problem+json")
    return JSONResponse(given, 201)


async def _get(asked: Asked) -> Response:
    return PlainTextResponse(f"order {asked.path_params['id']}")


async def _delete(asked: Asked) -> Response:
    return Response(status_code=204)


async def _photo(asked: Asked) -> Response:
    form = await asked.form()
    photo = form["photo"]
    assert not isinstance(photo, str)
    found = {"title": form.get("title"), "size": len(await photo.read()), "name": photo.filename}
    await form.close()
    return JSONResponse(found)


async def _logo(asked: Asked) -> Response:
    return Response(PNG, media_type="image/png")


async def _sentiment(asked: Asked) -> Response:
    given = await asked.json()
    return JSONResponse({"sentiment": "bad" if "not" in given["text"] else "good"})


SERVICES: dict[str, ASGIApp] = {
    "shop": Starlette(
        routes=[
            Route("/orders", _list, methods=["GET"]),
            Route("/orders", _create, methods=["POST"]),
            Route("/orders/{id}", _get, methods=["GET"]),
            Route("/orders/{id}", _delete, methods=["DELETE"]),
            Route("/orders/{id}/photo", _photo, methods=["POST"]),
            Route("/logo", _logo, methods=["GET"]),
        ]
    ),
    "sentiment": Starlette(routes=[Route("/", _sentiment, methods=["POST"])]),
}


def principal(*scopes: str) -> Principal:
    """Give a caller with these scopes."""
    return Principal("tok_1", "a caller", ScopeSet(scopes))


def call_of(*scopes: str, path: str = "/v1/mcp/shop", headers: tuple[tuple[bytes, bytes], ...] = ()) -> Call:
    """Give a call that was let in."""
    scope = {"type": "http", "method": "POST", "path": path, "headers": list(headers), "client": ("10.0.0.9", 1)}
    call = open_call(scope, FixedClock())
    call.principal = principal(*scopes)
    return call


class Metered:
    """Stands where the chain does: notes each call of a service, and lets in who has any scope for it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.hold: asyncio.Event | None = None
        self.left = 0

    async def __call__(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        slug, _, below = scope["path"].removeprefix("/v1/apis/").partition("/")
        self.seen.append((scope["method"], scope["path"], scope["query_string"].decode()))
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        if self.hold is not None:
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.left += 1
                raise
        app = SERVICES.get(slug)
        assert call.principal is not None
        if app is None or not any(each.startswith(f"service:{slug}:") for each in call.principal.scopes.scopes):
            return await _refuse(send, ScopeMissing(f"service:{slug}:*"))
        await app({**scope, "root_path": f"/v1/apis/{slug}", "path": f"/v1/apis/{slug}/{below}"}, receive, send)


class Shelf:
    """What is published, to whom has any scope for it."""

    async def services(self, principal: Principal) -> list[Published]:
        slugs = {each.split(":")[1] for each in principal.scopes.scopes}
        about = {"shop": "Sells things.", "sentiment": "Says how a text sounds."}
        return [Published(slug, slug.title(), "rest", about[slug], "1") for slug in sorted(slugs & about.keys())]

    async def document(self, principal: Principal, slug: str) -> dict[str, Any] | None:
        return DOCUMENTS[slug] if slug in [each.slug for each in await self.services(principal)] else None


class Bridge:
    """The MCP servers of both services and the global one, behind tokens that are lists of scopes."""

    def __init__(self, **options: Any) -> None:
        self.metered = Metered()
        self.invoke = InProcess(self.metered)
        self.sources = {
            slug: OpenApiTools(slug, read_document(document), self.invoke) for slug, document in DOCUMENTS.items()
        }
        self.endpoint = Endpoint(self.find, answers(), **options)

    async def find(self, call: Call, slug: str) -> Door:
        if not slug:
            return Door(CatalogueTools(Shelf(), self.invoke), "tollbridge", "Tollbridge")
        if slug not in self.sources:
            raise NotFound(f"there is no MCP server {slug!r}")
        return Door(self.sources[slug], slug, slug.title(), "1", "Be kind.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        call = open_call(scope, FixedClock())
        shown = (call.header(b"authorization") or b"").decode().removeprefix("Bearer ")
        try:
            if not shown:
                raise Unauthenticated()
            call.principal = principal(*shown.split(","))
            await self.endpoint({**scope, "tollbridge": call}, receive, send)
        except GatewayError as exc:
            await _refuse(send, exc)


async def _refuse(send: Send, exc: GatewayError) -> None:
    body = json.dumps({"error": {"code": exc.code, "message": exc.message}}).encode()
    headers = [(b"content-type", b"application/json"), *exc.headers()]
    await send({"type": "http.response.start", "status": exc.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an app on a port of this machine; gives its URL."""
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())  # `serve` takes the process's signals
    while not server.started:
        assert not serving.done()
        await asyncio.sleep(0)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
def bridge(anyio_backend: str) -> Bridge:
    return Bridge()
