"""That somebody administers the bridge, once somebody does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.people.builtin import PLATFORM_ADMIN
from tollbridge.people.model import BRIDGE
from tollbridge.stores.peopletables import member
from tollbridge.stores.tables import token
from tollbridge.stores.tokenwriting import refused

_LAST = "last_admin"


@asynccontextmanager
async def leaving_an_admin(connection: AsyncConnection) -> AsyncIterator[None]:
    """Let nothing happen within that takes the last administrator away; raises `BadRequest` (409, last_admin)."""
    before = await _admins(connection)
    yield
    if before and not await _admins(connection):
        raise refused("nobody would administer the bridge any more; make somebody else platform-admin first", _LAST)


async def _admins(connection: AsyncConnection) -> int:
    """Count those who administer the whole bridge and are not disabled: what a person may do is off with them."""
    counted = (
        select(func.count())
        .select_from(member.join(token, token.c.id == member.c.holder))
        .where(
            member.c.team == BRIDGE,
            member.c.role == PLATFORM_ADMIN,
            token.c.disabled_at.is_(None),
            token.c.revoked_at.is_(None),
        )
    )
    return (await connection.execute(counted)).scalar_one()
