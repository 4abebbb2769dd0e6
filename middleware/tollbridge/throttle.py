"""Whoever shows many bad credentials is refused for a while, by where they come from.

Only failures count, and a good token is never refused: it is looked up first, so that nobody is locked out by those who
share an address with them, and what an address is told, 401 or 429, says nothing about the credential it showed.
Passwords cost much to check, so they are not checked while their sender has to wait; there an account is known together
with the address that tries it, so that nobody can lock out its owner from elsewhere.
Where nothing has to be shown, what is asked for is counted instead, and has a steady rate.
Kept in this process: with several workers each counts for itself.
"""

import hmac
import secrets
from collections.abc import Callable

import structlog

from tollbridge.clock import Clock
from tollbridge.defences import ThrottleConfig
from tollbridge.errors import RateLimited, Throttled
from tollbridge.limits.failures import Failures
from tollbridge.limits.limiter import Rate
from tollbridge.limits.neighbours import neighbourhood
from tollbridge.tokens.conditions import is_within

TOKEN, ACCOUNT = "token", "account"
"""What was bad: a token, or the password or secret of an account."""
KINDS = (TOKEN, ACCOUNT)
_MINUTE_S, _HOUR_S = 60.0, 3600.0
_ACCOUNTS_AN_ADDRESS = 10
"""As many accounts' worth of failures are allowed of one address, whatever the accounts."""
_ASKS = Rate("requests", 30)
"""How often one address may ask for what needs no proof and is kept: at once, and a minute."""
_LOOKS = Rate("requests", 300)
"""The same of what needs no proof and is only read."""
_TELL_S = 60.0
log = structlog.get_logger("tollbridge")


class Throttle:
    """Counts bad credentials by their source, an address or of IPv6 the /64 network, and says who has to wait.

    `counted` is told the kind of each.
    """

    def __init__(self, settings: ThrottleConfig, clock: Clock, *, counted: Callable[[str], None]) -> None:
        self._settings = settings
        self._clock = clock
        self._counted = counted
        self._key = secrets.token_bytes(32)
        tokens, accounts = settings.bad_tokens, settings.bad_sign_ins
        self._tokens = _failures(tokens, _MINUTE_S, settings)
        self._accounts = _failures(accounts, _HOUR_S, settings)
        self._sources = _failures(accounts * _ACCOUNTS_AN_ADDRESS, _HOUR_S, settings)
        self._asks = Failures(_ASKS, longest_s=_ASKS.interval_s)
        self._looks = Failures(_LOOKS, longest_s=_LOOKS.interval_s)

    def check(self, source: str, account: str = "") -> None:
        """Refuse a source that has to wait; raises `Throttled` with `retry_after_s`.

        With an account, to be asked before its password or secret is checked; without one, after a token was found bad.
        """
        now = self._clock.monotonic()
        wait_s = max((failures.wait_s(key, now) for failures, key in self._asked(source, account)), default=0.0)
        if wait_s:
            raise Throttled(wait_s)

    def failed(self, source: str, account: str = "") -> None:
        """Count a bad credential: of an account, its name or id, or else a token."""
        kind = ACCOUNT if account else TOKEN
        self._counted(kind)
        now = self._clock.monotonic()
        for failures, key in self._asked(source, account):
            wait_s = failures.add(key, now)
            count = failures.untold(key, now, _TELL_S) if wait_s else 0
            if count:
                log.warning(
                    "bad_credentials_throttled",
                    source=neighbourhood(source),
                    kind=kind,
                    failures=count,
                    retry_after_s=round(wait_s),
                )

    def ask(self, source: str) -> None:
        """Count what anybody may ask for and is kept, such as the code of a device; raises `RateLimited` for too much.

        Nobody waits longer than for the next one: there is no telling who of an address asks in earnest.
        """
        self._steady(self._asks, source)

    def look(self, source: str) -> None:
        """Count what anybody may read, such as what is published for everybody; raises `RateLimited` for too much."""
        self._steady(self._looks, source)

    def _steady(self, asks: Failures, source: str) -> None:
        if not self._settings.enabled or self._is_spared(source):
            return
        place, now = neighbourhood(source), self._clock.monotonic()
        wait_s = asks.wait_s(place.encode(), now)
        if not wait_s:
            asks.add(place.encode(), now)
            return
        count = asks.untold(place.encode(), now, _TELL_S)
        if count:
            log.warning("unproven_requests_throttled", source=place, requests=count, retry_after_s=round(wait_s))
        raise RateLimited("too much was asked for from this address; ask again later", retry_after_s=wait_s)

    def _asked(self, source: str, account: str) -> list[tuple[Failures, bytes]]:
        """Give what is counted, and under which key.  No account is kept by its name."""
        if not self._settings.enabled:
            return []
        place = neighbourhood(source).encode()
        alone = [] if self._is_spared(source) else [(self._sources if account else self._tokens, place)]
        if not account:
            return alone
        named = hmac.digest(self._key, place + b"\0" + account.casefold().encode(), "sha256")
        return [(self._accounts, named), *alone]

    def _is_spared(self, source: str) -> bool:
        return not source or is_within(source, self._settings.spared)


def _failures(amount: int, period_s: float, settings: ThrottleConfig) -> Failures:
    return Failures(Rate("failures", amount, period_s), longest_s=settings.longest_s)
