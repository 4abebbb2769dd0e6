"""What becomes of the releases of a service with it, in an SQL database: it goes on after a pause, or is retired."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import ReleaseState
from tollbridge.stores.auditing import record
from tollbridge.stores.rows import micros
from tollbridge.stores.servicetables import release

_r = release.c
_MADE = ReleaseState.MADE.value
_PUT_BACK = {
    ReleaseState.REVIEW.value: Move.WITHDRAW,
    ReleaseState.APPROVED.value: Move.WITHDRAW,
    ReleaseState.SCHEDULED.value: Move.UNSCHEDULE,
}


async def watch_anew(connection: AsyncConnection, service_id: str, act: Act) -> None:
    """Begin again, and for as long, to watch the releases of a service that are watched still."""
    those = (_r.service_id == service_id, _r.state == ReleaseState.LIVE.value, _r.watched_until.is_not(None))
    length = _r.watched_until - func.coalesce(_r.watched_from, _r.published_at)
    again = {"watched_from": micros(act.at), "watched_until": micros(act.at) + length}
    await connection.execute(update(release).where(*those).values(again))


async def put_back(connection: AsyncConnection, service_id: str, act: Act) -> None:
    """Take the releases of a service that is retired from their ways: each is only made, and nothing more."""
    which = (_r.service_id == service_id, _r.state.in_(_PUT_BACK))
    waiting = select(_r.id, _r.number, _r.version, _r.state).where(*which).order_by(_r.number)
    for row in (await connection.execute(waiting)).all():
        values = {"state": _MADE, "publish_at": None}
        await connection.execute(update(release).where(_r.id == row.id).values(values))
        told = {"release": row.id, "number": row.number, "version": row.version, "why": "the service is retired"}
        action = f"service.{_PUT_BACK[row.state]}"
        await record(connection, act, (action, service_id), {"state": row.state}, told | {"state": _MADE})
