"""On PostgreSQL too nobody ever may do more than those above them (T17)."""

from tests.support.postgres import PostgresServer
from tests.support.requires import requires
from tests.support.teamlife import TeamLife, try_out

from tollbridge.stores.base import Store
from tollbridge.testing import FixedClock
from tollbridge_postgres.address import read_address
from tollbridge_postgres.store import PostgresStore

pytestmark = requires("postgres")


def test_nobody_in_a_team_may_ever_do_more_than_those_above_them(
    postgres_server: PostgresServer, postgres_template: str
) -> None:
    class OnPostgres(TeamLife):
        def opened(self, clock: FixedClock) -> Store:
            self.database = postgres_server.make_database(postgres_template)
            return PostgresStore(read_address(postgres_server.url(self.database)), clock)

        def closed(self) -> None:
            postgres_server.drop_database(self.database)

    try_out(OnPostgres, examples=5)
