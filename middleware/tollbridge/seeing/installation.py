"""What a gateway stands on: its database and its schema, and the disk of its data folder."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tollbridge import __version__
from tollbridge.errors import SetupError
from tollbridge.logs import clean
from tollbridge.opening import schema_keeper
from tollbridge.stores.files import path_of

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

VERSION = __version__
"""That of this program."""
UNKNOWN = "unknown"
"""The state of a schema that cannot be read now, or that a plugin does not tell of."""


class Database(msgspec.Struct, frozen=True):
    """The database: `kind` is the scheme of its URL, whose user and password are left out.

    `schema` is its version, `newest` the one of this program, `state` how they stand; `size_bytes` is that of a file.
    """

    kind: str
    url: str
    schema: str
    newest: str
    state: str
    size_bytes: int | None


class Disk(msgspec.Struct, frozen=True):
    """Where the data folder is, and how much room there is; None where that cannot be told."""

    path: str
    free_bytes: int | None
    total_bytes: int | None


def database_of(gateway: "Gateway") -> Database:
    """Look at the database; waits, so not on an event loop."""
    url = gateway.config.store_url
    kind = url.partition(":")[0]
    schema = newest = ""
    state = UNKNOWN
    try:
        keeper = schema_keeper(url, gateway.registry.stores)
        if keeper is not None:
            found = keeper.status(url)
            schema, newest, state = found.current, found.newest, found.state.value
    except SetupError:
        pass
    return Database(kind, clean(url), schema, newest, state, _size(url) if kind == "sqlite" else None)


def disk_of(folder: Path) -> Disk:
    """Look at the disk of a folder; waits, so not on an event loop."""
    try:
        used = shutil.disk_usage(folder)
    except OSError:
        return Disk(str(folder), None, None)
    return Disk(str(folder), used.free, used.total)


def _size(url: str) -> int | None:
    try:
        return path_of(url).stat().st_size
    except OSError:
        return None
