"""Secrets at rest: AES-256-GCM, one file a secret in the data folder, under a key-encryption key kept apart.

Each secret is bound to its own name (additional authenticated data), so a file copied over another does not decrypt.
"""

import os
import re
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tollbridge.data import DataFolder, write_private
from tollbridge.errors import SetupError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VERSION = b"\x01"
_NONCE = 12
_KEY = 32


class Box:
    """AES-256-GCM under the key-encryption key, read when it is first needed.

    Each text is bound to its place: the sealed bytes of one place do not open in another.
    """

    def __init__(self, data: DataFolder) -> None:
        self._data = data
        self._cipher: AESGCM | None = None

    def load(self) -> None:
        """Read the key now; raises `SetupError` if it cannot be used, and nothing of a box that has it does later."""
        self._key()

    def shut(self, content: bytes, place: bytes) -> bytes:
        """Seal; raises `SetupError` if the key cannot be used."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + nonce + self._key().encrypt(nonce, content, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Give what was sealed there; raises `ValueError` for what was not sealed with this key, or elsewhere."""
        cipher = self._key()
        try:
            if sealed[:1] != _VERSION:
                raise InvalidTag
            return cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place)
        except (InvalidTag, ValueError) as exc:
            raise ValueError("it does not open with this key") from exc

    def _key(self) -> AESGCM:
        if self._cipher is None:
            key = self._data.secret("kek")
            if len(key) != _KEY:
                raise SetupError(
                    f"the key in {self._data.path / 'kek'} must be {_KEY} bytes, {2 * _KEY} hexadecimal digits"
                )
            self._cipher = AESGCM(key)
        return self._cipher


class Vault:
    """The stored secrets of one gateway.  The key-encryption key is read when it is first needed."""

    def __init__(self, data: DataFolder) -> None:
        self._data = data
        self._folder = data.path / "vault"

    def names(self) -> list[str]:
        """List what is stored, by name."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if _NAME.fullmatch(path.name))

    def put(self, name: str, value: str) -> None:
        """Store a secret, in place of one of that name; raises `SetupError` for a bad name or a full disk."""
        path = self._path(name)
        sealed = Box(self._data).shut(value.encode("utf-8"), _bound_to(name))
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, sealed, os.replace)
        except OSError as exc:
            raise SetupError(f"the secret {name!r} cannot be stored in {self._folder}: {exc.strerror}") from exc

    def get(self, name: str) -> str | None:
        """Give a secret, or None if there is none; raises `SetupError` if it does not decrypt."""
        path = self._path(name)
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise SetupError(f"the stored secret {name!r} cannot be read: {exc.strerror}") from exc
        try:
            opened = Box(self._data).open(sealed, _bound_to(name))
        except ValueError as exc:
            raise SetupError(
                f"the stored secret {name!r} does not decrypt with the key in {self._data.path / 'kek'}; "
                f"store it again with: tollbridge secret set {name}"
            ) from exc
        return opened.decode("utf-8")

    def remove(self, name: str) -> bool:
        """Forget a secret; says whether there was one."""
        path = self._path(name)
        if not path.exists():
            return False
        path.unlink()
        return True

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise SetupError(f"{name!r} is no name for a secret: letters, digits, '.', '_' and '-', at most 64")
        return self._folder / name


def _bound_to(name: str) -> bytes:
    return b"tollbridge secret 1|" + name.encode("ascii")
