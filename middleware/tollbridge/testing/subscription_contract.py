"""What every store promises of plans and subscriptions, as tests.  Subclass as `StoreContract` says."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tollbridge.audit import Act, Actor
from tollbridge.errors import BadRequest
from tollbridge.services.subscribing import CallQuota, Plan, PlanChange, Subscribed, Subscription, SubscriptionState
from tollbridge.stores.base import Store
from tollbridge.stores.subscriptions import Decision, SubscriptionStore
from tollbridge.testing.application_contract import wanted, working
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON, found
from tollbridge.testing.service_contract import begun
from tollbridge.tokens.model import TokenBudget, TokenLimits

S = SubscriptionState
OTHER = Act(Actor("tok_other", "api"), NOON, ACT.key)
PLAN = Plan(
    name="gold",
    title="Gold",
    description="All",
    limits=TokenLimits(60, 1000, 2),
    budget=TokenBudget(5, "day"),
    price_per_call=7,
    models=("a/*", "b"),
    quota=CallQuota(1000, "day"),
    policies={"masking": {"level": "full", "finds": ["email"]}, "curfew": {}},
    created_at=NOON,
)
ASKED = Subscription(
    id="sub_1",
    application="app_1",
    service_id="svc_1",
    plan="",
    state=S.ASKED,
    why="to know the weather",
    asked_by="tok_1",
    asked_at=NOON,
)


async def ready(store: Store) -> SubscriptionStore:
    """Write the service `weather` of the team blue, and blue's application with three tokens."""
    await working(store)
    await begun(store)
    return await store.subscriptions()


async def decided(subscriptions: SubscriptionStore, state: S, act: Act = ACT, **said: Any) -> Subscription:
    """Decide on the subscription."""
    one = await subscriptions.decide("sub_1", Decision(state=state, **said), act)
    assert one is not None
    return one


async def scopes(store: Store) -> tuple[str, ...]:
    """Give what the application may do."""
    token = await store.get_token("app_1")
    assert token is not None
    return token.scopes


