"""Outside servers, asked by the official SDK through the guarded transport (T26, T27)."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from structlog.testing import capture_logs
from tests.plugins.mcp.conftest import call_of, listening, principal

from tollbridge.call import Call
from tollbridge.errors import (
    BadRequest,
    GatewayError,
    MethodNotAllowed,
    Unavailable,
    UpstreamError,
    UpstreamUnreachable,
)
from tollbridge.services.kinds import About
from tollbridge.testing import FixedClock
from tollbridge.testing.fake import FakeUpstream
from tollbridge.transport.base import Timeouts, UpstreamRequest
from tollbridge.transport.guard import Guard
from tollbridge.transport.httpx2_transport import Httpx2Transport
from tollbridge_mcp.client import OutsideServer
from tollbridge_mcp.credentials import Shown, read_token, token_request
from tollbridge_mcp.definition import ClientCredentials, McpDefinition, ToolRule
from tollbridge_mcp.guarded import LARGEST, MOST_REQUESTS
from tollbridge_mcp.invoking import InProcess
from tollbridge_mcp.kind import McpKind
from tollbridge_mcp.model import Tool, ToolResult, UnknownTool, text_block
from tollbridge_mcp.proxy import KEPT_S, McpTools, ServedMcp


def weather() -> MCPServer:
    """Make a server of the official SDK."""
    server = MCPServer("weather")

    @server.tool()
    def forecast(city: str) -> dict[str, str]:
        """Says what the weather will be."""
        return {"city": city, "sky": "blue"}

    @server.tool()
    def forget(city: str) -> str:
        """Forgets a city."""
        raise ValueError(f"there is no {city}")

    @server.tool(name="secret_keys")
    def secret_keys() -> str:
        return "all of them"

    return server


class Watched(Httpx2Transport):
    """The guarded transport, with what was sent."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Timeouts(connect_s=5), **options)
        self.sent: list[UpstreamRequest] = []

    async def send(self, request: UpstreamRequest) -> Any:
        self.sent.append(request)
        return await super().send(request)


async def no_credentials() -> Mapping[str, str]:
    return {}


