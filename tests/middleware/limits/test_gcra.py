import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.limits.gcra import IDLE, MAX_REMEMBERED, Bucket, decide
from tollbridge.limits.limiter import Rate

MINUTE = Rate("requests", 60)  # one a second

RATES = st.builds(
    Rate,
    st.just("tokens"),
    st.integers(1, 10_000_000),
    st.floats(0.5, 86_400),
    st.integers(0, 1_000_000),
)


def test_untouched_limit_gives_its_burst():
    decision = decide(IDLE, MINUTE, 60, 1000.0)

    assert (decision.wait_s, decision.standing.remaining) == (0.0, 0)
    assert decision.standing.reset_s == pytest.approx(60.0)


def test_wait_is_what_is_missing():
    # 50 s ahead of the clock are 50 units used, 10 are left; 15 need 5 s more
    decision = decide(1050.0, MINUTE, 15, 1000.0)

    assert decision.wait_s == pytest.approx(5.0, abs=1e-4)
    assert (decision.standing.remaining, decision.standing.reset_s) == (10, 50.0)


def test_more_than_the_burst_never_fits():
    assert decide(IDLE, Rate("requests", 60, burst=5), 6, 0.0).wait_s == math.inf
    assert decide(IDLE, Rate("requests", 0), 1, 0.0).wait_s == math.inf
    assert decide(IDLE, Rate("requests", 60, burst=-1), 0, 0.0).standing.remaining == 0


def test_limit_in_debt_has_no_room_for_nothing():
    decision = decide(1070.0, MINUTE, 0, 1000.0)  # 70 s ahead: 10 more than the burst

    assert decision.wait_s == pytest.approx(10.0, abs=1e-4)
    assert (decision.standing.remaining, decision.standing.reset_s) == (0, 70.0)


def test_negative_cost_is_refused():
    with pytest.raises(ValueError, match="-1"):
        decide(IDLE, MINUTE, -1, 0.0)


@pytest.mark.parametrize("amount", [3, 7, 60, 999, 100_000])
@pytest.mark.parametrize("start", [0.0, 123.456, 1e7 + 1 / 3])
def test_units_of_any_size_add_up_to_the_burst_exactly(amount: int, start: float):
    rate = Rate("tokens", amount)
    bucket = Bucket()
    taken = 0
    for turn in range(amount + 1):
        if decide(bucket.tat, rate, 1, start).wait_s:
            break
        bucket.add(rate.interval_s, turn, start)
        taken += 1

    assert taken == pytest.approx(amount, rel=1e-4)
    assert taken <= amount
    if amount < 1_000:
        assert taken == amount


@given(RATES, st.integers(0, 2_000_000), st.floats(0, 1e6), st.floats(0, 2))
def test_wait_is_exact(rate: Rate, cost: int, now: float, full: float):
    tat = now + full * rate.depth * rate.interval_s
    decision = decide(tat, rate, cost, now)

    assert 0 <= decision.standing.remaining <= rate.depth
    if decision.wait_s == 0.0:
        assert cost <= rate.depth
    elif decision.wait_s < math.inf:
        assert decide(tat, rate, cost, now + decision.wait_s).wait_s == 0.0
        sooner = decision.wait_s * 0.99 - rate.interval_s * 0.0002 - 1e-8
        if sooner > 0:
            assert decide(tat, rate, cost, now + sooner).wait_s > 0.0
    else:
        assert cost > rate.depth


# What happens, in seconds of limit: wait, take so much, and of a take that still runs give back so much.
STEPS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 60), st.integers(0, 9), st.integers(0, 60)), max_size=60)


def replay(taken: list[list[int]]) -> float:
    tat = IDLE
    for at, seconds in taken:
        tat = max(tat, at) + seconds
    return tat


@given(STEPS)
def test_giving_back_is_as_if_less_had_been_taken_from_the_start(steps: list[tuple[int, int, int, int]]):
    bucket, now, running = Bucket(), 0, []
    taken: list[list[int]] = []
    for wait, seconds, which, unused in steps:
        now += wait
        if which % 3:
            bucket.add(seconds, len(taken), now)
            running.append(len(taken))
            taken.append([now, seconds])
        elif running:
            turn = running.pop(which % len(running))
            back = min(unused, taken[turn][1])
            bucket.give_back(back, turn)
            taken[turn][1] -= back
        assert max(bucket.tat, now) == max(replay(taken), now)


@given(STEPS)
def test_any_window_holds_at_most_burst_and_rate_times_its_length(steps: list[tuple[int, int, int, int]]):
    bucket, now, running = Bucket(), 0, []
    taken: list[list[int]] = []
    for wait, cost, which, unused in steps:
        now += wait
        if which % 3 and not decide(bucket.tat, MINUTE, cost, now).wait_s:
            bucket.add(cost, len(taken), now)
            running.append(len(taken))
            taken.append([now, cost])
        elif running:
            turn = running.pop(which % len(running))
            back = min(unused, taken[turn][1])
            bucket.give_back(back, turn)
            taken[turn][1] -= back

    for first, (start, _) in enumerate(taken):
        used = 0
        for at, units in taken[first:]:
            used += units
            assert used <= 60 + (at - start)


def test_it_remembers_a_bounded_number_of_takes_and_errs_to_the_safe_side():
    bucket = Bucket()
    for turn in range(2 * MAX_REMEMBERED):
        bucket.add(1.0, turn, 0.0)

    bucket.give_back(1.0, 3)  # no longer told apart: worth nothing
    assert bucket.tat == 2 * MAX_REMEMBERED
    bucket.give_back(1.0, MAX_REMEMBERED + 3)
    assert bucket.tat == 2 * MAX_REMEMBERED - 1
    assert not bucket.idle(2046.9)
    assert bucket.idle(2047.0)
