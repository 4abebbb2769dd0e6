from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from tests.middleware.services.conftest import Publish
from tests.support.consulting import Consulting

from tollbridge.errors import BadRequest, NotFound
from tollbridge.noticing import SELF
from tollbridge.services.model import Access, Approval, Design, ServiceChange, Visibility
from tollbridge.services.subscribing import CallQuota, Plan, PlanChange, SubscriptionState
from tollbridge.services.subscriptions import Subscriptions
from tollbridge.stores.reporting import BudgetStanding
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.model import TokenBudget, TokenLimits

Application = Callable[..., Awaitable[tuple[str, str]]]
SUBSCRIBED = {"access": Access.SUBSCRIPTION}


@pytest.fixture
def application(bridge: GatewayUnderTest) -> Application:
    """Make an application of a team; gives its id, and the secret of a token of its own."""
    return partial(registered, bridge)


async def registered(bridge: GatewayUnderTest, team: str = "red", scopes: Sequence[str] = ()) -> tuple[str, str]:
    await bridge.client()
    gateway = bridge.gateway
    if await gateway.people.teams.get(team) is None:
        await gateway.people.teams.add(team)
    made = await gateway.applications.add("shop", team=team, scopes=scopes)
    issued = await gateway.applications.issue(made.id, name="own", scopes=("service:*",))
    assert issued is not None
    return made.id, issued.secret


async def plan(subscriptions: Subscriptions, **terms: Any) -> None:
    await subscriptions.add_plan(Plan(name="gold", created_at=None, **terms))  # type: ignore[arg-type]


async def call(bridge: GatewayUnderTest, token: str) -> Any:
    return await bridge.request("POST", "/v1/apis/weather", token=token)


