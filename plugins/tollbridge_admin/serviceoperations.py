"""What can be called of a service: of its draft, or of a release."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from tollbridge import BadRequest, Gateway, NotFound
from tollbridge.administering import SERVICES_AT, Design, Service, decoded
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.catalogueshapes import OperationShown, called_shown
from tollbridge_admin.routes import Route, route
from tollbridge_admin.servicereach import see_service
from tollbridge_admin.services import READ
from tollbridge_admin.serviceshapes import DocumentAsked


class OperationsShown(msgspec.Struct, frozen=True):
    """All that can be called; `url` is the path, with names of parameters in it."""

    items: Sequence[OperationShown]


class ServiceOperations:
    """Answers with them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        more: dict[str, Any] = {"takes": DocumentAsked, "gives": OperationsShown, "scope": READ, "also": (422,)}
        return (route("GET", "/services/{service}/operations", self.list_operations, **more),)

    async def list_operations(self, asked: Asked, query: DocumentAsked) -> Answer:
        """List what can be called of the draft of a service, or of a release, with the scope that each needs."""
        service = await see_service(self._gateway, asked)
        kind = self._gateway.services.kinds.get(service.kind)
        if kind is None:
            raise NotFound("no installed plugin offers services of this kind")
        design = await self._design(service, query)
        try:
            definition = await asyncio.to_thread(decoded, kind, design)
        except msgspec.ValidationError as exc:
            said = f"the definition cannot be read yet: {exc}"
            raise BadRequest(said, code="not_ready", status=422, param="definition") from None
        found = await asyncio.to_thread(kind.operations, definition)
        return Answer(OperationsShown(called_shown(service.slug, f"{SERVICES_AT}{service.slug}", found)))

    async def _design(self, service: Service, query: DocumentAsked) -> Design:
        store = await self._gateway.store.services()
        if query.release is UNSET:
            drafted = await store.get_draft(service.id)
            if drafted is None:  # it was forgotten meanwhile
                raise NotFound("there is no such service")
            return drafted[1]
        release = await store.get_release(service.id, query.release)
        designs = await store.designs([release.id]) if release is not None else {}
        if release is None or release.id not in designs:
            raise NotFound("there is no such release")
        return designs[release.id]
