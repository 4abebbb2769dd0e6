"""Reports from the sums that are kept, against the same sums done in Python, over random rows, ranges and filters."""

import math
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.middleware.stores.test_reports import fill

from tollbridge.errors import BadRequest
from tollbridge.metering.usage import Usage
from tollbridge.stores import sqlusage
from tollbridge.stores.engine import sqlite_engine
from tollbridge.stores.histograms import middle_of, place_of
from tollbridge.stores.sqlusage import SqlUsage
from tollbridge.stores.usages import MEASURES, ReportAsked
from tollbridge.testing.samples import NOON, ROW

BEGIN, DAYS = datetime(2026, 1, 30, tzinfo=NOON.tzinfo), 4  # a month ends within
ZONES = ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York")
VALUES = {
    "model": ["a", "b", ""],
    "service": ["ai", "orders"],
    "team": ["", "blue", "red"],
    "token_id": ["tok_1", "tok_2", ""],
    "provider": ["", "p/x", "q"],
    "ending": ["ok", "client_error", "refused", "unserved", "failed", "truncated", "client_gone", "stopped"],
    "operation": ["ai:chat", "service:orders:x"],
    "application": ["", "app_1"],
    "release": ["", "rel_1"],
}
TIMED = ("latency_p50_ms", "latency_p95_ms", "first_byte_p50_ms")

rows = st.lists(
    st.builds(
        lambda at, **values: replace(ROW, at=BEGIN + timedelta(microseconds=at), **values),
        at=st.one_of(
            st.integers(0, DAYS * 86_400_000_000 - 1),
            st.integers(0, DAYS * 96 - 1).map(lambda quarter: quarter * 900_000_000),
        ),
        outcome=st.sampled_from(["complete", "refused", "truncated", "client_gone", "upstream_failed"]),
        status=st.sampled_from([0, 200, 404, 429, 499, 500, 503]),
        error=st.sampled_from(["", "", "service_paused", "unavailable"]),
        cost=st.none() | st.integers(0, 10**12),
        usage=st.builds(
            Usage,
            **{
                name: st.integers(0, 9)
                for name in ("input", "cache_read", "cache_write_1h", "audio_output", "reasoning")
            },
        ),
        duration_ms=st.integers(0, 90_000),
        first_byte_ms=st.none() | st.integers(0, 9_000),
        parent=st.sampled_from(["", "", "req_0"]),
        **{name: st.sampled_from(values) for name, values in VALUES.items() if name != "ending"},
    ),
    max_size=40,
)


@st.composite
def ranges(draw):
    """Steps of a time zone, of days or hours, or of any times at all."""
    if draw(st.booleans()):
        cuts = draw(st.sets(st.integers(0, DAYS * 86_400_000_000), min_size=2, max_size=6))
        ends = [BEGIN + timedelta(microseconds=cut) for cut in sorted(cuts)]
    else:
        zone = ZoneInfo(draw(st.sampled_from(ZONES)))
        day, number = draw(st.integers(0, 2)), draw(st.integers(1, 4))
        step = draw(st.sampled_from([timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)]))
        local = datetime(2026, 1, 29, tzinfo=zone) + timedelta(days=day)
        ends = [(local + step * each).astimezone(NOON.tzinfo) for each in range(number + 1)]
    return ends[:-1], ends[-1]


questions = st.fixed_dictionaries(
    {
        "by": st.sampled_from(["", *VALUES]),
        "top": st.integers(1, 3),
        "order": st.sampled_from(MEASURES),
        "stepped_times": st.booleans(),
        "filters": st.dictionaries(st.sampled_from(list(VALUES)), st.none(), max_size=2).flatmap(
            lambda names: st.fixed_dictionaries(
                {name: st.lists(st.sampled_from(VALUES[name]), min_size=1, max_size=2, unique=True) for name in names}
            )
        ),
    }
)


@pytest.fixture
async def usage(path):
    engine = sqlite_engine(path)
    yield SqlUsage(engine)
    await engine.dispose()


def refused(row):
    return row.outcome == "refused" and (row.status == 0 or row.status >= 400)


def unserved(row):
    return row.status >= 500 and row.error != "service_paused"


def failed(row):
    return unserved(row) or row.outcome == "truncated"


