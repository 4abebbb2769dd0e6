"""The public half of a key that a caller signs with."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tollbridge.jose import KeySet, SigningKey, strict_object
from tollbridge.jose.policy import KEY_TYPES

ALGORITHMS: Mapping[str, str] = {"ed25519": "EdDSA", "ecdsa-p256-sha256": "ES256", "rsa-pss-sha512": "PS512"}
"""Those of RFC 9421 section 6.2.2 that sign with a private key, each with the one of JOSE that has the same keys."""
LONGEST_KEY = 8192
_LEAST_RSA_BITS = 2048

_Native = RSAKey | ECKey | OKPKey
_READ: Mapping[str, Callable[[Any], _Native]] = {
    "RSA": RSAKey.import_key,
    "EC": ECKey.import_key,
    "OKP": OKPKey.import_key,
}
_SAID = "it is a public key for {}: a PEM text that begins with -----BEGIN PUBLIC KEY-----, or a JWK"


def make_pair(algorithm: str) -> tuple[str, str]:
    """Make a key: its public half as a JWK in JSON, and all of it as PEM (PKCS #8).  An RSA key takes a while."""
    made = SigningKey.make("", ALGORITHMS[algorithm])
    return _written(made.native), made.native.as_pem(private=True).decode("ascii")


def read_public(text: str, algorithm: str) -> str:
    """Read a public key for an algorithm, in PEM or as a JWK, and give it as a JWK in JSON; raises `ValueError`.

    A key that is too weak for its kind, not on its curve or of another kind is refused, and so is a private one.
    """
    if len(text) > LONGEST_KEY:
        raise ValueError(f"it has more than {LONGEST_KEY} characters")
    if "PRIVATE" in text or '"d"' in text:
        raise ValueError("it is a private key; keep that to yourself and send its public half")
    try:
        given = _of_pem(text.encode(), algorithm) if "-----BEGIN" in text else strict_object(text.encode())
        return _written(_native(json.dumps(given), algorithm))
    except (JoseError, UnsupportedAlgorithm, ValueError, TypeError):
        raise ValueError(_SAID.format(algorithm)) from None


@lru_cache(maxsize=1024)
def public_key(public: str, algorithm: str) -> PublicKeyTypes:
    """Give what signatures are checked with, of a JWK that `read_public` or `make_pair` gave."""
    return _native(public, algorithm).public_key


def thumbprint(public: str, algorithm: str) -> str:
    """Name a public key (RFC 7638)."""
    return _native(public, algorithm).thumbprint()


def _of_pem(text: bytes, algorithm: str) -> Mapping[str, Any]:
    """Read a PEM text as a JWK; what is wrong with it raises errors of the libraries."""
    key: Any = load_pem_public_key(text.strip())
    if isinstance(key, RSAPublicKey) and key.key_size < _LEAST_RSA_BITS:
        raise ValueError("it is too short")  # of which joserfc would only warn
    return _READ[KEY_TYPES[ALGORITHMS[algorithm]][0]](key).as_dict(private=False)


def _native(jwk: str, algorithm: str) -> _Native:
    """Read a JWK as strictly as those of an issuer; raises `ValueError`."""
    found = KeySet.parse(b'{"keys": [' + jwk.encode() + b"]}").find(ALGORITHMS[algorithm], None)
    if found is None:
        raise ValueError(_SAID.format(algorithm))
    return found.native


def _written(native: _Native) -> str:
    members: dict[str, Any] = dict(native.as_dict(private=False))
    return json.dumps({name: members[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in members})
