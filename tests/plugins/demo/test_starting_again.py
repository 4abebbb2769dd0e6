"""A beginning that is made again: what somebody changed, ended or has yet to approve stays as it is."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from msgspec import structs
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge
from tests.plugins.demo.conftest import ALL, CONFIG, begun

from tollbridge import Actor
from tollbridge.administering import Move, Service, ServiceChange
from tollbridge.testing import FixedClock, GatewayUnderTest
from tollbridge.testing.gateway import make_gateway
from tollbridge_demo.starter import NAME, PROMPT, REST, Starter

__all__ = ["config", "laid", "tollbridge"]


async def service_of(bridge: GatewayUnderTest, slug: str) -> Service:
    found = await (await bridge.gateway.store.services()).get_service(slug)
    assert found is not None
    return found


async def versions(bridge: GatewayUnderTest, slug: str) -> list[tuple[str, str]]:
    """Give the releases of a service, newest first, with what became of each."""
    store = await bridge.gateway.store.services()
    return [(one.version, one.state.value) for one in await store.list_releases((await service_of(bridge, slug)).id)]


async def rewritten(bridge: GatewayUnderTest, slug: str) -> Service:
    """Let somebody give the draft of a service an upstream of their own."""
    store, services = await bridge.gateway.store.services(), bridge.gateway.services
    drafted = await store.get_draft((await service_of(bridge, slug)).id)
    assert drafted is not None
    service, draft = drafted
    upstreams = {"mine": {"nodes": [{"url": "https://depot.example.com"}]}}
    definition = {"document": draft.definition["document"], "upstreams": upstreams}
    await services.change(service.id, ServiceChange(draft=structs.replace(draft, definition=definition)))
    return service


@pytest.mark.parametrize("upstream", ["", "http://127.0.0.1:9"])
async def test_release_that_somebody_else_published_goes_on_serving(bridge: GatewayUnderTest, upstream: str) -> None:
    await begun(bridge)
    service = await rewritten(bridge, REST)
    release = await bridge.gateway.services.release(service.id, version="2.0")
    assert release is not None
    await bridge.gateway.services.publish(service.id, release.number)

    again = await begun(bridge, upstream)

    assert await versions(bridge, REST) == [("2.0", "live"), ("1.0.0", "superseded")]
    told = f"service {REST}: its release 2.0 was made by somebody else"
    assert (again.made, again.left) == ((), (told,) if upstream else ())
    assert again.services == ((PROMPT,) if upstream else (PROMPT, REST))


async def test_what_leads_somewhere_is_not_made_up_by_a_start_that_says_nothing(bridge: GatewayUnderTest) -> None:
    await begun(bridge, "http://127.0.0.1:9")

    again = await begun(bridge)

    assert await versions(bridge, REST) == [("1.0.0", "live")]
    assert again.left == ()


async def test_draft_that_somebody_else_changed_stays_as_it_is(bridge: GatewayUnderTest) -> None:
    await begun(bridge)
    service = await rewritten(bridge, REST)

    again = await begun(bridge, "http://127.0.0.1:9")

    drafted = await (await bridge.gateway.store.services()).get_draft(service.id)
    assert drafted is not None
    assert list(drafted[1].definition["upstreams"]) == ["mine"]
    assert await versions(bridge, REST) == [("1.0.0", "live")]
    assert again.left == (f"service {REST}: its draft was changed by somebody else",)


async def test_release_that_was_taken_away_is_not_made_again(bridge: GatewayUnderTest) -> None:
    await begun(bridge)
    await bridge.gateway.services.move((await service_of(bridge, REST)).id, 1, Move.FAIL)

    again = await begun(bridge)

    assert await versions(bridge, REST) == [("1.0.0", "failed")]
    assert again.left == (f"service {REST}: its release 1.0.0 is failed",)


@pytest.fixture
async def reviewing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GatewayUnderTest]:
    monkeypatch.setenv("MOCK_KEY", "sk-starter-of-tests")
    config = {**CONFIG, "services": {"allow_private": True, "review": "required"}}
    found = make_gateway(config, data=tmp_path, clock=FixedClock())
    await found.client()
    yield found
    await found.close()


async def test_releases_wait_for_a_review_where_one_is_required_and_are_made_once(reviewing: GatewayUnderTest) -> None:
    first = await begun(reviewing)
    again = await begun(reviewing)
    waiting = [await versions(reviewing, slug) for slug in (PROMPT, REST)]
    for slug in (PROMPT, REST):
        await reviewing.gateway.services.move((await service_of(reviewing, slug)).id, 1, Move.APPROVE)
    approved = await begun(reviewing)

    why = "its release 1.0.0 waits for a review; run this again once it is approved"
    assert waiting == [[("1.0.0", "review")], [("1.0.0", "review")]]
    assert first.left == again.left == (f"service {PROMPT}: {why}", f"service {REST}: {why}")
    assert (set(first.made), again.made) == ({one for one in ALL if "subscription" not in one}, ())
    assert approved.made == (f"subscription to {PROMPT}", f"subscription to {REST}")
    assert (approved.left, approved.services) == ((), (PROMPT, REST))
    assert await versions(reviewing, REST) == [("1.0.0", "live")]


async def test_application_that_was_ended_is_not_made_again(bridge: GatewayUnderTest) -> None:
    first = await begun(bridge)
    assert first.application is not None
    await bridge.gateway.applications.end(first.application.id)

    again = await begun(bridge)

    assert (again.application, again.made) == (None, ())
    assert again.left == (f"application {NAME}: it was switched off or ended",)


async def test_team_that_was_ended_is_not_made_again(bridge: GatewayUnderTest) -> None:
    await begun(bridge)
    await bridge.gateway.people.teams.end(NAME)

    again = await begun(bridge)

    assert (again.application, again.made, again.services) == (None, (), ())
    assert again.left == (f"team {NAME}: it was switched off or ended",)


async def test_service_that_was_retired_stays_so(bridge: GatewayUnderTest) -> None:
    await begun(bridge)
    await bridge.gateway.services.retire((await service_of(bridge, REST)).id)

    again = await begun(bridge)

    assert again.left == (f"service {REST}: it was retired",)
    assert again.services == (PROMPT,)


async def test_start_that_was_cut_off_before_it_published_goes_on_from_there(bridge: GatewayUnderTest) -> None:
    await bridge.gateway.people.teams.add(NAME)
    by = Actor("starter", "cli")
    service = await bridge.gateway.services.add(
        REST,
        "rest",
        team=NAME,
        draft=Starter(bridge.gateway, model="small", upstream="http://127.0.0.1:9").depot(),
        by=by,
    )
    await bridge.gateway.services.release(service.id, version="1.0.0", by=by)

    await begun(bridge, "http://127.0.0.1:10")

    assert await versions(bridge, REST) == [("1.0.1", "live"), ("1.0.0", "superseded")]


def test_command_gives_no_advice_for_an_application_that_ended(tollbridge: Callable[..., Ran], config: Path) -> None:
    tollbridge("starter", "--model", "small")
    (application,) = tollbridge("application", "list", "--json").json
    assert tollbridge("application", "end", application["id"], "--yes").code == 0

    again = tollbridge("starter", "--model", "small")

    assert f"left as it is: application {NAME}: it was switched off or ended" in again.out
    assert "add-token" not in again.out
    assert "everything was there already" not in again.out
