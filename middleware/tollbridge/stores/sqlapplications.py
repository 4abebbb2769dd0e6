"""Applications in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from msgspec import UNSET
from sqlalchemy import Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.applications.model import Application, ApplicationChange, ApplicationEdit, Look
from tollbridge.audit import Act
from tollbridge.errors import BadRequest
from tollbridge.stores.applications import ApplicationStore, NewApplication
from tollbridge.stores.applicationtables import application
from tollbridge.stores.changes import TokenChange, change_for
from tollbridge.stores.engine import answering
from tollbridge.stores.peopletables import team
from tollbridge.stores.rows import micros, storable
from tollbridge.stores.searching import holds
from tollbridge.stores.tables import token
from tollbridge.stores.tokens import find_tokens
from tollbridge.stores.tokenwriting import TokenTurns, TokenWriting, refused
from tollbridge.stores.views import token_views
from tollbridge.tokens.model import Token, TokenState

MOST_SUBSCRIBED = 500
"""Scopes of all subscriptions of one application: each call looks through them."""
MOST_GIVEN = MOST_SUBSCRIBED // 2
"""As many there are when nobody gives it one more that it did not ask for: it keeps room for those that it asks for."""
_OF_ITSELF = ("owner", "description")
"""What a change of an application writes into its own row, beside its scopes; the rest is its holder's."""
_OF_HOLDER = ("name", "limits", "budget", "conditions", "tags", "metadata")
_a, _t = application.c, token.c
_JOINED = select(application).join(token, _t.id == _a.id)


