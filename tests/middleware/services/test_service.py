from datetime import timedelta
from typing import Any

import pytest
from tests.middleware.services.conftest import Publish
from tests.support.answering import Answering

from tollbridge.audit import Actor
from tollbridge.call import open_call
from tollbridge.errors import BadRequest, Denied
from tollbridge.services.kinds import Problem
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Design, ReleaseState, ServiceChange, ServiceState
from tollbridge.services.service import Services
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import ScopeSet

READY = Design(name="Weather", definition={"text": "rain"})


async def begun(bridge: GatewayUnderTest, draft: Design = READY) -> Services:
    """Begin the service `weather`, with a release of it."""
    await bridge.client()
    services = bridge.gateway.services
    service = await services.add("weather", "answering", draft=draft, team=" blue ")
    assert (service.slug, service.kind, service.team) == ("weather", "answering", "blue")
    return services


async def id_of(bridge: GatewayUnderTest) -> str:
    found = await (await bridge.gateway.store.services()).get_service("weather")
    assert found is not None
    return found.id


@pytest.mark.parametrize("slug", ["", "Weather", "-a", "a-", "a_b", "a" * 64, "a/b", "ä"])
async def test_slug_is_a_label(bridge: GatewayUnderTest, slug: str) -> None:
    await bridge.client()

    with pytest.raises(BadRequest) as caught:
        await bridge.gateway.services.add(slug, "answering")

    assert caught.value.param == "slug"


async def test_kind_is_one_that_a_plugin_offers(bridge: GatewayUnderTest) -> None:
    await bridge.client()

    with pytest.raises(BadRequest, match=r"there is no kind 'rest' of service; known: .*answering") as caught:
        await bridge.gateway.services.add("weather", "rest")

    assert caught.value.param == "kind"


async def test_draft_may_be_unfinished_and_is_released_only_when_it_is_ready(bridge: GatewayUnderTest) -> None:
    services = await begun(bridge, Design())
    service_id = await id_of(bridge)

    for draft, wrong in (
        (Design(), "name: give the service a name that people read; text: say what is answered"),
        (Design(name="W", definition={"text": "rain", "colour": 1}), "unknown field `colour`"),
        (Design(name="W", definition={"text": 1}), r"Expected `str`, got `int` \(at text\)"),
    ):
        await services.change(service_id, ServiceChange(draft=draft))
        with pytest.raises(BadRequest, match=wrong) as caught:
            await services.release(service_id, version="1")
        assert (caught.value.status, caught.value.code) == (422, "not_ready")
    doubtful = Design(name="W", definition={"text": "rain", "status": 500})
    await services.change(service_id, ServiceChange(draft=doubtful))
    assert list(services.problems("answering", doubtful)) == [Problem("status", "nobody will like this", warning=True)]
    release = await services.release(service_id, version="1", note=" first\nof all ")
    assert release is not None
    assert (release.number, release.note, release.created_by) == (1, "first\nof all", "operator")


async def test_change_is_made_of_what_is_there_and_checked(bridge: GatewayUnderTest) -> None:
    services = await begun(bridge)
    service_id = await id_of(bridge)

    def edit(seen: Any) -> ServiceChange:
        service, draft = seen
        return ServiceChange(team=f" {service.team}-2 ", draft=Design(name=draft.name + "!"))

    changed = await services.change(service_id, edit)

    assert changed is not None
    assert (changed.team, changed.name, changed.revision) == ("blue-2", "Weather!", 2)
    with pytest.raises(BadRequest) as caught:
        await services.change(service_id, ServiceChange(draft=Design(category="A")))
    assert caught.value.param == "draft/category"
    assert await services.change("svc_9", ServiceChange(team="red")) is None


async def test_nobody_releases_or_publishes_what_calls_models_that_they_may_not_call(
    bridge: GatewayUnderTest,
) -> None:
    services = await begun(bridge, Design(name="W", definition={"text": "rain", "models": ["big/one"]}))
    service_id = await id_of(bridge)
    issued = await bridge.gateway.tokens.issue(name="small", scopes=("model:small/*",))
    small = Principal(id=issued.token.id, name="small", scopes=ScopeSet(("model:small/*",)))

    with pytest.raises(Denied, match="'model:big/one'"):
        await services.release(service_id, version="1", giver=small)
    release = await services.release(service_id, version="1")
    assert release is not None
    for refused in (
        services.publish(service_id, 1, giver=small),
        services.schedule(service_id, 1, bridge.clock.now() + timedelta(hours=1), giver=small),
    ):
        with pytest.raises(Denied) as caught:
            await refused
        assert caught.value.code == "scope_beyond"
    live = await services.publish(service_id, 1)
    assert live is not None
    assert live.state is ReleaseState.LIVE


async def test_review_is_asked_for_where_the_configuration_says_so(gateway: Any, kind: Answering) -> None:
    bridge = gateway({"services": {"review": "four_eyes"}}, plugins=(kind,))
    services = await begun(bridge)
    service_id = await id_of(bridge)
    ann, bob = Actor("tok_ann", "api"), Actor("tok_bob", "api")
    await services.release(service_id, version="1", by=ann)

    with pytest.raises(BadRequest) as caught:
        await services.publish(service_id, 1, by=ann)
    assert caught.value.code == "review_needed"
    with pytest.raises(BadRequest, match="submit it"):
        await services.schedule(service_id, 1, bridge.clock.now() + timedelta(hours=1), by=ann)
    asked = await services.move(service_id, 1, Move.SUBMIT, why="please", by=ann)
    assert asked is not None
    assert asked.asked_why == "please"
    with pytest.raises(Denied) as denied:
        await services.move(service_id, 1, Move.APPROVE, by=ann)
    assert denied.value.code == "four_eyes"
    await services.move(service_id, 1, Move.APPROVE, by=bob)
    live = await services.publish(service_id, 1, by=ann)
    assert live is not None
    assert live.state is ReleaseState.LIVE


