"""Waiting for company."""

from hypothesis import given
from hypothesis import strategies as st

from tollbridge.growth import Growth


def test_one_alone_does_not_wait() -> None:
    growth = Growth(8)

    assert [growth.goes_on(1) for _ in range(3)] == [False] * 3


def test_several_wait_for_as_long_as_more_come_and_begin_anew_after_that() -> None:
    growth = Growth(8)

    assert [growth.goes_on(size) for size in (2, 5, 6, 6)] == [True, True, True, False]
    assert [growth.goes_on(size) for size in (3, 3)] == [True, False]


@given(st.integers(0, 5), st.integers(0, 50))
def test_nobody_waits_longer_than_so_many_turns(turns: int, size: int) -> None:
    growth = Growth(turns)

    waited = [growth.goes_on(size + 2 + turn) for turn in range(turns + 1)]

    assert waited == [True] * turns + [False]
