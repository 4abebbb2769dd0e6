"""A server of MCP for one request, made of the official SDK: it lives as long as the request does.

So nothing is kept between two requests and any worker can answer each; what a request has started ends with it, and the
server bears the name of the service that was asked for.
"""

import re
from collections.abc import Sequence
from typing import Any

import mcp_types as types
import msgspec
import structlog
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from starlette.types import Receive, Scope, Send

from tollbridge import Call, GatewayError
from tollbridge.faults import told
from tollbridge_mcp.messages import LARGEST
from tollbridge_mcp.model import Tool, ToolSource, UnknownTool, failure
from tollbridge_mcp.quiet import quiet

PAGE_TOOLS = 100
PAGE_BYTES = 256 * 1024
"""Bytes of one page of tools; one that is larger by itself has a page of its own."""
_CURSOR = re.compile(r"[0-9]{1,6}")
_LONGEST_TEXT = 4_000
_FAILED = "the gateway could not handle this call; its log has the reason under this request's id"

log = structlog.get_logger("tollbridge")


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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request in JSON."""
        with quiet():
            manager = StreamableHTTPSessionManager(
                self._server(), json_response=True, stateless=True, max_request_body_size=LARGEST
            )
            async with manager.run():
                await manager.handle_request(scope, receive, send)

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
        try:
            tools = await self._source.tools(principal) if principal is not None else ()
        except GatewayError as exc:
            raise MCPError(types.INTERNAL_ERROR, exc.message) from None
        except Exception as exc:
            raise self._fault(exc) from None
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
        except Exception as exc:
            raise self._fault(exc) from None
        return result.wire()

    def _fault(self, exc: Exception) -> MCPError:
        """Log what nobody expected, whose words are for no client."""
        log.error("tools_failed", call_id=self._call.id, service=self._identity.name, **told(exc))
        return MCPError(types.INTERNAL_ERROR, _FAILED)


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
