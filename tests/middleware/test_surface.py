"""Which path is which operation."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Host, Match, Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from tollbridge.errors import MethodNotAllowed
from tollbridge.formats import Dialect, Operation
from tollbridge.surface import ListedRoute, Surface, listed_routes, route_template
from tollbridge_anthropic.dialect import MessagesDialect
from tollbridge_openai.dialects import ChatDialect, CompletionsDialect, EmbeddingsDialect


class Shelf(EmbeddingsDialect):
    """A dialect with ids in its paths."""

    name = "shelf"
    operations = (
        Operation("ai:files", "files", "GET", path="/v1/files"),
        Operation("ai:files", "file", "GET", path="/v1/files/{id}"),
        Operation("ai:files", "delete", "DELETE", path="/v1/files/{id}"),
        Operation("ai:files", "content", "GET", path="/v1/files/{id}/content"),
    )


class Rerank(EmbeddingsDialect):
    """A stranger's dialect with models in its paths, and GET and POST on one."""

    name = "rerank"
    operations = (
        Operation("ai:rerank", "rerank", path="/v1/rerank"),
        Operation("", "about", "GET", path="/v1/rerank"),
        Operation("ai:rerank", "one", path="/v1/rerank/{model}"),
        Operation("ai:rerank", "deep", path="/v1/rerank/deep/{model}"),
    )


@pytest.fixture
def surface() -> Surface:
    return Surface([ChatDialect(), CompletionsDialect(), EmbeddingsDialect(), MessagesDialect(), Rerank(), Shelf()])


def labels(way: tuple[Dialect, Operation] | None) -> tuple[str, str] | None:
    return None if way is None else (way[0].name, way[1].label)


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("POST", "/v1/chat/completions", ("openai-chat", "chat")),
        ("POST", "/v1/completions", ("openai-completions", "completions")),
        ("POST", "/v1/embeddings", ("openai-embeddings", "embeddings")),
        ("POST", "/v1/messages", ("anthropic-messages", "messages")),
        ("POST", "/v1/messages/count_tokens", ("anthropic-messages", "count_tokens")),
        ("GET", "/v1/models", ("openai-chat", "models")),
        ("GET", "/v1/models/gpt-4o", ("openai-chat", "models")),
        ("GET", "/v1/models/openai/gpt-4o", ("openai-chat", "models")),
        ("GET", "/v1/files", ("shelf", "files")),
        ("GET", "/v1/files/file-abc_1", ("shelf", "file")),
        ("DELETE", "/v1/files/file-abc_1", ("shelf", "delete")),
        ("GET", "/v1/files/file-abc/content", ("shelf", "content")),
        ("GET", "/v1/files/", None),
        ("GET", "/v1/files//content", None),
        ("GET", "/v1/files/a/b", None),
        ("GET", "/v1/files/a.b", None),
        ("GET", "/v1/files/a b", None),
        ("GET", "/v1/files/a/content/x", None),
        ("GET", "/v1/files/\u00e9", None),
        ("GET", "/v1/files/" + "a" * 257, None),
        ("GET", "/v1/rerank", ("rerank", "about")),
        ("POST", "/v1/rerank", ("rerank", "rerank")),
        ("POST", "/v1/rerank/x", ("rerank", "one")),
        ("POST", "/v1/rerank/deep/x", ("rerank", "deep")),
        ("POST", "/v1/rerank/deep/", ("rerank", "one")),
        ("POST", "/v1/rerank/", None),
        ("POST", "/v1/chat/completions/", None),
        ("POST", "/v1/chat", None),
        ("POST", "/V1/chat/completions", None),
        ("GET", "/", None),
        ("GET", "", None),
    ],
)
def test_path_is_found_whole_or_not_at_all(
    surface: Surface, method: str, path: str, found: tuple[str, str] | None
) -> None:
    assert labels(surface.find(method, path, [])) == found


def test_dialects_that_share_a_path_are_told_apart_by_their_headers(surface: Surface) -> None:
    anthropic = [(b"anthropic-version", b"2023-06-01")]

    assert labels(surface.find("GET", "/v1/models", anthropic)) == ("anthropic-messages", "models")
    assert labels(surface.find("GET", "/v1/models/claude", anthropic)) == ("anthropic-messages", "models")
    assert labels(surface.find("GET", "/v1/models", [(b"accept", b"*/*")])) == ("openai-chat", "models")