@asynccontextmanager
async def outside(*, stateless: bool = True, json_response: bool = False, timeout_s: float = 20.0) -> Any:
    """Give a server and what was sent to it, over a connection."""
    server = weather()
    app = server.streamable_http_app(
        stateless_http=stateless,
        json_response=json_response,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    transport = Watched()
    async with server.session_manager.run(), listening(app) as url:
        try:
            yield (
                OutsideServer(f"{url}/mcp", transport, shown_credentials, timeout_s=timeout_s, allow_private=True),
                transport,
            )
        finally:
            await transport.close()


async def shown_credentials() -> Mapping[str, str]:
    return {"authorization": "Bearer upstream-secret"}


@pytest.mark.parametrize("stateless", [True, False])
@pytest.mark.parametrize("json_response", [True, False])
async def test_tools_of_an_outside_server_are_listed_and_called(stateless: bool, json_response: bool) -> None:
    async with outside(stateless=stateless, json_response=json_response) as (server, transport):
        listed = await server.tools()
        result = await server.call("forecast", {"city": "Bern"}, {"x-tollbridge-identity": "word"})
        failed = await server.call("forget", {"city": "Ur"}, {})

    assert [each.name for each in listed] == ["forecast", "forget", "secret_keys"]
    assert listed[0].input_schema["required"] == ["city"]
    assert result.structured == {"city": "Bern", "sky": "blue"}
    assert failed.is_error
    assert "forget" in failed.content[0]["text"]
    assert {dict(each.headers)[b"authorization"] for each in transport.sent} == {b"Bearer upstream-secret"}
    assert [dict(each.headers).get(b"x-tollbridge-identity") for each in transport.sent].count(b"word") == 1


async def test_revision_is_found_out_once() -> None:
    async with outside() as (server, transport):
        await server.tools()
        first = len(transport.sent)
        await server.call("forecast", {"city": "Bern"}, {})

    assert len(transport.sent) == first + 1


async def test_callers_share_no_session() -> None:
    async with outside(stateless=False) as (server, transport):
        server._mode = "legacy"
        await server.call("forecast", {"city": "Bern"}, {})
        await server.call("forecast", {"city": "Bern"}, {})
        await server.close()

    ids = {dict(each.headers).get(b"mcp-session-id") for each in transport.sent} - {None}
    assert len(ids) == 2
    assert [each.method for each in transport.sent].count("DELETE") == 2


class Scripted:
    """A transport that answers each request with the next of some answers, the last again and again."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent: list[UpstreamRequest] = []

    async def send(self, request: UpstreamRequest) -> Any:
        self.sent.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(json.loads(request.body or b"{}"))
        status, headers, body = answer
        return Body(status, headers, body)


class Body:
    """An answer."""

    def __init__(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: Any) -> None:
        self.status, self.headers, self._body = status, headers, [body] if isinstance(body, bytes) else list(body)

    async def next_chunk(self) -> bytes:
        if not self._body:
            return b""
        chunk = self._body.pop(0)
        if isinstance(chunk, Exception):
            raise chunk
        return bytes(chunk)

    async def close(self) -> None:
        self._body.clear()


JSON = [(b"content-type", b"application/json")]
EVENTS = [(b"content-type", b"text/event-stream")]


def scripted(*answers: Any, **options: Any) -> tuple[OutsideServer, Scripted]:
    transport = Scripted(*answers)
    options = {"timeout_s": 5.0, "allow_private": False, **options}
    return OutsideServer("https://mcp.example/mcp", transport, no_credentials, **options), transport


CACHE = {"ttlMs": 0, "cacheScope": "private"}


def modern(result: Any) -> Any:
    """Answer as a server of 2026-07-28 does: what it is, and then this."""

    def answer(asked: Any) -> Any:
        found = {"resultType": "complete", **result}
        if asked["method"] == "server/discover":
            found = {"supportedVersions": ["2026-07-28"], "capabilities": {}, "resultType": "complete", **CACHE}
        return 200, JSON, json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": found}).encode()

    return answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            UpstreamUnreachable("the provider mcp.example cannot be reached", detail="secret"),
            "the MCP server mcp.example cannot",
        ),
        ((500, JSON, b"secret words"), "the MCP server answered 500"),
        ((401, JSON, b""), "refuses the gateway's credential"),
        ((403, JSON, b""), "refuses the gateway's credential"),
        ((302, [(b"location", b"http://127.0.0.1/")], b""), "the MCP server redirects"),
        ((307, [(b"location", b"https://mcp.example/mcp/")], b""), "the MCP server redirects"),
        ((200, JSON, b"secret"), "something that is not MCP|refused"),
        ((200, [(b"content-type", b"text/html")], b"<html>"), "refused: Unexpected content type"),
        ((200, JSON, b"x" * (LARGEST + 1)), "what the MCP server answers is too large"),
        ((200, EVENTS, [b": ping\n\n" * 1000] * (LARGEST // 8000 + 1)), "too large"),
        ((200, EVENTS, [b"data: x", UpstreamError("the provider's answer ended")]), "the MCP server's answer ended"),
        ((200, EVENTS, [b"data: " + b"x" * (2 * 1024 * 1024) + b"\n\n"]), "refused"),
        ((202, JSON, b""), "refused"),
        (modern({"tools": 7}), "something that is not MCP"),
        (modern({}), "something that is not MCP"),
    ],
)
async def test_whatever_an_outside_server_does_the_caller_gets_a_sentence(answer: Any, said: str) -> None:
    server, transport = scripted(answer)

    for _ in range(2):
        with pytest.raises(UpstreamError, match=said) as caught:
            await server.tools()
        assert "secret" not in caught.value.message
        assert len(caught.value.message) < 700
    assert {each.url for each in transport.sent} == {"https://mcp.example/mcp"}


async def test_server_that_is_silent_is_left() -> None:
    class Silent:
        async def send(self, request: UpstreamRequest) -> Any:
            await asyncio.Event().wait()

    server = OutsideServer("https://mcp.example", Silent(), no_credentials, timeout_s=0.05, allow_private=False)

    with pytest.raises(UpstreamError, match=r"did not answer within 0\.05 s") as caught:
        await server.call("x", {}, {})
    assert caught.value.status == 504


async def test_stream_that_is_always_to_be_resumed_ends() -> None:
    server, transport = scripted((200, EVENTS, b"id: 1\nretry: 1\ndata:\n\n"))

    with pytest.raises(UpstreamError, match="wants too many requests"):
        await server.tools()
    assert len(transport.sent) == MOST_REQUESTS


async def test_revision_is_found_out_anew_after_trouble() -> None:
    away = (500, JSON, b"")
    server, transport = scripted(modern({"content": []}), modern({"content": []}), away, modern({"content": []}))

    await server.call("a", {}, {})
    with pytest.raises(UpstreamError):
        await server.call("a", {}, {})
    await server.call("a", {}, {})

    asked = [json.loads(each.body)["method"] for each in transport.sent]
    assert asked == ["server/discover", "tools/call", "tools/call", "server/discover", "tools/call"]


async def test_endless_list_ends() -> None:
    tool = {"name": "a", "inputSchema": {"type": "object"}}
    server, transport = scripted(
        modern({"tools": [tool] * 10, "nextCursor": "again", "ttlMs": 0, "cacheScope": "private"})
    )

    assert len(await server.tools()) == 200
    assert len(transport.sent) == 21


async def test_odd_tools_of_an_outside_server_are_left_out_or_cleaned() -> None:
    tools = [
        {"name": "large", "inputSchema": {"type": "object", "description": "x" * 70_000}},
        {
            "name": "good",
            "description": "a\x00b\x1b[31m" + "x" * 5_000,
            "inputSchema": {"type": "object", "properties": {"a": {"type": "string", "x-mcp-header": "A"}, "b": [1]}},
            "outputSchema": {"type": "array"},
            "annotations": {"readOnlyHint": True},
        },
    ]
    server, _ = scripted(modern({"tools": tools, "ttlMs": 0, "cacheScope": "private"}))

    (tool,) = await server.tools()

    assert tool.name == "good"
    assert tool.description.startswith("ab[31mx")
    assert len(tool.description) == 2_000
    assert tool.input_schema["properties"] == {"a": {"type": "string"}, "b": [1]}
    assert tool.output_schema is None
    assert tool.annotations is not None
    assert tool.annotations.read_only is True


async def test_result_is_handed_on_in_every_kind_and_not_judged_by_schemas_of_the_server() -> None:
    content = [
        {"type": "text", "text": "a"},
        {"type": "image", "data": "AA==", "mimeType": "image/png"},
        {"type": "resource_link", "uri": "https://x.example", "name": "x"},
    ]
    server, transport = scripted(modern({"content": content, "structuredContent": [1], "isError": True}))

    result = await server.call("a", {}, {})

    assert [each["type"] for each in result.content] == ["text", "image", "resource_link"]
    assert (result.structured, result.is_error) == (None, True)
    assert len(transport.sent) == 2  # no list is asked for


async def test_json_that_is_no_object_is_text_where_nothing_else_says_it() -> None:
    server, _ = scripted(modern({"content": [], "structuredContent": [1, "a"]}))

    result = await server.call("a", {}, {})

    assert result == ToolResult((text_block('[1,"a"]'),))


async def test_tool_that_asks_for_input_is_a_failure_that_says_so() -> None:
    asks = {"inputRequests": {"q": {"method": "elicitation/create", "params": {"mode": "form", "message": "?"}}}}
    asks["inputRequests"]["q"]["params"]["requestedSchema"] = {"type": "object", "properties": {}}  # type: ignore[index]
    server, _ = scripted(modern({"resultType": "input_required", **asks}))

    result = await server.call("a", {}, {})

    assert (result.is_error, "asks for more input" in result.content[0]["text"]) == (True, True)


@pytest.mark.parametrize(
    "odd",
    [
        {"name": "b"},
        {"name": 7, "inputSchema": {"type": "object"}},
        {"name": "b", "inputSchema": []},
        {"name": "b", "inputSchema": {"type": "object"}, "annotations": 7},
        "b",
        None,
    ],
)
async def test_tool_that_is_none_hides_no_other(odd: Any) -> None:
    good = [{"name": name, "inputSchema": {"type": "object"}} for name in ("a", "c")]
    server, _ = scripted(modern({"tools": [good[0], odd, good[1]], **CACHE}))

    assert [each.name for each in await server.tools()] == ["a", "c"]


async def test_what_nobody_sees_is_taken_out_of_all_that_a_tool_says() -> None:
    hidden = "a\x9b\u202e\u200b\u2066\ufeff\U000e0041\U000e007f\xadb"
    joined = "\u0645\u06cc\u200c\u062e"
    schema = {
        "type": "object",
        "description": hidden,
        "properties": {"description": {"type": "string", "title": hidden, "enum": [hidden]}, "q": {"anyOf": [{}]}},
    }
    schema["properties"]["q"]["anyOf"][0] = {"description": hidden + joined}  # type: ignore[index]
    tool = {"name": "t", "title": hidden, "description": hidden, "inputSchema": schema, "outputSchema": schema}
    server, _ = scripted(modern({"tools": [tool], **CACHE}))

    (found,) = await server.tools()

    assert (found.title, found.description) == ("ab", "ab")
    for shape in (found.input_schema, found.output_schema):
        assert shape is not None
        assert shape["description"] == "ab"
        assert shape["properties"]["description"] == {"type": "string", "title": "ab", "enum": [hidden]}
        assert shape["properties"]["q"]["anyOf"] == [{"description": f"ab{joined}"}]


async def test_error_of_the_server_is_told_in_its_words_cleaned_and_cut() -> None:
    def answer(asked: Any) -> Any:
        if asked["method"] == "server/discover":
            return modern({})(asked)
        error = {"code": -32603, "message": "no\x1b[31m" + "x" * 5_000}
        return 200, JSON, json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode()

    server, _ = scripted(answer)

    with pytest.raises(UpstreamError, match=r"refused: no\[31mx+$") as caught:
        await server.call("a", {}, {})
    assert len(caught.value.message) < 600


async def test_argument_that_a_server_wants_in_a_header_too_is_put_there() -> None:
    seen: list[str] = []

    def answer(asked: Any) -> Any:
        seen.append(asked["method"])
        if asked["method"] == "tools/list":
            schema = {"type": "object", "properties": {"a": {"type": "string", "x-mcp-header": "A"}}}
            return modern({"tools": [{"name": "t", "inputSchema": schema}], "ttlMs": 0, "cacheScope": "private"})(asked)
        if asked["method"] == "tools/call" and seen.count("tools/call") == 1:
            error = {"code": -32020, "message": "header"}
            return 400, JSON, json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode()
        return modern({"content": []})(asked)

    server, transport = scripted(answer)

    await server.call("t", {"a": "1"}, {})

    assert seen == ["server/discover", "tools/call", "tools/list", "tools/call"]
    assert dict(transport.sent[-1].headers)[b"mcp-param-a"] == b"1"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "fe80::1"),
    ],
)
async def test_private_address_is_never_dialled(address: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return [address]

    transport = Httpx2Transport(guard=Guard(resolve))
    server = OutsideServer("https://mcp.example/", transport, no_credentials, timeout_s=5, allow_private=False)

    with pytest.raises(UpstreamError, match=r"the MCP server mcp\.example cannot be reached"):
        await server.tools()
    await transport.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]", "[::ffff:10.0.0.1]", "localhost"]
)
async def test_spelling_of_a_private_address_is_never_dialled(host: str) -> None:
    """The resolver says a public address, so that nothing but the spelling can stand in the way."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"] if host == "localhost" else ["93.184.215.14"]

    guard = Letting(resolve)
    transport = Httpx2Transport(guard=guard)
    server = OutsideServer(f"https://{host}/", transport, no_credentials, timeout_s=5, allow_private=False)

    with pytest.raises(UpstreamError, match="the MCP server"):
        await server.tools()
    await transport.close()
    assert guard.let == []


