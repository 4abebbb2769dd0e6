"""What reports of usage cost over a large SQLite file, and what keeping their sums adds to settling a batch.

CPU time of this process, threads of the database too; the first of some runs is left out.
"""

import argparse
import asyncio
import importlib
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy import create_engine

from bench.measure import own_cpu_seconds, show, spread
from tollbridge.metering.ledger import UsageRow
from tollbridge.metering.usage import Usage
from tollbridge.stores import ledger
from tollbridge.stores.engine import sqlite_engine
from tollbridge.stores.files import connect, transaction
from tollbridge.stores.reports import SqlReports
from tollbridge.stores.rollingup import take_over
from tollbridge.stores.rows import USAGE_COLUMNS, micros, usage_values
from tollbridge.stores.schema import prepare
from tollbridge.stores.sqlusage import SqlUsage
from tollbridge.stores.usages import CallsAsked, ReportAsked
from tollbridge.testing.samples import ROW

DAYS = 30
END = datetime(2026, 11, 29, 14, 37, tzinfo=UTC)
_BATCH = 5_000
_MODELS, _PROVIDERS, _TEAMS = 20, 6, 50
_ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/Los_Angeles")
_WAYS = (("complete", 200), ("complete", 200), ("complete", 200), ("complete", 200), ("refused", 429))
_RARE = (("upstream_failed", 502), ("truncated", 200), ("client_gone", 499), ("complete", 404))


def calls(rows: int, tokens: int, over: timedelta = timedelta(days=DAYS)) -> Iterator[UsageRow]:
    """Make calls in the order of their time; few tokens make most of them."""
    dice = random.Random(1)
    for number in range(rows):
        token = min(int(tokens ** dice.random()), tokens) - 1
        model = min(int(dice.expovariate(0.25)), _MODELS - 1)
        outcome, status = dice.choice(_RARE if dice.random() < 0.04 else _WAYS)
        lasted = int(dice.lognormvariate(7, 1))
        yield replace(
            ROW,
            call_id=f"req_{number:012}",
            at=END - over * (1 - number / rows),
            token_id=f"tok_{token:06}",
            team=f"team-{token % _TEAMS}",
            service="ai" if dice.random() < 0.9 else f"service-{model % 5}",
            model=f"model-{model}",
            provider="" if outcome == "refused" else f"provider-{model % _PROVIDERS}",
            application="app_1" if token % 7 == 0 else "",
            outcome=outcome,
            status=status,
            usage=Usage(input=dice.randrange(5_000), output=dice.randrange(1_000)),
            cost=dice.randrange(10_000_000),
            duration_ms=lasted,
            first_byte_ms=lasted // 3,
        )


def _settlement(row: UsageRow) -> ledger.Settlement:
    return ledger.Settlement(row.call_id, usage_values(row), row.cost or 0)


_MADE = (
    *("call_id", "at", "token_id", "team", "service", "model", "provider", "outcome", "status", "cost"),
    *("duration_ms", "first_byte_ms"),
)
_OTHERS = [name for name in USAGE_COLUMNS if name not in _MADE]
_FILL = f"""
    WITH RECURSIVE made (number, token, model, dice) AS (
        SELECT 1, 0, 0, 50
        UNION ALL
        SELECT number + 1, skewed((random() & 1048575) / 1048576.0, :tokens),
            min(abs(random() % {_MODELS}), abs(random() % {_MODELS})), abs(random() % 100)
        FROM made WHERE number < :rows
    )
    INSERT INTO usage ({", ".join((*_MADE, *_OTHERS))})
    SELECT printf('req_%012d', made.number), :end - (:rows - made.number) * :width, printf('tok_%06d', made.token),
        'team-' || (made.token % {_TEAMS}), iif(made.dice % 10, 'ai', 'service-' || (made.model % 5)),
        'model-' || made.model, iif(made.dice < 20, '', 'provider-' || (made.model % {_PROVIDERS})),
        CASE WHEN made.dice < 20 THEN 'refused' WHEN made.dice < 23 THEN 'upstream_failed' ELSE 'complete' END,
        CASE WHEN made.dice < 20 THEN 429 WHEN made.dice < 23 THEN 502 WHEN made.dice < 25 THEN 404 ELSE 200 END,
        abs(random() % 10000000), 200 + abs(random() % 400) * abs(random() % 40), 100 + abs(random() % 900),
        {", ".join(f"one.{name}" for name in _OTHERS)}
    FROM made, (SELECT * FROM usage LIMIT 1) AS one
"""


