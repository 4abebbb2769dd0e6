"""Secrets at rest: AES-256-GCM under a ring of key-encryption keys, which are kept apart from what they seal.

A sealed value is the byte 2, the id of its key (four bytes), a random nonce (twelve) and the ciphertext with its tag.
Both head and place are additional authenticated data, so a value that is copied elsewhere does not open. Random nonces
are good for 2^32 values a key (NIST SP 800-38D, 8.3). Values of the first format, the byte 1, nonce and ciphertext
under the key "1", still open.
"""

import asyncio
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tollbridge.data import DataFolder, locked, write_private
from tollbridge.errors import SetupError
from tollbridge.sealing.places import SECRET, Place
from tollbridge.sealing.ring import KeyRing
from tollbridge.sealing.text import FIRST

HEAD = 5
"""Bytes at the beginning of a sealed value that say under which key it is."""

STORED_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""How the name of a stored secret looks, in the data folder and in the database alike."""

_NAME = re.compile(STORED_NAME)
_BEFORE = b"\x01"
_VERSION = b"\x02"
_NONCE = 12


def head_of(key_id: str) -> bytes:
    """Give how values begin that were sealed with that key."""
    return _VERSION + int(key_id, 16).to_bytes(HEAD - len(_VERSION), "big")


def key_id_of(sealed: bytes) -> str:
    """Give the id of the key a value was sealed with, from its head; empty for what is no sealed value."""
    if sealed[:1] == _BEFORE:
        return FIRST
    return f"{int.from_bytes(sealed[1:HEAD], 'big'):x}" if sealed[:1] == _VERSION and len(sealed) >= HEAD else ""


class Box:
    """Seals with the newest key of a ring and opens with whichever key a value names."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    @property
    def where(self) -> str:
        """Where its keys are, as a sentence calls it."""
        return self._ring.where

    def load(self) -> None:
        """Have a key to seal with; raises `SetupError` if there is none that can be used."""
        self._ring.current()

    def head(self) -> bytes:
        """Give how values begin that are sealed from now on; raises `SetupError`."""
        return head_of(self._ring.current().id)

    def shut(self, content: bytes, place: Place) -> bytes:
        """Seal; raises `SetupError` if no key can be used, or if it is not known any more which is in use."""
        key, nonce = self._ring.current(), secrets.token_bytes(_NONCE)
        head = head_of(key.id)
        return head + nonce + AESGCM(key.content).encrypt(nonce, content, head + place.bound)

    def open(self, sealed: bytes, place: Place) -> bytes:
        """Give what was sealed there; raises `ValueError` for what was sealed elsewhere, or with a key nobody has."""
        id = key_id_of(sealed)
        key = self._ring.get(id) if id else None
        if id and key is None:
            raise ValueError(f"it was sealed with the key {id}, and {self.where} has none of that id")
        old = sealed[:1] == _BEFORE
        start, bound = (len(_BEFORE), place.bound_before) if old else (HEAD, sealed[:HEAD] + place.bound)
        try:
            if key is None:
                raise InvalidTag
            return AESGCM(key.content).decrypt(sealed[start : start + _NONCE], sealed[start + _NONCE :], bound)
        except (InvalidTag, ValueError) as exc:
            raise ValueError("it does not open with its key, in this place") from exc

    async def meet(self, sealed: Iterable[bytes]) -> None:
        """Learn keys that these values name and nobody here has met: `open` then waits for no key source."""
        for id in {key_id_of(value) for value in sealed} - {""}:
            if not self._ring.knows(id):
                await asyncio.to_thread(self._ring.get, id)


class Vault:
    """The stored secrets of one gateway, a file each.  The ring is read when it is first needed."""

    def __init__(self, data: DataFolder, box: Box) -> None:
        self._box = box
        self._folder = data.path / "vault"

    def names(self) -> list[str]:
        """List what is stored, by name."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if _NAME.fullmatch(path.name))

    def put(self, name: str, value: str) -> None:
        """Store a secret, in place of one of that name; raises `SetupError` for a bad name or a full disk."""
        path = self.path(name)
        sealed = self._box.shut(value.encode("utf-8"), Place(SECRET, name=name))
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self._folder):
                write_private(path, sealed, os.replace)
        except OSError as exc:
            raise SetupError(f"the secret {name!r} cannot be stored in {self._folder}: {exc.strerror}") from exc

    def get(self, name: str) -> str | None:
        """Give a secret, or None if there is none; raises `SetupError` if it does not decrypt."""
        sealed = self.sealed(name)
        return None if sealed is None else self._opened(name, sealed).decode("utf-8")

    def sealed(self, name: str) -> bytes | None:
        """Give a secret as it is stored, or None if there is none; raises `SetupError`."""
        path = self.path(name)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise SetupError(f"the stored secret {name!r} cannot be read: {exc.strerror}") from exc

    def reseal(self, name: str) -> bool:
        """Seal a secret with the key in use unless it is; says whether that was done.  Raises `SetupError`."""
        path = self.path(name)
        try:
            with locked(self._folder):
                sealed = self.sealed(name)
                if sealed is None or sealed[:HEAD] == self._box.head():
                    return False
                again = self._box.shut(self._opened(name, sealed), Place(SECRET, name=name))
                write_private(path, again, os.replace)
        except OSError as exc:
            raise SetupError(f"the secret {name!r} cannot be stored in {self._folder}: {exc.strerror}") from exc
        return True

    def remove(self, name: str) -> bool:
        """Forget a secret; says whether there was one."""
        path = self.path(name)
        if not path.exists():
            return False
        path.unlink()
        return True

    def _opened(self, name: str, sealed: bytes) -> bytes:
        try:
            return self._box.open(sealed, Place(SECRET, name=name))
        except ValueError as exc:
            raise SetupError(
                f"the stored secret {name!r} does not decrypt with the keys in {self._box.where}: {exc}; "
                f"store it again with: tollbridge secret set {name}"
            ) from exc

    def path(self, name: str) -> Path:
        """Say in which file a secret is; raises `SetupError` for a bad name."""
        if not _NAME.fullmatch(name):
            raise SetupError(f"{name!r} is no name for a secret: letters, digits, '.', '_' and '-', at most 64")
        return self._folder / name
