"""Reports of usage in an SQL database: from the sums that are kept, and from rows where nothing is."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tollbridge.errors import BadRequest
from tollbridge.metering.ledger import UsageRow
from tollbridge.stores.askers import askers
from tollbridge.stores.counting import MEASURES as SUMMED
from tollbridge.stores.engine import answering
from tollbridge.stores.rows import micros, storable
from tollbridge.stores.sqlcalls import list_calls, list_children
from tollbridge.stores.sumqueries import (
    NOTHING,
    Step,
    Sum,
    Vector,
    Which,
    added,
    column_of,
    less,
    sources_of,
    vector_of,
)
from tollbridge.stores.tables import token
from tollbridge.stores.timequeries import NO_TIMES, Times, Timing, cut_of, latencies
from tollbridge.stores.toplists import Biggest, find_biggest
from tollbridge.stores.usages import (
    DIMENSIONS,
    MEASURES,
    CallsAsked,
    CallsFound,
    Figures,
    Filters,
    Group,
    Report,
    ReportAsked,
)
from tollbridge.tokens.wishes import PERSON

MOST_TIMED = 10_000
"""Calls that are read to say how long they took, where no histogram is kept of them."""
LONGEST_READ = timedelta(days=1)
"""The longest range of which all rows are read."""
_AT_ONCE = 500
"""Ids in one question."""
MOST_OWN = 1_000
"""Tokens of one person that are looked at."""


class SqlUsage:
    """Reports over usage rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def report(self, asked: ReportAsked) -> Report:
        _check(asked)
        with answering():
            async with self._engine.connect() as connection:
                return await _Reading(connection, asked).report()

    async def rows(self, asked: CallsAsked) -> CallsFound:
        with answering():
            async with self._engine.connect() as connection:
                return await list_calls(connection, asked)

    async def children(self, call_id: str) -> Sequence[UsageRow]:
        with answering():
            async with self._engine.connect() as connection:
                return await list_children(connection, call_id)

    async def tokens_of(self, token_id: str) -> Sequence[str]:
        with answering():
            async with self._engine.connect() as connection:
                return await _tokens_of(connection, token_id)

    async def names(self, ids: Sequence[str], *, team: str = "") -> Mapping[str, str]:
        found: dict[str, str] = {}
        with answering():
            async with self._engine.connect() as connection:
                for start in range(0, len(ids), _AT_ONCE):
                    some = [storable(id) for id in ids[start : start + _AT_ONCE]]
                    wanted = select(token.c.id, token.c.name).where(token.c.id.in_(some))
                    wanted = wanted.where(token.c.team == storable(team)) if team else wanted
                    found.update((id, name) for id, name in await connection.execute(wanted))
        return found


def _check(asked: ReportAsked) -> None:
    """Raise `BadRequest` for what cannot be reported."""
    ends = [*asked.starts, asked.until]
    if len(ends) < 2 or any(one >= other for one, other in pairwise(ends)):
        raise BadRequest("the steps of a report begin one after the other, and before its end")
    for name in (*asked.filters, *([asked.by] if asked.by else [])):
        if name not in DIMENSIONS:
            raise BadRequest(f"calls are not told apart by {name!r}; known: {', '.join(DIMENSIONS)}")
    if asked.order not in MEASURES:
        raise BadRequest(f"groups are not ordered by {asked.order!r}; known: {', '.join(MEASURES)}")
    if asked.top < 1:
        raise BadRequest(f"a top of {asked.top} is none")
    needed = {*asked.filters, *([asked.by] if asked.by else [])}
    by_rows = not sources_of(needed, asked.filters) and not Which(asked.filters).is_indexed
    if by_rows and asked.until - asked.starts[0] > LONGEST_READ:
        raise BadRequest(
            "this is summed up call by call: name tokens, applications or published services, or a day at most"
        )


class _Of(msgspec.Struct, frozen=True):
    """Calls that are summed up: what they add up to and how long they took, in all and in each step."""

    whole: Vector
    steps: Sequence[Vector]
    times: Times | None
    step_times: Sequence[Times | None]

    def figures(self) -> Figures:
        return _figures(self.whole, self.times)

    def series(self) -> Sequence[Figures]:
        return [_figures(one, times) for one, times in zip(self.steps, self.step_times, strict=True)]


