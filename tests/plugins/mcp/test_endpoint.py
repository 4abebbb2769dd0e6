"""What a request must be like, and what is answered."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs
from tests.plugins.mcp.conftest import Bridge, Metered, call_of

from tollbridge.errors import BadRequest, GatewayError, UpstreamError
from tollbridge_mcp.endpoint import slug_of
from tollbridge_mcp.invoking import LARGEST_ANSWER, InProcess, Request, scope_of
from tollbridge_mcp.messages import DEEPEST, LARGEST, read_message
from tollbridge_mcp.model import Tool, ToolResult
from tollbridge_mcp.serving import PAGE_BYTES, PAGE_TOOLS, one_page

NEW, OLD = "2026-07-28", "2025-11-25"
META = {
    "io.modelcontextprotocol/protocolVersion": NEW,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "c", "version": "1"},
}
BOTH = "application/json, text/event-stream"


async def ask(
    bridge: Bridge,
    method: str,
    params: dict[str, Any] | None = None,
    *,
    version: str | None = OLD,
    accept: str = BOTH,
    path: str = "/v1/mcp/shop",
    **headers: str,
) -> httpx2.Response:
    params = {**(params or {}), **({"_meta": META} if version == NEW else {})}
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    shown = (
        {"mcp-method": method, **({"mcp-name": str(params["name"])} if "name" in params else {})}
        if version == NEW
        else {}
    )
    if version is not None:
        shown["mcp-protocol-version"] = version
    return await post(bridge, json.dumps(message).encode(), path=path, accept=accept, **shown, **headers)


async def post(bridge: Bridge, body: bytes, *, path: str = "/v1/mcp/shop", **headers: str) -> httpx2.Response:
    shown = {"authorization": "Bearer service:shop:*", "content-type": "application/json", "accept": BOTH, **headers}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(bridge), base_url="http://gw") as client:
        return await client.post(path, content=body, headers={k.replace("_", "-"): v for k, v in shown.items() if v})


def message_of(response: httpx2.Response) -> Any:
    if response.headers["content-type"].startswith("text/event-stream"):
        (data,) = [line for line in response.text.splitlines() if line.startswith("data:")]
        return json.loads(data.removeprefix("data:"))
    return response.json()


@pytest.mark.parametrize("version", [OLD, NEW, "2025-03-26", None])
async def test_tools_are_listed_in_json(bridge: Bridge, version: str | None) -> None:
    response = await ask(bridge, "tools/list", version=version)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert len(response.json()["result"]["tools"]) == 6
    assert "mcp-session-id" not in response.headers


@pytest.mark.parametrize(
    ("ping_s", "accept", "kind"),
    [
        (0.0, BOTH, "text/event-stream"),
        (0.0, "application/json", "application/json"),
        (15.0, BOTH, "application/json"),
        (15.0, "application/json", "application/json"),
    ],
)
@pytest.mark.parametrize("version", [OLD, NEW])
async def test_call_that_takes_long_is_answered_as_an_event_stream_where_that_is_taken(
    version: str, ping_s: float, accept: str, kind: str
) -> None:
    bridge = Bridge(ping_s=ping_s)

    response = await ask(
        bridge, "tools/call", {"name": "getOrder", "arguments": {"id": "1"}}, version=version, accept=accept
    )

    assert response.headers["content-type"].partition(";")[0] == kind
    assert message_of(response)["result"]["content"] == [{"type": "text", "text": "order 1"}]
    assert response.text.startswith(": ping\r\n\r\n") == (kind == "text/event-stream")


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_every_request_stands_for_itself(bridge: Bridge, version: str) -> None:
    answers = await asyncio.gather(
        *(
            ask(bridge, "tools/call", {"name": "getOrder", "arguments": {"id": str(i)}}, version=version)
            for i in range(20)
        )
    )

    assert [message_of(each)["result"]["content"][0]["text"] for each in answers] == [f"order {i}" for i in range(20)]


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_each_call_of_a_tool_is_metered_once(bridge: Bridge, version: str) -> None:
    await ask(bridge, "tools/list", version=version)
    assert bridge.metered.seen == []

    await ask(bridge, "tools/call", {"name": "getOrder", "arguments": {"id": "1"}}, version=version)
    assert bridge.metered.seen == [("GET", "/v1/apis/shop/orders/1", "")]


async def test_handshake_is_answered_and_nothing_is_kept_of_it(bridge: Bridge) -> None:
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}

    result = (await ask(bridge, "initialize", params, version=None)).json()["result"]

    assert result["protocolVersion"] == "2025-06-18"
    assert result["serverInfo"]["name"] == "shop"
    assert result["capabilities"]["tools"] == {"listChanged": False}


async def test_server_says_what_it_is_without_a_handshake(bridge: Bridge) -> None:
    result = (await ask(bridge, "server/discover", version=NEW)).json()["result"]

    assert result["supportedVersions"] == [NEW]
    assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "shop"
    assert result["instructions"] == "Be kind."


async def test_notification_is_accepted(bridge: Bridge) -> None:
    for version in (OLD, NEW):
        body = b'{"jsonrpc": "2.0", "method": "notifications/initialized"}'
        response = await post(bridge, body, mcp_protocol_version=version)
        assert (response.status_code, response.content) == (202, b"")


async def test_version_that_nobody_speaks_is_refused_with_those_that_are(bridge: Bridge) -> None:
    response = await ask(bridge, "tools/list", version="2031-01-01")

    assert response.status_code == 400
    assert (await ask(bridge, "tools/list", version="x" * 41)).status_code == 400


async def test_version_is_said_once(bridge: Bridge) -> None:
    headers = [("authorization", "Bearer service:shop:*"), ("content-type", "application/json"), ("accept", BOTH)]
    twice = [*headers, ("mcp-protocol-version", OLD), ("mcp-protocol-version", "2025-06-18")]
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(bridge), base_url="http://gw") as client:
        body = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
        response = await client.post("/v1/mcp/shop", content=body, headers=twice)

    assert response.status_code == 400


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_tool_out_of_scope_is_not_called(bridge: Bridge, version: str) -> None:
    params = {"name": "deleteOrder", "arguments": {"id": "1"}}

    response = await ask(
        bridge, "tools/call", params, version=version, authorization="Bearer service:shop:getOrder,service:shop:x"
    )

    assert message_of(response)["error"]["message"] == "there is no tool 'deleteOrder' here for you"
    assert bridge.metered.seen == []


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_no_list_is_made_for_a_call(bridge: Bridge, version: str) -> None:
    class Counted:
        listed = 0

        async def tools(self, principal: Any) -> Any:
            self.listed += 1
            return []

        async def call(self, call: Any, name: str, arguments: Any) -> ToolResult:
            return ToolResult()

    counted = Counted()
    bridge.sources["shop"] = counted  # type: ignore[assignment]

    await ask(bridge, "tools/call", {"name": "x", "arguments": {"a": 1}}, version=version)

    assert counted.listed == 0


async def test_headers_must_say_what_the_body_does(bridge: Bridge) -> None:
    params = {"name": "getOrder", "arguments": {"id": "1"}}

    response = await ask(bridge, "tools/call", params, version=NEW, mcp_name="logo")

    assert response.status_code == 400
    assert bridge.metered.seen == []


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
async def test_other_methods_are_refused_and_hold_nothing_open(bridge: Bridge, method: str) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(bridge), base_url="http://gw") as client:
        response = await client.request(method, "/v1/mcp/shop", headers={"authorization": "Bearer service:shop:*"})

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_unknown_server_is_not_found(bridge: Bridge) -> None:
    for path in ("/v1/mcp/nothing", "/v1/mcp/shop/deeper"):
        assert (await ask(bridge, "tools/list", path=path)).status_code == 404


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 200),
        ("http://127.0.0.1", 200),
        ("http://[::1]:1", 200),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
        ("file://localhost", 403),
        ("http://[", 403),
    ],
)
async def test_page_of_this_machine_alone_may_call_a_gateway_without_a_name(
    bridge: Bridge, origin: str, status: int
) -> None:
    assert (await ask(bridge, "tools/list", origin=origin)).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://gw.example", 200), ("https://GW.example", 403), ("http://localhost", 403), ("", 200)],
)
async def test_page_of_the_gateway_alone_may_call_one_with_a_name(origin: str, status: int) -> None:
    bridge = Bridge(origins=["https://gw.example"])

    assert (await ask(bridge, "tools/list", origin=origin)).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"text"',
        b"\xff",
        b"{",
        b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}',
        b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]',
        b'{"jsonrpc": "2.0", "id": 1, "result": {}}',
        b'{"jsonrpc": "2.0", "id": null, "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": true, "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": ""}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "a\\nb"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": 7}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": null}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": NaN}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": "\\ud800"}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": 1e999}}',
        json.dumps({"jsonrpc": "2.0", "id": "x" * 201, "method": "ping"}).encode(),
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "x" * 101}).encode(),
    ],
)
async def test_what_is_no_message_is_refused_and_not_quoted(bridge: Bridge, body: bytes) -> None:
    for version in (OLD, NEW):
        response = await post(bridge, body, mcp_protocol_version=version)
        assert response.status_code == 400
        assert len(response.content) < 400


def test_messages_are_bounded_in_size_and_depth() -> None:
    deep = b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":' + b"[" * DEEPEST + b"]" * DEEPEST + b"}}"

    with pytest.raises(BadRequest, match="deeper"):
        read_message(deep)
    with pytest.raises(BadRequest, match="over"):
        read_message(b" " * (LARGEST + 1))
    assert read_message(b'{"jsonrpc":"2.0","id":1,"method":"ping"}').id == 1


async def test_large_message_is_refused_before_it_is_all_here(bridge: Bridge) -> None:
    response = await post(bridge, b" " * (LARGEST + 1))

    assert response.status_code == 413


async def test_endless_message_is_refused_while_it_comes(bridge: Bridge) -> None:
    taken = 0

    async def receive() -> Any:
        nonlocal taken
        taken += 1
        assert taken < 100
        return {"type": "http.request", "body": b" " * (LARGEST // 10), "more_body": True}

    call = call_of("service:shop:*")
    with pytest.raises(BadRequest, match="over"):
        await bridge.endpoint({"tollbridge": call}, receive, None)  # type: ignore[arg-type]
    assert taken == 11


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/call", {"name": 7}),
        ("tools/call", {"name": "getOrder", "arguments": []}),
        ("tools/list", {"cursor": 7}),
        ("tools/list", {"cursor": "x"}),
        ("tools/list", {"cursor": "-1"}),
        ("resources/list", {}),
        ("prompts/list", {}),
        ("nothing", {}),
        ("logging/setLevel", {"level": "debug"}),
    ],
)
async def test_what_is_not_served_is_an_error_of_json_rpc(
    bridge: Bridge, version: str, method: str, params: dict[str, Any]
) -> None:
    response = await ask(bridge, method, params, version=version)

    found = message_of(response)
    assert found["error"]["code"] in (-32601, -32602, -32020, -32600)
    assert "Traceback" not in response.text


async def test_caller_that_leaves_ends_what_it_asked_for(bridge: Bridge) -> None:
    bridge.metered.hold = asyncio.Event()
    left = asyncio.Event()
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "logo", "arguments": {}}}
    for accept in (b"application/json", BOTH.encode()):
        messages = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]
        bridge.metered.seen.clear()
        left.clear()

        async def receive(messages: list[Any] = messages) -> Any:
            if messages:
                return messages.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            pass

        headers = [
            (b"authorization", b"Bearer service:shop:*"),
            (b"content-type", b"application/json"),
            (b"accept", accept),
        ]
        scope = {"type": "http", "method": "POST", "path": "/v1/mcp/shop", "headers": headers, "query_string": b""}
        before = bridge.metered.left
        answering = asyncio.create_task(bridge(scope, receive, send))
        while not bridge.metered.seen:
            await asyncio.sleep(0)
        left.set()
        await answering

        assert bridge.metered.left == before + 1


@pytest.mark.parametrize(("ping_s", "kind"), [(15.0, b"application/json"), (0.0, b"text/event-stream")])
async def test_call_that_the_server_cuts_is_told_so_and_keeps_the_gateway_open_until_it_has_ended(
    ping_s: float, kind: bytes
) -> None:
    held = list[asyncio.Future[None]]()
    bridge = Bridge(ping_s=ping_s, hold=held.append)
    bridge.metered.hold = asyncio.Event()
    sent = list[Any]()
    body = {"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": {"name": "logo", "arguments": {}}}
    messages = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        assert not held or not held[0].done()
        sent.append(message)

    headers = [(b"authorization", b"Bearer service:shop:*"), (b"content-type", b"application/json")]
    headers.append((b"accept", BOTH.encode()))
    scope = {"type": "http", "method": "POST", "path": "/v1/mcp/shop", "headers": headers, "query_string": b""}
    answering = asyncio.create_task(bridge(scope, receive, send))
    while not bridge.metered.seen or (not ping_s and len(sent) < 2):
        await asyncio.sleep(0)

    answering.cancel()
    await asyncio.wait((answering,))

    assert answering.cancelled()
    assert bridge.metered.left == 1
    assert [each.done() for each in held] == [True]
    assert dict(sent[0]["headers"])[b"content-type"] == kind
    assert sent[0]["status"] == (503 if ping_s else 200)
    told = json.loads(sent[-1]["body"].removeprefix(b"event: message\r\ndata: "))
    assert (told["id"], told["error"]["data"], sent[-1]["more_body"]) == ("a", {"code": "unavailable"}, False)


def test_slug_is_what_stands_below() -> None:
    assert [slug_of(path) for path in ("/v1/mcp", "/v1/mcp/", "/v1/mcp/shop", "/v1/mcp/shop/", "/v1/mcp/a/b")] == [
        "",
        "",
        "shop",
        "shop",
        "a/b",
    ]


def test_list_comes_in_pages_of_bounded_count_and_size() -> None:
    tools = [Tool(name=f"t{i}", input_schema={"type": "object"}) for i in range(PAGE_TOOLS + 5)]
    large = [Tool(name=f"t{i}", description="x" * (PAGE_BYTES * 2 // 5), input_schema={}) for i in range(5)]
    huge = [Tool(name=f"t{i}", description="x" * PAGE_BYTES, input_schema={}) for i in range(2)]

    for listed, sizes in ((tools, [PAGE_TOOLS, 5]), (large, [2, 2, 1]), (huge, [1, 1]), ([], [0])):
        cursor, pages = None, []
        while True:
            page, following = one_page(listed, cursor)
            pages.append(page)
            if not following:
                break
            cursor = following
        assert [len(each) for each in pages] == sizes
        assert [tool["name"] for each in pages for tool in each] == [tool.name for tool in listed]
    assert one_page(tools, "999999") == ([], "")


async def test_fault_of_a_source_is_told_without_its_words(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        async def tools(self, principal: Any) -> Any:
            raise UpstreamError("the MCP server answered 500", detail="secret")

        async def call(self, call: Any, name: str, arguments: Any) -> Any:
            raise GatewayError("not now", detail="secret")

    bridge.sources["shop"] = Broken()  # type: ignore[assignment]

    listed = message_of(await ask(bridge, "tools/list"))
    called = message_of(await ask(bridge, "tools/call", {"name": "x"}))

    assert listed["error"]["message"] == "the MCP server answered 500"
    assert called["result"] == {"content": [{"type": "text", "text": "not now"}], "isError": True}


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize(("method", "params"), [("tools/list", {}), ("tools/call", {"name": "x"})])
async def test_fault_that_nobody_expected_is_logged_and_told_without_its_words(
    bridge: Bridge, version: str, method: str, params: dict[str, Any]
) -> None:
    class Broken:
        async def tools(self, principal: Any) -> Any:
            raise RuntimeError("private words")

        async def call(self, call: Any, name: str, arguments: Any) -> Any:
            raise RuntimeError("private words")

    bridge.sources["shop"] = Broken()  # type: ignore[assignment]

    with capture_logs() as logged:
        answer = await ask(bridge, method, params, version=version)

    found = message_of(answer)["error"]
    assert (found["code"], "its log has the reason" in found["message"]) == (-32603, True)
    assert "private" not in answer.text
    (line,) = logged
    assert (line["event"], line["service"]) == ("tools_failed", "shop")
    assert "RuntimeError" in line["exception"]


async def test_inner_call_is_of_the_same_caller_and_shows_no_credential() -> None:
    outer = call_of("service:shop:*", headers=((b"host", b"gw.example"), (b"x-forwarded-for", b"1.2.3.4")))
    metered = Metered()

    answer = await InProcess(metered)(outer, Request("GET", "/v1/apis/shop/orders/a%20b"))

    assert (answer.status, answer.body) == (200, b"order a b")
    assert metered.headers == [{"host": "gw.example"}]
    scope = scope_of(outer, Request("POST", "/v1/apis/x/%C3%A9", "q=1", ((b"a", b"b"),), b"{}"))
    assert (scope["client"], scope["path"], scope["raw_path"]) == (
        ("10.0.0.9", 1),
        "/v1/apis/x/é",
        b"/v1/apis/x/%C3%A9",
    )
    assert scope["headers"][-1] == (b"content-length", b"2")


async def test_inner_answer_is_bounded_and_must_be_whole() -> None:
    async def large(call: Any, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x" * (LARGEST_ANSWER // 50), "more_body": True})

    async def broken(call: Any, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def caught(call: Any, scope: Any, receive: Any, send: Any) -> None:
        with suppress(UpstreamError):  # as the links of a chain do
            await large(call, scope, receive, send)

    for entry, said in ((large, "is over"), (caught, "is over"), (broken, "ended before")):
        with pytest.raises(UpstreamError, match=said):
            await InProcess(entry)(call_of("x:y"), Request("GET", "/v1/apis/shop"))
