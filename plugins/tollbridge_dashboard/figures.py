"""What Home shows, asked of the store.  Every figure on the page comes from here.

Months and days are those of the time zone of reports.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tollbridge import Gateway, Token
from tollbridge.browsing import Zone
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens.budgets import fullest
from tollbridge.screens.charts import COLOURS, Column
from tollbridge.stores.base import BudgetUse, TokenCounts
from tollbridge.stores.reporting import QUARTER, Bucket, Health, Spend, Totals, latest, nearest_quarter
from tollbridge.stores.usages import Figures as Sums
from tollbridge.stores.usages import ReportAsked, UsageRow
from tollbridge_dashboard.attention import Attention, is_failing, look

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TOP_TOKENS = 6
_LAST_CALLS = 10
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_MOST_HEALTH = 8
OTHERS = N_("other models")
NO_MODEL = N_("never settled")
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
        Range("24h", "24 h", timedelta(days=1), timedelta(hours=1), QUARTER),
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

    @property
    def charged(self) -> Sequence[Column]:
        """Give the steps in which something was charged."""
        return [column for column in self.columns if any(column.values)]


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
    day: Sums
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


async def collect(gateway: Gateway, chosen: Range, zone: Zone) -> Figures:
    """Ask the store for everything; ranges end at the next whole step, so that what is shown adds up."""
    now = gateway.clock.now()
    month = await _month(gateway, now, zone)
    day, day_before, day_traffic = await _day(gateway, now, zone)
    tokens, health = await _standing(gateway, now)
    spend, rows, known = await _busy(gateway, now, zone)
    return Figures(
        at=now,
        range=chosen,
        month=month,
        day=day,
        day_before=day_before,
        day_traffic=day_traffic,
        tokens=tokens,
        attention=await look(gateway, tokens, day, health, month.bridge),
        cost=await _cost(gateway, now, chosen, zone),
        traffic=await _traffic(gateway, now, chosen, zone, day_traffic),
        spenders=[(item, known.get(item.key)) for item in spend],
        uses=await fullest(gateway, [token for item in spend if (token := known.get(item.key))]),
        health=health,
        calls=[(row, known.get(row.token_id)) for row in rows],
    )


async def _day(gateway: Gateway, now: datetime, zone: Zone) -> tuple[Sums, Totals, Traffic]:
    """Sum up the last day, and by quarters of an hour, and the same part of the day before."""
    since, until = latest(now, _DAY)
    before = await gateway.store.totals(since - _DAY, nearest_quarter(now - _DAY))
    starts = [since + step * QUARTER for step in range(_DAY // QUARTER)]
    found = await (await gateway.store.usages()).report(ReportAsked(starts=starts, until=until))
    return found.totals, before, _drawn(list(zip(starts, found.series, strict=True)), QUARTER, zone)


async def _standing(gateway: Gateway, now: datetime) -> tuple[TokenCounts, Sequence[Health]]:
    tokens = await gateway.store.count_tokens(budgets=gateway.budgets.token)
    return tokens, await gateway.store.health(*latest(now, _HOUR))


async def _busy(
    gateway: Gateway, now: datetime, zone: Zone
) -> tuple[Sequence[Spend], Sequence[UsageRow], Mapping[str, Token]]:
    """Find the busiest tokens of the month, the last calls, and the tokens of both."""
    store = gateway.store
    spend = await store.spend(*_of_month(now, zone), by="token_id", limit=_TOP_TOKENS)
    rows = await store.recent(limit=_LAST_CALLS)
    return spend, rows, await store.get_tokens({one.key for one in spend} | {row.token_id for row in rows})


def _of_month(now: datetime, zone: Zone) -> tuple[datetime, datetime]:
    """Give when the month begins and is over: the sum of a whole one is kept, and nothing of it is yet to come."""
    first = zone.start(now, "month")
    return first, zone.start(first + 32 * _DAY, "month")


async def _month(gateway: Gateway, now: datetime, zone: Zone) -> Month:
    """Sum the month so far by day, and the same part of the month before."""
    store, (first, following) = gateway.store, _of_month(now, zone)
    days = ReportAsked(starts=zone.starts(first, now, "day"), until=_ceil(now, QUARTER), timed=False)
    spent = await (await store.usages()).report(days)
    cost = spent.totals.cost
    before = zone.start(first - QUARTER, "month")
    passed, whole = (now - first) // QUARTER + 1, (following - first) // QUARTER
    uses = await store.budget_uses({"bridge": gateway.budgets.bridge})
    return Month(
        cost=cost,
        spark=tuple(day.cost for day in spent.series),
        before=await store.cost(before, min(first, nearest_quarter(before + (now - first)))),
        forecast=cost * whole // passed if now - first >= _DAY else None,
        bridge=uses["bridge"],
    )


def _ceil(at: datetime, step: timedelta) -> datetime:
    """Give the next whole step after a time."""
    return _EPOCH + ((at - _EPOCH) // step + 1) * step


def _starts(now: datetime, chosen: Range, step: timedelta, zone: Zone) -> Sequence[datetime]:
    if step == _DAY:
        near = zone.start(now, "day") - chosen.length + step  # an hour beside the first, where clocks were set
        return zone.starts(near + 2 * _HOUR, now, "day")
    midnight = zone.start(now, "day")
    until = midnight + ((now - midnight) // step + 1) * step
    return [until - chosen.length + i * step for i in range(chosen.length // step)]


def _named(start: datetime, step: timedelta, zone: Zone) -> tuple[str, str]:
    """Call a step by its title and its label on the axis."""
    if step >= _DAY:
        return zone.weekday(start), zone.short_day(start)
    label = zone.time(start) if step <= timedelta(hours=1) else zone.short_day(start)
    return f"{zone.weekday(start)}, {zone.time(start)} {zone.abbreviation(start)}", label


async def _by_model(
    gateway: Gateway, starts: Sequence[datetime], step: timedelta, now: datetime
) -> Mapping[str, Sequence[int]]:
    """Give what each model cost in each step until now.

    Days of a time zone are no steps of the store: they are summed up of hours, or quarters, that begin when they do.
    """
    step = next(one for one in (step, _HOUR, QUARTER) if all(not (start - _EPOCH) % one for start in starts))
    steps = (_ceil(now, step) - starts[0]) // step
    found: dict[str, list[int]] = {}
    for bucket in await gateway.store.series(
        starts[0], starts[0] + steps * step, steps=steps, by_model=True, timed=False
    ):
        costs = found.setdefault(bucket.key, [0] * len(starts))
        costs[bisect_right(starts, bucket.start) - 1] += bucket.cost
    return found


async def _cost(gateway: Gateway, now: datetime, chosen: Range, zone: Zone) -> Cost:
    """Cut the spend by model: the biggest by name, the rest together."""
    starts = _starts(now, chosen, chosen.cost_step, zone)
    found = await _by_model(gateway, starts, chosen.cost_step, now)
    spent = [(name, costs) for name, costs in found.items() if sum(costs)]
    spent.sort(key=lambda one: (-sum(one[1]), one[0]))
    if len(spent) > COLOURS:
        others = [sum(costs) for costs in zip(*(costs for _name, costs in spent[COLOURS - 1 :]), strict=True)]
        spent = [*spent[: COLOURS - 1], (_(OTHERS), others)]
    values = zip(*(costs for _name, costs in spent), strict=True) if spent else [()] * len(starts)
    columns = [
        Column(*_named(start, chosen.cost_step, zone), tuple(value))
        for start, value in zip(starts, values, strict=True)
    ]
    names = tuple(name or _(NO_MODEL) for name, _costs in spent)
    return Cost(names, tuple(sum(costs) for _name, costs in spent), tuple(columns))


async def _traffic(gateway: Gateway, now: datetime, chosen: Range, zone: Zone, day: Traffic) -> Traffic:
    if chosen.length == _DAY:
        return day
    step = chosen.calls_step
    starts = _starts(now, chosen, step, zone)
    buckets = await gateway.store.series(starts[0], starts[-1] + step, steps=len(starts))
    found = {bucket.start: bucket for bucket in buckets}
    return _drawn([(start, found.get(start)) for start in starts], step, zone)


def _drawn(steps: Sequence[tuple[datetime, Bucket | Sums | None]], step: timedelta, zone: Zone) -> Traffic:
    """Make columns and lines of what calls there were in each step."""
    columns, p50, p95 = list[Column](), list[int | None](), list[int | None]()
    for start, calls in steps:
        columns.append(Column(*_named(start, step, zone), (calls.calls, calls.failed) if calls else (0, 0)))
        p50.append(calls.latency_p50_ms if calls else None)
        p95.append(calls.latency_p95_ms if calls else None)
    return Traffic(tuple(columns), tuple(p50), tuple(p95))
