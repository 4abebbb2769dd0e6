"""The catalogue: what is published, to each caller what they may see of it.

Whoever shows no token sees public services, whoever has one internal ones too, those of a team only that team, and all
whoever has no team and may read services.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tollbridge import Gateway, NotFound
from tollbridge.administering import (
    Catalogue,
    Listing,
    Reader,
    Shelves,
    Subscription,
    SubscriptionState,
    Wanted,
)
from tollbridge.services.kinds import ServiceKind
from tollbridge_admin import applications, services, subscriptions
from tollbridge_admin.asking import NOBODY, Answer, Asked
from tollbridge_admin.callcounts import CallCounts
from tollbridge_admin.catalogueshapes import (
    Around,
    CardsShown,
    CatalogueAsked,
    CatalogueShown,
    VersionAsked,
    card,
    whole,
)
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.planshapes import PlanShown
from tollbridge_admin.planshapes import shown as plan_shown
from tollbridge_admin.routes import ANY_OR_NONE, ANY_TOKEN, Nothing, Route, route
from tollbridge_admin.services import Document
from tollbridge_admin.tags import tag_of

MCP = "/v1/mcp"
"""Where services are servers of MCP, where a plugin has them be some."""
_LIST = "catalogue"
_ONE = "/catalogue/services/{service}"
_MOST_SUBSCRIPTIONS = 100
_OPEN = (SubscriptionState.APPROVED, SubscriptionState.ASKED)


class CatalogueOf:
    """Answers with it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._catalogue = Catalogue(gateway.books, gateway.services.kinds)
        self._calls = CallCounts(gateway)

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        scope = ANY_OR_NONE if self._gateway.config.services.open_catalogue else ANY_TOKEN
        one: dict[str, Any] = {"scope": scope, "tagged": True}
        listing: dict[str, Any] = {"takes": CatalogueAsked, "gives": CardsShown, "scope": scope}
        document: dict[str, Any] = {"takes": VersionAsked, "gives": dict[str, Any], **one}
        return (
            route("GET", "/catalogue", self.sort_catalogue, takes=Nothing, gives=Shelves, scope=scope),
            route("GET", "/catalogue/services", self.list_catalogue, **listing),
            route("GET", _ONE, self.get_catalogue_service, takes=Nothing, gives=CatalogueShown, **one),
            route("GET", f"{_ONE}/openapi", self.describe_catalogue_service, **document),
        )

    async def sort_catalogue(self, asked: Asked, nothing: Nothing) -> Answer:
        """Count the services that the caller sees: by category, as a tree, by tag, by kind and by team."""
        return Answer(await self._catalogue.shelves(self._reader(asked)))

    async def list_catalogue(self, asked: Asked, query: CatalogueAsked) -> Answer:
        """List the published services that the caller sees, by their slugs."""
        wanted = Wanted(words=query.q, category=query.category, tag=query.tag, kind=query.kind, team=query.team)
        after = read_cursor(_LIST, query.after) or ""
        found = await self._catalogue.list(self._reader(asked), wanted, limit=query.limit + 1, after=after)
        page = found[: query.limit]
        around = await self._around(asked, page)
        following = cursor(_LIST, page[-1].service.slug) if len(found) > len(page) else None
        return Answer(CardsShown([card(one, around[one.service.id]) for one in page], following))

    async def get_catalogue_service(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show a published service: its words, what can be called, where, and under which plans."""
        one = await self._see(asked)
        around = (await self._around(asked, [one]))[one.service.id]
        shown = whole(one, around, await self._plans(one), await self._subscriptions(asked, one))
        return Answer(shown, tag=tag_of(shown))

    async def describe_catalogue_service(self, asked: Asked, query: VersionAsked) -> Answer:
        """Describe what can be called of a published service (OpenAPI 3.1)."""
        one = await self._see(asked)
        live = one.version(query.version)
        if live is None:
            raise NotFound("this service serves no such version")
        document = await self._catalogue.openapi(one, live, url=self._gateway.config.server.public_url)
        return Answer(document, tag=tag_of(Document(document)))

    def _reader(self, asked: Asked) -> Reader:
        """Say who reads; raises `RateLimited` for who shows no token and reads too much."""
        caller = asked.caller
        if caller is NOBODY:
            self._gateway.throttle.look(asked.call.client)
            return Reader(known=False)
        return Reader(caller.team, everything=not caller.team and services.READ in caller.scopes)

    async def _see(self, asked: Asked) -> Listing:
        """Find the service of the path; raises `NotFound`, also for one that is not the caller's to see."""
        found = await self._catalogue.get(self._reader(asked), asked.named["service"])
        if found is None:
            raise NotFound("there is no such service")
        return found

    async def _around(self, asked: Asked, page: Sequence[Listing]) -> Mapping[str, Around]:
        """Give what is known of services beside what they say of themselves, by their ids."""
        overviews, caller = await self._gateway.store.overviews(), asked.caller
        ids = [one.service.id for one in page]
        subscribers = await overviews.subscribers(ids)
        calls = await self._calls.of([one.service for one in page])
        theirs = caller.team or applications.READ in caller.scopes
        standing = await overviews.standing(caller.team, ids) if theirs else {}
        base, kinds = self._gateway.config.server.public_url, self._gateway.services.kinds
        mcp = base + MCP if MCP in self._gateway.registry.paths else None
        return {
            one.service.id: Around(
                operations=await self._catalogue.operations(one.live, one.service.kind),
                subscribers=subscribers[one.service.id],
                calls=calls[one.service.id],
                standing=standing.get(one.service.id),
                base=base,
                mcp=mcp if _has_tools(kinds.get(one.service.kind)) else None,
                spoken=one.service.kind in kinds and kinds[one.service.kind].spoken,
            )
            for one in page
        }

    async def _plans(self, one: Listing) -> Sequence[PlanShown]:
        """Give the plans of a service that somebody can still have."""
        store = await self._gateway.store.subscriptions()
        found = [await store.get_plan(name) for name in one.design.plans]
        return [plan_shown(plan) for plan in found if plan is not None and plan.ended_at is None]

    async def _subscriptions(self, asked: Asked, one: Listing) -> Sequence[Subscription]:
        """Give those of the caller's applications, where the caller may read subscriptions at all."""
        if subscriptions.READ not in asked.caller.scopes:
            return ()
        store, team = await self._gateway.store.subscriptions(), asked.caller.team
        found = list[Subscription]()
        for state in _OPEN:
            found += await store.list_subscriptions(
                limit=_MOST_SUBSCRIPTIONS, service_id=one.service.id, state=state.value, application_team=team
            )
        return found


def _has_tools(kind: ServiceKind | None) -> bool:
    """Whether services of a kind are servers of MCP: what is called as a model alone has no tools."""
    return kind is not None and not getattr(kind, "only_spoken", False)
