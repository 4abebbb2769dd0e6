"""The claims of a token against the rules of its issuer (RFC 7519 section 4.1, RFC 9068 section 4)."""

from collections.abc import Mapping
from typing import Any

from tollbridge.jose.policy import Issuer
from tollbridge.jose.refusal import Reason, TokenRefused

_LATEST = 253_402_300_799
"""The end of the year 9999."""
_LONGEST_SUBJECT = 1024


def check_claims(claims: Mapping[str, Any], issuer: Issuer, now: float) -> None:
    """Check who a token is from and for, when it holds and whom it is about; raises `TokenRefused`.

    `exp`, `iat` and `sub` must be there. `now` is in seconds since the epoch. A token that is bound to a key (`cnf`,
    RFC 9449 section 6, RFC 8705 section 3) is refused: shown as a bearer it proves nothing.
    """
    if claims.get("iss") != issuer.issuer:
        raise TokenRefused(Reason.ISSUER)
    if not is_for(claims.get("aud"), issuer.audience):
        raise TokenRefused(Reason.AUDIENCE)
    check_times(claims, now, issuer.leeway_s, required=("exp", "iat"))
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise TokenRefused(Reason.SUBJECT)
    if "cnf" in claims:
        raise TokenRefused(Reason.BOUND)


def is_for(audience: object, expected: str) -> bool:
    """Whether `aud`, one string or a list of strings, names exactly this one."""
    named = audience if isinstance(audience, list) else [audience]
    return all(isinstance(name, str) for name in named) and expected in named


def check_times(claims: Mapping[str, Any], now: float, leeway_s: float, *, required: tuple[str, ...] = ()) -> None:
    """Check that a token holds now; raises `TokenRefused`, also for a time that is no whole number of seconds."""
    times = {name: claims.get(name) for name in ("exp", "iat", "nbf") if name in claims or name in required}
    whole = {name: time for name, time in times.items() if type(time) is int and 0 <= time <= _LATEST}
    if len(whole) < len(times):
        raise TokenRefused(Reason.TIME)
    if now >= whole.get("exp", _LATEST) + leeway_s:
        raise TokenRefused(Reason.EXPIRED)
    if max(whole.get("iat", 0), whole.get("nbf", 0)) > now + leeway_s:
        raise TokenRefused(Reason.TOO_EARLY)
