"""The only module that reads the time, so that a test can own it."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where a gateway takes its time from."""

    def now(self) -> datetime:
        """Give the wall-clock time, in UTC."""
        ...

    def time(self) -> float:
        """Give the same as seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Give seconds that never go back; only differences mean something."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


_: type[Clock] = SystemClock
