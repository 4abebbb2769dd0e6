"""Whoever goes on failing waits longer, and is forgiven."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.limits.failures import Failures
from tollbridge.limits.limiter import Rate

RATE = Rate("failures", 6, 60.0)
"""Six at once, one forgiven each 10 s."""


def counted(failures: Failures, times: int, now: float = 0.0, key: bytes = b"a") -> list[float]:
    return [failures.add(key, now) for _ in range(times)]


def test_first_failures_cost_no_wait_and_the_one_that_leaves_no_room_does() -> None:
    failures = Failures(RATE, longest_s=900.0)

    waits = counted(failures, 6)

    assert waits[:5] == [0.0] * 5
    assert waits[5] == pytest.approx(10.0, abs=0.01)
    assert failures.wait_s(b"a", 0.0) == waits[5]


def test_each_failure_after_a_wait_doubles_the_next_one() -> None:
    failures, now, waits = Failures(RATE, longest_s=900.0), 0.0, []
    counted(failures, 5)

    for _ in range(9):
        waits.append(failures.add(b"a", now))
        now += waits[-1]

    # 10 x 2^n, 900 at most
    assert waits == pytest.approx([10, 20, 40, 80, 160, 320, 640, 900, 900], rel=0.001)


def test_failures_while_it_waits_make_it_longer_up_to_the_longest() -> None:
    waits = counted(Failures(RATE, longest_s=100.0), 60)

    assert waits == sorted(waits)
    assert waits[6] > waits[5]
    assert waits[-1] == pytest.approx(100.0, rel=0.01)


def test_all_is_forgotten_when_all_is_forgiven() -> None:
    failures = Failures(RATE, longest_s=100.0)
    counted(failures, 60)

    # a wait of 100 s, behind which five units of 10 s each are still to be forgiven
    assert failures.wait_s(b"a", 100.1) == 0.0
    assert failures.add(b"a", 100.1) == pytest.approx(100.0, rel=0.01)
    assert counted(failures, 6, 100.1 + 150.1)[:5] == [0.0] * 5


def test_keys_do_not_know_of_each_other() -> None:
    failures = Failures(RATE, longest_s=100.0)
    counted(failures, 60)

    assert failures.wait_s(b"b", 0.0) == 0.0
    assert failures.add(b"b", 0.0) == 0.0


def test_memory_is_bounded_and_who_failed_most_stays_known() -> None:
    failures = Failures(RATE, longest_s=900.0, most=100)
    counted(failures, 60)

    for number in range(10_000):
        failures.add(b"%d" % number, 0.0)

    assert failures.size <= 100
    assert failures.wait_s(b"a", 0.0) > 800.0


def test_what_is_forgiven_makes_room_first() -> None:
    failures = Failures(RATE, longest_s=900.0, most=4)
    for key in (b"a", b"b", b"c"):
        failures.add(key, 0.0)
    counted(failures, 2, key=b"d")

    failures.add(b"e", 11.0)

    assert failures.size == 2


def test_failures_are_told_once_a_period_and_none_is_left_out() -> None:
    failures = Failures(RATE, longest_s=900.0)
    counted(failures, 3)

    first = failures.untold(b"a", 0.0, 60.0)
    counted(failures, 4, 10.0)
    early = failures.untold(b"a", 59.0, 60.0)
    later = failures.untold(b"a", 60.0, 60.0)

    assert (first, early, later) == (3, 0, 4)
    assert failures.untold(b"nobody", 0.0, 60.0) == 0


@given(st.lists(st.floats(0.0, 400.0), min_size=1, max_size=60))
def test_wait_is_never_longer_than_the_longest_and_is_enough(pauses: list[float]) -> None:
    failures, now = Failures(RATE, longest_s=300.0), 0.0

    for pause in pauses:
        now += pause
        wait_s = failures.add(b"a", now)

        assert 0.0 <= wait_s <= 300.1
        assert failures.wait_s(b"a", now + wait_s) == 0.0
