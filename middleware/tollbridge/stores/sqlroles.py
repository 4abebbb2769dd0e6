"""Roles in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.people.model import Role
from tollbridge.stores.auditing import record
from tollbridge.stores.changes import TokenChange
from tollbridge.stores.engine import answering
from tollbridge.stores.peopletables import member, role
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.tables import token
from tollbridge.stores.tokenwriting import TokenTurns, refused


class SqlRoles:
    """Reads and writes roles that are not built in."""

    _turns: TokenTurns

    async def add_role(self, new: Role, act: Act) -> Role:
        async with self._turns.take() as writing:
            if await _find(writing.connection, new.name) is not None:
                raise refused("there is a role of this name already", "already_exists")
            told = _told(new)
            values = {"name": new.name, **told, "created_at": micros(act.at)}
            await writing.connection.execute(insert(role).values(values))
            await record(writing.connection, act, ("role.add", new.name), None, told)
            return await _there(writing.connection, new.name)

    async def change_role(self, before: Role, after: Role, act: Act) -> Role | None:
        async with self._turns.take() as writing:
            if await _same(writing.connection, before) is None:
                return None
            await writing.connection.execute(update(role).where(role.c.name == after.name).values(_told(after)))
            holders = await _holders(writing.connection, after.name) if after.scopes != before.scopes else ()
            for holder in holders:
                await writing.change(holder, TokenChange(scopes=after.scopes), act)
            told = _told(after) | {"members": len(holders)}
            await record(writing.connection, act, ("role.change", after.name), _told(before), told)
            return await _there(writing.connection, after.name)

    async def remove_role(self, seen: Role, act: Act) -> Role | None:
        async with self._turns.take() as writing:
            found = await _same(writing.connection, seen)
            if found is None:
                return None
            counted = select(func.count()).select_from(member).where(member.c.role == found.name)
            if (await writing.connection.execute(counted)).scalar_one():
                raise refused("somebody has this role; give them another first", "in_use")
            await writing.connection.execute(delete(role).where(role.c.name == found.name))
            await record(writing.connection, act, ("role.remove", found.name), _told(found), None)
            return found

    async def get_role(self, name: str) -> Role | None:
        with answering():
            async with self._turns.engine.connect() as connection:
                return await _find(connection, name)

    async def list_roles(self) -> Sequence[Role]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return [_role(row._mapping) for row in await connection.execute(select(role).order_by(role.c.name))]


async def _find(connection: AsyncConnection, name: str) -> Role | None:
    row = (await connection.execute(select(role).where(role.c.name == storable(name)))).one_or_none()
    return None if row is None else _role(row._mapping)


async def _same(connection: AsyncConnection, seen: Role) -> Role | None:
    """Find a role that is as it was seen; raises `BadRequest` (409) where it is another by now."""
    found = await _find(connection, seen.name)
    if found is not None and found != seen:
        raise refused("this role was changed meanwhile; look at it again")
    return found


async def _there(connection: AsyncConnection, name: str) -> Role:
    return _role((await connection.execute(select(role).where(role.c.name == name))).one()._mapping)


async def _holders(connection: AsyncConnection, name: str) -> Sequence[str]:
    joined = member.join(token, token.c.id == member.c.holder)
    asked = select(member.c.holder).select_from(joined).order_by(member.c.holder)
    return list((await connection.execute(asked.where(member.c.role == name, token.c.revoked_at.is_(None)))).scalars())


def _told(one: Role) -> dict[str, str]:
    return {"scopes": " ".join(one.scopes), "description": one.description}


def _role(row: Any) -> Role:
    return Role(row["name"], tuple(row["scopes"].split()), row["description"], created_at=moment(row["created_at"]))