class Letting(Guard):
    """Notes the addresses that may be dialled, and has none dialled."""

    def __init__(self, resolve: Any) -> None:
        super().__init__(resolve)
        self.let: list[str] = []

    async def addresses(self, endpoint: Any, *, allow_private: bool, tls_outside: bool = False) -> Sequence[str]:
        self.let += await super().addresses(endpoint, allow_private=allow_private, tls_outside=tls_outside)
        raise UpstreamUnreachable("nothing is dialled here")


async def test_name_that_turns_private_is_not_dialled_again() -> None:
    """First public, then loopback: each connection is to an address that was judged."""
    answers = [["93.184.215.14"], ["127.0.0.1"], ["93.184.215.14", "::ffff:127.0.0.1"]]
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    guard = Letting(resolve)
    for _ in range(3):  # a transport of its own each, which remembers no address
        transport = Httpx2Transport(guard=guard)
        server = OutsideServer("https://mcp.example/", transport, no_credentials, timeout_s=5, allow_private=False)
        with pytest.raises(UpstreamError):
            await server.tools()
        await transport.close()

    assert guard.let == ["93.184.215.14"]
    assert len(asked) >= len(answers)


async def test_plain_http_is_not_called() -> None:
    transport = Scripted(modern({}))
    server = OutsideServer("http://mcp.example/", transport, no_credentials, timeout_s=5, allow_private=False)

    with pytest.raises(UpstreamError, match="by https:// alone"):
        await server.tools()
    assert transport.sent == []


