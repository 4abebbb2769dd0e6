"""Subscriptions: listed, asked for, decided on, cancelled and ended.

A caller with a team sees those of its applications and those of its services. It asks and cancels for the former,
approves, refuses and ends the latter, and gives these to applications of other teams.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import UNSET

from tollbridge import BadRequest, Denied, Gateway, NotFound
from tollbridge.administering import Subscription, SubscriptionState
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.subscriptionshapes import (
    Approval,
    Opinion,
    SubscriptionsAsked,
    SubscriptionShown,
    SubscriptionsShown,
    SubscriptionWish,
    shown,
)
from tollbridge_admin.tags import tag_of
from tollbridge_admin.wishes import moment_of

READ, WRITE = "admin:subscriptions:read", "admin:subscriptions:write"
_LIST = "subscriptions"
_ALL, _ONE = "/subscriptions", "/subscriptions/{id}"


class Subscriptions:
    """Answers for subscriptions."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        write: dict[str, Any] = {"gives": SubscriptionShown, "scope": WRITE, "also": (409,)}
        acting: dict[str, Any] = {"tagged": True, "may_be_bare": True, **write}
        said: dict[str, Any] = {"takes": Opinion, **acting}
        return (
            route("GET", _ALL, self.list_subscriptions, takes=SubscriptionsAsked, gives=SubscriptionsShown, scope=READ),
            route("POST", _ALL, self.create_subscription, takes=SubscriptionWish, status=201, **write),
            route("GET", _ONE, self.get_subscription, takes=Nothing, gives=SubscriptionShown, scope=READ, tagged=True),
            route("POST", f"{_ONE}/approve", self.approve_subscription, takes=Approval, **acting),
            route("POST", f"{_ONE}/refuse", self.refuse_subscription, **said),
            route("POST", f"{_ONE}/cancel", self.cancel_subscription, **said),
            route("POST", f"{_ONE}/end", self.end_subscription, **said),
        )

    async def list_subscriptions(self, asked: Asked, query: SubscriptionsAsked) -> Answer:
        """List subscriptions, newest first."""
        own = asked.caller.team or None
        found = await (await self._gateway.store.subscriptions()).list_subscriptions(
            limit=query.limit + 1,
            before=read_cursor(_LIST, query.after),
            application=query.application,
            service_id=query.service,
            state="" if query.state is UNSET else query.state,
            application_team=own,
            service_team=own,
        )
        page = found[: query.limit]
        following = cursor(_LIST, page[-1].id) if len(found) > len(page) else None
        return Answer(SubscriptionsShown([shown(one) for one in page], following))

    async def create_subscription(self, asked: Asked, wish: SubscriptionWish) -> Answer:
        """Ask for a service for an application; where nobody has to decide, it opens at once.

        So it does where the team of the service gives it to an application of another team.
        """
        given = not await self._is_its_application(asked, wish.application)
        if given and not await self._is_its_service(asked, wish.service):
            raise BadRequest("there is no such application", param="application")
        more: dict[str, Any] = {"plan": wish.plan, "why": wish.why, "given": given, "by": asked.actor}
        one = await self._gateway.subscriptions.ask(wish.application, wish.service, **more)
        return Answer(shown(one), 201, tag_of(shown(one)), {"location": f"subscriptions/{one.id}"})

    async def get_subscription(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one subscription."""
        return _one(await self._see(asked))

    async def approve_subscription(self, asked: Asked, wish: Approval) -> Answer:
        """Let an application call a service; one that is approved already gets another plan or end."""
        one = await self._of_its_service(asked)
        plan = None if wish.plan is UNSET else wish.plan
        ends = wish.expires_at if wish.expires_at is UNSET else moment_of(wish.expires_at)
        more: dict[str, Any] = {"opinion": wish.opinion, "plan": plan, "expires_at": ends}
        approve = self._gateway.subscriptions.approve
        return _one(_there(await approve(one.id, **more, check=_matching(asked), by=asked.actor)))

    async def refuse_subscription(self, asked: Asked, wish: Opinion) -> Answer:
        """Refuse what an application asked for."""
        return await self._close(asked, await self._of_its_service(asked), SubscriptionState.REFUSED, wish)

    async def cancel_subscription(self, asked: Asked, wish: Opinion) -> Answer:
        """Cancel a subscription, or the asking for one, for the application."""
        one = await self._see(asked)
        if not await self._is_its_application(asked, one.application):
            raise Denied("the application's team cancels; end it for your service", code="out_of_reach")
        return await self._close(asked, one, SubscriptionState.CANCELLED, wish)

    async def end_subscription(self, asked: Asked, wish: Opinion) -> Answer:
        """End a subscription, for the service: no call that starts after this is let in."""
        return await self._close(asked, await self._of_its_service(asked), SubscriptionState.ENDED, wish)

    async def _close(self, asked: Asked, one: Subscription, state: SubscriptionState, wish: Opinion) -> Answer:
        more: dict[str, Any] = {"opinion": wish.opinion, "check": _matching(asked), "by": asked.actor}
        return _one(_there(await self._gateway.subscriptions.close(one.id, state, **more)))

    async def _see(self, asked: Asked) -> Subscription:
        """Find a subscription that the caller may see; raises `NotFound`."""
        one = _there(await (await self._gateway.store.subscriptions()).get_subscription(asked.id))
        if not await self._is_its_service(asked, one.service_id) and not await self._is_its_application(
            asked, one.application
        ):
            raise _nothing()
        return one

    async def _of_its_service(self, asked: Asked) -> Subscription:
        """Find one that the caller decides on; raises `NotFound`, and `Denied` for one of its own application alone."""
        one = await self._see(asked)
        if not await self._is_its_service(asked, one.service_id):
            raise Denied("the team of the service decides on it", code="out_of_reach")
        return one

    async def _is_its_service(self, asked: Asked, name: str) -> bool:
        team = asked.caller.team
        if not team:
            return True
        service = await (await self._gateway.store.services()).get_service(name)
        return service is not None and service.team == team

    async def _is_its_application(self, asked: Asked, application: str) -> bool:
        team = asked.caller.team
        if not team:
            return True
        found = await self._gateway.store.get_token(application)
        return found is not None and found.team == team


def _matching(asked: Asked) -> Callable[[Subscription], None]:
    return lambda seen: asked.check_match(tag_of(shown(seen)))


def _there(one: Subscription | None) -> Subscription:
    if one is None:
        raise _nothing()
    return one


def _nothing() -> NotFound:
    return NotFound("there is no such subscription")


def _one(one: Subscription) -> Answer:
    return Answer(shown(one), tag=tag_of(shown(one)))
