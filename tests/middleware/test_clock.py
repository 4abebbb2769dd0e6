"""The machine's clock."""

import time
from datetime import UTC, datetime

from tollbridge.clock import SystemClock


def test_wall_clock_is_utc_and_the_same_in_both_forms() -> None:
    clock = SystemClock()

    before, now, seconds, after = time.time(), clock.now(), clock.time(), time.time()

    assert now.tzinfo is UTC
    assert before - 1e-3 <= now.timestamp() <= seconds + 1e-3
    assert seconds <= after
    assert abs(datetime.fromtimestamp(seconds, UTC) - now).total_seconds() < 60


def test_monotonic_seconds_never_go_back() -> None:
    clock = SystemClock()

    seen = [clock.monotonic() for _ in range(100)]

    assert seen == sorted(seen)
