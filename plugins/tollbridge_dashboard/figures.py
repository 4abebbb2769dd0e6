"""What Home shows, asked of the store.  Every figure on the page comes from here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tollbridge import Gateway, Token
from tollbridge.stores.base import Bucket, Spend, TokenCounts, Totals
from tollbridge_dashboard.charts import COLOURS, Column

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER = timedelta(minutes=15)
_TOP_TOKENS = 6
_LAST_CALLS = 10
FAILING = 0.01
"""The share of failed calls from which Home says so."""


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
class Figures:
    """All of Home at one time."""

    at: datetime
    range: Range
    month_cost: int
    month_spark: tuple[int, ...]
    day: Totals
    day_traffic: Traffic
    tokens: TokenCounts
    cost: Cost
    traffic: Traffic
    spenders: Sequence[tuple[Spend, Token | None]]
    calls: Sequence[tuple[object, Token | None]]

    @property
    def is_failing(self) -> bool:
        return bool(self.day.failed) and self.day.failed >= FAILING * self.day.calls

    @property
    def needs(self) -> int:
        """How many things ask for attention."""
        return sum((bool(self.tokens.expiring), bool(self.day.unpriced), self.is_failing))

    @property
    def is_empty(self) -> bool:
        return not self.calls


async def collect(gateway: Gateway, chosen: Range) -> Figures:
    """Ask the store for everything; ranges end at the next whole step, so that what is shown adds up."""
    store, now = gateway.store, gateway.clock.now()
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    days = (now - month).days + 1
    month_buckets = await store.series(month, month + timedelta(days=days), steps=days)
    spent = {bucket.start: bucket.cost for bucket in month_buckets}
    day_until = _ceil(now, _QUARTER)
    day_traffic = await _traffic(gateway, now, RANGES["24h"])
    spend = [item for item in await store.spend(month, _ceil(now, _QUARTER), by="token_id", limit=_TOP_TOKENS)]
    rows = await store.recent(limit=_LAST_CALLS)
    known = {name: await store.get_token(name) for name in {s.key for s in spend} | {r.token_id for r in rows} if name}
    return Figures(
        at=now,
        range=chosen,
        month_cost=sum(spent.values()),
        month_spark=tuple(spent.get(month + timedelta(days=i), 0) for i in range(days)),
        day=await store.totals(day_until - timedelta(days=1), day_until),
        day_traffic=day_traffic,
        tokens=await store.count_tokens(),
        cost=await _cost(gateway, now, chosen),
        traffic=day_traffic if chosen.name == "24h" else await _traffic(gateway, now, chosen),
        spenders=[(item, known.get(item.key)) for item in spend],
        calls=[(row, known.get(row.token_id)) for row in rows],
    )


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
    return await gateway.store.series(starts[0], starts[-1] + step, steps=len(starts), by_model=by_model)


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
    names = [name or "no model" for name in named] + (["other models"] if len(named) < len(biggest) else [])
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
