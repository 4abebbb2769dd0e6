"""Asking an outside MCP server, by the official SDK: one connection for each question, so callers share nothing there.

The SDK's check of what a tool gives against the schema that its server says is passed by: the server is not trusted,
and a schema of its making may hold a regular expression that takes for ever.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Annotated, Any, TypeVar

import httpx2
import mcp_types as types
import msgspec
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from tollbridge import GatewayError, UpstreamError, UpstreamRequest
from tollbridge_mcp.carrying import Transport
from tollbridge_mcp.definition import MOST_TOOLS
from tollbridge_mcp.guarded import GuardedTransport
from tollbridge_mcp.model import Hints, Json, Tool, ToolResult, failure, text_block
from tollbridge_mcp.quiet import quiet, watch_sdk
from tollbridge_mcp.sifting import sifted

MOST_PAGES = 20
_LONGEST = 500
_LONGEST_SCHEMA = 64 * 1024
_SELF = types.Implementation(name="tollbridge", version="1")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Control characters, and what a person does not see and a model may read; the joiners of scripts and emoji stay."""

_OLDEST = "2025-11-25"
"""What the SDK judges by before a revision is agreed on."""
_RESULT: TypeAdapter[types.CallToolResult | types.InputRequiredResult] = TypeAdapter(
    Annotated[types.CallToolResult | types.InputRequiredResult, Field(union_mode="left_to_right")]
)
_ASKS = "the tool asks for more input before it does anything, which is not passed on here"
_PATIENCE_S = 2.0
"""Seconds for a server to hear that a session has ended."""

T = TypeVar("T")
Credentials = Callable[[], Awaitable[Mapping[str, str]]]
"""Gives the headers that let the gateway in; raises `UpstreamError`."""
Renew = Callable[[Mapping[str, str]], bool]
"""Is told of headers that the server refuses; says whether there may be others."""


