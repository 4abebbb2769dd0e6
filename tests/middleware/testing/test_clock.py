from datetime import UTC, datetime, timedelta

import pytest

from tollbridge.testing.clock import FixedClock

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_clock_stands_still_until_it_is_moved():
    clock = FixedClock(START)

    assert (clock.now(), clock.time(), clock.monotonic()) == (START, START.timestamp(), 0.0)
    clock.advance(1.5)
    assert clock.now() == START + timedelta(seconds=1.5)
    assert clock.time() == START.timestamp() + 1.5
    assert clock.monotonic() == 1.5


def test_clock_does_not_go_back():
    with pytest.raises(ValueError, match="back"):
        FixedClock(START).advance(-1)
