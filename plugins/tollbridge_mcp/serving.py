"""A server of MCP for one request, made of the official SDK: it lives as long as the request does.

So nothing is kept between two requests and any worker can answer each; what a request has started ends with it, and the
server bears the name of the service that was asked for.
"""

import re
from collections.abc import Awaitable, Sequence
from typing import Any

import mcp_types as types
import msgspec
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from starlette.types import Message, Receive, Scope, Send

from tollbridge import Call, GatewayError
from tollbridge_mcp.messages import LARGEST
from tollbridge_mcp.model import Tool, ToolSource, UnknownTool, failure

PAGE_TOOLS = 100
PAGE_BYTES = 256 * 1024
"""Bytes of one page of tools; one that is larger by itself has a page of its own."""
_CURSOR = re.compile(r"[0-9]{1,6}")
_LONGEST_TEXT = 4_000


class Identity(msgspec.Struct, frozen=True):
    """What a server says of itself."""

    name: str
    title: str = ""
    version: str = ""
    instructions: str = ""


class Answering:
    """Answers the requests of one caller to one source."""

    def __init__(self, source: ToolSource, identity: Identity, call: Call) -> None:
        self._source = source
        self._identity = identity
        self._call = call

    async def __call__(self, scope: Scope, receive: Receive, send: Send, *, streams: bool) -> None:
        """Answer one HTTP request; `streams`: an answer that takes long may be an event stream."""
        manager = StreamableHTTPSessionManager(
            self._server(), json_response=not streams, stateless=True, max_request_body_size=LARGEST
        )
        async with manager.run():
            await manager.handle_request(scope, receive, _with_plain_status(send))

    def _server(self) -> Server[Any]:
        said = self._identity
        server: Server[Any] = Server(
            said.name,
            version=said.version,
            title=said.title[:200] or None,
            instructions=said.instructions[:_LONGEST_TEXT] or None,
            get_tool_input_schema=lambda name: None,  # no tool of ours has parameters in headers
        )
        server.middleware.clear()  # what it measures is measured by the chain
        server.add_request_handler("tools/list", types.PaginatedRequestParams, self._list)
        server.add_request_handler("tools/call", types.CallToolRequestParams, self._tool)
        return server

    async def _list(self, context: Any, params: types.PaginatedRequestParams) -> dict[str, Any]:
        principal = self._call.principal
        tools = await _told(self._source.tools(principal)) if principal is not None else ()
        page, following = one_page(tools, params.cursor)
        found = {"tools": page, "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
        return {**found, "nextCursor": following} if following else found

    async def _tool(self, context: Any, params: types.CallToolRequestParams) -> dict[str, Any]:
        try:
            result = await self._source.call(self._call, params.name, params.arguments or {})
        except UnknownTool:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name[:100]!r} here for you") from None
        except GatewayError as exc:
            result = failure(exc.message)
        return result.wire()


def one_page(tools: Sequence[Tool], cursor: str | None) -> tuple[list[dict[str, Any]], str]:
    """Give the tools behind a cursor and the cursor of the next page, empty for none; raises `MCPError`."""
    if cursor is not None and not _CURSOR.fullmatch(cursor):
        raise MCPError(types.INVALID_PARAMS, "the cursor is none that was given here")
    start, size, page = int(cursor or 0), 0, list[dict[str, Any]]()
    for each in tools[start : start + PAGE_TOOLS]:
        size += len(msgspec.json.encode(each))
        if page and size > PAGE_BYTES:
            break
        page.append(msgspec.to_builtins(each))
    end = start + len(page)
    return page, str(end) if page and end < len(tools) else ""


def _with_plain_status(send: Send) -> Send:
    """Make the status a number: the SDK's is an `HTTPStatus`, and would be logged as one."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "status": int(message["status"])}
        await send(message)

    return sent


async def _told(listing: Awaitable[Sequence[Tool]]) -> Sequence[Tool]:
    try:
        return await listing
    except GatewayError as exc:
        raise MCPError(types.INTERNAL_ERROR, exc.message) from None