async def test_requests_say_what_the_guard_needs_to_know() -> None:
    server, transport = scripted(modern({"content": []}))
    await server.call("a", {}, {})

    assert all(each.tls_outside and not each.allow_private for each in transport.sent)
    assert all(dict(each.headers)[b"accept-encoding"] == b"identity" for each in transport.sent)
    assert all(b"host" not in dict(each.headers) for each in transport.sent)


class Told:
    """An outside server that tells what it was asked."""

    def __init__(self, *tools: str) -> None:
        self.listed = 0
        self.calls: list[tuple[str, Any, Any]] = []
        self._tools = tuple(Tool(name=name, input_schema={"type": "object"}) for name in tools)

    async def tools(self) -> tuple[Tool, ...]:
        self.listed += 1
        await asyncio.sleep(0)
        return self._tools

    async def call(self, name: str, arguments: Any, headers: Any) -> ToolResult:
        self.calls.append((name, arguments, headers))
        return ToolResult((text_block(name),), {"ok": True})

    async def close(self) -> None:
        pass


def served(told: Told, *rules: str, clock: FixedClock | None = None, **options: Any) -> ServedMcp:
    definition = McpDefinition(tools=tuple(ToolRule(name=each) for each in rules), **options)
    return ServedMcp("weather", definition, told, clock or FixedClock())


