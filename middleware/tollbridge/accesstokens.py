"""Access tokens of providers: fetched once, and shown until shortly before they end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from tollbridge.clock import Clock, SystemClock
from tollbridge.errors import UpstreamError

log = structlog.get_logger("tollbridge")

_PAUSE_S = 10.0
"""Seconds between two tries to renew a token that is still valid."""
_PATIENCE_S = 2.0
"""Seconds a caller waits for a new token while the older one is valid: less than `[plugins] timeout_s` by default."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token and how long it is valid, in seconds from when it was asked for."""

    token: str = field(repr=False)
    lifetime_s: float


class KeptToken:
    """Keeps one access token, for a `Signer` to show.

    It is renewed `early_s` seconds before its end, a short one at half its life. Callers that need a new one at the
    same time wait for one and the same fetch, which goes on where one of them does not wait to its end: while an older
    token is valid, nobody waits longer than `patience_s` seconds.
    """

    def __init__(self, clock: Clock | None = None, *, early_s: float = 300.0, patience_s: float = _PATIENCE_S) -> None:
        self.clock = clock or SystemClock()
        self._early_s = early_s
        self._patience_s = patience_s
        self._token = ""
        self._ends = self._renew_at = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def get(self, fetch: Callable[[], Awaitable[AccessToken]]) -> str:
        """Give a valid token; raises what `fetch` does where there is none.

        Where `fetch` raises `UpstreamError`, or takes long, an older token is shown until it ends.
        """
        now = self.clock.monotonic()
        if not self._token or now >= self._renew_at:
            renewal = self._renewal(fetch)
            patience_s = self._patience_s if self._token and now < self._ends else None
            await asyncio.wait((renewal,), timeout=patience_s)  # which leaves it running where this caller is cancelled
            if renewal.done():
                renewal.result()
        return self._token

    def _renewal(self, fetch: Callable[[], Awaitable[AccessToken]]) -> "asyncio.Task[None]":
        running = self._fetching
        if running is None or running.done() or running.get_loop() is not asyncio.get_running_loop():
            running = self._fetching = asyncio.create_task(self._renew(fetch))
            running.add_done_callback(_look_at)
        return running

    async def _renew(self, fetch: Callable[[], Awaitable[AccessToken]]) -> None:
        begun = self.clock.monotonic()
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
        self._renew_at = max(self._ends - self._early_s, begun + fetched.lifetime_s / 2)


def _look_at(fetching: "asyncio.Task[None]") -> None:
    """Take the error of a fetch that nobody waits for any more: asyncio would report it as never retrieved."""
    if not fetching.cancelled():
        fetching.exception()