def ending(row):
    if refused(row):
        return "unserved" if unserved(row) else "refused"
    if failed(row):
        return "truncated" if row.outcome == "truncated" else "failed"
    known = {"client_gone": "client_gone", "refused": "stopped"}
    return known.get(row.outcome) or ("client_error" if row.status >= 400 else "ok")


def value(row, name):
    return ending(row) if name == "ending" else getattr(row, name)


def sums(found):
    asked = [row for row in found if not row.parent]
    return {
        "calls": len(asked),
        "failed": sum(map(failed, asked)),
        "refused": sum(map(refused, asked)),
        "unpriced": sum(row.cost is None and row.usage.total > 0 for row in found),
        "cost": sum(row.cost or 0 for row in found),
        "input_tokens": sum(row.usage.input_total for row in found),
        "cache_read_tokens": sum(row.usage.cache_read for row in found),
        "cache_write_tokens": sum(row.usage.cache_write + row.usage.cache_write_1h for row in found),
        "output_tokens": sum(row.usage.output_total for row in found),
        "reasoning_tokens": sum(row.usage.reasoning for row in found),
    }


def nearest_rank(values, percent):
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1] if values else None


def times(found):
    timed = [row for row in found if not row.parent and not refused(row)]
    lasted = [middle_of(place_of(row.duration_ms)) for row in timed]
    began = [middle_of(place_of(row.first_byte_ms)) for row in timed if row.first_byte_ms is not None]
    return [nearest_rank(lasted, 50), nearest_rank(lasted, 95), nearest_rank(began, 50)]


def told(figures):
    return {name: getattr(figures, name) for name in MEASURES}


def check_times(figures, found, *, known):
    said = [getattr(figures, name) for name in TIMED]
    assert said == times(found) or (not known and said == [None, None, None])


def kept_times(names):
    return not names or names <= {"model", "service", "provider"} or names == {"team"}


@given(rows, ranges(), questions, st.integers(0, 40))
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_report_is_the_sums_of_the_rows_whatever_is_asked(usage, db, found, cut, question, taken):
    fill(db, found, taken=taken)
    starts, until = cut
    asked = ReportAsked(starts=starts, until=until, **question)
    filters, by = question["filters"], question["by"]
    needed = {*filters, *([by] if by else [])}
    chosen = [
        row
        for row in found
        if starts[0] <= row.at < until and all(value(row, name) in values for name, values in filters.items())
    ]
    ends = [*starts, until]

    try:
        report = await usage.report(asked)
    except BadRequest:
        assert until - starts[0] > timedelta(days=1)
        assert not sqlusage.sources_of(needed, filters)
        return

    def steps(some):
        return [[row for row in some if one <= row.at < other] for one, other in pairwise(ends)]

    assert told(report.totals) == sums(chosen)
    check_times(report.totals, chosen, known=kept_times(set(filters)))
    assert list(map(told, report.series)) == list(map(sums, steps(chosen)))
    for figures, some in zip(report.series, steps(chosen), strict=True):
        check_times(figures, some, known=kept_times(set(filters)))
    if not by:
        assert (report.groups, report.others, report.other_groups) == ((), None, 0)
        return
    groups = defaultdict(list)
    for row in chosen:
        groups[value(row, by)].append(row)
    order = sorted(groups, key=lambda key: (-sums(groups[key])[question["order"]], key))
    top = order[: question["top"]]
    assert [group.key for group in report.groups] == top
    for group in report.groups:
        assert told(group.totals) == sums(groups[group.key])
        check_times(group.totals, groups[group.key], known=kept_times(needed))
        assert list(map(told, group.series)) == list(map(sums, steps(groups[group.key])))
        for figures, some in zip(group.series, steps(groups[group.key]), strict=True):
            check_times(figures, some, known=kept_times(needed) and question["stepped_times"])
    rest = [row for row in chosen if value(row, by) not in top]
    assert report.other_groups == len(order) - len(top)
    assert (report.others is None) == (len(order) == len(top))
    if report.others is not None:
        assert told(report.others.totals) == sums(rest)
        check_times(report.others.totals, rest, known=kept_times(needed))
        assert list(map(told, report.others.series)) == list(map(sums, steps(rest)))
