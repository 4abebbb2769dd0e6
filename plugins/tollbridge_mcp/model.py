"""Tools, where they come from, and what calling one gives: as they are told to MCP clients."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from tollbridge import Call, Principal

LONGEST_NAME = 64
"""Characters of a tool's name: MCP says 128, and several models take no more than 64."""
LONGEST_TEXT = 8_000
"""Characters of a message that says what went wrong."""
CALL_ID = "tollbridge/call-id"
"""Where in the `_meta` of a result it says which call gave it."""

Json = Mapping[str, Any]


class Hints(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    rename={
        "read_only": "readOnlyHint",
        "destructive": "destructiveHint",
        "idempotent": "idempotentHint",
        "open_world": "openWorldHint",
    },
):
    """What a tool does to the world, for clients that ask their users before some calls."""

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None


class Tool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One tool.  Its schemas are objects of JSON Schema 2020-12 that point nowhere but into themselves."""

    name: str
    input_schema: Json
    title: str = ""
    description: str = ""
    output_schema: Json | None = None
    annotations: Hints | None = None


class ToolResult(msgspec.Struct, frozen=True):
    """What a call gave: blocks of content as MCP writes them, and the same as JSON where it is an object.

    `call_id` is the id of the call of a service that gave it.
    """

    content: tuple[Json, ...] = ()
    structured: Json | None = None
    is_error: bool = False
    call_id: str = ""

    def wire(self) -> dict[str, Any]:
        """Write it as MCP does (2026-07-28, server/tools; earlier revisions leave out what they do not know)."""
        found: dict[str, Any] = {"content": list(self.content), "isError": self.is_error, "resultType": "complete"}
        if self.structured is not None:
            found["structuredContent"] = self.structured
        if self.call_id:
            found["_meta"] = {CALL_ID: self.call_id}
        return found


class ToolSource(Protocol):
    """Where the tools of one server come from."""

    async def tools(self, principal: Principal) -> Sequence[Tool]:
        """List the tools that a caller may call, always in the same order; raises `GatewayError`."""
        ...

    async def call(self, call: Call, name: str, arguments: Json) -> ToolResult:
        """Call one on behalf of whoever made `call`; raises `UnknownTool`, and `GatewayError` for what is refused."""
        ...


class UnknownTool(Exception):
    """There is no tool of this name, or not for this caller."""


def text_block(text: str) -> Json:
    """Write text as a block of content."""
    return {"type": "text", "text": text}


def failure(message: str) -> ToolResult:
    """Tell the model what went wrong, so that it can do something else."""
    return ToolResult((text_block(message[:LONGEST_TEXT]),), is_error=True)
