"""The data folder: what a gateway keeps on disk beside its database.  Mode 0700, every secret in it 0600."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from tollbridge.errors import SetupError

_SHORTEST = 32


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
        path = self.path / name
        self.create()
        made = os.urandom(_SHORTEST).hex()
        try:
            write_private(path, f"{made}\n".encode("ascii"), os.link)
        except FileExistsError:
            return self._read(path)
        except OSError as exc:
            raise SetupError(
                f"the secret {path} cannot be written ({exc.strerror}); free the disk or choose another "
                "folder with TOLLBRIDGE_DATA"
            ) from exc
        return bytes.fromhex(made)

    def _read(self, path: Path) -> bytes:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            text = path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise SetupError(f"the secret {path} cannot be read ({exc}); restore it from a backup") from exc
        if mode & 0o077:
            raise SetupError(f"the secret {path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")
        if not re.fullmatch(r"(?:[0-9a-f]{2})*", text) or len(text) < 2 * _SHORTEST:
            raise SetupError(
                f"the secret {path} is empty or too short; restore it from a backup, or delete it to begin anew "
                "(tokens and sessions made with it become void)"
            )
        return bytes.fromhex(text)


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
