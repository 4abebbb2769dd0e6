"""The secret of a token: how it looks, how it is made, checked and hashed.

`tb_`, or `tb_test_` for one of a test environment, + 32 base62 characters (190 bits) + 6 base62 characters of CRC-32
over all before them. The check sum lets a scanner tell a real token without asking, and a typing error cost no look-up.
Tokens have too much entropy to guess, so a fast keyed hash is right: HMAC-SHA-256 with a pepper that is kept outside
the database.
"""

import hmac
import re
import secrets
import zlib

PREFIX = "tb_"
TEST_PREFIX = "tb_test_"
PATTERN = r"tb_(?:test_)?[0-9A-Za-z]{38}"
"""For secret scanners; the last six characters are the check sum."""

LENGTHS = frozenset((len(PREFIX) + 38, len(TEST_PREFIX) + 38))

ISSUED = b"eyJhbGciOiJFUzI1NiIsImtpZCI6Imtl"
"""How each access token that we sign begins: base64url of `{"alg":"ES256","kid":"ke`.  One of another's may, too."""
LONGEST_ISSUED = 4096
"""Bytes of such a token at most."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHAPE = re.compile(PATTERN.encode("ascii"))
_SHOWN = 4


_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)


def _checksum(text: bytes) -> str:
    """Write the CRC-32 in six base62 digits, two at a time."""
    high, low = divmod(zlib.crc32(text), 3844)
    high, middle = divmod(high, 3844)
    return _PAIRS[high] + _PAIRS[middle] + _PAIRS[low]


def make_secret(*, test: bool = False) -> str:
    """Make a new secret of 41 characters, or 46 for tests, from the operating system's randomness."""
    body = (TEST_PREFIX if test else PREFIX) + "".join(secrets.choice(_ALPHABET) for _ in range(32))
    return body + _checksum(body.encode("ascii"))


def is_well_formed(secret: bytes) -> bool:
    """Whether shape and check sum fit.  Says nothing about whether the token exists."""
    return _SHAPE.fullmatch(secret) is not None and _checksum(secret[:-6]) == secret[-6:].decode("ascii")


def looks_issued(secret: bytes) -> bool:
    """Whether this may be an access token of ours: a JWT that begins as ours do."""
    return secret.startswith(ISSUED) and len(secret) <= LONGEST_ISSUED


def digest(pepper: bytes, secret: bytes) -> bytes:
    """Give the 32 bytes that are stored in place of the secret."""
    return hmac.digest(pepper, secret, "sha256")


def hint(secret: str) -> str:
    """Give the first characters, safe to show: 190 bits less 24."""
    beginning = TEST_PREFIX if secret.startswith(TEST_PREFIX) else PREFIX
    return secret[: len(beginning) + _SHOWN] + "…"
