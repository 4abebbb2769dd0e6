"""What Home shows, asked of the store.  Every figure on the page comes from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tollbridge import Gateway, Token
from tollbridge.screens.budgets import fullest
from tollbridge.screens.charts import COLOURS, Column
from tollbridge.stores.base import BudgetUse, TokenCounts
from tollbridge.stores.reporting import Bucket, Health, Spend, Totals
from tollbridge_dashboard.attention import Attention, is_failing, look

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER = timedelta(minutes=15)
_TOP_TOKENS = 6
_LAST_CALLS = 10
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_MOST_HEALTH = 8
NO_MODEL = "never settled"
"""Calls whose reservation was charged after a crash: what they called is not known."""


@dataclass(frozen=True, slots=True)
class Range:
    """A range one can choose: its length, and how wide the steps of both charts are."""

    name: str
    label: str
    length: timedelta
    cost_step: timedelta
    calls_step: timedelta


RANGES = {
    chosen.name: chosen
    for chosen in (
        Range("24h", "24 h", timedelta(days=1), timedelta(hours=1), _QUARTER),
        Range("7d", "7 d", timedelta(days=7), timedelta(hours=4), timedelta(hours=2)),
        Range("30d", "30 d", timedelta(days=30), timedelta(days=1), timedelta(hours=12)),
    )
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Money by model over a range: `totals` beside `names`, nano-dollars."""

    names: tuple[str, ...]
    totals: tuple[int, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls and latencies over a range; each column holds calls and failures."""

    columns: tuple[Column, ...]
    p50: tuple[int | None, ...]
    p95: tuple[int | None, ...]

    @property
    def calls(self) -> int:
        return sum(column.values[0] for column in self.columns)


@dataclass(frozen=True, slots=True)
class Month:
    """The month so far, nano-dollars: by day, the same part of last month, and the bridge's budgets.

    `forecast` draws a straight line through the month so far to its end; None on its first day.
    """

    cost: int
    spark: tuple[int, ...]
    before: int
    forecast: int | None
    bridge: Sequence[BudgetUse]


@dataclass(frozen=True, slots=True)
class Figures:
    """All of Home at one time."""

    at: datetime
    range: Range
    month: Month
    day: Totals
    day_before: Totals
    day_traffic: Traffic
    tokens: TokenCounts
    attention: Attention
    cost: Cost
    traffic: Traffic
    spenders: Sequence[tuple[Spend, Token | None]]
    uses: Mapping[str, BudgetUse | None]
    health: Sequence[Health]
    calls: Sequence[tuple[object, Token | None]]

    @property
    def healthy(self) -> Sequence[Health]:
        """The services to show: those that fail come first."""
        return self.health[:_MOST_HEALTH]

    @property
    def is_failing(self) -> bool:
        return is_failing(self.day)

    @property
    def is_empty(self) -> bool:
        return not self.calls


async def collect(gateway: Gateway, chosen: Range) -> Figures:
    """Ask the store for everything; ranges end at the next whole step, so that what is shown adds up."""
    store, now = gateway.store, gateway.clock.now()
    month = await _month(gateway, now)
    day_until = _ceil(now, _QUARTER)
    day = await store.totals(day_until - _DAY, day_until)
    day_traffic = await _traffic(gateway, now, RANGES["24h"])
    tokens = await store.count_tokens(budgets=gateway.budgets.token)
    health = await store.health(now - _HOUR, now + timedelta(seconds=1))
    spend = await store.spend(_first(now), day_until, by="token_id", limit=_TOP_TOKENS)
    rows = await store.recent(limit=_LAST_CALLS)
    known = {name: await store.get_token(name) for name in {s.key for s in spend} | {r.token_id for r in rows} if name}
    return Figures(
        at=now,
        range=chosen,
        month=month,
        day=day,
        day_before=await store.totals(day_until - 2 * _DAY, now - _DAY),
        day_traffic=day_traffic,
        tokens=tokens,
        attention=await look(gateway, tokens, day, health, month.bridge),
        cost=await _cost(gateway, now, chosen),
        traffic=day_traffic if chosen.name == "24h" else await _traffic(gateway, now, chosen),
        spenders=[(item, known.get(item.key)) for item in spend],
        uses=await fullest(gateway, [token for item in spend if (token := known.get(item.key))]),
        health=health,
        calls=[(row, known.get(row.token_id)) for row in rows],
    )


async def _month(gateway: Gateway, now: datetime) -> Month:
    """Sum the month so far by day, and the same part of the month before."""
    store, first = gateway.store, _first(now)
    days = (now - first).days + 1
    daily = await store.series(first, first + days * _DAY, steps=days, timed=False)
    spent = {bucket.start: bucket.cost for bucket in daily}
    cost = sum(spent.values())
    passed, whole = (now - first) // _QUARTER + 1, (_first(first + 31 * _DAY) - first) // _QUARTER
    before = _first(first - _DAY)
    uses = await store.budget_uses({"bridge": gateway.budgets.bridge})
    return Month(
        cost=cost,
        spark=tuple(spent.get(first + i * _DAY, 0) for i in range(days)),
        before=await store.cost(before, min(first, before + (now - first))),
        forecast=cost * whole // passed if now - first >= _DAY else None,
        bridge=uses["bridge"],
    )


def _first(at: datetime) -> datetime:
    """Give the beginning of a month."""
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _ceil(at: datetime, step: timedelta) -> datetime:
    """Give the next whole step after a time."""
    return _EPOCH + ((at - _EPOCH) // step + 1) * step


def _starts(now: datetime, chosen: Range, step: timedelta) -> list[datetime]:
    until = _ceil(now, step)
    return [until - chosen.length + i * step for i in range(chosen.length // step)]


def _named(start: datetime, step: timedelta) -> tuple[str, str]:
    """Call a step by its title and its label on the axis."""
    if step >= timedelta(days=1):
        return f"{start:%a %-d %b}", f"{start:%-d %b}"
    label = f"{start:%H:%M}" if step <= timedelta(hours=1) else f"{start:%-d %b}"
    return f"{start:%a %-d %b, %H:%M} UTC", label


async def _series(gateway: Gateway, starts: list[datetime], step: timedelta, *, by_model: bool) -> Sequence[Bucket]:
    until, steps = starts[-1] + step, len(starts)
    return await gateway.store.series(starts[0], until, steps=steps, by_model=by_model, timed=not by_model)


async def _cost(gateway: Gateway, now: datetime, chosen: Range) -> Cost:
    """Cut the spend by model: the biggest by name, the rest together."""
    step = chosen.cost_step
    starts = _starts(now, chosen, step)
    buckets = [bucket for bucket in await _series(gateway, starts, step, by_model=True) if bucket.cost]
    sums: dict[str, int] = {}
    for bucket in buckets:
        sums[bucket.key] = sums.get(bucket.key, 0) + bucket.cost
    biggest = sorted(sums, key=lambda name: (-sums[name], name))
    named = biggest if len(biggest) <= COLOURS else biggest[: COLOURS - 1]
    place = {name: i for i, name in enumerate(named)}
    names = [name or NO_MODEL for name in named] + (["other models"] if len(named) < len(biggest) else [])
    cells = {start: [0] * len(names) for start in starts}
    for bucket in buckets:
        cells[bucket.start][place.get(bucket.key, len(names) - 1)] += bucket.cost
    columns = tuple(Column(*_named(start, step), tuple(cells[start])) for start in starts)
    totals = tuple(sum(column.values[i] for column in columns) for i in range(len(names)))
    return Cost(tuple(names), totals, columns)


async def _traffic(gateway: Gateway, now: datetime, chosen: Range) -> Traffic:
    step = chosen.calls_step
    starts = _starts(now, chosen, step)
    found = {bucket.start: bucket for bucket in await _series(gateway, starts, step, by_model=False)}
    columns, p50, p95 = list[Column](), list[int | None](), list[int | None]()
    for start in starts:
        bucket = found.get(start)
        columns.append(Column(*_named(start, step), (bucket.calls, bucket.failed) if bucket else (0, 0)))
        p50.append(bucket.latency_p50_ms if bucket else None)
        p95.append(bucket.latency_p95_ms if bucket else None)
    return Traffic(tuple(columns), tuple(p50), tuple(p95))