def test_fallback_takes_what_none_claims_in_any_order() -> None:
    surface = Surface([MessagesDialect(), ChatDialect()])

    assert labels(surface.find("GET", "/v1/models", [])) == ("openai-chat", "models")


def test_first_of_equals_is_taken_where_none_is_the_fallback() -> None:
    surface = Surface([EmbeddingsDialect(), EmbeddingsDialect()])

    assert labels(surface.find("POST", "/v1/embeddings", [])) == ("openai-embeddings", "embeddings")


def test_known_path_with_another_method_names_the_methods_it_takes(surface: Surface) -> None:
    with pytest.raises(MethodNotAllowed, match=r"^this path takes GET, POST, not DELETE$") as caught:
        surface.find("DELETE", "/v1/rerank", [])

    assert (b"allow", b"GET, POST") in caught.value.headers()


def test_long_method_is_cut_short(surface: Surface) -> None:
    with pytest.raises(MethodNotAllowed, match=r"^this path takes POST, not X{20}$"):
        surface.find("X" * 1000, "/v1/messages", [])


def test_session_is_found_by_its_path_and_is_nothing_that_is_called_over_http(surface: Surface) -> None:
    class Talk(EmbeddingsDialect):
        operations = (Operation("ai:talk", "talk", "GET", path="/v1/talk", socket=True),)

    talking = Surface([Talk(), ChatDialect()])

    assert labels(talking.find_socket("/v1/talk")) == ("openai-embeddings", "talk")
    assert talking.find_socket("/v1/chat/completions") is None
    assert talking.find("GET", "/v1/talk", []) is None
    assert [labels(way) for way in talking.paths["/v1/talk"]] == [("openai-embeddings", "talk")]


def test_paths_are_listed_as_the_dialects_write_them(surface: Surface) -> None:
    paths = surface.paths

    assert set(paths) == {
        "/openai/v1/chat/completions",
        "/openai/v1/embeddings",
        "/openai/v1/models",
        "/openai/v1/models/{model}",
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/files",
        "/v1/files/{id}",
        "/v1/files/{id}/content",
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/v1/models",
        "/v1/models/{model}",
        "/v1/rerank",
        "/v1/rerank/{model}",
        "/v1/rerank/deep/{model}",
    }
    assert [labels(way) for way in paths["/v1/models"]] == [("openai-chat", "models"), ("anthropic-messages", "models")]


def test_surface_of_no_dialect_serves_nothing() -> None:
    assert Surface().find("POST", "/v1/messages", []) is None
    assert Surface().paths == {}


@given(st.text(max_size=30), st.sampled_from(["GET", "POST"]))
def test_any_other_path_is_the_wrapped_apps(path: str, method: str) -> None:
    assert Surface([ChatDialect(), MessagesDialect()]).find(method, path, []) is None


async def answer(request: Request) -> Response:
    return PlainTextResponse("ok")


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


async def endpoint() -> dict[str, int]:
    return {}


async def talk_in(socket: WebSocket, room: str) -> None:
    await talk(socket)


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    await Response()(scope, receive, send)


class Seen:
    """Middleware that notes the template of each request, from where Tollbridge stands: before the host's router."""

    def __init__(self, app: ASGIApp, *, templates: list[str]) -> None:
        self.app = app
        self.templates = templates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            self.templates.append(route_template(scope, self.app))
        await self.app(scope, receive, send)


def host_of(routes: Sequence[BaseRoute], templates: list[str]) -> Starlette:
    app = Starlette(routes=list(routes))
    app.add_middleware(Seen, templates=templates)
    return app


