"""The peppers that secrets are hashed with: HMAC keys kept outside the database, in a ring of their own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from tollbridge.clock import Clock
from tollbridge.data import SHORTEST
from tollbridge.sealing.ring import Key, KeyRing
from tollbridge.tokens.secret import digest

RIPE_S = 10.0
"""Seconds after which a new pepper is hashed with: by then every process that uses its ring has read it again."""


class Digest(msgspec.Struct, frozen=True, gc=False):
    """What is stored in place of a secret: 32 bytes, and the id of the pepper they were made with."""

    pepper_id: str
    content: bytes


class Hashes(Protocol):
    """Hashes secrets."""

    @property
    def id(self) -> str:
        """The id of the pepper that new secrets are hashed with."""
        ...

    def digest(self, secret: bytes) -> Digest:
        """Give what is stored of a new secret."""
        ...

    def digests(self, secret: bytes) -> Sequence[Digest]:
        """Give what may be stored of a secret: under the pepper in use, then under the others, the newest first."""
        ...


class OnePepper:
    """A single pepper of at least 32 bytes, for who keeps it elsewhere; raises `ValueError` for a shorter one."""

    def __init__(self, content: bytes, id: str = "1") -> None:
        if len(content) < SHORTEST:
            raise ValueError(f"the pepper is shorter than {SHORTEST} bytes")
        self.id = id
        self._content = content

    def digest(self, secret: bytes) -> Digest:
        return Digest(self.id, digest(self._content, secret))

    def digests(self, secret: bytes) -> tuple[Digest, ...]:
        return (self.digest(secret),)


class Peppers:
    """The peppers of one gateway, as its ring has them now; raises `SetupError` where none can be used."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock

    @property
    def id(self) -> str:
        """The id of the pepper that new secrets are hashed with."""
        return self._current(self._known()).id

    def digest(self, secret: bytes) -> Digest:
        """Give what is stored of a new secret."""
        self._ring.current()  # refuses where the ring was not read for long
        return _digest(self._current(self._known()), secret)

    def digests(self, secret: bytes) -> tuple[Digest, ...]:
        """Give what may be stored of a secret: under the pepper in use, then under the others, the newest first."""
        keys = self._known()
        current = self._current(keys)
        return (_digest(current, secret), *(_digest(key, secret) for key in keys if key is not current))

    def _known(self) -> tuple[Key, ...]:
        return self._ring.newest_first() or (self._ring.current(),)

    def _current(self, keys: tuple[Key, ...]) -> Key:
        if len(keys) == 1:
            return keys[0]
        now = self._clock.now()
        return next((key for key in keys if _age_s(key, now) >= RIPE_S), keys[-1])


def _age_s(key: Key, now: datetime) -> float:
    return (now - key.made_at).total_seconds() if key.made_at is not None else RIPE_S


def _digest(key: Key, secret: bytes) -> Digest:
    return Digest(key.id, digest(key.content, secret))
