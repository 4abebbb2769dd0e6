from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.middleware.services.conftest import Publish
from tests.support.answering import Answering

from tollbridge.errors import PluginError, Unavailable
from tollbridge.noticing import SELF
from tollbridge.services import watching
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Design, ReleaseState
from tollbridge.services.watching import publish_due, watch_releases
from tollbridge.stores.services import NewEvaluation, Step
from tollbridge.testing import GatewayUnderTest


async def scheduled(bridge: GatewayUnderTest, slug: str = "sun", **said: Any) -> str:
    """Schedule a release of a service for in an hour."""
    await bridge.client()
    services = bridge.gateway.services
    draft = Design(name="Sun", definition={"text": "it shines", **said})
    service = await services.add(slug, "answering", draft=draft)
    await services.release(service.id, version="1")
    await services.schedule(service.id, 1, bridge.clock.now() + timedelta(hours=1))
    return service.id


async def state_of(bridge: GatewayUnderTest, service_id: str, number: int = 1) -> ReleaseState:
    release = await (await bridge.gateway.store.services()).get_release(service_id, number)
    assert release is not None
    return release.state


async def watched(bridge: GatewayUnderTest) -> int:
    return len(await (await bridge.gateway.store.services()).watched_releases())


async def called(bridge: GatewayUnderTest, times: int) -> None:
    for _ in range(times):
        await bridge.request("POST", "/v1/apis/weather")


async def test_scheduled_release_is_published_in_its_time(bridge: GatewayUnderTest) -> None:
    service_id = await scheduled(bridge)
    await publish_due(bridge.gateway, SELF)
    assert await state_of(bridge, service_id) is ReleaseState.SCHEDULED

    bridge.clock.advance(3600)
    await publish_due(bridge.gateway, SELF)

    assert await state_of(bridge, service_id) is ReleaseState.LIVE
    (record,) = await bridge.gateway.store.list_audit(action="service.publish")
    assert (record.actor.id, '"why":"as scheduled"' in record.after) == ("gateway", True)


async def test_scheduled_release_that_cannot_be_published_any_more_fails_and_says_why(
    bridge: GatewayUnderTest, kind: Answering
) -> None:
    service_id = await scheduled(bridge)
    bridge.clock.advance(3600)
    del bridge.gateway.registry.service_kinds["answering"]

    with capture_logs() as logged:
        await publish_due(bridge.gateway, SELF)

    assert await state_of(bridge, service_id) is ReleaseState.FAILED
    (record,) = await bridge.gateway.store.list_audit(action="service.fail")
    assert "there is no kind 'answering'" in record.after
    assert [line["event"] for line in logged] == ["release_not_published"]


async def test_scheduled_release_that_failed_its_tests_meanwhile_is_not_published(bridge: GatewayUnderTest) -> None:
    await bridge.client()
    services, at = bridge.gateway.services, bridge.clock.now() + timedelta(hours=1)
    draft = Design(name="Sun", definition={"text": "it shines", "tested": True})
    service = await services.add("sun", "answering", draft=draft)
    release = await services.release(service.id, version="1")
    assert release is not None
    store, act = await bridge.gateway.store.services(), await bridge.gateway.tokens.act(SELF)
    new = NewEvaluation(release_id=release.id, at=bridge.clock.now(), by="tok_1", passed=True)
    await store.add_evaluation(new, act)
    await services.schedule(service.id, 1, at)
    await store.add_evaluation(replace(new, passed=False), act)

    bridge.clock.advance(3600)
    await publish_due(bridge.gateway, SELF)

    assert await state_of(bridge, service.id) is ReleaseState.FAILED
    (record,) = await bridge.gateway.store.list_audit(action="service.fail")
    assert "must pass its tests" in record.after


