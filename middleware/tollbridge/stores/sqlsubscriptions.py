"""Plans and subscriptions in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET
from sqlalchemy import Row, Select, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from tollbridge.audit import Act
from tollbridge.money import show_usd
from tollbridge.services.kinds import MODEL
from tollbridge.services.subscribing import (
    OPEN,
    CallQuota,
    Plan,
    PlanChange,
    PlanEdit,
    Subscription,
    SubscriptionState,
)
from tollbridge.stores.auditing import record
from tollbridge.stores.changes import change_for
from tollbridge.stores.engine import answering
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.servicetables import plan, service, subscription
from tollbridge.stores.sqlapplications import grant_scopes, withdraw_scopes
from tollbridge.stores.subscriptions import Decision
from tollbridge.stores.tables import token
from tollbridge.stores.tokenrows import optional_moment
from tollbridge.stores.tokenwriting import TokenTurns, TokenWriting, refused
from tollbridge.tokens.model import TokenBudget, TokenLimits

_p, _s = plan.c, subscription.c
_S = SubscriptionState
_WAYS = {
    _S.ASKED: (_S.APPROVED, _S.REFUSED, _S.CANCELLED),
    _S.APPROVED: (_S.APPROVED, _S.CANCELLED, _S.ENDED, _S.EXPIRED),
}
"""What may become of a subscription; one that is approved again gets another plan or another end."""
_OPEN = [state.value for state in OPEN]
_AT_ONCE = 100


class SqlSubscriptions:
    """Keeps them."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns

    async def add_plan(self, new: Plan, act: Act) -> Plan:
        values = {"name": new.name, "created_at": micros(new.created_at), **_terms(_change_of(new))}
        async with self._turns.take() as writing:
            try:
                await writing.connection.execute(insert(plan).values(values))
            except IntegrityError as exc:
                raise refused("there is or was a plan of this name; take another", "already_exists") from exc
            await record(writing.connection, act, ("plan.add", new.name), None, _told(values))
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
            change: PlanChange = change_for(edit, _plan(row))
            before, values = row._asdict(), _terms(change)
            if change.ended is not UNSET:
                values["ended_at"] = (row.ended_at or micros(act.at)) if change.ended else None
            values = {column: value for column, value in values.items() if before[column] != value}
            if values:
                await writing.connection.execute(update(plan).where(_p.name == row.name).values(values))
                was = _told({column: before[column] for column in values})
                await record(writing.connection, act, ("plan.change", row.name), was, _told(values))
            return _plan((await writing.connection.execute(wanted)).one())

    async def subscribe(self, wanted: Subscription, act: Act) -> Subscription:
        beside = select(_s.id).where(
            _s.application == wanted.application, _s.service_id == wanted.service_id, _s.state.in_(_OPEN)
        )
        async with self._turns.take() as writing:
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
            await self._open(writing, wanted, act)
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
        values: dict[str, Any] = {"state": decision.state.value}
        if decision.state in (_S.APPROVED, _S.REFUSED):
            values |= {"opinion": storable(decision.opinion), "decided_by": act.actor.id, "decided_at": micros(act.at)}
        if decision.state is _S.APPROVED:
            values["expires_at"] = None if decision.expires_at is None else micros(decision.expires_at)
            values["plan"] = one.plan if decision.plan is None else decision.plan
        if decision.state not in OPEN:
            values["ended_at"] = micros(act.at)
        await writing.connection.execute(update(subscription).where(_s.id == one.id).values(values))
        told = {"state": decision.state.value, "plan": values.get("plan", one.plan), "why": decision.opinion}
        action = f"subscription.{SAID[decision.state]}"
        await record(writing.connection, act, (action, one.id), {"state": one.state.value}, told)
        found = await _there(writing, one.id)
        await self._open(writing, found, act)
        return found

    async def _open(self, writing: TokenWriting, one: Subscription, act: Act) -> None:
        """Give the application what the service needs while the subscription is approved, and take it away then."""
        asked = select(service.c.slug).where(service.c.id == one.service_id)
        slug = (await writing.connection.execute(asked)).scalar_one()
        scopes = (f"service:{slug}:*", f"model:{MODEL}{slug}")
        change = grant_scopes if one.state is _S.APPROVED else withdraw_scopes
        await change(writing, one.application, scopes, act)

    async def _plans(self, wanted: Select[Any]) -> Sequence[Plan]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return [_plan(row) for row in await connection.execute(wanted)]

    async def _subscriptions(self, wanted: Select[Any]) -> Sequence[Subscription]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return [_subscription(row) for row in await connection.execute(wanted)]


SAID = {
    _S.APPROVED: "approve",
    _S.REFUSED: "refuse",
    _S.CANCELLED: "cancel",
    _S.ENDED: "end",
    _S.EXPIRED: "expire",
}
"""By which word it is recorded what became of a subscription."""


async def _row(writing: TokenWriting, subscription_id: str) -> Row[Any] | None:
    wanted = select(subscription).where(_s.id == storable(subscription_id))
    return (await writing.connection.execute(wanted)).one_or_none()


async def _there(writing: TokenWriting, subscription_id: str) -> Subscription:
    return _subscription((await writing.connection.execute(select(subscription).where(_s.id == subscription_id))).one())


def _change_of(new: Plan) -> PlanChange:
    named = ("title", "description", "limits", "budget", "price_per_call", "models", "quota")
    return PlanChange(**{name: getattr(new, name) for name in named})


def _terms(change: PlanChange) -> dict[str, Any]:
    """Give the columns that a change writes."""
    values: dict[str, Any] = {}
    for name in ("title", "description", "price_per_call"):
        value = getattr(change, name)
        if value is not UNSET:
            values[name] = storable(value) if isinstance(value, str) else value
    if change.limits is not UNSET:
        values |= {name: getattr(change.limits, name) for name in TokenLimits.__struct_fields__}
    if change.budget is not UNSET:
        budget = change.budget
        values |= {"budget_amount": None, "budget_period": None}
        if budget is not None:
            values |= {"budget_amount": budget.amount, "budget_period": budget.period}
    if change.models is not UNSET:
        values["models"] = "\n".join(change.models)
    if change.quota is not UNSET:
        quota = change.quota
        values |= {"quota_calls": quota and quota.calls, "quota_period": quota and quota.period}
    return values


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the audit log says of columns, as people read them."""
    ways: dict[str, Callable[[Any], Any]] = {
        "budget_amount": show_usd,
        "price_per_call": show_usd,
        "models": lambda models: models.split("\n"),
        "ended_at": lambda at: moment(at).isoformat(),
    }
    told = {name: value for name, value in values.items() if name != "created_at"}
    return {name: ways[name](value) if value and name in ways else value for name, value in told.items()}


def _plan(row: Row[Any]) -> Plan:
    return Plan(
        name=row.name,
        title=row.title,
        description=row.description,
        limits=_limits(row),
        budget=None if row.budget_amount is None else TokenBudget(row.budget_amount, row.budget_period),
        price_per_call=row.price_per_call,
        models=tuple(row.models.split("\n")) if row.models else (),
        quota=None if row.quota_calls is None else CallQuota(row.quota_calls, row.quota_period),
        created_at=moment(row.created_at),
        ended_at=optional_moment(row.ended_at),
    )


def _limits(row: Any) -> TokenLimits:
    return TokenLimits(row.requests_per_minute, row.tokens_per_minute, row.concurrency)


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
