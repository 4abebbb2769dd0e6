"""The only module that reads the time, so that a test can own it."""

from datetime import UTC, datetime
from time import monotonic, time
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

    time = staticmethod(time)
    monotonic = staticmethod(monotonic)

    def now(self) -> datetime:
        return datetime.now(UTC)


_: type[Clock] = SystemClock


def iso(at: datetime) -> str:
    """Write a time as ISO 8601 has it, UTC as `Z`."""
    return at.isoformat().replace("+00:00", "Z")
