"""Identifiers that sort by age."""

import re
from datetime import UTC, datetime

from tollbridge.clock import SystemClock
from tollbridge.ids import new_id
from tollbridge.testing import FixedClock


def test_id_is_its_prefix_the_time_and_random_bits() -> None:
    clock = FixedClock(datetime(2026, 11, 24, tzinfo=UTC))

    made = new_id("req", clock)

    assert re.fullmatch(r"req_[0-9a-f]{28}", made)
    assert int(made[4:16], 16) == 1_795_478_400_000  # 2026-11-24T00:00:00Z in milliseconds


def test_later_id_sorts_behind_an_earlier_one() -> None:
    clock = FixedClock()
    made = []
    for _ in range(50):
        made.append(new_id("tok", clock))
        clock.advance(0.001)

    assert made == sorted(made)


def test_ids_of_one_instant_differ() -> None:
    clock = FixedClock()

    assert len({new_id("req", clock) for _ in range(1000)}) == 1000


def test_system_clock_fits_the_twelve_digits() -> None:
    assert len(new_id("x", SystemClock())) == len("x_") + 28
