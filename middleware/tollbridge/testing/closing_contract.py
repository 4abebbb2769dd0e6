"""What every store promises of subscriptions whose application, service or plan ends, as tests.

Subclass as `StoreContract` says.
"""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tollbridge.audit import Act
from tollbridge.errors import BadRequest, Denied
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Design, Service, ServiceChange
from tollbridge.services.subscribing import PlanChange, Subscription, SubscriptionState
from tollbridge.stores.base import Store
from tollbridge.stores.overviews import Waits
from tollbridge.stores.subscriptions import Decision, SubscriptionStore
from tollbridge.testing.application_contract import wanted
from tollbridge.testing.overview_contract import queue_of
from tollbridge.testing.samples import ACT, NOON
from tollbridge.testing.service_contract import DESIGN, begun, made, moved
from tollbridge.testing.subscription_contract import ASKED, OTHER, PLAN, decided, ready, scopes

S = SubscriptionState
LATER = Act(OTHER.actor, NOON + timedelta(hours=1), ACT.key)


async def asking(store: Store) -> SubscriptionStore:
    """Write what is published as `weather` and `sun`; blue's application calls the former, and asked for the latter.

    An application of red asked for `weather`.
    """
    subscriptions = await ready(store)
    services = await begun(store, id="svc_2", slug="sun")
    await (await store.applications()).add_application(wanted(2, "red"), ACT)
    await made(services, "1")
    await moved(services, 1, Move.PUBLISH)
    await subscriptions.subscribe(replace(ASKED, state=S.APPROVED, opinion="", decided_by="gateway"), ACT)
    await subscriptions.subscribe(replace(ASKED, id="sub_2", service_id="svc_2"), ACT)
    await subscriptions.subscribe(replace(ASKED, id="sub_3", application="app_2"), ACT)
    return subscriptions


async def standing(subscriptions: SubscriptionStore) -> dict[str, str]:
    """Give the state of each subscription."""
    return {one.id: one.state.value for one in await subscriptions.list_subscriptions()}


async def refused(subscriptions: SubscriptionStore, one: Subscription, match: str) -> None:
    """See that nobody subscribes so."""
    with pytest.raises(BadRequest, match=match) as caught:
        await subscriptions.subscribe(one, ACT)
    assert caught.value.status == 409


