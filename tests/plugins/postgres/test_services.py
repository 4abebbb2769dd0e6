"""On PostgreSQL too services go their ways and no others, whatever two workers do to them."""

from collections.abc import Mapping

from tests.support.postgres import PostgresServer
from tests.support.requires import requires
from tests.support.servicelife import ServiceLife, try_out

pytestmark = requires("postgres")


def test_services_go_their_ways_and_no_others_on_two_workers_at_once(
    postgres_server: PostgresServer, postgres_template: str
) -> None:
    class OnPostgres(ServiceLife):
        def opened(self) -> Mapping[str, object]:
            self.database = postgres_server.make_database(postgres_template)
            return {"store": {"url": postgres_server.url(self.database)}}

        def closed(self) -> None:
            postgres_server.drop_database(self.database)

    try_out(OnPostgres, examples=4, steps=35)
