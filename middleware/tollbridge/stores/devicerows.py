"""What devices ask for, in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tollbridge.audit import Act
from tollbridge.grants.model import Consent, Device, DeviceState, NewDevice
from tollbridge.stores.agreeing import agreed
from tollbridge.stores.engine import answering
from tollbridge.stores.grantrows import device_of, device_values
from tollbridge.stores.granttables import device
from tollbridge.stores.rows import micros, storable
from tollbridge.stores.tokenwriting import TokenTurns

_SLOWER_S = 5
"""Seconds by which the interval of a device grows that asks too early (RFC 8628 section 3.5)."""


class SqlDevices:
    """Keeps it."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns
        self._engine = turns.engine
        self._clock = turns.clock

    async def add(self, new: NewDevice) -> bool:
        with answering():
            try:
                async with self._engine.begin() as connection:
                    await connection.execute(insert(device).values(device_values(new)))
            except IntegrityError:
                return False
        return True

    async def count_waiting(self, client_id: str) -> int:
        asked = select(func.count()).select_from(device).where(device.c.client_id == client_id, self._waits())
        with answering():
            async with self._engine.connect() as connection:
                return int((await connection.execute(asked)).scalar_one())

    async def find(self, user_code: str) -> Device | None:
        with answering():
            async with self._engine.connect() as connection:
                asked = select(device).where(device.c.user_code == storable(user_code), self._waits())
                row = (await connection.execute(asked)).one_or_none()
        return None if row is None else device_of(row)

    async def decide(
        self, user_code: str, consent: Consent | None, grant_id: str, act: Act, confirmed_at: datetime | None = None
    ) -> bool:
        mine = device.c.user_code == storable(user_code)
        state = DeviceState.DENIED if consent is None else DeviceState.AGREED
        async with self._turns.take() as writing:
            deciding = update(device).where(mine, self._waits()).values(state=state)
            if not (await writing.connection.execute(deciding)).rowcount:
                return False
            if consent is None:
                return True
            grant = await agreed(writing, consent, grant_id, act)
            values = {
                "grant_id": grant.id,
                "confirmed_at": None if confirmed_at is None else micros(confirmed_at),
                "scopes": " ".join(consent.scopes),
            }
            await writing.connection.execute(update(device).where(mine).values(values))
            return True

    async def poll(self, digests: Sequence[bytes], client_id: str) -> Device | None:
        now = micros(self._clock.now())
        mine = (device.c.digest.in_(digests), device.c.client_id == client_id)
        early = device.c.polled_at + cast(device.c.interval_s, BigInteger) * 1_000_000 > now
        with answering():
            async with self._engine.begin() as connection:
                slower = update(device).where(*mine, early).values(interval_s=device.c.interval_s + _SLOWER_S)
                too_fast = bool((await connection.execute(slower)).rowcount)
                await connection.execute(update(device).where(*mine).values(polled_at=now))
                row = (await connection.execute(select(device).where(*mine))).one_or_none()
        return None if row is None else device_of(row, too_fast=too_fast)

    def _waits(self) -> ColumnElement[bool]:
        return and_(device.c.state == DeviceState.PENDING, device.c.ends_at > micros(self._clock.now()))
