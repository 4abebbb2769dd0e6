"""The kind `app`: routes of the app that the gateway wraps."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from tollbridge import Call, SetupError
from tollbridge.services.kinds import (
    About,
    Change,
    HandingKind,
    Problem,
    Proof,
    Running,
    ServedService,
    ServiceKind,
    ServiceOperation,
)
from tollbridge_routes.app.changing import changes_between
from tollbridge_routes.app.checking import problems_of
from tollbridge_routes.app.definition import AppDefinition
from tollbridge_routes.app.describing import openapi_of
from tollbridge_routes.app.proving import NOTHING_WRAPPED, missing_in
from tollbridge_routes.app.serving import ServedApp, operations_of
from tollbridge_routes.app.table import template_of

if TYPE_CHECKING:
    from tollbridge import Gateway


class AppKind:
    """Routes of the wrapped app."""

    name: str = "app"
    spoken: bool = False
    definition: type[msgspec.Struct] = AppDefinition

    def check(self, definition: AppDefinition) -> Sequence[Problem]:
        """Say what keeps a definition from being published, and what is doubtful."""
        return problems_of(definition)

    def operations(self, definition: AppDefinition) -> Sequence[ServiceOperation]:
        """List what can be called."""
        return operations_of(definition)

    def openapi(self, about: About, definition: AppDefinition) -> dict[str, Any]:
        """Describe it as OpenAPI."""
        return openapi_of(about, definition)

    def changes(self, before: AppDefinition, after: AppDefinition) -> Sequence[Change]:
        """Say what differs."""
        return changes_between(before, after)

    def models(self, definition: AppDefinition) -> Sequence[str]:
        """Name no model: what the app calls is its own matter."""
        return ()

    def app_routes(self, definition: AppDefinition) -> Sequence[str]:
        """Name the routes of the app that it comes to."""
        return [f"{method}:{template_of(definition, route)}" for route in definition.routes for method in route.methods]

    def secrets(self, definition: AppDefinition) -> Sequence[str]:
        """Name no secret: it has none."""
        return ()

    def gated(self, definition: AppDefinition) -> bool:
        """Whether it has tests: it has none."""
        return False

    async def prove(self, gateway: "Gateway", running: Running, call: Call) -> Proof:
        """Try a release: an app is wrapped here, and has its routes."""
        return Proof(tuple(missing_in(gateway.app, running.definition)))

    def serve(self, gateway: "Gateway", running: Running) -> ServedService:
        """Make what serves a release on this worker; raises `SetupError` where no app is wrapped."""
        if gateway.app is None:
            raise SetupError(NOTHING_WRAPPED)
        return ServedApp(gateway.app, running.definition)


_: tuple[type[ServiceKind], type[HandingKind]] = (AppKind, AppKind)
