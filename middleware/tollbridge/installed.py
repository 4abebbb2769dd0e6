"""Which plugins this environment has."""

import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

GROUP = "tollbridge"
"""What the entry points of plugins are called in a package's metadata."""


def installed_plugins() -> Sequence[EntryPoint]:
    """Find the entry points of plugins; read anew where a folder of packages has changed since."""
    return _read(tuple((folder, _changed_at(folder)) for folder in sys.path))


@lru_cache(maxsize=4)
def _read(folders: tuple[tuple[str, int], ...]) -> Sequence[EntryPoint]:
    return tuple(entry_points(group=GROUP))


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder or os.curdir).st_mtime_ns
    except OSError:
        return 0
