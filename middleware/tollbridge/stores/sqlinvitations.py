"""Invitations in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.errors import NotFound
from tollbridge.people.model import Invitation, InvitationState, Member
from tollbridge.stores.admins import leaving_an_admin
from tollbridge.stores.auditing import record
from tollbridge.stores.engine import answering
from tollbridge.stores.newpeople import NewInvitation, NewMember, NewPerson
from tollbridge.stores.peopletables import invitation, member, person, team
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.sqlmembers import set_in
from tollbridge.stores.sqlpersons import add_in
from tollbridge.stores.tokenrows import optional_moment
from tollbridge.stores.tokenwriting import TokenTurns, TokenWriting, refused

MOST_OPEN = 500
"""Invitations to one team that are open at a time."""
_i = invitation.c


class SqlInvitations:
    """Reads and writes invitations."""

    _turns: TokenTurns

    async def add_invitation(self, new: NewInvitation, act: Act) -> Invitation:
        async with self._turns.take() as writing:
            await _check_free(writing.connection, new, act.at)
            told = {"team": new.team, "email": new.email, "role": new.role}
            values = {"id": new.id, **told, **_changing(new), "created_at": micros(new.created_at), "person_id": ""}
            await writing.connection.execute(insert(invitation).values(values))
            await _note(writing, act, "team.invited", new)
            return await _there(writing, new.id)

    async def renew_invitation(self, anew: NewInvitation, act: Act) -> Invitation | None:
        async with self._turns.take() as writing:
            found = await _find(writing, _of(anew.id, anew.team))
            if found is None:
                return None
            if found.state not in (InvitationState.OPEN, InvitationState.EXPIRED):
                raise refused(f"this invitation was {found.state.value}")
            await _check_free(writing.connection, anew, act.at)
            await writing.connection.execute(update(invitation).where(_i.id == found.id).values(_changing(anew)))
            await _note(writing, act, "team.reinvited", anew)
            return await _there(writing, found.id)

    async def withdraw_invitation(self, team: str, invitation_id: str, act: Act) -> Invitation | None:
        async with self._turns.take() as writing:
            found = await _find(writing, _of(invitation_id, team))
            if found is None:
                return None
            withdrawn = update(invitation).where(_i.id == found.id, _open_at(act.at))
            done = await writing.connection.execute(withdrawn.values(withdrawn_at=micros(act.at)))
            if not done.rowcount:
                raise refused("this invitation is not open any more")
            await _note(writing, act, "team.uninvited", found)
            return await _there(writing, found.id)

    async def accept_invitation(
        self, invitation_id: str, digest: bytes, member: NewMember, act: Act, *, person: NewPerson | None = None
    ) -> Member:
        mine = [_i.id == invitation_id, _i.team == member.holder.team, _open_at(act.at)]
        if digest:
            mine.append(_i.digest == digest)
        async with self._turns.take() as writing, leaving_an_admin(writing.connection):
            used = update(invitation).where(*mine).values(accepted_at=micros(act.at), person_id=member.person_id)
            if not (await writing.connection.execute(used)).rowcount:
                raise refused("this invitation was used, was withdrawn, or has ended; ask for another one")
            if person is not None:
                await add_in(writing, person, act)
            made = await set_in(writing, member, act)
            await _note(writing, act, "team.joined", await _there(writing, invitation_id))
            return made

    async def get_invitation(self, invitation_id: str) -> Invitation | None:
        found = await self._invited(select(invitation).where(_i.id == storable(invitation_id)))
        return found[0] if found else None

    async def find_invitation(self, digest: bytes) -> Invitation | None:
        found = await self._invited(select(invitation).where(_i.digest == digest))
        return found[0] if found else None

    async def list_invitations(
        self, *, team: str = "", email: str = "", limit: int = 50, before: str = ""
    ) -> Sequence[Invitation]:
        wanted = select(invitation).order_by(_i.id.desc()).limit(limit)
        if team:
            wanted = wanted.where(_i.team == storable(team))
        if email:
            wanted = wanted.where(_i.email == storable(email), _open_at(self._turns.clock.now()))
        if before:
            wanted = wanted.where(_i.id < storable(before))
        return await self._invited(wanted)

    async def _invited(self, wanted: Select[Any]) -> Sequence[Invitation]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return await _invitations(connection, wanted, self._turns.clock.now())


def _open_at(at: datetime) -> ColumnElement[bool]:
    """Say of an invitation that it may be accepted at a time."""
    return and_(_i.accepted_at.is_(None), _i.withdrawn_at.is_(None), _i.ends_at > micros(at))


async def _check_free(connection: AsyncConnection, new: NewInvitation, at: datetime) -> None:
    """Refuse to invite to a team that is not there, and who is in it or invited to it already."""
    of_team = select(team.c.ended_at).where(team.c.name == storable(new.team))
    its = (await connection.execute(of_team)).one_or_none()
    if its is None:
        raise NotFound("there is no such team")
    if its.ended_at is not None:
        raise refused("this team has ended, for good")
    joined = member.join(person, person.c.id == member.c.person_id)
    there = select(member.c.person_id).select_from(joined)
    there = there.where(member.c.team == new.team, person.c.email == new.email)
    if (await connection.execute(there)).first() is not None:
        raise refused("who has this address is a member of the team already", "already_member")
    others = select(func.count()).select_from(invitation).where(_i.team == new.team, _i.id != new.id, _open_at(at))
    if (await connection.execute(others.where(_i.email == new.email))).scalar_one():
        raise refused("this address is invited to the team already; withdraw or renew that", "already_invited")
    if (await connection.execute(others)).scalar_one() >= MOST_OPEN:
        raise refused(f"a team has at most {MOST_OPEN} open invitations; withdraw some")


def _changing(new: NewInvitation) -> dict[str, Any]:
    """Give the columns that are others when an invitation is renewed."""
    return {"digest": new.digest, "inviter": new.inviter, "webhook": new.webhook, "ends_at": micros(new.ends_at)}


async def _note(writing: TokenWriting, act: Act, action: str, about: NewInvitation | Invitation) -> None:
    told = {"invitation": about.id, "email": about.email, "role": about.role, "ends_at": about.ends_at.isoformat()}
    await record(writing.connection, act, (action, about.team), None, told)


def _of(id: str, its_team: str) -> Select[Any]:
    return select(invitation).where(_i.id == storable(id), _i.team == storable(its_team))


async def _find(writing: TokenWriting, wanted: Select[Any]) -> Invitation | None:
    found = await _invitations(writing.connection, wanted, writing.clock.now())
    return found[0] if found else None


async def _there(writing: TokenWriting, id: str) -> Invitation:
    (found,) = await _invitations(writing.connection, select(invitation).where(_i.id == id), writing.clock.now())
    return found


async def _invitations(connection: AsyncConnection, wanted: Select[Any], now: datetime) -> Sequence[Invitation]:
    return [_invitation(row._mapping, now) for row in await connection.execute(wanted)]


def _invitation(row: Any, now: datetime) -> Invitation:
    return Invitation(
        id=row["id"],
        team=row["team"],
        email=row["email"],
        role=row["role"],
        inviter=row["inviter"],
        webhook=row["webhook"],
        created_at=moment(row["created_at"]),
        ends_at=moment(row["ends_at"]),
        accepted_at=optional_moment(row["accepted_at"]),
        withdrawn_at=optional_moment(row["withdrawn_at"]),
        person_id=row["person_id"],
        state=_state_of(row, now),
    )


def _state_of(row: Any, now: datetime) -> InvitationState:
    if row["accepted_at"] is not None:
        return InvitationState.ACCEPTED
    if row["withdrawn_at"] is not None:
        return InvitationState.WITHDRAWN
    return InvitationState.OPEN if row["ends_at"] > micros(now) else InvitationState.EXPIRED
