"""The sums that are kept of usage rows: what calls add to which.

Each table keeps the calls of whole spans of time by some of what is known of them; reports add up as few as they can.
Whoever writes a usage row notes in the same transaction, by a trigger, that no sum has it yet; sums take such rows over
soon, many at a time, and a report reads those besides that they have not: it is exact at every instant, and a call
costs no more than the note. Rows of one batch with the same key are one row here. Whoever writes takes the tables in
the order of `TABLES` and the rows as they come, so that no two wait for each other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import add
from typing import Any

import msgspec

from tollbridge.stores.counting import MEASURES
from tollbridge.stores.histograms import histogram
from tollbridge.stores.segments import DAY, HOUR, MONTH, QUARTER, start_of

Key = tuple[Any, ...]
Sums = dict[Key, list[int]]
"""What is added to each key: the measures in their order, and when the last of its calls was."""


_MADE = 8 + len(MEASURES)
"""Where the measures of a row of facts end; they begin behind what it is told apart by."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A table of sums: the columns of its key, and the spans that it keeps, the longest first."""

    table: str
    key: tuple[str, ...]
    spans: tuple[int, ...]
    dated: bool = False
    """Whether it knows when the last of its calls was."""
    ranked: tuple[str, ...] = ()
    """The measures by which an index sorts the rows of each span."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Give all of its columns."""
        return (*self.key, *MEASURES, *(("last_at",) if self.dated else ()))

    @property
    def known(self) -> frozenset[str]:
        """Give what its calls can be told apart by."""
        return frozenset(self.key) - {"span", "start"}


_MODEL = ("service", "provider", "model")
BY_ENDING = Kept(table="usage_by_ending", key=("span", "start", "ending"), spans=(MONTH, DAY, HOUR, QUARTER))
BY_MODEL = Kept(table="usage_by_model", key=("span", "start", *_MODEL), spans=(MONTH, DAY, HOUR, QUARTER), dated=True)
BY_TEAM = Kept(table="usage_by_team", key=("span", "team", "start", "ending"), spans=(MONTH, DAY, HOUR, QUARTER))
BY_TEAM_MODEL = Kept(
    table="usage_by_team_model", key=("span", "team", "start", *_MODEL, "ending"), spans=(MONTH, DAY, QUARTER)
)
OF_TOKEN = Kept(table="usage_of_token", key=("token_id", "span", "start", "model", "team"), spans=(DAY, HOUR))
BY_TOKEN = Kept(
    table="usage_by_token",
    key=("span", "start", "token_id", "team"),
    spans=(MONTH, DAY),
    ranked=("cost", "calls"),
)
TABLES = (OF_TOKEN, BY_TOKEN, BY_TEAM_MODEL, BY_TEAM, BY_MODEL, BY_ENDING)
"""In the order of their locks."""

LATENCY = "usage_latency"
LATENCY_KEY = ("cut", "span", "team", "start", "service", "provider", "model", "nested")
LATENCY_SPANS = (MONTH, DAY, HOUR, QUARTER)
CUT_ALL, CUT_MODEL, CUT_TEAM = 0, 1, 2
"""What a histogram is of: all calls that callers made, those of a service, provider and model, those of a team."""

Rows = list[tuple[Any, ...]]
Histograms = Mapping[Key, tuple[int, int]]
"""By `LATENCY_KEY`, in the order of the keys: of how long calls lasted, and of when their answers began."""


class RolledUp(msgspec.Struct, frozen=True):
    """What some calls add: rows of each of `TABLES`, and histograms."""

    sums: Mapping[str, Rows]
    times: Histograms


def roll_up(facts: Iterable[Sequence[Any]]) -> RolledUp:
    """Say what calls add; each is a row of what `counting.FACTS_SQL` gives."""
    finest, tokens = Sums(), Sums()
    times: dict[Key, tuple[dict[int, int], dict[int, int]]] = {}
    for row in facts:
        at, token_id, team, service, provider, model, nested, ending = row[:8]
        measures = [*row[8:_MADE], at]
        quarter = start_of(QUARTER, at)
        _add(finest, (team, quarter, service, provider, model, ending), measures)
        _add(tokens, (start_of(HOUR, at), token_id, model, team), measures)
        lasted, began = row[_MADE:]
        if lasted is not None:
            both = times.setdefault((quarter, team, service, provider, model, nested), ({}, {}))
            for counts, ms in zip(both, (lasted, began), strict=True):
                if ms is not None:
                    counts[max(ms, 0)] = counts.get(max(ms, 0), 0) + 1
    return RolledUp(_tables(finest, tokens), _latencies(times))


