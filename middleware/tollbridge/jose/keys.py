"""The public keys of an issuer, from its JWKS document (RFC 7517 section 5)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from tollbridge.jose.compact import decode_base64url
from tollbridge.jose.policy import KEY_TYPES
from tollbridge.jose.refusal import Reason, TokenRefused
from tollbridge.jose.roca import is_guessable
from tollbridge.jose.strictjson import strict_object

MOST_KEYS = 100
LONGEST_DOCUMENT = 256 * 1024
"""Bytes of a JWKS document that are read."""
LONGEST_KEY_ID = 256

_RSA_BITS = range(2048, 8193)
"""Below, a key is too weak (NIST SP 800-131A Rev. 2); above, every check of a signature takes milliseconds."""
_RSA_EXPONENTS = range(65_537, 2**32)
"""More than 2^16 (FIPS 186-5 section 5.1); a long one makes checking slow."""
_LONGEST_MEMBER = 1400
_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key that checks signatures of these algorithms and no other."""

    kid: str | None
    algorithms: frozenset[str]
    native: RSAKey | ECKey | OKPKey = field(repr=False)

    def verifies(self, algorithm: str, signed: bytes, signature: bytes) -> bool:
        """Whether this key's owner has signed it."""
        return algorithm in self.algorithms and JWSRegistry.algorithms[algorithm].verify(signed, signature, self.native)


class KeySet:
    """Some keys, immutable."""

    def __init__(self, keys: Iterable[VerifyingKey]) -> None:
        self.keys = tuple(keys)

    @classmethod
    def parse(cls, document: bytes) -> "KeySet":
        """Read a JWKS document; raises `ValueError` for one that cannot be used, or has no key that can.

        A key that does not fit is left out (RFC 7517 section 5): one for something else than signatures, of an unknown
        type or curve, too weak or too long, guessable (`roca`), not on its curve, symmetric, or a private one, which
        the world now has.
        """
        if len(document) > LONGEST_DOCUMENT:
            raise ValueError(f"the document is over {LONGEST_DOCUMENT} bytes")
        listed = strict_object(document).get("keys")
        if not isinstance(listed, list) or len(listed) > MOST_KEYS:
            raise ValueError(f"the document must have a list 'keys' of at most {MOST_KEYS}")
        found = [key for jwk in listed if (key := _read(jwk)) is not None]
        if not found:
            raise ValueError("none of the document's keys can be used to check a signature")
        return cls(found)

    def find(self, algorithm: str, kid: str | None) -> VerifyingKey | None:
        """Give the key that fits; raises `TokenRefused` where several do, as they may without a `kid`."""
        fits = [key for key in self.keys if algorithm in key.algorithms and (kid is None or key.kid == kid)]
        if len(fits) > 1:
            raise TokenRefused(Reason.AMBIGUOUS_KEY)
        return fits[0] if fits else None


def _read(jwk: object) -> VerifyingKey | None:
    if not isinstance(jwk, dict) or not _PRIVATE.isdisjoint(jwk):
        return None
    make, kid, operations = _MAKE.get(str(jwk.get("kty"))), jwk.get("kid"), jwk.get("key_ops", ["verify"])
    if make is None or jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return None
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= LONGEST_KEY_ID):
        return None
    fitting = {name for name, kind in KEY_TYPES.items() if kind == (jwk["kty"], jwk.get("crv", ""))}
    algorithms = [name for name in fitting if jwk.get("alg", name) == name]
    if not algorithms:
        return None
    try:
        return VerifyingKey(kid, frozenset(algorithms), make(jwk))
    except (JoseError, ValueError):
        return None


def _number(jwk: Mapping[str, Any], name: str) -> int:
    return int.from_bytes(decode_base64url(_member(jwk, name).encode()))


def _member(jwk: Mapping[str, Any], name: str) -> str:
    """Give a member that is a text of bearable length; raises `ValueError`."""
    found = jwk.get(name)
    if not isinstance(found, str) or len(found) > _LONGEST_MEMBER:
        raise ValueError(f"the member {name!r} must be a text")
    return found


def _rsa(jwk: Mapping[str, Any]) -> RSAKey:
    modulus = _number(jwk, "n")
    if modulus.bit_length() not in _RSA_BITS or _number(jwk, "e") not in _RSA_EXPONENTS or is_guessable(modulus):
        raise ValueError("an RSA key must have 2048 to 8192 bits, a common exponent and primes nobody can guess")
    return RSAKey.import_key({"kty": "RSA", "n": _member(jwk, "n"), "e": _member(jwk, "e")})


def _ec(jwk: Mapping[str, Any]) -> ECKey:
    return ECKey.import_key({name: _member(jwk, name) for name in ("kty", "crv", "x", "y")})


def _okp(jwk: Mapping[str, Any]) -> OKPKey:
    return OKPKey.import_key({name: _member(jwk, name) for name in ("kty", "crv", "x")})


_MAKE: Mapping[str, Callable[[Mapping[str, Any]], RSAKey | ECKey | OKPKey]] = {"RSA": _rsa, "EC": _ec, "OKP": _okp}
