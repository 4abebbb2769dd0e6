"""When a message is sent again."""

import pytest

from tollbridge.webhooks.schedule import MOST_ATTEMPTS, pause_s


def test_pauses_grow_over_three_days_and_then_it_is_given_up() -> None:
    pauses = [pause_s(attempts, 0.0) for attempts in range(1, MOST_ATTEMPTS)]

    assert pauses == sorted(pauses, key=lambda pause: pause or 0)
    assert sum(pause or 0 for pause in pauses) == 272_105  # 75 h 35 min 5 s, as the specification's example
    assert pause_s(MOST_ATTEMPTS, 0.0) is None
    assert pause_s(MOST_ATTEMPTS, 0.0, 5.0) is None


@pytest.mark.parametrize(("share", "pause"), [(0.0, 300.0), (0.5, 330.0), (1.0, 360.0)])
def test_pause_is_spread_by_a_fifth(share: float, pause: float) -> None:
    assert pause_s(2, share) == pytest.approx(pause)


@pytest.mark.parametrize(("asked_s", "pause"), [(1.0, 300.0), (3_600.0, 3_600.0), (1e9, 86_400.0)])
def test_receiver_may_ask_for_more_time_up_to_a_day(asked_s: float, pause: float) -> None:
    assert pause_s(2, 0.0, asked_s) == pause
