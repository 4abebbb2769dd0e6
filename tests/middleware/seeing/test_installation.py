"""What a gateway stands on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tollbridge.config import Config, StoreConfig
from tollbridge.seeing.installation import database_of, disk_of
from tollbridge.stores.versions import SchemaState, revisions, standing
from tollbridge.testing import GatewayUnderTest

POSTGRES = "postgresql://gw:quartz@db.example/gw"


def stands_on(url: str, **stores: Any) -> Any:
    """Give what is looked at of a gateway."""
    config = replace(Config(), store=StoreConfig(url=url))
    return SimpleNamespace(config=config, registry=SimpleNamespace(stores=stores))


class Keeping:
    """What opens a store, and keeps its schema."""

    def __call__(self, url: str, clock: object) -> None: ...

    def status(self, url: str) -> object:
        return standing(revisions()[0])

    def upgrade(self, url: str) -> object: ...


async def test_database_of_a_gateway_has_the_schema_of_this_program(gateway: Callable[..., GatewayUnderTest]) -> None:
    under = gateway({})
    await under.client()

    found = database_of(under.gateway)

    assert (found.kind, found.schema, found.newest, found.state) == (
        "sqlite",
        revisions()[-1],
        revisions()[-1],
        "current",
    )
    assert found.size_bytes is not None
    assert found.size_bytes > 0


def test_database_that_is_not_there_yet_has_no_size(tmp_path: Path) -> None:
    found = database_of(stands_on(f"sqlite:///{tmp_path}/none.db"))

    assert (found.schema, found.state, found.size_bytes) == ("", "empty", None)


def test_database_elsewhere_is_told_without_its_password() -> None:
    found = database_of(stands_on(POSTGRES, postgresql=Keeping()))

    assert (found.kind, found.url, found.schema) == (
        "postgresql",
        "postgresql://<redacted>@db.example/gw",
        revisions()[0],
    )
    assert (found.state, found.size_bytes) == (SchemaState.OLDER.value, None)


@pytest.mark.parametrize("stores", [{}, {"postgresql": lambda url, clock: None}])
def test_schema_that_nobody_tells_of_is_not_known(stores: dict[str, Any]) -> None:
    found = database_of(stands_on(POSTGRES, **stores))

    assert (found.schema, found.newest, found.state) == ("", "", "unknown")


def test_disk_of_a_folder_has_room_and_that_of_none_is_not_known(tmp_path: Path) -> None:
    found, none = disk_of(tmp_path), disk_of(tmp_path / "none")

    assert found.free_bytes is not None
    assert found.total_bytes is not None
    assert 0 <= found.free_bytes <= found.total_bytes
    assert (none.path, none.free_bytes, none.total_bytes) == (str(tmp_path / "none"), None, None)
