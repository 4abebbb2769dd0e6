"""Sealed values of an SQL database, by SQLAlchemy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, LargeBinary, Select, case, func, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tollbridge.sealing.places import (
    ANSWER,
    CREDENTIAL,
    DELIVERY,
    HANDOVER,
    OWN_KEY,
    PROVIDER_KEY,
    REFRESH,
    SIGNING_KEY,
    WEBHOOK,
    Place,
)
from tollbridge.stores.engine import answering
from tollbridge.stores.granttables import credential, refresh
from tollbridge.stores.jobtables import delivery, handover, stored_secret, webhook
from tollbridge.stores.sealed import Sealed
from tollbridge.stores.tables import kept_answer, own_key, signing_key
from tollbridge.vault import HEAD

MOST = 200
"""Values of one batch."""
MOST_BYTES = 16 * 1024 * 1024
"""Bytes of one batch, unless its first value alone is longer."""

_FIRST_FORMAT = b"\x01"
_ONE = literal(1)
_s = stored_secret.c


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of sealed values: where they are, by their name, whose each is, and which version of it."""

    kind: str
    name: ColumnElement[str]
    owner: ColumnElement[str]
    content: ColumnElement[bytes]
    version: ColumnElement[int] = _ONE

    def beginning(self, length: int) -> ColumnElement[bytes]:
        return func.substr(self.content, 1, length, type_=LargeBinary)

    @property
    def size(self) -> ColumnElement[int]:
        return func.length(self.content)


_KINDS = (
    _Kind(ANSWER, kept_answer.c.id, kept_answer.c.token_id, kept_answer.c.content),
    _Kind(OWN_KEY, own_key.c.name, literal(""), own_key.c.content),
    _Kind(CREDENTIAL, credential.c.id, credential.c.token_id, credential.c.content),
    _Kind(REFRESH, refresh.c.id, refresh.c.grant_id, refresh.c.content),
    _Kind(SIGNING_KEY, signing_key.c.kid, signing_key.c.used_for, signing_key.c.content),
    _Kind(PROVIDER_KEY, _s.name, _s.provider, _s.content, _s.version),
    _Kind(WEBHOOK, webhook.c.id, literal(""), webhook.c.content),
    _Kind(DELIVERY, delivery.c.id, delivery.c.webhook_id, delivery.c.content),
    _Kind(HANDOVER, handover.c.id, handover.c.token_id, handover.c.content),
)
"""Every kind, in the order in which they are gone through."""
_TABLES = {
    ANSWER: kept_answer,
    OWN_KEY: own_key,
    REFRESH: refresh,
    SIGNING_KEY: signing_key,
    PROVIDER_KEY: stored_secret,
    CREDENTIAL: credential,
    WEBHOOK: webhook,
    DELIVERY: delivery,
    HANDOVER: handover,
}


class SqlSealed:
    """Reads and replaces them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def sealed_heads(self) -> Mapping[bytes, int]:
        heads = union_all(*map(_heads, _KINDS)).subquery()
        wanted = select(heads.c.head, func.count()).group_by(heads.c.head)
        with answering():
            async with self._engine.connect() as db:
                return {bytes(head): count for head, count in await db.execute(wanted)}

    async def sealed_otherwise(self, head: bytes, after: Place | None = None) -> Sequence[Sealed]:
        with answering():
            async with self._engine.connect() as db:
                for each, name in _from(after):
                    found = await _read(db, each, head, name)
                    if found:
                        return found
        return []

    async def reseal(self, values: Sequence[Sealed], anew: Sequence[bytes]) -> int:
        kinds = {each.kind: each for each in _KINDS}
        changed = 0
        with answering():
            async with self._engine.begin() as db:
                for value, content in zip(values, anew, strict=True):
                    kind = kinds[value.place.kind]
                    still = (kind.name == value.place.name, kind.content == value.content)
                    done = await db.execute(update(_TABLES[kind.kind]).where(*still).values(content=content))
                    changed += done.rowcount
        return changed


def _heads(each: _Kind) -> Select[tuple[bytes]]:
    old = literal(_FIRST_FORMAT, LargeBinary)
    head = case((each.beginning(1) == old, old), else_=each.beginning(HEAD)).label("head")
    return select(head).where(each.size > 0)


def _from(after: Place | None) -> Iterator[tuple[_Kind, str]]:
    """Give the kinds that are still to be gone through, each with the name it was gone through to."""
    names = [each.kind for each in _KINDS]
    begin = 0 if after is None else names.index(after.kind)
    for number, each in enumerate(_KINDS[begin:]):
        yield each, after.name if after is not None and number == 0 else ""


async def _read(db: AsyncConnection, each: _Kind, head: bytes, after: str) -> Sequence[Sealed]:
    listed = (
        select(each.name, each.size)
        .where(each.name > after, each.size > 0, each.beginning(HEAD) != head)
        .order_by(each.name)
        .limit(MOST)
    )
    names = _within(MOST_BYTES, [(name, size) for name, size in await db.execute(listed)])
    wanted = (
        select(each.name, each.owner, each.version, each.content)
        .where(each.name.in_(names), each.size > 0, each.beginning(HEAD) != head)
        .order_by(each.name)
    )
    rows = await db.execute(wanted)
    return [Sealed(Place(each.kind, owner, name, version), bytes(content)) for name, owner, version, content in rows]


def _within(most: int, sizes: Sequence[tuple[str, int]]) -> list[str]:
    """Give the first names whose sizes fit together, at least one."""
    names: list[str] = []
    total = 0
    for name, size in sizes:
        total += size
        if names and total > most:
            break
        names.append(name)
    return names
