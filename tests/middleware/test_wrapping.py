"""The gateway as middleware around Starlette, FastAPI and plain ASGI: everything of the host keeps working."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, File, UploadFile
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from tollbridge import Denied, Gateway, Tollbridge
from tollbridge.metering.ledger import UsageRow

CONFIG = {"service": {"name": "shop", "public": ["/open", "/static/*"]}, "logging": {"access": False}}


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the state of every gateway of a test in one folder."""
    monkeypatch.setenv("TOLLBRIDGE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def issue() -> Callable[..., dict[str, str]]:
    """Give `issue(*scopes)`: the headers of a new token; for every route of the service if none is named."""

    def issue(*scopes: str) -> dict[str, str]:
        async def make() -> str:
            async with Gateway({}) as gateway:
                return (await gateway.tokens.issue(name="reader", scopes=scopes or ("service:*",))).secret

        return {"authorization": f"Bearer {asyncio.run(make())}"}

    return issue


def recent() -> list[UsageRow]:
    """Read the ledger after a gateway has stopped."""

    async def rows() -> list[UsageRow]:
        async with Gateway({}) as gateway:
            return list(await gateway.store.recent())

    return asyncio.run(rows())


async def order(request: Request) -> JSONResponse:
    seen = request.state.tollbridge
    return JSONResponse(
        {
            "id": request.path_params.get("id"),
            "by": seen.principal.name if seen.principal else None,
            "call": seen.id,
            "authorization": request.headers.get("authorization"),
        }
    )


async def ping(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(f"hello {socket.state.tollbridge.principal.name}")
    await socket.send_text(await socket.receive_text())
    await socket.close()


ROUTES = [
    Route("/orders/{id:int}", order),
    Route("/open", order),
    Route("/static/a", order),
    WebSocketRoute("/live", ping),
    Mount("/sub", routes=[Route("/deep/{id}", order)]),
]


def added() -> Starlette:
    app = Starlette(routes=ROUTES)
    app.add_middleware(Tollbridge, config=CONFIG)
    return app


def listed() -> Starlette:
    return Starlette(routes=ROUTES, middleware=[Middleware(Tollbridge, config=CONFIG)])


def wrapped() -> ASGIApp:
    return Tollbridge(Starlette(routes=ROUTES), config=CONFIG)


def fastapi() -> FastAPI:
    app = FastAPI(routes=ROUTES)
    app.add_middleware(Tollbridge, config=CONFIG)
    return app


def twice() -> Starlette:
    app = added()
    app.add_middleware(Tollbridge, config=CONFIG)
    return app


@pytest.mark.parametrize("host", [added, listed, wrapped, fastapi, twice])
def test_every_way_to_wrap_admits_by_route_and_says_who_calls(host, issue) -> None:
    reader = issue("service:shop:GET:/orders/{id:int}")

    with TestClient(host()) as client:
        good = client.get("/orders/7", headers=reader)
        nobody = client.get("/orders/7")
        other = client.get("/sub/deep/7", headers=reader)
        public = client.get("/open")
        below = client.get("/static/a")

    assert good.json() == {"id": 7, "by": "reader", "call": good.headers["x-request-id"], "authorization": None}
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, "invalid_api_key")
    assert (other.status_code, other.json()["error"]["code"]) == (403, "insufficient_scope")
    assert "service:shop:GET:/sub/deep/{id}" in other.json()["error"]["message"]
    assert (public.status_code, public.json()["by"]) == (200, None)
    assert below.status_code == 200


async def test_call_through_two_bridges_is_recorded_once() -> None:
    gateway = Gateway(CONFIG)
    app = Tollbridge(Tollbridge(Starlette(routes=ROUTES), config=CONFIG), gateway=gateway)
    async with gateway:
        secret = (await gateway.tokens.issue(name="t", scopes=("service:*",))).secret
        await get(app, "/orders/7", {"host": "h", "authorization": f"Bearer {secret}"})
        rows = await gateway.store.recent()

    assert [row.status for row in rows] == [200]


async def get(app: ASGIApp, path: str, headers: dict[str, str]) -> list[Any]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    found = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    await app({**scope, "headers": found, "client": ("192.0.2.1", 1)}, receive, send)
    return sent


def test_socket_is_opened_for_who_may_and_refused_with_a_status_for_others(issue) -> None:
    with TestClient(added()) as client:
        with client.websocket_connect("/live", headers=issue("service:shop:WS:/live")) as socket:
            assert socket.receive_text() == "hello reader"
            socket.send_text("again")
            assert socket.receive_text() == "again"
        for headers, status in (({}, 401), (issue("service:shop:GET:*"), 403)):
            with (
                pytest.raises(WebSocketDisconnect) as refused,
                client.websocket_connect("/live", headers=headers),
            ):
                pass
            assert getattr(refused.value, "status_code", 0) == status


def test_socket_to_a_path_that_nothing_serves_is_refused_and_not_a_fault(issue) -> None:
    headers = issue("service:*")
    with TestClient(Tollbridge(config={**CONFIG, "plugins": {"disabled": ["pages"]}})) as client:
        for path in ("/nothing", "/_tollbridge/nothing"):
            with (
                pytest.raises(WebSocketDisconnect) as refused,
                client.websocket_connect(path, headers=headers),
            ):
                pass
            assert getattr(refused.value, "status_code", 0) == 404


def test_socket_that_breaks_after_its_upgrade_is_the_servers_to_close(issue) -> None:
    async def breaking(socket: WebSocket) -> None:
        await socket.accept()
        raise Denied("no longer")

    app = Starlette(routes=[WebSocketRoute("/live", breaking)])
    app.add_middleware(Tollbridge, config=CONFIG)

    with (
        TestClient(app, headers=issue()) as client,
        pytest.raises(Denied, match="no longer"),
        client.websocket_connect("/live") as socket,
    ):
        socket.receive_text()


def test_host_below_a_mount_and_a_root_path_is_matched_from_its_own_root(issue) -> None:
    reader = issue("service:shop:GET:/orders/{id:int}")
    outer = Starlette(routes=[Mount("/api", app=added())])

    with TestClient(outer) as client:
        assert client.get("/api/orders/7", headers=reader).json()["id"] == 7
        assert client.get("/api/open").status_code == 200
        assert client.get("/api/_tollbridge/healthz").json() == {"status": "ok"}
        assert client.get("/open").status_code == 404
    with TestClient(added(), root_path="/behind/proxy") as client:
        assert client.get("/orders/7", headers=reader).json()["id"] == 7


def test_stream_upload_background_task_and_dependency_work_as_without(issue) -> None:
    app = FastAPI()
    app.add_middleware(Tollbridge, config=CONFIG)
    done: list[str] = []

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            for number in range(3):
                yield f"{number}\n"

        return StreamingResponse(parts(), media_type="text/plain")

    @app.post("/upload")
    async def upload(file: Annotated[UploadFile, File()], tasks: BackgroundTasks) -> dict[str, object]:
        content = await file.read()
        tasks.add_task(done.append, "told")
        return {"name": file.filename, "size": len(content)}

    def caller(request: Request) -> str:
        name: str = request.state.tollbridge.principal.name
        return name

    @app.get("/me")
    async def me(name: Annotated[str, Depends(caller)]) -> str:
        return name

    with TestClient(app, headers=issue()) as client:
        assert client.get("/stream").text == "0\n1\n2\n"
        big = b"x" * 3_000_000
        assert client.post("/upload", files={"file": ("a.bin", big)}).json() == {"name": "a.bin", "size": 3_000_000}
        assert done == ["told"]
        assert client.get("/me").json() == "reader"
        assert client.get("/openapi.json").json()["paths"].keys() == {"/stream", "/upload", "/me"}


def test_exception_of_the_host_is_the_hosts_to_answer(issue) -> None:
    async def broken(request: Request) -> PlainTextResponse:
        raise RuntimeError("the host broke")

    async def handled(request: Request) -> PlainTextResponse:
        raise KeyError("known")

    app = Starlette(
        routes=[Route("/broken", broken), Route("/handled", handled)],
        exception_handlers={KeyError: lambda request, exc: PlainTextResponse("handled", 418)},
    )
    app.add_middleware(Tollbridge, config=CONFIG)
    headers = issue()

    with TestClient(app, headers=headers) as client:
        assert client.get("/handled").status_code == 418
        with pytest.raises(RuntimeError, match="the host broke"):
            client.get("/broken")
    with TestClient(app, headers=headers, raise_server_exceptions=False) as client:
        assert client.get("/broken").status_code == 500
        assert 'outcome="upstream_failed",service="shop",status_class="5xx"} 2.0' in client.get("/metrics").text

    assert sorted((row.status, row.outcome) for row in recent()) == [
        (418, "complete"),
        (500, "upstream_failed"),
        (500, "upstream_failed"),
    ]


def test_socket_that_its_caller_closes_is_in_the_ledger_as_complete_and_not_as_a_failure(issue) -> None:
    app = FastAPI()

    @app.websocket("/chat")
    async def chat(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send_text(await socket.receive_text())

    app.add_middleware(Tollbridge, config=CONFIG)

    def talk(client: TestClient) -> None:
        with client.websocket_connect("/chat") as socket:
            socket.send_text("hello")
            assert socket.receive_text() == "hello"

    with TestClient(app, headers=issue()) as client, pytest.raises(WebSocketDisconnect):  # still the host's own
        talk(client)

    assert [(row.status, row.outcome) for row in recent()] == [(101, "complete")]


def test_answer_that_is_out_is_not_taken_back_by_an_error_after_it(issue) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await PlainTextResponse("done")(scope, receive, send)
        raise Denied("too late")

    with TestClient(Tollbridge(app, config=CONFIG), headers=issue()) as client:
        assert (client.get("/x").status_code, client.get("/x").text) == (200, "done")


def test_lazy_start_serves_a_host_that_sends_no_lifespan_in_any_number_of_event_loops(issue) -> None:
    client = TestClient(added(), headers=issue())  # not entered: no lifespan, and a loop of its own for each request
    before = threading.active_count()

    statuses = [client.get(f"/orders/{number}").status_code for number in range(3)]

    assert statuses == [200, 200, 200]
    assert threading.active_count() <= before  # every loop's end stopped what was started in it


def test_what_was_served_before_a_loop_ended_is_in_the_ledger(issue, data) -> None:
    client = TestClient(added(), headers=issue())
    for _ in range(2):
        client.get("/orders/7")

    assert [row.status for row in recent()] == [200, 200]


def test_gateway_that_cannot_start_answers_503_and_1013_and_never_opens_the_host(data) -> None:
    data.mkdir()
    (data / "pepper").write_text("short")
    client = TestClient(added())

    reply = client.get("/open")

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "unavailable")
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/live"):
        pass
    assert refused.value.code == 1013