class ClosingContract:
    """Tests of what becomes of subscriptions with what they are of."""

    @pytest.mark.parametrize("what", ["application", "team", "token"])
    async def test_subscriptions_are_cancelled_with_their_application(self, store: Store, what: str) -> None:
        subscriptions = await asking(store)

        if what == "application":
            await (await store.applications()).end_application("app_1", LATER)
        elif what == "team":
            await (await store.people()).end_team("blue", LATER)
        else:
            await store.revoke_token("app_1", LATER)

        assert await standing(subscriptions) == {"sub_1": "cancelled", "sub_2": "cancelled", "sub_3": "asked"}
        one = await subscriptions.get_subscription("sub_2")
        assert one is not None
        assert (one.opinion, one.decided_by, one.decided_at, one.ended_at) == (
            *("the application has ended", LATER.actor.id),
            *(LATER.at, LATER.at),
        )
        overviews = await store.overviews()
        assert await overviews.subscribers(["svc_1"]) == {"svc_1": 0}
        assert [one.id for one in (await queue_of(store, Waits.SUBSCRIPTION_ASKED)).oldest] == ["sub_3"]
        said = [(one.action, one.target) for one in await store.list_audit(action="subscription.cancel")]
        assert said == [("subscription.cancel", "sub_2"), ("subscription.cancel", "sub_1")]
        await refused(subscriptions, replace(ASKED, id="sub_9", service_id="svc_2"), "this application has ended")

    async def test_subscriptions_end_with_their_service_whose_callers_stay_known(self, store: Store) -> None:
        subscriptions = await asking(store)

        await (await store.services()).retire_service("svc_1", "sun", LATER)

        assert await standing(subscriptions) == {"sub_1": "ended", "sub_2": "asked", "sub_3": "refused"}
        for id in ("sub_1", "sub_3"):
            one = await subscriptions.get_subscription(id)
            assert one is not None
            assert (one.opinion, one.decided_by, one.ended_at) == ("the service is retired", LATER.actor.id, LATER.at)
        assert "service:weather:*" in await scopes(store)
        assert (await queue_of(store, Waits.SUBSCRIPTION_ASKED)).total == 1
        said = [one.action for one in await store.list_audit(limit=3)]
        assert said == ["subscription.refuse", "subscription.end", "service.retire"]
        await refused(subscriptions, replace(ASKED, id="sub_9"), "this service is retired")

    async def test_end_says_who_decided_on_it_and_why_and_the_end_of_its_time_says_nothing(self, store: Store) -> None:
        subscriptions = await ready(store)
        await subscriptions.subscribe(ASKED, ACT)
        await decided(subscriptions, S.APPROVED, opinion="fine", expires_at=NOON + timedelta(hours=1))
        again = replace(ASKED, id="sub_2", application="app_2")
        await (await store.applications()).add_application(wanted(2), ACT)
        await subscriptions.subscribe(replace(again, state=S.APPROVED), ACT)

        await subscriptions.decide("sub_2", Decision(state=S.ENDED, opinion="no more"), LATER)
        await subscriptions.expire_subscriptions(LATER.at, LATER)

        found = [await subscriptions.get_subscription(id) for id in ("sub_1", "sub_2")]
        assert [(one.state, one.opinion, one.decided_by, one.decided_at, one.ended_at) for one in found if one] == [
            (S.EXPIRED, "fine", ACT.actor.id, NOON, LATER.at),
            (S.ENDED, "no more", LATER.actor.id, LATER.at, LATER.at),
        ]

    async def test_plan_that_has_ended_is_kept_by_who_has_it_and_given_to_nobody_else(self, store: Store) -> None:
        subscriptions = await ready(store)
        for name in ("gold", "free"):
            await subscriptions.add_plan(replace(PLAN, name=name), ACT)
        await subscriptions.subscribe(replace(ASKED, plan="gold"), ACT)
        await subscriptions.change_plan("gold", PlanChange(ended=True), ACT)

        for plan in (None, "gold"):
            with pytest.raises(BadRequest, match="'gold' is not given to anybody any more; name another") as caught:
                await decided(subscriptions, S.APPROVED, plan=plan)
            assert caught.value.status == 409
        await (await store.applications()).add_application(wanted(2), ACT)
        await refused(subscriptions, replace(ASKED, id="sub_2", application="app_2", plan="gold"), "not given")
        assert (await decided(subscriptions, S.APPROVED, plan="free")).plan == "free"
        await subscriptions.change_plan("free", PlanChange(ended=True), ACT)
        assert (await decided(subscriptions, S.APPROVED, opinion="again")).plan == "free"
        with pytest.raises(BadRequest, match="'gold' is not given"):
            await decided(subscriptions, S.APPROVED, plan="gold")

    async def test_service_is_looked_at_with_what_serves_before_it_goes_to_another_team(self, store: Store) -> None:
        services = await begun(store)
        for version in ("1", "2", "3"):
            await services.change_service("svc_1", ServiceChange(draft=replace(DESIGN, name=version)), ACT)
            await made(services, version)
        await moved(services, 1, Move.PUBLISH)
        await moved(services, 3, Move.SCHEDULE, at=LATER.at)
        seen = []

        def leave(service: Service, designs: Sequence[Design]) -> None:
            seen.append((service.team, sorted(design.name for design in designs)))
            raise Denied("no")

        later = ServiceChange(team="red", draft=replace(DESIGN, name="4"))
        for change in (ServiceChange(team="red"), later):
            with pytest.raises(Denied, match="no"):
                await services.change_service("svc_1", change, ACT, leave=leave)
        kept = await services.change_service("svc_1", ServiceChange(team="blue"), ACT, leave=leave)

        assert seen == [("blue", ["1", "3", "3"]), ("blue", ["1", "3", "4"])]
        assert kept is not None
        assert (kept.team, kept.name) == ("blue", "3")
