"""Whether the caller may have a published service, and what that says of its end."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.support.answering import Answering, Talking

from tollbridge.call import Call, ResponseHead, open_call
from tollbridge.errors import Unauthenticated, Unavailable
from tollbridge.layers.subscribe import Subscribe
from tollbridge.services.entrance import Entered
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Access, Approval, Design, Service, ServiceChange, Visibility
from tollbridge.services.subscribing import CallQuota, Plan, PlanChange, Subscribed, SubscriptionState
from tollbridge.testing import FixedClock, GatewayUnderTest
from tollbridge.tokens.model import Above, Principal, TokenBudget, TokenKind, TokenLimits
from tollbridge.tokens.scopes import ScopeSet

Publish = Callable[..., Awaitable[Service]]
ASKED = {"model": "api/weather", "messages": [{"role": "user", "content": "rain?"}]}
LIMITS, BUDGET = TokenLimits(9), TokenBudget(5_000_000_000)


@pytest.fixture
def bridge(gateway: Any) -> GatewayUnderTest:
    return gateway({}, plugins=(Answering(), Talking()))


@pytest.fixture
def publish(bridge: GatewayUnderTest) -> Publish:
    """Publish the service `weather` of the team blue, which needs a subscription under the plan `gold`."""

    async def publish(kind: str = "answering", **design: Any) -> Service:
        await bridge.client()
        services = bridge.gateway.services
        made = {"access": Access.SUBSCRIPTION, "approval": Approval.AUTO, "plans": ("gold",), **design}
        draft = Design(name="Weather", definition=made.pop("definition", {"text": "rain"}), **made)
        service = await services.add("weather", kind, team="blue", draft=draft)
        await services.release(service.id, version="1.2")
        await services.publish(service.id, 1)
        await bridge.gateway.subscriptions.add_plan(Plan(name="gold", created_at=bridge.clock.now()))
        return service

    return publish


async def subscribed(bridge: GatewayUnderTest, *scopes: str) -> tuple[str, str]:
    """Let an application of the team red subscribe; gives the subscription's id, and the secret of a token of it."""
    gateway = bridge.gateway
    if await gateway.people.teams.get("red") is None:
        await gateway.people.teams.add("red")
    application = await gateway.applications.add(" ".join(("shop", *scopes)), team="red", scopes=scopes)
    issued = await gateway.applications.issue(application.id, name="own")
    assert issued is not None
    return (await gateway.subscriptions.ask(application.id, "weather", plan="gold")).id, issued.secret


async def called(bridge: GatewayUnderTest, token: str | None = None) -> Any:
    return await bridge.request("POST", "/v1/apis/weather", token=token)


async def spoken(bridge: GatewayUnderTest, token: str) -> Any:
    return await bridge.request("POST", "/v1/chat/completions", token=token, json=ASKED)


async def test_call_of_something_else_is_none_of_its_business(bridge: GatewayUnderTest) -> None:
    assert (await bridge.request("GET", "/v1/models")).status_code == 200


async def test_caller_with_a_subscription_is_let_in_by_path_and_as_a_model(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish("talking")
    id, token = await subscribed(bridge)

    assert [(await called(bridge, token)).status_code, (await spoken(bridge, token)).status_code] == [200, 200]
    await bridge.gateway.subscriptions.close(id, SubscriptionState.ENDED)
    refused = await spoken(bridge, token)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "insufficient_scope")