def through(one: ServedMcp, **more: Any) -> tuple[McpTools, list[str]]:
    """Put a served release where the chain would: what it finds is noted, and refused without its scope."""
    seen: list[str] = []

    async def entry(call: Call, scope: Any, receive: Any, send: Any) -> None:
        root = "/v1/apis/weather"
        found = one.find(scope["method"], scope["path"].removeprefix(root), scope["headers"], b"")
        assert found is not None
        assert call.principal is not None
        assert f"service:weather:{found.name}" in call.principal.scopes
        seen.append(found.name)
        inner = call_of(headers=tuple(more.get("headers", ())))
        try:
            await one({**scope, "root_path": root, "tollbridge": inner}, receive, send)
        except GatewayError as exc:
            body = json.dumps({"error": {"message": exc.message}}).encode()
            await send({"type": "http.response.start", "status": exc.status, "headers": JSON})
            await send({"type": "http.response.body", "body": body})

    return McpTools(one, InProcess(entry)), seen


async def test_caller_sees_what_is_let_through_and_in_its_scopes() -> None:
    one = served(Told("search", "get_a", "get_b", "drop"), "search", "get_*", prefix="w_")
    tools, _ = through(one)

    everything = [each.name for each in await tools.tools(principal("service:weather:*"))]
    some = [each.name for each in await tools.tools(principal("service:weather:w_get_*"))]
    nothing = await tools.tools(principal("service:other:*", "ai:*"))

    assert everything == ["w_search", "w_get_a", "w_get_b"]
    assert some == ["w_get_a", "w_get_b"]
    assert nothing == []


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        ("service:weather:*", "drop"),
        ("service:weather:*", "search"),
        ("service:weather:w_search", "w_get_a"),
        ("service:weather:*", "w_drop"),
        ("service:weather:*", "w_get_a/../../drop"),
        ("service:other:*", "w_search"),
        ("service:weather:*", ""),
    ],
)
async def test_what_is_not_let_through_is_never_called(scope: str, name: str) -> None:
    told = Told("search", "get_a", "drop")
    tools, seen = through(served(told, "search", "get_*", prefix="w_"))

    with pytest.raises(UnknownTool):
        await tools.call(call_of(scope), name, {})
    assert (told.calls, seen) == ([], [])


