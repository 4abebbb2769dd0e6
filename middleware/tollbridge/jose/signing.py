"""Keys that sign JWTs, and the JWTs they sign."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from tollbridge.jose.policy import KEY_TYPES

_RSA_BITS = 2048
_encode = msgspec.json.Encoder().encode
_NATIVE: Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, for one algorithm."""

    kid: str
    algorithm: str
    native: RSAKey | ECKey | OKPKey = field(repr=False)

    @classmethod
    def make(cls, kid: str, algorithm: str) -> "SigningKey":
        """Make a key; raises `ValueError` for an algorithm that is none of `policy.KEY_TYPES`."""
        if algorithm not in KEY_TYPES:
            raise ValueError(f"the algorithm {algorithm!r} is none of {', '.join(KEY_TYPES)}")
        kind, curve = KEY_TYPES[algorithm]
        size: Any = curve or _RSA_BITS
        return cls(kid, algorithm, _NATIVE[kind].generate_key(size, private=True, auto_kid=False))

    @classmethod
    def read(cls, kid: str, algorithm: str, private: bytes) -> "SigningKey":
        """Read what `private` gave."""
        return cls(kid, algorithm, _NATIVE[KEY_TYPES[algorithm][0]].import_key(json.loads(private)))

    def private(self) -> bytes:
        """Give the whole key as a JWK, to be sealed."""
        return _encode(self.native.as_dict(private=True))

    def public(self) -> dict[str, Any]:
        """Give what others check its signatures with, as a JWK (RFC 7517 section 4)."""
        found = dict(self.native.as_dict(private=False))
        return {**found, "kid": self.kid, "alg": self.algorithm, "use": "sig"}

    def sign(self, claims: Mapping[str, Any], typ: str) -> str:
        """Write a JWT of a type in compact form (RFC 7519, RFC 7515 section 7.1)."""
        header = {"alg": self.algorithm, "kid": self.kid, "typ": typ}
        signed = b".".join(map(_base64url, (_encode(header), _encode(claims))))
        signature = JWSRegistry.algorithms[self.algorithm].sign(signed, self.native)
        return b".".join((signed, _base64url(signature))).decode("ascii")


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
