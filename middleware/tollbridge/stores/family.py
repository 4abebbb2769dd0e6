"""Tokens and those they minted, inside a transaction that someone else began.

What a token may do is bounded by all above it. The bounds stand in its own row, so that a look-up reads one; whatever
changes a token writes them anew for all below.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select, update
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

_AT_ONCE = 500
"""Parents named in one statement."""

TokenRow = Mapping[str, Any]
"""The columns of a token, by name."""


async def take_turn(connection: AsyncConnection) -> None:
    """Let no other transaction change tokens until this one has ended.  To be done before anything is read."""
    await connection.execute(update(turn).where(turn.c.name == "tokens").values(number=turn.c.number + 1))


def bounded(row: Values | TokenRow, above: TokenRow | None) -> Values:
    """Give the columns of a token that come of the token above it, None for one that stands alone."""
    own = Conditions(tuple(row["networks"].split()), row["hours"])
    if above is None:
        return {"bounds": "", "above": "", "conditions": written_conditions([own])}
    groups = dict.fromkeys([above["scopes"], *above["bounds"].split("\n")])
    groups.pop("", None)
    ends = [at for at in (row["expires_at"], above["expires_at"]) if at is not None]
    return {
        "bounds": "\n".join(groups),
        "above": written_above([above_of(above), *read_above(above["above"])]),
        "conditions": written_conditions([own, *read_conditions(above["conditions"])]),
        "expires_at": min(ends, default=None),
    }


async def below(connection: AsyncConnection, ids: Sequence[str]) -> Sequence[TokenRow]:
    """Give the tokens that some have minted themselves."""
    found: list[Row[Any]] = []
    for start in range(0, len(ids), _AT_ONCE):
        asked = select(token).where(token.c.parent.in_(ids[start : start + _AT_ONCE])).order_by(token.c.id)
        found += (await connection.execute(asked)).all()
    return [row._asdict() for row in found]


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
    return [id, *(row["id"] for rows in await generations(connection, id) for row in rows)]


async def rebind(connection: AsyncConnection, row: TokenRow) -> None:
    """Write the bounds of all below a token anew, after it changed."""
    above: dict[str, TokenRow] = {row["id"]: row}
    for generation in await generations(connection, row["id"]):
        for child in generation:
            values = bounded(child, above[child["parent"]])
            above[child["id"]] = {**child, **values}
            if any(child[name] != value for name, value in values.items()):
                await connection.execute(update(token).where(token.c.id == child["id"]).values(values))
