"""A clock that stands still until it is told otherwise."""

from datetime import UTC, datetime, timedelta

from tollbridge.clock import Clock


class FixedClock:
    """Shows `start` until `advance` moves it; `monotonic` begins at 0."""

    def __init__(self, start: datetime = datetime(2026, 1, 5, 12, tzinfo=UTC)) -> None:
        self._now = start
        self._passed_s = 0.0

    def advance(self, seconds: float) -> None:
        """Move on by that many seconds, at least 0."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self._now += timedelta(seconds=seconds)
        self._passed_s += seconds

    def now(self) -> datetime:
        return self._now

    def time(self) -> float:
        return self._now.timestamp()

    def monotonic(self) -> float:
        return self._passed_s


_: type[Clock] = FixedClock
