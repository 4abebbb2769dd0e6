"""What every store promises of who is told of plans, subscriptions and services, as tests.

Subclass as `StoreContract` says.
"""

from typing import Any

from msgspec.structs import replace

from tollbridge.services.lifecycle import Move
from tollbridge.services.subscribing import PlanChange, SubscriptionState
from tollbridge.stores.base import Store
from tollbridge.stores.services import Ending, ServiceStore
from tollbridge.testing.application_contract import wanted, working
from tollbridge.testing.samples import ACT
from tollbridge.testing.service_contract import begun, made, moved
from tollbridge.testing.subscription_contract import ASKED, PLAN, decided
from tollbridge.testing.webhook_contract import HOOK, said

TEAMS = ("", "blue", "red", "green")
"""A webhook of each: of the whole bridge, and of the teams that publish, call, and do neither."""


async def hooked(store: Store) -> ServiceStore:
    """Write a service of blue, red's application, and the webhooks."""
    await working(store)
    await (await store.applications()).add_application(wanted(2, "red"), ACT)
    services, webhooks = await begun(store), await store.webhooks()
    for number, team in enumerate(TEAMS):
        await webhooks.add_webhook(replace(HOOK, id=f"whk_{number}", team=team, events=("*",)), ACT)
    return services


async def told(store: Store) -> dict[str, list[str]]:
    """Give the events that each has been told of, but for those about webhooks and scopes."""
    left_out = ("webhook.", "application.", "token.")
    return {
        team: [one["type"] for one in await said(store, f"whk_{number}") if not one["type"].startswith(left_out)]
        for number, team in enumerate(TEAMS)
    }


class TellingContract:
    """Tests of what webhooks are told of services and who calls them."""

    async def test_plans_are_told_to_the_whole_bridge_alone(self, store: Store) -> None:
        await hooked(store)
        subscriptions = await store.subscriptions()

        await subscriptions.add_plan(replace(PLAN, name="blue"), ACT)  # which has the name of a team
        await subscriptions.change_plan("blue", PlanChange(title="x"), ACT)

        assert await told(store) == {"": ["plan.add", "plan.change"], "blue": [], "red": [], "green": []}

    async def test_subscription_is_told_to_both_teams_at_each_step(self, store: Store) -> None:
        await hooked(store)
        subscriptions = await store.subscriptions()

        await subscriptions.subscribe(replace(ASKED, application="app_2"), ACT)
        await decided(subscriptions, SubscriptionState.APPROVED, opinion="fine")
        await decided(subscriptions, SubscriptionState.ENDED)

        steps = ["subscription.ask", "subscription.approve", "subscription.end"]
        assert await told(store) == {"": steps, "blue": steps, "red": steps, "green": []}
        asked, approved, *_ = [one["data"] for one in await said(store, "whk_1") if "subscription" in one["type"]]
        assert {name: asked[name] for name in ("id", "name", "team", "why")} == {
            **{"id": "sub_1", "name": "weather", "team": "blue"},
            "why": "to know the weather",
        }
        assert (approved["changed"], approved["why"]) == (["plan", "state", "why"], "fine")

    async def test_service_that_ends_is_told_to_those_who_may_call_it(self, store: Store) -> None:
        services = await hooked(store)
        subscriptions = await store.subscriptions()
        await made(services, "1")
        await moved(services, 1, Move.PUBLISH)
        await subscriptions.subscribe(replace(ASKED, application="app_2"), ACT)
        before = await told(store)
        await services.deprecate_service("svc_1", Ending(), ACT)
        assert (await told(store))["red"] == before["red"]  # who only asked is not concerned
        await decided(subscriptions, SubscriptionState.APPROVED)
        await services.deprecate_service("svc_1", Ending(successor="sun"), ACT)
        await services.retire_service("svc_1", "", ACT)

        found: dict[str, Any] = await told(store)

        assert found["red"] == [
            *("subscription.ask", "subscription.approve", "service.deprecate", "service.retire", "subscription.end")
        ]
        assert [one for one in found["blue"] if one.startswith("service.")] == [
            *("service.release", "service.publish", "service.deprecate", "service.deprecate", "service.retire")
        ]
        assert found["green"] == []

    async def test_subscribers_hear_what_becomes_of_what_they_call_and_nothing_of_the_work_on_it(
        self, store: Store
    ) -> None:
        services = await hooked(store)
        subscriptions = await store.subscriptions()
        await subscriptions.subscribe(replace(ASKED, application="app_2", state=SubscriptionState.APPROVED), ACT)
        for version in ("1", "2", "3", "4"):
            await made(services, version)
        before = await told(store)

        await moved(services, 1, Move.SUBMIT)
        await moved(services, 1, Move.APPROVE)
        await moved(services, 1, Move.PUBLISH)
        await moved(services, 2, Move.PUBLISH, beside=True)
        await moved(services, 2, Move.PROMOTE)
        await moved(services, 1, Move.SUPERSEDE)
        await moved(services, 3, Move.PUBLISH)
        await moved(services, 3, Move.FAIL, why="half of its calls failed")
        await moved(services, 4, Move.SCHEDULE, at=ACT.at)
        await moved(services, 4, Move.FAIL, why="there is no kind")  # which they never called
        await services.deprecate_service("svc_1", Ending(), ACT)
        await services.deprecate_service("svc_1", None, ACT)
        await services.pause_service("svc_1", "it is repaired", ACT)
        await services.pause_service("svc_1", None, ACT)

        found = await told(store)
        assert found["red"][len(before["red"]) :] == [
            *("service.publish", "service.publish", "service.promote", "service.supersede", "service.publish"),
            *("service.fail", "service.deprecate", "service.undeprecate", "service.pause", "service.resume"),
        ]
        assert found["blue"].count("service.fail") == 2
        assert found["green"] == []
        (failed,) = [one["data"] for one in await said(store, "whk_2") if one["type"] == "service.fail"]
        assert (failed["version"], failed["why"]) == ("3", "half of its calls failed")
        (paused,) = [one["data"] for one in await said(store, "whk_2") if one["type"] == "service.pause"]
        assert paused["why"] == "it is repaired"

    async def test_service_that_is_forgotten_is_told_to_its_team_by_its_name(self, store: Store) -> None:
        services = await hooked(store)

        await services.drop_service("svc_1", ACT)

        for number in (0, 1):
            dropped = (await said(store, f"whk_{number}"))[-1]
            assert (dropped["type"], dropped["data"]["name"], dropped["data"]["team"]) == (
                *("service.drop", "weather"),
                "blue",
            )
        assert "service.drop" not in (await told(store))["red"]
