"""Tokens whose secrets change by themselves, for the tests of a store."""

from dataclasses import replace as replaced
from datetime import datetime, timedelta

from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewSecret, NewToken
from tollbridge.stores.rotations import AutoRotation, Handover
from tollbridge.testing.samples import NOON, TOKEN

DAY = timedelta(days=1)
DAYS = (15, 7, 3, 1)
OLD, NEW = TOKEN.digest, b"n" * 32
ROTATION = AutoRotation("tok_1", "file:shop", 7, 3_600)
HANDOVER = Handover("tok_1", "msg_1", "file:shop", 3_600, NEW, b"\x02sealed", NOON, due_at=NOON)


def ending(days: float, token: NewToken = TOKEN) -> NewToken:
    """Give a token that stays and whose secret ends after so many days."""
    return replaced(token, expires_at=None, secret_ends_at=NOON + days * DAY)


def new_secret(at: datetime = NOON, ends_at: datetime | None = NOON + 90 * DAY) -> NewSecret:
    """Give a further secret."""
    return NewSecret(NEW, "tb_new", "1", at, ends_at)


async def opens(store: Store, *digests: bytes) -> list[bool]:
    """Say which secrets open."""
    return [await store.find_principal(digest) is not None for digest in digests]


async def actions(store: Store) -> list[str]:
    """Give what was recorded."""
    return [one.action for one in await store.follow_audit()]


async def due_at(store: Store, token_id: str = "tok_1") -> datetime | None:
    """Give when a rotation that is there says it is due."""
    rotation = await (await store.rotations()).get_rotation(token_id)
    assert rotation is not None
    return rotation.due_at
