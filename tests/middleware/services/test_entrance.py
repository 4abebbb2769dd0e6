import asyncio
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from structlog.testing import capture_logs
from tests.middleware.services.conftest import Publish
from tests.support.answering import Answering

from tollbridge.audit import Actor
from tollbridge.errors import BadRequest
from tollbridge.noticing import SELF
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Access, Design, Release, ReleaseState, Service, Visibility
from tollbridge.services.opened import Opened
from tollbridge.services.watching import watch_releases
from tollbridge.stores.analytics import Whose
from tollbridge.stores.services import Step
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.model import TokenLimits


async def test_published_service_answers_below_its_slug(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()

    answer = await bridge.request("POST", "/v1/apis/weather")
    deeper = await bridge.request("POST", "/v1/apis/weather/deep/er")

    assert answer.status_code == 200
    assert answer.json() == {
        "text": "weather 1",
        "path": "/v1/apis/weather",
        "root": "/v1/apis/weather",
        "version": "1",
    }
    assert answer.headers["tollbridge-version"] == "1"
    assert deeper.json()["path"] == "/v1/apis/weather/deep/er"


async def test_mounted_gateway_keeps_the_path_it_is_mounted_at(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()
    outer = Starlette()
    outer.mount("/bridge", bridge.app)
    client = await bridge.client()
    token = await bridge.token()
    transport = type(client._transport)(app=outer)

    async with type(client)(transport=transport, base_url="http://gateway.test") as mounted:
        answer = await mounted.post("/bridge/v1/apis/weather/deep/er", headers={"authorization": f"Bearer {token}"})

    assert (answer.json()["root"], answer.json()["path"]) == (
        "/bridge/v1/apis/weather",
        "/bridge/v1/apis/weather/deep/er",
    )


async def test_call_needs_the_scope_of_its_operation(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()
    weather, other = await bridge.token("service:weather:say"), await bridge.token("service:weather:look")

    assert (await bridge.request("POST", "/v1/apis/weather", token=weather)).status_code == 200
    refused = await bridge.request("POST", "/v1/apis/weather", token=other)
    assert refused.status_code == 403
    assert "'service:weather:say'" in refused.json()["detail"]
    assert (await bridge.request("POST", "/v1/apis/weather", token="")).status_code == 401


async def test_who_may_call_anything_of_a_name_hears_why_there_is_nothing(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish()

    for scope in ("service:weather:say", "service:weather:*", "service:*"):
        token = await bridge.token(scope)
        nowhere = await bridge.request("POST", "/v1/apis/weather/nowhere", token=token)
        assert nowhere.status_code == 404
        assert nowhere.json()["detail"] == "the service 'weather' has nothing at /nowhere"
        wrong = await bridge.request("GET", "/v1/apis/weather", token=token)
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
        other = await bridge.request("POST", "/v1/apis/weather@9", token=token)
        assert (other.status_code, "it serves 1" in other.json()["detail"]) == (404, True)
    unknown = await bridge.request("POST", "/v1/apis/nothing")
    assert unknown.headers["content-type"] == "application/problem+json"
    assert unknown.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no service 'nothing'",
        "code": "not_found",
    }


async def test_stranger_to_a_service_is_told_the_same_whether_it_is_there_or_not(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish()
    await publish("broken", broken=True)
    gone, _ = await publish("gone")
    await bridge.gateway.services.retire(gone.id, successor="weather")
    tokens = (await bridge.token("service:sun:say"), "")
    paths = ("", "/nowhere", "@9", "/with%2Fslash")

    async def told(slug: str, path: str, method: str, token: str) -> tuple[int, str]:
        answer = await bridge.request(method, f"/v1/apis/{slug}{path}", token=token)
        hidden = ("x-request-id", "request-id", "content-length")
        headers = {name: value for name, value in answer.headers.items() if name not in hidden}
        return answer.status_code, f"{headers} {answer.text}".replace(slug, "SLUG")

    for token in tokens:
        for path in paths:
            for method in ("POST", "GET"):
                said = {await told(slug, path, method, token) for slug in ("weather", "broken", "gone", "nothing")}
                assert len(said) == 1, (path, method, said)
                assert said.pop()[0] == (403 if token else 401)


async def test_public_operation_needs_no_token_and_is_recorded_as_one_of_nobody(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    _, release = await publish(public=True, price=5)

    answer = await bridge.request("POST", "/v1/apis/weather", token="")

    assert answer.status_code == 200
    (row,) = await bridge.gateway.store.recent()
    assert (row.service, row.operation, row.release) == ("weather", "service:weather:say", release.id)
    assert (row.token_id, row.team, row.application, row.cost, row.status) == ("", "", "", 0, 200)
    assert (await bridge.gateway.store.uses(row.at, row.at + timedelta(days=1))) == []


async def test_calls_of_public_operations_are_all_in_the_analytics_as_nobodys(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish(public=True, price=5)
    for token in ("", "", await bridge.token("service:sun:*")):
        await bridge.request("POST", "/v1/apis/weather", token=token)

    until = bridge.clock.now() + timedelta(hours=1)
    analytics = await bridge.gateway.store.analytics()
    found = await analytics.analyse(Whose(service="weather"), bridge.clock.now(), until, steps=1)

    assert (found.figures.calls, found.figures.toll) == (3, 0)
    assert [(one.key, one.calls) for one in found.callers] == [("", 3)]


async def test_too_many_calls_of_a_public_operation_make_the_ledger_no_work(gateway: Any, kind: Answering) -> None:
    bridge = gateway({"limits": {"requests_per_minute": 1}}, plugins=(kind,))
    await bridge.client()
    draft = Design(name="Weather", access=Access.SCOPE, definition={"text": "rain", "public": True})
    service = await bridge.gateway.services.add("weather", "answering", draft=draft)
    await bridge.gateway.services.release(service.id, version="1")
    await bridge.gateway.services.publish(service.id, 1)

    answers = [await bridge.request("POST", "/v1/apis/weather", token="") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 429, 429]
    assert len(await bridge.gateway.store.recent()) == 1


@pytest.mark.parametrize("wrong", [{"status": 500}, {"broken": True}])
async def test_release_that_fails_those_who_need_no_token_is_taken_back(
    bridge: GatewayUnderTest, publish: Publish, wrong: Any
) -> None:
    await publish(public=True)
    service, _ = await publish(version="2", public=True, **wrong)

    for _ in range(20):
        assert (await bridge.request("POST", "/v1/apis/weather", token="")).status_code in (500, 503)
    await watch_releases(bridge.gateway, Actor("tests", "cli"))

    releases = await (await bridge.gateway.store.services()).list_releases(service.id)
    assert [release.state for release in releases] == [ReleaseState.FAILED, ReleaseState.LIVE]


async def test_call_takes_the_toll_of_its_operation_else_of_its_service(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish(design={"price_per_call_usd": "0.02"})
    await publish("sun", price=7_000_000, design={"price_per_call_usd": "0.02"})
    for slug in ("weather", "sun"):
        await bridge.request("POST", f"/v1/apis/{slug}")

    rows = await bridge.gateway.store.recent()

    assert {(row.service, row.operation, row.cost) for row in rows} == {
        ("weather", "service:weather:say", 20_000_000),
        ("sun", "service:sun:say", 7_000_000),
    }


async def test_version_is_asked_for_by_path_or_header(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish(version="1")
    await publish(version="2", beside=True)

    async def asked(path: str, version: str = "") -> str:
        headers = {"tollbridge-version": version} if version else {}
        answer = await bridge.request("POST", path, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["tollbridge-version"] == answer.json()["version"]
        return str(answer.json()["version"])

    assert await asked("/v1/apis/weather") == "1"
    assert await asked("/v1/apis/weather@2") == "2"
    assert await asked("/v1/apis/weather@2/deep/er") == "2"
    assert await asked("/v1/apis/weather", "2") == "2"
    assert await asked("/v1/apis/weather@1", "2") == "1"
    for path, headers in (("/v1/apis/weather@3", {}), ("/v1/apis/weather", {"tollbridge-version": "3"})):
        refused = await bridge.request("POST", path, headers=headers)
        assert refused.status_code == 404
        message = refused.json()["detail"]
        assert message == "the service 'weather' serves no version '3'; it serves 1, 2"


async def test_deprecated_service_says_when_it_ends_and_what_takes_its_place(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    clock = bridge.clock
    service, _ = await publish()
    await bridge.gateway.services.deprecate(service.id)
    bare = await bridge.request("POST", "/v1/apis/weather")
    await bridge.gateway.services.deprecate(service.id, sunset_at=clock.now() + timedelta(days=1), successor="sun")
    answer = await bridge.request("POST", "/v1/apis/weather")

    assert bare.headers["deprecation"] == f"@{int(clock.now().timestamp())}"
    assert not {"sunset", "link"} & set(bare.headers)
    assert answer.status_code == 200
    assert answer.headers["deprecation"] == f"@{int(clock.now().timestamp())}"
    assert answer.headers["sunset"] == "Tue, 06 Jan 2026 12:00:00 GMT"
    assert answer.headers["link"] == '</v1/apis/sun>; rel="successor-version"'


async def test_retired_service_points_to_what_took_its_place(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish()
    await publish("moon")
    await bridge.gateway.services.retire(service.id, successor="sun")
    moon = await (await bridge.gateway.store.services()).get_service("moon")
    assert moon is not None
    await bridge.gateway.services.retire(moon.id)

    gone = await bridge.request("POST", "/v1/apis/weather/deep/er")
    bare = await bridge.request("POST", "/v1/apis/moon")

    assert (gone.status_code, gone.json()["code"]) == (410, "service_retired")
    assert gone.json()["detail"] == "the service 'weather' is retired; use /v1/apis/sun instead"
    assert gone.headers["link"] == '</v1/apis/sun>; rel="successor-version"'
    assert bare.json()["detail"] == "the service 'moon' is retired"
    assert "link" not in bare.headers


async def test_who_could_call_anything_of_a_retired_service_hears_of_its_end(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service, _ = await publish()
    await bridge.gateway.services.retire(service.id, successor="sun")

    for scope, status in (("service:weather:say", 410), ("service:sun:say", 403)):
        answer = await bridge.request("POST", "/v1/apis/weather", token=await bridge.token(scope))
        assert (answer.status_code, "link" in answer.headers) == (status, status == 410)
    assert (await bridge.request("POST", "/v1/apis/weather", token="")).status_code == 401


async def failed(bridge: GatewayUnderTest, service: Service, release: Release) -> None:
    """Take back a release of a service."""
    store, act = await bridge.gateway.store.services(), await bridge.gateway.tokens.act(SELF)
    await store.move_release(service.id, release.number, Step(move=Move.FAIL), act)


async def test_service_whose_releases_all_failed_cannot_be_served_now_and_says_so_to_who_may_hear_it(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await failed(bridge, *await publish())
    stranger = await bridge.token("service:sun:say")

    for path in ("/v1/apis/weather", "/v1/apis/weather/deep/er", "/v1/apis/weather@1"):
        answer = await bridge.request("POST", path)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.json()["detail"] == "the service 'weather' cannot be served now"
    for token, status in ((stranger, 403), ("", 401)):
        assert (await bridge.request("POST", "/v1/apis/weather", token=token)).status_code == status
    await publish(version="2")
    assert (await bridge.request("POST", "/v1/apis/weather")).status_code == 200


async def test_everybody_hears_that_nothing_is_served_where_something_needed_no_token_last(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await failed(bridge, *await publish(public=True))

    assert (await bridge.request("POST", "/v1/apis/weather", token="")).status_code == 503
    bridge.clock.advance(1)
    await failed(bridge, *await publish(version="2"))
    assert (await bridge.request("POST", "/v1/apis/weather", token="")).status_code == 401


async def test_hidden_service_whose_releases_failed_is_one_that_there_is_not_to_others(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    design = {"visibility": Visibility.TEAM, "access": Access.SUBSCRIPTION}
    await failed(bridge, *await publish(team="red", design=design))

    for team, status in (("red", 503), ("blue", 404)):
        answer = await bridge.request("POST", "/v1/apis/weather", token=await bridge.token("service:*", team=team))
        assert answer.status_code == status


async def test_wrapped_app_hears_nothing_of_calls_of_a_service_whose_releases_failed(
    gateway: Any, kind: Answering
) -> None:
    bridge = gateway({}, app=Starlette(), plugins=(kind,))
    await bridge.client()
    services = bridge.gateway.services
    service = await services.add("sun", "answering", draft=Design(name="Sun", definition={"text": "it shines"}))
    await services.release(service.id, version="1")
    live = await services.publish(service.id, 1)
    assert live is not None

    await failed(bridge, service, live)

    assert (await bridge.request("POST", "/v1/apis/sun")).status_code == 503


async def test_refusals_of_a_release_say_its_version_and_its_end(bridge: GatewayUnderTest, publish: Publish) -> None:
    limits = TokenLimits(requests_per_minute=2)
    service, _ = await publish(design={"limits": limits})
    await publish("broken", broken=True)
    await bridge.gateway.services.deprecate(service.id, successor="sun")
    asked = [("GET", "weather", 405), ("POST", "weather/nowhere", 404), *[("POST", "weather", 200)] * 2]

    answers = [
        (await bridge.request(method, f"/v1/apis/{path}"), status)
        for method, path, status in (*asked, ("POST", "weather", 429), ("POST", "broken", 503))
    ]

    for answer, status in answers:
        assert (answer.status_code, answer.headers["tollbridge-version"]) == (status, "1")
    for answer, _ in answers[:-1]:
        assert answer.headers["deprecation"] == f"@{int(bridge.clock.now().timestamp())}"
        assert answer.headers.get_list("link") == ['</v1/apis/sun>; rel="successor-version"']
    stranger = await bridge.request("POST", "/v1/apis/weather", token=await bridge.token("service:sun:say"))
    assert "tollbridge-version" not in stranger.headers


async def test_answer_varies_by_the_version_that_is_asked_for_in_a_header(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish()

    bare = await bridge.request("POST", "/v1/apis/weather")
    pinned = await bridge.request("POST", "/v1/apis/weather@1")

    assert bare.headers["vary"] == "tollbridge-version"
    assert "vary" not in pinned.headers


async def test_paused_service_serves_nobody_and_says_why(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish()
    services = bridge.gateway.services
    await services.pause(service.id, why="the sky is being repaired")
    await publish(version="2")  # whatever is published meanwhile

    why = await bridge.request("POST", "/v1/apis/weather")
    old = await bridge.request("POST", "/v1/apis/weather@1")
    await services.pause(service.id)
    bare = await bridge.request("POST", "/v1/apis/weather/nowhere")
    stranger = await bridge.request("POST", "/v1/apis/weather", token=await bridge.token("service:sun:say"))
    await services.resume(service.id)
    again = await bridge.request("POST", "/v1/apis/weather")

    assert (why.status_code, why.json()["code"], why.headers["x-should-retry"]) == (503, "service_paused", "false")
    assert why.json()["detail"] == "the service 'weather' is paused: the sky is being repaired"
    assert old.json()["detail"] == why.json()["detail"]
    assert bare.json()["detail"] == "the service 'weather' is paused; its owner says when it goes on"
    assert stranger.status_code == 403
    assert (again.status_code, again.headers["tollbridge-version"]) == (200, "2")
    assert [row.status for row in await bridge.gateway.store.recent()] == [200]  # who is refused here is no failure


async def test_everybody_hears_of_a_pause_where_something_needs_no_token(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service, _ = await publish(public=True)
    closed, _ = await publish("closed")
    for one in (service, closed):
        await bridge.gateway.services.pause(one.id, why="soon")

    told = await bridge.request("POST", "/v1/apis/weather", token="")

    assert (told.status_code, told.json()["code"]) == (503, "service_paused")
    assert (await bridge.request("POST", "/v1/apis/closed", token="")).status_code == 401


async def test_reason_of_a_pause_is_a_text_that_can_be_shown(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish()

    for why in ("x" * 1001, "a\x1bb"):
        with pytest.raises(BadRequest) as caught:
            await bridge.gateway.services.pause(service.id, why=why)
        assert caught.value.param == "why"
    assert await bridge.gateway.services.pause("svc_none") is None
    assert await bridge.gateway.services.resume("svc_none") is None


async def test_everybody_hears_of_the_end_of_what_needed_no_token_last(
    bridge: GatewayUnderTest, publish: Publish, kind: Answering
) -> None:
    open_now, _ = await publish("opened")
    await publish("opened", version="2", public=True)
    closed, _ = await publish("closed", public=True)
    await publish("closed", version="2")
    bridge.clock.advance(1)
    for service in (open_now, closed):
        await bridge.gateway.services.retire(service.id, successor="sun")
    stranger = await bridge.token("service:sun:say")

    for _ in range(2):
        for token in ("", stranger):
            answer = await bridge.request("POST", "/v1/apis/opened", token=token)
            assert (answer.status_code, answer.headers["link"]) == (410, '</v1/apis/sun>; rel="successor-version"')
        assert (await bridge.request("POST", "/v1/apis/closed", token="")).status_code == 401


async def test_many_who_ask_at_once_look_up_once_what_a_retired_service_was(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service, _ = await publish(public=True)
    await bridge.gateway.services.retire(service.id)

    gone = await (await bridge.gateway.store.services()).get_service(service.id)
    assert gone is not None
    opened = Opened(bridge.gateway.store.services, bridge.gateway.registry.service_kinds)

    assert await asyncio.gather(*(opened.was(gone) for _ in range(5))) == [True] * 5


async def test_everybody_hears_why_there_is_nothing_where_something_needs_no_token(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish(public=True)
    await publish("broken", public=True, broken=True)

    nowhere = await bridge.request("POST", "/v1/apis/weather/nowhere", token="")
    broken = await bridge.request("POST", "/v1/apis/broken", token="")
    version = await bridge.request("POST", "/v1/apis/weather@9", token="")

    assert (nowhere.status_code, broken.status_code, version.status_code) == (404, 503, 401)


async def test_service_whose_kind_cannot_say_what_it_offers_opens_nothing(
    bridge: GatewayUnderTest, publish: Publish, kind: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, _ = await publish(public=True)
    sun, _ = await publish("sun", public=True)
    for each in (service, sun):
        await bridge.gateway.services.retire(each.id)

    monkeypatch.setattr(kind, "operations", None)
    with capture_logs() as logged:
        assert (await bridge.request("POST", "/v1/apis/weather", token="")).status_code == 401
    assert [line["service"] for line in logged if line["event"] == "operations_unknown"] == ["weather"]
    bridge.gateway.registry.service_kinds.clear()
    assert (await bridge.request("POST", "/v1/apis/sun", token="")).status_code == 401


async def test_release_that_cannot_be_made_refuses_and_no_other_service_suffers(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    _, release = await publish(broken=True)
    await publish("sun")

    with capture_logs() as logged:
        broken = await bridge.request("POST", "/v1/apis/weather")

    assert (broken.status_code, broken.json()["code"]) == (503, "unavailable")
    (row,) = await bridge.gateway.store.recent()
    assert (row.service, row.release, row.status, row.error) == ("weather", release.id, 503, "unavailable")
    assert "RuntimeError" in str([line for line in logged if line["event"] == "service_failed"])
    assert (await bridge.request("POST", "/v1/apis/sun")).status_code == 200


async def test_service_of_a_kind_that_no_plugin_offers_refuses(
    bridge: GatewayUnderTest, publish: Publish, kind: Answering
) -> None:
    await publish()
    bridge.gateway.registry.service_kinds.clear()

    with capture_logs() as logged:
        answer = await bridge.request("POST", "/v1/apis/weather")

    assert answer.status_code == 503
    assert "no installed plugin offers services of kind answering" in str(logged)


async def test_wrapped_app_keeps_its_own_paths_where_no_service_has_the_name(gateway: Any, kind: Answering) -> None:
    host = Starlette(routes=[Route("/v1/apis/{name}", lambda request: PlainTextResponse("mine"))])
    bridge = gateway({}, app=host, plugins=(kind,))

    answer = await bridge.request("GET", "/v1/apis/nothing")

    assert (answer.status_code, answer.text) == (200, "mine")


async def test_services_can_be_switched_off(gateway: Any, kind: Answering) -> None:
    bridge = gateway({"services": {"enabled": False}}, plugins=(kind,))

    answer = await bridge.request("POST", "/v1/apis/weather")

    assert answer.json()["error"]["message"] == "there is nothing at /v1/apis/weather"


@pytest.mark.parametrize(
    "path", ["/v1/apis/", "/v1/apis/@", "/v1/apis/weather@", "/v1/apis//weather", "/v1/apis/%2e%2e"]
)
async def test_odd_names_are_no_service(bridge: GatewayUnderTest, publish: Publish, path: str) -> None:
    await publish()

    assert (await bridge.request("POST", path)).status_code in (400, 404)


async def test_call_that_runs_goes_on_while_its_release_is_taken_away(
    bridge: GatewayUnderTest, publish: Publish, kind: Answering
) -> None:
    service, first = await publish()
    await bridge.request("POST", "/v1/apis/weather")
    await publish(version="2")
    assert (await bridge.request("POST", "/v1/apis/weather")).json()["version"] == "2"

    assert kind.closed == [first.id]
    await bridge.gateway.services.move(service.id, 2, Move.FAIL)
    assert (await bridge.request("POST", "/v1/apis/weather")).json()["version"] == "1"


async def test_call_is_recorded_with_the_release_that_answered_and_the_application_that_called(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    _, first = await publish()
    _, second = await publish(version="2", beside=True)
    application = await bridge.gateway.applications.add("shop", scopes=["service:*"])
    issued = await bridge.gateway.applications.issue(application.id, name="till")
    assert issued is not None

    for path in ("weather", "weather@2"):
        await bridge.request("POST", f"/v1/apis/{path}", token=issued.secret)
        bridge.clock.advance(1)

    rows = [*await bridge.gateway.store.recent()][::-1]
    assert [(row.service, row.release, row.application) for row in rows] == [
        ("weather", first.id, application.id),
        ("weather", second.id, application.id),
    ]
