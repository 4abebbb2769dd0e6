"""Ranges of time, cut into pieces."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.stores.rows import micros
from tollbridge.stores.segments import DAY, HOUR, MONTH, QUARTER, ROWS, Piece, end_of, pieces, start_of

ALL = (MONTH, DAY, HOUR, QUARTER)
FIRST, LAST = micros(datetime(1, 3, 1, tzinfo=UTC)), micros(datetime(9999, 12, 30, tzinfo=UTC))
MINUTE_US, DAY_US = 60_000_000, 86_400_000_000
BEGIN = micros(datetime(2026, 1, 1, tzinfo=UTC))

spans = st.sets(st.sampled_from(ALL)).map(lambda some: [span for span in ALL if span in some])
times = st.one_of(
    st.integers(FIRST, LAST),
    st.integers(BEGIN, BEGIN + 90 * DAY_US),
    st.integers(0, 90 * 96).map(lambda quarter: BEGIN + quarter * 15 * MINUTE_US),
)


def covered(found):
    """Say how often each stretch of time is in the pieces, added less taken away."""
    edges = sorted({edge for piece in found for edge in (piece.since, piece.until)})
    return {
        (one, other): sum(piece.sign for piece in found if piece.since <= one and other <= piece.until)
        for one, other in pairwise(edges)
    }


@given(times, times, spans, st.booleans())
def test_pieces_are_the_range_and_nothing_else(one, other, spans, whole):
    since, until = sorted((one, other))

    found = pieces(since, until, spans, whole=whole)

    for (begin, end), times_over in covered(found).items():
        assert times_over == (1 if since <= begin and end <= until else 0)
    assert sum(piece.sign * (piece.until - piece.since) for piece in found) == until - since


@given(times, times, spans, st.booleans())
def test_pieces_are_whole_spans(one, other, spans, whole):
    since, until = sorted((one, other))

    for piece in pieces(since, until, spans, whole=whole):
        assert piece.since < piece.until
        if piece.span != ROWS:
            assert piece.span in spans
            assert start_of(piece.span, piece.since) == piece.since
            assert start_of(piece.span, piece.until) == piece.until
        assert piece.sign == 1 or not whole


@given(times, times)
def test_few_rows_are_read_where_quarters_are_kept(one, other):
    since, until = sorted((one, other))

    read = [piece for piece in pieces(since, until, ALL) if piece.span == ROWS]

    if until < micros(datetime(9999, 1, 1, tzinfo=UTC)):
        assert len(read) <= 2
        assert sum(piece.until - piece.since for piece in read) <= 2 * 15 * MINUTE_US


def test_day_of_a_zone_is_a_day_with_its_edges_put_right():
    begin = BEGIN - 60 * MINUTE_US  # an hour east of Greenwich

    assert pieces(begin, begin + DAY_US, ALL) == [
        Piece(DAY, BEGIN, BEGIN + DAY_US),
        Piece(HOUR, begin, BEGIN),
        Piece(HOUR, begin + DAY_US, BEGIN + DAY_US, -1),
    ]


@pytest.mark.parametrize("days", [28, 31])
def test_month_is_one_of_the_calendar(days):
    begin = micros(datetime(2026, {28: 2, 31: 3}[days], 1, tzinfo=UTC))

    assert end_of(MONTH, begin) == begin + days * DAY_US
    assert start_of(MONTH, begin + days * DAY_US - 1) == begin


def test_no_time_at_all_has_no_pieces():
    assert pieces(BEGIN, BEGIN, ALL) == []
    assert pieces(BEGIN + 1, BEGIN, ALL) == []
