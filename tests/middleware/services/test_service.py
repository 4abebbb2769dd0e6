from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from tests.middleware.services.conftest import Publish
from tests.support.answering import Answering

from tollbridge.audit import Actor
from tollbridge.call import Call, open_call
from tollbridge.errors import BadRequest, Denied
from tollbridge.gateway import Gateway
from tollbridge.services.kinds import Problem, Proof, Running
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Design, ReleaseState, Service, ServiceChange, ServiceState
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


@pytest.mark.parametrize("slug", ["ai", "admin", "leaked", "mcp", "shop"])
async def test_slug_is_no_name_under_which_calls_of_the_gateway_or_of_its_app_are_counted(
    gateway: Any, kind: Answering, slug: str
) -> None:
    bridge = gateway({"service": {"name": "shop"}}, plugins=(kind,))
    await bridge.client()

    with pytest.raises(BadRequest, match=f"'{slug}' is a name of the gateway's own") as caught:
        await bridge.gateway.services.add(slug, "answering")

    assert (caught.value.status, caught.value.param) == (400, "slug")
    assert (await bridge.gateway.services.add("app", "answering")).slug == "app"


async def test_kind_is_one_that_a_plugin_offers(bridge: GatewayUnderTest) -> None:
    await bridge.client()

    with pytest.raises(BadRequest, match=r"there is no kind 'unheard-of' of service; known: .*answering") as caught:
        await bridge.gateway.services.add("weather", "unheard-of")

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
    assert list(await services.problems("answering", doubtful)) == [
        Problem("status", "nobody will like this", warning=True)
    ]
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

    found = await services.prove(bridge.gateway, service_id, 1, call)

    assert found is not None
    assert found.proof == Proof((Problem("tests/0", "it is not rain"),))
    assert (found.evaluation.passed, found.evaluation.number, found.evaluation.by) == (False, 1, "operator")


async def test_release_is_refused_by_who_looks_at_the_service_whose_draft_it_is(bridge: GatewayUnderTest) -> None:
    services = await begun(bridge, Design(name="W", definition={"text": "rain"}))
    service_id = await id_of(bridge)
    seen: list[int] = []

    def look(service: Service) -> None:
        seen.append(service.revision)
        raise BadRequest("it was changed since")

    with pytest.raises(BadRequest, match="it was changed since"):
        await services.release(service_id, version="1", check=look)

    assert seen == [1]
    assert await (await bridge.gateway.store.services()).list_releases(service_id) == []


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


async def test_nobody_publishes_what_hands_on_to_routes_of_the_app_that_they_may_not_call(gateway: Any) -> None:
    bridge: GatewayUnderTest = gateway({"service": {"name": "shop"}}, plugins=(Handing(),))
    services = await begun(bridge, Design(name="W", definition={"text": "GET:/orders/{id}"}))
    service_id = await id_of(bridge)
    issued = await bridge.gateway.tokens.issue(name="one", scopes=("service:shop:GET:/orders/*", "service:shop:POST:*"))
    giver = Principal(id=issued.token.id, name="one", scopes=ScopeSet(issued.token.scopes))

    assert await services.release(service_id, version="1", giver=giver) is not None
    await services.change(service_id, ServiceChange(draft=Design(name="W", definition={"text": "GET:/admin"})))
    with pytest.raises(Denied, match="'service:shop:GET:/admin'"):
        await services.release(service_id, version="2", giver=giver)


class Handing(Answering):
    """A kind whose services come to a route of the wrapped app."""

    def app_routes(self, definition: Any) -> list[str]:
        return [definition.text]


TESTED = Design(name="W", definition={"text": "rain", "tested": True})
FAILING = Design(name="W", definition={"text": "rain", "tested": True, "unproven": "it is not rain"})


async def proved(bridge: GatewayUnderTest, number: int = 1) -> bool:
    """Try a release of the service `weather`; gives whether it passed."""
    call = open_call({"type": "http", "path": "/", "headers": []}, bridge.clock)
    found = await bridge.gateway.services.prove(bridge.gateway, await id_of(bridge), number, call)
    assert found is not None
    return found.evaluation.passed


async def test_release_with_tests_is_published_after_it_passed_them(bridge: GatewayUnderTest) -> None:
    services = await begun(bridge, TESTED)
    service_id = await id_of(bridge)
    await services.release(service_id, version="1")

    for refused in (
        services.publish(service_id, 1),
        services.schedule(service_id, 1, bridge.clock.now() + timedelta(hours=1)),
    ):
        with pytest.raises(BadRequest, match="tollbridge service prove weather 1") as caught:
            await refused
        assert (caught.value.status, caught.value.code) == (409, "not_proven")
    assert await proved(bridge)
    live = await services.publish(service_id, 1)
    assert live is not None
    assert live.state is ReleaseState.LIVE


async def test_release_that_failed_its_tests_is_not_published(bridge: GatewayUnderTest) -> None:
    services = await begun(bridge, FAILING)
    service_id = await id_of(bridge)
    await services.release(service_id, version="1")

    assert not await proved(bridge)
    with pytest.raises(BadRequest, match="0 of 1 cases passed"):
        await services.publish(service_id, 1)


