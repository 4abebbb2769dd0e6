"""Connections for calls: lent for a limited time, thrown away where an answer may still be on its way.

A connection whose query was given up, for time or because its task was cancelled, is closed and never lent again, so
that nobody can get another's answer.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from tollbridge import GatewayError, Unavailable
from tollbridge_postgres.address import Address
from tollbridge_postgres.connecting import LIMIT_S, connect, options
from tollbridge_postgres.driver import Connection, Lender
from tollbridge_postgres.failures import Uncertain, away, is_own_fault

T = TypeVar("T")

_READ_ONLY = "25006"


class Pool:
    """A pool of connections, made by `open_pool`."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    @asynccontextmanager
    async def lend(self, limit_s: float = LIMIT_S) -> AsyncIterator[Connection]:
        """Lend a connection; raises `Unavailable`, and passes on what is a work's own fault."""
        try:
            async with asyncio.timeout(limit_s):
                db = await self._pool.acquire()
                try:
                    yield db
                except BaseException as exc:
                    if not isinstance(exc, Exception) or isinstance(exc, OSError) or not _is_idle(db):
                        _end(db)
                    raise
                finally:
                    await self._pool.release(db)
        except GatewayError:
            raise
        except Exception as exc:
            if is_own_fault(exc):
                raise
            if getattr(exc, "sqlstate", None) == _READ_ONLY:  # it is a standby by now
                await self._pool.expire_connections()
            raise away(exc) from None

    async def transact(self, do: Callable[[Connection], Awaitable[T]], limit_s: float = LIMIT_S) -> T:
        """Do something in a transaction, all or nothing; raises `Uncertain` where that is not known."""
        asked = False
        try:
            async with self.lend(limit_s) as db:
                begun = db.transaction()
                await begun.start()
                try:
                    result = await do(db)
                except Exception as exc:
                    if not isinstance(exc, OSError):
                        with suppress(Exception):  # where it fails the connection is no good any more
                            await begun.rollback()
                    raise
                asked = True
                await begun.commit()
                return result
        except Unavailable as exc:
            if asked:
                raise Uncertain(exc.message, detail=exc.detail) from None
            raise

    async def close(self) -> None:
        """Close the connections, those that are in use too."""
        with suppress(Exception):
            async with asyncio.timeout(LIMIT_S):
                await self._pool.close()
        self._pool.terminate()


def _is_idle(db: Connection) -> bool:
    """Whether it waits for a query, outside any transaction."""
    try:
        return not db.is_closed() and not db.is_in_transaction()
    except Exception:  # it was lost, and is none of the pool's any more
        return False


def _end(db: Connection) -> None:
    with suppress(Exception):  # it was lost
        db.terminate()


async def open_pool(address: Address) -> Pool:
    """Connect; raises what asyncpg does where that cannot be."""
    from asyncpg import create_pool  # type: ignore[import-untyped]  # an extra, and it has no types

    async def leave_as_it_is(_: object) -> None:
        """Spare the round trip that asyncpg resets a session with: nothing here changes one."""

    made = create_pool(
        min_size=1, max_size=address.pool_size, connect=connect, reset=leave_as_it_is, **options(address)
    )
    return Pool(await made)
