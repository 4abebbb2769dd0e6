"""People in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET
from sqlalchemy import Select, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.people.model import Person, PersonChange
from tollbridge.stores.admins import leaving_an_admin
from tollbridge.stores.auditing import record
from tollbridge.stores.engine import answering
from tollbridge.stores.newpeople import NewMember, NewPassword, NewPerson
from tollbridge.stores.peopletables import member, person, person_identity, session
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.searching import holds
from tollbridge.stores.sqlmembers import set_in
from tollbridge.stores.tables import token
from tollbridge.stores.tokenrows import optional_moment
from tollbridge.stores.tokenwriting import TokenTurns, TokenWriting, refused

_FIELDS = ("name", "email")


class SqlPersons:
    """Reads and writes people."""

    _turns: TokenTurns

    async def add_person(self, new: NewPerson, act: Act, *, member: NewMember | None = None) -> Person:
        async with self._turns.take() as writing:
            await add_in(writing, new, act)
            if member is not None:
                await set_in(writing, member, act)
            return await _there(writing.connection, new.id)

    async def change_person(
        self, person_id: str, change: PersonChange, act: Act, *, password: NewPassword | None = None
    ) -> Person | None:
        values = {field: value for field in _FIELDS if (value := getattr(change, field)) is not UNSET}
        async with self._turns.take() as writing:
            row = await _row(writing.connection, person_id)
            if row is None:
                return None
            if values:
                await _write(writing.connection, update(person).where(person.c.id == row["id"]).values(values))
                before = {field: row[field] for field in values}
                await record(writing.connection, act, ("person.change", row["id"]), before, values)
            if password is not None:
                await _set_password(writing.connection, row, password, act)
            return await _there(writing.connection, row["id"])

    async def rehash_password(self, person_id: str, before: str, anew: str) -> None:
        """Replace the hash of a password by another of the same one: no change of the person."""
        with answering():
            async with self._turns.engine.begin() as connection:
                kept = (person.c.id == person_id, person.c.password == before)
                await connection.execute(update(person).where(*kept).values(password=anew))

    async def switch_person(self, person_id: str, act: Act, *, on: bool) -> Person | None:
        async with self._turns.take() as writing, leaving_an_admin(writing.connection):
            row = await _row(writing.connection, person_id)
            if row is None:
                return None
            if on is (row["disabled_at"] is None):
                return await _there(writing.connection, row["id"])
            holders = await _holders(writing.connection, row["id"])
            for holder in holders:
                await writing.switch(holder, act, on=on)
            values = {"disabled_at": None if on else micros(act.at)}
            await writing.connection.execute(update(person).where(person.c.id == row["id"]).values(values))
            ended = await _end_sessions(writing.connection, row["id"])
            told = {"memberships": holders, "sessions_ended": ended}
            await record(writing.connection, act, (f"person.{'enable' if on else 'disable'}", row["id"]), None, told)
            return await _there(writing.connection, row["id"])

    async def remove_person(self, person_id: str, act: Act) -> Person | None:
        async with self._turns.take() as writing, leaving_an_admin(writing.connection):
            row = await _row(writing.connection, person_id)
            if row is None:
                return None
            found = await _there(writing.connection, row["id"])
            holders = await _holders(writing.connection, row["id"])
            for holder in holders:
                await writing.revoke(holder, act)
            ended = await _end_sessions(writing.connection, row["id"])
            for table, column in ((member, "person_id"), (person_identity, "person_id"), (person, "id")):
                await writing.connection.execute(delete(table).where(table.c[column] == row["id"]))
            before = {field: row[field] for field in _FIELDS}
            told = {"memberships": holders, "sessions_ended": ended}
            await record(writing.connection, act, ("person.remove", row["id"]), before, told)
            return found

    async def get_person(self, person_id: str) -> Person | None:
        return await self._one(select(person).where(person.c.id == storable(person_id)))

    async def get_people(self, ids: Collection[str]) -> Mapping[str, Person]:
        if not ids:
            return {}
        found = await self._many(select(person).where(person.c.id.in_(map(storable, ids))))
        return {one.id: one for one in found}

    async def find_person(self, email: str) -> Person | None:
        return await self._one(select(person).where(person.c.email == storable(email)))

    async def find_password(self, email: str) -> tuple[Person, str] | None:
        with answering():
            async with self._turns.engine.connect() as connection:
                asked = select(person).where(person.c.email == storable(email))
                row = (await connection.execute(asked)).one_or_none()
        return None if row is None else (_person(row._mapping), row.password)

    async def list_people(
        self, *, limit: int = 50, before: str = "", search: str = "", team: str = ""
    ) -> Sequence[Person]:
        wanted = select(person).order_by(person.c.id.desc()).limit(limit)
        if before:
            wanted = wanted.where(person.c.id < storable(before))
        if search:
            wanted = wanted.where(holds(search, person.c.name, person.c.email, person.c.id))
        if team:
            wanted = wanted.where(exists().where(member.c.person_id == person.c.id, member.c.team == storable(team)))
        return await self._many(wanted)

    async def saw_person(self, person_id: str, at: datetime) -> None:
        with answering():
            async with self._turns.engine.begin() as connection:
                seen = update(person).where(person.c.id == storable(person_id)).values(last_seen_at=micros(at))
                await connection.execute(seen)

    async def link_identity(self, person_id: str, issuer: str, subject: str, act: Act) -> bool:
        key = {"issuer": storable(issuer), "subject": storable(subject)}
        async with self._turns.take() as writing:
            row = await _row(writing.connection, person_id)
            if row is None:
                return False
            known = select(person_identity.c.person_id).filter_by(**key)
            found = (await writing.connection.execute(known)).scalar_one_or_none()
            if found not in (None, row["id"]):
                raise refused("this issuer's subject is somebody else already", "already_exists")
            others = select(person_identity.c.subject).filter_by(issuer=key["issuer"], person_id=row["id"])
            if found is None and (await writing.connection.execute(others.limit(1))).first() is not None:
                raise refused("this person has another subject of this issuer already", "already_linked")
            if found is None:
                values = {**key, "person_id": row["id"], "created_at": micros(act.at)}
                await writing.connection.execute(insert(person_identity).values(values))
                await record(writing.connection, act, ("person.link", row["id"]), None, key)
            return True

    async def find_by_identity(self, issuer: str, subject: str) -> Person | None:
        its = (person_identity.c.issuer == storable(issuer), person_identity.c.subject == storable(subject))
        joined = person_identity.join(person, person.c.id == person_identity.c.person_id)
        return await self._one(select(person).select_from(joined).where(*its))

    async def _one(self, wanted: Select[Any]) -> Person | None:
        with answering():
            async with self._turns.engine.connect() as connection:
                row = (await connection.execute(wanted)).one_or_none()
        return None if row is None else _person(row._mapping)

    async def _many(self, wanted: Select[Any]) -> Sequence[Person]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return [_person(row._mapping) for row in await connection.execute(wanted)]


async def add_in(writing: TokenWriting, new: NewPerson, act: Act) -> None:
    """Write a person in a transaction; raises `BadRequest` (409) where somebody has that address already."""
    said = {"name": new.name, "email": new.email}
    at = micros(new.created_at)
    password = {"password": new.password, "password_at": at if new.password else None}
    values = {"id": new.id, "created_at": at, **said, **password}
    await _write(writing.connection, insert(person).values(values))
    told = said | {"password": "set" if new.password else None}
    await record(writing.connection, act, ("person.add", new.id), None, told)


async def _row(connection: AsyncConnection, person_id: str) -> Any:
    found = (await connection.execute(select(person).where(person.c.id == storable(person_id)))).one_or_none()
    return None if found is None else found._mapping


async def _there(connection: AsyncConnection, person_id: str) -> Person:
    return _person(await _row(connection, person_id))


async def _set_password(connection: AsyncConnection, row: Any, new: NewPassword, act: Act) -> None:
    """Keep another password, and end the sessions of its person; raises `BadRequest` (409) as `change_person` does."""
    if new.after is not UNSET and new.after != _person(row).password_at:
        raise refused("this password was changed meanwhile; begin again")
    values = {"password": new.hashed, "password_at": micros(act.at)}
    await connection.execute(update(person).where(person.c.id == row["id"]).values(values))
    told = {"password": "set" if new.hashed else None, "sessions_ended": await _end_sessions(connection, row["id"])}
    before = {"password": "set" if row["password"] else None}
    await record(connection, act, ("person.password", row["id"]), before, told)


async def _write(connection: AsyncConnection, statement: Any) -> None:
    try:
        await connection.execute(statement)
    except IntegrityError as exc:
        raise refused("somebody has this e-mail address already", "already_exists") from exc


async def _holders(connection: AsyncConnection, person_id: str) -> Sequence[str]:
    """Give those of a person's memberships that were not revoked by themselves."""
    joined = member.join(token, token.c.id == member.c.holder)
    asked = select(member.c.holder).select_from(joined).order_by(member.c.team)
    asked = asked.where(member.c.person_id == person_id, token.c.revoked_at.is_(None))
    return list((await connection.execute(asked)).scalars())


async def _end_sessions(connection: AsyncConnection, person_id: str) -> int:
    return (await connection.execute(delete(session).where(session.c.person_id == person_id))).rowcount


def _person(row: Any) -> Person:
    return Person(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        created_at=moment(row["created_at"]),
        has_password=bool(row["password"]),
        password_at=optional_moment(row["password_at"]) if row["password"] else None,
        disabled_at=optional_moment(row["disabled_at"]),
        last_seen_at=optional_moment(row["last_seen_at"]),
    )