async def test_subscription_alone_opens_its_service_as_a_model_and_no_other_model(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish("talking")
    _, token = await subscribed(bridge)
    _, given = await subscribed(bridge, "model:*")

    assert (await spoken(bridge, token)).status_code == 200
    for secret, model in ((token, "small"), (given, "small"), (given, "api/climate"), (token, "api/weather@9")):
        refused = await bridge.request("POST", "/v1/chat/completions", token=secret, json={**ASKED, "model": model})
        lacks = "ai:chat" if model != "api/weather@9" else ""
        assert refused.status_code == (403 if lacks else 404)
        assert lacks in refused.json()["error"]["message"]
    counted = await bridge.request("POST", "/v1/embeddings", token=token, json={"model": "api/weather", "input": "x"})
    assert (counted.status_code, "ai:embeddings" in counted.json()["error"]["message"]) == (403, True)


async def test_who_has_none_hears_why_and_how_to_get_one(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish("talking")
    await subscribed(bridge)
    gateway = bridge.gateway
    other = await gateway.applications.add("other", team="red", scopes=("service:*",))
    issued = await gateway.applications.issue(other.id, name="own")
    assert issued is not None

    of_application, of_nobody = await called(bridge, issued.secret), await called(bridge)

    for answer, who in ((of_application, "its application has no"), (of_nobody, "it belongs to no application with a")):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_subscribed")
        way_out = f"{who} subscription that is approved; ask for one with `tollbridge subscription ask`"
        assert way_out in answer.json()["detail"]
    assert (await spoken(bridge, await bridge.token())).json()["error"]["code"] == "not_subscribed"


async def test_team_that_owns_the_service_needs_none_and_no_team_owns_what_is_nobodys(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service = await publish()
    blue, nobody = await bridge.token("service:*", team="blue"), await bridge.token("service:*")
    assert [(await called(bridge, token)).status_code for token in (blue, nobody)] == [200, 403]

    await bridge.gateway.services.change(service.id, ServiceChange(team=""))

    assert [(await called(bridge, token)).status_code for token in (blue, nobody)] == [403, 403]


async def test_hidden_service_is_for_others_as_one_that_is_not_there(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish("talking", visibility=Visibility.TEAM)
    services, draft = bridge.gateway.services, Design(name="S", visibility=Visibility.TEAM, definition={"text": "x"})
    silent = await services.add("silent", "answering", team="blue", draft=draft)
    await services.release(silent.id, version="1")
    await services.publish(silent.id, 1)
    red = await bridge.token("ai:*", "model:*", "service:*", team="red")
    narrow = await bridge.token(*(f"service:{slug}:no" for slug in ("weather", "silent", "nothing")), team="red")

    async def told(token: str, slug: str, path: str = "") -> tuple[list[Any], ...]:
        body = {**ASKED, "model": f"api/{slug}{path}"}
        asked = [
            await bridge.request("POST", "/v1/chat/completions", token=token, json=body),
            await bridge.request("POST", f"/v1/apis/{slug}{path}", token=token),
            await bridge.request("GET", f"/v1/models/api/{slug}{path}", token=token),
        ]
        told = [one.text.replace(slug, "SLUG").partition('"request_id"')[0] for one in asked]
        kept = [sorted(set(one.headers) - {"www-authenticate", "content-length"}) for one in asked]
        return [one.status_code for one in asked], told, kept

    for token, expected in ((red, [404, 404, 404]), (narrow, [403, 404, 404])):
        for path in ("", "@9", "/no"):
            nothing = await told(token, "nothing", path)
            assert nothing[0] == expected
            for slug in ("weather", "silent"):
                assert await told(token, slug, path) == nothing


async def test_hidden_service_is_listed_to_its_team_its_subscribers_and_who_administers_all(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service = await publish("talking", visibility=Visibility.TEAM)
    await bridge.gateway.people.teams.add("red")
    stranger = await bridge.token("model:*", team="red")
    red = await bridge.gateway.applications.add("asked", team="red")
    issued = await bridge.gateway.applications.issue(red.id, name="own")
    assert issued is not None
    id = (await bridge.gateway.subscriptions.ask(red.id, service.id, plan="gold", given=True)).id
    subscriber, admin = issued.secret, await bridge.token("model:*", "service:*", "admin:*")
    blue, nobody = await bridge.token("model:*", team="blue"), await bridge.token("model:*", "service:*")

    async def listed(token: str) -> list[bool]:
        every = (await bridge.request("GET", "/v1/models", token=token)).text
        one = await bridge.request("GET", "/v1/models/api/weather", token=token)
        return ["api/weather" in every, one.status_code == 200]

    for token in (blue, subscriber, admin):
        assert await listed(token) == [True, True]
    for token in (nobody, stranger):
        assert await listed(token) == [False, False]
    assert (await called(bridge, admin)).json()["code"] == "not_subscribed"
    assert (await spoken(bridge, subscriber)).status_code == 200
    lacking = await bridge.gateway.applications.issue(red.id, name="narrow", scopes=("service:weather:no",))
    assert lacking is not None
    assert (await called(bridge, lacking.secret)).json()["code"] == "insufficient_scope"
    draft = Design(name="B", visibility=Visibility.TEAM, definition={"text": "x", "broken": True})
    broken = await bridge.gateway.services.add("broken", "answering", team="blue", draft=draft)
    await bridge.gateway.services.release(broken.id, version="1")
    await bridge.gateway.services.publish(broken.id, 1)
    await bridge.gateway.subscriptions.ask(red.id, broken.id, given=True)
    assert (await bridge.request("POST", "/v1/apis/broken", token=subscriber)).status_code == 503
    await bridge.gateway.subscriptions.close(id, SubscriptionState.ENDED)
    assert await listed(subscriber) == [False, False]


async def test_service_that_asks_for_a_scope_alone_needs_no_subscription(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish(access=Access.SCOPE)

    assert (await called(bridge)).status_code == 200


async def test_plan_holds_and_ends_with_its_subscription_where_a_scope_alone_is_asked_for(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish(access=Access.SCOPE)
    id, token = await subscribed(bridge)
    subscriptions = bridge.gateway.subscriptions
    await subscriptions.change_plan("gold", PlanChange(quota=CallQuota(1, "day")))

    asked = [await called(bridge, token) for _ in range(2)]
    await subscriptions.approve(id, expires_at=bridge.clock.now() + timedelta(hours=1))
    await subscriptions.change_plan("gold", PlanChange(quota=None))
    again = await called(bridge, token)
    bridge.clock.advance(3600)
    over = await called(bridge, token)

    assert [one.status_code for one in asked] == [200, 429]
    assert asked[1].json()["code"] == "call_quota_exceeded"
    assert (again.status_code, over.status_code, over.json()["code"]) == (200, 403, "not_subscribed")
    assert (await called(bridge)).status_code == 200


async def test_public_operation_is_open_to_whoever_calls(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish(definition={"text": "rain", "public": True})

    answer = await called(bridge, "")

    assert (answer.status_code, answer.headers["tollbridge-version"]) == (200, "1.2")


async def test_what_leads_to_nothing_is_refused_here(bridge: GatewayUnderTest, publish: Publish) -> None:
    service = await publish()
    await bridge.gateway.services.retire(service.id, successor="climate")

    gone, unknown = await called(bridge), await bridge.request("POST", "/v1/apis/nothing")

    assert (gone.status_code, gone.json()["code"], unknown.status_code) == (410, "service_retired", 404)


async def test_plan_of_the_subscription_says_price_and_bounds(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish(price_per_call_usd="0.5", limits=TokenLimits(100), budget=TokenBudget(3_000_000_000, "day"))
    _, token = await subscribed(bridge)
    subscriptions, store = bridge.gateway.subscriptions, bridge.gateway.store

    async def refusal(**terms: Any) -> str:
        await subscriptions.change_plan("gold", PlanChange(**terms))
        answer = await called(bridge, token)
        return "" if answer.status_code == 200 else answer.json()["detail"]

    assert await refusal() == ""
    assert await refusal(price_per_call=1_000_000_000) == ""
    assert sorted(row.cost or 0 for row in await store.recent()) == [500_000_000, 1_000_000_000]
    assert "the service's budget for this day" in await refusal(price_per_call=4_000_000_000)
    assert "the subscription's budget for this month" in await refusal(budget=TokenBudget(1))
    assert await refusal(price_per_call=0, budget=None, quota=CallQuota(1, "day")) == ""
    assert "the subscription's quota for this day" in await refusal()
    assert await refusal(limits=TokenLimits(1), quota=None) == ""
    assert "requests" in await refusal()


async def test_answers_say_which_version_answered_and_when_the_service_ends(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service = await publish(access=Access.SCOPE)
    services = bridge.gateway.services
    end = datetime(2027, 4, 5, 12, tzinfo=UTC)

    plain = (await called(bridge)).headers
    await services.deprecate(service.id)
    bare = (await called(bridge)).headers
    await services.deprecate(service.id, sunset_at=end, successor="climate")
    full = (await called(bridge)).headers

    said = ("tollbridge-version", "deprecation", "sunset", "link")
    since = f"@{bridge.clock.now().timestamp():.0f}"
    assert [plain.get(name) for name in said] == ["1.2", None, None, None]
    assert [bare.get(name) for name in said] == ["1.2", since, None, None]
    assert [full.get(name) for name in said] == [
        "1.2",
        since,
        "Mon, 05 Apr 2027 12:00:00 GMT",
        '</v1/apis/climate>; rel="successor-version"',
    ]


async def test_end_of_a_deprecated_service_is_said_before_that_of_the_secret_that_called_it(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service = await publish(access=Access.SCOPE)
    services, now = bridge.gateway.services, bridge.clock.now()
    token = await bridge.token("service:*", rotate_days=1)
    secrets_own = (await called(bridge, token)).headers
    await services.deprecate(service.id)
    bare = (await called(bridge, token)).headers
    await services.deprecate(service.id, sunset_at=now + timedelta(days=300), successor="climate")
    full = (await called(bridge, token)).headers

    assert secrets_own["sunset"] == format_datetime(now + timedelta(days=1), usegmt=True)
    assert (bare["deprecation"], bare.get("sunset")) == (f"@{now.timestamp():.0f}", None)
    assert full["sunset"] == format_datetime(now + timedelta(days=300), usegmt=True)
    assert full.get_list("sunset") == [full["sunset"]]
    assert full["link"] == '</v1/apis/climate>; rel="successor-version"'


async def test_release_that_is_taken_away_lets_nobody_in(bridge: GatewayUnderTest, publish: Publish) -> None:
    service = await publish(access=Access.SCOPE)
    services = bridge.gateway.services
    await services.release(service.id, version="2")
    await services.publish(service.id, 2, beside=True)
    await services.move(service.id, 2, Move.SUPERSEDE)

    asked = await bridge.request("POST", "/v1/apis/weather@2")

    assert asked.status_code == 404
    assert "tollbridge-version" not in asked.headers


class Known:
    """Knows one subscription, of whoever asks."""

    def __init__(self, terms: Subscribed) -> None:
        self._terms = terms

    async def find_subscription(self, application: str, service_id: str) -> Subscribed | None:
        """Find it for the application `app_1`."""
        return self._terms if application == "app_1" else None


async def nothing(scope: Scope, receive: Receive, send: Send) -> None: ...


async def receive() -> Message:
    return {"type": "http.request", "body": b""}


async def entered(bridge: GatewayUnderTest) -> Call:
    """Give a call that found the service, of nobody yet."""
    await bridge.gateway.books.current()
    call = open_call({"type": "http", "path": "/v1/apis/weather", "method": "POST", "headers": []}, FixedClock())
    entry = bridge.gateway.books.known.entries["weather"]
    call.entered = Entered(service=entry.service, live=entry.live)
    return call


def principal(above: str = "app_1", **more: Any) -> Principal:
    return Principal(id="tok_1", name="t", scopes=ScopeSet(()), above=(Above(above),), **more)


async def test_alone_it_lets_in_nobody_whom_it_does_not_know(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish(access=Access.SCOPE)
    call = await entered(bridge)

    with pytest.raises(Unauthenticated):
        await (Subscribe(nothing).head(call) or no_wait())


async def test_terms_stand_above_the_caller_those_of_the_service_behind_those_of_the_plan(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service = await publish(limits=TokenLimits(100), budget=BUDGET)
    terms = Subscribed("sub_1", LIMITS, None, 7, ("a/*",), CallQuota(5))
    call = await entered(bridge)
    call.principal = principal()

    await (Subscribe(nothing, subscriptions=Known(terms)).head(call) or no_wait())

    assert call.entered is not None
    assert (call.entered.terms, call.call_price) == (terms, 7)
    own = Above(service.id, TokenLimits(100), BUDGET)
    assert call.principal.above == (Above("app_1"), Above("sub_1", LIMITS), own)


@pytest.mark.parametrize(
    ("terms", "design", "expected"),
    [
        (Subscribed("sub_1"), {}, []),
        (Subscribed("sub_1", budget=BUDGET), {}, ["sub_1"]),
        (Subscribed("sub_1"), {"budget": BUDGET}, ["svc"]),
        (Subscribed("sub_1", quota=CallQuota(1), models=("a",)), {"limits": LIMITS}, ["svc"]),
    ],
)
async def test_what_bounds_nothing_does_not_stand_above(
    bridge: GatewayUnderTest, publish: Publish, terms: Subscribed, design: Any, expected: list[str]
) -> None:
    service = await publish(**design)
    call = await entered(bridge)
    call.principal = before = Principal(id="app_1", name="a", scopes=ScopeSet(()), kind=TokenKind.APPLICATION)

    await (Subscribe(nothing, subscriptions=Known(terms)).head(call) or no_wait())

    assert call.call_price is None
    assert [one.id for one in call.principal.above] == [id.replace("svc", service.id) for id in expected]
    assert (call.principal is before) is not bool(expected)


async def test_without_anybody_who_knows_subscriptions_nobody_has_one(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish()
    call = await entered(bridge)

    for layer in (Subscribe(nothing), Subscribe(nothing, subscriptions=Known(Subscribed("sub_1")))):
        call.principal = principal("app_2")
        with pytest.raises(Exception, match="its application has no subscription"):
            await (layer.head(call) or no_wait())


async def test_call_that_found_no_service_is_left_to_what_answers_it(bridge: GatewayUnderTest) -> None:
    call = open_call({"type": "http", "path": "/v1/apis/weather", "headers": []}, FixedClock())
    head, layer = ResponseHead(404, []), Subscribe(nothing)

    assert layer.body(call) is None
    call.entered = Entered()
    assert (layer.head(call), layer.body(call)) == (None, None)
    layer.response_head(call, head)
    assert head.headers == []


async def test_answer_of_a_release_without_its_service_says_nothing(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()
    call, head = await entered(bridge), ResponseHead(200, [])
    assert call.entered is not None
    call.entered.service = None

    layer = Subscribe(nothing)

    assert layer.head(call) is None
    layer.response_head(call, head)
    assert head.headers == []


async def test_subscriber_of_a_hidden_service_hears_that_its_releases_failed(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service = await publish(visibility=Visibility.TEAM)
    await bridge.gateway.services.move(service.id, 1, Move.FAIL)
    call = await entered(bridge)
    call.principal = principal()
    last = (await bridge.gateway.books.current()).entries["weather"].last
    call.entered = Entered(service=service, about=last, refusal=Unavailable("it cannot be served now"))
    assert call.entered.is_hidden_from(call.principal)

    await (Subscribe(nothing, subscriptions=Known(Subscribed("sub_1"))).head(call) or no_wait())

    assert call.entered.live is None  # and the refusal is told at the end, so that it counts
    assert call.entered.refused == ()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ([], [b"tollbridge-version"]),
        ([b"Accept"], [b"Accept", b"tollbridge-version"]),
        ([b"*"], [b"*"]),
        ([b"accept, Tollbridge-Version"], [b"accept, Tollbridge-Version"]),
    ],
)
async def test_answer_varies_by_version_once(
    bridge: GatewayUnderTest, publish: Publish, said: list[bytes], shown: list[bytes]
) -> None:
    await publish()
    call, head = await entered(bridge), ResponseHead(200, [(b"vary", each) for each in said])

    Subscribe(nothing).response_head(call, head)

    assert [value for name, value in head.headers if name == b"vary"] == shown


async def no_wait() -> None: ...