ROUTES = [
    Route("/", answer),
    Route("/orders", answer, methods=["GET"]),
    Route("/orders", answer, methods=["POST"]),
    Route("/orders/{id:int}", answer, methods=["GET", "DELETE"]),
    Route("/orders/{id}/items/{item}", answer),
    Mount(
        "/shop", routes=[Route("/", answer), Route("/cart/{id}", answer), Mount("/deep", routes=[Route("/x", answer)])]
    ),
    Mount("/static", app=StaticFiles(directory=".")),
    Mount("/raw", app=bare),
    WebSocketRoute("/talk/{room}", talk),
]


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("GET", "/", "GET:/"),
        ("GET", "/orders", "GET:/orders"),
        ("POST", "/orders", "POST:/orders"),
        ("GET", "/orders/1", "GET:/orders/{id:int}"),
        ("GET", "/orders/2?x=1", "GET:/orders/{id:int}"),
        ("DELETE", "/orders/1", "DELETE:/orders/{id:int}"),
        ("PUT", "/orders/1", "PUT:/orders/{id:int}"),
        ("GET", "/orders/one", "GET:*"),
        ("GET", "/orders/1/items/2", "GET:/orders/{id}/items/{item}"),
        ("GET", "/shop/", "GET:/shop/"),
        ("GET", "/shop/cart/9", "GET:/shop/cart/{id}"),
        ("POST", "/shop/cart/9", "POST:/shop/cart/{id}"),
        ("GET", "/shop/deep/x", "GET:/shop/deep/x"),
        ("GET", "/shop/none", "GET:/shop/*"),
        ("GET", "/static/none.css", "GET:/static/*"),
        ("GET", "/raw/a/b", "GET:/raw/*"),
        ("GET", "/none", "GET:*"),
    ],
)
def test_request_to_the_app_is_named_by_the_hosts_own_router(method: str, path: str, template: str) -> None:
    templates: list[str] = []

    TestClient(host_of(ROUTES, templates)).request(method, path)

    assert templates == [template]


def test_websocket_is_named_by_its_route() -> None:
    templates: list[str] = []
    client = TestClient(host_of(ROUTES, templates))

    with client.websocket_connect("/talk/kitchen"):
        pass

    assert templates == ["WS:/talk/{room}"]


def test_host_that_is_mounted_somewhere_is_named_below_its_mount() -> None:
    templates: list[str] = []
    outer = Starlette(routes=[Mount("/inner", app=host_of(ROUTES, templates))])

    TestClient(outer).get("/inner/orders/1")

    assert templates == ["GET:/orders/{id:int}"]


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("GET", "/", "GET:/"),
        ("GET", "/v2/users/1/posts", "GET:/v2/users/{user_id}/posts"),
        ("GET", "/v2/users/2/posts", "GET:/v2/users/{user_id}/posts"),
        ("PUT", "/v2/users/2/posts", "PUT:/v2/users/{user_id}/posts"),
        ("GET", "/v2/users", "GET:/v2/users"),
        ("DELETE", "/v2/users/deep/7", "DELETE:/v2/users/deep/{item}"),
        ("GET", "/v2/users/plain/7", "GET:/v2/users/plain/{item}"),
        ("GET", "/v2/users/raw/x", "GET:/v2/users/raw/*"),
        ("GET", "/v2/users/none/at/all", "GET:*"),
        ("GET", "/sub/items/5", "GET:/sub/items/{item}"),
    ],
)
def test_fastapi_and_its_routers_are_named_the_same_way(method: str, path: str, template: str) -> None:
    templates: list[str] = []
    app, users, deep, sub = FastAPI(), APIRouter(prefix="/users"), APIRouter(prefix="/deep"), FastAPI()
    app.get("/")(endpoint)
    users.get("")(endpoint)
    users.get("/{user_id}/posts")(endpoint)
    users.routes += [Route("/users/plain/{item}", answer), Mount("/users/raw", app=bare)]
    deep.delete("/{item}")(endpoint)
    users.include_router(deep)
    app.include_router(users, prefix="/v2")
    sub.get("/items/{item}")(endpoint)
    app.mount("/sub", sub)
    app.add_middleware(Seen, templates=templates)

    TestClient(app).request(method, path)

    assert templates == [template]


def test_websocket_of_an_included_router_is_named_by_its_whole_path() -> None:
    templates: list[str] = []
    app, rooms = FastAPI(), APIRouter(prefix="/rooms")
    rooms.websocket("/{room}")(talk_in)
    app.include_router(rooms)
    app.add_middleware(Seen, templates=templates)

    with TestClient(app).websocket_connect("/rooms/kitchen"):
        pass

    assert templates == ["WS:/rooms/{room}"]


def test_app_mounted_at_the_root_is_not_the_home_page() -> None:
    templates: list[str] = []
    client = TestClient(host_of([Route("/", answer), Mount("/", app=bare)], templates))

    client.get("/")
    client.get("/secrets")

    assert templates == ["GET:/", "GET:/*"]


def test_route_that_says_no_path_has_no_template_of_its_own() -> None:
    class Pathless:
        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            return Match.FULL, {}

    class Strange:
        routes = (Pathless(),)

    assert route_template({"type": "http", "method": "GET", "path": "/"}, Strange()) == "GET:*"


def test_full_match_goes_before_an_earlier_partial_one() -> None:
    templates: list[str] = []
    routes = [Route("/{any}", answer, methods=["POST"]), Route("/orders", answer, methods=["GET"])]

    TestClient(host_of(routes, templates)).get("/orders")

    assert templates == ["GET:/orders"]