class OutsideServer:
    """One outside server.  Which revision it speaks is found out at the first question."""

    def __init__(
        self,
        url: str,
        transport: Transport,
        credentials: Credentials,
        *,
        timeout_s: float,
        allow_private: bool,
        renew: Renew = lambda shown: False,
    ) -> None:
        self._url = url
        self._transport = transport
        self._credentials = credentials
        self._renew = renew
        self._timeout_s = timeout_s
        self._allow_private = allow_private
        self._mode = "auto"
        self._leaving: set[asyncio.Future[None]] = set()
        watch_sdk()

    async def tools(self) -> tuple[Tool, ...]:
        """List its tools, at most `MOST_TOOLS`, by their names there; raises `UpstreamError`."""

        async def listed(client: Client) -> tuple[Tool, ...]:
            found, cursor = list[Tool](), None
            for _ in range(MOST_PAGES):
                params = types.PaginatedRequestParams(cursor=cursor)
                page = await client.session.send_request(types.ListToolsRequest(params=params), types.ListToolsResult)
                found.extend(tool for each in page.tools if (tool := _tool(each)) is not None)
                cursor = page.next_cursor
                if not cursor or len(found) >= MOST_TOOLS:
                    break
            return tuple(found[:MOST_TOOLS])

        return await self._ask(listed, {})

    async def call(self, name: str, arguments: Mapping[str, Any], headers: Mapping[str, str]) -> ToolResult:
        """Call one by its name there; raises `UpstreamError`."""

        async def called(client: Client) -> ToolResult:
            request = types.CallToolRequest(params=types.CallToolRequestParams(name=name, arguments=dict(arguments)))
            try:
                return _result(await client.session.send_request(request, _RESULT))
            except MCPError as exc:
                if exc.error.code != types.HEADER_MISMATCH:
                    raise
            await client.session.list_tools()  # which says what arguments it wants in headers too
            return _result(await client.session.send_request(request, _RESULT))

        return await self._ask(called, headers)

    async def close(self) -> None:
        """Wait until the server has heard of all sessions that ended, or did not listen."""
        if self._leaving:
            await asyncio.wait(set(self._leaving))

    async def _ask(self, question: Callable[[Client], Awaitable[T]], headers: Mapping[str, str]) -> T:
        """Ask, once more with another credential where the first is refused before any tool ran."""
        until, renewed = asyncio.get_running_loop().time() + self._timeout_s, False
        while True:
            guarded = GuardedTransport(self._transport, allow_private=self._allow_private)
            shown = dict[str, str]()
            try:
                return await self._in_time(self._converse(question, guarded, headers, shown), guarded, until)
            except UpstreamError:
                refused = guarded.status == 401 and guarded.trouble is None and not guarded.ran
                if renewed or not refused or not self._renew(shown):
                    raise
                renewed = True
            finally:
                self._end_session({**headers, **shown}, guarded.session)

    async def _in_time(self, asking: Coroutine[Any, Any, T], guarded: GuardedTransport, until: float) -> T:
        """Wait for an answer, in a task of its own: the SDK waits for more than its caller when it is called off."""
        task = asyncio.ensure_future(asking)
        try:
            await asyncio.wait((task,), timeout=until - asyncio.get_running_loop().time())
            if task.done():
                return task.result()
            raise UpstreamError(
                f"the MCP server did not answer within {self._timeout_s:g} s", code="upstream_timeout", status=504
            )
        finally:
            if not task.done():
                guarded.leave()
                task.cancel()
                await asyncio.wait((task,))
            if not task.cancelled():
                task.exception()  # which nobody else takes

    async def _converse(
        self,
        question: Callable[[Client], Awaitable[T]],
        guarded: GuardedTransport,
        headers: Mapping[str, str],
        shown: dict[str, str],
    ) -> T:
        try:
            shown.update(await self._credentials())
            with quiet():
                return await self._exchange(question, guarded, {**headers, **shown})
        except GatewayError:
            raise
        except Exception as exc:
            self._mode = "auto"
            raise _trouble(exc, guarded) from None

    async def _exchange(
        self, question: Callable[[Client], Awaitable[T]], guarded: GuardedTransport, headers: Mapping[str, str]
    ) -> T:
        async with (
            httpx2.AsyncClient(transport=guarded, headers=headers, timeout=None, trust_env=False) as http,
            Client(
                sifted(
                    streamable_http_client(self._url, http_client=http, terminate_on_close=False),
                    lambda: guarded.revision or _OLDEST,
                ),
                mode=self._mode,
                cache=None,
                client_info=_SELF,
            ) as client,
        ):
            found = await question(client)
            self._mode = client.protocol_version if client.session.discover_result is not None else "legacy"
            return found

    def _end_session(self, headers: Mapping[str, str], session: Mapping[str, str]) -> None:
        """Tell the server that a session has ended; nobody waits for what it says."""
        if session:
            leaving = asyncio.ensure_future(self._delete({**headers, **session}))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _delete(self, headers: Mapping[str, str]) -> None:
        written = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        request = UpstreamRequest("DELETE", self._url, written, b"", self._allow_private, tls_outside=True)
        with suppress(GatewayError, TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                answer = await self._transport.send(request)
                await answer.close()


def _trouble(exc: BaseException, guarded: GuardedTransport) -> GatewayError:
    """Say what went wrong; the words of a server are for its caller, those of the SDK for nobody."""
    if guarded.trouble is not None:
        trouble = guarded.trouble
        return UpstreamError(_renamed(trouble.message), code=trouble.code, status=trouble.status, detail=trouble.detail)
    found = next((each for each in _leaves(exc) if isinstance(each, MCPError | ValidationError)), None)
    if guarded.status in (401, 403):
        return UpstreamError(f"the MCP server refuses the gateway's credential ({guarded.status})")
    if guarded.status >= 400:
        return UpstreamError(f"the MCP server answered {guarded.status}")
    if isinstance(found, MCPError) and found.error.code != types.PARSE_ERROR:  # then its words are the SDK's
        return UpstreamError(f"the MCP server refused: {_clean(found.error.message)[:_LONGEST]}")
    return UpstreamError("the MCP server answered with something that is not MCP", detail=type(exc).__name__)


def _renamed(message: str) -> str:
    return message.replace("the provider", "the MCP server", 1)


def _leaves(exc: BaseException) -> list[BaseException]:
    if isinstance(exc, BaseExceptionGroup):
        return [leaf for each in exc.exceptions for leaf in _leaves(each)]
    return [exc]


def _tool(given: types.Tool) -> Tool | None:
    """Read one of theirs; None for one whose schemas are too large or no objects."""
    inputs, outputs = given.input_schema, given.output_schema
    sizes = [len(msgspec.json.encode(each)) for each in (inputs, outputs) if each is not None]
    if max(sizes) > _LONGEST_SCHEMA or inputs.get("type") != "object":
        return None
    if outputs is not None and outputs.get("type") != "object":
        outputs = None
    hints = given.annotations
    return Tool(
        name=given.name,
        title=_clean(given.title or "")[:200],
        description=_clean(given.description or "")[:2_000],
        input_schema=_schema(inputs),
        output_schema=_schema(outputs),
        annotations=Hints(hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint)
        if hints is not None
        else None,
    )


def _schema(schema: Any) -> Any:
    """Clean what a schema says, and leave out what would have clients put arguments into headers, which end here."""
    if isinstance(schema, dict):
        kept = {name: each for name, each in schema.items() if name != "x-mcp-header"}
        return {
            name: _clean(each) if name in _WORDS and isinstance(each, str) else _schema(each)
            for name, each in kept.items()
        }
    if isinstance(schema, list):
        return [_schema(each) for each in schema]
    return schema


_WORDS = frozenset(("title", "description", "$comment"))


def _result(result: types.CallToolResult | types.InputRequiredResult) -> ToolResult:
    if isinstance(result, types.InputRequiredResult):
        return failure(_ASKS)
    content: tuple[Json, ...] = tuple(_wire(each) for each in result.content)
    structured = result.structured_content
    if structured is not None and not isinstance(structured, dict):
        if not content:  # revisions before 2026-07-28 know objects alone, and here is nothing else that says it
            content = (text_block(msgspec.json.encode(structured).decode("utf-8")),)
        structured = None
    return ToolResult(content, structured, result.is_error)


def _wire(block: BaseModel) -> dict[str, Any]:
    written: dict[str, Any] = block.model_dump(by_alias=True, mode="json", exclude_none=True)
    return written


def _clean(text: str) -> str:
    return _UNSEEN.sub("", text)
