"""The biggest tokens found by the tops of lists, against all tokens added up."""

import random
from collections import defaultdict
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.middleware.stores.test_reports import fill

from tollbridge.stores import toplists
from tollbridge.stores.engine import sqlite_engine
from tollbridge.stores.reports import SqlReports
from tollbridge.stores.sqlusage import SqlUsage
from tollbridge.stores.usages import ReportAsked
from tollbridge.testing.samples import NOON, ROW

DAY = timedelta(days=1)
BEGIN = NOON.replace(month=1, day=29, hour=0)
DAYS = 6  # a month ends within

shapes = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32),
        "calls": st.integers(0, 200),
        "tokens": st.integers(1, 40),
        "skewed": st.booleans(),
        "costs": st.sampled_from([1, 3, 50, 10**6]),
        "movers": st.integers(0, 8),
    }
)
wanted = st.fixed_dictionaries(
    {"order": st.sampled_from(["cost", "calls", "failed"]), "top": st.integers(1, 4), "of_team": st.booleans()}
)
spans = st.tuples(st.integers(0, DAYS * 24), st.integers(0, DAYS * 24), st.sampled_from([0, 0, 7])).filter(
    lambda span: span[0] < span[1]
)


def rows_of(shape):
    """Two teams, of which each token has one; some go to the other in the middle of it."""
    dice, rows = random.Random(shape["seed"]), []
    hours = sorted(dice.randrange(DAYS * 24) for _ in range(shape["calls"]))
    for number, hour in enumerate(hours):
        token = int(shape["tokens"] ** dice.random()) - 1 if shape["skewed"] else dice.randrange(shape["tokens"])
        went = token < shape["movers"] and hour > DAYS * 12
        at = BEGIN + timedelta(hours=hour, minutes=number % 60)
        token_id, team = f"tok_{token:02}" if token else "", ("blue", "red")[(token + went) % 2]
        rows.append(replace(ROW, at=at, token_id=token_id, team=team, cost=dice.randrange(shape["costs"])))
    return rows


def biggest(rows, order):
    sums = defaultdict(lambda: [0, 0])
    for row in rows:
        sums[row.token_id][0] += {"cost": row.cost, "calls": 1, "failed": 0}[order]
        sums[row.token_id][1] += 1
    return sorted(((-value, key) for key, (value, _) in sums.items()))


@pytest.fixture
async def engine(path):
    made = sqlite_engine(path)
    yield made
    await made.dispose()


@pytest.fixture(params=[(1, 2), (4, 16, 64)], ids=["two short looks", "as it is"])
def depths(request, monkeypatch):
    monkeypatch.setattr(toplists, "_DEPTHS", request.param)


@pytest.mark.usefixtures("depths")
@given(shapes, wanted, spans, st.integers(0, 200))
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_biggest_tokens_are_those_of_all_rows(engine, db, shape, wanted, span, taken):
    fill(db, rows := rows_of(shape), taken=taken)
    since, until = (BEGIN + timedelta(hours=hour, minutes=span[2]) for hour in span[:2])
    filters = {"team": ["blue"]} if wanted["of_team"] else {}
    inside = [row for row in rows if since <= row.at < until and (not filters or row.team == "blue")]
    asked = ReportAsked(
        starts=[since], until=until, by="token_id", filters=filters, top=wanted["top"], order=wanted["order"]
    )

    found = await SqlUsage(engine).report(asked)

    expected = biggest(inside, wanted["order"])
    assert [(-getattr(one.totals, wanted["order"]), one.key) for one in found.groups] == expected[: wanted["top"]]
    told = {one.key for one in found.groups}
    left = [row for row in inside if row.token_id not in told]
    event(f"others counted: {found.other_groups is not None}")
    assert found.other_groups in (None, max(0, len(expected) - len(told)))
    assert (found.others is None) == (not left)
    if found.others is not None:
        assert (found.others.totals.calls, found.others.totals.cost) == (len(left), sum(row.cost for row in left))


