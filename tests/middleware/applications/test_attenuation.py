"""Whatever happens to applications, teams, people and tokens: no token may ever do more than those above it (T17)."""

import tempfile
from pathlib import Path

import pytest
from tests.support.applicationlife import ApplicationLife
from tests.support.teamlife import try_out

from tollbridge.stores.base import Store
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.blank import lay_database


class OnSqlite(ApplicationLife):
    def opened(self, clock: FixedClock) -> Store:
        self.folder = tempfile.TemporaryDirectory()
        return SqliteStore(lay_database(Path(self.folder.name) / "t.db"), clock)

    def closed(self) -> None:
        self.folder.cleanup()


@pytest.mark.untraced
def test_no_token_of_an_application_may_ever_do_more_than_those_above_it() -> None:
    try_out(OnSqlite, examples=15)