async def test_call_passes_the_chain_once_and_reaches_the_server_under_its_name_there() -> None:
    told = Told("search")
    tools, seen = through(served(told, "search", prefix="w_"))

    result = await tools.call(call_of("service:weather:w_search"), "w_search", {"q": [1]})

    assert (result.structured, result.content[0]["text"]) == ({"ok": True}, "search")
    assert told.calls == [("search", {"q": [1]}, {})]
    assert seen == ["w_search"]


async def test_refusal_of_the_chain_is_told() -> None:
    async def entry(call: Call, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 429, "headers": JSON})
        await send({"type": "http.response.body", "body": b'{"error": {"message": "too many"}}'})

    tools = McpTools(served(Told("search"), "search"), InProcess(entry))

    result = await tools.call(call_of("service:weather:*"), "search", {})

    assert (result.is_error, result.content[0]["text"]) == (True, "the service answered 429: too many")


async def test_word_on_who_calls_is_handed_on_where_that_is_wanted() -> None:
    word = (b"x-tollbridge-identity", b"word")
    told = Told("search")

    tools, _ = through(served(told, "search", forward_identity=True), headers=[word])
    await tools.call(call_of("service:weather:*"), "search", {})
    kept, _ = through(served(told, "search"), headers=[word])
    await kept.call(call_of("service:weather:*"), "search", {})
    lacking, _ = through(served(told, "search", forward_identity=True))
    refused = await lacking.call(call_of("service:weather:*"), "search", {})

    assert [each[2] for each in told.calls] == [{"x-tollbridge-identity": "word"}, {}]
    assert refused.is_error


async def test_list_is_kept_for_a_while_and_asked_for_once() -> None:
    told, clock = Told("search"), FixedClock()
    one = served(told, "*", clock=clock)

    await asyncio.gather(*(one.tools() for _ in range(10)))
    assert told.listed == 1
    clock.advance(KEPT_S - 1)
    await one.tools()
    assert told.listed == 1
    clock.advance(2)
    await one.tools()
    assert told.listed == 2


def test_other_methods_and_paths_are_none() -> None:
    one = served(Told(), "search")

    assert one.find("POST", "/tools/search", (), b"") is not None
    for path in ("", "/", "/tools", "/tools/", "/tools/other", "/search", "/tools/search/x"):
        assert one.find("POST", path, (), b"") is None
    with pytest.raises(MethodNotAllowed):
        one.find("GET", "/tools/search", (), b"")


@pytest.mark.parametrize("body", [b"[]", b"{", b'"x"', b"\xff", b"[" * 100])
async def test_arguments_are_an_object(body: bytes) -> None:
    one = served(Told("search"), "search")

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    scope = {"path": "/r/tools/search", "root_path": "/r", "tollbridge": call_of()}
    with pytest.raises(BadRequest):
        await one(scope, receive, None)  # type: ignore[arg-type]


