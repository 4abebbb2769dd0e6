"""An access token that is fetched once and shown until shortly before it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from tollbridge import Clock, SystemClock, UpstreamError

log = structlog.get_logger("tollbridge")

_EARLY_S = 225.0
"""Seconds before its end at which a token is renewed, as Google's own library does (google-auth 2.63)."""
_PAUSE_S = 10.0
"""Seconds between two tries to renew a token that is still valid."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A token and how long it is valid, in seconds."""

    token: str = field(repr=False)
    lifetime_s: float


class KeptToken:
    """Keeps one token.

    Callers that need a new one at the same time wait for one and the same fetch, which goes on where one of them does
    not wait to its end.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self._token = ""
        self._ends = self._renew_at = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def get(self, fetch: Callable[[], Awaitable[Fetched]]) -> str:
        """Give a valid token; raises what `fetch` does where there is none.

        A token that cannot be renewed is shown until it ends.
        """
        if not self._token or self.clock.monotonic() >= self._renew_at:
            if self._fetching is None or self._fetching.done():
                self._fetching = asyncio.create_task(self._renew(fetch))
                self._fetching.add_done_callback(_seen)
            await asyncio.shield(self._fetching)
        return self._token

    async def _renew(self, fetch: Callable[[], Awaitable[Fetched]]) -> None:
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
        self._renew_at = max(self._ends - _EARLY_S, begun + fetched.lifetime_s / 2)


def _seen(task: "asyncio.Task[None]") -> None:
    """Look at how a fetch ended: where nobody waits for it any more, that is no fault of the program."""
    if not task.cancelled():
        task.exception()