def _tables(finest: Sums, tokens: Sums) -> Mapping[str, Rows]:
    by_team = _folded(finest, lambda key: (key[0], key[1], key[5]))
    return {
        OF_TOKEN.table: sorted((row[2], *row[:2], *row[3:]) for row in _spread(OF_TOKEN, tokens, 0)),
        BY_TOKEN.table: _spread(BY_TOKEN, _folded(tokens, lambda key: (*key[:2], key[3])), 0),
        BY_TEAM_MODEL.table: _spread(BY_TEAM_MODEL, finest, 1),
        BY_TEAM.table: _spread(BY_TEAM, by_team, 1),
        BY_MODEL.table: _spread(BY_MODEL, _folded(finest, lambda key: key[1:5]), 0),
        BY_ENDING.table: _spread(BY_ENDING, _folded(by_team, lambda key: key[1:]), 0),
    }


def _spread(kept: Kept, sums: Sums, place: int) -> Rows:
    """Give the rows of each span; the start stands at that place of the key."""
    found = Sums()
    for span in reversed(kept.spans):
        sums = _folded(sums, lambda key: (*key[:place], start_of(span, key[place]), *key[place + 1 :]))  # noqa: B023
        found |= {(span, *key): measures for key, measures in sums.items()}
    return _rows(kept, found)


def _rows(kept: Kept, sums: Sums) -> Rows:
    last = None if kept.dated else -1
    return sorted((*key, *measures[:last]) for key, measures in sums.items())


def _folded(sums: Sums, key: Callable[[Key], Key]) -> Sums:
    found = Sums()
    for finer, measures in sums.items():
        _add(found, key(finer), measures)
    return found


def _add(sums: Sums, key: Key, measures: list[int]) -> None:
    before = sums.get(key)
    if before is None:
        sums[key] = measures
    else:
        sums[key] = [*map(add, before[:-1], measures), max(before[-1], measures[-1])]


_Times = dict[Key, tuple[int, int]]


def _latencies(times: Mapping[Key, tuple[dict[int, int], dict[int, int]]]) -> Histograms:
    found, finer = _Times(), _Times()
    for (quarter, team, service, provider, model, nested), both in times.items():
        lasted, began = map(histogram, both)
        _put(finer, (CUT_MODEL, "", quarter, service, provider, model, nested), lasted, began)
        if not nested:
            _put(finer, (CUT_ALL, "", quarter, "", "", "", 0), lasted, began)
            _put(finer, (CUT_TEAM, team, quarter, "", "", "", 0), lasted, began)
    for span in reversed(LATENCY_SPANS):
        longer = _Times()
        for (cut, team, start, *rest), sums in finer.items():
            _put(longer, (cut, team, start_of(span, start), *rest), *sums)
        found |= {(key[0], span, *key[1:]): sums for key, sums in longer.items()}
        finer = longer
    return dict(sorted(found.items()))


def _put(times: _Times, key: Key, lasted: int, began: int) -> None:
    before = times.get(key, (0, 0))
    times[key] = (before[0] + lasted, before[1] + began)


def writing(kept: Kept, values: str) -> str:
    """Write the statement that adds to a table, with what gives the rows, such as `VALUES (?, ?)`."""
    table = kept.table
    sums = [f"{name} = {table}.{name} + excluded.{name}" for name in MEASURES]
    if kept.dated:
        newer = f"CASE WHEN excluded.last_at > {table}.last_at THEN excluded.last_at ELSE {table}.last_at END"
        sums.append(f"last_at = {newer}")
    return (
        f"INSERT INTO {table} ({', '.join(kept.columns)}) {values}"
        f" ON CONFLICT ({', '.join(kept.key)}) DO UPDATE SET {', '.join(sums)}"
    )
