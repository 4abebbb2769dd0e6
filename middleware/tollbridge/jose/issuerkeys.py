"""Keys that are fetched: kept over failures, renewed by age, and for an unknown key no more than once a minute.

What a caller sends must not decide how often an issuer is asked, nor whether its keys are still known: elsewhere each
unknown `kid` was a fetch, and one that failed threw the keys away (CVE-2026-48524).
"""

import asyncio
import random
from collections.abc import Callable

import structlog

from tollbridge.clock import Clock
from tollbridge.errors import GatewayError, Unavailable, without_words
from tollbridge.jose.discovery import Fetch, find_jwks_url
from tollbridge.jose.keys import KeySet, VerifyingKey

log = structlog.get_logger("tollbridge")

PAUSE_S = 60.0
"""The least between two fetches, whatever callers show."""
_FIRST_PAUSE_S = 10.0
"""The same while there are no keys at all, and every call is refused."""
_UNKNOWN_S = 300.0
"""How long a key that was looked for in vain is not looked for again."""
_MOST_UNKNOWN = 1024


class IssuerKeys:
    """The keys of one issuer, from `url` or, without one, from where its metadata says they are.

    They are renewed after `refresh_s`, beside the calls, and used without that for `max_age_s` at most. One fetch,
    metadata included, may take `timeout_s`. All are seconds; when to fetch varies by a fifth, so that many gateways do
    not ask at once. `read` makes the keys of what was fetched, or raises `ValueError`.
    """

    def __init__(
        self,
        issuer: str,
        fetch: Fetch,
        clock: Clock,
        *,
        url: str = "",
        read: Callable[[bytes], KeySet] = KeySet.parse,
        refresh_s: float = 600.0,
        max_age_s: float = 21_600.0,
        timeout_s: float = 4.0,
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._url = url
        self._read = read
        self._refresh_s, self._max_age_s, self._timeout_s = refresh_s, max_age_s, timeout_s
        self._keys: KeySet | None = None
        self._fetched_at = self._renew_at = self._next_at = clock.monotonic()
        self._failed = False
        self._fetching: asyncio.Task[None] | None = None
        self._unknown: dict[str, float] = {}

    async def find(self, algorithm: str, kid: str | None) -> VerifyingKey | None:
        """Give the key that fits, or None where the issuer has none.

        Raises `TokenRefused` where several fit, and `Unavailable` where nobody can say: there are no keys that are
        young enough, or this one is unknown and the issuer cannot be asked.
        """
        keys = self._young()
        if keys is None:
            await self._renewed()
            keys = self._young()
        elif self._clock.monotonic() >= self._renew_at:
            self._begin()
        if keys is None:
            raise self._away()
        return keys.find(algorithm, kid) or await self._look_again(algorithm, kid)

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait((self._fetching,))

    async def _look_again(self, algorithm: str, kid: str | None) -> VerifyingKey | None:
        """Fetch for the sake of one key, if none was fetched lately and this one was not missing lately."""
        name, now = kid or "", self._clock.monotonic()
        if self._unknown.get(name, now) > now:
            return None
        fetched = await self._renewed()
        keys = self._young()
        if self._failed or keys is None:
            raise self._away()
        found = keys.find(algorithm, kid)
        if found is None and fetched:
            self._note_unknown(name)
        return found

    def _note_unknown(self, name: str) -> None:
        self._unknown.pop(name, None)
        if len(self._unknown) >= _MOST_UNKNOWN:
            del self._unknown[next(iter(self._unknown))]
        self._unknown[name] = self._clock.monotonic() + _UNKNOWN_S * random.uniform(0.8, 1.2)

    def _young(self) -> KeySet | None:
        return self._keys if self._clock.monotonic() - self._fetched_at < self._max_age_s else None

    async def _renewed(self) -> bool:
        """Wait for the fetch that is under way, or begin one if it is time to; says whether there was one."""
        fetching = self._begin()
        if fetching is None:
            return False
        await asyncio.wait((fetching,))  # which leaves it running where this caller is cancelled
        return True

    def _begin(self) -> "asyncio.Task[None] | None":
        if self._fetching is not None and not self._fetching.done():
            return self._fetching
        now = self._clock.monotonic()
        if now < self._next_at:
            return None
        self._failed = True  # until it is known better
        self._next_at = now + (_FIRST_PAUSE_S if self._young() is None else PAUSE_S) * random.uniform(1.0, 1.2)
        self._fetching = asyncio.create_task(self._renew(now))
        return self._fetching

    async def _renew(self, begun: float) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                url = self._url or await find_jwks_url(self._issuer, self._fetch)
                keys = self._read(await self._fetch(url))
        except Exception as exc:  # whatever a document or the fetch does wrong leaves the keys as they were
            log.warning("issuer_keys_not_fetched", issuer=self._issuer, reason=_told(exc))
            return
        self._keys, self._fetched_at, self._failed = keys, begun, False
        self._renew_at = begun + self._refresh_s * random.uniform(0.8, 1.2)
        self._next_at = max(self._next_at, begun + PAUSE_S)

    def _away(self) -> Unavailable:
        return Unavailable(
            "the issuer of this token cannot be asked for its keys now, so the call is refused",
            code="identity_failed",
            detail=f"no keys of {self._issuer} that could decide; see issuer_keys_not_fetched",
            retry_after_s=max(1.0, self._next_at - self._clock.monotonic()),
        )


def _told(exc: Exception) -> str:
    """Say why a fetch failed, in words that can only be ours or those of a parser."""
    if isinstance(exc, GatewayError):
        return exc.detail or exc.message
    if isinstance(exc, TimeoutError):
        return "it did not answer in time"
    return str(exc) if isinstance(exc, ValueError) else without_words(exc)
