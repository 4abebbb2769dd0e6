"""MCP: every published service as a server of tools, and outside servers as services.

This module only has the hooks; everything else loads when a gateway serves.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import hookimpl

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from tollbridge import Gateway, RegisterApp
    from tollbridge.services.kinds import ServiceKind


@hookimpl
def register_service_kinds(register: "Callable[[ServiceKind], None]") -> None:
    """Offer outside servers as services."""
    from tollbridge_mcp.kind import McpKind

    register(McpKind())


@hookimpl
def register_paths(register: "RegisterApp") -> None:
    """Offer the servers, at `/v1/mcp` and below."""
    register("/v1/mcp", _servers, own_guard="the links of gateway.guard, behind what says where a token is got")


def _servers(gateway: "Gateway") -> "ASGIApp":
    from tollbridge_mcp.mounting import mount

    return mount(gateway)


@hookimpl
def register_well_known(register: "Callable[[str, Callable[[Gateway], ASGIApp | None]], None]") -> None:
    """Offer what clients are told of whose token they need (RFC 9728)."""
    register("oauth-protected-resource/v1/mcp", _documents)


def _documents(gateway: "Gateway") -> "ASGIApp":
    from tollbridge_mcp.app import documents

    return documents(gateway)
