"""Issuing inside a transaction, by SQLAlchemy: nothing here knows which database it is.

What may be used once is used up by one conditional statement: of all who try one changes the row, and no other database
than the one that holds it has to agree. No turn is taken: nothing here changes a token, and what is issued below one
that has ended opens nothing.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Row, Table, false, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util import await_only

from tollbridge.clock import Clock
from tollbridge.grants.model import Code, DeviceState, Lent, NewAccess, NewRefresh, Refresh, Reused
from tollbridge.stores.grantrows import access_values, code_of, lent_of, refresh_of, refresh_values
from tollbridge.stores.granttables import code, device, refresh
from tollbridge.stores.rows import micros
from tollbridge.stores.tables import secret, token
from tollbridge.stores.tokenrows import optional_moment

T = TypeVar("T")


_WRITES_NOTHING = update(token).where(false()).values(id=token.c.id)


async def begin_writing(connection: AsyncConnection) -> None:
    """Say that a transaction is going to write, before it reads anything.

    A database with one writer at a time lets it wait for that here. Once it has read, and somebody else wrote
    meanwhile, it could only be refused.
    """
    await connection.execute(_WRITES_NOTHING)


@dataclass(frozen=True, slots=True)
class GrantWriting:
    """One such transaction."""

    connection: AsyncConnection
    clock: Clock

    async def run(self, work: Callable[[], T]) -> T:
        """Run what is not async in a greenlet of this transaction, on this thread."""
        return await self.connection.run_sync(lambda _: work())

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine within `run`: the greenlet stands still, the event loop does not."""
        return await_only(work)

    async def redeem_code(self, digests: Sequence[bytes], client_id: str) -> Code | None:
        """Use a code up; raises `Reused` where its own client did before."""
        now = micros(self.clock.now())
        mine = (code.c.digest.in_(digests), code.c.client_id == client_id)
        open_now = (code.c.used_at.is_(None), code.c.ends_at > now)
        used = (await self.connection.execute(update(code).where(*mine, *open_now).values(used_at=now))).rowcount
        row = (await self.connection.execute(select(code).where(*mine))).one_or_none()
        if row is None or (not used and row.used_at is None):
            return None
        if not used:
            raise Reused(row.grant_id)
        return code_of(row)

    async def use_refresh(self, digests: Sequence[bytes], client_id: str) -> Refresh | None:
        """Use a refresh token up; one that was used before is given as it is, for who decides what that means."""
        now = micros(self.clock.now())
        mine = (refresh.c.digest.in_(digests), refresh.c.client_id == client_id, refresh.c.ends_at > now)
        using = update(refresh).where(*mine, refresh.c.used_at.is_(None)).values(used_at=now)
        used = (await self.connection.execute(using)).rowcount
        row = (await self.connection.execute(select(refresh).where(*mine))).one_or_none()
        if row is None:
            return None
        found = refresh_of(row)
        return Refresh(found.id, found.lent, found.ends_at) if used else found

    async def keep_successor(self, id: str, sealed: bytes) -> None:
        await self.connection.execute(update(refresh).where(refresh.c.id == id).values(content=sealed))

    async def find_refresh(self, digests: Sequence[bytes]) -> Refresh | None:
        row = await self._live(refresh, digests)
        return None if row is None else refresh_of(row)

    async def end_of(self, token_id: str) -> datetime | None:
        asked = select(token.c.expires_at).where(token.c.id == token_id)
        return optional_moment((await self.connection.execute(asked)).scalar_one_or_none())

    async def take_device(self, digests: Sequence[bytes], client_id: str) -> Lent | None:
        """Use up what somebody agreed to; a second time there is nothing."""
        now = micros(self.clock.now())
        mine = (device.c.digest.in_(digests), device.c.client_id == client_id, device.c.ends_at > now)
        taking = update(device).where(*mine, device.c.state == DeviceState.AGREED).values(state=DeviceState.USED)
        if not (await self.connection.execute(taking)).rowcount:
            return None
        return lent_of((await self.connection.execute(select(device).where(*mine))).one())

    async def add_refresh(self, new: NewRefresh) -> None:
        await self.connection.execute(insert(refresh).values(refresh_values(new)))

    async def add_access(self, new: NewAccess) -> None:
        await self.connection.execute(insert(secret).values(access_values(new)))

    async def _live(self, table: Table, digests: Sequence[bytes]) -> Row[Any] | None:
        live = select(table).where(table.c.digest.in_(digests), table.c.ends_at > micros(self.clock.now()))
        return (await self.connection.execute(live)).one_or_none()
