"""Calls from inside: of the same caller, through the whole chain."""

import asyncio
import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from structlog.testing import capture_logs
from tests.support.consulting import Consulting

from tollbridge import NotFound, hookimpl
from tollbridge.formats import Operation
from tollbridge.inside import entrance, keeping_open
from tollbridge.services.model import Approval, Design
from tollbridge.services.subscribing import CallQuota, Plan
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.model import TokenLimits


class Inner:
    """A plugin whose app asks a model for its caller, `times` where that is said, and gives what came last.

    It fails in the end where `fails` is said. `calls` are those that came.
    """

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.enter: Any = None

    @hookimpl
    def register_apps(self, register: Any) -> None:
        def make(gateway: Any) -> Any:
            self.enter = entrance(gateway)

            async def app(scope: Any, receive: Any, send: Any) -> None:
                asked = await Request(scope, receive).json()
                self.calls.append(scope["tollbridge"])
                answers = [await ask(self.enter, scope, asked) for _ in range(asked.get("times", 1))]
                if asked.get("fails"):
                    raise NotFound("nothing came of it")
                last = answers[-1] if answers else {}
                shown = {**last, "statuses": [each["status"] for each in answers]}
                await JSONResponse(shown)(scope, receive, send)

            find = Operation(scope="", label="inner", ai=False)
            refusal = lambda call, error: (b"application/json", b"{}")  # noqa: E731
            return gateway.guard(app, service="inner", find=lambda call: find, write_refusal=refusal)

        register("/inner", make)


async def ask(enter: Any, outer: Any, asked: dict[str, Any]) -> dict[str, Any]:
    body, found = json.dumps(asked["body"]).encode(), {"status": 0, "body": b""}
    sent = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return sent.pop(0) if sent else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        found["status"] = message.get("status", found["status"])
        found["body"] += message.get("body", b"")

    scope = {
        "type": "http",
        "method": "POST",
        "path": asked["path"],
        "raw_path": asked["path"].encode(),
        "query_string": b"",
        "headers": [(b"host", b"x"), (b"content-length", b"%d" % len(body)), *map(pair, asked.get("headers", []))],
        "client": ("127.0.0.1", 1),
    }
    await enter(outer["tollbridge"], scope, receive, send)
    return {"status": found["status"], "body": json.loads(found["body"])}


def pair(header: list[str]) -> tuple[bytes, bytes]:
    return header[0].encode(), header[1].encode()


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def bridge(gateway: Any, inner: Inner) -> GatewayUnderTest:
    return gateway({"providers": {"echo": {}}}, plugins=(inner,))


CHAT = {
    "path": "/v1/chat/completions",
    "body": {"model": "echo/echo-1", "messages": [{"role": "user", "content": "hello"}]},
}


async def asked(bridge: GatewayUnderTest, token: str, what: dict[str, Any] = CHAT) -> Any:
    answer = await bridge.request("POST", "/_tollbridge/inner/", token=token, json=what)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_call_from_inside_is_one_of_the_same_caller(bridge: GatewayUnderTest) -> None:
    few = await bridge.token("ai:chat", "model:other")

    found = await asked(bridge, few)

    assert (found["status"], found["body"]["error"]["code"]) == (403, "insufficient_scope")
    rows = await bridge.gateway.store.recent()
    assert [(row.status, row.token_id) for row in rows] == [(403, (await bridge.gateway.store.list_tokens())[0].id)]


async def test_what_a_call_from_inside_says_of_who_calls_is_not_looked_at(bridge: GatewayUnderTest) -> None:
    few, all_ = await bridge.token("ai:chat", "model:other"), await bridge.token()

    found = await asked(bridge, few, {**CHAT, "headers": [["authorization", f"Bearer {all_}"]]})

    assert found["status"] == 403


async def test_call_and_the_one_it_makes_are_one_for_the_limits_of_the_token(bridge: GatewayUnderTest) -> None:
    slow = await bridge.token(limits=TokenLimits(requests_per_minute=2, concurrency=1))

    answers = [await asked(bridge, slow) for _ in range(2)]
    refused = await bridge.request("POST", "/_tollbridge/inner/", token=slow, json=CHAT)

    assert [each["status"] for each in answers] == [200, 200]
    assert refused.status_code == 429


async def test_second_call_that_is_made_for_one_counts_by_itself(bridge: GatewayUnderTest) -> None:
    slow = await bridge.token(limits=TokenLimits(requests_per_minute=2))

    found = await asked(bridge, slow, {**CHAT, "times": 3})

    # the call itself and its first one take one of two, its second the other
    assert found["statuses"] == [200, 200, 429]


async def test_call_that_ended_lends_nothing(bridge: GatewayUnderTest, inner: Inner) -> None:
    slow = await bridge.token(limits=TokenLimits(requests_per_minute=2))
    await asked(bridge, slow, {**CHAT, "times": 0})

    late = [await ask(inner.enter, {"tollbridge": inner.calls[0]}, CHAT) for _ in range(2)]

    assert [each["status"] for each in late] == [200, 429]