def fill(path: Path, rows: int, tokens: int) -> None:
    """Fill a file in the order of time, its sums as a migration does; few tokens make most of the calls."""
    prepare(path, migrate=True)
    began = time.process_time()
    with closing(connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        (trigger,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'usage_is_noted'").fetchone()
        db.execute("DROP TRIGGER usage_is_noted")
        db.create_function("skewed", 2, lambda part, most: int(most**part) - 1, deterministic=True)
        _settle(db, [_settlement(row) for row in calls(1, tokens)])
        db.execute(_FILL, {"rows": rows, "tokens": tokens, "end": micros(END), "width": DAYS * 86_400_000_000 // rows})
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        show(f"writing {rows:,} rows of {tokens:,} tokens", time.process_time() - began, "s")
        began = time.process_time()
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            for name in ("0021_usage_sums", "0023_sums_of_months"):
                importlib.import_module(f"tollbridge.stores.migrations.versions.{name}").fill(connection)
        engine.dispose()
        show("the migrations that sum them up", time.process_time() - began, "s")
        db.execute(trigger)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sizes = dict(db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 12"))
    show("file", path.stat().st_size / 1e6, "MB")
    for name, size in sizes.items():
        show(f"  {name}", size / 1e6, "MB")


def _settle(db: sqlite3.Connection, batch: Sequence[ledger.Settlement]) -> None:
    with transaction(db):
        ledger.settle_all(db, batch)


def days(zone: str, number: int) -> list[datetime]:
    """Give when the last days of a zone begin, and when the last is over."""
    today = END.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return [(today + timedelta(days=1 + each - number)).astimezone(UTC) for each in range(number + 1)]


def questions(path: Path, tokens: int) -> dict[str, Callable[[], Awaitable[object]]]:
    """Say what pages ask, by what it is."""
    engine = sqlite_engine(path)
    reports, usage = SqlReports(engine), SqlUsage(engine)
    day, month = END - timedelta(days=1), END.replace(day=1, hour=0, minute=0)
    hour, quarter = END - timedelta(hours=1), timedelta(minutes=15)
    last = END.replace(minute=45)
    found: dict[str, Callable[[], Awaitable[object]]] = {
        "Home: totals of a day": lambda: reports.totals(last - timedelta(days=1), last),
        "Home: a day by quarters": lambda: reports.series(last - timedelta(days=1), last, steps=96),
        "Home: 30 days by model": lambda: reports.series(
            last - timedelta(days=DAYS), last, steps=DAYS, by_model=True, timed=False
        ),
        "Home: health of an hour": lambda: reports.health(hour, END + quarter),
        "Home: tokens of the month": lambda: reports.spend(month, last, by="token_id", limit=5),
        "Home: the last calls": lambda: reports.recent(limit=20),
        "Home: cost of the month": lambda: reports.cost(month, last),
    }

    def of(zone: str, by: str, **filters: Sequence[str]) -> Callable[[], Awaitable[object]]:
        starts = days(zone, DAYS)
        asked = ReportAsked(starts=starts[:-1], until=starts[-1], by=by, filters=filters)
        return lambda: usage.report(asked)

    for zone in _ZONES:
        for by in ("", "model", "team", "token_id"):
            found[f"30 days, {zone}, by {by or 'nothing'}"] = of(zone, by)
        found[f"30 days, {zone}, one team by model"] = of(zone, "model", team=["team-3"])
        found[f"30 days, {zone}, one token by model"] = of(zone, "model", token_id=["tok_000010"])
    found["30 days, UTC, one model by ending"] = of("UTC", "ending", model=["model-3"])
    found["calls: the newest"] = lambda: usage.rows(CallsAsked())
    found["calls: of a token"] = lambda: usage.rows(CallsAsked(filters={"token_id": [f"tok_{tokens // 2:06}"]}))
    found["calls: of 500 and more"] = lambda: usage.rows(CallsAsked(statuses=[5]))
    found["calls: of a model nobody calls"] = lambda: usage.rows(CallsAsked(filters={"model": ["none"]}))
    found["calls: slow ones of a team"] = lambda: usage.rows(CallsAsked(filters={"team": ["team-3"]}, least_ms=60_000))
    found["calls: day before, of a model"] = lambda: usage.rows(CallsAsked(until=day, filters={"model": ["model-9"]}))
    return found


async def ask(path: Path, tokens: int, runs: int) -> None:
    """Print what each question costs."""
    for name, question in questions(path, tokens).items():
        taken = []
        for _ in range(runs + 1):
            before = own_cpu_seconds()
            await question()
            taken.append((own_cpu_seconds() - before) * 1_000)
        show(name, statistics.median(taken[1:]), f"ms (the first time {taken[0]:.1f})")


def settling(folder: Path, runs: int) -> None:
    """Print what the sums add to a batch: CPU of settling with the note to without, and of the taking over, in turn."""
    for size in (1, 20, 200):
        for kept in ("one key", "many keys"):
            found = [_ratios(folder / f"{kept}-{size}-{run}", size, same=kept == "one key") for run in range(runs)]
            noted, whole = zip(*found, strict=True)
            print(f"settling, batch of {size}, {kept}, to without sums: {spread(noted)}", flush=True)
            print(f"settling, batch of {size}, {kept}, with the taking over: {spread(whole)}", flush=True)


def _ratios(path: Path, size: int, *, same: bool) -> tuple[float, float]:
    made = [_settlement(replace(row, **_SAME) if same else row) for row in calls(2_000, 10_000, timedelta(minutes=1))]
    spent = []
    for name in ("with", "without"):
        file = path.with_name(f"{path.name}-{name}.db")
        prepare(file, migrate=True)
        with closing(connect(file)) as db:
            if name == "without":
                db.execute("DROP TRIGGER usage_is_noted")
            spent.append(_settled(db, made, size))
            if name == "with":
                spent.append(_taken_over(db))
    noted, taking, without = spent
    return noted / without, (noted + taking) / without


def _settled(db: sqlite3.Connection, made: Sequence[ledger.Settlement], size: int) -> float:
    began = time.process_time()
    for start in range(0, len(made), size):
        _settle(db, made[start : start + size])
    return time.process_time() - began


def _taken_over(db: sqlite3.Connection) -> float:
    began = time.process_time()
    while take_over(db, 200):
        pass
    return time.process_time() - began


_SAME = {
    **{"at": END, "token_id": "tok_1", "team": "team-1", "service": "ai", "model": "model-1"},
    **{"provider": "provider-1", "outcome": "complete", "status": 200},
}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench usage_reports", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--tokens", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5, help="0: only fill a file")
    parser.add_argument("--settling", action="store_true", help="measure what sums add to settling, and no reports")
    parser.add_argument("--file", type=Path, help="where to fill a file, or one that was filled before")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        if given.settling:
            settling(Path(name), given.runs)
            return
        path = given.file or Path(name) / "usage.db"
        if not path.exists():
            fill(path, given.rows, given.tokens)
        if given.runs:
            asyncio.run(ask(path, given.tokens, given.runs))
