"""A new secret in a file: there as a whole or not at all, of mode 0600, below one folder, whatever links lie there."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_DRAFT = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_secret(folder: Path, path: str, secret: str) -> None:
    """Write a secret and a line end to `path` below a folder; waits for the disk.

    `path` is as `parse_into` takes it: no part of it begins with a dot. Its folders are there already, and none is a
    link, or it raises `OSError`. What another process that was killed has left half written is removed.
    """
    *parents, name = path.split("/")
    with _opened(folder, parents) as place:
        for left in os.listdir(place):
            if re.fullmatch(rf"\.{re.escape(name)}\.[0-9a-f]{{8}}~", left):
                os.unlink(left, dir_fd=place)
        draft = f".{name}.{os.urandom(4).hex()}~"
        handle = os.open(draft, _DRAFT, 0o600, dir_fd=place)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{secret}\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, name, src_dir_fd=place, dst_dir_fd=place)
        os.fsync(place)


@contextmanager
def _opened(folder: Path, parents: list[str]) -> Iterator[int]:
    """Open a folder by its way down, of which no step is a link."""
    place = os.open(folder, _FOLDER)
    try:
        for name in parents:
            below = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = below
        yield place
    finally:
        os.close(place)
