"""What a fresh gateway begins with: a team, an application of it, a prompt API and a REST service.

Everything is looked for before it is made, so that a start that was cut off is made whole by the next, and a second one
makes nothing. What somebody changed since stays as it is. In a gateway that has services of its own nothing is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import structs

from tollbridge import Actor, Gateway, SetupError
from tollbridge.administering import (
    Application,
    Move,
    Release,
    ReleaseState,
    Service,
    ServiceChange,
    Team,
)
from tollbridge.services.model import Access, Approval, Design, read_design, write_design
from tollbridge_demo.depot import DOCUMENT
from tollbridge_prompts import starter

NAME = "starter"
"""Of the team and of the application."""
PROMPT, REST = "sentiment", "depot"
"""The slugs of the services."""
CALLS = {
    PROMPT: f"POST /v1/apis/{PROMPT} and the model api/{PROMPT}",
    REST: f"GET /v1/apis/{REST}/stock",
}
"""How each is called."""
PRICE_PER_CALL = "0.0001"
_BY = Actor("starter", "cli")


@dataclass(frozen=True, slots=True)
class Laid:
    """What is there now; `made` names what was not before, `left` what is not as it would be made, and why.

    `application` is None where it cannot be used any more. `services` are those of these that it can call.
    """

    application: Application | None
    made: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


class _Leave(Exception):
    """Something stays as it is; says why."""


class Starter:
    """Makes it.  `upstream` is where the depot is; without one its answers are made up from its document.

    `parameters` are those of the prompt API that a model needs, besides what every model is asked with.
    """

    def __init__(
        self, gateway: Gateway, *, model: str, upstream: str = "", parameters: Mapping[str, float] | None = None
    ) -> None:
        self._gateway = gateway
        self._model = model
        self._parameters = dict(parameters or {})
        self._upstream = upstream
        self._made: list[str] = []
        self._left: list[str] = []

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
            team = await self._gateway.people.teams.add(NAME, title="Starter", by=_BY)
            self._made.append(f"team {NAME}")
        application = await self._application(team)
        if application is None:
            return self._laid(None)
        services: list[str] = []
        for slug, kind, design in ((PROMPT, "prompt", self._sentiment()), (REST, "rest", self.depot())):
            try:
                service = await self._published(slug, kind, read_design(write_design(design)))
            except _Leave as exc:
                self._left.append(f"service {slug}: {exc}")
            else:
                await self._subscribed(application, service)
                services.append(slug)
        found = await self._gateway.applications.get(application.id)
        return self._laid(found or application, *services)

    def _laid(self, application: Application | None, *services: str) -> Laid:
        return Laid(application, tuple(self._made), tuple(self._left), services)

    async def _application(self, team: Team) -> Application | None:
        """Give the application, None where it or its team was switched off or ended."""
        if _is_off(team):
            self._left.append(f"team {NAME}: it was switched off or ended")
            return None
        found = await self._gateway.applications.list(search=NAME, team=NAME)
        named = [one for one in found if one.name == NAME]
        for one in named:
            if not _is_off(one):
                return one
        if named:
            self._left.append(f"application {NAME}: it was switched off or ended")
            return None
        self._made.append(f"application {NAME}")
        said: dict[str, Any] = {"team": NAME, "description": "What calls first.", "scopes": ("ai:*",)}
        return await self._gateway.applications.add(NAME, **said, by=_BY)

    async def _published(self, slug: str, kind: str, design: Design) -> Service:
        """Give a service of ours that serves this; one that leads elsewhere, on a port of before, is published anew.

        Raises `_Leave` where somebody else has its name, changed it or took it away, and while it waits for a review.
        """
        services, store = self._gateway.services, await self._gateway.store.services()
        found = await store.get_service(slug)
        if found is None:
            found = await services.add(slug, kind, team=NAME, draft=design, by=_BY)
            self._made.append(f"service {slug}")
        elif found.team != NAME or found.retired_at is not None:
            raise _Leave("it was retired" if found.team == NAME else f"it is not of the team {NAME}")
        elif found.live and await self._leads_there(found, design):
            return found
        newest = next(iter(await store.list_releases(found.id, limit=1)), None)
        if newest is not None and newest.created_by != _BY.id:
            raise _Leave(f"its release {newest.version} was made by somebody else")
        if newest is None or newest.id == found.live:
            await self._redraft(found, design)
            version = f"1.0.{newest.number if newest else 0}"
            newest = await services.release(found.id, version=version, by=_BY)
        if newest is not None:
            await self._serve(newest)
        return await self._published(slug, kind, design)

    async def _leads_there(self, found: Service, design: Design) -> bool:
        """Whether what serves has the upstreams of this design, if that has some."""
        store = await self._gateway.store.services()
        live = (await store.designs([found.live]))[found.live]
        return _nodes(design) in ([], _nodes(live))

    async def _redraft(self, found: Service, design: Design) -> None:
        """Let a design be the draft of a service; raises `_Leave` where somebody else is writing there."""
        store = await self._gateway.store.services()
        drafted, live = await store.get_draft(found.id), await store.designs([found.live] if found.live else [])
        draft = drafted[1] if drafted is not None else design
        if draft == design:
            return
        if draft not in (*live.values(), Design()) and (found.live or _bare(draft) != _bare(design)):
            raise _Leave("its draft was changed by somebody else")
        await self._gateway.services.change(found.id, ServiceChange(draft=design), by=_BY)

    async def _serve(self, release: Release) -> None:
        """Publish a release of ours; raises `_Leave` where that is for somebody else to do first."""
        reviewed = self._gateway.config.services.review != "none"
        if release.state is ReleaseState.MADE and reviewed:
            await self._gateway.services.move(release.service_id, release.number, Move.SUBMIT, by=_BY)
        elif release.state in (ReleaseState.MADE, ReleaseState.APPROVED):
            await self._gateway.services.publish(release.service_id, release.number, by=_BY)
            return
        elif release.state is not ReleaseState.REVIEW:
            raise _Leave(f"its release {release.version} is {release.state}")
        raise _Leave(f"its release {release.version} waits for a review; run this again once it is approved")

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
        definition["parameters"] = {**definition["parameters"], **self._parameters}
        definition["tests"] = {**definition["tests"], "gate": 0}
        return msgspec.convert({**draft, "definition": definition, **_terms()}, Design)

    def depot(self) -> Design:
        """Give the REST service."""
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


def _bare(design: Design) -> Design:
    """Give a design without where it leads and what it asks."""
    kept = {key: value for key, value in design.definition.items() if key not in ("upstreams", "default", "model")}
    return structs.replace(design, definition=kept)


def _is_off(one: Team | Application) -> bool:
    return one.disabled_at is not None or one.ended_at is not None
