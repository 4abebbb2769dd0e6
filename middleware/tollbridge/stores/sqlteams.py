"""Teams in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET
from sqlalchemy import Select, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.people.model import Team, TeamEdit
from tollbridge.stores.auditing import record
from tollbridge.stores.changes import TokenChange, change_for
from tollbridge.stores.engine import answering
from tollbridge.stores.family import rebind
from tollbridge.stores.newpeople import NewTeam
from tollbridge.stores.peopletables import invitation, member, team
from tollbridge.stores.rows import micros, storable
from tollbridge.stores.searching import holds
from tollbridge.stores.tables import token
from tollbridge.stores.tokenrows import optional_moment
from tollbridge.stores.tokens import find_tokens
from tollbridge.stores.tokenwriting import TokenTurns, TokenWriting, refused
from tollbridge.tokens.model import HOLDERS, Token

_OF_ITSELF = ("title", "description", "rotate_days")
"""What a change of a team writes into its own row; the rest is its holder's."""
_OF_HOLDER = ("scopes", "limits", "budget", "conditions")


class SqlTeams:
    """Reads and writes teams."""

    _turns: TokenTurns

    async def add_team(self, new: NewTeam, act: Act) -> Team:
        holder, name = new.holder, new.holder.team
        async with self._turns.take() as writing:
            if await _row(writing.connection, name) is not None:
                raise refused("there is or was a team of this name; take another", "already_exists")
            await writing.add(holder, act)
            said = {"title": new.title, "description": new.description, "rotate_days": new.rotate_days}
            values = {"name": name, "holder": holder.id, "created_at": micros(holder.created_at), **said}
            await writing.connection.execute(insert(team).values(values))
            adopted = await _adopt(writing, name, holder.id)
            await record(writing.connection, act, ("team.add", name), None, said | {"adopted": adopted})
            return await self._there(writing.connection, name)

    async def change_team(self, name: str, edit: TeamEdit, act: Act) -> Team | None:
        async with self._turns.take() as writing:
            row = await _row(writing.connection, name)
            if row is None:
                return None
            change = change_for(edit, await self._there(writing.connection, row["name"]))
            _check_going(row)
            own = {field: value for field in _OF_ITSELF if (value := getattr(change, field)) is not UNSET}
            of_holder = {field: value for field in _OF_HOLDER if (value := getattr(change, field)) is not UNSET}
            if of_holder:
                await writing.change(row["holder"], TokenChange(**of_holder), act)
            if own:
                await writing.connection.execute(update(team).where(team.c.name == row["name"]).values(own))
                before = {field: row[field] for field in own}
                await record(writing.connection, act, ("team.change", row["name"]), before, own)
            return await self._there(writing.connection, row["name"])

    async def switch_team(self, name: str, act: Act, *, on: bool) -> Team | None:
        async with self._turns.take() as writing:
            row = await _going(writing.connection, name)
            if row is None:
                return None
            await writing.switch(row["holder"], act, on=on)
            await record(writing.connection, act, (f"team.{'enable' if on else 'disable'}", row["name"]), None, None)
            return await self._there(writing.connection, row["name"])

    async def end_team(self, name: str, act: Act) -> Team | None:
        async with self._turns.take() as writing:
            row = await _row(writing.connection, name)
            if row is None:
                return None
            if row["ended_at"] is None:
                await writing.revoke(row["holder"], act)
                for table in (member, invitation):
                    await writing.connection.execute(delete(table).where(table.c.team == row["name"]))
                ended = update(team).where(team.c.name == row["name"]).values(ended_at=micros(act.at))
                await writing.connection.execute(ended)
                await record(writing.connection, act, ("team.end", row["name"]), None, None)
            return await self._there(writing.connection, row["name"])

    async def get_team(self, name: str) -> Team | None:
        found = await self._read(select(team).where(team.c.name == storable(name)))
        return found[0] if found else None

    async def rotation_of(self, name: str) -> int | None:
        with answering():
            async with self._turns.engine.connect() as connection:
                asked = select(team.c.rotate_days).where(team.c.name == storable(name))
                return (await connection.execute(asked)).scalar_one_or_none()

    async def list_teams(self, *, limit: int = 50, after: str = "", search: str = "") -> Sequence[Team]:
        wanted = select(team).where(team.c.name > storable(after)).order_by(team.c.name).limit(limit)
        if search:
            wanted = wanted.where(holds(search, team.c.name, team.c.title))
        return await self._read(wanted)

    async def _read(self, wanted: Select[Any]) -> Sequence[Team]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return await self._teams(connection, wanted)

    async def _there(self, connection: AsyncConnection, name: str) -> Team:
        (found,) = await self._teams(connection, select(team).where(team.c.name == name))
        return found

    async def _teams(self, connection: AsyncConnection, wanted: Select[Any]) -> Sequence[Team]:
        rows = [row._mapping for row in await connection.execute(wanted)]
        asked = select(token).where(token.c.id.in_([row["holder"] for row in rows]))
        holders = {one.id: one for one in await find_tokens(connection, asked, self._turns.clock.now())}
        return [_team(row, holders[row["holder"]]) for row in rows]


async def _row(connection: AsyncConnection, name: str) -> Any:
    found = (await connection.execute(select(team).where(team.c.name == storable(name)))).one_or_none()
    return None if found is None else found._mapping


async def _going(connection: AsyncConnection, name: str) -> Any:
    """Give the row of a team, None where there is none; raises `BadRequest` (409) where it has ended."""
    row = await _row(connection, name)
    if row is not None:
        _check_going(row)
    return row


def _check_going(row: Any) -> None:
    if row["ended_at"] is not None:
        raise refused("this team has ended, for good")


async def _adopt(writing: TokenWriting, name: str, holder: str) -> Sequence[str]:
    """Put the tokens that have the team's name below it, each as high up as it can; gives their ids.

    One that somebody outside the team made stays below that one, and comes below the team too.
    """
    above = token.alias()
    ours = and_(token.c.team == name, token.c.kind.not_in(HOLDERS), token.c.revoked_at.is_(None))
    roots = select(token.c.id).where(ours, token.c.parent == "", token.c.beside == "")
    guests = (
        select(token.c.id)
        .join(above, above.c.id == token.c.parent)
        .where(ours, above.c.team != name, token.c.beside == "")
    )
    found: list[str] = []
    for asked, column in ((guests, "beside"), (roots, "parent")):
        ids = list((await writing.connection.execute(asked)).scalars())
        for id in ids:
            await writing.connection.execute(update(token).where(token.c.id == id).values({column: holder}))
        found += ids
    row = await writing.row(holder)
    if row is not None and found:
        await rebind(writing.connection, row)
    return sorted(found)


def _team(row: Any, holder: Token) -> Team:
    return Team(
        name=row["name"],
        holder=holder.id,
        title=row["title"],
        description=row["description"],
        created_at=holder.created_at,
        state=holder.state,
        scopes=holder.scopes,
        limits=holder.limits,
        budget=holder.budget,
        conditions=holder.conditions,
        rotate_days=row["rotate_days"],
        disabled_at=holder.disabled_at,
        ended_at=optional_moment(row["ended_at"]),
    )