class SqlApplications:
    """Keeps them."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns

    async def add_application(self, new: NewApplication, act: Act) -> Application:
        holder = new.holder
        async with self._turns.take() as writing:
            await _check_place(writing.connection, holder.team, holder.name)
            said = {"owner": new.owner, "description": new.description}
            await writing.add(holder, act, "application.add", said)
            values = {"id": holder.id, "scopes": " ".join(holder.scopes), "subscribed": ""}
            await writing.connection.execute(insert(application).values({**values, **said}))
            return await _there(writing, holder.id)

    async def change_application(self, application_id: str, edit: ApplicationEdit, act: Act) -> Application | None:
        async with self._turns.take() as writing:
            found = await _find(writing, application_id)
            if found is None:
                return None
            change = change_for(edit, found)
            _check_going(found)
            if change == ApplicationChange():
                return found
            if change.name is not UNSET and change.name != found.name:
                await _check_name(writing.connection, found.team, change.name)
            return await _changed(writing, found, change, act)

    async def switch_application(
        self, application_id: str, act: Act, *, on: bool, look: Look | None = None
    ) -> Application | None:
        async with self._turns.take() as writing:
            found = await _find(writing, application_id, look)
            if found is None:
                return None
            _check_going(found)
            action = f"application.{'enable' if on else 'disable'}"
            await writing.switch(found.id, act, on=on, action=action)
            return await _there(writing, found.id)

    async def end_application(self, application_id: str, act: Act, *, look: Look | None = None) -> Application | None:
        async with self._turns.take() as writing:
            found = await _find(writing, application_id, look)
            if found is None:
                return None
            await writing.revoke(found.id, act, "application.end")
            return await _there(writing, found.id)

    async def transfer_application(
        self, application_id: str, team: str, act: Act, *, look: Look | None = None
    ) -> Application | None:
        async with self._turns.take() as writing:
            found = await _find(writing, application_id, look)
            if found is None:
                return None
            _check_going(found)
            if found.team != team:
                above = await _check_place(writing.connection, team, found.name)
                await writing.move(found.id, team, above, act, "application.transfer")
            return await _there(writing, found.id)

    async def get_application(self, application_id: str) -> Application | None:
        found = await self._read(_of(application_id))
        return found[0] if found else None

    async def list_applications(
        self, *, limit: int = 50, before: str = "", search: str = "", team: str = "", state: str = ""
    ) -> Sequence[Application]:
        wanted = _JOINED.order_by(_a.id.desc()).limit(limit)
        if before:
            wanted = wanted.where(_a.id < storable(before))
        if search:
            wanted = wanted.where(holds(search, _t.name, _a.owner, _a.id))
        if team:
            wanted = wanted.where(_t.team == storable(team))
        if state:
            wanted = wanted.where(token_views(micros(self._turns.clock.now()))[TokenState(state)])
        return await self._read(wanted)

    async def _read(self, wanted: Select[Any]) -> Sequence[Application]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return await _applications(TokenWriting(connection, self._turns.clock), wanted)


async def grant_scopes(
    writing: TokenWriting, application_id: str, scopes: Collection[str], act: Act, most: int = MOST_SUBSCRIBED
) -> Application | None:
    """Let an application do what a subscription of it says, in a transaction that takes its turn.

    All of its tokens may at once what they and it may do. Raises `BadRequest` (409) where the application has ended,
    and where it would have more than `most`. None if there is no such application.
    """

    def granted(held: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys((*held, *scopes)))

    return await _subscribe(writing, application_id, granted, act, most)


async def withdraw_scopes(
    writing: TokenWriting, application_id: str, scopes: Collection[str], act: Act
) -> Application | None:
    """Take away what a subscription let an application do; what somebody gave it beside that stays.

    What two subscriptions give is to be named once the second ends. Of an application that has ended nothing is changed
    but that. None if there is no such application.
    """

    def left(held: Sequence[str]) -> Sequence[str]:
        return [scope for scope in held if scope not in scopes]

    return await _subscribe(writing, application_id, left, act)


async def _subscribe(
    writing: TokenWriting,
    application_id: str,
    edit: Callable[[Sequence[str]], Sequence[str]],
    act: Act,
    most: int = MOST_SUBSCRIBED,
) -> Application | None:
    found = await _find(writing, application_id)
    if found is None:
        return None
    after = tuple(edit(found.subscribed))
    if after == found.subscribed:
        return found
    if set(after) - set(found.subscribed):
        _check_going(found)
        if len(after) > most:
            whose = "; it can ask for this one itself" if most < MOST_SUBSCRIBED else ""
            raise refused(f"this application would have more than {most} scopes of subscriptions{whose}")
    await _write(writing, found.id, {"subscribed": " ".join(after)})
    changed = await _there(writing, found.id)
    if found.state is not TokenState.REVOKED and changed.holds != found.holds:
        await writing.change(found.id, TokenChange(scopes=changed.holds), act, "application.subscribe")
    return await _there(writing, found.id)


async def _changed(writing: TokenWriting, found: Application, change: ApplicationChange, act: Act) -> Application:
    own = {name: value for name in _OF_ITSELF if (value := getattr(change, name)) is not UNSET}
    before = {name: getattr(found, name) for name in own}
    of_holder = {name: value for name in _OF_HOLDER if (value := getattr(change, name)) is not UNSET}
    values: dict[str, Any] = dict(own)
    if change.scopes is not UNSET:
        values["scopes"] = " ".join(change.scopes)
        of_holder["scopes"] = tuple(dict.fromkeys((*change.scopes, *found.subscribed)))
    if values:
        await _write(writing, found.id, values)
    await writing.change(found.id, TokenChange(**of_holder), act, "application.change", (before, own))
    return await _there(writing, found.id)


async def _write(writing: TokenWriting, id: str, values: dict[str, str]) -> None:
    await writing.connection.execute(update(application).where(_a.id == id).values(values))


async def _check_place(connection: AsyncConnection, name: str, its: str) -> str:
    """Give the holder of the team that an application is to be of, empty for none.

    Raises `BadRequest` where there is no such team, with status 409 where that has an application of this name.
    """
    found = None
    if name:
        asked = select(team.c.holder).where(team.c.name == storable(name))
        found = (await connection.execute(asked)).scalar_one_or_none()
        if found is None:
            raise BadRequest(f"there is no team {name[:64]!r}; make it first, or name none", param="team")
    await _check_name(connection, name, its)
    return found or ""


async def _check_name(connection: AsyncConnection, its_team: str, name: str) -> None:
    taken = _JOINED.where(_t.team == its_team, _t.name == storable(name), _t.revoked_at.is_(None)).limit(1)
    if (await connection.execute(taken)).first() is not None:
        raise refused("there is an application of this name in the team; take another", "already_exists")


def _check_going(found: Application) -> None:
    if found.state is TokenState.REVOKED:
        raise refused("this application has ended, for good")


def _of(id: str) -> Select[Any]:
    return _JOINED.where(_a.id == storable(id))


async def _find(writing: TokenWriting, id: str, look: Look | None = None) -> Application | None:
    found = await _applications(writing, _of(id))
    if found and look is not None:
        look(found[0])
    return found[0] if found else None


async def _there(writing: TokenWriting, id: str) -> Application:
    (found,) = await _applications(writing, _of(id))
    return found


async def _applications(writing: TokenWriting, wanted: Select[Any]) -> Sequence[Application]:
    rows = [row._mapping for row in await writing.connection.execute(wanted)]
    asked = select(token).where(_t.id.in_([row["id"] for row in rows]))
    holders = {one.id: one for one in await find_tokens(writing.connection, asked, writing.clock.now())}
    return [_application(row, holders[row["id"]]) for row in rows]


def _application(row: Any, holder: Token) -> Application:
    return Application(
        id=holder.id,
        name=holder.name,
        team=holder.team,
        owner=row["owner"],
        description=row["description"],
        created_at=holder.created_at,
        state=holder.state,
        scopes=tuple(row["scopes"].split()),
        subscribed=tuple(row["subscribed"].split()),
        limits=holder.limits,
        budget=holder.budget,
        conditions=holder.conditions,
        tags=holder.tags,
        metadata=holder.metadata,
        disabled_at=holder.disabled_at,
        ended_at=holder.revoked_at,
    )


_: type[ApplicationStore] = SqlApplications
