"""Secrets of tokens that another system made, known by the hashes it kept: callers need not change them.

    sha256:<64 hexadecimal digits>         SHA-256 of the secret
    hmac:<name>:<64 hexadecimal digits>    HMAC-SHA-256 of it, under the key that is stored by that name

What is kept here is such a hash under our own pepper, so a copy of the database is of no more use than for our tokens.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

LONGEST = 512
"""Bytes of a secret that is looked up."""

_SHA256 = "sha256"
_HMAC = "hmac"
_HASH = re.compile(r"(sha256|hmac:([A-Za-z0-9][A-Za-z0-9._-]{0,63})):([0-9A-Fa-f]{64})")

_Scheme = Callable[[bytes], bytes]


class ForeignHashes:
    """The ways in which imported secrets were hashed: `sha256`, and `hmac:NAME` for each key by its name."""

    def __init__(self, names: Sequence[str], keys: Mapping[str, bytes] | None = None) -> None:
        self._schemes: dict[str, _Scheme] = {}
        for name in names:
            kind, _, key = name.partition(":")
            self._schemes[name] = _sha256 if kind == _SHA256 else _keyed((keys or {})[key])

    def __bool__(self) -> bool:
        return bool(self._schemes)

    def materials(self, secret: bytes) -> Iterator[bytes]:
        """Give what is hashed with our pepper in place of a secret, for each way."""
        if len(secret) <= LONGEST:
            for name, scheme in self._schemes.items():
                yield _material(name, scheme(secret))

    def read(self, text: str) -> bytes:
        """Give the same for a hash as it was exported; raises `ValueError` for one that cannot be used here."""
        shape = _HASH.fullmatch(text.strip())
        if shape is None:
            raise ValueError("a hash is sha256:<64 hexadecimal digits> or hmac:<name>:<64 hexadecimal digits>")
        if shape[1] not in self._schemes:
            raise ValueError(f"{shape[1]} is not switched on; add {shape[1]!r} to imported of the section [tokens]")
        return _material(shape[1], bytes.fromhex(shape[3]))


def key_names(names: Sequence[str]) -> list[str]:
    """Give the names of the keys that these ways need."""
    return [key for kind, _, key in (name.partition(":") for name in names) if kind == _HMAC]


def _material(name: str, hashed: bytes) -> bytes:
    return b"imported|" + name.encode("ascii") + b"|" + hashed


def _sha256(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _keyed(key: bytes) -> _Scheme:
    return lambda secret: hmac.digest(key, secret, "sha256")