async def test_call_that_fails_after_it_lent_is_counted_all_the_same(bridge: GatewayUnderTest) -> None:
    slow = await bridge.token(limits=TokenLimits(requests_per_minute=1))
    failing = {**CHAT, "fails": True}

    answers = [await bridge.request("POST", "/_tollbridge/inner/", token=slow, json=failing) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [404, 429]


async def test_token_without_limits_has_nothing_to_lend(bridge: GatewayUnderTest) -> None:
    found = await asked(bridge, await bridge.token(), {**CHAT, "times": 2})

    assert found["statuses"] == [200, 200]


async def test_limits_that_come_with_a_subscription_and_a_service_count_calls_from_inside(gateway: Any) -> None:
    bridge = gateway({"providers": {"echo": {}}}, plugins=(Inner(), Consulting()))
    await bridge.client()
    services, subscriptions = bridge.gateway.services, bridge.gateway.subscriptions
    definition = {"text": "hello", "models": ["echo/echo-1"]}
    for slug, limits, plan in (
        ("free", TokenLimits(), TokenLimits(requests_per_minute=1)),
        ("narrow", TokenLimits(requests_per_minute=1), TokenLimits()),
        ("full", TokenLimits(concurrency=1), TokenLimits(concurrency=1)),
    ):
        design = Design(name=slug, approval=Approval.AUTO, plans=(slug,), definition=definition, limits=limits)
        service = await services.add(slug, "consulting", draft=design)
        await services.release(service.id, version="1")
        await services.publish(service.id, 1)
        await subscriptions.add_plan(Plan(name=slug, created_at=bridge.clock.now(), limits=plan))
    application = await bridge.gateway.applications.add("shop")
    own = await bridge.gateway.applications.issue(
        application.id, name="own", limits=TokenLimits(requests_per_minute=6, concurrency=1)
    )
    assert own is not None

    found = {}
    for slug in ("free", "narrow", "full"):
        await subscriptions.ask(application.id, slug, plan=slug)
        asking = {"path": f"/v1/apis/{slug}", "body": {}}
        found[slug] = [(await asked(bridge, own.secret, asking))["status"] for _ in range(2)]

    assert found == {"free": [200, 429], "narrow": [200, 429], "full": [200, 200]}
    refused = await bridge.request("POST", "/_tollbridge/inner/", token=own.secret, json=CHAT)
    assert refused.status_code == 429


async def test_call_from_inside_finds_its_own_subscription(gateway: Any) -> None:
    bridge = gateway({"providers": {"echo": {}}}, plugins=(Inner(), Consulting()))
    await bridge.client()
    services, subscriptions = bridge.gateway.services, bridge.gateway.subscriptions
    applications = bridge.gateway.applications
    for slug, plan, terms in (
        ("small", "few", {"quota": CallQuota(1), "models": ("echo/*",)}),
        ("large", "other", {"models": ("echo/none",), "price_per_call": 5}),
    ):
        definition = {"text": "hello", "models": ["echo/echo-1"]}
        design = Design(name=slug, approval=Approval.AUTO, plans=(plan,), definition=definition)
        service = await services.add(slug, "consulting", draft=design)
        await services.release(service.id, version="1")
        await services.publish(service.id, 1)
        await subscriptions.add_plan(Plan(name=plan, created_at=bridge.clock.now(), **terms))
    application = await applications.add("shop")
    own = await applications.issue(application.id, name="own")
    assert own is not None

    async def answers(slug: str) -> tuple[int, str]:
        found = await asked(bridge, own.secret, {"path": f"/v1/apis/{slug}", "body": {}})
        return found["status"], found["body"].get("code", "")

    await subscriptions.ask(application.id, "small", plan="few")
    assert await answers("small") == (200, "")
    assert await answers("large") == (403, "insufficient_scope")
    await subscriptions.ask(application.id, "large", plan="other")
    assert await answers("large") == (403, "model_not_in_plan")
    assert await answers("small") == (429, "call_quota_exceeded")


async def test_nobody_inside_calls_for_nobody(bridge: GatewayUnderTest) -> None:
    answer = await bridge.request("POST", "/_tollbridge/inner/", token="", json=CHAT)

    assert answer.status_code == 401


async def test_gateway_that_stops_stays_open_for_what_is_held(bridge: GatewayUnderTest) -> None:
    await bridge.client()
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    keeping_open(bridge.gateway)(ended)

    stopping = asyncio.ensure_future(bridge.gateway.stop())
    await asyncio.wait((stopping,), timeout=0.05)
    open_ = not stopping.done() and await bridge.gateway.store.recent() == []
    ended.set_result(None)
    await stopping

    assert open_


async def test_call_from_inside_is_logged_below_the_one_it_was_made_for(bridge: GatewayUnderTest) -> None:
    token = await bridge.token()

    with capture_logs() as logged:
        await asked(bridge, token)

    lines = {line["service"]: line for line in logged if line["event"] == "request_served"}
    assert lines["inner"]["parent"] is None
    (made,) = [line for service, line in lines.items() if service != "inner"]
    assert made["parent"] == lines["inner"]["call_id"]
    assert [row.parent for row in await bridge.gateway.store.recent()] == [""]
