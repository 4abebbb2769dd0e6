"""How often services were called of late, as their cards say it: counted once a minute at most.

Cards are read without a token too, and a service that is called a lot takes a second to count.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tollbridge import Gateway
from tollbridge.administering import Service

OVER = timedelta(hours=24)
_KEPT = timedelta(minutes=1)


class CallCounts:
    """Counts the calls of services since they began."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._known: dict[str, tuple[datetime, int]] = {}

    async def of(self, services: Sequence[Service]) -> Mapping[str, int]:
        """Count the calls of the last 24 hours, as of a minute ago at most, by the ids of services."""
        now = self._gateway.clock.now()
        old = [one for one in services if one.id not in self._known or self._known[one.id][0] + _KEPT <= now]
        if old:
            since = {one.slug: max(one.created_at, now - OVER) for one in old}
            counted = await (await self._gateway.store.analytics()).called(since)
            self._known |= {one.id: (now, counted[one.slug]) for one in old}
        return {one.id: self._known[one.id][1] for one in services}
