"""REST services: an outside API behind the bridge's tokens, with routes, balanced upstreams, transforms and a cache."""

from collections.abc import Callable
from typing import Any

from tollbridge import hookimpl


@hookimpl
def register_service_kinds(register: Callable[[Any], None]) -> None:
    from tollbridge_rest.kind import RestKind

    register(RestKind())


@hookimpl
def register_commands(register: Callable[[str, Any], None]) -> None:
    """Offer the command that writes a service of an OpenAPI document."""
    from tollbridge_rest.commands import openapi_draft

    register("openapi-draft", openapi_draft)
