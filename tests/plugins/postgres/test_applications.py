"""Applications on PostgreSQL, beside their contracts: what subscriptions let them do, and what tokens never may."""

from tests.support.applicationlife import ApplicationLife
from tests.support.postgres import PostgresServer
from tests.support.requires import requires
from tests.support.subscribed import ScopesOfSubscriptions
from tests.support.teamlife import try_out

from tollbridge.stores.base import Store
from tollbridge.testing import FixedClock
from tollbridge_postgres.address import read_address
from tollbridge_postgres.store import PostgresStore

pytestmark = requires("postgres")


class TestScopesOfSubscriptions(ScopesOfSubscriptions):
    """On the store of `conftest`."""


def test_no_token_of_an_application_may_ever_do_more_than_those_above_it(
    postgres_server: PostgresServer, postgres_template: str
) -> None:
    class OnPostgres(ApplicationLife):
        def opened(self, clock: FixedClock) -> Store:
            self.database = postgres_server.make_database(postgres_template)
            return PostgresStore(read_address(postgres_server.url(self.database)), clock)

        def closed(self) -> None:
            postgres_server.drop_database(self.database)

    try_out(OnPostgres, examples=5)