async def test_application_calls_from_its_approval_on(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    await publish(design=SUBSCRIBED)
    id, token = await application()
    subscriptions = bridge.gateway.subscriptions
    assert (await call(bridge, token)).status_code == 403
    asked = await subscriptions.ask(id, "weather", why=" please ")
    assert (asked.state, asked.why, asked.asked_by, asked.plan) == (SubscriptionState.ASKED, "please", "operator", "")
    assert (await call(bridge, token)).status_code == 403

    await subscriptions.approve(asked.id, opinion="fine")
    assert (await call(bridge, token)).status_code == 200
    await subscriptions.close(asked.id, SubscriptionState.ENDED)
    assert (await call(bridge, token)).status_code == 403


async def test_service_that_nobody_has_to_decide_on_opens_at_once(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    service, _ = await publish(design={**SUBSCRIBED, "approval": Approval.AUTO})
    id, token = await application()

    asked = await bridge.gateway.subscriptions.ask(id, service.id)

    assert (asked.state, asked.decided_by, asked.decided_at) == (
        SubscriptionState.APPROVED,
        "gateway",
        bridge.clock.now(),
    )
    assert (await call(bridge, token)).status_code == 200


async def test_who_has_no_subscription_hears_how_to_get_one(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    await publish(design=SUBSCRIBED, team="blue")
    _, token = await application()
    blue, nobody = await bridge.token("service:*", team="blue"), await bridge.token("service:*")

    of_team = await bridge.request("POST", "/v1/apis/weather", token=blue)
    bare = await bridge.request("POST", "/v1/apis/weather", token=nobody)

    assert of_team.status_code == 200
    assert (bare.status_code, bare.json()["code"]) == (403, "not_subscribed")
    assert "it belongs to no application with a subscription" in bare.json()["detail"]
    assert (await call(bridge, token)).json()["code"] == "insufficient_scope"


async def test_plan_sets_the_price_and_bounds_all_tokens_of_the_application(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    await publish(design={**SUBSCRIBED, "plans": ("gold",), "price_per_call_usd": "0.5"})
    id, token = await application()
    subscriptions = bridge.gateway.subscriptions
    await plan(subscriptions, limits=TokenLimits(3), price_per_call=2_000_000_000, budget=TokenBudget(4_000_000_000))
    asked = await subscriptions.ask(id, "weather", plan="gold")
    await subscriptions.approve(asked.id)

    answers = [await call(bridge, token) for _ in range(3)]
    rows = await bridge.gateway.store.recent()

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert "the subscription's budget for this month" in answers[2].json()["detail"]
    assert [row.cost for row in rows if row.status == 200] == [2_000_000_000] * 2
    await subscriptions.change_plan("gold", PlanChange(budget=None, limits=TokenLimits(2)))
    assert (await call(bridge, token)).json()["code"] == "rate_limit_exceeded"


OPEN = {**SUBSCRIBED, "plans": ("gold",), "approval": Approval.AUTO}


async def test_quota_of_a_plan_counts_calls_and_begins_anew_with_each_day(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    await publish(design=OPEN)
    (id, token), (other_id, other) = await application("red"), await application("blue")
    subscriptions = bridge.gateway.subscriptions
    await plan(subscriptions, quota=CallQuota(2, "day"))
    for one in (id, other_id):
        await subscriptions.ask(one, "weather", plan="gold")
    second = await bridge.gateway.applications.issue(id, name="second", scopes=("service:*",))
    assert second is not None

    answers = [await call(bridge, each) for each in (token, second.secret, token)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    told = answers[2].json()
    assert (told["code"], told["detail"]) == (
        "call_quota_exceeded",
        "the subscription's quota for this day is used up: 2 calls",
    )
    midnight = bridge.clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    wait_s = (midnight - bridge.clock.now()).total_seconds()
    assert answers[2].headers["retry-after"] == f"{wait_s:.0f}"
    assert answers[2].headers["x-should-retry"] == "false"
    assert (await call(bridge, other)).status_code == 200
    bridge.clock.advance(wait_s)
    assert (await call(bridge, token)).status_code == 200


async def test_quota_of_a_plan_holds_until_the_month_is_over_beside_its_budget(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    await publish(design={**OPEN, "price_per_call_usd": "1"})
    id, token = await application()
    subscriptions = bridge.gateway.subscriptions
    await plan(subscriptions, quota=CallQuota(1), budget=TokenBudget(5_000_000_000, "total"))
    await subscriptions.ask(id, "weather", plan="gold")
    month_later = (bridge.clock.now().replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0)

    assert [(await call(bridge, token)).status_code for _ in range(2)] == [200, 429]
    bridge.clock.advance((month_later - bridge.clock.now()).total_seconds() - 1)
    assert (await call(bridge, token)).headers["retry-after"] == "1"
    bridge.clock.advance(1)
    assert (await call(bridge, token)).status_code == 200
    await subscriptions.change_plan("gold", PlanChange(quota=None, budget=TokenBudget(1, "total")))
    assert (await call(bridge, token)).json()["code"] == "insufficient_quota"


async def test_free_call_under_a_quota_draws_on_no_budget(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    await publish(design=OPEN)
    id, token = await application()
    subscriptions = bridge.gateway.subscriptions
    await plan(subscriptions, quota=CallQuota(2), price_per_call=5, budget=TokenBudget(5, "total"))
    await subscriptions.ask(id, "weather", plan="gold")
    assert (await call(bridge, token)).status_code == 200

    await subscriptions.change_plan("gold", PlanChange(price_per_call=0, budget=TokenBudget(4, "total")))

    assert (await call(bridge, token)).status_code == 200
    assert (await call(bridge, token)).json()["code"] == "call_quota_exceeded"


@pytest.mark.parametrize(("models", "statuses"), [(("echo/*",), [200, 200, 429]), (("other",), [403, 403, 403])])
async def test_quota_counts_no_question_to_a_model_and_no_call_that_is_refused(
    gateway: Any, models: tuple[str, ...], statuses: list[int]
) -> None:
    bridge = gateway({"providers": {"echo": {}}}, plugins=(Consulting(),))
    id, token = await registered(bridge)
    services, subscriptions = bridge.gateway.services, bridge.gateway.subscriptions
    definition = {"text": "hello", "models": ["echo/echo-1"]}
    service = await services.add("weather", "consulting", draft=Design(name="W", **OPEN, definition=definition))
    await services.release(service.id, version="1")
    await services.publish(service.id, 1)
    await plan(subscriptions, quota=CallQuota(2), models=models)
    one = await subscriptions.ask(id, "weather", plan="gold")

    answers = [await call(bridge, token) for _ in range(3)]

    assert [answer.status_code for answer in answers] == statuses
    told = answers[2].json()
    said = {200: "call_quota_exceeded", 403: "model_not_in_plan"}[statuses[0]]
    assert told["code"] == said
    quota = f"calls:{one.id}:{bridge.clock.now():%Y-%m}"
    standings = await bridge.gateway.store.budget_standings([quota])
    assert standings[quota] == BudgetStanding(statuses.count(200), 0)


async def test_service_bounds_all_callers_together(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish(design={"limits": TokenLimits(1), "budget": TokenBudget(5, "day"), "price_per_call_usd": "1"})
    await publish("sun", design={"limits": TokenLimits(1)})
    tokens = [await bridge.token("service:*") for _ in range(2)]

    spent = await call(bridge, tokens[0])
    answers = [await bridge.request("POST", "/v1/apis/sun", token=token) for token in tokens]

    assert "the service's budget for this day" in spent.json()["detail"]
    assert [one.status_code for one in answers] == [200, 429]


async def test_service_of_a_team_alone_is_asked_for_by_that_team_alone(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    await publish(design={**SUBSCRIBED, "visibility": Visibility.TEAM}, team="blue")
    red, _ = await application("red")
    blue, _ = await application("blue")

    with pytest.raises(NotFound):
        await bridge.gateway.subscriptions.ask(red, "weather")
    assert (await bridge.gateway.subscriptions.ask(blue, "weather")).application == blue


async def test_only_what_is_published_is_asked_for(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    service, _ = await publish(design=SUBSCRIBED)
    id, _ = await application()
    subscriptions = bridge.gateway.subscriptions
    await bridge.gateway.services.add("draft", "answering")

    for name in ("draft", "nothing"):
        with pytest.raises(NotFound, match="or it is not published"):
            await subscriptions.ask(id, name)
    await bridge.gateway.services.deprecate(service.id)
    with pytest.raises(BadRequest, match="nobody new is let in") as caught:
        await subscriptions.ask(id, "weather")
    assert (caught.value.status, caught.value.param) == (409, "service")


async def test_application_that_is_none_or_off_is_refused(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    await publish(design=SUBSCRIBED)
    id, _ = await application()
    token = await bridge.gateway.tokens.issue(name="a", scopes=("service:*",))
    subscriptions = bridge.gateway.subscriptions

    for wrong in ("app_9", token.token.id):
        with pytest.raises(BadRequest, match="there is no such application"):
            await subscriptions.ask(wrong, "weather")
    await bridge.gateway.applications.disable(id)
    with pytest.raises(BadRequest, match="is disabled") as caught:
        await subscriptions.ask(id, "weather")
    assert caught.value.status == 409


async def test_plan_is_one_of_the_service_and_still_given(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    await publish(design={**SUBSCRIBED, "plans": ("gold", "gone")})
    await publish("sun", design=SUBSCRIBED)
    id, _ = await application()
    subscriptions = bridge.gateway.subscriptions
    await plan(subscriptions)

    for service, name, known in (("weather", "", "gold, gone"), ("sun", "gold", "none: leave it out")):
        with pytest.raises(BadRequest, match=known) as caught:
            await subscriptions.ask(id, service, plan=name)
        assert caught.value.param == "plan"
    with pytest.raises(BadRequest, match="'gone' is not given"):
        await subscriptions.ask(id, "weather", plan="gone")
    asked = await subscriptions.ask(id, "weather", plan="gold")
    await subscriptions.change_plan("gold", PlanChange(ended=True))
    with pytest.raises(BadRequest, match="'gold' is not given"):
        await subscriptions.approve(asked.id, plan="gold")
    with pytest.raises(BadRequest, match="it has gold, gone"):
        await subscriptions.approve(asked.id, plan="free")
    with pytest.raises(BadRequest, match="'gold' is not given to anybody any more; name another one") as caught:
        await subscriptions.approve(asked.id)
    assert caught.value.status == 409
    await subscriptions.change_plan("gold", PlanChange(ended=False))
    approved = await subscriptions.approve(asked.id)
    assert approved is not None
    assert approved.plan == "gold"


async def test_what_was_asked_for_is_approved_only_as_long_as_the_service_offers_it(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    service, _ = await publish(design=SUBSCRIBED)
    (id, token), (later, _) = await application(), await application("blue")
    subscriptions, services = bridge.gateway.subscriptions, bridge.gateway.services
    await plan(subscriptions)
    bare = await subscriptions.ask(id, "weather")

    async def offer(version: str, *plans: str) -> None:
        draft = Design(name="Weather", definition={"text": "rain"}, plans=plans)
        await services.change(service.id, ServiceChange(draft=draft))
        release = await services.release(service.id, version=version)
        assert release is not None
        await services.publish(service.id, release.number)

    await offer("7", "gold")
    with pytest.raises(BadRequest, match=r"no plan was asked for.*; name one of gold") as caught:
        await subscriptions.approve(bare.id)
    assert (caught.value.status, caught.value.param) == (409, "plan")
    assert (await call(bridge, token)).status_code == 403
    golden = await subscriptions.ask(later, "weather", plan="gold")
    assert (await subscriptions.approve(bare.id, plan="gold")) is not None
    await offer("8")
    with pytest.raises(BadRequest, match=r"the plan 'gold' was asked for.*; name '', for it has none"):
        await subscriptions.approve(golden.id)
    kept = await subscriptions.approve(bare.id, expires_at=None)
    assert kept is not None
    assert kept.plan == "gold"  # who has it keeps it


async def test_end_lies_ahead_and_comes_by_itself(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    await publish(design=SUBSCRIBED)
    id, token = await application()
    subscriptions = bridge.gateway.subscriptions
    asked = await subscriptions.ask(id, "weather")
    with pytest.raises(BadRequest) as caught:
        await subscriptions.approve(asked.id, expires_at=bridge.clock.now())
    assert caught.value.param == "expires_at"
    await subscriptions.approve(asked.id, expires_at=bridge.clock.now() + timedelta(hours=1))
    await subscriptions.approve(asked.id, opinion="which names no other end")
    assert (await call(bridge, token)).status_code == 200

    bridge.clock.advance(3600)
    assert (await call(bridge, token)).status_code == 403
    assert await subscriptions.expire(SELF) == 1
    assert await subscriptions.expire(SELF) == 0


async def test_caller_of_a_service_that_was_retired_hears_what_took_its_place(
    bridge: GatewayUnderTest, publish: Publish, application: Application
) -> None:
    service, _ = await publish(design={**SUBSCRIBED, "approval": Approval.AUTO})
    id, token = await application()
    one = await bridge.gateway.subscriptions.ask(id, "weather")

    await bridge.gateway.services.retire(service.id, successor="climate")

    reply = await call(bridge, token)
    assert (reply.status_code, reply.headers["link"]) == (410, '</v1/apis/climate>; rel="successor-version"')
    ended = await (await bridge.gateway.store.subscriptions()).get_subscription(one.id)
    assert ended is not None
    assert (ended.state, ended.opinion) == (SubscriptionState.ENDED, "the service is retired")


async def test_what_is_not_there_is_none(bridge: GatewayUnderTest) -> None:
    await bridge.client()
    subscriptions = bridge.gateway.subscriptions

    assert await subscriptions.approve("sub_9", plan="gold") is None
    assert await subscriptions.close("sub_9", SubscriptionState.ENDED) is None
    assert await subscriptions.change_plan("gold", PlanChange(ended=True)) is None


@pytest.mark.parametrize(
    ("param", "terms"),
    [
        ("name", {"name": "A"}),
        ("title", {"title": "a" * 101}),
        ("description", {"description": "a" * 1001}),
        ("models", {"models": ("a b",)}),
        ("models", {"models": tuple(str(number) for number in range(101))}),
        ("quota", {"quota": CallQuota(0)}),
        ("quota", {"quota": CallQuota(10**12 + 1)}),
        ("quota", {"quota": CallQuota(1, "total")}),
    ],
)
async def test_plan_is_checked(bridge: GatewayUnderTest, param: str, terms: dict[str, Any]) -> None:
    await bridge.client()

    with pytest.raises(BadRequest) as caught:
        await bridge.gateway.subscriptions.add_plan(Plan(**{"name": "gold", "created_at": bridge.clock.now(), **terms}))

    assert caught.value.param == param


async def test_models_of_a_plan_are_each_named_once(bridge: GatewayUnderTest) -> None:
    await bridge.client()
    wanted = Plan(name="gold", models=("a/*", "a/*", "b"), created_at=bridge.clock.now())

    assert (await bridge.gateway.subscriptions.add_plan(wanted)).models == ("a/*", "b")
