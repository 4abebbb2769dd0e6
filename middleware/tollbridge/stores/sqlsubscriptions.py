"""Plans and subscriptions in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET
from sqlalchemy import Row, Select, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from tollbridge.audit import Act
from tollbridge.services.kinds import MODEL
from tollbridge.services.subscribing import Plan, PlanChange, PlanEdit, Subscription, SubscriptionState
from tollbridge.stores.auditing import record
from tollbridge.stores.changes import change_for
from tollbridge.stores.closing import IS_OPEN, SAID, decided, ending
from tollbridge.stores.engine import answering
from tollbridge.stores.planrows import change_of_plan, plan_values, read_plan, told_of_plan
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.servicetables import plan, service, subscription
from tollbridge.stores.sqlapplications import MOST_GIVEN, MOST_SUBSCRIBED, grant_scopes, withdraw_scopes
from tollbridge.stores.subscriptions import Decision
from tollbridge.stores.tables import token
from tollbridge.stores.tokenrows import optional_moment
from tollbridge.stores.tokenwriting import TokenTurns, TokenWriting, refused

_p, _s = plan.c, subscription.c
_S = SubscriptionState
_WAYS = {
    _S.ASKED: (_S.APPROVED, _S.REFUSED, _S.CANCELLED),
    _S.APPROVED: (_S.APPROVED, _S.CANCELLED, _S.ENDED, _S.EXPIRED),
}
"""What may become of a subscription; one that is approved again gets another plan or another end."""
_AT_ONCE = 100


class SqlSubscriptions:
    """Keeps them."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns

    async def add_plan(self, new: Plan, act: Act) -> Plan:
        values = {"name": new.name, "created_at": micros(new.created_at), **plan_values(change_of_plan(new))}
        async with self._turns.take() as writing:
            try:
                await writing.connection.execute(insert(plan).values(values))
            except IntegrityError as exc:
                raise refused("there is or was a plan of this name; take another", "already_exists") from exc
            await record(writing.connection, act, ("plan.add", new.name), None, told_of_plan(values))
        return new

    async def get_plan(self, name: str) -> Plan | None:
        found = await self._plans(select(plan).where(_p.name == storable(name)))
        return found[0] if found else None

    async def list_plans(self, *, limit: int = 50, after: str = "") -> Sequence[Plan]:
        return await self._plans(select(plan).where(_p.name > storable(after)).order_by(_p.name).limit(limit))

    async def change_plan(self, name: str, edit: PlanEdit, act: Act) -> Plan | None:
        async with self._turns.take() as writing:
            wanted = select(plan).where(_p.name == storable(name))
            row = (await writing.connection.execute(wanted)).one_or_none()
            if row is None:
                return None
            change: PlanChange = change_for(edit, read_plan(row))
            before, values = row._asdict(), plan_values(change)
            if change.ended is not UNSET:
                values["ended_at"] = (row.ended_at or micros(act.at)) if change.ended else None
            values = {column: value for column, value in values.items() if before[column] != value}
            if values:
                await writing.connection.execute(update(plan).where(_p.name == row.name).values(values))
                was = told_of_plan({column: before[column] for column in values})
                await record(writing.connection, act, ("plan.change", row.name), was, told_of_plan(values))
            return read_plan((await writing.connection.execute(wanted)).one())

    async def subscribe(self, wanted: Subscription, act: Act) -> Subscription:
        beside = select(_s.id).where(_s.application == wanted.application, _s.service_id == wanted.service_id, IS_OPEN)
        async with self._turns.take() as writing:
            await _check_going(writing, wanted)
            await _check_given(writing, wanted.plan)
            if (await writing.connection.execute(beside)).first() is not None:
                raise refused("this application has a subscription of this service, or asked for it", "already_exists")
            values = {
                "id": wanted.id,
                "application": wanted.application,
                "service_id": wanted.service_id,
                "plan": wanted.plan,
                "state": wanted.state.value,
                "why": storable(wanted.why),
                "asked_by": wanted.asked_by,
                "asked_at": micros(wanted.asked_at),
                "opinion": "",
                "decided_by": wanted.decided_by,
                "decided_at": None if wanted.decided_at is None else micros(wanted.decided_at),
                "expires_at": None if wanted.expires_at is None else micros(wanted.expires_at),
            }
            await writing.connection.execute(insert(subscription).values(values))
            told = {name: values[name] for name in ("application", "service_id", "plan", "state", "why")}
            await record(writing.connection, act, ("subscription.ask", wanted.id), None, told)
            given = wanted.state is _S.APPROVED and wanted.decided_by == wanted.asked_by
            await self._open(writing, wanted, act, MOST_GIVEN if given else MOST_SUBSCRIBED)
            return await _there(writing, wanted.id)

    async def decide(self, subscription_id: str, decision: Decision, act: Act) -> Subscription | None:
        async with self._turns.take() as writing:
            row = await _row(writing, subscription_id)
            return None if row is None else await self._decide(writing, _subscription(row), decision, act)

    async def get_subscription(self, subscription_id: str) -> Subscription | None:
        found = await self._subscriptions(select(subscription).where(_s.id == storable(subscription_id)))
        return found[0] if found else None

    async def list_subscriptions(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        application: str = "",
        service_id: str = "",
        state: str = "",
        application_team: str | None = None,
        service_team: str | None = None,
    ) -> Sequence[Subscription]:
        wanted = select(subscription).order_by(_s.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(_s.id < storable(before))
        for column, value in ((_s.application, application), (_s.service_id, service_id), (_s.state, state)):
            if value:
                wanted = wanted.where(column == storable(value))
        teams = []
        if application_team is not None:
            teams.append(_s.application.in_(select(token.c.id).where(token.c.team == storable(application_team))))
        if service_team is not None:
            teams.append(_s.service_id.in_(select(service.c.id).where(service.c.team == storable(service_team))))
        return await self._subscriptions(wanted.where(or_(*teams)) if teams else wanted)

    async def expire_subscriptions(self, now: datetime, act: Act) -> int:
        due = select(subscription).where(_s.state == _S.APPROVED.value, _s.expires_at <= micros(now))
        ended = 0
        async with self._turns.take() as writing:
            for row in (await writing.connection.execute(due.order_by(_s.id).limit(_AT_ONCE))).all():
                await self._decide(writing, _subscription(row), Decision(state=_S.EXPIRED), act)
                ended += 1
        return ended

    async def _decide(self, writing: TokenWriting, one: Subscription, decision: Decision, act: Act) -> Subscription:
        if decision.state not in _WAYS.get(one.state, ()):
            raise refused(f"a subscription that is {one.state} cannot become {decision.state}")
        if decision.check is not None:
            decision.check(one)
        opinion = storable(decision.opinion)
        if decision.state is _S.APPROVED:
            plan_name = one.plan if decision.plan is None else decision.plan
            await _check_going(writing, one)
            if one.state is _S.ASKED or plan_name != one.plan:
                await _check_given(writing, plan_name)
            values = {"state": decision.state.value, "plan": plan_name, **decided(opinion, act)}
            if decision.expires_at is not UNSET:
                values["expires_at"] = None if decision.expires_at is None else micros(decision.expires_at)
        else:
            values = ending(decision.state, opinion, act)
        await writing.connection.execute(update(subscription).where(_s.id == one.id).values(values))
        told = {"state": decision.state.value, "plan": values.get("plan", one.plan), "why": decision.opinion}
        action = f"subscription.{SAID[decision.state]}"
        await record(writing.connection, act, (action, one.id), {"state": one.state.value}, told)
        found = await _there(writing, one.id)
        await self._open(writing, found, act)
        return found

    async def _open(self, writing: TokenWriting, one: Subscription, act: Act, most: int = MOST_SUBSCRIBED) -> None:
        """Give the application what the service needs while the subscription is approved, and take it away then."""
        asked = select(service.c.slug).where(service.c.id == one.service_id)
        slug = (await writing.connection.execute(asked)).scalar_one()
        scopes = (f"service:{slug}:*", f"model:{MODEL}{slug}")
        if one.state is _S.APPROVED:
            await grant_scopes(writing, one.application, scopes, act, most)
        else:
            await withdraw_scopes(writing, one.application, scopes, act)

    async def _plans(self, wanted: Select[Any]) -> Sequence[Plan]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return [read_plan(row) for row in await connection.execute(wanted)]

    async def _subscriptions(self, wanted: Select[Any]) -> Sequence[Subscription]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return [_subscription(row) for row in await connection.execute(wanted)]


async def _row(writing: TokenWriting, subscription_id: str) -> Row[Any] | None:
    wanted = select(subscription).where(_s.id == storable(subscription_id))
    return (await writing.connection.execute(wanted)).one_or_none()


async def _check_going(writing: TokenWriting, one: Subscription) -> None:
    """Refuse to open what has ended, with whatever looked at it before (409)."""
    retired = select(service.c.id).where(service.c.id == one.service_id, service.c.retired_at.is_not(None))
    if (await writing.connection.execute(retired)).first() is not None:
        raise refused("this service is retired, for good")
    over = select(token.c.id).where(token.c.id == storable(one.application), token.c.revoked_at.is_not(None))
    if (await writing.connection.execute(over)).first() is not None:
        raise refused("this application has ended, for good")


async def _check_given(writing: TokenWriting, name: str) -> None:
    """Refuse a plan that has ended to whoever does not have it (409)."""
    ended = select(_p.name).where(_p.name == storable(name), _p.ended_at.is_not(None))
    if (await writing.connection.execute(ended)).first() is not None:
        raise refused(f"the plan {name[:63]!r} is not given to anybody any more; name another one")


async def _there(writing: TokenWriting, subscription_id: str) -> Subscription:
    return _subscription((await writing.connection.execute(select(subscription).where(_s.id == subscription_id))).one())


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        application=row.application,
        service_id=row.service_id,
        plan=row.plan,
        state=SubscriptionState(row.state),
        why=row.why,
        asked_by=row.asked_by,
        asked_at=moment(row.asked_at),
        opinion=row.opinion,
        decided_by=row.decided_by,
        decided_at=optional_moment(row.decided_at),
        expires_at=optional_moment(row.expires_at),
        ended_at=optional_moment(row.ended_at),
    )
