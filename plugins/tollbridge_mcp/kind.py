"""The kind `mcp`: what is said of an outside server's release, and what serves it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import msgspec

from tollbridge import Call, ConfigError, Gateway, Unavailable, UpstreamError
from tollbridge.services.kinds import About, Change, Problem, Proof, Running, ServedService, ServiceOperation
from tollbridge_mcp.app import LACK, lacking
from tollbridge_mcp.credentials import Shown
from tollbridge_mcp.definition import McpDefinition, ToolRule, problems, references
from tollbridge_mcp.model import Tool, ToolResult
from tollbridge_mcp.proxy import Outside, ServedMcp, operation

_RESULT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "content": {"type": "array", "items": {"type": "object"}},
        "structuredContent": {"type": "object"},
        "isError": {"type": "boolean"},
    },
    "required": ["content", "isError"],
}


class McpKind:
    """Outside MCP servers as services."""

    name = "mcp"
    spoken = False
    definition: type[msgspec.Struct] = McpDefinition

    def check(self, definition: McpDefinition) -> Sequence[Problem]:
        """Say what keeps a definition from being published."""
        lacks = () if find_spec("mcp") is not None else (Problem("", LACK),)
        return (*problems(definition), *lacks)

    def operations(self, definition: McpDefinition) -> Sequence[ServiceOperation]:
        """List the tools that are let through by name; what a pattern lets through is known to the server alone."""
        return [operation(name) for name in _named(definition)]

    def openapi(self, about: About, definition: McpDefinition) -> dict[str, Any]:
        """Describe how its tools are called by HTTP."""
        content = {"application/json": {"schema": _RESULT}}
        arguments = {"application/json": {"schema": {"type": "object"}}}
        paths = {
            operation(name).path: {
                "post": {
                    "operationId": name,
                    "summary": f"Calls the tool {name}.",
                    "requestBody": {"required": True, "content": arguments},
                    "responses": {"200": {"description": "What the tool gave.", "content": content}},
                }
            }
            for name in _named(definition)
        }
        info = {"title": about.name, "description": about.description, "version": about.version or "0"}
        return {"openapi": "3.1.0", "info": info, "servers": [{"url": about.url}], "paths": paths}

    def changes(self, before: McpDefinition, after: McpDefinition) -> Sequence[Change]:
        """Say what differs; what takes a tool away, or calls it otherwise, breaks callers."""
        found = list[Change]()
        if before.url != after.url:
            found.append(Change("url", "the server is another one", True, before.url[:200], after.url[:200]))
        if before.prefix != after.prefix:
            found.append(Change("prefix", "tools are called otherwise", True, before.prefix, after.prefix))
        old, new = _rules(before), _rules(after)
        for name in sorted(old.keys() - new.keys()):
            found.append(Change(f"tools/{name}", "is not let through any more", True, before=name))
        for name in sorted(new.keys() - old.keys()):
            found.append(Change(f"tools/{name}", "is let through", after=name))
        for name in sorted(name for name in old.keys() & new.keys() if old[name].rename != new[name].rename):
            found.append(Change(f"tools/{name}", "is called otherwise", True, old[name].rename, new[name].rename))
        for field in ("headers", "oauth", "timeout_s", "forward_identity"):
            if getattr(before, field) != getattr(after, field):
                found.append(Change(field, "differs"))
        return found

    def models(self, definition: McpDefinition) -> Sequence[str]:
        """None: it calls no model."""
        return ()

    def secrets(self, definition: McpDefinition) -> Sequence[str]:
        """Name the references to secrets."""
        return references(definition)

    def gated(self, definition: McpDefinition) -> bool:
        """Whether it has tests: it has none."""
        return False

    async def prove(self, gateway: Gateway, running: Running, call: Call) -> Proof:
        """Ask the server for its tools: it must answer, and have those that are named."""
        definition: McpDefinition = running.definition
        try:
            listed = {each.name for each in await _list(_outside(gateway, running))}
        except ConfigError as exc:
            return Proof((Problem("", str(exc)),))
        except Unavailable as exc:
            return Proof((Problem("headers", exc.detail or exc.message),))
        except UpstreamError as exc:
            return Proof((Problem("url", exc.message),))
        lacking = [rule.name for rule in definition.tools if "*" not in rule.name and rule.name not in listed]
        found = [Problem("tools", f"the server has no tool {name!r}", warning=True) for name in lacking]
        if definition.forward_identity and gateway.vouching is None:
            found.append(Problem("forward_identity", "the gateway vouches for nobody; [service] vouch lets it", True))
        return Proof(tuple(found))

    def serve(self, gateway: Gateway, running: Running) -> ServedService:
        """Make what serves a release; raises `ConfigError` where the SDK is not installed."""
        return ServedMcp(running.slug, running.definition, _outside(gateway, running), gateway.clock)


async def _list(outside: Outside) -> Sequence[Tool]:
    try:
        return await outside.tools()
    finally:
        await outside.close()


def _outside(gateway: Gateway, running: Running) -> Outside:
    """Give an outside server; raises `ConfigError` where the SDK is not installed."""
    if find_spec("mcp") is None:
        raise ConfigError(LACK)
    definition: McpDefinition = running.definition
    allowed = gateway.config.services.allow_private
    shown = Shown(
        definition,
        lambda reference: gateway.service_secrets.read(reference, f"service {running.slug}"),
        gateway.transport,
        gateway.clock,
        allow_private=allowed,
    )

    def make() -> Outside:
        from tollbridge_mcp.client import OutsideServer

        return OutsideServer(
            definition.url,
            gateway.transport,
            shown,
            timeout_s=definition.timeout_s,
            allow_private=allowed,
            renew=shown.renew,
        )

    return LaterServer(make)


class LaterServer:
    """An outside server that is made when it is first asked, beside the event loop: the SDK takes long to import."""

    def __init__(self, make: Callable[[], Outside]) -> None:
        self._make = make
        self._made: Outside | None = None

    async def _server(self) -> Outside:
        if self._made is None:
            try:
                made = await asyncio.to_thread(self._make)
            except ModuleNotFoundError as exc:
                raise lacking(exc) from None
            self._made = self._made or made
        return self._made

    async def tools(self) -> tuple[Tool, ...]:
        """List its tools; raises `UpstreamError`, and `ConfigError` where the SDK lacks something."""
        return await (await self._server()).tools()

    async def call(self, name: str, arguments: Mapping[str, Any], headers: Mapping[str, str]) -> ToolResult:
        """Call one, as `tools` lists them."""
        return await (await self._server()).call(name, arguments, headers)

    async def close(self) -> None:
        """End what still runs."""
        if self._made is not None:
            await self._made.close()


def _rules(definition: McpDefinition) -> Mapping[str, ToolRule]:
    return {rule.name: rule for rule in definition.tools}


def _named(definition: McpDefinition) -> Sequence[str]:
    plain = (rule for rule in definition.tools if "*" not in rule.name)
    return [definition.prefix + (rule.rename or rule.name) for rule in plain]
