"""The statements that add up what is kept of usage rows, in SQL that SQLite and PostgreSQL share.

Each piece of a range is a row of a common table expression: its step, where it begins and ends, and whether it is
added or taken away. Pieces come first in each join, and the keys of the tables begin with what they say.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.stores.counting import ENDING, MEASURES, PENDING
from tollbridge.stores.rollups import BY_ENDING, BY_MODEL, BY_TEAM, BY_TEAM_MODEL, BY_TOKEN, OF_TOKEN, Kept
from tollbridge.stores.rows import storable
from tollbridge.stores.segments import MONTH, ROWS, Piece, pieces, singles
from tollbridge.stores.usages import Filters

_PIECE = "(step, span, since, until, sign)"
_SIGNS = {"qmark": "?", "numeric_dollar": "$"}
"""How places of values are numbered, by the style of a driver."""
_PLACE = re.compile(r":of_(\w+)")
TEAMS = f"team IN (SELECT team FROM {BY_TEAM.table} WHERE span = {MONTH})"
"""Every team: those tables are found by a team first."""
_INDEXED = {"service": "service <> 'ai'", "application": "application <> ''"}
"""As the indexes say it of themselves: a database takes one where it sees that it has all of the rows."""


def pending_in(since: int | str, until: int | str, beside: str = "") -> str:
    """Say where rows of a range come from that no sum has yet; `beside` is what they are joined to."""
    return (
        f"FROM {beside}{PENDING} AS note JOIN usage ON usage.call_id = note.call_id"
        f" WHERE note.at >= {since} AND note.at < {until}"
    )


READ = "FROM read_piece CROSS JOIN usage WHERE at >= since AND at < until"
NOT_TAKEN_OVER = pending_in("since", "until", beside="kept_piece CROSS JOIN ")
"""Rows that are read: those of pieces that sums are not kept of, and of the others those that no sum has yet."""

Step = tuple[int, int]
"""When it begins, and when it is over."""
Vector = tuple[int, ...]
"""What calls add up to, in the order of `counting.MEASURES`."""
NOTHING: Vector = (0,) * len(MEASURES)


class Which(msgspec.Struct, frozen=True):
    """Calls that are meant: those with one of each of these values."""

    filters: Filters

    def of_kept(self) -> str:
        """Say it of a table of sums."""
        return "".join(f" AND {name} IN :of_{name}" for name in self.filters)

    def of_rows(self) -> str:
        """Say it of usage rows."""
        said = [f" AND {column_of(name)} IN :of_{name}" for name in self.filters]
        return "".join([*said, *(f" AND {_INDEXED[name]}" for name in self.filters if self._has_index(name))])

    @property
    def is_indexed(self) -> bool:
        """Whether an index has their rows."""
        return "token_id" in self.filters or any(map(self._has_index, self.filters))

    def _has_index(self, name: str) -> bool:
        without = {"service": "ai", "application": ""}
        return name in without and without[name] not in self.filters[name]

    async def ask(self, connection: AsyncConnection, sql: str) -> Sequence[Sequence[Any]]:
        """Ask with these values.

        The driver is asked as it is: a text of ten thousand signs, of which no two are the same, SQLAlchemy looks over
        for almost as long as a database takes to answer it.
        """
        said, values = self.placed(sql, _SIGNS[connection.dialect.paramstyle])
        return (await connection.exec_driver_sql(said, values)).all()

    def placed(self, sql: str, sign: str) -> tuple[str, tuple[str, ...]]:
        """Write a numbered place for each value, and give the values in their order."""
        places, values = dict[str, str](), list[str]()

        def write(found: re.Match[str]) -> str:
            name = found[1]
            if name not in places:
                first = len(values) + 1
                values.extend(map(storable, self.filters[name]))
                places[name] = ", ".join(f"{sign}{number}" for number in range(first, len(values) + 1)) or "NULL"
            return f"({places[name]})"

        return _PLACE.sub(write, sql), tuple(values)


def column_of(name: str) -> str:
    """Give what a dimension is in a usage row."""
    return ENDING if name == "ending" else name


def sources_of(needed: Collection[str], filters: Filters) -> Sequence[Kept]:
    """Give the tables of sums that tell calls apart by all that is needed, none where rows alone do.

    Of several the first that keeps a span is asked for it.
    """
    if "token_id" in filters and OF_TOKEN.known.issuperset(needed):
        return (BY_TOKEN, OF_TOKEN) if BY_TOKEN.known.issuperset(needed) else (OF_TOKEN,)
    tables = (BY_ENDING, BY_MODEL, BY_TEAM, BY_TEAM_MODEL, BY_TOKEN)
    return [kept for kept in tables if kept.known.issuperset(needed)][:1]


def cut(
    steps: Iterable[Step], spans: Sequence[int], *, whole: bool = False, single: Collection[int] = ()
) -> tuple[str, str]:
    """Cut steps by spans: gives the values of the pieces that sums are kept of, and of those whose rows are read.

    Of the spans in `single` each piece is one by itself.
    """
    kept, read = list[str](), list[str]()
    for step, (since, until) in enumerate(steps):
        for piece in pieces(since, until, spans, whole=whole):
            those = singles(piece) if piece.span in single else (piece,)
            (read if piece.span == ROWS else kept).extend(_values(step, each) for each in those)
    return ", ".join(kept), ", ".join(read)


def _values(step: int, piece: Piece) -> str:
    return f"({step}, {piece.span}, {piece.since}, {piece.until}, {piece.sign})"


def with_pieces(kept: str, read: str) -> str:
    """Write the beginning of a statement, where the pieces are."""
    said = {"kept_piece": kept, "read_piece": read}
    return "WITH " + ", ".join(f"{name} {_PIECE} AS (VALUES {those})" for name, those in said.items() if those)


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be added up: of which calls, in which steps, by which key of them, from which tables or the rows.

    `key` is SQL of columns of the tables, `read_key` of the rows where that is another. `names` are the measures that
    are wanted, `made` the first of them: the fewer the quicker. `dated` tells when the last call was, `counted` how
    many keys there are.
    """

    which: Which
    steps: Sequence[Step]
    kept: Sequence[Kept]
    key: str = "''"
    read_key: str = ""
    names: Sequence[str] = tuple(MEASURES)
    dated: bool = False
    counted: bool = False

    def sql(self, ending: str = "") -> str:
        """Write the statement: step, key, the measures, when the last call was, how many keys there are."""
        asked = self._asked()
        single = [span for one, spans in asked.items() if self._is_looked_up(one) for span in spans]
        kept, read = cut(
            self.steps, [span for spans in asked.values() for span in spans], whole=self.dated, single=single
        )
        if not kept and not read:
            return ""
        names = [*self.names, *(["last_at"] if self.dated else [])]
        sums = [f"SUM({name}) AS {name}" for name in self.names] + (["MAX(last_at) AS last_at"] if self.dated else [])
        parts = []
        if kept:
            parts += [self._of_kept(one, spans, names) for one, spans in asked.items()]
            parts.append(self._of_rows(NOT_TAKEN_OVER))
        if read:
            parts.append(self._of_rows(READ))
        step, by = ("0 AS step", "its") if len(self.steps) == 1 else ("step", "step, its")
        grouped = (
            f"SELECT {step}, its, {', '.join(sums)} FROM ({' UNION ALL '.join(parts)}) AS part"
            f" GROUP BY {by} HAVING SUM(made) <> 0"
        )
        if not self.counted:
            return f"{with_pieces(kept, read)} {grouped} {ending}"
        return (
            f"{with_pieces(kept, read)}, summed AS MATERIALIZED ({grouped})"
            f" SELECT summed.*, (SELECT count(*) FROM summed) FROM summed {ending}"
        )

    def _asked(self) -> Mapping[Kept, Sequence[int]]:
        """Say which spans each table is asked for; together they are the longest first."""
        found: dict[Kept, Sequence[int]] = {}
        for one in self.kept:
            before = [span for spans in found.values() for span in spans]
            found[one] = [span for span in one.spans if span not in before]
        return found

    def _is_looked_up(self, kept: Kept) -> bool:
        """Whether its rows are found by their keys, where each piece is one by itself."""
        return kept is BY_TOKEN and "token_id" in self.which.filters

    def _of_kept(self, kept: Kept, spans: Sequence[int], names: Sequence[str]) -> str:
        columns = [f"sign * {name} AS {name}" if name != "last_at" else name for name in names]
        teams = kept in (BY_TEAM, BY_TEAM_MODEL) and "team" not in self.which.filters
        within = "start = since" if self._is_looked_up(kept) else "start >= since AND start < until"
        own = f" AND kept_piece.span IN ({', '.join(map(str, spans))})" if len(self.kept) > 1 else ""
        return (
            f"SELECT step, {self.key} AS its, {', '.join(columns)} FROM kept_piece CROSS JOIN {kept.table}"
            f" WHERE {kept.table}.span = kept_piece.span AND {within}{own}"
            f"{self.which.of_kept()}{f' AND {TEAMS}' if teams else ''}"
        )

    def _of_rows(self, those: str) -> str:
        columns = [f"sign * {MEASURES[name]} AS {name}" for name in self.names]
        columns += ["usage.at AS last_at"] if self.dated else []
        return f"SELECT step, {self.read_key or self.key} AS its, {', '.join(columns)} {those}{self.which.of_rows()}"

    async def ask(self, connection: AsyncConnection, ending: str = "") -> Sequence[Sequence[Any]]:
        """Ask for it: rows of step, key, the measures, when the last call was, how many keys there are."""
        sql = self.sql(ending)
        return await self.which.ask(connection, sql) if sql else []

    def sums(self, row: Sequence[Any]) -> Mapping[str, int]:
        """Give the measures of a row by their names."""
        return {name: int(value) for name, value in zip(self.names, row[2:], strict=False)}


def vector_of(row: Sequence[Any]) -> Vector:
    """Give the measures of a row of a sum."""
    return tuple(map(int, row[2 : 2 + len(MEASURES)]))


def added(vectors: Iterable[Vector]) -> Vector:
    """Add up what calls add up to."""
    return tuple(map(sum, zip(NOTHING, *vectors, strict=True)))


def less(one: Vector, other: Vector) -> Vector:
    """Take one from another."""
    return tuple(a - b for a, b in zip(one, other, strict=True))
