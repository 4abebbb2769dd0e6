"""Closing the subscriptions of what ends, in the transaction that ends it: none stays open, or waits for nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.services.subscribing import OPEN, SubscriptionState
from tollbridge.stores.auditing import record
from tollbridge.stores.rows import micros
from tollbridge.stores.servicetables import subscription

_c = subscription.c
_AT_ONCE = 500
IS_OPEN = _c.state.in_([state.value for state in OPEN])
SAID = {
    SubscriptionState.APPROVED: "approve",
    SubscriptionState.REFUSED: "refuse",
    SubscriptionState.CANCELLED: "cancel",
    SubscriptionState.ENDED: "end",
    SubscriptionState.EXPIRED: "expire",
}
"""By which word it is recorded what became of a subscription."""
_Become = Mapping[SubscriptionState, SubscriptionState]
_BY_CALLER = dict.fromkeys(OPEN, SubscriptionState.CANCELLED)
_BY_SERVICE = {SubscriptionState.ASKED: SubscriptionState.REFUSED, SubscriptionState.APPROVED: SubscriptionState.ENDED}


async def close_of_applications(connection: AsyncConnection, ids: Sequence[str], act: Act) -> None:
    """Cancel the subscriptions of applications that have ended, and what they asked for."""
    for start in range(0, len(ids), _AT_ONCE):
        some = _c.application.in_(ids[start : start + _AT_ONCE])
        await _close(connection, some, _BY_CALLER, "the application has ended", act)


async def close_of_service(connection: AsyncConnection, service_id: str, act: Act) -> None:
    """End the subscriptions of a service that is retired, and refuse who asks for it.

    What they let their applications do stays: by that a caller is known as one who hears what took its place (410).
    """
    await _close(connection, _c.service_id == service_id, _BY_SERVICE, "the service is retired", act)


async def _close(
    connection: AsyncConnection,
    which: ColumnElement[bool],
    become: Mapping[SubscriptionState, SubscriptionState],
    why: str,
    act: Act,
) -> None:
    wanted = select(_c.id, _c.state, _c.plan).where(which, IS_OPEN).order_by(_c.id)
    for row in (await connection.execute(wanted)).all():
        state = become[SubscriptionState(row.state)]
        await connection.execute(update(subscription).where(_c.id == row.id).values(ending(state, why, act)))
        told = {"state": state.value, "plan": row.plan, "why": why}
        await record(connection, act, (f"subscription.{SAID[state]}", row.id), {"state": row.state}, told)


def ending(state: SubscriptionState, opinion: str, act: Act) -> dict[str, Any]:
    """Give the columns of a subscription that is closed; one whose time is over keeps what was last said of it."""
    closed = {"state": state.value, "ended_at": micros(act.at)}
    return closed if state is SubscriptionState.EXPIRED else closed | decided(opinion, act)


def decided(opinion: str, act: Act) -> dict[str, Any]:
    """Give the columns that say who decided on a subscription last, when and why."""
    return {"opinion": opinion, "decided_by": act.actor.id, "decided_at": micros(act.at)}
