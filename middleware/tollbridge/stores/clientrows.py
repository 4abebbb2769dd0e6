"""OAuth clients in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.clients.model import AuthMethod, Client, ClientRules, GrantType, NewClient
from tollbridge.stores.changes import TokenChange
from tollbridge.stores.engine import answering
from tollbridge.stores.granttables import client
from tollbridge.stores.rows import micros, storable
from tollbridge.stores.searching import holds
from tollbridge.stores.tables import token
from tollbridge.stores.tokenrows import Values
from tollbridge.stores.tokens import find_tokens
from tollbridge.stores.tokenwriting import TokenTurns

_encode = msgspec.json.Encoder().encode
_decode_uris = msgspec.json.Decoder(tuple[str, ...]).decode
_c = client.c


class SqlClients:
    """Keeps them."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns

    async def add(self, new: NewClient, act: Act) -> Client:
        values = {
            "id": new.token.id,
            "registered": new.registered,
            "created_at": micros(new.token.created_at),
            **_values(new.rules),
        }
        async with self._turns.take() as writing:
            await writing.add(new.token, act, "client.add", {**_values(new.rules), "registered": new.registered})
            await writing.connection.execute(insert(client).values(values))
            return await self._found(writing.connection, new.token.id)

    async def change(
        self, client_id: str, change: Callable[[Client], tuple[TokenChange, ClientRules]], act: Act
    ) -> Client | None:
        async with self._turns.take() as writing:
            found = await self._clients(writing.connection, select(client).where(_c.id == storable(client_id)))
            if not found:
                return None
            token, rules = change(found[0])
            before, after = _values(found[0].rules), _values(rules)
            await writing.change(client_id, token, act, "client.change", (before, after))
            await writing.connection.execute(update(client).where(_c.id == client_id).values(after))
            return await self._found(writing.connection, client_id)

    async def get(self, client_id: str) -> Client | None:
        found = await self._find(select(client).where(_c.id == storable(client_id)))
        return found[0] if found else None

    async def find(
        self, *, limit: int = 50, before: str | None = None, search: str = "", team: str = ""
    ) -> Sequence[Client]:
        """List clients; the search does not tell upper from lower case (ASCII).

        Raises `ValueError` for a limit below 1.
        """
        if limit < 1:
            raise ValueError(f"limit {limit} is below 1")
        wanted = select(client).join(token, token.c.id == _c.id).order_by(_c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(_c.id < storable(before))
        if search:
            wanted = wanted.where(holds(search, token.c.name, token.c.owner, token.c.id))
        if team:
            wanted = wanted.where(token.c.team == storable(team))
        return await self._find(wanted)

    async def _find(self, wanted: Select[Any]) -> Sequence[Client]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return await self._clients(connection, wanted)

    async def _found(self, connection: AsyncConnection, client_id: str) -> Client:
        (found,) = await self._clients(connection, select(client).where(_c.id == client_id))
        return found

    async def _clients(self, connection: AsyncConnection, wanted: Select[Any]) -> Sequence[Client]:
        rows = (await connection.execute(wanted)).all()
        asked = select(token).where(token.c.id.in_([row.id for row in rows]))
        tokens = {each.id: each for each in await find_tokens(connection, asked, self._turns.clock.now())}
        return [Client(tokens[row.id], _rules(row), row.registered) for row in rows]


def _values(rules: ClientRules) -> Values:
    return {
        "auth_method": rules.auth_method.value,
        "grants": " ".join(rules.grants),
        "redirect_uris": _encode(rules.redirect_uris).decode(),
        "keys": rules.keys,
        "keys_url": rules.keys_url,
        "about_url": rules.about_url,
        "trusted": rules.trusted,
        "access_s": rules.access_s,
        "refresh_s": rules.refresh_s,
    }


def _rules(row: Row[Any]) -> ClientRules:
    return ClientRules(
        auth_method=AuthMethod(row.auth_method),
        grants=tuple(map(GrantType, row.grants.split())),
        redirect_uris=_decode_uris(row.redirect_uris),
        keys=row.keys,
        keys_url=row.keys_url,
        about_url=row.about_url,
        trusted=bool(row.trusted),
        access_s=row.access_s,
        refresh_s=row.refresh_s,
    )
