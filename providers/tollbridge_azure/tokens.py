"""A token that is fetched once and shown until shortly before it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from tollbridge import Clock, SystemClock, UpstreamError

log = structlog.get_logger("tollbridge")

_EARLY_S = 300.0
"""Seconds before its end at which a token is renewed, as Azure's own clients do."""
_PAUSE_S = 10.0
"""Seconds between two tries to renew a token that is still valid."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A token and how long it is valid, in seconds."""

    token: str = field(repr=False)
    lifetime_s: float


Fetch = Callable[[], Awaitable[Fetched]]


class KeptToken:
    """Keeps one token.  Callers that need a new one at the same time wait for one and the same fetch."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = asyncio.Lock()
        self._token = ""
        self._ends = self._renew_at = 0.0

    async def get(self, fetch: Fetch) -> str:
        """Give a valid token; raises what `fetch` does where there is none.

        A token that cannot be renewed is shown until it ends.
        """
        if self._is_fresh():
            return self._token
        async with self._lock:
            if not self._is_fresh():
                await self._renew(fetch)
        return self._token

    def _is_fresh(self) -> bool:
        return bool(self._token) and self._clock.monotonic() < self._renew_at

    async def _renew(self, fetch: Fetch) -> None:
        begun = self._clock.monotonic()
        try:
            fetched = await fetch()
        except UpstreamError as exc:
            if not self._token or begun >= self._ends:
                raise
            log.warning("credential_renewal_failed", detail=exc.detail)
            self._renew_at = min(begun + _PAUSE_S, self._ends)
            return
        self._token = fetched.token
        self._ends = begun + fetched.lifetime_s
        self._renew_at = max(self._ends - _EARLY_S, begun + fetched.lifetime_s / 2)
