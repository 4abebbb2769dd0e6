from collections.abc import Sequence
from typing import Any

import pytest
from tests.middleware.services.conftest import Publish
from tests.support.answering import Answering

from tollbridge.errors import Unavailable
from tollbridge.services.catalogue import Catalogue, Category, Listing, Reader, Wanted
from tollbridge.services.model import ServiceChange, Visibility
from tollbridge.testing import GatewayUnderTest

ANYBODY, SOMEBODY = Reader(known=False), Reader()
BLUE, RED, ADMIN = Reader("blue"), Reader("red"), Reader(everything=True)
OF_TEAM = {"visibility": Visibility.TEAM}
PUBLIC = {"visibility": Visibility.PUBLIC}


@pytest.fixture
async def catalogue(bridge: GatewayUnderTest) -> Catalogue:
    await bridge.client()
    return Catalogue(bridge.gateway.books, bridge.gateway.services.kinds)


async def slugs(catalogue: Catalogue, reader: Reader = SOMEBODY, **wanted: str) -> Sequence[str]:
    return [one.service.slug for one in await catalogue.list(reader, Wanted(**wanted))]


async def one(catalogue: Catalogue, reader: Reader = SOMEBODY, name: str = "weather") -> Listing:
    found = await catalogue.get(reader, name)
    assert found is not None
    return found


async def test_each_reader_sees_what_its_visibility_lets(catalogue: Catalogue, publish: Publish) -> None:
    await publish("open", design=PUBLIC)
    await publish("inner")
    await publish("own", team="blue", design=OF_TEAM)
    await publish("operators", design=OF_TEAM)

    seen = {
        name: await slugs(catalogue, reader)
        for name, reader in {"anybody": ANYBODY, "somebody": SOMEBODY, "blue": BLUE, "red": RED, "all": ADMIN}.items()
    }

    assert seen == {
        "anybody": ["open"],
        "somebody": ["inner", "open"],
        "blue": ["inner", "open", "own"],
        "red": ["inner", "open"],
        "all": ["inner", "open", "operators", "own"],
    }
    for reader in (ANYBODY, SOMEBODY, RED):
        assert await catalogue.get(reader, "own") is None
    assert (await one(catalogue, BLUE, "own")).service.team == "blue"


async def test_only_what_serves_is_in_it_and_of_that_what_serves(
    catalogue: Catalogue, publish: Publish, bridge: Any
) -> None:
    service, _ = await publish(design={"description": "It rains."})
    await bridge.gateway.services.add("draft", "answering")
    assert (await one(catalogue)).design.description == "It rains."
    assert (await one(catalogue, name=service.id)).service.slug == "weather"
    assert await catalogue.get(SOMEBODY, "draft") is None

    await bridge.gateway.services.retire(service.id)

    assert await slugs(catalogue) == []
    assert await catalogue.get(ADMIN, "weather") is None


async def test_team_that_gives_a_service_away_sees_it_no_more(
    catalogue: Catalogue, publish: Publish, bridge: Any
) -> None:
    service, _ = await publish(team="blue", design=OF_TEAM)
    assert await slugs(catalogue, BLUE) == ["weather"]

    await bridge.gateway.services.change(service.id, ServiceChange(team="red"))

    assert (await slugs(catalogue, BLUE), await slugs(catalogue, RED)) == ([], ["weather"])


async def test_list_is_paged_and_searched(catalogue: Catalogue, publish: Publish) -> None:
    await publish("a", team="blue", design={"description": "The STRASSE", "category": "map/road", "tags": ("wet", "x")})
    await publish("b", design={"name": "Sea road", "category": "map", "tags": ("wet",)})
    await publish("c", design={"category": "mapping"})

    page = await catalogue.list(SOMEBODY, Wanted(), limit=1, after="a")

    assert [each.service.slug for each in page] == ["b"]
    assert await slugs(catalogue, words="straße") == ["a"]
    assert await slugs(catalogue, words="road SEA") == ["b"]
    assert await slugs(catalogue, words="sea x") == []
    assert await slugs(catalogue, category="map") == ["a", "b"]
    assert await slugs(catalogue, category="map/road") == ["a"]
    assert await slugs(catalogue, tag="wet") == ["a", "b"]
    assert await slugs(catalogue, kind="answering", team="blue") == ["a"]
    assert await slugs(catalogue, kind="other") == []


async def test_what_is_seen_is_sorted_into_a_tree_and_counted(catalogue: Catalogue, publish: Publish) -> None:
    await publish("a", team="blue", design={"category": "map/road", "tags": ("wet", "x")})
    await publish("b", design={"category": "map", "tags": ("wet",)})
    await publish("c", design={"category": "art"})
    await publish("d")
    await publish("own", team="red", design={**OF_TEAM, "category": "map/secret", "tags": ("wet", "hidden")})

    found = await catalogue.shelves(SOMEBODY)

    road = Category("map/road", "road", 1, [])
    assert (found.services, found.categories) == (
        4,
        [Category("art", "art", 1, []), Category("map", "map", 2, [road])],
    )
    assert (found.tags, found.kinds, found.teams) == ({"wet": 2, "x": 1}, {"answering": 4}, {"": 3, "blue": 1})
    theirs = await catalogue.shelves(RED)
    assert (theirs.services, theirs.tags["hidden"], theirs.categories[1].services) == (5, 1, 3)


async def test_versions_are_those_that_a_reader_may_see(catalogue: Catalogue, publish: Publish) -> None:
    await publish(version="1", team="blue")
    await publish(version="2", beside=True, design=OF_TEAM)

    listing = await one(catalogue)

    assert [each.release.version for each in listing.versions] == ["1"]
    assert listing.version("2") is None
    assert listing.version("") is listing.live
    theirs = await one(catalogue, BLUE)
    assert [each.release.version for each in theirs.versions] == ["2", "1"]
    found = theirs.version("2")
    assert found is not None
    assert found.release.version == "2"


async def test_successor_is_named_to_whoever_may_see_it(catalogue: Catalogue, publish: Publish, bridge: Any) -> None:
    service, _ = await publish()
    await publish("climate", team="blue", design=OF_TEAM)
    await bridge.gateway.services.deprecate(service.id, successor="climate")

    assert ((await one(catalogue)).successor, (await one(catalogue, BLUE)).successor) == ("", "climate")


async def test_operations_and_documents_are_those_of_the_release(
    catalogue: Catalogue, publish: Publish, kind: Answering
) -> None:
    await publish(design={"description": "It rains."}, price=5)
    listing = await one(catalogue)

    operations = await catalogue.operations(listing.live, "answering")
    document = await catalogue.openapi(listing, listing.live, url="https://gw.example.com")

    assert [(each.name, each.price) for each in operations] == [("say", 5)]
    assert await catalogue.operations(listing.live, "answering") is operations
    assert document["info"] == {"title": "Weather", "version": "1"}


async def test_kind_that_is_not_offered_as_it_was_hides_no_service(
    catalogue: Catalogue, publish: Publish, bridge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish()
    listing = await one(catalogue)
    kinds = bridge.gateway.services.kinds
    monkeypatch.setattr(kinds["answering"], "definition", type(listing))  # which has other fields

    assert await catalogue.operations(listing.live, "answering") == ()
    with pytest.raises(Unavailable):
        await catalogue.openapi(listing, listing.live, url="")
    kinds.pop("answering")
    later = await one(Catalogue(bridge.gateway.books, kinds))
    assert await Catalogue(bridge.gateway.books, kinds).operations(later.live, "answering") == ()
    with pytest.raises(Unavailable):
        await catalogue.openapi(later, later.live, url="")
