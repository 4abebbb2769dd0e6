"""The seam to keys of providers that the database keeps: sealed, at most two live versions of each.

`Store.stored_secrets` reads all of them, there are few, by the store's own driver: every process does so each second.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from tollbridge.audit import Act
from tollbridge.sealing.places import PROVIDER_KEY, Place
from tollbridge.stores.rows import moment

MOST_VERSIONS = 2
"""Versions of one secret that are live at a time."""

READ_SECRETS = """
    SELECT name, version, provider, hint, known_as, content, created_at, expires_at, warned_at, last_used_at
    FROM stored_secret ORDER BY name, version DESC
"""
"""Reads what `secret_of` makes a value of, the newest version of each first; the same on every database."""


class StoredSecret(msgspec.Struct, frozen=True, gc=False):
    """One version of a provider's key: of the key itself there are its last characters and what is sealed.

    `known_as` is the key's id at the provider, empty where nobody but people made it.
    """

    name: str
    version: int
    provider: str
    hint: str
    known_as: str
    sealed: bytes
    created_at: datetime
    expires_at: datetime | None = None
    warned_at: datetime | None = None
    last_used_at: datetime | None = None

    @property
    def place(self) -> Place:
        """Where it is sealed: a row that is copied to another provider, name or version does not open there."""
        return Place(PROVIDER_KEY, self.provider, self.name, self.version)

    def is_live(self, now: datetime) -> bool:
        """Whether it may be shown to its provider."""
        return self.expires_at is None or self.expires_at > now


def secret_of(row: Sequence[Any]) -> StoredSecret:
    """Make a value of a row of `READ_SECRETS`."""
    name, version, provider, hint, known_as, content, *times = row
    created_at, expires_at, warned_at, last_used_at = (None if at is None else moment(at) for at in times)
    assert created_at is not None, "the column is never null"
    return StoredSecret(
        name, version, provider, hint, known_as, bytes(content), created_at, expires_at, warned_at, last_used_at
    )


class SecretStore(Protocol):
    """Changes them.  Each change is recorded with the act, or not made.  Raises `Unavailable`.

    Changes give the versions as they are then, the newest first.
    """

    async def newest(self, name: str) -> int:
        """Give the highest number that a version of this name ever had, 0 for none: none is used twice."""
        ...

    async def add(self, new: StoredSecret, act: Act, told: str) -> Sequence[StoredSecret]:
        """Keep the first version of a secret, or one behind versions that have all ended.

        `told` is what the audit log says of the key. Raises `BadRequest` (409) where a version is live, and where the
        new one does not follow the newest that there ever was.
        """
        ...

    async def rotate(self, new: StoredSecret, others_end_at: datetime, act: Act, told: str) -> Sequence[StoredSecret]:
        """Keep a further version; live ones end then, at the latest.  Gives none where none is live.

        Forgets versions that have ended, but those that are still to be removed at their provider. Raises `BadRequest`
        (409) where two are live and do not end at once, where it is another provider's, and where it does not follow.
        """
        ...

    async def expire(self, name: str, version: int, expires_at: datetime | None, act: Act) -> Sequence[StoredSecret]:
        """Say when a live version ends, None for never; gives none where there is no such one."""
        ...

    async def remove(self, name: str, act: Act, version: int | None = None) -> Sequence[int]:
        """Forget one version of a secret, or all; gives those that were there."""
        ...

    async def note_uses(self, used: Mapping[tuple[str, int], datetime]) -> None:
        """Note when versions were last shown.  Not recorded; one that is gone is passed over."""
        ...

    async def warn(self, name: str, version: int, act: Act) -> bool:
        """Record that a version ends soon, once until its end is changed; says whether that was done now."""
        ...
