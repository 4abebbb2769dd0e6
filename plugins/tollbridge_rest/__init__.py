"""REST services: an outside API behind the bridge's tokens, with routes, balanced upstreams, transforms and a cache."""

from collections.abc import Callable
from typing import Any

from tollbridge import hookimpl


@hookimpl
def register_service_kinds(register: Callable[[Any], None]) -> None:
    from tollbridge_rest.kind import RestKind

    register(RestKind())
