"""How often services were called of late, as their cards say it: counted once a minute at most.

Cards are read without a token too, and a service that is called a lot takes a second to count.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from tollbridge import Gateway

OVER = timedelta(hours=24)
_KEPT = timedelta(minutes=1)


class CallCounts:
    """Counts the calls of services, by their slugs."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._known: dict[str, tuple[datetime, int]] = {}

    async def of(self, slugs: Collection[str]) -> Mapping[str, int]:
        """Count the calls of the last 24 hours, as of a minute ago at most."""
        now = self._gateway.clock.now()
        old = [slug for slug in slugs if slug not in self._known or self._known[slug][0] + _KEPT <= now]
        if old:
            counted = await (await self._gateway.store.analytics()).called(old, now - OVER)
            self._known |= {slug: (now, number) for slug, number in counted.items()}
        return {slug: self._known[slug][1] for slug in slugs}
