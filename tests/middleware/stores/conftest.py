"""A migrated file for each test."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tollbridge.stores.files import connect
from tollbridge.testing.blank import lay_database
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import NOON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return lay_database(tmp_path / "tollbridge.db")


@pytest.fixture
def db(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection beside the one under test, as another process would have."""
    connection = connect(path)
    yield connection
    connection.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def no_room() -> Callable[[], AbstractContextManager[list[EventDict]]]:
    """As with a full disk, no file takes a byte while inside, the log's neither; gives what was to be logged."""

    @contextmanager
    def full() -> Iterator[list[EventDict]]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        with capture_logs() as logged:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
            try:
                yield logged
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return full
