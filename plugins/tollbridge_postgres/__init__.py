"""The store on PostgreSQL, for gateways on several machines: `[store] url = "postgresql://user@host/database"`."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tollbridge import Clock, hookimpl

if TYPE_CHECKING:
    from tollbridge.stores.base import Store
    from tollbridge.stores.building import SchemaStatus

_SCHEMES = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class Factory:
    """Makes the store of a URL, and keeps its schema; raises `StoreError` where asyncpg is missing."""

    def __call__(self, url: str, clock: Clock) -> "Store":
        _check_driver()
        from tollbridge_postgres.address import read_address
        from tollbridge_postgres.store import PostgresStore

        return PostgresStore(read_address(url), clock)

    def status(self, url: str) -> "SchemaStatus":
        """Say how the database stands; waits, and changes nothing."""
        _check_driver()
        from tollbridge_postgres.address import read_address
        from tollbridge_postgres.schema import status

        return status(read_address(url))

    def upgrade(self, url: str) -> "SchemaStatus":
        """Bring the database to the newest schema; waits."""
        _check_driver()
        from tollbridge_postgres.address import read_address
        from tollbridge_postgres.schema import upgrade

        return upgrade(read_address(url))


def _check_driver() -> None:
    from tollbridge.stores.building import StoreError

    if find_spec("asyncpg") is None:
        raise StoreError("the store on PostgreSQL needs asyncpg; run: pip install 'tollbridge[postgres]'")


@hookimpl
def register_stores(register: Callable[[str, Factory], None]) -> None:
    factory = Factory()
    for scheme in _SCHEMES:
        register(scheme, factory)
