"""Rates by the generic cell rate algorithm (ITU-T I.371): a limit is one time, at which all its units are back.

Giving units back late must not buy a second burst, so a `Bucket` also remembers how much stood before each take.
"""

import math
from bisect import bisect_right

import msgspec

from tollbridge.limits.limiter import Rate, Standing

IDLE = -math.inf
"""The theoretical arrival time of a limit that nobody used yet."""

MAX_REMEMBERED = 1024
"""Takes that one `Bucket` tells apart; an older one, in a limit that never came to rest since, is given back less."""


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What a limit says: `wait_s` is 0.0 when allowed, else the seconds until there is room, `inf` if there never is.

    `standing` counts the cost only where it is allowed.
    """

    wait_s: float
    standing: Standing


def admit(tat: float, rate: Rate, cost: int, now: float) -> Standing | None:
    """Say how the limit stands after `cost` units, or None if they do not fit or are no cost; `decide` tells more."""
    ahead_s = tat - now if tat > now else 0.0
    cost_s = cost * rate.interval_s
    left_s = rate.room_s - ahead_s - cost_s
    if left_s >= 0.0 and cost >= 0:
        return Standing(rate, int(left_s / rate.interval_s), ahead_s + cost_s)
    return None


def decide(tat: float, rate: Rate, cost: int, now: float) -> Decision:
    """Say whether `cost` units, at least 0, fit now, and how the limit stands after that.

    `tat` is the theoretical arrival time, in seconds of the clock that gave `now`.
    A limit in debt has no room for 0 units either. Raises `ValueError` for a negative cost.
    """
    standing = admit(tat, rate, cost, now)
    if standing is not None:
        return Decision(0.0, standing)
    return _refused(rate, cost, tat - now if tat > now else 0.0)


def _refused(rate: Rate, cost: int, ahead_s: float) -> Decision:
    if rate.amount < 1:
        return Decision(math.inf, Standing(rate, 0, 0.0))
    if cost < 0:
        raise ValueError(f"a cost is at least 0, not {cost}")
    room_s = rate.room_s - ahead_s
    slack_s = rate.room_s - rate.depth * rate.interval_s
    # to the middle of the slack: sure to be enough, and 5 s do not become 5.0000001, so 6 in the header
    wait_s = cost * rate.interval_s - room_s + slack_s / 2 if cost <= rate.depth else math.inf
    return Decision(wait_s, Standing(rate, int(room_s / rate.interval_s) if room_s > 0.0 else 0, ahead_s))


class Bucket:
    """One limit of one key.

    `tat` is what it would be if every take had been of its final size from the start, so over any time the units taken
    and not given back stay within burst + rate x time. For that each take notes the seconds that stood before it, kept
    only where nothing smaller came later; what a grant gives back is worth no more than stood before any later take.
    """

    __slots__ = ("_ahead", "_turns", "tat")

    def __init__(self) -> None:
        self.tat = IDLE
        self._turns: list[int] = []
        self._ahead: list[float] = []  # rising, like the turns; the first is 0: there the bucket was full

    def add(self, seconds: float, turn: int, now: float) -> None:
        """Take that many seconds' worth of units, whether or not there is room.

        `turn` numbers the takes and never falls. O(1) amortised.
        """
        turns, before = self._turns, self._ahead
        ahead = self.tat - now
        if ahead <= 0.0:
            self.tat = now + seconds
            self._turns, self._ahead = [turn], [0.0]
            return
        self.tat += seconds
        while before[-1] >= ahead:
            turns.pop()
            before.pop()
        turns.append(turn)
        before.append(ahead)
        if len(turns) > MAX_REMEMBERED:
            del turns[0], before[1]

    def give_back(self, seconds: float, turn: int) -> None:
        """Return that much of what was taken in that turn.  O(n) in the takes remembered since."""
        turns, before = self._turns, self._ahead
        later = bisect_right(turns, turn)
        if later == len(turns):
            self.tat -= seconds
            return
        worth = min(seconds, before[later])
        if worth <= 0.0:
            return
        self.tat -= worth
        before[later:] = [ahead - worth for ahead in before[later:]]
        kept = later
        while kept and before[kept - 1] >= before[later]:
            kept -= 1
        del turns[kept:later], before[kept:later]

    def idle(self, now: float) -> bool:
        """Whether all units are back, so that nothing is lost by forgetting it."""
        return self.tat <= now
