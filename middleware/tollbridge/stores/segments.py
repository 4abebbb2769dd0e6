"""Ranges of time cut into pieces that sums are kept of, so that few of them give the exact answer.

A range is rounded to the nearest whole pieces, the longest first; what is too much is taken away again by shorter
ones, what is missing is added, and at last, where even a quarter of an hour is no whole one, by the rows themselves.
All times are microseconds since the epoch.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from tollbridge.stores.rows import micros, moment

ROWS = 0
"""Stands for the span of a piece whose rows are read themselves."""
QUARTER, HOUR, DAY, MONTH = 900, 3_600, 86_400, 2_592_000
"""The spans of pieces, by which tables know them: in seconds, but for a month, which is one of the calendar."""
_SECOND = 1_000_000
_LAST = micros(datetime(9999, 1, 1, tzinfo=UTC))
"""Beyond it the calendar ends, and so do whole pieces."""


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A part of a range, whole pieces of a `span`; `sign` is -1 where it is too much and is to be taken away."""

    span: int
    since: int
    until: int
    sign: int = 1


def start_of(span: int, at: int) -> int:
    """Give when the piece begins that a time is in."""
    if span != MONTH:
        return at - at % (span * _SECOND)
    return micros(moment(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def end_of(span: int, start: int) -> int:
    """Give when a piece that begins then is over."""
    if span != MONTH:
        return start + span * _SECOND
    return start_of(MONTH, start + 31 * DAY * _SECOND)


def pieces(since: int, until: int, spans: Sequence[int], *, whole: bool = False) -> list[Piece]:
    """Cut a range by pieces of these spans, the longest first; `whole`: none is taken away again."""
    return list(_pieces(since, until, tuple(spans), whole))


@lru_cache(maxsize=4096)
def _pieces(since: int, until: int, spans: tuple[int, ...], whole: bool) -> Sequence[Piece]:
    """Do so; whoever looks at a page asks for the same steps as whoever looked before."""
    return tuple(_cut(since, until, spans, 1, _inner if whole else _nearest))


def singles(piece: Piece) -> Iterator[Piece]:
    """Give the whole pieces that one of several is made of."""
    start = piece.since
    while start < piece.until:
        end = end_of(piece.span, start)
        yield Piece(piece.span, start, end, piece.sign)
        start = end


_Ends = Callable[[int, int, int], tuple[int, int]]


def _cut(since: int, until: int, spans: tuple[int, ...], sign: int, ends: _Ends) -> Iterator[Piece]:
    if since >= until:
        return
    if not spans:
        yield Piece(ROWS, since, until, sign)
        return
    span, *finer = spans
    first, last = ends(span, since, until) if until < _LAST else (until, until)
    if first >= last:
        yield from _cut(since, until, tuple(finer), sign, ends)
        return
    yield Piece(span, first, last, sign)
    for begin, end in ((since, first), (last, until)):
        yield from _cut(begin, end, tuple(finer), sign, ends)
        yield from _cut(end, begin, tuple(finer), -sign, ends)


def _nearest(span: int, since: int, until: int) -> tuple[int, int]:
    return _rounded(span, since), _rounded(span, until)


def _rounded(span: int, at: int) -> int:
    start = start_of(span, at)
    end = end_of(span, start)
    return start if at - start <= end - at else end


def _inner(span: int, since: int, until: int) -> tuple[int, int]:
    start = start_of(span, since)
    return start if start == since else end_of(span, start), start_of(span, until)
