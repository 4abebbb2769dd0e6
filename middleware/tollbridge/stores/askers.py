"""Who somebody is that asks for something, with whichever of their tokens they do.

A token speaks for the person who made it, and so do those that it made: what is to be decided by somebody else is not
decided with another token of the same hand. Whoever was given a secret of a token may be who calls with it. Whoever
calls for an application is nobody: who administers that has a token of it whenever they like.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.applications.model import is_application
from tollbridge.audit import OPERATOR
from tollbridge.stores.applicationtables import application
from tollbridge.stores.rows import storable
from tollbridge.stores.tables import audit, token
from tollbridge.stores.tokenwriting import MOST_SECRETS
from tollbridge.tokens.model import TokenKind
from tollbridge.tokens.wishes import PERSON

_WHOSE = func.coalesce(application.c.owner, token.c.owner).label("owner")
_ASKED = select(token.c.id, token.c.kind, token.c.parent, _WHOSE).outerjoin(application, application.c.id == token.c.id)
_TURNED = "token.rotate"
_HANDED = (_TURNED, "token.set_rotation", "credential.add", "credential.rotate")
"""Changes of a token with which somebody is given a secret of it, or says where the next ones go."""
_Rows = dict[str, Row[Any]]


class Asker(msgspec.Struct, frozen=True):
    """Who acts under an id: whom that stands for, and the token of the id with those that it was made with.

    `hands` are whom those stand for who were given secrets of these.
    """

    stands_for: str
    tokens: tuple[str, ...]
    of_application: bool = False
    hands: frozenset[str] = frozenset()

    def may_be(self, other: "Asker") -> bool:
        """Whether both may be one person: they stand for the same, one was made with the other, or one is nobody."""
        made = self.tokens[0] in other.tokens or other.tokens[0] in self.tokens
        same = not {self.stands_for, *self.hands}.isdisjoint({other.stands_for, *other.hands})
        return made or same or self.of_application or other.of_application


async def askers(connection: AsyncConnection, ids: Collection[str]) -> Mapping[str, Asker]:
    """Say who each is; an id that is no token's, such as a person's or an outside caller's, stands for itself."""
    rows: _Rows = {}
    await _look_up(connection, ids, rows)
    hands = await _hands(connection, list(rows))
    await _look_up(connection, {hand for found in hands.values() for hand in found} - rows.keys(), rows)
    return {id: _with_hands(_asker(id, rows), hands, rows) for id in ids}


async def _look_up(connection: AsyncConnection, ids: Iterable[str], rows: _Rows) -> None:
    """Add the tokens of some ids, and those that they were made with."""
    wanted = set(ids)
    while wanted:
        found = await connection.execute(_ASKED.where(token.c.id.in_([storable(id) for id in wanted])))
        above = {row.id: row for row in found}
        rows |= above
        wanted = {row.parent for row in above.values() if row.parent} - rows.keys()


async def _hands(connection: AsyncConnection, tokens: Collection[str]) -> Mapping[str, Collection[str]]:
    """Give who was given secrets of tokens, but the operator: of their own secrets so many as open at a time."""
    if not tokens:
        return {}
    about = (audit.c.target, audit.c.action, audit.c.actor)
    given = audit.c.target.in_(tokens) & audit.c.action.in_(_HANDED)
    asked = select(*about).where(given).group_by(*about).order_by(func.max(audit.c.number).desc())
    found, turned = defaultdict[str, set[str]](set), defaultdict[str, int](int)
    for target, action, actor in await connection.execute(asked):
        turned[target] += action == _TURNED
        if actor != OPERATOR.id and (action != _TURNED or turned[target] <= MOST_SECRETS):
            found[target].add(actor)
    return found


def _with_hands(asker: Asker, hands: Mapping[str, Collection[str]], rows: _Rows) -> Asker:
    given = {hand for each in asker.tokens for hand in hands.get(each, ())}
    return msgspec.structs.replace(asker, hands=frozenset(_asker(hand, rows).stands_for for hand in given))


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
