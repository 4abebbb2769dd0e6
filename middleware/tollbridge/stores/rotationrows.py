"""Secrets that change by themselves, in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs
from sqlalchemy import ColumnElement, Row, and_, delete, insert, or_, select, update

from tollbridge.audit import Act
from tollbridge.stores.auditing import record
from tollbridge.stores.changes import NewSecret
from tollbridge.stores.duerotations import due_at, due_rotations, moments_of
from tollbridge.stores.engine import answering
from tollbridge.stores.jobtables import auto_rotation, handover
from tollbridge.stores.rotations import AutoRotation, Handover
from tollbridge.stores.rows import micros, moment, seconds_to_micros, storable
from tollbridge.stores.secretfiles import check_file, free_files, keep_file
from tollbridge.stores.tables import audit, secret, token
from tollbridge.stores.tokenrows import optional_moment, told_secret
from tollbridge.stores.tokens import ITS_OWN, find_tokens
from tollbridge.stores.tokenwriting import TokenTurns, TokenWriting
from tollbridge.tokens.model import Token, TokenState

_a, _h = auto_rotation.c, handover.c
_TOLD = ("into", "days_before", "overlap_s")
_DONE = "token.rotated_automatically"
_ENDED = (TokenState.REVOKED, TokenState.EXPIRED)
_MOST = 100
"""Handovers of one turn."""


class SqlRotations:
    """Keeps them."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns

    async def set_rotation(self, new: AutoRotation, act: Act) -> None:
        told = {name: getattr(new, name) for name in _TOLD}
        values = {**told, "set_by": new.set_by, "failure": "", "again_at": None}
        async with self._turns.take() as writing:
            await check_file(writing, new.token_id, new.into)
            place = {"into": new.into, "overlap_s": new.overlap_s, "set_by": new.set_by}
            anew = {"due_at": self._now(), "attempts": 0, "failure": "", **place}
            await writing.connection.execute(update(handover).where(_h.token_id == new.token_id).values(anew))
            before = (await writing.connection.execute(_of(new.token_id))).one_or_none()
            if before is None:
                await writing.connection.execute(insert(auto_rotation).values(token_id=new.token_id, **values))
            else:
                same = _a.token_id == new.token_id
                await writing.connection.execute(update(auto_rotation).where(same).values(values))
            was = None if before is None else {name: before._asdict()[name] for name in _TOLD}
            await record(writing.connection, act, ("token.set_rotation", new.token_id), was, told)

    async def remove_rotation(self, token_id: str, act: Act) -> bool:
        async with self._turns.take() as writing:
            undone = await self._undo(writing, storable(token_id))
            freed = await free_files(writing, storable(token_id))
            before = (await writing.connection.execute(_of(token_id))).one_or_none()
            if before is None and not undone and not freed:
                return False
            await writing.connection.execute(delete(auto_rotation).where(_a.token_id == storable(token_id)))
            was = None if before is None else {name: before._asdict()[name] for name in _TOLD}
            await record(writing.connection, act, ("token.unset_rotation", token_id), was, None)
            return True

    async def get_rotation(self, token_id: str) -> AutoRotation | None:
        with answering():
            async with self._turns.engine.connect() as db:
                row = (await db.execute(_of(token_id))).one_or_none()
                moments = (await db.execute(moments_of(storable(token_id), self._now()))).one_or_none()
        return None if row is None else structs.replace(_rotation(row), due_at=due_at(moments))

    async def due_rotations(self) -> Sequence[tuple[AutoRotation, Token]]:
        now = self._now()
        with answering():
            async with self._turns.engine.connect() as db:
                due = {row.token_id: _rotation(row) for row in await db.execute(due_rotations(now))}
                tokens = await find_tokens(db, select(token).where(token.c.id.in_(due)), self._turns.clock.now())
        return [(due[one.id], one) for one in sorted(tokens, key=lambda one: one.id)]

    async def hold_rotation(self, one: AutoRotation, why: str, act: Act, *, pause_s: float) -> None:
        same = (_a.token_id == one.token_id, _a.into == one.into, _a.set_by == one.set_by)
        async with self._turns.take() as writing:
            row = (await writing.connection.execute(select(auto_rotation).where(*same))).one_or_none()
            if row is not None:
                await self._hold(writing, row.token_id, why, pause_s)
                if row.failure != why:
                    await _tell_failure(writing, act, row, why)

    async def begin_handover(self, new: Handover, made: NewSecret, act: Act) -> bool:
        under_way = select(_h.id).where(_h.token_id == new.token_id)
        async with self._turns.take() as writing:
            if (await writing.connection.execute(under_way)).one_or_none() is not None:
                return False
            await check_file(writing, new.token_id, new.into)
            if await writing.rotate(new.token_id, made, None, act) is None:
                return False
            others = and_(_own(new.token_id), secret.c.digest != made.digest)
            asked = select(secret.c.expires_at).where(others)  # one at most: others that had ended are forgotten
            ends = (await writing.connection.execute(asked)).scalar_one_or_none()
            await writing.connection.execute(update(secret).where(others).values(expires_at=None))
            values = {
                "token_id": new.token_id,
                "id": new.id,
                "into": new.into,
                "overlap_s": new.overlap_s,
                "digest": new.digest,
                "content": new.sealed,
                "others_end_at": ends,
                "created_at": micros(new.created_at),
                "due_at": self._now(),
                "attempts": 0,
                "failure": "",
                "set_by": new.set_by,
            }
            await writing.connection.execute(insert(handover).values(values))
            begun = update(auto_rotation).where(_a.token_id == new.token_id)
            await writing.connection.execute(begun.values(failure="", again_at=None))
            return True

    async def due_handovers(self) -> Sequence[Handover]:
        wanted = select(handover).where(_h.due_at <= self._now()).order_by(_h.due_at, _h.id).limit(_MOST)
        with answering():
            async with self._turns.engine.connect() as db:
                return [_handover(row) for row in await db.execute(wanted)]

    async def find_handovers(self, into: str, beginning: str) -> Sequence[Handover]:
        wanted = select(handover).where(_h.into == into, _h.id.startswith(beginning, autoescape=True))
        with answering():
            async with self._turns.engine.connect() as db:
                return [_handover(row) for row in await db.execute(wanted.order_by(_h.id))]

    async def get_handover(self, token_id: str) -> Handover | None:
        with answering():
            async with self._turns.engine.connect() as db:
                row = (await db.execute(select(handover).where(_h.token_id == storable(token_id)))).one_or_none()
        return None if row is None else _handover(row)

    async def postpone_handover(self, one: Handover, failure: str, act: Act, *, pause_s: float) -> None:
        values = {"failure": failure, "attempts": _h.attempts + 1, "due_at": self._now() + seconds_to_micros(pause_s)}
        async with self._turns.take() as writing:
            if (await writing.connection.execute(update(handover).where(_same(one)).values(values))).rowcount:
                await _tell_failure(writing, act, one, failure)

    async def await_handover(self, one: Handover, *, pause_s: float) -> None:
        later = update(handover).where(_same(one)).values(due_at=self._now() + seconds_to_micros(pause_s))
        with answering():
            async with self._turns.engine.begin() as db:
                await db.execute(later)

    async def finish_handover(self, one: Handover, act: Act) -> bool:
        ends = self._now() + one.overlap_s * 1_000_000
        async with self._turns.take() as writing:
            row = await _under_way(writing, one)
            if row is None or row.into != one.into or not await self._opens(writing, row):
                return False
            await writing.connection.execute(delete(handover).where(_same(one)))
            others = and_(_own(one.token_id), secret.c.digest != row.digest)
            await writing.connection.execute(update(secret).where(others).values(expires_at=ends))
            done = update(auto_rotation).where(_a.token_id == one.token_id).values(done_at=self._now())
            await writing.connection.execute(done)
            await keep_file(writing, one.token_id, one.into)
            told = {"into": one.into, "others_end_at": moment(ends).isoformat(), "secret": told_secret(row.digest)}
            await record(writing.connection, act, (_DONE, one.token_id), None, told)
            return True

    async def withdraw_secret(self, token_id: str, told: str, act: Act) -> bool:
        own = select(secret.c.digest).where(_own(storable(token_id)), secret.c.digest.not_in(select(_h.digest)))
        async with self._turns.take() as writing:
            for digest in (await writing.connection.execute(own)).scalars().all():
                if told_secret(bytes(digest)) == told and not await _arrived(writing, token_id, told):
                    await writing.connection.execute(delete(secret).where(secret.c.digest == digest))
                    await record(writing.connection, act, ("token.withdraw", token_id), {"secret": told}, None)
                    return True
            return False

    async def undo_handover(self, one: Handover, why: str, act: Act, *, pause_s: float) -> bool:
        async with self._turns.take() as writing:
            found = await _under_way(writing, one)
            if found is None or (found.into, found.set_by) != (one.into, one.set_by):
                return False
            await self._undo(writing, one.token_id)
            await self._hold(writing, one.token_id, why, pause_s)
            await _tell_failure(writing, act, one, why)
            return True

    async def drop_handover(self, one: Handover, act: Act) -> bool:
        async with self._turns.take() as writing:
            row, found = await writing.row(one.token_id), await _under_way(writing, one)
            if found is None or row is None or writing.state(row) in _ENDED:
                await writing.connection.execute(delete(handover).where(_same(one)))
                return True
            if await self._opens(writing, found):
                return False
            await self._undo(writing, one.token_id)
            await _tell_failure(writing, act, found, "the new secret ended before it had arrived")
            return True

    async def _opens(self, writing: TokenWriting, row: Row[Any]) -> bool:
        """Whether the secret that is handed over is its token's still, and has not ended."""
        live = or_(secret.c.expires_at.is_(None), secret.c.expires_at > self._now())
        asked = select(secret.c.digest).where(_own(row.token_id), secret.c.digest == row.digest, live)
        return (await writing.connection.execute(asked)).one_or_none() is not None

    async def _undo(self, writing: TokenWriting, token_id: str) -> bool:
        """Take back the secret that was not handed over, if there is one.

        Where somebody ended it meanwhile, what opens instead was made since, and ends when that was said to.
        """
        row = (await writing.connection.execute(select(handover).where(_h.token_id == token_id))).one_or_none()
        if row is None:
            return False
        new = delete(secret).where(_own(token_id), secret.c.digest == row.digest)
        if (await writing.connection.execute(new)).rowcount and row.others_end_at is not None:
            ends = max(row.others_end_at, self._now() + row.overlap_s * 1_000_000)
            await writing.connection.execute(update(secret).where(_own(token_id)).values(expires_at=ends))
        await writing.connection.execute(delete(handover).where(_h.token_id == token_id))
        return True

    async def _hold(self, writing: TokenWriting, token_id: str, why: str, pause_s: float) -> None:
        """Have a token's rotation be looked at again after a pause."""
        values = {"failure": why, "again_at": self._now() + seconds_to_micros(pause_s)}
        await writing.connection.execute(update(auto_rotation).where(_a.token_id == token_id).values(values))

    def _now(self) -> int:
        return seconds_to_micros(self._turns.clock.time())


