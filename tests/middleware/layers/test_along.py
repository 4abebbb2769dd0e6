"""Requests that name no model: to the one provider that keeps files."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tollbridge.call import open_call
from tollbridge.clock import SystemClock
from tollbridge.errors import BadRequest, ConfigError, InternalError
from tollbridge.layers.along import write_along
from tollbridge.providers import Provider, Target
from tollbridge_openai.side_files import FilesDialect

FORM = {"content-type": "multipart/form-data; boundary=b1"}
UPLOAD = b'--b1\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\xff[[\r\n--b1--\r\n'
KEEPING = {"upstream": {"files_provider": "mock"}}
CALLS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("GET", "/v1/files", "ai:files", {}),
    ("POST", "/v1/files", "ai:files", {"content": UPLOAD, "headers": FORM}),
    ("GET", "/v1/files/file-a_1", "ai:files", {}),
    ("DELETE", "/v1/files/file-a_1", "ai:files", {}),
    ("GET", "/v1/files/file-a_1/content", "ai:files", {}),
    ("GET", "/v1/batches", "ai:batches", {}),
    ("POST", "/v1/batches", "ai:batches", {"content": b'{ "input_file_id":"file-a_1" }'}),
    ("GET", "/v1/batches/batch_1", "ai:batches", {}),
    ("POST", "/v1/batches/batch_1/cancel", "ai:batches", {}),
]
each = pytest.mark.parametrize(("method", "path", "scope", "more"), CALLS)


@each
async def test_request_goes_as_it_is_to_the_provider_that_keeps_files(mock, method, path, scope, more) -> None:
    gw = mock(**KEEPING)
    answer = b'{ "object":"list", "data":[]}'
    gw.upstream.reply(answer)

    reply = await gw.request(method, f"{path}?limit=2&after=file-%2Fa", token=await gw.token(scope, "model:*"), **more)

    assert (reply.status_code, reply.content) == (200, answer)
    (sent,) = gw.sent
    url = f"https://mock.example{path}?limit=2&after=file-%2Fa"
    assert (sent.method, sent.url, sent.body) == (method, url, more.get("content", b""))
    assert sent.headers["authorization"] == "Bearer sk-upstream-secret"
    assert sent.headers.get("content-type") == more.get("headers", {}).get("content-type")


@pytest.mark.parametrize("wrapped", [False, True])
async def test_provider_is_asked_at_the_url_that_is_named_after_files_alone(mock, wrapped) -> None:
    files = {"base_urls": {"openai-files": "https://files.example/v1"}, "api_key": "env:MOCK_KEY"}
    app = OWN if wrapped else None
    gw = mock(upstream={"files_provider": "files"}, providers={"files": files}, models={}, app=app)
    gw.upstream.reply(b"{}")

    reply = await gw.request("GET", "/v1/files")

    assert reply.status_code == 200
    assert [sent.url for sent in gw.sent] == ["https://files.example/v1/files"]


@each
async def test_call_is_recorded_and_costs_nothing(mock, method, path, scope, more) -> None:
    gw = mock(**KEEPING, budgets={"daily_usd": "0.000001"}, service={"price_per_call": "1"})
    gw.upstream.reply({"id": "x"})

    await gw.request(method, path, **more)

    (row,) = await gw.gateway.store.recent()
    assert (row.service, row.operation, row.provider, row.model, row.model_used) == ("ai", scope, "mock", "", "")
    assert (row.outcome, row.usage.total, row.usage_source, row.cost) == ("complete", 0, "none", 0)


@each
async def test_call_needs_its_scope(mock, method, path, scope, more) -> None:
    gw = mock(**KEEPING)
    other = {"ai:files": "ai:batches", "ai:batches": "ai:files"}[scope]

    refused = await gw.request(method, path, token=await gw.token(other, "ai:chat", "model:*"), **more)
    unknown = await gw.request(method, path, token="tb_nobody", **more)

    assert (refused.status_code, unknown.status_code, gw.sent) == (403, 401, [])
    assert repr(scope) in refused.json()["error"]["message"]


@pytest.mark.parametrize("models", [(), ("model:small",), ("model:gpt-*",), ("model:small", "model:mock/*")])
async def test_batch_is_made_only_by_those_who_may_call_every_model(mock, models) -> None:
    gw = mock(**KEEPING)
    gw.upstream.reply({"id": "batch_1"})
    gw.upstream.reply({"id": "batch_1"})
    narrow, every = await gw.token("ai:*", *models), await gw.token("ai:batches", "model:*")

    refused = await gw.request("POST", "/v1/batches", token=narrow, json={})
    made = await gw.request("POST", "/v1/batches", token=every, json={})
    seen = await gw.request("GET", "/v1/batches/batch_1", token=narrow)

    assert (refused.status_code, made.status_code, seen.status_code) == (403, 200, 200)
    assert refused.headers["www-authenticate"].endswith('scope="model:*"')


@each
async def test_without_a_provider_for_files_they_are_not_served_and_it_is_said_what_to_set(
    mock, method, path, scope, more
) -> None:
    gw = mock()

    reply = await gw.request(method, path, **more)

    assert (reply.status_code, reply.json()["error"]["code"], gw.sent) == (404, "not_found", [])
    assert "files_provider" in reply.json()["error"]["message"]


async def test_provider_that_has_moved_since_is_asked_where_it_is(mock) -> None:
    gw = mock(**KEEPING)
    gw.upstream.reply({"id": "x"})
    gw.gateway.routes.move("mock", {"openai-chat": "https://moved.example/v1?api-version=1"}, key="k")

    await gw.request("GET", "/v1/files?limit=1")

    assert gw.sent[0].url == "https://moved.example/v1/files?api-version=1&limit=1"


async def test_provider_that_no_longer_speaks_the_dialect_is_not_asked(mock) -> None:
    gw = mock(**KEEPING)
    gw.gateway.routes.move("mock", {"anthropic-messages": "https://moved.example/v1"}, key="k")

    assert (await gw.request("GET", "/v1/files")).status_code == 404


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("nobody", "upstream.files_provider names no known provider"),
        ("groq", "upstream.files_provider needs the environment variable GROQ_API_KEY"),
        ("claude", "upstream.files_provider: claude keeps no files; those who speak openai-chat do"),
        ("rooms", "upstream.files_provider: rooms has a URL for each model, and files belong to none"),
    ],
)
def test_provider_that_keeps_no_files_is_refused_at_start(mock, monkeypatch, named, message) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    claude = {"base_url": "https://claude.example/v1", "dialect": "anthropic-messages"}
    rooms = {"base_url": "https://rooms.example/openai/deployments/{model}"}

    with pytest.raises(ConfigError, match=message):
        mock(upstream={"files_provider": named}, providers={"claude": claude, "rooms": rooms}, models={})


async def test_answer_that_is_long_passes_as_it_comes_and_is_no_stream_of_events(mock) -> None:
    gw = mock(upstream={"files_provider": "mock", "max_answer_bytes": 10})
    gw.upstream.reply(b"\x00" * 5_000, headers=[("content-type", "application/octet-stream")])

    reply = await gw.request("GET", "/v1/files/file-1/content")

    assert (reply.status_code, reply.content) == (200, b"\x00" * 5_000)
    assert reply.headers["content-type"] == "application/octet-stream"


async def test_error_of_the_provider_passes(mock) -> None:
    gw = mock(**KEEPING)
    gw.upstream.reply({"error": {"message": "No such File"}}, status=404)

    reply = await gw.request("DELETE", "/v1/files/file-1")

    assert (reply.status_code, reply.json()["error"]["message"]) == (404, "No such File")


@pytest.mark.parametrize("query", [b"a=\xff", b"a=\\", b"a=#b", b"a b", b"a=\r\nx"])
def test_query_that_no_url_may_hold_is_refused(query) -> None:
    call = a_call(query)

    with pytest.raises(BadRequest, match="escaped"):
        write_along(call, TARGET)


@pytest.mark.parametrize("lacks", ["dialect", "operation", "body"])
def test_call_without_what_a_layer_must_have_found_is_a_fault_of_ours(lacks) -> None:
    call = a_call(b"")
    setattr(call, lacks, None)

    with pytest.raises(InternalError):
        write_along(call, TARGET)


TARGET = Target(Provider("mock"), "", base_urls={"openai-chat": "https://mock.example/v1"})


def a_call(query: bytes) -> Any:
    scope = {"type": "http", "method": "GET", "path": "/v1/files", "headers": [], "query_string": query}
    call = open_call(scope, SystemClock())
    call.dialect, call.body = FilesDialect(), b""
    call.operation = call.dialect.operations[0]
    return call


async def own(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.url.path}")


OWN = Starlette(
    routes=[
        Route("/v1/files", own, methods=["GET", "PUT"]),
        Route("/v1/files/{id}", own, methods=["GET", "PATCH"]),
        Route("/v1/batches", own, methods=["POST"]),
    ]
)
OWN_CALLS = [
    ("GET", "/v1/files", "GET:/v1/files"),
    ("PUT", "/v1/files", "PUT:/v1/files"),
    ("PATCH", "/v1/files/a", "PATCH:/v1/files/{id}"),
    ("POST", "/v1/batches", "POST:/v1/batches"),
]


@pytest.mark.parametrize(("method", "path", "template"), OWN_CALLS)
async def test_path_that_no_provider_keeps_files_for_is_the_wrapped_apps_and_needs_its_scope(
    mock, method, path, template
) -> None:
    gw = mock(app=OWN)
    fitting, foreign = await gw.token(f"service:app:{template}"), await gw.token("ai:*", "model:*")

    reply = await gw.request(method, path, token=fitting)
    refused = [await gw.request(method, path, token=token) for token in ("", foreign)]

    assert (reply.status_code, reply.text) == (200, f"{method} {path}")
    assert [each.status_code for each in refused] == [401, 403]
    assert gw.sent == []


async def test_provider_that_keeps_files_goes_before_the_wrapped_app(mock) -> None:
    gw = mock(app=OWN, **KEEPING)
    gw.upstream.reply({"object": "list", "data": []})

    listed, other = await gw.request("GET", "/v1/files"), await gw.request("PUT", "/v1/files")

    assert listed.json() == {"object": "list", "data": []}
    assert (other.status_code, other.headers["allow"]) == (405, "GET, POST")


async def test_path_that_nobody_serves_is_the_wrapped_apps_to_refuse(mock) -> None:
    gw = mock(app=OWN)

    reply = await gw.request("GET", "/v1/batches/batch_1")

    assert (reply.status_code, reply.text) == (404, "Not Found")
