"""A draft or a release tried with one request: on the account of who asks, and never published."""

import asyncio
from typing import Any

import pytest
from msgspec import structs
from structlog.testing import capture_logs
from tests.support.answering import Answering, AnsweringService, Answers

from tollbridge.call import Call, open_call
from tollbridge.errors import BadRequest, ConfigError, Denied
from tollbridge.gateway import Gateway
from tollbridge.services.kinds import Running
from tollbridge.services.model import Design, Service
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import ScopeSet
from tollbridge.trying import MOST_ANSWER, Attempt, Tried, try_out

ANN = Principal(id="tok_ann", name="ann", scopes=ScopeSet(("model:small/*",)), team="blue")


class Echo(AnsweringService):
    """Answers with what it was asked."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        said: Answers = self._running.definition
        if said.text == "fails":
            raise RuntimeError("secret words")
        message = await receive()
        pairs = b"".join(b"%b=%b;" % pair for pair in scope["headers"])
        asked = b"%b %b?%b " % (scope["method"].encode(), scope["raw_path"], scope["query_string"])
        body = b"x" * (MOST_ANSWER + 2) if said.text == "long" else asked + pairs + message["body"]
        await send({"type": "http.response.start", "status": 207, "headers": [(b"x-said", b"yes")]})
        await send({"type": "http.response.body", "body": body[:7], "more_body": True})
        await send({"type": "http.response.body", "body": body[7:], "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Echoing(Answering):
    """The kind `answering`, whose services say what they were asked."""

    def serve(self, gateway: Gateway, running: Running) -> AnsweringService:
        self.made.append(running)
        if running.definition.text == "lacks":
            raise ConfigError("stored:weather: there is no such secret")
        return Echo(self, running)


@pytest.fixture
def kind() -> Echoing:
    return Echoing()


@pytest.fixture
def bridge(gateway: Any, kind: Echoing) -> GatewayUnderTest:
    return gateway({}, plugins=(kind,))


async def begun(bridge: GatewayUnderTest, text: str = "rain", **said: Any) -> str:
    """Begin the service `weather`; gives its id."""
    await bridge.client()
    draft = Design(name="Weather", price_per_call_usd="1", definition={"text": text, **said})
    return (await bridge.gateway.services.add("weather", "answering", draft=draft)).id


def call_of(bridge: GatewayUnderTest) -> Call:
    call = open_call({"type": "http", "path": "/", "headers": [], "client": ("192.0.2.7", 1)}, bridge.clock)
    call.principal = ANN
    return call


async def tried(bridge: GatewayUnderTest, service_id: str, number: int | None = None, **asked: Any) -> Tried:
    found = await try_out(bridge.gateway, service_id, number, Attempt(**asked), call_of(bridge), giver=ANN)
    assert found is not None
    return found


async def test_draft_answers_a_request_as_it_would_be_called(bridge: GatewayUnderTest, kind: Echoing) -> None:
    service_id = await begun(bridge)

    found = await tried(
        bridge, service_id, path="/deep/er", query="a=%20b", headers={"X-Colour": "blue"}, body=b'{"b": 1}'
    )

    assert (found.status, found.headers["x-said"], found.cut) == (207, "yes", False)
    assert found.body == b'POST /v1/apis/weather/deep/er?a=%20b content-length=8;x-colour=blue;{"b": 1}'
    assert [(one.version, one.release_id, one.number) for one in kind.made] == [("draft", "", 0)]
    assert kind.closed == [""]
    assert await (await bridge.gateway.store.services()).list_releases(service_id) == []
    assert (await bridge.request("POST", "/v1/apis/weather")).status_code == 404


async def test_release_answers_in_place_of_the_draft(bridge: GatewayUnderTest, kind: Echoing) -> None:
    service_id = await begun(bridge)
    await bridge.gateway.services.release(service_id, version="1.2")

    found = await tried(bridge, service_id, 1)

    assert found.body == b"POST /v1/apis/weather? "
    assert [one.version for one in kind.made] == ["1.2"]
    assert await try_out(bridge.gateway, service_id, 9, Attempt(), call_of(bridge), giver=ANN) is None
    assert await try_out(bridge.gateway, "svc_9", None, Attempt(), call_of(bridge), giver=ANN) is None


async def test_draft_answers_as_edited_for_this_trial_alone(bridge: GatewayUnderTest, kind: Echoing) -> None:
    service_id = await begun(bridge)
    store, outer = await bridge.gateway.store.services(), call_of(bridge)
    before = await store.get_draft(service_id)

    def edit(service: Service, draft: Design) -> Design:
        return structs.replace(draft, definition={"text": f"{draft.definition['text']} of {service.slug}"})

    assert await try_out(bridge.gateway, service_id, None, Attempt(), outer, giver=ANN, edit=edit) is not None

    assert [one.definition.text for one in kind.made] == ["rain of weather"]
    assert await store.get_draft(service_id) == before


async def test_it_is_usage_of_who_asks_and_no_call_of_the_service(bridge: GatewayUnderTest) -> None:
    service_id = await begun(bridge)
    outer = call_of(bridge)
    since = bridge.clock.now()

    await try_out(bridge.gateway, service_id, None, Attempt(), outer, giver=ANN)

    (row,) = await bridge.gateway.store.recent()
    assert (row.token_id, row.team, row.service, row.operation) == ("tok_ann", "blue", "weather", "service:weather:say")
    assert (row.parent, row.status, row.cost) == (outer.id, 207, 0)  # the toll is for callers
    bridge.clock.advance(1)
    assert await bridge.gateway.store.service_calls("weather", since, bridge.clock.now()) == (0, 0)


async def test_what_the_service_refuses_is_an_answer(bridge: GatewayUnderTest) -> None:
    service_id = await begun(bridge)

    gone = await tried(bridge, service_id, path="/ä")
    wrong = await tried(bridge, service_id, method="GET")

    assert (gone.status, b"has nothing at /" in gone.body) == (404, True)
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    rows = await bridge.gateway.store.recent()
    assert {(row.operation, row.status) for row in rows} == {("service:weather:*", 404), ("service:weather:*", 405)}


async def test_fault_is_logged_and_nobody_sees_its_words(bridge: GatewayUnderTest, kind: Echoing) -> None:
    service_id = await begun(bridge, "fails")

    with capture_logs() as logged:
        found = await tried(bridge, service_id)

    assert found.status == 500
    assert b"secret words" not in found.body
    assert [(line["event"], line["service"]) for line in logged if line["log_level"] == "error"] == [
        ("trial_failed", "weather")
    ]
    assert kind.closed == [""]


async def test_long_answer_is_cut(bridge: GatewayUnderTest) -> None:
    service_id = await begun(bridge, "long")

    found = await tried(bridge, service_id)

    assert (len(found.body), found.cut) == (MOST_ANSWER, True)


async def test_what_cannot_be_served_says_what_is_lacking(bridge: GatewayUnderTest) -> None:
    service_id = await begun(bridge, "lacks")

    with pytest.raises(BadRequest, match="there is no such secret") as caught:
        await tried(bridge, service_id)

    assert (caught.value.status, caught.value.code) == (422, "not_ready")


async def test_nobody_tries_what_calls_models_that_they_may_not_call(bridge: GatewayUnderTest, kind: Echoing) -> None:
    service_id = await begun(bridge, models=["big/one"])

    with pytest.raises(Denied, match="'model:big/one'"):
        await tried(bridge, service_id)

    assert kind.made == []


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"path": "deep"}, "path"),
        ({"query": "ä"}, "query"),
        ({"headers": {"Authorization": "Bearer x"}}, "headers"),
        ({"headers": {"Content-Length": "1"}}, "headers"),
        ({"headers": {"": "x"}}, "headers"),
        ({"headers": {"a b": "x"}}, "headers"),
        ({"headers": {"ä": "x"}}, "headers"),
        ({"headers": {"a": "x\ny"}}, "headers"),
        ({"headers": {"a": "ä"}}, "headers"),
    ],
)
async def test_what_is_no_request_is_refused(bridge: GatewayUnderTest, asked: Any, param: str) -> None:
    service_id = await begun(bridge)

    with pytest.raises(BadRequest) as caught:
        await tried(bridge, service_id, **asked)

    assert caught.value.param == param


async def test_service_that_waits_for_more_of_a_body_that_has_ended_is_left_to_its_own_patience(
    gateway: Any,
) -> None:
    waited: list[bool] = []

    class Waiting(Answering):
        def serve(self, gateway: Gateway, running: Running) -> AnsweringService:
            return Waits(self, running)

    class Waits(AnsweringService):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await receive()
            more = asyncio.ensure_future(receive())
            await asyncio.sleep(0)
            waited.append(not more.done())
            more.cancel()
            await super().__call__(scope, receive, send)

    bridge = gateway({}, plugins=(Waiting(),))

    found = await tried(bridge, await begun(bridge))

    assert (found.status, waited) == (200, [True])
