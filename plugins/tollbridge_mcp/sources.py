"""The tools of one published service: what its OpenAPI document describes, called through the gateway's chain."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tollbridge import BadRequest, Call, Principal
from tollbridge_mcp.invoking import Invoke
from tollbridge_mcp.model import Json, Tool, ToolResult, UnknownTool, failure
from tollbridge_mcp.operations import ApiOperation, Reading
from tollbridge_mcp.requests import request_of
from tollbridge_mcp.results import result_of

APIS = "/v1/apis/"
"""Where services are called, each below its slug."""


class OpenApiTools:
    """Tools of a service, one for each operation that was read of its document.

    `root` is the path of the service, `scopes` names its operations by method and path, as scopes do; one that is not
    in there has the name that the document gives it. A caller sees the tools that its scopes let it call.
    """

    def __init__(
        self,
        slug: str,
        reading: Reading,
        invoke: Invoke,
        *,
        root: str = "",
        scopes: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self._slug = slug
        self._operations = {each.tool.name: each for each in reading.operations}
        self._invoke = invoke
        self._root = root or f"{APIS}{slug}"
        self._scopes = scopes or {}

    async def tools(self, principal: Principal) -> Sequence[Tool]:
        """List the tools that a caller may call."""
        return [each.tool for each in self._operations.values() if self._scope(each) in principal.scopes]

    async def call(self, call: Call, name: str, arguments: Json) -> ToolResult:
        """Call one: its request passes the chain as any other; raises `UnknownTool` where the caller has none such."""
        operation, principal = self._operations.get(name), call.principal
        if operation is None or principal is None or self._scope(operation) not in principal.scopes:
            raise UnknownTool(name)
        try:
            request = request_of(operation, arguments)
        except BadRequest as exc:
            return failure(exc.message)
        request = msgspec.structs.replace(request, path=f"{self._root}{'' if request.path == '/' else request.path}")
        answer = await self._invoke(call, request)
        promised = operation.tool.output_schema is not None
        return result_of(answer, wrapped=operation.wrapped, promised=promised)

    def _scope(self, operation: ApiOperation) -> str:
        named = self._scopes.get((operation.method, operation.path), operation.id)
        return f"service:{self._slug}:{named}"


def tool(name: str, description: str, properties: Mapping[str, Any], required: Sequence[str] = ()) -> Tool:
    """Describe a tool of our own."""
    shape: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if required:
        shape["required"] = list(required)
    return Tool(name=name, description=description, input_schema=shape)
