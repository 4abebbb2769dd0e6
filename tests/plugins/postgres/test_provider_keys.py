"""Keys of providers on PostgreSQL: set on one machine, shown by all, and on after the server is gone."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.keyed import CONFIG, NEW_KEY, OLD_KEY, KeyedUpstream, keyed_gateway
from tests.support.postgres import PostgresServer
from tests.support.requires import requires
from tests.support.waiting import until

from tollbridge.providerkeys.service import NewKey
from tollbridge.rewrapping import rewrap
from tollbridge.testing import GatewayUnderTest

pytestmark = requires("postgres")


@pytest.fixture(scope="module")
def server():
    """A server of this module's own: the others' go on."""
    server = PostgresServer()
    server.start()
    yield server
    server.close()


@pytest.fixture
async def machines(server: PostgresServer, tmp_path: Path) -> AsyncIterator[tuple[GatewayUnderTest, GatewayUnderTest]]:
    """Give two gateways with one database, and the same keys in two data folders."""
    url = server.url(server.make_database())
    config = {**CONFIG, "store": {"url": url}, "jobs": {"enabled": False}}
    upstream = KeyedUpstream(OLD_KEY, NEW_KEY)
    first = keyed_gateway(tmp_path / "data", upstream, config)
    await first.client()
    second = keyed_gateway(tmp_path / "data", upstream, config)
    await second.client()
    yield first, second
    for each in (first, second):
        await each.close()


async def test_change_on_one_machine_holds_on_the_other_by_itself(machines) -> None:
    first, second = machines

    await first.gateway.secrets.set("mock", NewKey(OLD_KEY))
    await until(lambda: bool(second.gateway.models()), "the model on the other machine")
    assert (await second.chat("m")).status_code == 200
    await first.gateway.secrets.rotate("mock", NewKey(NEW_KEY), timedelta(hours=1))
    await until(
        lambda: second.gateway.routes.resolve("m")[0].headers[-1] == (b"authorization", f"Bearer {NEW_KEY}".encode()),
        "the new key on the other machine",
    )
    second.gateway.rings.keys.rotate()
    assert (await rewrap(second.gateway.box, second.gateway.vault, second.gateway.store)).failed == ()
    await first.gateway.secrets.look()
    assert (await first.chat("m")).status_code == 200
    await second.gateway.secrets.remove("mock")
    await until(lambda: not first.gateway.models(), "the end of the key")

    assert second.upstream.shown == [OLD_KEY, NEW_KEY]


async def test_keys_are_shown_on_while_the_server_is_away(machines, server: PostgresServer) -> None:
    first, _ = machines
    await first.gateway.secrets.set("mock", NewKey(OLD_KEY))
    server.stop()
    try:
        await first.gateway.secrets.look()
        (target,) = first.gateway.routes.resolve("m")
        assert target.headers[-1] == (b"authorization", f"Bearer {OLD_KEY}".encode())
    finally:
        server.start()