class Place:
    """What a kind needs of a gateway."""

    def __init__(self, transport: Any, *, allow_private: bool = False) -> None:
        class Services:
            pass

        self.transport, self.clock, self.vouching = transport, FixedClock(), None
        self.config = Services()
        self.config.services = Services()  # type: ignore[attr-defined]
        self.config.services.allow_private = allow_private  # type: ignore[attr-defined]

        self.service_secrets = self
        self.stored = {"stored:weather": "sk-weather", "stored:client": "cs"}

    async def read(self, reference: str, where: str) -> str:
        if reference not in self.stored:
            raise Unavailable("a secret is missing", detail=f"{where}: {reference} is not there")
        return self.stored[reference]


def running(definition: McpDefinition) -> Any:
    class Running:
        slug = "weather"

    one = Running()
    one.definition = definition  # type: ignore[attr-defined]
    return one


async def test_release_is_proved_by_asking_its_server() -> None:
    tools = [{"name": "search", "inputSchema": {"type": "object"}}]
    good = Place(Scripted(modern({"tools": tools, "ttlMs": 0, "cacheScope": "private"})))
    rules = (ToolRule(name="search"), ToolRule(name="gone"), ToolRule(name="get_*"))
    definition = McpDefinition(
        url="https://mcp.example", tools=rules, headers={"authorization": "Bearer stored:weather"}
    )

    found = await McpKind().prove(good, running(definition), call_of())  # type: ignore[arg-type]
    away = await McpKind().prove(Place(Scripted((500, JSON, b""))), running(definition), call_of())  # type: ignore[arg-type]
    word = msgspec.structs.replace(definition, forward_identity=True)
    vouched = await McpKind().prove(good, running(word), call_of())  # type: ignore[arg-type]

    assert not McpKind().gated(definition)
    assert [(each.field, each.warning) for each in found.problems] == [("tools", True)]
    assert "'gone'" in found.problems[0].message
    assert [(each.field, each.message) for each in away.problems] == [("url", "the MCP server answered 500")]
    assert (found.passed, away.passed) == (True, False)
    assert [(each.field, each.warning) for each in vouched.problems] == [("tools", True), ("forward_identity", True)]
    assert dict(good.transport.sent[0].headers)[b"authorization"] == b"Bearer sk-weather"


async def test_access_token_is_fetched_once_and_shown() -> None:
    token = (200, JSON, b'{"access_token": "at-1", "token_type": "Bearer", "expires_in": 3600}')
    transport = Scripted(token, modern({"content": []}))
    oauth = ClientCredentials(
        token_url="https://as.example/token",
        client_id="a:b",
        client_secret="stored:client",
        scope="s t",
        resource="https://r",
    )
    definition = McpDefinition(url="https://mcp.example", oauth=oauth)
    place = Place(transport)
    shown = Shown(definition, lambda each: place.read(each, ""), transport, place.clock, allow_private=False)
    server = OutsideServer("https://mcp.example", transport, shown, timeout_s=5, allow_private=False)

    await server.call("a", {}, {})
    await server.call("a", {}, {})

    first, *rest = transport.sent
    assert (first.method, first.url, first.body) == (
        "POST",
        "https://as.example/token",
        b"grant_type=client_credentials&scope=s+t&resource=https%3A%2F%2Fr",
    )
    assert dict(first.headers)[b"authorization"] == b"Basic YSUzQWI6Y3M="  # a%3Ab:cs
    assert first.tls_outside
    assert {dict(each.headers)[b"authorization"] for each in rest} == {b"Bearer at-1"}


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (400, b'{"error": "invalid_client", "access_token": "x"}'),
        (200, b"{}"),
        (200, b"["),
        (200, b'{"access_token": ""}'),
        (200, b'{"access_token": "a\\nb"}'),
        (200, b'{"access_token": 7}'),
        (200, b'{"access_token": "a", "token_type": "DPoP"}'),
        (302, b""),
    ],
)
def test_answer_without_a_token_gives_none(status: int, content: bytes) -> None:
    with pytest.raises(UpstreamError):
        read_token(status, content)


