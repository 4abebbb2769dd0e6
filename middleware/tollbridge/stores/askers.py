"""Who somebody is that asks for something, with whichever of their tokens they do.

A token speaks for the person who made it, and so do those that it made: what is to be decided by somebody else is not
decided with another token of the same hand. Whoever calls for an application is nobody: who administers that has a
token of it whenever they like.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.applications.model import is_application
from tollbridge.stores.applicationtables import application
from tollbridge.stores.rows import storable
from tollbridge.stores.tables import token
from tollbridge.tokens.model import TokenKind
from tollbridge.tokens.wishes import PERSON

_WHOSE = func.coalesce(application.c.owner, token.c.owner).label("owner")
_ASKED = select(token.c.id, token.c.kind, token.c.parent, _WHOSE).outerjoin(application, application.c.id == token.c.id)
_Rows = Mapping[str, Row[Any]]


class Asker(msgspec.Struct, frozen=True):
    """Who acts under an id: whom that stands for, and the token of the id with those that it was made with."""

    stands_for: str
    tokens: tuple[str, ...]
    of_application: bool = False

    def may_be(self, other: "Asker") -> bool:
        """Whether both may be one person: they stand for the same, one was made with the other, or one is nobody."""
        made = self.tokens[0] in other.tokens or other.tokens[0] in self.tokens
        return made or self.stands_for == other.stands_for or self.of_application or other.of_application


async def askers(connection: AsyncConnection, ids: Collection[str]) -> Mapping[str, Asker]:
    """Say who each is; an id that is no token's, such as a person's or an outside caller's, stands for itself."""
    rows: dict[str, Row[Any]] = {}
    wanted = set(ids)
    while wanted:
        found = await connection.execute(_ASKED.where(token.c.id.in_([storable(id) for id in wanted])))
        above = {row.id: row for row in found}
        rows |= above
        wanted = {row.parent for row in above.values() if row.parent} - rows.keys()
    return {id: _asker(id, rows) for id in ids}


def _asker(id: str, rows: _Rows) -> Asker:
    """Follow a token up to who made it.  A person's id counts before a name that somebody gave; a team is nobody."""
    made, owners, at = [id], list[str](), rows.get(id)
    while at is not None:
        owners.append(at.owner)
        above = rows.get(at.parent)
        if not at.parent or (above is not None and above.kind == TokenKind.TEAM):
            break
        made.append(at.parent)
        at = above
    people = [owner for owner in owners if owner.startswith(PERSON)]
    named = [owner for owner in owners if owner]
    return Asker([*people, *named, made[-1]][0], tuple(made), of_application=any(map(is_application, made)))
