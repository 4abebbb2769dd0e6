"""Whatever happens to teams, people, roles and tokens: nobody ever may do more than those above them (T17)."""

import tempfile
from pathlib import Path

import pytest
from tests.support.teamlife import TeamLife, try_out

from tollbridge.stores.base import Store
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.blank import lay_database


class OnSqlite(TeamLife):
    def opened(self, clock: FixedClock) -> Store:
        self.folder = tempfile.TemporaryDirectory()
        return SqliteStore(lay_database(Path(self.folder.name) / "t.db"), clock)

    def closed(self) -> None:
        self.folder.cleanup()


@pytest.mark.untraced
def test_nobody_in_a_team_may_ever_do_more_than_those_above_them() -> None:
    try_out(OnSqlite, examples=15)