class _Reading:
    """One report, as it is read."""

    def __init__(self, connection: AsyncConnection, asked: ReportAsked) -> None:
        self._connection = connection
        self._asked = asked
        ends = [micros(at) for at in (*asked.starts, asked.until)]
        self._steps: list[Step] = list(pairwise(ends))
        self._range: list[Step] = [(ends[0], ends[-1])]

    async def report(self) -> Report:
        """Read it."""
        asked = self._asked
        all = await self._whole()
        if not asked.by:
            return Report(totals=all.figures(), series=all.series())
        found, number = await self._biggest()
        if not found:
            return Report(totals=all.figures(), series=all.series())
        groups = await self._groups([row[1] for row in found])
        is_all = number == len(groups) or all.whole == added(one.whole for one in groups.values())
        return Report(
            totals=all.figures(),
            series=all.series(),
            groups=[Group(key=key, totals=one.figures(), series=one.series()) for key, one in groups.items()],
            others=None if is_all else _others(all, list(groups.values())),
            other_groups=0 if is_all else None if number is None else number - len(groups),
        )

    async def _whole(self) -> _Of:
        filters, steps = self._asked.filters, len(self._steps)
        sums = {row[0]: vector_of(row) for row in await self._sum(filters, self._steps)}
        vectors = [sums.get(step, NOTHING) for step in range(steps)]
        whole = added(vectors)
        found = await self._times(filters, self._steps, whole)
        if found is None:
            return _Of(whole, vectors, None, [None] * steps)
        times = [found.get((step, ""), NO_TIMES) for step in range(steps)]
        return _Of(whole, vectors, (sum(one[0] for one in times), sum(one[1] for one in times)), times)

    async def _biggest(self) -> Biggest:
        """Give a row for each of the biggest groups, in their order, with its key."""
        asked = self._asked
        names = tuple(dict.fromkeys(("made", asked.order)))
        wanted = self._wanted(asked.filters, self._range, asked.by, names)
        return await find_biggest(self._connection, wanted, (asked.order,), asked.top)

    async def _groups(self, keys: Sequence[str]) -> Mapping[str, _Of]:
        asked, cut = self._asked, keys[: self._asked.stepped]
        filters, steps = {**asked.filters, asked.by: keys}, range(len(self._steps))
        sums = {(row[0], row[1]): vector_of(row) for row in await self._sum_of(cut, self._steps)}
        totals = {key: added(sums.get((step, key), NOTHING) for step in steps) for key in cut}
        totals |= {row[1]: vector_of(row) for row in await self._sum_of(keys[len(cut) :], self._range)}
        whole = added(totals.values())
        times = await self._times(filters, self._range, whole, asked.by)
        stepped = await self._times(filters, self._steps, whole, asked.by) if asked.stepped_times else None
        return {
            key: _Of(
                totals.get(key, NOTHING),
                [sums.get((step, key), NOTHING) for step in steps] if key in cut else (),
                None if times is None else times.get((0, key), NO_TIMES),
                [None if stepped is None else stepped.get((step, key), NO_TIMES) for step in steps if key in cut],
            )
            for key in keys
        }

    async def _sum_of(self, keys: Sequence[str], steps: Sequence[Step]) -> Sequence[Sequence[Any]]:
        """Add up some groups."""
        by = self._asked.by
        return await self._sum({**self._asked.filters, by: keys}, steps, by) if keys else ()

    def _wanted(self, filters: Filters, steps: Sequence[Step], by: str, names: Sequence[str]) -> Sum:
        kept = sources_of({*filters, *([by] if by else [])}, filters)
        key, read_key = by or "''", column_of(by)
        return Sum(which=Which(filters), steps=steps, kept=kept, key=key, read_key=read_key, names=names)

    async def _sum(self, filters: Filters, steps: Sequence[Step], by: str = "") -> Sequence[Sequence[Any]]:
        return await self._wanted(filters, steps, by, SUMMED_NAMES).ask(self._connection)

    async def _times(
        self, filters: Filters, steps: Sequence[Step], whole: Vector, by: str = ""
    ) -> Mapping[tuple[int, str], Times] | None:
        """Give how long calls took by step and key, None where that is not known."""
        if not self._asked.timed:
            return None
        needed = {*filters, *([by] if by else [])}
        which, cut = Which(filters), cut_of(needed)
        readable = which.is_indexed or not sources_of(needed, filters)
        if cut is None and not (readable and whole[SUMMED_NAMES.index("calls")] <= MOST_TIMED):
            return None
        return await Timing(which=which, steps=steps, cut=cut, key=by or "''", read_key=column_of(by)).ask(
            self._connection
        )


SUMMED_NAMES = tuple(SUMMED)


def _figures(vector: Vector, times: Times | None) -> Figures:
    p50, p95, first = latencies(times)
    sums = {name: value for name, value in zip(SUMMED, vector, strict=True) if name in MEASURES}
    return Figures(**sums, latency_p50_ms=p50, latency_p95_ms=p95, first_byte_p50_ms=first)


def _others(every: _Of, groups: Sequence[_Of]) -> Group:
    """Say what is left of all calls."""
    cut = every.steps if all(one.steps for one in groups) else ()
    steps = [less(whole, added(one.steps[step] for one in groups)) for step, whole in enumerate(cut)]
    stepped = [
        _rest(times, [one.step_times[step] for one in groups])
        for step, times in enumerate(every.step_times[: len(cut)])
    ]
    rest = _Of(
        less(every.whole, added(one.whole for one in groups)),
        steps,
        _rest(every.times, [one.times for one in groups]),
        stepped,
    )
    return Group(key="", totals=rest.figures(), series=rest.series())


def _rest(times: Times | None, groups: Sequence[Times | None]) -> Times | None:
    known = [one for one in groups if one is not None]
    if times is None or len(known) < len(groups):
        return None
    return times[0] - sum(one[0] for one in known), times[1] - sum(one[1] for one in known)


async def _tokens_of(connection: AsyncConnection, token_id: str) -> Sequence[str]:
    """Give the tokens of the person that a token stands for, the one itself among them."""
    person = (await askers(connection, [token_id]))[token_id]
    if person.of_application or not person.stands_for.startswith(PERSON):
        return [token_id]
    found: set[str] = {token_id}
    asked = select(token.c.id).where(token.c.owner == storable(person.stands_for))
    newer = set((await connection.execute(asked.limit(MOST_OWN))).scalars())
    while newer and len(found) < MOST_OWN:
        found |= newer
        below = select(token.c.id).where(token.c.parent.in_(newer)).limit(MOST_OWN)
        newer = set((await connection.execute(below)).scalars()) - found
    who = await askers(connection, sorted(found))
    same = [id for id in sorted(found) if who[id].stands_for == person.stands_for and not who[id].of_application]
    return same
