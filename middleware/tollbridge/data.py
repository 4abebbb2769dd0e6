"""The data folder: what a gateway keeps on disk beside its database.  Mode 0700, every secret in it 0600."""

import fcntl
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tollbridge.errors import SetupError

SHORTEST = 32
"""Bytes of a secret, at least."""


class DataFolder:
    """One gateway's folder of secrets.  Opening it creates what is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Make the folder if it is not there; raises `SetupError` if that cannot be done."""
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)  # never its parents: the place may be a disk not mounted yet
        except FileNotFoundError as exc:
            raise SetupError(
                f"the data folder {self.path} cannot be created: there is no folder {self.path.parent}; make it, or "
                "choose another with TOLLBRIDGE_DATA"
            ) from exc
        except OSError as exc:
            raise SetupError(
                f"the data folder {self.path} cannot be created ({exc.strerror}); choose another with TOLLBRIDGE_DATA"
            ) from exc

    def find(self, name: str) -> bytes | None:
        """Read the secret of that name and make none; errors are those of `secret`."""
        path = self.path / name
        return self._read(path) if os.path.lexists(path) else None

    def secret(self, name: str) -> bytes:
        """Read the secret of that name, 32 bytes, made at first use.

        Raises `SetupError` if it is empty, short, readable by others, or cannot be written. A secret is never replaced:
        losing the pepper would void every token.
        """
        found = self.find(name)
        if found is not None:
            return found
        self.begin(name, f"{os.urandom(SHORTEST).hex()}\n")
        return self._read(self.path / name)

    def begin(self, name: str, text: str) -> None:
        """Write a secret that is not there, or leave what another process wrote; raises `SetupError`."""
        path = self.path / name
        self.create()
        try:
            write_private(path, text.encode("ascii"), os.link)
        except FileExistsError:
            pass
        except OSError as exc:
            raise SetupError(
                f"the secret {path} cannot be written ({exc.strerror}); free the disk or choose another "
                "folder with TOLLBRIDGE_DATA"
            ) from exc

    def _read(self, path: Path) -> bytes:
        text = read_private(path).strip()
        secret = bytes.fromhex(text) if re.fullmatch(r"(?:[0-9a-f]{2})*", text) else b""
        if weak := weakness(secret):
            raise SetupError(
                f"the secret {path} is {weak}; restore it from a backup, or delete it to begin anew "
                "(tokens and sessions made with it become void)"
            )
        return secret


def weakness(secret: bytes) -> str:
    """Say in what a secret protects nothing, or give an empty text."""
    if len(secret) < SHORTEST:
        return "empty or too short"
    return "one byte over and over" if len(set(secret)) == 1 else ""


def read_private(path: Path, barred: int = 0o077) -> str:
    """Read a file of secrets; raises `SetupError` if it cannot be read, or has one of the mode bits `barred`."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is no text"  # its own words hold a part of it
        raise SetupError(f"the secret {path} cannot be read ({reason}); restore it from a backup") from None
    if mode & barred:
        raise SetupError(f"the secret {path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")
    return text


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes that change the secrets of a folder out; raises `OSError`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_private(path: Path, content: bytes, put: Callable[[Path, Path], None]) -> None:
    """Write a file of mode 0600 that is there as a whole or not at all; raises `OSError`.

    `put` gives the finished draft its name: `os.link` where a file of that name must stay, `os.replace` where not.
    """
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        put(draft, path)
    finally:
        draft.unlink(missing_ok=True)
