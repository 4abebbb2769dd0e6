"""Names tied to addresses that were checked: the way past a name server that says one thing now and another later."""

import asyncio
import random
from collections.abc import Sequence

from tollbridge.clock import SystemClock
from tollbridge.errors import UpstreamUnreachable
from tollbridge.transport.guard import Endpoint, Guard

PIN_S = 60.0
"""How long a name's addresses are used before they are asked for again."""
STALE_S = 600.0
"""How long the last good addresses are used while the name does not resolve."""

_monotonic = SystemClock.monotonic

Key = tuple[Endpoint, bool, bool]
"""An endpoint, whether private addresses may be dialled, and whether public ones may not be without TLS."""


class Pin:
    """The checked addresses of a name, the one to dial first."""

    __slots__ = ("addresses", "fresh_until", "refreshing", "stale_until")

    def __init__(self, addresses: Sequence[str], now: float) -> None:
        self.refreshing: asyncio.Task[None] | None = None
        self.addresses = list(addresses)
        self.renew(addresses, now)

    def renew(self, addresses: Sequence[str], now: float) -> None:
        """Trust these anew, for a time that differs a little from pin to pin; the first stays if it is among them."""
        self.addresses = sorted(addresses, key=self.addresses[0].__ne__)
        self.fresh_until = now + PIN_S * random.uniform(0.8, 1.2)
        self.stale_until = now + STALE_S

    def avoid(self, address: str) -> None:
        """Dial this address last from now on, if it was to be dialled first."""
        if self.addresses[0] == address:
            self.addresses = [*self.addresses[1:], address]


class Pins:
    """The pins of one transport."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._pins: dict[Key, Pin] = {}
        self._pinning: dict[Key, asyncio.Task[Pin]] = {}
        self._closed = False

    def fresh(self, key: Key) -> Pin | None:
        """Give a pin that may be used as it is."""
        pin = self._pins.get(key)
        return pin if pin is not None and _monotonic() < pin.fresh_until else None

    async def find(self, key: Key) -> Pin:
        """Give a pin that may be used now; raises `UpstreamUnreachable`.

        One that is only due for renewal is renewed beside the call.
        """
        pin = self._pins.get(key)
        if pin is not None and _monotonic() < pin.stale_until:
            if pin.refreshing is None or pin.refreshing.done():
                pin.refreshing = asyncio.create_task(self._refresh(key, pin))
            return pin
        task = self._pinning.get(key)
        if task is None:
            task = self._pinning[key] = asyncio.create_task(self._make(key))
            task.add_done_callback(_look_at)
        return await asyncio.shield(task)

    def close(self) -> None:
        """Forget all; a name that is being resolved leads nowhere."""
        self._closed = True
        for pin in self._pins.values():
            if pin.refreshing is not None:
                pin.refreshing.cancel()
        self._pins.clear()

    async def _make(self, key: Key) -> Pin:
        endpoint, private, tls_outside = key
        try:
            addresses = await self._guard.addresses(endpoint, allow_private=private, tls_outside=tls_outside)
        finally:
            del self._pinning[key]
        if self._closed:
            raise UpstreamUnreachable(f"the provider {endpoint.host} cannot be reached", detail="shutting down")
        pin = self._pins[key] = Pin(addresses, _monotonic())
        return pin

    async def _refresh(self, key: Key, pin: Pin) -> None:
        endpoint, private, tls_outside = key
        try:
            addresses = await self._guard.addresses(endpoint, allow_private=private, tls_outside=tls_outside)
        except UpstreamUnreachable:
            return  # the last good addresses hold until they are stale
        pin.renew(addresses, _monotonic())


def _look_at(task: asyncio.Task[Pin]) -> None:
    """Take note of a failure that nobody waits for any more, so that asyncio does not report it."""
    if not task.cancelled():
        task.exception()
