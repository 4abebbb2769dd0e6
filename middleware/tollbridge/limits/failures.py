"""Failures of keys, counted so that whoever goes on failing waits longer and longer, and is forgiven in time.

A limit by GCRA (`gcra`) of which a failure takes a unit whether or not there is room. Who comes for help with a good
memory is an attacker with many keys: it is bounded, and those nearest to being forgiven are forgotten first.
"""

import math

from tollbridge.limits.gcra import decide
from tollbridge.limits.limiter import Rate

MOST_KEYS = 10_000
_MOST_DOUBLED = 32
"""A wait is doubled so often at most: far beyond any that is allowed."""


class _Record:
    """Of one key: its theoretical arrival time, its failures that left no room, and what was not told of them yet."""

    __slots__ = ("beyond", "tat", "told_at", "untold")

    def __init__(self, now: float) -> None:
        self.tat = now
        self.beyond = 0
        self.untold = 0
        self.told_at = -math.inf


class Failures:
    """Failures by key.

    `rate` says how many are allowed at once and how soon one is forgiven. One that leaves no room for another makes the
    key wait, the next twice as long, up to `longest_s`; all of it is forgotten when everything is forgiven.
    """

    def __init__(self, rate: Rate, *, longest_s: float, most: int = MOST_KEYS) -> None:
        self._rate = rate
        self._most = most
        self._furthest_s = (rate.depth - 1) * rate.interval_s + longest_s
        self._kept: dict[bytes, _Record] = {}

    @property
    def size(self) -> int:
        """How many keys are remembered."""
        return len(self._kept)

    def wait_s(self, key: bytes, now: float) -> float:
        """Give the seconds until this key may fail again, 0.0 where it may now."""
        found = self._kept.get(key)
        return 0.0 if found is None else decide(found.tat, self._rate, 1, now).wait_s

    def add(self, key: bytes, now: float) -> float:
        """Count a failure, and give the seconds to wait after it.  `now` never goes back."""
        record = self._kept.get(key)
        if record is None or record.tat <= now:
            record = self._put(key, _Record(now), now)
        record.untold += 1
        self._move(record, 1, now)
        if decide(record.tat, self._rate, 1, now).wait_s:
            self._move(record, 2**record.beyond - 1, now)
            record.beyond = min(record.beyond + 1, _MOST_DOUBLED)
        return decide(record.tat, self._rate, 1, now).wait_s

    def untold(self, key: bytes, now: float, each_s: float) -> int:
        """Give the failures that were not told before, and take them for told: none within `each_s` of the last."""
        record = self._kept.get(key)
        if record is None or now - record.told_at < each_s:
            return 0
        count, record.untold, record.told_at = record.untold, 0, now
        return count

    def _move(self, record: _Record, units: int, now: float) -> None:
        record.tat = min(record.tat + units * self._rate.interval_s, now + self._furthest_s)

    def _put(self, key: bytes, record: _Record, now: float) -> _Record:
        if len(self._kept) >= self._most:
            self._make_room(now)
        self._kept[key] = record
        return record

    def _make_room(self, now: float) -> None:
        """Forget what is forgiven, or else the half that will be first.  O(n log n), once in n / 2 new keys."""
        kept = {key: record for key, record in self._kept.items() if record.tat > now}
        if len(kept) > self._most // 2:
            worst = sorted(kept, key=lambda key: kept[key].tat)[-(self._most // 2) :]
            kept = {key: kept[key] for key in worst}
        self._kept = kept
