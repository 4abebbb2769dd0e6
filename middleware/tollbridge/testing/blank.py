"""An empty database as a first start makes one: made once a process, and copied from then on."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tollbridge.stores.files import make_private
from tollbridge.stores.schema import prepare


def lay_database(path: Path) -> Path:
    """Leave the SQLite file that a first start would at a path, and give the path; one that is there stays.

    A start then finds the newest schema, and runs no migration: most of what it costs. Raises `StoreError` as a start
    would where no file can be made.
    """
    if make_private(path):
        path.write_bytes(_database())
    return path


@cache
def _database() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tollbridge.db"
        prepare(path, migrate=True)
        return path.read_bytes()