@pytest.fixture
def asked(engine, monkeypatch):
    """How many entries of lists were read, by each look."""
    looks, look = [], toplists._look

    async def watched(connection, wanted, order, limit, how):
        looks.append(how[0])
        return await look(connection, wanted, order, limit, how)

    monkeypatch.setattr(toplists, "_look", watched)
    return looks


async def test_few_of_very_many_are_found_at_the_first_look(engine, db, asked):
    fill(db, [replace(ROW, at=NOON, token_id=f"tok_{n:03}", cost=10**6 // (n + 1)) for n in range(300)], taken=300)
    month = (NOON.replace(day=1, hour=0), NOON + 5 * DAY)

    spend = await SqlReports(engine).spend(*month, by="token_id", limit=3)

    assert [(one.key, one.cost, one.calls) for one in spend] == [(f"tok_{n:03}", 10**6 // (n + 1), 1) for n in range(3)]
    assert asked == [13]


async def test_where_all_cost_the_same_all_are_added_up(engine, db, asked):
    fill(db, [replace(ROW, at=NOON, token_id=f"tok_{n:03}", cost=5) for n in range(300)], taken=300)

    found = await SqlUsage(engine).report(ReportAsked(starts=[NOON - DAY], until=NOON + DAY, by="token_id", top=3))

    assert ([one.key for one in found.groups], found.other_groups) == (["tok_000", "tok_001", "tok_002"], 297)
    assert asked == [13, 49, 193]


async def test_calls_that_no_sum_has_are_among_the_biggest(engine, db, asked):
    rows = [replace(ROW, at=NOON, token_id=f"tok_{n:03}", cost=1_000 - n) for n in range(100)]
    fill(db, [*rows, replace(ROW, at=NOON, token_id="tok_099", cost=5_000)], taken=100)

    spend = await SqlReports(engine).spend(NOON - DAY, NOON + DAY, by="token_id", limit=2)

    assert [(one.key, one.cost) for one in spend] == [("tok_099", 5_901), ("tok_000", 1_000)]


async def test_where_very_many_calls_are_in_no_sum_all_are_added_up(engine, db, asked):
    fill(db, [replace(ROW, at=NOON, token_id=f"tok_{n:04}", cost=n) for n in range(1_100)], taken=1)

    spend = await SqlReports(engine).spend(NOON - DAY, NOON + DAY, by="token_id", limit=1)

    assert [(one.key, one.cost) for one in spend] == [("tok_1099", 1_099)]
    assert asked == [5, 17, 65]


async def test_range_of_very_many_months_is_added_up(engine, db, asked):
    fill(db, [replace(ROW, at=NOON, token_id=f"tok_{n}", cost=n) for n in range(5)], taken=5)
    years = timedelta(days=366 * 12)

    spend = await SqlReports(engine).spend(NOON - years, NOON + years, by="token_id", limit=1)

    assert [(one.key, one.cost) for one in spend] == [("tok_4", 4)]


async def test_token_that_went_to_another_team_is_as_big_as_both_of_its_parts(engine, db, asked):
    others = [replace(ROW, at=NOON, token_id=f"tok_{n:03}", team="blue", cost=100 - n) for n in range(30)]
    parts = [replace(ROW, at=NOON, token_id="tok_moved", team=team, cost=60) for team in ("blue", "red")]
    fill(db, [*others, *parts], taken=32)

    spend = await SqlReports(engine).spend(NOON - DAY, NOON + DAY, by="token_id", limit=1)

    assert [(one.key, one.cost) for one in spend] == [("tok_moved", 120)]


async def test_report_that_is_not_timed_has_no_latencies(engine, db):
    fill(db, [replace(ROW, at=NOON, token_id="tok_1", duration_ms=5)], taken=1)
    asked = ReportAsked(starts=[NOON - DAY], until=NOON + DAY, by="model")

    timed, untimed = await SqlUsage(engine).report(asked), await SqlUsage(engine).report(replace(asked, timed=False))

    assert (timed.totals.latency_p50_ms, timed.groups[0].totals.latency_p50_ms) == (5, 5)
    assert (untimed.totals.latency_p50_ms, untimed.groups[0].totals.latency_p50_ms) == (None, None)
    assert untimed.totals.cost == timed.totals.cost