def test_lifetime_is_bounded() -> None:
    assert read_token(200, b'{"access_token": "a"}').lifetime_s == 300
    assert read_token(200, b'{"access_token": "a", "expires_in": -1}').lifetime_s == 300
    assert read_token(200, b'{"access_token": "a", "expires_in": 99999999}').lifetime_s == 86_400
    oauth = ClientCredentials(token_url="https://as.example", client_id="a", client_secret="stored:x")
    assert b"scope" not in token_request(oauth, "s", allow_private=False).body


async def test_authorization_server_is_guarded_too() -> None:
    oauth = ClientCredentials(token_url="http://as.example", client_id="a", client_secret="stored:client")
    transport = FakeUpstream()
    shown = Shown(McpDefinition(oauth=oauth), Place(transport).read, transport, FixedClock(), allow_private=False)

    with pytest.raises(UpstreamError, match="by https:// alone"):
        await shown()
    assert transport.sent == []


def test_kind_says_what_it_is() -> None:
    kind = McpKind()
    before = McpDefinition(
        url="https://a", tools=(ToolRule(name="a"), ToolRule(name="b"), ToolRule(name="g*")), prefix="p_"
    )
    after = McpDefinition(
        url="https://b",
        tools=(ToolRule(name="a", rename="x"), ToolRule(name="c"), ToolRule(name="g*")),
        prefix="p_",
        timeout_s=5,
    )

    assert [each.name for each in kind.operations(before)] == ["p_a", "p_b"]
    assert list(kind.openapi(About("w", "W"), before)["paths"]) == ["/tools/p_a", "/tools/p_b"]
    assert [(each.path, each.breaking) for each in kind.changes(before, after)] == [
        ("url", True),
        ("tools/b", True),
        ("tools/c", False),
        ("tools/a", True),
        ("timeout_s", False),
    ]
    assert kind.changes(before, before) == []
    assert kind.models(before) == ()
    assert [each.field for each in kind.check(McpDefinition())] == ["url", "tools"]


async def test_nothing_that_a_server_says_is_logged() -> None:
    server, _ = scripted((500, JSON, b"secret words"))

    with capture_logs() as logs, pytest.raises(UpstreamError):
        await server.call("a", {"prompt": "private words"}, {})

    assert "words" not in str(logs)


async def test_release_is_served_with_its_secrets() -> None:
    transport = Scripted(modern({"content": [{"type": "text", "text": "a"}]}))
    definition = McpDefinition(
        url="https://mcp.example", tools=(ToolRule(name="a"),), headers={"authorization": "Bearer stored:weather"}
    )

    place = Place(transport)
    one = McpKind().serve(place, running(definition))  # type: ignore[arg-type]
    assert isinstance(one, ServedMcp)
    tools, _ = through(one)
    result = await tools.call(call_of("service:weather:a"), "a", {})
    first = dict(transport.sent[-1].headers)[b"authorization"]
    place.stored["stored:weather"] = "sk-another"
    await tools.call(call_of("service:weather:a"), "a", {})
    await one.close()

    assert result.content[0]["text"] == "a"
    assert first == b"Bearer sk-weather"
    assert dict(transport.sent[-1].headers)[b"authorization"] == b"Bearer sk-another"


async def test_release_whose_secret_is_missing_is_not_proved() -> None:
    definition = McpDefinition(url="https://mcp.example", headers={"authorization": "Bearer stored:gone"})

    found = await McpKind().prove(Place(Scripted()), running(definition), call_of())  # type: ignore[arg-type]

    assert [(each.field, each.message) for each in found.problems] == [
        ("headers", "service weather: stored:gone is not there")
    ]


def test_unavailable_names_its_reason_to_the_operator_alone() -> None:
    one = served(Told("a"), "a", forward_identity=True)

    with pytest.raises(Unavailable) as caught:
        one._said(call_of())
    assert "vouch" not in caught.value.message
    assert "vouch" in (caught.value.detail or "")
