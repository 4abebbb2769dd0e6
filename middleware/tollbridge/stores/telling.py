"""Telling webhooks of what is recorded, in the transaction that records it: nobody has to remember to.

What stands in a row here holds no secret, so that it needs no key; what does hold one is sealed by who posts it.
"""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import AuditRecord
from tollbridge.ids import id_in_order
from tollbridge.services.model import ReleaseState
from tollbridge.services.subscribing import SubscriptionState
from tollbridge.stores.jobtables import delivery, webhook
from tollbridge.stores.peopletables import team
from tollbridge.stores.rows import storable
from tollbridge.stores.servicetables import service, subscription
from tollbridge.stores.tables import token
from tollbridge.webhooks.events import hears, said_of

_TOKENS = (token.c.id, token.c.name, token.c.team)
_SUBSCRIPTION = "subscription"
_FAIL = "service.fail"
_FOR_SUBSCRIBERS = frozenset(
    f"service.{what}"
    for what in ("deprecate", "fail", "pause", "promote", "publish", "resume", "retire", "supersede", "undeprecate")
)
"""What of a service its subscribers hear too; of releases that failed, those that served."""
_ABOUT = {
    _SUBSCRIPTION: (service.c.id, service.c.slug, service.c.team),
    "webhook": (webhook.c.id, webhook.c.name, webhook.c.team),
    "team": (team.c.name, team.c.title, team.c.name),
    "service": (service.c.id, service.c.slug, service.c.team),
}
"""Where the name and the team of a target are, by what an action is about; those of any other are a token's.

A provider's key or a role may have the name of a team, and is none of its business.
"""


async def tell(connection: AsyncConnection, record: AuditRecord) -> None:
    """Write a delivery for each webhook that hears of a record.  One whose own trouble it is does not."""
    w = webhook.c
    hooks = (await connection.execute(select(w.id, w.events, w.team).where(w.disabled_at.is_(None)))).all()
    if not hooks:
        return
    name, team_name = await _about(connection, record)
    teams = {team_name, *await _subscribed(connection, record)}
    heard = [hook for hook in hooks if _is_for(hook, record, teams)]
    if not heard:
        return
    said = storable(said_of(record, name, team_name))
    at_ms, number = record.at_us // 1000, record.number
    rows = [
        delivery_values(id_in_order("msg", at_ms, number), hook.id, record.action, record.at_us, said=said)
        for hook in heard
    ]
    await connection.execute(insert(delivery), rows)


def delivery_values(
    id: str, webhook_id: str, event: str, at_us: int, *, said: str = "", content: bytes = b""
) -> dict[str, Any]:
    """Give the columns of a delivery that is due at once, whatever a worker's clock says."""
    return {
        "id": id,
        "webhook_id": webhook_id,
        "event": event,
        "said": said,
        "content": content,
        "created_at": at_us,
        "due_at": 0,
        "attempts": 0,
        "outcome": "",
        "runner": "",
        "lease_ends_at": 0,
    }


def _is_for(hook: Any, record: AuditRecord, teams: Collection[str]) -> bool:
    if hook.id == record.target or not hears(hook.events.split(), record.action):
        return False
    return not hook.team or hook.team in teams


def _served(record: AuditRecord) -> bool:
    """Whether a release of which a record tells served before: to one that did not, nobody but its team gives heed."""
    return bool(msgspec.json.decode(record.before)["state"] == ReleaseState.LIVE)


async def _about(connection: AsyncConnection, record: AuditRecord) -> Sequence[str]:
    about, target = record.action.partition(".")[0], storable(record.target)
    key, name, of_team = _ABOUT.get(about, _TOKENS)
    asked = select(name, of_team).where(key == target)
    if about == _SUBSCRIPTION:
        of_it = subscription.c.id == target
        asked = select(name, of_team).join(subscription, key == subscription.c.service_id).where(of_it)
    return (await connection.execute(asked)).one_or_none() or ("", "")


async def _subscribed(connection: AsyncConnection, record: AuditRecord) -> Collection[str]:
    """Give the teams of the applications that a record is about: of those that have what will end or is new."""
    s, target = subscription.c, storable(record.target)
    if record.action.startswith(f"{_SUBSCRIPTION}."):
        which: Sequence[Any] = (s.id == target,)
    elif record.action in _FOR_SUBSCRIBERS and (record.action != _FAIL or _served(record)):
        which = (s.service_id == target, s.state == SubscriptionState.APPROVED.value)
    else:
        return ()
    asked = select(token.c.team).distinct().join(subscription, s.application == token.c.id).where(*which)
    return [team_name for team_name in (await connection.execute(asked)).scalars() if team_name]