async def test_required_review_may_be_ones_own(gateway: Any, kind: Answering) -> None:
    bridge = gateway({"services": {"review": "required"}}, plugins=(kind,))
    services = await begun(bridge)
    service_id = await id_of(bridge)
    await services.release(service_id, version="1")
    for move in (Move.SUBMIT, Move.APPROVE):
        await services.move(service_id, 1, move)

    live = await services.publish(service_id, 1)
    assert live is not None
    assert live.state is ReleaseState.LIVE


async def test_schedule_lies_ahead(bridge: GatewayUnderTest) -> None:
    services = await begun(bridge)
    service_id = await id_of(bridge)
    await services.release(service_id, version="1")

    with pytest.raises(BadRequest) as caught:
        await services.schedule(service_id, 1, bridge.clock.now())
    assert caught.value.param == "at"
    later = bridge.clock.now() + timedelta(hours=1)
    scheduled = await services.schedule(service_id, 1, later, why="at night")
    assert scheduled is not None
    assert (scheduled.state, scheduled.publish_at) == (ReleaseState.SCHEDULED, later)
    assert await services.schedule(service_id, 9, later) is None


async def test_publishing_watches_for_as_long_as_the_configuration_says(gateway: Any, kind: Answering) -> None:
    for watch_s in (0.0, 60.0):
        bridge = gateway({"services": {"watch_s": watch_s}}, plugins=(kind,))
        services = await begun(bridge)
        service_id = await id_of(bridge)
        await services.release(service_id, version="1")
        await services.publish(service_id, 1)

        watched = await (await bridge.gateway.store.services()).watched_releases()

        until = [one.until for one in watched]
        assert until == ([bridge.clock.now() + timedelta(seconds=watch_s)] if watch_s else [])


async def test_what_is_not_there_is_none(bridge: GatewayUnderTest) -> None:
    services = await begun(bridge)
    service_id = await id_of(bridge)
    call = open_call({"type": "http", "path": "/", "headers": []}, bridge.clock)

    assert await services.release("svc_9", version="1") is None
    assert await services.publish(service_id, 1) is None
    assert await services.publish("svc_9", 1) is None
    assert await services.move(service_id, 1, Move.SUBMIT) is None
    assert await services.prove(bridge.gateway, service_id, 1, call) is None
    assert await services.prove(bridge.gateway, "svc_9", 1, call) is None
    assert await services.drop("svc_9") is None
    assert await services.deprecate("svc_9") is None
    assert await services.keep("svc_9") is None
    assert await services.retire("svc_9") is None


@pytest.mark.parametrize("version", ["", "-1", "1 0", "1/2", "a" * 33, "é"])
async def test_version_fits_into_a_path_and_a_header(bridge: GatewayUnderTest, version: str) -> None:
    services = await begun(bridge)

    with pytest.raises(BadRequest) as caught:
        await services.release(await id_of(bridge), version=version)

    assert caught.value.param == "version"


@pytest.mark.parametrize("why", ["a" * 1001, "a\0b"])
async def test_reason_is_a_short_text(bridge: GatewayUnderTest, why: str) -> None:
    services = await begun(bridge)
    service_id = await id_of(bridge)
    await services.release(service_id, version="1")

    for refused in (services.move(service_id, 1, Move.SUBMIT, why=why), services.publish(service_id, 1, why=why)):
        with pytest.raises(BadRequest) as caught:
            await refused
        assert caught.value.param == "why"


async def test_release_is_tried_as_its_kind_does(bridge: GatewayUnderTest) -> None:
    services = await begun(bridge, Design(name="W", definition={"text": "rain", "unproven": "it is not rain"}))
    service_id = await id_of(bridge)
    await services.release(service_id, version="1")
    call = open_call({"type": "http", "path": "/", "headers": []}, bridge.clock)

    assert await services.prove(bridge.gateway, service_id, 1, call) == [Problem("tests/0", "it is not rain")]


async def test_end_lies_ahead_and_successor_is_a_slug(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish()
    services = bridge.gateway.services

    with pytest.raises(BadRequest) as caught:
        await services.deprecate(service.id, sunset_at=bridge.clock.now())
    assert caught.value.param == "sunset_at"
    for refused in (services.deprecate(service.id, successor="A"), services.retire(service.id, successor="A")):
        with pytest.raises(BadRequest) as wrong:
            await refused
        assert wrong.value.param == "slug"
    deprecated = await services.deprecate(service.id)
    kept = await services.keep(service.id)
    assert (deprecated and deprecated.state, kept and kept.state) == (ServiceState.DEPRECATED, ServiceState.PUBLISHED)


async def test_service_that_never_served_is_forgotten(bridge: GatewayUnderTest) -> None:
    services = await begun(bridge)
    dropped = await services.drop(await id_of(bridge))

    assert dropped is not None
    assert await (await bridge.gateway.store.services()).get_service("weather") is None
