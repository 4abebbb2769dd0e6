"""The secret of an OAuth client changes by itself as any token's does."""

from pathlib import Path

from tests.support.clientlife import check_client_rotation
from tests.support.crashing import Bridge
from tests.support.postgres import PostgresServer
from tests.support.requires import requires

pytestmark = requires("postgres")


async def test_client_secret_that_is_due_is_handed_over_and_the_one_before_is_good_in_the_overlap(
    tmp_path: Path, postgres_server: PostgresServer, postgres_own: str
) -> None:
    async with Bridge(tmp_path, postgres_server.url(postgres_own)) as bridge:
        await check_client_rotation(bridge)
