"""What is being called: a model in a dialect, or a route of the wrapped app."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute

from tollbridge.call import Call, Estimate, open_call
from tollbridge.clock import SystemClock
from tollbridge.errors import MethodNotAllowed, ModelNotFound
from tollbridge.layers.context import Context, offered
from tollbridge.plugins import Plugins
from tollbridge.providers import Provider, Target
from tollbridge.surface import Surface

SURFACE = Surface(Plugins().register_all().dialects.values())
KNOWN = Provider("p", base_url="https://h/v1")


class Routes:
    """Two targets behind `m`, one of a model nobody knows behind `n`; `known` is the only provider."""

    def __init__(self, known: Provider = KNOWN) -> None:
        self.hosts = {known.name: known}

    def keeping_files(self) -> tuple[Target, ...]:
        return ()

    def resolve(self, model: str) -> tuple[Target, ...]:
        if model == "m":
            return (Target(KNOWN, "any"), Target(KNOWN, "big", max_output=9000))
        return (Target(KNOWN, "unheard-of"),) if model == "n" else ()


async def nothing(*_: Any) -> None:
    raise AssertionError("the app is not called here")


def called(path: str, *, method: str = "POST", kind: str = "http", headers: Any = ()) -> Call:
    scope = {"type": kind, "method": method, "path": path, "headers": list(headers), "app": None}
    if kind == "websocket":
        del scope["method"]
    return open_call(scope, SystemClock())


async def read(body: bytes, **options: Any) -> Call:
    layer = Context(nothing, surface=SURFACE, routes=Routes(), **options)
    call = called("/v1/chat/completions")
    call.body = body
    layer.head(call)
    layer.body(call)
    return call


def test_websocket_at_the_path_of_sessions_is_one_and_its_model_is_in_the_query() -> None:
    layer = Context(nothing, surface=SURFACE, routes=Routes())
    session, other = called("/v1/realtime", kind="websocket"), called("/v1/chat/completions", kind="websocket")
    session.query = b"model=m"
    for call in (session, other):
        layer.head(call)
        layer.body(call)

    assert session.operation is not None
    assert (session.operation.scope, session.service, session.model) == ("ai:realtime", "ai", "m")
    assert [target.model for target in session.targets] == ["any", "big"]
    assert other.operation is not None
    assert (other.operation.scope, other.dialect, other.model) == ("service:app:WS:*", None, None)


@pytest.mark.parametrize(
    ("base", "scope"), [("anthropic-messages", "service:app:WS:/v1/realtime"), ("openai-chat", "ai:realtime")]
)
def test_sessions_are_the_wrapped_apps_where_no_provider_speaks_so(base: str, scope: str) -> None:
    host = Starlette(routes=[WebSocketRoute("/v1/realtime", nothing)])
    routes = Routes(Provider("p", base_url="https://h/v1", dialect=base))
    call = called("/v1/realtime", kind="websocket")

    Context(nothing, surface=SURFACE, routes=routes, host=host).head(call)

    assert call.operation is not None
    assert call.operation.scope == scope


def test_kept_answers_are_the_gateways_though_an_app_is_wrapped_and_nobody_keeps_files() -> None:
    call = called("/v1/responses/resp_1", method="GET")

    Context(nothing, surface=SURFACE, routes=Routes(), host=Starlette()).head(call)

    assert call.operation is not None
    assert (call.operation.scope, call.operation.modelless) == ("ai:chat", True)


def test_call_whose_body_is_not_here_names_no_model() -> None:
    layer = Context(nothing, surface=SURFACE, routes=Routes())
    call = called("/v1/chat/completions")

    layer.head(call)
    layer.body(call)

    assert (call.model, call.targets) == (None, ())


async def test_path_of_a_dialect_is_a_model_call() -> None:
    call = await read(b'{"model":"m","messages":[],"stream":true,"max_tokens":7}')

    assert call.dialect is not None
    assert (call.dialect.name, call.service, call.model, call.stream) == ("openai-chat", "ai", "m", True)
    assert call.operation is not None
    assert (call.operation.scope, call.operation.ai) == ("ai:chat", True)
    assert [target.model for target in call.targets] == ["any", "big"]


@pytest.mark.parametrize(
    ("body", "output"),
    [
        (b'{"model":"m","messages":[],"max_tokens":7}', 7),
        (b'{"model":"m","messages":[],"max_tokens":7,"n":3}', 21),
        (b'{"model":"m","messages":[]}', 9000),  # the largest that a target's model can write
        (b'{"model":"m","messages":[],"n":2}', 18_000),
        (b'{"model":"n","messages":[]}', 50),  # assumed
        (b'{"model":"n","messages":[],"n":2}', 100),
        (b'{"model":"none","messages":[]}', 50),
        (b'{"model":"m","messages":[],"max_tokens":123456789012345678901}', 10**9),  # more than a ledger holds
    ],
)
async def test_estimate_takes_the_callers_limit_else_the_models_else_the_assumed_one(body, output) -> None:
    call = await read(body, assume_output=50)

    assert call.estimate is not None
    assert call.estimate.output == output
    assert 0 < call.estimate.input <= len(body)
    assert call.estimate.total == Estimate(call.estimate.input, output).total == call.estimate.input + output


async def test_without_routes_there_are_no_targets_and_the_body_is_still_read() -> None:
    layer = Context(nothing, surface=SURFACE)
    call = called("/v1/chat/completions")
    call.body = b'{"model":"m","messages":[]}'

    layer.head(call)
    layer.body(call)

    assert (call.model, call.targets) == ("m", ())
    with pytest.raises(ModelNotFound, match="'m' is not offered; see GET /v1/models"):
        offered(call)


async def test_list_of_models_has_no_body_to_read() -> None:
    layer = Context(nothing, surface=SURFACE, routes=Routes())
    call = called("/v1/models", method="GET")
    call.body = b""

    layer.head(call)
    layer.body(call)

    assert (call.model, call.envelope) == (None, None)


async def test_other_method_on_a_models_path_is_refused() -> None:
    with pytest.raises(MethodNotAllowed, match="this path takes POST, not GET"):
        Context(nothing, surface=SURFACE).head(called("/v1/chat/completions", method="GET"))


ROUTES = [
    Route("/orders/{id}", nothing, methods=["GET"]),
    WebSocketRoute("/live/{room}", nothing),
    Mount("/sub", routes=[Route("/deep/{x:path}", nothing)]),
    Mount("/files", nothing),
]


@pytest.mark.parametrize(
    ("path", "method", "kind", "template"),
    [
        ("/orders/7", "GET", "http", "GET:/orders/{id}"),
        ("/orders/7", "DELETE", "http", "DELETE:/orders/{id}"),
        ("/live/a", "GET", "websocket", "WS:/live/{room}"),
        ("/sub/deep/a/b", "GET", "http", "GET:/sub/deep/{x:path}"),
        ("/files/a", "GET", "http", "GET:/files/*"),
        ("/none", "GET", "http", "GET:*"),
        ("/v1/chat/completions", "GET", "websocket", "WS:*"),
    ],
)
async def test_other_path_is_an_operation_of_the_wrapped_app_by_its_route(path, method, kind, template) -> None:
    call = called(path, method=method, kind=kind)

    Context(nothing, surface=SURFACE, host=Starlette(routes=ROUTES), service="shop").head(call)

    assert call.operation is not None
    assert (call.operation.scope, call.operation.label, call.operation.ai) == (f"service:shop:{template}", "app", False)
    assert (call.service, call.dialect) == ("shop", None)


async def test_call_without_a_transport_is_any_operation_of_the_app() -> None:
    call = called("/orders/7")
    call.native = None

    Context(nothing).head(call)

    assert call.operation is not None
    assert call.operation.scope == "service:app:*"


async def test_body_of_the_wrapped_app_is_not_read() -> None:
    layer = Context(nothing, host=Starlette(routes=ROUTES))
    call = called("/orders/7", method="GET")

    layer.head(call)
    layer.body(call)

    assert call.estimate is None
