"""The biggest of many groups.  Those of very many tokens are found without adding all of them up.

The sums that are kept by token, of whole months and days, are indexed by what they come to. Of each of these lists that
a range touches the first entries are read, and the tokens in them added up exactly. What is in none of them comes to no
more than the last entry of each list together: once the least of the biggest is above that, all of the biggest are
found (the threshold algorithm of Fagin, Lotem and Naor, PODS 2001, section 4). Where calls are spread so evenly that
this is never said, all are added up.

In one list a token stands twice where it went to another team meanwhile, which is allowed for. One that went twice
within a month may be missed, if it is one of the least.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.stores.rollups import BY_TOKEN
from tollbridge.stores.segments import DAY, Piece, pieces, singles, start_of
from tollbridge.stores.sumqueries import Step, Sum, Which, pending_in, sources_of

_DEPTHS = (4, 16, 64)
"""How many entries of a list are read, by how many of the biggest are wanted."""
_MOST_LISTS = 100
_MOST_PENDING = 1_000
_PENDING = -1


class Biggest(NamedTuple):
    """Rows of a sum, the biggest groups first, and how many groups there are: None where nobody counted."""

    rows: Sequence[Sequence[Any]]
    groups: int | None


async def find_biggest(connection: AsyncConnection, wanted: Sum, orders: Sequence[str], limit: int) -> Biggest:
    """Give so many groups, the first by the first of these measures; among equals by the next, and by their keys."""
    ending = f"ORDER BY {', '.join(f'{order} DESC' for order in orders)}, its LIMIT {limit}"
    wanted = replace(wanted, counted=True)
    if list(wanted.kept) == [BY_TOKEN] and wanted.key == "token_id" and orders[0] in BY_TOKEN.ranked:
        for depth in _DEPTHS:
            found = await _look(connection, wanted, orders[0], limit, (depth * limit + 1, ending))
            if found is not None:
                return found
    return _told(await wanted.ask(connection, ending))


def _told(rows: Sequence[Sequence[Any]]) -> Biggest:
    return Biggest([row[:-1] for row in rows], int(rows[0][-1]) if rows else 0)


async def _look(
    connection: AsyncConnection, wanted: Sum, order: str, limit: int, look: tuple[int, str]
) -> Biggest | None:
    """Look at so many entries of each list; None where others may belong among the biggest."""
    depth, ending = look
    lists = _lists(wanted.steps[0])
    if len(lists) > _MOST_LISTS:
        return None
    entries: dict[int, list[int]] = {}
    tokens = set[str]()
    for place, token_id, value in await wanted.which.ask(connection, _entries(lists, wanted, order, depth)):
        entries.setdefault(place, []).append(int(value))
        tokens.add(token_id)
    if len(entries.pop(_PENDING, ())) > _MOST_PENDING:
        return None
    unseen = sum(min(values) for values in entries.values() if len(values) == depth)
    filters = {**wanted.which.filters, "token_id": sorted(tokens)}
    own = replace(wanted, which=Which(filters), kept=sources_of(filters, filters))
    found = _told(await own.ask(connection, ending) if tokens else ())
    if not any(len(values) == depth for values in entries.values()):
        return found
    least = int(found.rows[-1][2 + list(wanted.names).index(order)]) if len(found.rows) == limit else -1
    return Biggest(found.rows, None) if least > 2 * unseen else None


def _lists(within: Step) -> Sequence[Piece]:
    """Give the months and days that calls of a range are in; one of what is taken away again is not needed."""
    found: dict[Piece, None] = {}
    for piece in pieces(*within, BY_TOKEN.spans):
        if piece.sign < 0:
            continue
        if piece.span in BY_TOKEN.spans:
            found.update(dict.fromkeys(singles(piece)))
        else:
            first = start_of(DAY, piece.since)
            found.update(dict.fromkeys(singles(Piece(DAY, first, piece.until))))
    return list(found)


def _entries(lists: Sequence[Piece], wanted: Sum, order: str, depth: int) -> str:
    """Write the question for the first entries of each list, and for the tokens of calls that no list has yet."""
    parts = [
        f"SELECT * FROM (SELECT {place} AS place, token_id, {order} AS entry FROM {BY_TOKEN.table}"
        f" WHERE span = {each.span} AND start = {each.since}{wanted.which.of_kept()}"
        f" ORDER BY {order} DESC LIMIT {depth}) AS list_{place}"
        for place, each in enumerate(lists)
    ]
    pending = f"SELECT DISTINCT {_PENDING}, token_id, 0 {pending_in(*wanted.steps[0])}{wanted.which.of_rows()}"
    parts.append(f"SELECT * FROM ({pending} LIMIT {_MOST_PENDING + 1}) AS pending")
    return " UNION ALL ".join(parts)
