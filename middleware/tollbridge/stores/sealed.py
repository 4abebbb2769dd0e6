"""The seam to what a store keeps sealed: told by how a value begins, and put back sealed anew."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from tollbridge.sealing.places import Place

READ_OWN_KEYS = "SELECT name, content FROM own_key"
"""Reads what `own_keys` gives; the same on every database."""
READ_PEPPERS = """
    SELECT pepper_id FROM secret UNION SELECT pepper_id FROM credential UNION SELECT pepper_id FROM refresh
"""
"""Reads what `peppers` gives, and the empty text for what no pepper was used for; the same on every database."""


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """One sealed value and the place it is bound to."""

    place: Place
    content: bytes


class StoredKey(msgspec.Struct, frozen=True, gc=False):
    """A key that the gateway signs with: its public half as a JWK in JSON, its private half sealed."""

    kid: str
    used_for: str
    algorithm: str
    made_at: datetime
    public: str
    sealed: bytes


class SealedStore(Protocol):
    """Keeps sealed values.  Raises `Unavailable` where it does not answer."""

    async def own_keys(self) -> Mapping[str, bytes]:
        """Read the keys that the gateway made for itself, sealed, by name: a few, cheap enough for every start."""
        ...

    async def own_key(self, name: str) -> bytes | None:
        """Find one of them."""
        ...

    async def add_own_key(self, name: str, sealed: bytes) -> bytes:
        """Keep such a key unless there is one of that name; gives the one that is there then."""
        ...

    async def peppers(self) -> Collection[str]:
        """Give the ids of the peppers that anything is hashed with, be it ended."""
        ...

    async def signing_keys(self, used_for: str) -> Sequence[StoredKey]:
        """List the signing keys of one use, newest first."""
        ...

    async def add_signing_key(self, key: StoredKey, after: datetime) -> None:
        """Keep a signing key, unless there is one of its use that was made after a time: one of many adds one."""
        ...

    async def drop_signing_keys(self, used_for: str, before: datetime) -> int:
        """Forget the signing keys of one use that were made before a time; gives how many."""
        ...

    async def sealed_heads(self) -> Mapping[bytes, int]:
        """Count the values by their heads: the first `HEAD` bytes, of the first format the first byte alone."""
        ...

    async def sealed_otherwise(self, head: bytes, after: Place | None = None) -> Sequence[Sealed]:
        """Give values that do not begin like that, in the order of their places, some that follow `after`.

        As many as do no harm in memory; none when there are no more.
        """
        ...

    async def reseal(self, values: Sequence[Sealed], anew: Sequence[bytes]) -> int:
        """Put each value sealed anew in the place of what it was, all or nothing; gives how many still were that."""
        ...
