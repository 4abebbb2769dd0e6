"""What a fresh gateway begins with: a team, an application of it, a prompt API and a REST service.

Everything is looked for before it is made, so that a start that was cut off is made whole by the next, and a second one
makes nothing. In a gateway that has services of its own nothing is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tollbridge import Actor, Gateway, SetupError
from tollbridge.administering import Application, Service, ServiceChange
from tollbridge.services.model import Access, Approval, Design
from tollbridge_demo.depot import DOCUMENT
from tollbridge_prompts import starter

NAME = "starter"
"""Of the team and of the application."""
PROMPT, REST = "sentiment", "depot"
"""The slugs of the services."""
PRICE_PER_CALL = "0.0001"
_BY = Actor("starter", "cli")


@dataclass(frozen=True, slots=True)
class Laid:
    """What is there now; `made` names what was not before."""

    application: Application
    made: tuple[str, ...]


class Starter:
    """Makes it.  `upstream` is where the depot is; without one its answers are made up from its document."""

    def __init__(self, gateway: Gateway, *, model: str, upstream: str = "") -> None:
        self._gateway = gateway
        self._model = model
        self._upstream = upstream
        self._made: list[str] = []

    async def lay(self) -> Laid | None:
        """Make what is not there; None in a gateway that has services of its own, where nothing is made."""
        known = {entry.id for entry in self._gateway.models()}
        if self._model not in known:
            raise SetupError(f"there is no model {self._model!r} here; see: tollbridge models")
        store = await self._gateway.store.services()
        team = await self._gateway.people.teams.get(NAME)
        if team is None and await store.list_services(limit=1):
            return None
        if team is None:
            await self._gateway.people.teams.add(NAME, title="Starter", by=_BY)
            self._made.append(f"team {NAME}")
        application = await self._application()
        for slug, kind, design in ((PROMPT, "prompt", self._sentiment()), (REST, "rest", self._depot())):
            service = await self._published(slug, kind, design)
            if service is not None:
                await self._subscribed(application, service)
        found = await self._gateway.applications.get(application.id)
        return Laid(found or application, tuple(self._made))

    async def _application(self) -> Application:
        found = await self._gateway.applications.list(search=NAME, team=NAME)
        for one in found:
            if one.name == NAME:
                return one
        self._made.append(f"application {NAME}")
        said: dict[str, Any] = {"team": NAME, "description": "What calls first.", "scopes": ("ai:*",)}
        return await self._gateway.applications.add(NAME, **said, by=_BY)

    async def _published(self, slug: str, kind: str, design: Design) -> Service | None:
        """Give a service of ours that serves this; one that leads elsewhere, on a port of before, is published anew.

        None where somebody else has its name, and where it was retired.
        """
        services, store = self._gateway.services, await self._gateway.store.services()
        found = await store.get_service(slug)
        if found is None:
            found = await services.add(slug, kind, team=NAME, draft=design, by=_BY)
            self._made.append(f"service {slug}")
        elif found.team != NAME or found.retired_at is not None:
            return None
        elif not await self._leads_elsewhere(found, design):
            return found
        else:
            await services.change(found.id, ServiceChange(draft=design), by=_BY)
        before = await store.list_releases(found.id, limit=1)
        version = f"1.0.{before[0].number if before else 0}"
        release = await services.release(found.id, version=version, by=_BY)
        if release is not None:
            await services.publish(found.id, release.number, by=_BY)
        return found

    async def _leads_elsewhere(self, found: Service, design: Design) -> bool:
        """Whether nothing serves yet, or what serves has other upstreams than this design."""
        if not found.live:
            return True
        store = await self._gateway.store.services()
        live = (await store.designs([found.live]))[found.live]
        return _nodes(live) != _nodes(design)

    async def _subscribed(self, application: Application, service: Service) -> None:
        store = await self._gateway.store.subscriptions()
        if await store.list_subscriptions(application=application.id, service_id=service.id, limit=1):
            return
        await self._gateway.subscriptions.ask(application.id, service.slug, why="to begin with", by=_BY)
        self._made.append(f"subscription to {service.slug}")

    def _sentiment(self) -> Design:
        """Give the prompt API; its tests are for models that are larger than the demo's, and hold nothing up."""
        draft = dict(starter(PROMPT))
        definition = {**draft["definition"], "model": self._model}
        definition["tests"] = {**definition["tests"], "gate": 0}
        return msgspec.convert({**draft, "definition": definition, **_terms()}, Design)

    def _depot(self) -> Design:
        definition: dict[str, Any] = {"document": DOCUMENT, "default": {"mock": "always"}}
        if self._upstream:
            depot = {"nodes": [{"url": self._upstream}], "allow_private": True}
            definition = {"document": DOCUMENT, "upstreams": {"depot": depot}}
        said: dict[str, Any] = {
            "name": "Depot",
            "description": "Says what a small depot has in stock.",
            "tags": ["orders"],
        }
        said |= {"price_per_call_usd": PRICE_PER_CALL, "definition": definition}
        return msgspec.convert({**said, **_terms()}, Design)


def _terms() -> Mapping[str, Any]:
    return {"access": Access.SUBSCRIPTION.value, "approval": Approval.AUTO.value}


def _nodes(design: Design) -> list[object]:
    return [one.get("nodes") for one in design.definition.get("upstreams", {}).values()]
