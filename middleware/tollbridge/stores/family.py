"""Tokens and those they minted, inside a transaction that someone else began.

What a token may do is bounded by all above it. The bounds stand in its own row, so that a look-up reads one; whatever
changes a token writes them anew for all below.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.stores.tables import token, turn
from tollbridge.stores.tokenrows import (
    Values,
    above_of,
    read_above,
    read_conditions,
    written_above,
    written_conditions,
)
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.scopes import NOTHING

_AT_ONCE = 500
"""Parents named in one statement."""

TokenRow = Mapping[str, Any]
"""The columns of a token, by name."""
Stands = Sequence[TokenRow]
"""Those right above a token: none, one, or of a grant two."""


async def take_turn(connection: AsyncConnection) -> None:
    """Let no other transaction change tokens until this one has ended.  To be done before anything is read."""
    await connection.execute(update(turn).where(turn.c.name == "tokens").values(number=turn.c.number + 1))


def bounded(row: Values | TokenRow, above: Stands) -> Values:
    """Give the columns of a token that come of those right above it."""
    own = Conditions(tuple(row["networks"].split()), row["hours"])
    groups: dict[str, None] = {}
    conditions, stand, ends = [own], [], row["expires_at"]
    for each in above:
        groups |= dict.fromkeys([each["scopes"] or NOTHING, *each["bounds"].split("\n")])
        stand += [above_of(each), *read_above(each["above"])]
        conditions += read_conditions(each["conditions"])
        ends = min((at for at in (ends, each["expires_at"]) if at is not None), default=None)
    groups.pop("", None)
    return {
        "bounds": "\n".join(groups),
        "above": written_above(tuple({each.id: each for each in stand}.values())),
        "conditions": written_conditions(list(dict.fromkeys(conditions))),
        "expires_at": ends,
    }


async def stands_of(connection: AsyncConnection, row: TokenRow) -> Stands:
    """Give those right above a token: who minted it, and who else is above it."""
    ids = [id for id in (row["parent"], row["beside"]) if id]
    found = {each.id: each._asdict() for each in await connection.execute(select(token).where(token.c.id.in_(ids)))}
    return tuple(found[id] for id in ids if id in found)


async def below(connection: AsyncConnection, ids: Sequence[str]) -> Sequence[TokenRow]:
    """Give the tokens right below some: those they minted themselves, and those they stand above beside another."""
    found: dict[str, TokenRow] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        asked = select(token).where(or_(token.c.parent.in_(some), token.c.beside.in_(some))).order_by(token.c.id)
        found |= {row.id: row._asdict() for row in await connection.execute(asked)}
    return list(found.values())


async def generations(connection: AsyncConnection, id: str) -> Sequence[Sequence[TokenRow]]:
    """Give all that a token has minted, and those have, a generation after the other."""
    found: list[Sequence[TokenRow]] = []
    ids = [id]
    while rows := await below(connection, ids):
        found.append(rows)
        ids = [row["id"] for row in rows]
    return found


async def descendants(connection: AsyncConnection, id: str) -> Sequence[str]:
    """Give the id of a token and those of all below it."""
    return list(dict.fromkeys([id, *(row["id"] for rows in await generations(connection, id) for row in rows)]))


async def minted(connection: AsyncConnection, id: str) -> Sequence[str]:
    """Give the id of a token, and those of what it minted, and that has: not what only stands beside one of them."""
    found: dict[str, None] = {id: None}
    for generation in await generations(connection, id):
        found |= {row["id"]: None for row in generation if row["parent"] in found}
    return list(found)


async def rebind(connection: AsyncConnection, row: TokenRow) -> None:
    """Write the bounds of all below a token anew, after it changed."""
    above: dict[str, TokenRow] = {row["id"]: row}
    for generation in await generations(connection, row["id"]):
        for child in generation:
            stands = await stands_of(connection, child) if child["beside"] else (above[child["parent"]],)
            values = bounded(child, [above.get(each["id"], each) for each in stands])
            written = above.get(child["id"], child)  # what is below two may come in two generations
            above[child["id"]] = {**child, **values}
            if any(written[name] != value for name, value in values.items()):
                await connection.execute(update(token).where(token.c.id == child["id"]).values(values))