async def test_release_whose_calls_fail_is_taken_back(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish()
    bridge.clock.advance(600)
    await watch_releases(bridge.gateway, SELF)
    await publish(version="2", status=500)
    await called(bridge, 19)
    await watch_releases(bridge.gateway, SELF)
    assert await state_of(bridge, service.id, 2) is ReleaseState.LIVE  # too little is known

    await called(bridge, 1)
    with capture_logs() as logged:
        await watch_releases(bridge.gateway, SELF)

    assert await state_of(bridge, service.id, 2) is ReleaseState.FAILED
    assert await state_of(bridge, service.id, 1) is ReleaseState.LIVE
    assert [line["reason"] for line in logged if line["event"] == "release_taken_back"] == [
        "20 of its first 20 calls failed"
    ]
    assert (await bridge.request("POST", "/v1/apis/weather")).json()["version"] == "1"


async def test_release_that_cannot_be_made_is_taken_back(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish()
    bridge.clock.advance(600)
    await watch_releases(bridge.gateway, SELF)
    await publish(version="2", broken=True)
    await called(bridge, 20)

    await watch_releases(bridge.gateway, SELF)

    assert await state_of(bridge, service.id, 2) is ReleaseState.FAILED


async def test_release_of_which_half_of_the_calls_fail_stays(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish()
    await called(bridge, 10)
    (row,) = await bridge.gateway.store.recent(limit=1)
    for number in range(10):
        changed = replace(row, call_id=f"req_{number}", status=500)
        await bridge.gateway.store.settle(changed)

    await watch_releases(bridge.gateway, SELF)

    assert await state_of(bridge, service.id) is ReleaseState.LIVE
    assert await watched(bridge) == 1


async def test_release_beside_another_answers_for_its_own_calls_alone(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service, _ = await publish()
    await publish(version="2", beside=True, status=500)
    await called(bridge, 80)
    for _ in range(20):
        await bridge.request("POST", "/v1/apis/weather@2")

    await watch_releases(bridge.gateway, SELF)

    assert await state_of(bridge, service.id) is ReleaseState.LIVE
    assert await state_of(bridge, service.id, 2) is ReleaseState.FAILED


async def test_watch_ends_in_its_time(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()
    bridge.clock.advance(299)
    await watch_releases(bridge.gateway, SELF)
    assert await watched(bridge) == 1

    bridge.clock.advance(1)
    await watch_releases(bridge.gateway, SELF)

    assert await watched(bridge) == 0


async def test_release_that_somebody_took_away_meanwhile_is_left_alone(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service, _ = await publish(status=500)
    await called(bridge, 20)
    store = await bridge.gateway.store.services()
    seen = await store.watched_releases()
    act = await bridge.gateway.tokens.act(SELF)
    await store.move_release(service.id, 1, Step(move=Move.FAIL), act)

    class Slow:
        """What was read a moment ago."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        async def watched_releases(self) -> Any:
            return seen

    async def services() -> Any:
        return Slow()

    bridge.gateway.store.services = services  # type: ignore[method-assign]
    with capture_logs() as logged:
        await watch_releases(bridge.gateway, SELF)

    assert [line["event"] for line in logged] == ["release_taken_back", "release_moved_on"]


async def test_release_that_is_promoted_is_watched_anew_and_taken_back_where_its_calls_fail(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service, _ = await publish()
    await publish(version="2", beside=True, status=500)
    bridge.clock.advance(600)
    await watch_releases(bridge.gateway, SELF)
    assert await watched(bridge) == 0

    await bridge.gateway.services.move(service.id, 2, Move.PROMOTE)
    await called(bridge, 20)
    await watch_releases(bridge.gateway, SELF)

    assert await state_of(bridge, service.id, 2) is ReleaseState.FAILED
    assert (await bridge.request("POST", "/v1/apis/weather")).json()["version"] == "1"


async def test_calls_of_before_a_release_was_promoted_do_not_count(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish()
    await publish(version="2", beside=True, status=500)
    for _ in range(20):
        await bridge.request("POST", "/v1/apis/weather@2")
    bridge.clock.advance(600)

    await bridge.gateway.services.move(service.id, 2, Move.PROMOTE)
    await watch_releases(bridge.gateway, SELF)

    assert await state_of(bridge, service.id, 2) is ReleaseState.LIVE
    assert await watched(bridge) == 1


class Faulty(Answering):
    """A kind that fails where a definition says what is in `faults`."""

    faults: frozenset[str] = frozenset()

    def check(self, definition: Any) -> Any:
        if definition.text in self.faults:
            raise RuntimeError("a fault of the kind")
        return super().check(definition)


async def test_due_release_with_which_something_is_wrong_stops_no_other(gateway: Any) -> None:
    kind = Faulty()
    bridge = gateway({}, plugins=(kind,))
    await bridge.client()
    services, at = bridge.gateway.services, bridge.clock.now() + timedelta(hours=1)
    ids = []
    for slug in ("rain", "sun"):
        service = await services.add(slug, "answering", draft=Design(name=slug, definition={"text": slug}))
        await services.release(service.id, version="1")
        await services.schedule(service.id, 1, at)
        ids.append(service.id)
    kind.faults = frozenset(("rain",))
    bridge.clock.advance(3600)

    with capture_logs() as logged, pytest.raises(PluginError, match=r"for the releases rain 1; the log has why"):
        await publish_due(bridge.gateway, SELF)

    assert [await state_of(bridge, id) for id in ids] == [ReleaseState.SCHEDULED, ReleaseState.LIVE]
    (line,) = [line for line in logged if line["event"] == "release_not_published"]
    assert (line["service"], "a fault of the kind" in line["exception"]) == ("rain", True)
    kind.faults = frozenset()
    await publish_due(bridge.gateway, SELF)
    assert await state_of(bridge, ids[0]) is ReleaseState.LIVE


async def test_due_release_is_published_in_its_time_however_long_another_fails_already(gateway: Any) -> None:
    kind = Faulty()
    bridge = gateway({}, plugins=(kind,))
    rain = await scheduled(bridge, "rain", text="rain")
    kind.faults = frozenset(("rain",))
    bridge.clock.advance(3600)
    for _ in range(5):
        await bridge.gateway.jobs.run_due()
        bridge.clock.advance(6)
    sun = await scheduled(bridge)

    bridge.clock.advance(3600)
    await bridge.gateway.jobs.run_due()
    for _ in range(3):
        bridge.clock.advance(6)
        await bridge.gateway.jobs.run_due()
    moon = await bridge.gateway.services.add("moon", "answering", draft=Design(name="M", definition={"text": "m"}))
    await bridge.gateway.services.release(moon.id, version="1")
    await bridge.gateway.services.schedule(moon.id, 1, bridge.clock.now() + timedelta(seconds=2))
    bridge.clock.advance(6)
    await bridge.gateway.jobs.run_due()

    states = [await state_of(bridge, id) for id in (rain, sun, moon.id)]
    assert states == [ReleaseState.SCHEDULED, ReleaseState.LIVE, ReleaseState.LIVE]


async def test_release_that_gets_its_place_back_is_taken_back_too_where_its_calls_fail_and_no_two_take_turns(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service, _ = await publish(status=500)
    bridge.clock.advance(600)
    await watch_releases(bridge.gateway, SELF)
    await publish(version="2", status=500)
    for number in (2, 1):
        bridge.clock.advance(60)
        await called(bridge, 20)
        await watch_releases(bridge.gateway, SELF)
        assert await state_of(bridge, service.id, number) is ReleaseState.FAILED

    assert [await state_of(bridge, service.id, number) for number in (1, 2)] == [ReleaseState.FAILED] * 2
    assert await watched(bridge) == 0


async def test_release_that_gets_its_place_back_is_not_watched_where_nothing_is(gateway: Any, kind: Answering) -> None:
    bridge = gateway({"services": {"watch_s": 0}}, plugins=(kind,))
    await bridge.client()
    services = bridge.gateway.services
    service = await services.add("sun", "answering", draft=Design(name="Sun", definition={"text": "it shines"}))
    for version in ("1", "2"):
        await services.release(service.id, version=version)
        await services.publish(service.id, int(version))
    found = await (await bridge.gateway.store.services()).get_release(service.id, 2)
    assert found is not None

    await watching._fail(bridge.gateway, service, found, "its calls failed", SELF)

    assert [await state_of(bridge, service.id, number) for number in (1, 2)] == [ReleaseState.LIVE, ReleaseState.FAILED]
    assert await watched(bridge) == 0


async def test_release_that_is_published_during_a_pause_is_watched_from_when_the_service_goes_on(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service, _ = await publish()
    bridge.clock.advance(600)
    await watch_releases(bridge.gateway, SELF)
    await bridge.gateway.services.pause(service.id)
    await publish(version="2", status=500)
    bridge.clock.advance(600)
    await watch_releases(bridge.gateway, SELF)

    await bridge.gateway.services.resume(service.id)
    await called(bridge, 20)
    await watch_releases(bridge.gateway, SELF)

    assert await state_of(bridge, service.id, 2) is ReleaseState.FAILED


async def test_watched_release_that_cannot_be_looked_at_stops_no_other(
    bridge: GatewayUnderTest, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish()
    sun, _ = await publish("sun", status=500)
    for _ in range(20):
        await bridge.request("POST", "/v1/apis/sun")
    count = bridge.gateway.store.service_calls

    async def counting(service: str, *asked: Any, **more: Any) -> Any:
        if service == "weather":
            raise Unavailable("the store does not answer")
        return await count(service, *asked, **more)

    monkeypatch.setattr(bridge.gateway.store, "service_calls", counting)
    with capture_logs() as logged, pytest.raises(PluginError, match="weather 1"):
        await watch_releases(bridge.gateway, SELF)

    assert await state_of(bridge, sun.id) is ReleaseState.FAILED
    assert [line["service"] for line in logged if line["event"] == "release_not_watched"] == ["weather"]


async def test_release_that_somebody_published_or_unscheduled_meanwhile_is_left_alone(
    bridge: GatewayUnderTest,
) -> None:
    gateway = bridge.gateway
    for move, left in ((Move.PUBLISH, ReleaseState.LIVE), (Move.UNSCHEDULE, ReleaseState.MADE)):
        service_id = await scheduled(bridge, move.value)
        bridge.clock.advance(3600)
        ((service, release),) = await (await gateway.store.services()).due_releases(bridge.clock.now())
        if move is Move.PUBLISH:
            await gateway.services.publish(service_id, 1)
        else:
            await gateway.services.move(service_id, 1, move)

        with capture_logs() as logs:
            await watching._publish(gateway, service, release, SELF)
            await watching._fail(gateway, service, release, "its tests failed", SELF)

        assert await state_of(bridge, service_id) is left
        assert [line["event"] for line in logs] == ["release_moved_on"] * 2
