"""Keys that the gateway makes for itself and keeps sealed in its store, so that all who share the store share them.

They outlive a change of the key that seals them and of the pepper.
"""

import os

from tollbridge.errors import StoreError
from tollbridge.sealing.places import OWN_KEY, Place
from tollbridge.stores.sealed import SealedStore
from tollbridge.vault import Box

AUDIT = "audit"
"""What the records of the audit log are bound together with."""

_LENGTH = 32


class OwnKey:
    """A key of 32 bytes, made at its first use and found from then on."""

    def __init__(self, store: SealedStore, box: Box, name: str) -> None:
        self._store = store
        self._box = box
        self._place = Place(OWN_KEY, name=name)
        self._content = b""

    async def __call__(self) -> bytes:
        """Give the key.

        Raises `StoreError` where it does not open: another made in its place would void what it was used for.
        """
        if not self._content:
            self._content = await self._find()
        return self._content

    async def _find(self) -> bytes:
        store, box, place = self._store, self._box, self._place
        sealed = await store.own_key(place.name)
        if sealed is None:
            sealed = await store.add_own_key(place.name, box.shut(os.urandom(_LENGTH), place))
        return await open_own(box, sealed, place.name)


async def open_own(box: Box, sealed: bytes, name: str) -> bytes:
    """Give what the gateway made for itself and sealed under that name; raises `StoreError` saying what to restore."""
    await box.meet([sealed])
    try:
        return box.open(sealed, Place(OWN_KEY, name=name))
    except ValueError as exc:
        raise StoreError(
            f"the gateway's own key {name!r} does not open: {exc}; restore {box.where} from a backup, or copy it from "
            "a machine that has the one of this database"
        ) from exc
