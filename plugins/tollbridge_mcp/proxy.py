"""An outside MCP server as a service: each tool that is let through is an operation, called at `/tools/<name>`.

So a tool has a scope of its own, `service:<slug>:<tool>`, and passes the chain as any other operation, whether it is
called as a tool or by HTTP.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
from starlette.types import Receive, Scope, Send

from tollbridge import BadRequest, Call, Clock, NotFound, Principal, Unavailable, UpstreamError
from tollbridge.administering import BodyTooLarge, MethodNotAllowed, check_json_depth
from tollbridge.services.kinds import ServiceOperation
from tollbridge_mcp.definition import McpDefinition, Naming
from tollbridge_mcp.invoking import LARGEST_ANSWER, Invoke, Request
from tollbridge_mcp.messages import DEEPEST, LARGEST
from tollbridge_mcp.model import Json, Tool, ToolResult, UnknownTool, failure
from tollbridge_mcp.results import TOO_DEEP, is_deep, result_of
from tollbridge_mcp.sources import APIS

KEPT_S = 60.0
"""Seconds a list of tools is kept."""
FAILED_S = 5.0
"""Seconds that there is none is kept."""
IDENTITY = b"x-tollbridge-identity"
_TOOLS = "/tools/"


class Outside(Protocol):
    """An outside server."""

    async def tools(self) -> tuple[Tool, ...]:
        """List its tools; raises `UpstreamError`."""
        ...

    async def call(self, name: str, arguments: Mapping[str, Any], headers: Mapping[str, str]) -> ToolResult:
        """Call one; raises `UpstreamError`."""
        ...

    async def close(self) -> None:
        """End what still runs."""
        ...


class ServedMcp:
    """A release of kind `mcp` on one worker."""

    def __init__(self, slug: str, definition: McpDefinition, outside: Outside, clock: Clock) -> None:
        self.slug = slug
        self._naming = Naming(definition)
        self._open = any("*" in rule.name for rule in definition.tools)
        self._forwards = definition.forward_identity
        self._outside = outside
        self._clock = clock
        self._listing: asyncio.Task[tuple[Tool, ...]] | None = None
        self._until = float("-inf")

    def find(
        self, method: str, path: str, headers: Sequence[tuple[bytes, bytes]], query: bytes
    ) -> ServiceOperation | None:
        """Say which tool a request calls; one that is not let through is nothing."""
        name = path.removeprefix(_TOOLS)
        if name == path or self._naming.theirs(name) is None:
            return None
        if method != "POST":
            raise MethodNotAllowed("a tool is called by POST", headers={"allow": "POST"})
        return operation(name)

    def lets(self, name: str) -> bool:
        """Whether a tool of this name may be there, or by a `*` in it any that no rule names."""
        if "*" in name:
            return self._open and all(each.isalnum() or each in "_.-*" for each in name)
        return self._naming.theirs(name) is not None

    async def tools(self) -> tuple[Tool, ...]:
        """List what is let through, by its names here; raises `UpstreamError`, `Unavailable` once it is closed.

        Whoever needs the list while it is fetched waits for one and the same fetch, which goes on without them.
        """
        listing = self._listing
        foreign = listing is not None and listing.get_loop() is not asyncio.get_running_loop()
        if listing is None or foreign or (listing.done() and self._clock.monotonic() >= self._until):
            listing = self._listing = asyncio.create_task(self._list())
        await asyncio.wait((listing,))
        if listing.cancelled():
            raise Unavailable("another release takes the place of this one; try again")
        return listing.result()

    async def _list(self) -> tuple[Tool, ...]:
        kept_s = FAILED_S
        try:
            listed = self._ours(await self._outside.tools())
            kept_s = KEPT_S
        finally:
            self._until = self._clock.monotonic() + kept_s
        return listed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call a tool: the body is its arguments, the answer what MCP calls a result."""
        call: Call = scope["tollbridge"]
        name = self._naming.theirs(scope["path"].removeprefix(scope.get("root_path", "")).removeprefix(_TOOLS))
        if name is None:
            raise NotFound("there is no such tool here")
        arguments = read_arguments(await _read(receive))
        result = await self._outside.call(name, arguments, self._said(call))
        body = msgspec.json.encode(result.wire())
        if len(body) > LARGEST_ANSWER:
            raise UpstreamError(f"what the tool gives is over {LARGEST_ANSWER} bytes")
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def close(self) -> None:
        """End the fetch of a list, where one runs."""
        if self._listing is not None and self._listing.get_loop() is asyncio.get_running_loop():
            self._listing.cancel()
            await asyncio.wait((self._listing,))
        await self._outside.close()

    def _ours(self, theirs: Sequence[Tool]) -> tuple[Tool, ...]:
        found = dict[str, Tool]()
        for each in theirs:
            name = self._naming.here(each.name)
            if name is not None and name not in found:
                found[name] = msgspec.structs.replace(each, name=name)
        return tuple(found.values())

    def _said(self, call: Call) -> Mapping[str, str]:
        if not self._forwards:
            return {}
        word = call.header(IDENTITY)
        if word is None:
            raise Unavailable(
                "this tool cannot be called now",
                detail="forward_identity needs [service] vouch: there is no word to hand on",
            )
        return {IDENTITY.decode("ascii"): word.decode("latin-1")}