async def test_configuration_may_leave_tests_to_who_publishes(gateway: Any, kind: Answering) -> None:
    bridge = gateway({"services": {"prove": "optional"}}, plugins=(kind,))
    services = await begun(bridge, FAILING)
    service_id = await id_of(bridge)
    await services.release(service_id, version="1")

    live = await services.publish(service_id, 1)

    assert live is not None
    assert live.state is ReleaseState.LIVE


async def test_evaluation_says_who_asked_for_it_and_which_models_are_called(bridge: GatewayUnderTest) -> None:
    services = await begun(bridge, Design(name="W", definition={"text": "rain", "tested": True, "models": ["big/one"]}))
    service_id = await id_of(bridge)
    release = await services.release(service_id, version="1")
    call = open_call({"type": "http", "path": "/", "headers": []}, bridge.clock)
    issued = await bridge.gateway.tokens.issue(name="small", scopes=("model:small/*",))
    small = Principal(id=issued.token.id, name="small", scopes=ScopeSet(("model:small/*",)))

    with pytest.raises(Denied, match="'model:big/one'"):
        await services.prove(bridge.gateway, service_id, 1, call, giver=small)
    found = await services.prove(bridge.gateway, service_id, 1, call, by=Actor("tok_ann", "api"))

    assert release is not None
    assert found is not None
    kept = await (await bridge.gateway.store.services()).list_evaluations(release.id)
    assert kept == [found.evaluation]
    assert (kept[0].by, kept[0].models, kept[0].digest) == ("tok_ann", ("big/one",), release.digest)
    assert [(one.name, one.cost, one.latency_ms) for one in kept[0].cases] == [("rain", 2_000_000, 40)]


async def test_what_is_forgotten_while_it_is_tried_is_not_kept(gateway: Any) -> None:
    class Slow(Answering):
        async def prove(self, gateway: Gateway, running: Running, call: Call) -> Proof:
            assert call.service == "weather"
            await gateway.services.drop(running.service_id)
            return Proof()

    bridge = gateway({}, plugins=(Slow(),))
    services = await begun(bridge, READY)
    service_id = await id_of(bridge)
    await services.release(service_id, version="1")
    call = open_call({"type": "http", "path": "/", "headers": []}, bridge.clock)

    assert await services.prove(bridge.gateway, service_id, 1, call) is None


async def test_draft_is_tried_as_it_would_serve(bridge: GatewayUnderTest) -> None:
    services = await begun(bridge)
    service_id = await id_of(bridge)
    release = await services.release(service_id, version="1")
    await services.change(service_id, ServiceChange(draft=Design(name="W", definition={"text": "sun"})))

    draft, first = await services.trial(service_id, None), await services.trial(service_id, 1)

    assert release is not None
    assert draft is not None
    assert first is not None
    assert (draft.running.version, draft.running.definition.text) == ("draft", "sun")
    assert (first.running.release_id, first.running.definition.text) == (release.id, "rain")
    assert draft.kind is bridge.gateway.registry.service_kinds["answering"]
    assert await services.trial("svc_9", None) is None
    assert await services.trial(service_id, 9) is None
    await services.change(service_id, ServiceChange(draft=Design()))
    with pytest.raises(BadRequest, match="cannot be published yet"):
        await services.trial(service_id, None)


async def meanwhile(
    bridge: GatewayUnderTest, monkeypatch: pytest.MonkeyPatch, asked: str, work: Callable[[], Awaitable[object]]
) -> None:
    """Have something done right after what is `asked` of the store was answered."""
    store = await bridge.gateway.store.services()
    answers = getattr(store, asked)

    async def answering(*said: Any, **more: Any) -> Any:
        found = await answers(*said, **more)
        monkeypatch.undo()
        await work()
        return found

    monkeypatch.setattr(store, asked, answering)


@pytest.mark.parametrize("asked", ["get_service", "get_release"])
async def test_release_that_is_forgotten_while_it_is_looked_at_is_none(
    bridge: GatewayUnderTest, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    services = await begun(bridge)
    call, later = (
        open_call({"type": "http", "path": "/", "headers": []}, bridge.clock),
        bridge.clock.now().replace(year=2030),
    )
    for work in (
        lambda id: services.publish(id, 1),
        lambda id: services.schedule(id, 1, later),
        lambda id: services.prove(bridge.gateway, id, 1, call),
        lambda id: services.trial(id, 1),
    ):
        if await (await bridge.gateway.store.services()).get_service("weather") is None:
            await services.add("weather", "answering", draft=READY)
        service_id = await id_of(bridge)
        await services.release(service_id, version="1")
        await meanwhile(bridge, monkeypatch, asked, partial(services.drop, service_id))

        assert await work(service_id) is None


async def test_draft_that_changes_while_it_is_judged_is_not_released(
    bridge: GatewayUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = await begun(bridge)
    service_id = await id_of(bridge)
    await meanwhile(
        bridge, monkeypatch, "get_draft", lambda: services.change(service_id, ServiceChange(draft=Design(name="W")))
    )

    with pytest.raises(BadRequest, match="was changed meanwhile") as caught:
        await services.release(service_id, version="1")

    assert caught.value.status == 409
    assert await (await bridge.gateway.store.services()).list_releases(service_id) == []