class SubscriptionContract:
    """Tests of `SubscriptionStore`, and of what calls are told."""

    async def test_plan_comes_back_as_it_was_written(self, store: Store) -> None:
        subscriptions = await store.subscriptions()
        bare = Plan(name="free", created_at=NOON)
        for plan in (PLAN, bare):
            assert await subscriptions.add_plan(plan, ACT) == plan

        assert await subscriptions.get_plan("gold") == PLAN
        assert await subscriptions.get_plan("none") is None
        assert await subscriptions.list_plans() == [bare, PLAN]
        assert await subscriptions.list_plans(limit=1, after="free") == [PLAN]
        with pytest.raises(BadRequest) as caught:
            await subscriptions.add_plan(bare, ACT)
        assert (caught.value.status, caught.value.code) == (409, "already_exists")

    async def test_plan_is_changed_in_what_is_named(self, store: Store) -> None:
        subscriptions = await store.subscriptions()
        await subscriptions.add_plan(PLAN, ACT)

        changed = await subscriptions.change_plan("gold", PlanChange(title="Gold!", budget=None), ACT)
        assert changed == replace(PLAN, title="Gold!", budget=None)
        bare = PlanChange(limits=TokenLimits(), price_per_call=None, models=(), description="", quota=None, policies={})
        changed = await subscriptions.change_plan("gold", bare, ACT)
        assert changed == Plan(name="gold", title="Gold!", created_at=NOON)
        ended = await subscriptions.change_plan("gold", PlanChange(ended=True), ACT)
        assert ended is not None
        assert ended.ended_at == NOON
        later = Act(ACT.actor, NOON + timedelta(days=1), ACT.key)
        assert await subscriptions.change_plan("gold", PlanChange(ended=True), later) == ended
        again = await subscriptions.change_plan("gold", PlanChange(ended=False), later)
        assert again == changed
        assert await subscriptions.change_plan("none", PlanChange(ended=True), ACT) is None
        said = [one.action for one in await store.list_audit(action="plan.")]
        assert said == ["plan.change"] * 4 + ["plan.add"]

    async def test_subscription_opens_from_its_approval_to_its_end(self, store: Store) -> None:
        subscriptions = await ready(store)
        asked = await subscriptions.subscribe(ASKED, ACT)
        assert asked == ASKED
        assert await store.find_subscription("app_1", "svc_1") is None
        assert "service:weather:*" not in await scopes(store)

        approved = await decided(subscriptions, S.APPROVED, OTHER, opinion="fine")
        assert (approved.state, approved.opinion, approved.decided_by, approved.decided_at) == (
            S.APPROVED,
            "fine",
            "tok_other",
            NOON,
        )
        assert await store.find_subscription("app_1", "svc_1") == Subscribed("sub_1")
        assert await store.find_subscription("app_2", "svc_1") is None
        assert await store.find_subscription("app_1", "svc_2") is None
        assert {"service:weather:*", "model:api/weather"} <= set(await scopes(store))
        assert "service:weather:say" in (await found(store, 1)).scopes

        ended = await decided(subscriptions, S.ENDED, opinion="no more")
        assert ended.ended_at == NOON
        assert await store.find_subscription("app_1", "svc_1") is None
        assert "service:weather:*" not in await scopes(store)
        assert "service:weather:say" not in (await found(store, 1)).scopes
        assert await subscriptions.get_subscription("sub_1") == ended
        assert await subscriptions.get_subscription("sub_9") is None
        said = [one.action for one in await store.list_audit(action="subscription.")]
        assert said == ["subscription.end", "subscription.approve", "subscription.ask"]

    async def test_subscription_that_is_approved_at_once_opens_at_once(self, store: Store) -> None:
        subscriptions = await ready(store)
        await subscriptions.subscribe(replace(ASKED, state=S.APPROVED, decided_by="gateway", decided_at=NOON), ACT)

        assert await store.find_subscription("app_1", "svc_1") == Subscribed("sub_1")

    async def test_terms_are_those_of_the_plan_as_it_is_now(self, store: Store) -> None:
        subscriptions = await ready(store)
        await subscriptions.add_plan(PLAN, ACT)
        await subscriptions.subscribe(replace(ASKED, plan="gold"), ACT)
        await decided(subscriptions, S.APPROVED)

        terms = await store.find_subscription("app_1", "svc_1")
        told = '{"masking":{"level":"full","finds":["email"]},"curfew":{}}'
        assert terms == Subscribed("sub_1", PLAN.limits, PLAN.budget, 7, PLAN.models, PLAN.quota, told)
        monthly = CallQuota(5, "month")
        change = PlanChange(limits=TokenLimits(1), quota=monthly, policies={}, ended=True)
        await subscriptions.change_plan("gold", change, ACT)
        terms = await store.find_subscription("app_1", "svc_1")
        assert terms == Subscribed("sub_1", TokenLimits(1), PLAN.budget, 7, PLAN.models, monthly)

    async def test_approving_again_changes_plan_and_end(self, store: Store, clock: FixedClock) -> None:
        subscriptions = await ready(store)
        await subscriptions.subscribe(ASKED, ACT)
        await decided(subscriptions, S.APPROVED, expires_at=NOON + timedelta(hours=1))
        clock.advance(3599)
        assert await store.find_subscription("app_1", "svc_1") == Subscribed("sub_1")
        clock.advance(1)
        assert await store.find_subscription("app_1", "svc_1") == Subscribed("sub_1", over=True)

        again = await decided(subscriptions, S.APPROVED, plan="gold")

        assert (again.plan, again.expires_at) == ("gold", NOON + timedelta(hours=1))
        assert await store.find_subscription("app_1", "svc_1") == Subscribed("sub_1", over=True)
        kept = await decided(subscriptions, S.APPROVED, expires_at=None)
        assert (kept.plan, kept.expires_at) == ("gold", None)
        assert await store.find_subscription("app_1", "svc_1") == Subscribed("sub_1")

    async def test_subscriptions_whose_time_is_over_expire(self, store: Store) -> None:
        subscriptions = await ready(store)
        await subscriptions.subscribe(ASKED, ACT)
        await decided(subscriptions, S.APPROVED, expires_at=NOON + timedelta(hours=1))

        assert await subscriptions.expire_subscriptions(NOON, ACT) == 0
        assert await subscriptions.expire_subscriptions(NOON + timedelta(hours=1), ACT) == 1
        one = await subscriptions.get_subscription("sub_1")
        assert one is not None
        assert one.state is S.EXPIRED
        assert "service:weather:*" not in await scopes(store)
        assert await subscriptions.expire_subscriptions(NOON + timedelta(hours=1), ACT) == 0

    async def test_application_has_one_subscription_of_a_service(self, store: Store) -> None:
        subscriptions = await ready(store)
        await subscriptions.subscribe(ASKED, ACT)
        second = replace(ASKED, id="sub_2")
        with pytest.raises(BadRequest) as caught:
            await subscriptions.subscribe(second, ACT)
        assert caught.value.code == "already_exists"
        await decided(subscriptions, S.REFUSED, opinion="no")

        assert await subscriptions.subscribe(second, ACT) == second

    async def test_of_many_who_ask_at_once_one_is_heard(self, store: Store) -> None:
        subscriptions = await ready(store)
        asking = (subscriptions.subscribe(replace(ASKED, id=f"sub_{number}"), ACT) for number in range(5))

        answers = await asyncio.gather(*asking, return_exceptions=True)

        assert sorted(type(one).__name__ for one in answers) == ["BadRequest"] * 4 + ["Subscription"]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (None, S.ENDED),
            (None, S.EXPIRED),
            (S.REFUSED, S.APPROVED),
            (S.CANCELLED, S.REFUSED),
            (S.APPROVED, S.REFUSED),
        ],
    )
    async def test_what_does_not_fit_is_refused(self, store: Store, before: S | None, after: S) -> None:
        subscriptions = await ready(store)
        await subscriptions.subscribe(ASKED, ACT)
        if before is not None:
            await decided(subscriptions, before)

        with pytest.raises(BadRequest, match=f"that is {before or 'asked'} cannot become {after}") as caught:
            await decided(subscriptions, after)

        assert caught.value.status == 409
        assert await subscriptions.decide("sub_9", Decision(state=S.APPROVED), ACT) is None

    async def test_check_of_a_decision_refuses_it_as_a_whole(self, store: Store) -> None:
        subscriptions = await ready(store)
        await subscriptions.subscribe(ASKED, ACT)

        def check(seen: Subscription) -> None:
            raise BadRequest(f"not {seen.id}")

        with pytest.raises(BadRequest, match="not sub_1"):
            await decided(subscriptions, S.APPROVED, check=check)
        assert await store.find_subscription("app_1", "svc_1") is None

    async def test_subscriptions_are_listed_by_whose_they_are(self, store: Store) -> None:
        subscriptions = await ready(store)
        await (await store.applications()).add_application(wanted(2, "red"), ACT)
        await begun(store, id="svc_2", slug="sun", team="red")
        for number, (application, service) in enumerate(
            (("app_1", "svc_1"), ("app_1", "svc_2"), ("app_2", "svc_1"), ("app_2", "svc_2")), start=1
        ):
            one = replace(ASKED, id=f"sub_{number}", application=application, service_id=service)
            await subscriptions.subscribe(one, ACT)
        await decided(subscriptions, S.APPROVED)

        async def ids(**asked: Any) -> str:
            return "".join(one.id[-1] for one in await subscriptions.list_subscriptions(**asked))

        assert await ids() == "4321"
        assert await ids(limit=2, before="sub_4") == "32"
        assert await ids(application="app_1") == "21"
        assert await ids(service_id="svc_1") == "31"
        assert await ids(state="approved") == "1"
        assert await ids(application_team="blue") == "21"
        assert await ids(service_team="blue") == "31"
        assert await ids(application_team="blue", service_team="blue") == "321"
        assert await ids(application_team="green") == ""
