"""The kind `model`: a model route as a product."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from tollbridge import Call, GatewayError
from tollbridge.formats import Message, Request, Role, Text
from tollbridge.services.kinds import (
    About,
    Change,
    Problem,
    Proof,
    Running,
    ServedService,
    ServiceKind,
    ServiceOperation,
)
from tollbridge_routes.model.changing import changes_between
from tollbridge_routes.model.checking import problems_of
from tollbridge_routes.model.definition import ModelDefinition
from tollbridge_routes.model.describing import openapi_of
from tollbridge_routes.model.serving import DESCRIBE, ServedModel

if TYPE_CHECKING:
    from tollbridge import Gateway

_PING = Request(
    origin="tollbridge", model="", messages=(Message(role=Role.USER, parts=(Text(text="ping"),)),), max_output=16
)
"""The least that can be asked."""


class ModelKind:
    """Model routes."""

    name: str = "model"
    spoken: bool = True
    only_spoken: bool = True
    definition: type[msgspec.Struct] = ModelDefinition

    def check(self, definition: ModelDefinition) -> Sequence[Problem]:
        """Say what keeps a definition from being published, and what is doubtful."""
        return problems_of(definition)

    def operations(self, definition: ModelDefinition) -> Sequence[ServiceOperation]:
        """List what can be called by path: what describes it.  As a model it is called by the scope of models."""
        return [DESCRIBE]

    def openapi(self, about: About, definition: ModelDefinition) -> dict[str, Any]:
        """Describe it as OpenAPI."""
        return openapi_of(about, definition)

    def changes(self, before: ModelDefinition, after: ModelDefinition) -> Sequence[Change]:
        """Say what differs."""
        return changes_between(before, after)

    def models(self, definition: ModelDefinition) -> Sequence[str]:
        """Name the model that is asked."""
        return [definition.model] if definition.model else []

    def secrets(self, definition: ModelDefinition) -> Sequence[str]:
        """Name no secret: it has none."""
        return ()

    def gated(self, definition: ModelDefinition) -> bool:
        """Whether it has tests: it has none."""
        return False

    async def prove(self, gateway: "Gateway", running: Running, call: Call) -> Proof:
        """Try a release: ask its model the least there is, on the account of who asks."""
        try:
            await ServedModel(running, lambda: gateway.asking).respond(call, _PING)
        except GatewayError as exc:
            return Proof((Problem("model", exc.detail or exc.message),))
        return Proof()

    def serve(self, gateway: "Gateway", running: Running) -> ServedService:
        """Make what serves a release on this worker."""
        return ServedModel(running, lambda: gateway.asking)


_: type[ServiceKind] = ModelKind
