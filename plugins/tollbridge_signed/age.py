"""How old a signature may be, and that it is shown once."""

from dataclasses import dataclass
from datetime import UTC, datetime

from tollbridge import Gateway
from tollbridge.credentials import shown_digest

OLDEST_S = 3600.0
MOST_SKEW_S = 300.0

_MARGIN_S = 900.0
"""How much longer it is known that a signature was shown: the clocks of workers and database may differ."""


def check_ages(max_age_s: float, clock_skew_s: float) -> None:
    """Refuse options that let signatures be too old; raises `ValueError`."""
    if not 1 <= max_age_s <= OLDEST_S:
        raise ValueError(f"max_age_s must be 1 to {OLDEST_S:g}")
    if not 0 <= clock_skew_s <= MOST_SKEW_S:
        raise ValueError(f"clock_skew_s must be 0 to {MOST_SKEW_S:g}")


@dataclass(frozen=True, slots=True)
class Ages:
    """Takes signatures of at most `max_age_s` seconds, and each once; clocks may differ by `clock_skew_s`."""

    gateway: Gateway
    max_age_s: float
    clock_skew_s: float

    def wrong(self, made_s: float) -> str:
        """Say what is wrong with when a signature was made (seconds since the epoch), empty for nothing."""
        if made_s > self.gateway.clock.time() + self.clock_skew_s:
            return "made in the future"
        return "too old" if self.is_over(made_s + self.max_age_s) else ""

    def is_over(self, end_s: float) -> bool:
        """Whether a time is over, for clocks that differ as much as they may."""
        return end_s + self.clock_skew_s < self.gateway.clock.time()

    async def is_first(self, made_s: float, *shown: str) -> bool:
        """Whether nobody has shown this on any worker; to be asked once all else is right.  Raises `Unavailable`."""
        ends_at = datetime.fromtimestamp(made_s + self.max_age_s + self.clock_skew_s + _MARGIN_S, UTC)
        replays = await self.gateway.store.replays()
        return await replays.first(shown_digest(*shown), ends_at)
