"""Who is in which team, in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType
from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.errors import BadRequest, NotFound
from tollbridge.people.model import BRIDGE, Member, Role
from tollbridge.stores.admins import leaving_an_admin
from tollbridge.stores.auditing import record
from tollbridge.stores.changes import TokenChange
from tollbridge.stores.engine import answering
from tollbridge.stores.newpeople import NewMember
from tollbridge.stores.peopletables import member, person, role, team
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.tables import token
from tollbridge.stores.tokenrows import state_of
from tollbridge.stores.tokenwriting import TokenTurns, TokenWriting, refused
from tollbridge.tokens.model import TokenState

_JOINED = member.join(person, person.c.id == member.c.person_id).join(token, token.c.id == member.c.holder)
_ASKED = select(
    member, person.c.name, person.c.email, token.c.revoked_at, token.c.expires_at, token.c.disabled_at
).select_from(_JOINED)


class SqlMembers:
    """Reads and writes memberships."""

    _turns: TokenTurns

    async def set_member(self, new: NewMember, act: Act) -> Member:
        async with self._turns.take() as writing, leaving_an_admin(writing.connection):
            return await set_in(writing, new, act)

    async def remove_member(
        self, person_id: str, team: str, act: Act, *, via: str | UnsetType = UNSET
    ) -> Member | None:
        async with self._turns.take() as writing, leaving_an_admin(writing.connection):
            found = await _find(writing, person_id, team)
            if found is not None:
                if via not in (UNSET, found.via):
                    raise _changed()
                await writing.revoke(found.holder, act)
                its = (member.c.person_id == found.person_id, member.c.team == found.team)
                await writing.connection.execute(delete(member).where(*its))
                told = {"team": found.team, "role": found.role, "via": found.via}
                await record(writing.connection, act, ("member.remove", found.person_id), told, None)
            return found

    async def get_member(self, person_id: str, team: str) -> Member | None:
        found = await self._look(_of(person_id, team))
        return found[0] if found else None

    async def memberships(self, person_id: str) -> Sequence[Member]:
        return await self._look(_ASKED.where(member.c.person_id == storable(person_id)).order_by(member.c.team))

    async def list_members(self, team: str, *, limit: int = 50, after: str = "", role: str = "") -> Sequence[Member]:
        wanted = _ASKED.where(member.c.team == storable(team), member.c.person_id > storable(after))
        if role:
            wanted = wanted.where(member.c.role == storable(role))
        return await self._look(wanted.order_by(member.c.person_id).limit(limit))

    async def _look(self, wanted: Select[Any]) -> Sequence[Member]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return await _members(connection, wanted, self._turns.clock.now())


async def set_in(writing: TokenWriting, new: NewMember, act: Act) -> Member:
    """Make a person a member, or give a member another role, in a transaction; raises as `set_member` does."""
    its_team = new.holder.team
    await _check_there(writing.connection, new, its_team)
    before = await _find(writing, new.person_id, its_team)
    its = (member.c.person_id == new.person_id, member.c.team == its_team)
    had, given_by = ("", "") if before is None else (before.role, before.via)
    if new.instead_of not in (UNSET, had) or new.instead_of_via not in (UNSET, given_by):
        raise _changed()
    if before is None or before.state is TokenState.REVOKED:
        await writing.connection.execute(delete(member).where(*its))
        await _add(writing, new, act)
    else:
        await writing.change(before.holder, TokenChange(scopes=new.role.scopes), act)
        values = {"role": new.role.name, "via": new.via}
        await writing.connection.execute(update(member).where(*its).values(values))
    told = {"team": its_team, "role": new.role.name, "via": new.via}
    was = None if before is None else {"team": its_team, "role": before.role, "via": before.via}
    await record(writing.connection, act, ("member.set", new.person_id), was, told)
    (found,) = await _members(writing.connection, _ASKED.where(*its), writing.clock.now())
    return found


def _changed() -> BadRequest:
    return refused("this member got another role meanwhile; look at it again")


async def _find(writing: TokenWriting, person_id: str, team: str) -> Member | None:
    found = await _members(writing.connection, _of(person_id, team), writing.clock.now())
    return found[0] if found else None


def _of(person_id: str, team: str) -> Select[Any]:
    return _ASKED.where(member.c.person_id == storable(person_id), member.c.team == storable(team))


async def _members(connection: AsyncConnection, wanted: Select[Any], now: datetime) -> Sequence[Member]:
    return [
        Member(
            person_id=row["person_id"],
            team=row["team"],
            role=row["role"],
            holder=row["holder"],
            created_at=moment(row["created_at"]),
            name=row["name"],
            email=row["email"],
            via=row["via"],
            state=state_of(row, now),
        )
        for row in (each._mapping for each in await connection.execute(wanted))
    ]


async def _add(writing: TokenWriting, new: NewMember, act: Act) -> None:
    """Write a member; one that is disabled begins so."""
    holder = new.holder
    await writing.add(holder, act)
    values = {"person_id": new.person_id, "team": holder.team, "role": new.role.name, "holder": holder.id}
    at = micros(holder.created_at)
    await writing.connection.execute(insert(member).values(**values, via=new.via, created_at=at))
    off = select(person.c.disabled_at).where(person.c.id == new.person_id)
    if (await writing.connection.execute(off)).scalar_one() is not None:
        await writing.switch(holder.id, act, on=False)


async def _check_there(connection: AsyncConnection, new: NewMember, its_team: str) -> None:
    """Refuse a person, a team or a role that is not what it was when somebody looked."""
    if not await _is_there(connection, select(person.c.id).where(person.c.id == storable(new.person_id))):
        raise NotFound("there is no such person")
    if its_team != BRIDGE and not await _is_there(connection, select(team.c.name).where(team.c.name == its_team)):
        raise NotFound("there is no such team")
    if not new.role.built_in:
        await _check_role(connection, new.role)


async def _check_role(connection: AsyncConnection, wanted: Role) -> None:
    found = (await connection.execute(select(role.c.scopes).where(role.c.name == wanted.name))).scalar_one_or_none()
    if found is None or tuple(found.split()) != wanted.scopes:
        raise refused("this role was changed meanwhile; look at it again")


async def _is_there(connection: AsyncConnection, wanted: Select[Any]) -> bool:
    return (await connection.execute(wanted)).one_or_none() is not None
