"""Passwords of people: which are taken, and how they are kept and compared.

Argon2id with the second recommended parameters of RFC 9106, section 4: 3 passes, 64 MiB, 4 lanes. Which passwords are
taken follows NIST SP 800-63B: length counts and composition does not (revision 3, 5.1.1.2: code points, no rules of
composition, NFKC before hashing, refused where it is made of the person's own words or repeats itself). Revision 4 asks
for 15 characters where nothing else is asked for (3.1.1.2), which is more than the least that is taken here.
"""

import asyncio
import os
from base64 import b64encode
from collections.abc import Iterable
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from tollbridge.errors import BadRequest

LEAST_CHARACTERS = 15
MOST_BYTES = 1024
LEAST_DIFFERENT = 5
"""Different characters of a password that does not merely repeat itself."""
_LEAST_WORD = 4
"""Letters of a name or an address that count as a word."""
_AT_ONCE = 2
"""Passwords hashed at a time by one process: 64 MiB each."""


class Passwords:
    """Hashes and compares passwords, in threads, a few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobodys = _nobodys(self._hasher)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str, words: Iterable[str]) -> str:
        """Give what is kept of a new password; raises `BadRequest` with `param`.  `words` are the person's own."""
        plain = checked_password(password, words)
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, plain)

    async def matches(self, kept: str, password: str) -> bool:
        """Whether this is the password; where none is kept it takes as long to say no."""
        plain = _normal(password)
        async with self._turns:
            return await asyncio.to_thread(self._matches, kept, plain) and len(plain) <= MOST_BYTES

    async def anew(self, kept: str, password: str) -> str:
        """Give another hash of a password that matches, where the parameters have grown; else nothing."""
        if not self._hasher.check_needs_rehash(kept):
            return ""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, _normal(password))

    def _matches(self, kept: str, plain: bytes) -> bool:
        try:
            return self._hasher.verify(kept or self._nobodys, plain[:MOST_BYTES])
        except (VerificationError, InvalidHashError):
            return False


def _nobodys(hasher: PasswordHasher) -> str:
    """Make up a hash that is compared with where none is kept: of today's parameters, and of no password."""
    salt, digest = (b64encode(os.urandom(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len))
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


def checked_password(password: str, words: Iterable[str]) -> bytes:
    """Give a new password as it is hashed; raises `BadRequest` that does not quote it."""
    plain = _normal(password)
    text = plain.decode("utf-8")
    if len(text) < LEAST_CHARACTERS or len(plain) > MOST_BYTES:
        raise _refused(f"a password has {LEAST_CHARACTERS} characters at least and {MOST_BYTES} bytes at most")
    if len(set(text)) < LEAST_DIFFERENT:
        raise _refused("this password repeats itself; take one that is harder to guess")
    folded = text.casefold()
    if any(part in folded for word in words for part in _parts(word)):
        raise _refused("a password holds neither the name nor the address of its person")
    return plain


def _parts(word: str) -> Iterable[str]:
    """Give a word whole, and what stands in it between signs and spaces."""
    folded = normalize("NFKC", word).casefold()
    parts = "".join(letter if letter.isalnum() else " " for letter in folded).split()
    return [part for part in (folded, *parts) if len(part) >= _LEAST_WORD]


def _normal(password: str) -> bytes:
    return normalize("NFKC", password[: MOST_BYTES + 1]).encode("utf-8", "replace")


def _refused(why: str) -> BadRequest:
    return BadRequest(why, param="password")
