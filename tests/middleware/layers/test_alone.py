"""Each layer alone around a Starlette app, with `Middleware(...)`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from tollbridge import (
    Authenticate,
    Authorize,
    BadRequest,
    Call,
    Layer,
    Limit,
    Meter,
    Provider,
    Target,
    TokenLimits,
    Translate,
    Usage,
)
from tollbridge.call import open_call
from tollbridge.clock import SystemClock
from tollbridge.errors import InternalError
from tollbridge.formats.dialect import Dialect
from tollbridge.layers.context import Context
from tollbridge.layers.meter import estimated
from tollbridge.layers.translate import write_upstream
from tollbridge.limits.memory import MemoryLimiter
from tollbridge.plugins import Plugins
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.surface import Surface
from tollbridge.testing.blank import lay_database
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import ScopeSet


async def order(request: Request) -> JSONResponse:
    principal = request.state.tollbridge.principal
    return JSONResponse({"by": principal.name if principal else None})


ROUTES = [
    Route("/orders/{id:int}", order),
    Route("/open", order),
    Mount("/sub", routes=[Route("/deep/{id}", order)]),
]


class Known:
    """Knows one secret."""

    async def identify(self, secret: bytes) -> Principal | None:
        scopes = ScopeSet(("service:app:GET:/orders/{id:int}", "ai:*", "model:*"))
        return Principal("tok_1", "ann", scopes) if secret == b"s" else None


AUTH = {"authorization": "Bearer s"}


def alone(*middleware: Middleware) -> TestClient:
    """A Starlette app with only these layers around it."""
    return TestClient(Starlette(routes=ROUTES, middleware=list(middleware)))


def test_authenticate_works_alone() -> None:
    client = alone(Middleware(Authenticate, tokens=Known(), public=("/open",)))

    assert client.get("/orders/7", headers=AUTH).json()["by"] == "ann"
    assert client.get("/orders/7").status_code == 401
    assert client.get("/open").json()["by"] is None


def test_authorize_works_behind_authenticate_and_refuses_everyone_alone() -> None:
    routes = Starlette(routes=ROUTES)
    client = alone(Middleware(Context, host=routes), Middleware(Authenticate, tokens=Known()), Middleware(Authorize))

    assert client.get("/orders/7", headers=AUTH).status_code == 200
    assert client.get("/sub/deep/7", headers=AUTH).json()["error"]["code"] == "insufficient_scope"
    assert alone(Middleware(Authorize)).get("/open").status_code == 401


def test_limit_works_alone() -> None:
    limiter = MemoryLimiter(SystemClock())
    client = alone(Middleware(Limit, limiter=limiter, defaults=TokenLimits(requests_per_minute=2)))

    replies = [client.get("/open") for _ in range(3)]

    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert replies[2].json()["error"]["code"] == "rate_limit_exceeded"
    assert int(replies[2].headers["retry-after"]) >= 1


def test_meter_works_behind_authenticate(tmp_path) -> None:
    store = SqliteStore(lay_database(tmp_path / "ledger.db"))
    app = Starlette(
        routes=ROUTES,
        lifespan=lambda app: opened(store),
        middleware=[Middleware(Authenticate, tokens=Known()), Middleware(Meter, ledger=store, call_price=5)],
    )

    async def costs() -> list[int | None]:
        await store.open()
        rows = await store.recent()
        await store.close()
        return [row.cost for row in rows]

    with TestClient(app) as client:
        assert client.get("/orders/7", headers=AUTH).status_code == 200
    assert asyncio.run(costs()) == [5]


@asynccontextmanager
async def opened(store: SqliteStore) -> AsyncIterator[None]:
    await store.open()
    yield
    await store.close()


def test_translate_works_alone_and_leaves_other_calls_untouched() -> None:
    client = alone(Middleware(Translate))

    assert client.get("/open").status_code == 200


def test_translate_refuses_a_model_call_that_has_no_target(dialects) -> None:
    client = alone(Middleware(Context, surface=Surface(dialects)), Middleware(Translate))

    reply = client.post("/v1/chat/completions", json={"model": "m", "messages": []})

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_not_found")


@pytest.fixture
def dialects() -> list[Dialect]:
    """Give every installed dialect."""
    return list(Plugins().register_all().dialects.values())


class WantsHeader(Layer):
    """A layer of a stranger, in the simplest way there is."""

    async def head(self, call: Call) -> None:
        if call.header(b"x-shop") is None:
            raise BadRequest("the header x-shop is missing", param="x-shop")


def test_strangers_layer_works_alone_and_its_error_names_the_field() -> None:
    client = alone(Middleware(WantsHeader))

    assert client.get("/open", headers={"x-shop": "1"}).status_code == 200
    assert client.get("/open").json() == {
        "error": {"code": "invalid_request", "message": "the header x-shop is missing", "param": "x-shop"}
    }


def a_call() -> Call:
    return open_call({"type": "http", "method": "GET", "path": "/", "headers": []}, SystemClock())


def test_feed_of_a_layer_without_one_changes_nothing() -> None:
    layer = Layer(Starlette())

    assert (layer.feed(a_call(), b"chunk"), layer.feed(a_call(), b"")) == ([b"chunk"], [])


def test_call_without_an_estimate_is_estimated_by_what_came_out() -> None:
    assert estimated(a_call()) == Usage(output=0)


def test_call_that_was_never_read_cannot_be_sent_on() -> None:
    with pytest.raises(InternalError, match="without a dialect"):
        write_upstream(a_call(), Target(Provider("p", base_url="https://h/v1"), "m"))
