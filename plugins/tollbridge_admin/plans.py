"""Plans: listed, made and changed.  They belong to the whole bridge; whoever administers subscriptions sees them."""

from collections.abc import Sequence
from typing import Any

from tollbridge import Denied, Gateway, NotFound
from tollbridge.administering import Plan
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.planshapes import (
    NewPlanWish,
    PlanPatch,
    PlansAsked,
    PlanShown,
    PlansShown,
    change_of,
    plan_of,
    shown,
)
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of

READ, WRITE = "admin:subscriptions:read", "admin:plans:write"
_LIST = "plans"
_ONE = "/plans/{name}"


class Plans:
    """Answers for plans."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        write: dict[str, Any] = {"gives": PlanShown, "scope": WRITE, "also": (409,)}
        return (
            route("GET", "/plans", self.list_plans, takes=PlansAsked, gives=PlansShown, scope=READ),
            route("POST", "/plans", self.create_plan, takes=NewPlanWish, status=201, **write),
            route("GET", _ONE, self.get_plan, takes=Nothing, gives=PlanShown, scope=READ, tagged=True),
            route("PATCH", _ONE, self.change_plan, takes=PlanPatch, tagged=True, **write),
        )

    async def list_plans(self, asked: Asked, query: PlansAsked) -> Answer:
        """List plans by their names."""
        store, after = await self._gateway.store.subscriptions(), read_cursor(_LIST, query.after) or ""
        found = await store.list_plans(limit=query.limit + 1, after=after)
        page = found[: query.limit]
        following = cursor(_LIST, page[-1].name) if len(found) > len(page) else None
        return Answer(PlansShown([shown(one) for one in page], following))

    async def create_plan(self, asked: Asked, wish: NewPlanWish) -> Answer:
        """Make a plan."""
        _check_bridge(asked)
        plan = await self._gateway.subscriptions.add_plan(plan_of(wish, self._gateway.clock.now()), by=asked.actor)
        return Answer(shown(plan), 201, tag_of(shown(plan)), {"location": f"plans/{plan.name}"})

    async def get_plan(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one plan."""
        return _one(_there(await (await self._gateway.store.subscriptions()).get_plan(asked.named["name"])))

    async def change_plan(self, asked: Asked, patch: PlanPatch) -> Answer:
        """Change a plan, for all who have it at once: what is not there stays, null takes away (RFC 7396)."""
        _check_bridge(asked)
        plan = _there(await (await self._gateway.store.subscriptions()).get_plan(asked.named["name"]))

        def change(seen: Plan) -> Any:
            asked.check_match(tag_of(shown(seen)))
            return change_of(seen, patch)

        return _one(_there(await self._gateway.subscriptions.change_plan(plan.name, change, by=asked.actor)))


def _check_bridge(asked: Asked) -> None:
    if asked.caller.team:
        raise Denied("plans belong to the whole bridge; ask somebody who administers that", code="out_of_reach")


def _there(plan: Plan | None) -> Plan:
    if plan is None:
        raise NotFound("there is no such plan")
    return plan


def _one(plan: Plan) -> Answer:
    return Answer(shown(plan), tag=tag_of(shown(plan)))
