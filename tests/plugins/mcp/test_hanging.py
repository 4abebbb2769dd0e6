"""Outside servers that hang, and what is done once for many: sessions, lists, tokens and the SDK."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from tests.plugins.mcp.test_outside import JSON, Body, Place, Scripted, Told, modern, no_credentials, running, served

from tollbridge.errors import Unavailable, UpstreamError
from tollbridge.testing import FixedClock
from tollbridge.transport.base import UpstreamRequest
from tollbridge_mcp.client import OutsideServer
from tollbridge_mcp.credentials import Shown
from tollbridge_mcp.definition import ClientCredentials, McpDefinition, ToolRule
from tollbridge_mcp.kind import McpKind
from tollbridge_mcp.model import Tool
from tollbridge_mcp.proxy import FAILED_S, ServedMcp

SESSION = [*JSON, (b"mcp-session-id", b"s-1")]
INITIALIZED = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "s", "version": "1"},
}
OAUTH = ClientCredentials(token_url="https://as.example/token", client_id="a", client_secret="stored:client")


class Sessions:
    """A server with sessions, as a transport; it never answers what `hangs`, and notes what was called off."""

    def __init__(self, *hangs: str) -> None:
        self.hangs = hangs
        self.sent: list[str] = []
        self.left: list[str] = []
        self.headers: list[dict[bytes, bytes]] = []

    async def send(self, request: UpstreamRequest) -> Any:
        asked = json.loads(request.body or b"{}")
        what = asked.get("method", request.method)
        self.sent.append(what)
        self.headers.append(dict(request.headers))
        if what in self.hangs:
            try:
                await asyncio.Event().wait()
            finally:
                self.left.append(what)
        if what == "server/discover":
            return Body(404, [], b"")
        if what == "GET":
            return Body(405, [], b"")
        if "id" not in asked:
            return Body(202, [], b"")
        found = INITIALIZED if what == "initialize" else {"content": [{"type": "text", "text": "done"}]}
        return Body(200, SESSION, json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": found}).encode())


def asking(sessions: Any, timeout_s: float = 0.2, **more: Any) -> OutsideServer:
    return OutsideServer(
        "https://mcp.example", sessions, no_credentials, timeout_s=timeout_s, allow_private=False, **more
    )


@pytest.mark.parametrize(
    "hangs", [("tools/call", "DELETE"), ("notifications/initialized", "DELETE"), ("initialize",), ("server/discover",)]
)
async def test_call_of_a_server_that_hangs_ends_in_its_time(hangs: tuple[str, ...]) -> None:
    sessions = Sessions(*hangs)
    begun = asyncio.get_running_loop().time()

    with pytest.raises(UpstreamError, match=r"did not answer within 0\.2 s") as caught:
        await asking(sessions).call("a", {}, {})

    assert caught.value.status == 504
    assert asyncio.get_running_loop().time() - begun < 4  # the SDK by itself waits for 5 s more, or for ever
    assert hangs[0] in sessions.left or hangs[0] not in sessions.sent


async def test_result_is_there_whatever_the_server_says_of_the_end_of_its_session() -> None:
    sessions = Sessions("DELETE")

    result = await asking(sessions, 5.0).call("a", {}, {})

    assert result.content[0]["text"] == "done"
    assert sessions.left == []


async def test_server_hears_that_a_session_has_ended() -> None:
    sessions = Sessions()
    server = asking(sessions, 5.0)

    await server.call("a", {}, {})
    await server.close()

    assert sessions.sent[-1] == "DELETE"
    last = sessions.headers[-1]
    assert (last[b"mcp-session-id"], last[b"mcp-protocol-version"]) == (b"s-1", b"2025-11-25")


async def test_who_leaves_calls_off_what_hangs() -> None:
    sessions = Sessions("tools/call", "DELETE")
    calling = asyncio.create_task(asking(sessions, 60.0).call("a", {}, {}))
    while "tools/call" not in sessions.sent:
        await asyncio.sleep(0)
    begun = asyncio.get_running_loop().time()

    calling.cancel()
    await asyncio.wait((calling,))

    assert calling.cancelled()
    assert asyncio.get_running_loop().time() - begun < 4
    assert "tools/call" in sessions.left
    assert "notifications/cancelled" in sessions.sent


class Slow(Told):
    """An outside server whose list comes when it is let, or fails."""

    def __init__(self, *tools: str) -> None:
        super().__init__(*tools)
        self.go = asyncio.Event()
        self.fails = False

    async def tools(self) -> tuple[Tool, ...]:
        self.listed += 1
        await self.go.wait()
        if self.fails:
            raise UpstreamError("the MCP server did not answer within 1 s")
        return self._tools


async def test_all_who_wait_for_a_list_wait_for_one_fetch_which_outlives_who_began_it() -> None:
    slow = Slow("search")
    one = served(slow, "*")
    first, *others = [asyncio.create_task(one.tools()) for _ in range(5)]
    await asyncio.sleep(0)

    first.cancel()
    slow.go.set()
    found = await asyncio.gather(*others)

    assert [[each.name for each in tools] for tools in found] == [["search"]] * 4
    assert slow.listed == 1


async def test_failure_of_a_list_is_told_to_all_who_wait_and_kept_for_a_while() -> None:
    slow, clock = Slow("search"), FixedClock()
    slow.fails = True
    slow.go.set()
    one = served(slow, "*", clock=clock)

    told = await asyncio.gather(*(one.tools() for _ in range(5)), return_exceptions=True)
    with pytest.raises(UpstreamError):
        await one.tools()
    kept, slow.fails = slow.listed, False
    clock.advance(FAILED_S + 1)

    assert {str(each) for each in told} == {"the MCP server did not answer within 1 s"}
    assert kept == 1
    assert len(await one.tools()) == 1


async def test_fetch_of_a_list_ends_with_its_release() -> None:
    one = served(Slow("search"), "*")
    waiting = asyncio.create_task(one.tools())
    await asyncio.sleep(0)

    await one.close()

    with pytest.raises(Unavailable, match="try again"):
        await waiting


class Tokens:
    """An authorization server and an MCP server that takes the last token alone, as a transport."""

    def __init__(self, *, takes: str = "at-2", refuses: Sequence[str] = ("server/discover", "tools/call")) -> None:
        self.given = 0
        self.calls: list[str] = []
        self._takes = takes
        self._refuses = refuses

    async def send(self, request: UpstreamRequest) -> Any:
        if request.url == OAUTH.token_url:
            self.given += 1
            return Body(200, JSON, b'{"access_token": "at-%d", "expires_in": 3600}' % self.given)
        asked = json.loads(request.body)
        shown = dict(request.headers)[b"authorization"].decode()
        self.calls.append(f"{asked['method']} {shown}")
        if shown != f"Bearer {self._takes}" and asked["method"] in self._refuses:
            return Body(401, [], b"")
        status, headers, body = modern({"content": []})(asked)
        return Body(status, headers, body)


def with_tokens(tokens: Tokens, clock: FixedClock) -> OutsideServer:
    place = Place(tokens)
    definition = McpDefinition(url="https://mcp.example", oauth=OAUTH)
    shown = Shown(definition, lambda each: place.read(each, ""), tokens, clock, allow_private=False)
    return OutsideServer("https://mcp.example", tokens, shown, timeout_s=5, allow_private=False, renew=shown.renew)


@pytest.mark.parametrize("refuses", [("server/discover", "initialize"), ("tools/call",)])
async def test_token_that_is_refused_before_a_tool_runs_is_fetched_anew_once(refuses: Sequence[str]) -> None:
    tokens = Tokens(refuses=refuses)
    server = with_tokens(tokens, FixedClock())

    result = await server.call("a", {}, {})

    assert (result.is_error, tokens.given) == (False, 2)
    assert tokens.calls[-1] == "tools/call Bearer at-2"
    assert sum("tools/call" in each for each in tokens.calls) == (2 if refuses == ("tools/call",) else 1)


async def test_server_that_takes_no_token_has_none_fetched_for_each_call() -> None:
    everything = ("server/discover", "initialize", "tools/call")
    tokens, clock = Tokens(takes="another", refuses=everything), FixedClock()
    server = with_tokens(tokens, clock)

    for _ in range(5):
        with pytest.raises(UpstreamError, match="refuses the gateway's credential"):
            await server.call("a", {}, {})
    at_first = tokens.given
    clock.advance(11)
    with pytest.raises(UpstreamError):
        await server.call("a", {}, {})

    assert (at_first, tokens.given) == (2, 3)


async def test_tool_that_may_have_run_is_not_called_again() -> None:
    def answer(asked: Any) -> Any:
        if asked.get("method") == "tools/call":
            return 200, [(b"content-type", b"text/event-stream")], b"id: 1\nretry: 1\ndata:\n\n"
        return modern({})(asked) if asked else (401, [], b"")

    transport = Scripted(answer)
    asked: list[Any] = []

    def renew(shown: Any) -> bool:
        asked.append(shown)
        return True

    server = OutsideServer(
        "https://mcp.example", transport, no_credentials, timeout_s=5, allow_private=False, renew=renew
    )

    with pytest.raises(UpstreamError):
        await server.call("a", {}, {})
    assert asked == []
    assert sum(b"tools/call" in each.body for each in transport.sent) == 1


async def test_release_is_served_before_the_sdk_is_there_and_imports_it_beside_the_event_loop() -> None:
    code = (
        "import sys, types\n"
        "from tollbridge_mcp.kind import McpKind\n"
        "from tollbridge_mcp.definition import McpDefinition, ToolRule\n"
        "place = types.SimpleNamespace(transport=None, clock=None)\n"
        "place.config = types.SimpleNamespace(services=types.SimpleNamespace(allow_private=False))\n"
        "definition = McpDefinition(url='https://mcp.example', tools=(ToolRule(name='a'),))\n"
        "McpKind().serve(place, types.SimpleNamespace(slug='s', definition=definition))\n"
        "print('mcp' in sys.modules)\n"
    )

    said = await asyncio.to_thread(subprocess.check_output, [sys.executable, "-c", code], text=True)

    assert said == "False\n"


async def test_served_release_asks_its_server_and_lets_go_of_it() -> None:
    transport = Scripted(modern({"tools": [], "ttlMs": 0, "cacheScope": "private"}))
    definition = McpDefinition(url="https://mcp.example", tools=(ToolRule(name="a"),))
    one = McpKind().serve(Place(transport), running(definition))  # type: ignore[arg-type]
    assert isinstance(one, ServedMcp)

    assert await one.tools() == ()
    await one.close()
    await McpKind().serve(Place(transport), running(definition)).close()  # type: ignore[arg-type]
