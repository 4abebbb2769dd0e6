"""What trials of releases gave, in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.services.evaluating import KEPT, Evaluation
from tollbridge.services.kinds import CaseResult
from tollbridge.stores.auditing import record
from tollbridge.stores.engine import answering
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.services import NewEvaluation
from tollbridge.stores.servicetables import evaluation, release
from tollbridge.stores.tokenwriting import TokenTurns

_e, _r = evaluation.c, release.c


class _Report(msgspec.Struct, frozen=True):
    """What of an evaluation no query looks at."""

    models: tuple[str, ...]
    cases: tuple[CaseResult, ...]


class SqlEvaluations:
    """Keeps evaluations."""

    _turns: TokenTurns

    async def add_evaluation(self, new: NewEvaluation, act: Act) -> Evaluation | None:
        async with self._turns.take() as writing:
            connection = writing.connection
            wanted = select(_r.service_id, _r.number, _r.version, _r.digest).where(_r.id == storable(new.release_id))
            of = (await connection.execute(wanted)).one_or_none()
            if of is None:
                return None
            own = _e.release_id == new.release_id
            last = (await connection.execute(select(func.max(_e.number)).where(own))).scalar_one() or 0
            values = {
                "release_id": new.release_id,
                "number": last + 1,
                "made_at": micros(new.at),
                "made_by": new.by,
                "passed": new.passed,
                "digest": bytes(of.digest),
                "report": msgspec.json.encode(_Report(new.models, new.cases)),
            }
            await connection.execute(insert(evaluation).values(values))
            await connection.execute(delete(evaluation).where(own, _e.number <= last + 1 - KEPT))
            (written,) = await kept(connection, new.release_id, limit=1)
            told = {"release": new.release_id, "number": of.number, "version": of.version, "passed": new.passed}
            counted = {"cases": len(written.cases), "cases_passed": written.good}
            await record(connection, act, ("service.prove", of.service_id), None, told | counted)
            return written

    async def list_evaluations(self, release_id: str, *, limit: int = KEPT) -> Sequence[Evaluation]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return await kept(connection, release_id, limit=limit)


async def kept(connection: AsyncConnection, release_id: str, *, limit: int) -> Sequence[Evaluation]:
    """Give what is kept of the trials of a release, the newest first."""
    wanted = select(evaluation).where(_e.release_id == storable(release_id)).order_by(_e.number.desc()).limit(limit)
    return [_evaluation(row) for row in await connection.execute(wanted)]


def _evaluation(row: Row[Any]) -> Evaluation:
    report = msgspec.json.decode(row.report, type=_Report)
    return Evaluation(
        release_id=row.release_id,
        number=row.number,
        at=moment(row.made_at),
        by=row.made_by,
        passed=row.passed,
        digest=bytes(row.digest),
        models=report.models,
        cases=report.cases,
    )
