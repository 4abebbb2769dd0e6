"""Jobs in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from tollbridge.audit import Act
from tollbridge.clock import Clock
from tollbridge.stores.auditing import record
from tollbridge.stores.engine import answering
from tollbridge.stores.family import take_turn
from tollbridge.stores.jobs import JobState
from tollbridge.stores.jobtables import job
from tollbridge.stores.rows import moment, seconds_to_micros, storable
from tollbridge.stores.tokenrows import optional_moment

_c = job.c
_DONE = "done"
_LONGEST_OUTCOME = 500


class SqlJobs:
    """Keeps them."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def plan_jobs(self, names: Collection[str]) -> None:
        values = {"due_at": self._now(), "runner": "", "lease_ends_at": 0, "outcome": "", "failures": 0}
        for name in names:
            with answering():
                try:
                    async with self._engine.begin() as db:
                        await db.execute(insert(job).values(name=name, hurried=False, **values))
                except IntegrityError:  # it is planned
                    pass

    async def due_jobs(self) -> Sequence[str]:
        with answering():
            async with self._engine.connect() as db:
                return list(
                    (await db.execute(select(_c.name).where(self._free()).order_by(_c.due_at, _c.name))).scalars()
                )

    async def take_job(self, name: str, runner: str, *, lease_s: float) -> JobState | None:
        now = self._now()
        ends = now + seconds_to_micros(lease_s)
        values = {"runner": runner, "began_at": now, "lease_ends_at": ends, "hurried": False}
        if not await self._changed(and_(_c.name == name, self._free()), values):
            return None
        return await self._get(name)

    async def keep_job(self, name: str, runner: str, *, lease_s: float) -> bool:
        return await self._changed(_held(name, runner), {"lease_ends_at": self._now() + seconds_to_micros(lease_s)})

    async def end_job(self, name: str, runner: str, *, failure: str = "", again_s: float) -> bool:
        now = self._now()
        return await self._changed(
            _held(name, runner),
            {
                "runner": "",
                "lease_ends_at": 0,
                "ended_at": now,
                "due_at": case((_c.hurried, now), else_=now + seconds_to_micros(again_s)),
                "outcome": storable(failure)[:_LONGEST_OUTCOME] or _DONE,
                "failures": _c.failures + 1 if failure else 0,
            },
        )

    async def leave_job(self, name: str, runner: str) -> bool:
        return await self._changed(_held(name, runner), {"runner": "", "lease_ends_at": 0})

    async def hurry_job(self, name: str, act: Act) -> JobState | None:
        with answering():
            async with self._engine.begin() as db:
                await take_turn(db)
                hurried = update(job).where(_c.name == storable(name)).values(due_at=self._now(), hurried=True)
                found = await db.execute(hurried)
                if not found.rowcount:
                    return None
                await record(db, act, ("job.hurry", name), None, None)
        return await self._get(name)

    async def list_jobs(self) -> Sequence[JobState]:
        with answering():
            async with self._engine.connect() as db:
                return [_state(row) for row in await db.execute(select(job).order_by(_c.name))]

    def _now(self) -> int:
        return seconds_to_micros(self._clock.time())

    def _free(self) -> ColumnElement[bool]:
        now = self._now()
        return and_(_c.due_at <= now, _c.lease_ends_at <= now)

    async def _changed(self, which: ColumnElement[bool], values: dict[str, Any]) -> bool:
        """Change a job in one statement: of all who try to take it at once, one finds it free."""
        with answering():
            async with self._engine.begin() as db:
                return bool((await db.execute(update(job).where(which).values(values))).rowcount)

    async def _get(self, name: str) -> JobState:
        with answering():
            async with self._engine.connect() as db:
                return _state((await db.execute(select(job).where(_c.name == name))).one())


def _held(name: str, runner: str) -> ColumnElement[bool]:
    return and_(_c.name == name, _c.runner == runner)


def _state(row: Row[Any]) -> JobState:
    return JobState(
        name=row.name,
        due_at=moment(row.due_at),
        runner=row.runner,
        lease_ends_at=moment(row.lease_ends_at) if row.runner else None,
        began_at=optional_moment(row.began_at),
        ended_at=optional_moment(row.ended_at),
        outcome=row.outcome,
        failures=row.failures,
    )
