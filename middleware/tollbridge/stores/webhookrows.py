"""Webhooks in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec import UNSET
from sqlalchemy import Row, delete, func, insert, select, update

from tollbridge.audit import Act
from tollbridge.stores.auditing import record
from tollbridge.stores.engine import answering
from tollbridge.stores.jobtables import auto_rotation, delivery, handover, webhook
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.tokenrows import optional_moment
from tollbridge.stores.tokenwriting import TokenTurns, TokenWriting, refused
from tollbridge.stores.webhooks import Webhook, WebhookChange, is_mailed

_c = webhook.c
_TOLD = ("name", "events", "team", "allow_private", "disabled_at")
_ANEW = {"rests_until": 0, "failing_since": None}
MOST_WEBHOOKS = 100
"""Webhooks of one team, and of none: each is looked at whenever something is recorded."""


class SqlWebhooks:
    """Keeps them."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns

    async def add_webhook(self, new: Webhook, act: Act) -> None:
        values = {
            "id": new.id,
            "name": new.name,
            "url": new.url,
            "events": " ".join(new.events),
            "team": storable(new.team),
            "allow_private": new.allow_private,
            "content": new.sealed,
            "created_at": micros(new.created_at),
            "rests_until": 0,
        }
        beside = select(func.count()).select_from(webhook).where(_c.team == values["team"])
        async with self._turns.take() as writing:
            if (await writing.connection.execute(beside)).scalar_one() >= MOST_WEBHOOKS:
                raise refused(f"there are {MOST_WEBHOOKS} webhooks of this team, the most there may be; remove one")
            await writing.connection.execute(insert(webhook).values(values))
            await record(writing.connection, act, ("webhook.create", new.id), None, _told(values))

    async def get_webhook(self, webhook_id: str) -> Webhook | None:
        with answering():
            async with self._turns.engine.connect() as db:
                row = (await db.execute(select(webhook).where(_c.id == storable(webhook_id)))).one_or_none()
        return None if row is None else _webhook(row)

    async def list_webhooks(self, *, limit: int = 50, before: str | None = None, team: str = "") -> Sequence[Webhook]:
        wanted = select(webhook).order_by(_c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(_c.id < storable(before))
        if team:
            wanted = wanted.where(_c.team == storable(team))
        with answering():
            async with self._turns.engine.connect() as db:
                return [_webhook(row) for row in await db.execute(wanted)]

    async def change_webhook(self, webhook_id: str, change: WebhookChange, act: Act, why: str = "") -> Webhook | None:
        async with self._turns.take() as writing:
            row = await _row(writing, webhook_id)
            if row is None:
                return None
            before, wanted = row._asdict(), _changed(change, act)
            if change.disabled is True and row.disabled_at is not None:
                wanted.pop("disabled_at")  # it keeps its first time
            values = {name: value for name, value in wanted.items() if before[name] != value}
            if values:
                if "url" in values and await _takes_secrets(writing, row.id):
                    raise refused("secrets of tokens are handed over to it, so its URL stays; make another webhook")
                anew = _ANEW if "url" in values or values.get("disabled_at", 0) is None else {}
                await writing.connection.execute(update(webhook).where(_c.id == row.id).values(values | anew))
                was, now = _told({name: before[name] for name in values}), _told(values)
                action = "webhook.disable" if values.get("disabled_at") else "webhook.change"
                await record(writing.connection, act, (action, row.id), was, now | ({"why": why} if why else {}))
            return _webhook((await writing.connection.execute(select(webhook).where(_c.id == row.id))).one())

    async def reseal_webhook(self, webhook_id: str, before: bytes, after: bytes, act: Act) -> bool:
        still = (_c.id == storable(webhook_id), _c.content == before)
        async with self._turns.take() as writing:
            if not (await writing.connection.execute(update(webhook).where(*still).values(content=after))).rowcount:
                return False
            await record(writing.connection, act, ("webhook.rotate", webhook_id), None, None)
            return True

    async def remove_webhook(self, webhook_id: str, act: Act) -> bool:
        async with self._turns.take() as writing:
            row = await _row(writing, webhook_id)
            if row is None:
                return False
            await record(writing.connection, act, ("webhook.remove", row.id), _told(row._asdict()), None)
            await writing.connection.execute(delete(delivery).where(delivery.c.webhook_id == row.id))
            await writing.connection.execute(delete(webhook).where(_c.id == row.id))
            return True


async def _row(writing: TokenWriting, webhook_id: str) -> Row[Any] | None:
    return (await writing.connection.execute(select(webhook).where(_c.id == storable(webhook_id)))).one_or_none()


async def _takes_secrets(writing: TokenWriting, webhook_id: str) -> bool:
    """Whether a token's new secret goes there: who may lead it elsewhere could take what the token may do."""
    into, d = f"webhook:{webhook_id}", delivery.c
    ways = [select(table.c.token_id).where(table.c.into == into) for table in (auto_rotation, handover)]
    ways.append(select(d.id).where(d.webhook_id == webhook_id, d.ended_at.is_(None), func.length(d.content) > 0))
    return any([(await writing.connection.execute(way)).first() is not None for way in ways])


def _changed(change: WebhookChange, act: Act) -> dict[str, Any]:
    written: dict[str, Any] = {
        "name": lambda name: {"name": name},
        "url": lambda url: {"url": url},
        "events": lambda events: {"events": " ".join(events)},
        "allow_private": lambda allowed: {"allow_private": allowed},
        "disabled": lambda disabled: {"disabled_at": micros(act.at) if disabled else None},
    }
    values: dict[str, Any] = {}
    for name, write in written.items():
        value = getattr(change, name)
        if value is not UNSET:
            values |= write(value)
    return values


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the audit log says: of the URL, whose path may be a secret, where it leads; a mail's address whole."""
    told = {name: values[name] for name in _TOLD if name in values}
    if "url" in values:
        url, parts = values["url"], urlsplit(values["url"])
        told["url"] = url if is_mailed(url) else f"{parts.scheme}://{parts.netloc}"
    return told


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        id=row.id,
        name=row.name,
        url=row.url,
        events=tuple(row.events.split()),
        team=row.team,
        allow_private=bool(row.allow_private),
        created_at=moment(row.created_at),
        sealed=bytes(row.content),
        disabled_at=optional_moment(row.disabled_at),
        failing_since=optional_moment(row.failing_since),
    )
