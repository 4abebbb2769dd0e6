"""Services of what a gateway has already: routes of the app that it wraps, and models under a name of their own."""

from collections.abc import Callable
from typing import Any

from tollbridge import hookimpl


@hookimpl
def register_service_kinds(register: Callable[[Any], None]) -> None:
    """Offer the kinds `app` and `model`."""
    from tollbridge_routes.app.kind import AppKind
    from tollbridge_routes.model.kind import ModelKind

    register(AppKind())
    register(ModelKind())


@hookimpl
def register_commands(register: Callable[[str, Any], None]) -> None:
    """Offer the command that writes a service of an app's routes."""
    from tollbridge_routes.commands import app_routes

    register("app-routes", app_routes)
