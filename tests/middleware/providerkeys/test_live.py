"""The keys that providers are shown now: a removed one is shown no longer, whatever the one in its place is worth."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.support.keyed import NEW_KEY, OLD_KEY, KeyedUpstream, keyed_gateway

from tollbridge.errors import ConfigError
from tollbridge.providerkeys.live import LiveKeys
from tollbridge.providerkeys.service import NewKey
from tollbridge.shownkeys import KeptKey
from tollbridge.testing import GatewayUnderTest

HOUR = timedelta(hours=1)


@pytest.fixture
async def gw(tmp_path: Path) -> AsyncIterator[GatewayUnderTest]:
    made = keyed_gateway(tmp_path / "data", KeyedUpstream(OLD_KEY, NEW_KEY))
    await made.client()
    yield made
    await made.close()


@pytest.fixture
def keys(gw: GatewayUnderTest) -> Any:
    return gw.gateway.secrets


class Picky:
    """Routes whose provider's scheme cannot use some keys, and that keep what they show."""

    def __init__(self, *unusable: str) -> None:
        self.unusable = set(unusable)
        self.shown: Sequence[str] = ()

    def rekey(self, provider: str, keys: Sequence[str], kept: KeptKey) -> None:
        if self.unusable & {*keys}:
            raise ConfigError(f"providers.{provider}: the key is of another kind")
        self.shown = keys

    def unkey(self, provider: str) -> None:
        self.shown = ()


def showing(gw: GatewayUnderTest, routes: Picky) -> LiveKeys:
    return LiveKeys(routes, gw.gateway.box, gw.clock, reads=lambda name: name, counted=lambda name: None)


async def test_key_that_the_scheme_of_its_provider_cannot_use_any_more_is_told_once(gw, keys) -> None:
    await keys.set("mock", NewKey(OLD_KEY))
    live = showing(gw, Picky(OLD_KEY))

    with capture_logs() as logs:
        await live.take(await gw.gateway.store.stored_secrets())
        live.apply()

    told = [(one["reason"], one["versions"]) for one in logs if one["event"] == "provider_key_not_usable"]
    assert told == [("providers.mock: the key is of another kind", [1])]


@pytest.mark.parametrize(
    ("unusable", "shown"),
    [((NEW_KEY,), [OLD_KEY]), ((OLD_KEY,), [NEW_KEY]), ((OLD_KEY, NEW_KEY), ())],
)
async def test_version_that_the_scheme_can_use_is_shown_without_the_one_it_cannot(gw, keys, unusable, shown) -> None:
    await keys.set("mock", NewKey(OLD_KEY))
    await keys.rotate("mock", NewKey(NEW_KEY), HOUR)
    routes = Picky(*unusable)

    await showing(gw, routes).take(await gw.gateway.store.stored_secrets())

    assert routes.shown == shown


async def test_version_that_has_ended_is_not_shown_on_where_the_newer_one_cannot_be_used(gw, keys) -> None:
    await keys.set("mock", NewKey(OLD_KEY))
    await keys.rotate("mock", NewKey(NEW_KEY), HOUR)
    routes = Picky(NEW_KEY)
    live = showing(gw, routes)
    await live.take(await gw.gateway.store.stored_secrets())
    assert routes.shown == [OLD_KEY]

    gw.clock.advance(HOUR.total_seconds())
    live.apply()

    assert routes.shown == ()


async def test_key_that_is_gone_is_not_shown_on_where_the_one_in_its_place_cannot_be_used(gw, keys) -> None:
    await keys.set("mock", NewKey(OLD_KEY))
    routes = Picky(NEW_KEY)
    live = showing(gw, routes)
    await live.take(await gw.gateway.store.stored_secrets())
    assert routes.shown == [OLD_KEY]
    await keys.remove("mock")
    await keys.set("mock", NewKey(NEW_KEY))

    await live.take(await gw.gateway.store.stored_secrets())

    assert routes.shown == ()
    assert live.uses() == {}


async def test_key_that_is_gone_is_not_shown_on_where_the_one_in_its_place_does_not_open(gw, keys) -> None:
    await keys.set("mock", NewKey(OLD_KEY))
    await keys.remove("mock")
    routes = Picky()
    live = showing(gw, routes)
    await keys.set("mock", NewKey(NEW_KEY))
    rows = await gw.gateway.store.stored_secrets()
    await live.take(rows)
    await keys.remove("mock")
    await keys.set("mock", NewKey(OLD_KEY))
    (made,) = await gw.gateway.store.stored_secrets()

    await live.take([replace(made, sealed=b"\x02\x00\x00\x00\x01spoilt")])

    assert routes.shown == ()


async def test_key_that_is_gone_is_not_shown_on_while_the_next_one_waits_for_its_key_source(
    gw, keys, monkeypatch
) -> None:
    await keys.set("mock", NewKey(OLD_KEY))
    routes = Picky()
    live = showing(gw, routes)
    await live.take(await gw.gateway.store.stored_secrets())

    async def never(sealed: Any) -> None:
        raise ConfigError("the key source does not answer")

    monkeypatch.setattr(gw.gateway.box, "meet", never)
    with pytest.raises(ConfigError):
        await live.take([])

    assert routes.shown == ()
