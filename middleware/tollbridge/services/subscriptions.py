"""Plans and subscriptions of one gateway: asked for, decided on, cancelled, ended."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType, structs

from tollbridge.applications.model import is_application
from tollbridge.audit import OPERATOR, Actor
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest, NotFound
from tollbridge.ids import new_id
from tollbridge.people.wishes import checked_description, checked_line
from tollbridge.services.model import Approval, Design, Named, Service, ServiceState, Visibility
from tollbridge.services.subscribing import (
    QUOTA_PERIODS,
    CallQuota,
    Plan,
    PlanChange,
    PlanEdit,
    Subscription,
    SubscriptionState,
)
from tollbridge.services.wishes import SLUG, PolicyProblems, checked_policies, checked_reason
from tollbridge.stores.base import Store
from tollbridge.stores.changes import change_for
from tollbridge.stores.subscriptions import Decision
from tollbridge.tokens.model import Token, TokenState
from tollbridge.tokens.scopes import parse_scope
from tollbridge.tokens.service import TokenService

MOST_MODELS = 100
MOST_CALLS = 1_000_000_000_000
_SLUG = re.compile(SLUG)
_CHECKED = ("title", "description", "models", "quota", "policies")


class Subscriptions:
    """Plans and subscriptions.

    Raises `BadRequest` with `param` for what cannot be used, 409 for what does not fit where something is on its way.
    None is nothing: there is no such plan or subscription.
    """

    def __init__(self, store: Store, tokens: TokenService, clock: Clock, *, policies: PolicyProblems) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self._policies = policies

    async def add_plan(self, plan: Plan, *, by: Actor = OPERATOR) -> Plan:
        """Make a plan; its time of making is now."""
        if not _SLUG.fullmatch(plan.name):
            raise BadRequest("a plan is 1 to 63 small letters, digits and hyphens, none at its ends", param="name")
        terms = self._checked(PlanChange(**{name: getattr(plan, name) for name in _CHECKED}))
        said = {name: getattr(terms, name) for name in _CHECKED}
        made = structs.replace(plan, **said, created_at=self._clock.now(), ended_at=None)
        return await (await self._store.subscriptions()).add_plan(made, await self._tokens.act(by))

    async def change_plan(self, name: str, edit: PlanEdit, *, by: Actor = OPERATOR) -> Plan | None:
        """Change a plan, for all who have it at once; one that is ended is given to nobody any more."""
        store = await self._store.subscriptions()

        def changed(plan: Plan) -> PlanChange:
            return self._checked(change_for(edit, plan))

        return await store.change_plan(name, changed, await self._tokens.act(by))

    def _checked(self, change: PlanChange) -> PlanChange:
        if change.policies is not UNSET:
            for name, why in self._policies(change.policies):
                raise BadRequest(why, param=f"policies.{name[:63]}")
        return _checked(change)

    async def ask(
        self,
        application: str,
        service: str,
        *,
        plan: str = "",
        why: str = "",
        given: bool = False,
        by: Actor = OPERATOR,
    ) -> Subscription:
        """Ask for a service, by its id or slug, for an application.

        Where nobody has to decide it opens at once, and where it is `given` by whoever does. Raises `NotFound` for a
        service that the application's team does not see, unless it is given.
        """
        caller = await self._application(application)
        found, design = await self._offered(service, None if given else caller.team)
        await self._check_plan(plan, design)
        now, opens = self._clock.now(), given or design.approval is Approval.AUTO
        wanted = Subscription(
            id=new_id("sub", self._clock),
            application=caller.id,
            service_id=found.id,
            plan=plan,
            state=SubscriptionState.APPROVED if opens else SubscriptionState.ASKED,
            why=checked_reason(why),
            asked_by=by.id,
            asked_at=now,
            decided_by=by.id if given else "gateway" if opens else "",
            decided_at=now if opens else None,
        )
        return await (await self._store.subscriptions()).subscribe(wanted, await self._tokens.act(by))

    async def approve(
        self,
        subscription_id: str,
        *,
        opinion: str = "",
        plan: str | None = None,
        expires_at: datetime | UnsetType | None = UNSET,
        check: Callable[[Subscription], None] | None = None,
        by: Actor = OPERATOR,
    ) -> Subscription | None:
        """Let an application call, under another plan than it asked for where one is named, and until a time.

        One that is approved already gets that plan and end; None takes its end away, and what is not said stays. Raises
        `BadRequest` (409) where the service does not offer what was asked for any more.
        """
        if isinstance(expires_at, datetime) and expires_at <= self._clock.now():
            raise BadRequest("the end lies in the past", param="expires_at")
        seen = await (await self._store.subscriptions()).get_subscription(subscription_id)
        if seen is not None and plan is not None:
            _, design = await self._live(seen.service_id)
            await self._check_plan(plan, design)
        elif seen is not None and seen.state is SubscriptionState.ASKED:
            await self._check_still_offered(seen)
        decision = Decision(
            state=SubscriptionState.APPROVED,
            opinion=checked_reason(opinion, "opinion"),
            expires_at=expires_at,
            plan=plan,
            check=check,
        )
        return await self._decide(subscription_id, decision, by)

    async def close(
        self,
        subscription_id: str,
        state: SubscriptionState,
        *,
        opinion: str = "",
        check: Callable[[Subscription], None] | None = None,
        by: Actor = OPERATOR,
    ) -> Subscription | None:
        """Refuse or end a subscription, or cancel it for who asked: no call that starts after this is let in."""
        decision = Decision(state=state, opinion=checked_reason(opinion, "opinion"), check=check)
        return await self._decide(subscription_id, decision, by)

    async def expire(self, by: Actor) -> int:
        """End the subscriptions whose time is over; gives how many."""
        store, act = await self._store.subscriptions(), await self._tokens.act(by)
        ended = total = await store.expire_subscriptions(self._clock.now(), act)
        while ended:
            ended = await store.expire_subscriptions(self._clock.now(), act)
            total += ended
        return total

    async def _decide(self, subscription_id: str, decision: Decision, by: Actor) -> Subscription | None:
        store = await self._store.subscriptions()
        return await store.decide(subscription_id, decision, await self._tokens.act(by))

    async def _application(self, application: str) -> Token:
        found = await self._store.get_token(application) if is_application(application) else None
        if found is None:
            raise BadRequest("there is no such application", param="application")
        if found.state is not TokenState.ACTIVE:
            raise BadRequest("this application is disabled or has ended", param="application", status=409)
        return found

    async def _offered(self, name: str, team: str | None) -> tuple[Service, Design]:
        """Find a service that can be subscribed to, by a team that sees it, unless None says that it is given."""
        found, design = await self._live(name)
        if team is not None and design.visibility is Visibility.TEAM and (found.team != team or not team):
            raise _nothing()
        if found.state is not ServiceState.PUBLISHED:
            raise BadRequest("this service is to end, and nobody new is let in", param="service", status=409)
        return found, design

    async def _live(self, name: str) -> tuple[Service, Design]:
        store = await self._store.services()
        found = await store.get_service(name)
        if found is None or not found.live:
            raise _nothing()
        return found, (await store.designs([found.live]))[found.live]

    async def _check_still_offered(self, asked: Subscription) -> None:
        """Refuse the plan that was asked for where the release that serves has others; raises `BadRequest` (409)."""
        store = await self._store.services()
        found = await store.get_service(asked.service_id)
        design = (await store.designs([found.live])).get(found.live) if found is not None else None
        if design is not None and asked.plan not in (design.plans or ("",)):
            was = f"the plan {asked.plan!r}" if asked.plan else "no plan"
            way = f"name one of {', '.join(design.plans)}" if design.plans else "name '', for it has none"
            said = f"{was} was asked for, which this service does not offer now; {way}"
            raise BadRequest(said, param="plan", status=409)

    async def _check_plan(self, plan: str, design: Design) -> None:
        if plan not in (design.plans or ("",)):
            known = ", ".join(design.plans) or "none: leave it out"
            raise BadRequest(f"this service has no plan {plan[:63]!r}; it has {known}", param="plan")
        if plan:
            found = await (await self._store.subscriptions()).get_plan(plan)
            if found is None or found.ended_at is not None:
                raise BadRequest(f"the plan {plan!r} is not given to anybody any more", param="plan", status=409)


def _nothing() -> NotFound:
    return NotFound("there is no such service, or it is not published")


def _checked(change: PlanChange) -> PlanChange:
    """Give a change of a plan as it is kept; raises `BadRequest` with `param`."""
    checks: dict[str, Callable[[Any], Any]] = {
        "title": lambda title: checked_line(title, "title"),
        "description": checked_description,
        "models": _globs,
        "quota": _quota,
        "policies": _policies,
    }
    wished = {name: getattr(change, name) for name in _CHECKED}
    return structs.replace(change, **{name: checks[name](it) for name, it in wished.items() if it is not UNSET})


def _quota(quota: CallQuota | None) -> CallQuota | None:
    if quota is not None and (not 0 < quota.calls <= MOST_CALLS or quota.period not in QUOTA_PERIODS):
        raise BadRequest(f"a quota is 1 to {MOST_CALLS} calls in each {' or '.join(QUOTA_PERIODS)}", param="quota")
    return quota


def _policies(policies: Named) -> Named:
    try:
        return checked_policies(policies)
    except ValueError as exc:
        raise BadRequest(str(exc), param="policies") from None


def _globs(models: Sequence[str]) -> tuple[str, ...]:
    checked = tuple(dict.fromkeys(models))
    if len(checked) > MOST_MODELS:
        raise BadRequest(f"a plan names at most {MOST_MODELS} models", param="models")
    for glob in checked:
        try:
            parse_scope(f"model:{glob}")
        except ValueError as exc:
            raise BadRequest(str(exc), param="models") from exc
    return checked
