"""JWTs made piece by piece, so that each piece can be wrong."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

NOW = 1_767_614_400
"""Noon of 2026-01-05 in UTC, where the clock of tests stands."""
ISSUER = "https://idp.example"
AUDIENCE = "https://gw.example"

KINDS: Mapping[str, Any] = {
    **{f"{family}{size}": (RSAKey, 2048) for family in ("RS", "PS") for size in (256, 384, 512)},
    **{"ES256": (ECKey, "P-256"), "ES384": (ECKey, "P-384"), "ES512": (ECKey, "P-521")},
    **{"EdDSA": (OKPKey, "Ed25519"), "Ed25519": (OKPKey, "Ed25519")},
}


@dataclass(frozen=True)
class Signer:
    """A key pair, by what it signs with and what it is called."""

    algorithm: str
    kid: str
    key: Any

    def public(self, **members: Any) -> dict[str, Any]:
        """Give the public half as a JWK; `members` are put over it, those that are None left out."""
        found = {**self.key.as_dict(private=False), "kid": self.kid, "use": "sig", "alg": self.algorithm, **members}
        return {name: value for name, value in found.items() if value is not None}

    def sign(self, signed: bytes) -> bytes:
        return JWSRegistry.algorithms[self.algorithm].sign(signed, self.key)


def signer(algorithm: str = "RS256", kid: str = "k1") -> Signer:
    """Give a key, the same for the same algorithm and name."""
    return _signer(algorithm, kid)


@cache
def _signer(algorithm: str, kid: str) -> Signer:
    kind, size = KINDS[algorithm]
    return Signer(algorithm, kid, kind.generate_key(size))


def claims(**changes: Any) -> dict[str, Any]:
    """Give the claims of a good token; `changes` are put over them, those that are None left out."""
    found = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "client_id": "c", "jti": "j", "scope": "ai:chat model:*"}
    found |= {"iat": NOW, "exp": NOW + 300} | changes
    return {name: value for name, value in found.items() if value is not None}


def header(by: Signer | None = None, **changes: Any) -> dict[str, Any]:
    """Give the header of a good token, changed likewise."""
    by = by or signer()
    found = {"alg": by.algorithm, "typ": "at+jwt", "kid": by.kid, **changes}
    return {name: value for name, value in found.items() if value is not None}


def b64(part: bytes | Mapping[str, Any]) -> bytes:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=")


def signed(head: bytes | Mapping[str, Any], body: bytes | Mapping[str, Any], by: Signer | None = None) -> bytes:
    """Sign any header over any claims, as bytes or as what becomes JSON."""
    text = b64(head) + b"." + b64(body)
    return text + b"." + b64((by or signer()).sign(text))


def token(by: Signer | None = None, head: Mapping[str, Any] | None = None, **changes: Any) -> bytes:
    """Make a good token with changed claims, and `head` over its header."""
    return signed(header(by, **(head or {})), claims(**changes), by)


def jwks(*keys: Signer | Mapping[str, Any]) -> bytes:
    """Write a JWKS document."""
    return json.dumps({"keys": [key.public() if isinstance(key, Signer) else key for key in keys]}).encode()
