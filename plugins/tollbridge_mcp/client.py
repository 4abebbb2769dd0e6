"""Asking an outside MCP server, by the official SDK: one connection for each question, so callers share nothing there.

The SDK's check of what a tool gives against the schema that its server says is passed by: the server is not trusted,
and a schema of its making may hold a regular expression that takes for ever.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import httpx2
import mcp_types as types
import msgspec
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel, ValidationError

from tollbridge import GatewayError, UpstreamError
from tollbridge_mcp.carrying import Transport
from tollbridge_mcp.definition import MOST_TOOLS
from tollbridge_mcp.guarded import GuardedTransport
from tollbridge_mcp.model import Hints, Tool, ToolResult

MOST_PAGES = 20
_LONGEST = 500
_LONGEST_SCHEMA = 64 * 1024
_SELF = types.Implementation(name="tollbridge", version="1")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

T = TypeVar("T")
Credentials = Callable[[], Awaitable[Mapping[str, str]]]
"""Gives the headers that let the gateway in; raises `UpstreamError`."""


class OutsideServer:
    """One outside server.  Which revision it speaks is found out at the first question."""

    def __init__(
        self, url: str, transport: Transport, credentials: Credentials, *, timeout_s: float, allow_private: bool
    ) -> None:
        self._url = url
        self._transport = transport
        self._credentials = credentials
        self._timeout_s = timeout_s
        self._allow_private = allow_private
        self._mode = "auto"

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
                return _result(await client.session.send_request(request, types.CallToolResult))
            except MCPError as exc:
                if exc.error.code != types.HEADER_MISMATCH:
                    raise
            await client.session.list_tools()  # which says what arguments it wants in headers too
            return _result(await client.session.send_request(request, types.CallToolResult))

        return await self._ask(called, headers)

    async def _ask(self, question: Callable[[Client], Awaitable[T]], headers: Mapping[str, str]) -> T:
        guarded = GuardedTransport(self._transport, allow_private=self._allow_private)
        mode = self._mode
        try:
            async with asyncio.timeout(self._timeout_s):
                shown = {**headers, **await self._credentials()}
                async with (
                    httpx2.AsyncClient(transport=guarded, headers=shown, timeout=None, trust_env=False) as http,
                    Client(
                        streamable_http_client(self._url, http_client=http), mode=mode, cache=None, client_info=_SELF
                    ) as client,
                ):
                    found = await question(client)
                    self._mode = client.protocol_version if client.session.discover_result is not None else "legacy"
                    return found
        except TimeoutError:
            raise UpstreamError(
                f"the MCP server did not answer within {self._timeout_s:g} s", code="upstream_timeout", status=504
            ) from None
        except GatewayError:
            raise
        except Exception as exc:
            self._mode = "auto"
            raise _trouble(exc, guarded) from None


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
        input_schema=_without_headers(inputs),
        output_schema=outputs,
        annotations=Hints(hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint)
        if hints is not None
        else None,
    )


def _without_headers(schema: Any) -> Any:
    """Leave out what would have clients put arguments into headers, which end at the gateway."""
    if isinstance(schema, dict):
        return {name: _without_headers(each) for name, each in schema.items() if name != "x-mcp-header"}
    if isinstance(schema, list):
        return [_without_headers(each) for each in schema]
    return schema


def _result(result: types.CallToolResult) -> ToolResult:
    content = tuple(_wire(each) for each in result.content)
    structured = result.structured_content
    if structured is not None and not isinstance(structured, dict):
        structured = None
    return ToolResult(content, structured, result.is_error)


def _wire(block: BaseModel) -> dict[str, Any]:
    written: dict[str, Any] = block.model_dump(by_alias=True, mode="json", exclude_none=True)
    return written


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)