async def _tell_failure(writing: TokenWriting, act: Act, of: AutoRotation | Handover | Row[Any], why: str) -> None:
    told = {"into": of.into, "why": why}
    await record(writing.connection, act, ("token.rotation_failed", of.token_id), None, told)


async def _arrived(writing: TokenWriting, token_id: str, told: str) -> bool:
    """Whether a secret was handed over, by what the records say of it."""
    a = audit.c
    noted = select(a.number).where(a.target == token_id, a.action == _DONE, a.after.contains(told, autoescape=True))
    return (await writing.connection.execute(noted)).first() is not None


def _of(token_id: str) -> Any:
    return select(auto_rotation).where(_a.token_id == storable(token_id))


async def _under_way(writing: TokenWriting, one: Handover) -> Row[Any] | None:
    return (await writing.connection.execute(select(handover).where(_same(one)))).one_or_none()


def _own(token_id: str) -> ColumnElement[bool]:
    return and_(secret.c.token_id == token_id, secret.c.use.in_(ITS_OWN))


def _same(one: Handover) -> ColumnElement[bool]:
    return and_(_h.token_id == one.token_id, _h.id == one.id)


def _rotation(row: Row[Any]) -> AutoRotation:
    said = (row.token_id, row.into, row.days_before, row.overlap_s)
    return AutoRotation(*said, optional_moment(row.done_at), row.set_by, row.failure)


def _handover(row: Row[Any]) -> Handover:
    return Handover(
        token_id=row.token_id,
        id=row.id,
        into=row.into,
        overlap_s=row.overlap_s,
        digest=bytes(row.digest),
        sealed=bytes(row.content),
        created_at=moment(row.created_at),
        attempts=row.attempts,
        due_at=moment(row.due_at),
        failure=row.failure,
        set_by=row.set_by,
    )
