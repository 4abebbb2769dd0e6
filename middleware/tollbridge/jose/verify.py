"""Whether a JWT is one that an issuer's rules allow: all of it, or it is refused.

joserfc brings the algorithms and the keys. Its own reading of a token is not used: to it the last of two claims of one
name counts, and 600 bytes of header are too many.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tollbridge.jose.claims import check_claims
from tollbridge.jose.compact import Compact, read_compact
from tollbridge.jose.keys import LONGEST_KEY_ID, KeySet, VerifyingKey
from tollbridge.jose.policy import Issuer, same_type
from tollbridge.jose.refusal import Reason, TokenRefused

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that keeps every rule of its issuer, and whose signature nobody has checked."""

    algorithm: str
    kid: str | None
    _token: Compact = field(repr=False)

    def signed_by(self, key: VerifyingKey | None) -> Claims:
        """Give the claims, if this key's owner has signed them; raises `TokenRefused`."""
        if key is None:
            raise TokenRefused(Reason.UNKNOWN_KEY)
        if not key.verifies(self.algorithm, self._token.signed, self._token.signature):
            raise TokenRefused(Reason.SIGNATURE)
        return self._token.claims


def read_token(token: bytes, issuer: Issuer, now: float) -> Candidate:
    """Check all of a token but its signature; raises `TokenRefused`, and nothing else, whatever the bytes.

    The algorithm is one that the issuer's rules name. `jku`, `jwk`, `x5u` and `x5c` are ignored: no token brings the
    key it is checked with, or says where to get it. Extensions (`crit`, RFC 7515 section 4.1.11; `b64`, RFC 7797) are
    refused, for none is understood. `now` is in seconds since the epoch.
    """
    compact = read_compact(token)
    algorithm, kid = _check_header(compact.header, issuer)
    check_claims(compact.claims, issuer, now)
    return Candidate(algorithm, kid, compact)


def verify(token: bytes, issuer: Issuer, keys: KeySet, now: float) -> Claims:
    """Check a token with keys that are at hand and give its claims; raises `TokenRefused`, and nothing else."""
    candidate = read_token(token, issuer, now)
    return candidate.signed_by(keys.find(candidate.algorithm, candidate.kid))


def _check_header(header: Mapping[str, Any], issuer: Issuer) -> tuple[str, str | None]:
    if "crit" in header or "b64" in header:
        raise TokenRefused(Reason.CRITICAL)
    algorithm, kid, typ = header.get("alg"), header.get("kid"), header.get("typ")
    if not isinstance(algorithm, str) or algorithm not in issuer.algorithms:
        raise TokenRefused(Reason.ALGORITHM)
    if issuer.typ and not (isinstance(typ, str) and same_type(typ, issuer.typ)):
        raise TokenRefused(Reason.TYPE)
    if "kid" in header and not (isinstance(kid, str) and 0 < len(kid) <= LONGEST_KEY_ID):
        raise TokenRefused(Reason.BAD_HEADER)
    return algorithm, kid
