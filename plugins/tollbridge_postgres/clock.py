"""The database's clock: one for all workers, whatever the clocks of their machines say."""

from datetime import UTC, datetime

from tollbridge import Clock, SystemClock
from tollbridge_postgres.driver import Connection

_TIME = "SELECT extract(epoch FROM clock_timestamp())::float8"
_TIMES = 3


class DatabaseClock:
    """The time that the database shows, counted on from the last look at it.

    Between looks the machine's monotonic clock counts, so that a jump of its wall clock changes nothing. A clock that
    is not the system's, such as a test's, is taken as it is.
    """

    def __init__(self, given: Clock) -> None:
        self._given = given
        self._followed = isinstance(given, SystemClock)
        self._seen_s: float | None = None
        self._seen_at = 0.0

    async def look(self, db: Connection) -> None:
        """Read the database's time; of some answers the quickest counts, and is right to half of how long it took."""
        if not self._followed:
            return
        found = []
        for _ in range(_TIMES):
            asked = self._given.monotonic()
            shown = await db.fetchval(_TIME)
            took = self._given.monotonic() - asked
            found.append((took, asked + took / 2, shown))
        _, self._seen_at, self._seen_s = min(found)

    def there(self, here_s: float) -> float:
        """Give a moment that the clock given has told (seconds since the epoch) as the database's clock tells it."""
        return here_s + (self.time() - self._given.time())

    def now(self) -> datetime:
        return self._given.now() if self._seen_s is None else datetime.fromtimestamp(self.time(), UTC)

    def time(self) -> float:
        if self._seen_s is None:
            return self._given.time()
        return self._seen_s + self._given.monotonic() - self._seen_at

    def monotonic(self) -> float:
        return self._given.monotonic()


_: type[Clock] = DatabaseClock
