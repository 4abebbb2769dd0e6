"""Where the text of a key ring is: a file of ours, a file that the operator brings, or a variable."""

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from tollbridge.data import DataFolder, locked, read_private, write_private
from tollbridge.errors import SetupError
from tollbridge.sealing.text import Entry, read_ring, write_ring

Change = Callable[[tuple[Entry, ...]], tuple[Entry, ...]]

_BRING = "write one key of 64 hexadecimal digits into it (openssl rand -hex 32)"


class RingPlace(Protocol):
    """Keeps one ring.  `where` is how a sentence calls it.  Whatever goes wrong is a `SetupError`."""

    @property
    def where(self) -> str: ...

    def read(self) -> tuple[Entry, ...] | None:
        """Read the ring, the oldest key first; None where it is ours to begin and was not begun."""
        ...

    def begin(self, entry: Entry) -> None:
        """Make the ring with its first key, unless another process did meanwhile."""
        ...

    def change(self, change: Change) -> None:
        """Put what `change` makes of the ring in its place, one process at a time."""
        ...


class RingFile:
    """A ring in a file: in the data `folder` it is ours to begin, elsewhere the operator brings it."""

    def __init__(self, path: Path, folder: DataFolder | None = None) -> None:
        self._path = path
        self._folder = folder

    @property
    def where(self) -> str:
        return f"the secret {self._path}"

    def read(self) -> tuple[Entry, ...] | None:
        """Read the ring.  A key that does not say when it was made is as old as the file."""
        if not os.path.lexists(self._path):
            if self._folder is None:
                raise SetupError(f"there is no key file {self._path}; {_BRING}, mode 0600")
            return None
        text = read_private(self._path, 0o007 if self._folder is None else 0o077)
        changed = datetime.fromtimestamp(int(self._path.stat().st_mtime), UTC)
        return tuple(replace(entry, made_at=entry.made_at or changed) for entry in read_ring(text, self.where))

    def begin(self, entry: Entry) -> None:
        if self._folder is not None:
            self._folder.begin(self._path.name, write_ring([entry]))

    def change(self, change: Change) -> None:
        if self._folder is not None:
            self._folder.create()
        path = self._path.resolve()  # a link stays one
        try:
            with locked(path.parent):
                ring = write_ring(change(self.read() or ()))
                write_private(path, ring.encode("ascii"), _replace)
        except OSError as exc:
            raise SetupError(
                f"{self.where} cannot be written ({exc.strerror}); check the owner and mode of its folder, or change "
                "it where it is made"
            ) from exc


def _replace(draft: Path, path: Path) -> None:
    """Put a draft in the place of a file, for whoever could read that."""
    if path.exists():
        before = path.stat()
        os.chown(draft, before.st_uid, before.st_gid)
        os.chmod(draft, stat.S_IMODE(before.st_mode))
    os.replace(draft, path)


class RingVariable:
    """A ring in a variable of the environment, which only the operator can change."""

    def __init__(self, name: str, env: Mapping[str, str]) -> None:
        self._name = name
        self._env = env

    @property
    def where(self) -> str:
        return f"the environment variable {self._name}"

    def read(self) -> tuple[Entry, ...]:
        text = self._env.get(self._name)
        if text is None:
            raise SetupError(f"{self.where} is not set; {_BRING}")
        return read_ring(text, self.where)

    def begin(self, entry: Entry) -> None:
        """Do nothing: where the variable is not set, reading it says so."""

    def change(self, change: Change) -> None:
        raise SetupError(
            f"the keys are in {self.where}, which only you can change: keys between commas, the last one in use, each "
            "with an id before it, as in: 2a <64 hexadecimal digits>; then start the gateway again"
        )


_: tuple[type[RingPlace], ...] = (RingFile, RingVariable)