def test_first_of_two_partial_matches_is_taken() -> None:
    templates: list[str] = []
    routes = [Route("/orders", answer, methods=["POST"]), Route("/{any}", answer, methods=["PUT"])]

    TestClient(host_of(routes, templates)).get("/orders")

    assert templates == ["GET:/orders"]


def test_routes_by_host_have_no_path_of_their_own() -> None:
    templates: list[str] = []
    routes = [Host("api.example", app=Router(routes=[Route("/orders/{id}", answer)]))]

    TestClient(host_of(routes, templates), base_url="http://api.example").get("/orders/1")

    assert templates == ["GET:/orders/{id}"]


def test_app_without_routes_has_one_operation_a_method() -> None:
    scope = {"type": "http", "method": "GET", "path": "/a"}

    assert route_template(scope, bare) == "GET:*"
    assert route_template({**scope, "app": object()}, bare) == "GET:*"


def test_app_outside_the_host_is_asked_for_its_routes() -> None:
    scope: Mapping[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/orders/1",
        "root_path": "",
        "headers": [],
    }

    assert route_template(scope, Starlette(routes=ROUTES)) == "GET:/orders/{id:int}"


def test_routes_of_another_kind_are_passed_over() -> None:
    class Strange:
        routes = (object(), Route("/orders", answer))

    scope = {"type": "http", "method": "GET", "path": "/orders", "root_path": "", "headers": []}

    assert route_template(scope, Strange()) == "GET:/orders"


def test_wrapped_app_that_is_mounted_in_another_is_named_by_its_own_routes() -> None:
    templates: list[str] = []
    inner = FastAPI()
    inner.get("/orders/export")(endpoint)
    inner.get("/orders/{order_id}")(endpoint)
    wrapped = Seen(GZipMiddleware(inner), templates=templates)
    outer = Starlette(routes=[Route("/orders/{order_id}", answer), Mount("/api", app=wrapped)])

    client = TestClient(outer)
    for path in ("/api/orders/export", "/api/orders/7", "/api/none"):
        client.get(path)

    assert templates == ["GET:/orders/export", "GET:/orders/{order_id}", "GET:*"]


def test_app_behind_which_there_is_no_router_has_one_name_for_all_requests() -> None:
    class Round:
        @property
        def app(self) -> object:
            return self

    scope = {"type": "http", "method": "GET", "path": "/orders/1", "app": Starlette(routes=ROUTES)}

    assert [route_template(scope, app) for app in (None, bare, Round())] == ["GET:*"] * 3


def test_routes_of_the_app_are_listed_as_their_requests_are_named() -> None:
    router = APIRouter(prefix="/in")
    router.get("/{id:int}", summary="One of them.")(endpoint)
    app = FastAPI()
    app.include_router(router)
    app.mount("/static", StaticFiles(check_dir=False), name="files")
    app.mount("/below", Starlette(routes=[Route("/deep", answer, methods=["POST", "PUT"])]))
    app.websocket("/socket")(endpoint)

    listed = listed_routes(GZipMiddleware(app))

    assert listed is not None
    assert [route.template for route in listed if route.hidden] == [
        "/openapi.json",
        "/docs",
        "/docs/oauth2-redirect",
        "/redoc",
    ]
    assert [route for route in listed if not route.hidden] == [
        ListedRoute("/in/{id:int}", ("GET",), "endpoint", "One of them."),
        ListedRoute("/static/*", (), "files"),
        ListedRoute("/below/deep", ("POST", "PUT"), "answer"),
    ]


def test_route_of_all_methods_and_one_without_words_are_listed_with_what_there_is() -> None:
    class Ends(HTTPEndpoint):
        """Ends things.

        For good.
        """

    class Bare:
        path = "/bare"
        methods = frozenset(("HEAD",))

    app = Starlette(routes=[Route("/ends", Ends), WebSocketRoute("/socket", answer)])
    app.routes.append(Bare())  # type: ignore[arg-type]  # a stranger's

    assert listed_routes(app) == [
        ListedRoute("/ends", (), "Ends", "Ends things."),
        ListedRoute("/bare", ("HEAD",)),
    ]


def test_app_that_shows_no_routes_lists_none() -> None:
    assert listed_routes(None) is None
    assert listed_routes(bare) is None
    assert listed_routes(Starlette()) == []
