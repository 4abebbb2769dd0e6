"""The versions of the schema, whatever the database: which there are, and how a database stands to them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from tollbridge.errors import StoreError

_VERSIONS = Path(__file__).parent / "migrations" / "versions"


class SchemaState(StrEnum):
    """How a database stands to this program."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """`current` is the database's version, empty if it has none; `newest` the one this program works with."""

    state: SchemaState
    current: str
    newest: str


@runtime_checkable
class SchemaKeeper(Protocol):
    """What a factory of stores may offer beside making one.  Both may wait, so neither is for the event loop."""

    def status(self, url: str) -> SchemaStatus:
        """Say how a database stands, changing nothing; raises `StoreError` if it cannot be read or is not ours."""
        ...

    def upgrade(self, url: str) -> SchemaStatus:
        """Bring a database to the newest schema; raises `StoreError`."""
        ...


def revisions() -> tuple[str, ...]:
    """List the versions this program knows, oldest first: the numbers that begin the names of the migrations."""
    return tuple(sorted(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py")))


def standing(current: str | None) -> SchemaStatus:
    """Say how a database of this version stands; empty is ours from before the first, None has no tables at all."""
    known = revisions()
    if current is None:
        return SchemaStatus(SchemaState.EMPTY, "", known[-1])
    if current == known[-1]:
        return SchemaStatus(SchemaState.CURRENT, current, known[-1])
    older = not current or current in known
    return SchemaStatus(SchemaState.OLDER if older else SchemaState.NEWER, current, known[-1])


def check_version(found: SchemaStatus, name: str, *, migrate: bool) -> None:
    """Raise `StoreError` where this program may not work on the database of that name.

    An empty one it always may fill, an older one it may bring up to date if `migrate`; a newer one stays as it is.
    """
    if found.state is SchemaState.NEWER:
        raise StoreError(
            f"{name} has schema {found.current} and this Tollbridge knows up to {found.newest}; "
            "run the newer Tollbridge that made it"
        )
    if found.state is SchemaState.OLDER and not migrate:
        raise StoreError(
            f"{name} has schema {found.current or 'none'} and this Tollbridge needs "
            f"{found.newest}; run: tollbridge db upgrade"
        )