class McpTools:
    """The tools of an outside server for MCP clients: a caller sees those its scopes let it call."""

    def __init__(self, served: ServedMcp, invoke: Invoke, *, root: str = "") -> None:
        self._served = served
        self._invoke = invoke
        self._root = root or f"{APIS}{served.slug}"

    async def tools(self, principal: Principal) -> Sequence[Tool]:
        """List them."""
        return [each for each in await self._served.tools() if self._may(principal, each.name)]

    async def call(self, call: Call, name: str, arguments: Json) -> ToolResult:
        """Call one, through the chain; raises `UnknownTool` for one that is not let through, or not for this caller."""
        principal = call.principal
        if principal is None or not self._may(principal, name):
            raise UnknownTool(name)
        path = _TOOLS + name
        if self._served.find("POST", path, (), b"") is None:
            raise UnknownTool(name)
        headers = ((b"content-type", b"application/json"), (b"accept", b"application/json"))
        answer = await self._invoke(
            call, Request("POST", self._root + path, headers=headers, body=msgspec.json.encode(arguments))
        )
        if answer.status != 200:
            return result_of(answer)
        return msgspec.structs.replace(read_result(answer.body), call_id=answer.call_id)

    def _may(self, principal: Principal, name: str) -> bool:
        return f"service:{self._served.slug}:{name}" in principal.scopes


def operation(name: str, summary: str = "") -> ServiceOperation:
    """Describe the operation that a tool is."""
    return ServiceOperation(name, "POST", _TOOLS + name, summary)


def read_arguments(body: bytes) -> Mapping[str, Any]:
    """Read the arguments of a tool; an empty body has none.  Raises `BadRequest`."""
    check_json_depth(body, DEEPEST)
    try:
        found = msgspec.json.decode(body or b"{}")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadRequest("the body must be a JSON object: the arguments of the tool")
    return found


def read_result(body: bytes) -> ToolResult:
    """Read what `ServedMcp` writes; what is too deep for clients is a failure."""
    if is_deep(body):
        return failure(TOO_DEEP)
    found = msgspec.json.decode(body)
    return ToolResult(tuple(found["content"]), found.get("structuredContent"), found["isError"])


async def _read(receive: Receive) -> bytes:
    parts, size = list[bytes](), 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadRequest("the request broke off")
        size += len(message.get("body", b""))
        if size > LARGEST:
            raise BodyTooLarge(f"the arguments are over {LARGEST} bytes")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
