"""What every store promises of what it shows of many objects at once, as tests.  Subclass as `StoreContract` says."""

from dataclasses import replace as replaced
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from tollbridge.services.lifecycle import Move
from tollbridge.services.subscribing import SubscriptionState
from tollbridge.stores.base import Store
from tollbridge.stores.overviews import OfApplication, OfTeam, Queue, Waiting, Waits
from tollbridge.stores.services import Ending, Step
from tollbridge.stores.webhooks import Delivery, WebhookChange
from tollbridge.testing.application_contract import wanted, working
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.people_samples import add_person
from tollbridge.testing.samples import ACT, NOON, TOKEN, act
from tollbridge.testing.service_contract import OTHER, begun, made, moved
from tollbridge.testing.subscription_contract import ASKED, decided
from tollbridge.testing.webhook_contract import HOOK

S = SubscriptionState
EMPTY = Queue(0, [])


async def waiting(store: Store, kind: Waits, **asked: Any) -> list[str]:
    """Give the ids of what waits, the longest first."""
    return [one.id for one in (await queue_of(store, kind, **asked)).oldest]


async def queue_of(store: Store, kind: Waits, **asked: Any) -> Queue:
    """Give what waits of one kind."""
    return (await (await store.overviews()).waiting([kind], **asked))[kind]


class OverviewContract:
    """Tests of `OverviewStore`."""

    async def test_nothing_waits_where_there_is_nothing(self, store: Store) -> None:
        overviews = await store.overviews()

        assert await overviews.waiting(list(Waits)) == dict.fromkeys(Waits, EMPTY)
        assert await overviews.waiting([]) == {}
        assert await overviews.subscribers([]) == {}
        assert await overviews.standing("blue", []) == {}

    async def test_subscription_waits_for_the_team_of_its_service_until_it_is_decided_on(self, store: Store) -> None:
        await working(store)
        await begun(store, team="red")
        await begun(store, id="svc_2", slug="sun", team="green")
        subscriptions, _overviews = await store.subscriptions(), await store.overviews()
        await subscriptions.subscribe(replace(ASKED, id="sub_2", service_id="svc_2"), ACT)
        await subscriptions.subscribe(replace(ASKED, asked_at=NOON - timedelta(days=1)), ACT)

        found = await queue_of(store, Waits.SUBSCRIPTION_ASKED, limit=1)

        first = Waiting(
            id="sub_1",
            since=NOON - timedelta(days=1),
            name="Application 1",
            team="red",
            service="weather",
            asker="blue",
        )
        assert found == Queue(2, [first])
        assert await waiting(store, Waits.SUBSCRIPTION_ASKED, team="green") == ["sub_2"]
        assert await waiting(store, Waits.SUBSCRIPTION_ASKED, team="blue") == []
        await decided(subscriptions, S.APPROVED)
        assert await waiting(store, Waits.SUBSCRIPTION_ASKED) == ["sub_2"]

    async def test_several_kinds_are_found_at_once_each_with_its_own(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        await moved(services, 1, Move.SUBMIT)
        for number in (2, 3):
            await begun(store, id=f"svc_{number}", slug=f"s{number}")
            await made(services, "1", f"svc_{number}")
            await services.move_release(f"svc_{number}", 1, Step(move=Move.SUBMIT), ACT)
        overviews = await store.overviews()

        found = await overviews.waiting([Waits.WEBHOOK_SILENT, Waits.RELEASE_IN_REVIEW, Waits.TOKEN_ENDING], limit=2)

        assert list(found) == [Waits.WEBHOOK_SILENT, Waits.RELEASE_IN_REVIEW, Waits.TOKEN_ENDING]
        assert found[Waits.WEBHOOK_SILENT] == found[Waits.TOKEN_ENDING] == EMPTY
        review = found[Waits.RELEASE_IN_REVIEW]
        assert (review.total, [one.id for one in review.oldest]) == (3, ["rel_svc_1_1", "rel_svc_2_1"])

    async def test_release_in_review_waits_for_others_than_who_asked(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        await moved(services, 1, Move.SUBMIT)

        await store.overviews()
        found = await queue_of(store, Waits.RELEASE_IN_REVIEW, team="blue")

        one = Waiting(id="rel_svc_1_1", since=NOON, name="1", team="blue", service="weather", number=1)
        assert found == Queue(1, [one])
        assert await queue_of(store, Waits.RELEASE_IN_REVIEW, team="red") == EMPTY
        assert await queue_of(store, Waits.RELEASE_IN_REVIEW, but_by=ACT.actor.id) == EMPTY
        assert await waiting(store, Waits.RELEASE_IN_REVIEW, but_by=OTHER.actor.id) == ["rel_svc_1_1"]
        await moved(services, 1, Move.APPROVE)
        assert await queue_of(store, Waits.RELEASE_IN_REVIEW) == EMPTY

    async def test_release_that_failed_waits_until_another_is_published_or_the_service_ends(self, store: Store) -> None:
        services, hour = await begun(store), timedelta(hours=1)
        for version in ("1", "2", "3"):
            await made(services, version)
        await moved(services, 1, Move.PUBLISH)
        await moved(services, 2, Move.PUBLISH)
        await moved(services, 1, Move.PUBLISH, act(NOON + hour), why="back")

        await moved(services, 1, Move.FAIL, act(NOON + 2 * hour))

        await store.overviews()
        found = await queue_of(store, Waits.RELEASE_FAILED, but_by=ACT.actor.id)
        assert [(one.id, one.since) for one in found.oldest] == [("rel_svc_1_1", NOON + 2 * hour)]
        await moved(services, 3, Move.SCHEDULE, at=NOON + 3 * hour)
        assert await waiting(store, Waits.RELEASE_FAILED) == ["rel_svc_1_1"]  # the other only serves as it did before
        await moved(services, 3, Move.PUBLISH, act(NOON + 3 * hour))
        assert await queue_of(store, Waits.RELEASE_FAILED) == EMPTY
        await moved(services, 3, Move.FAIL, act(NOON + 4 * hour))
        assert await waiting(store, Waits.RELEASE_FAILED) == ["rel_svc_1_3"]
        await services.retire_service("svc_1", "", ACT)
        assert await queue_of(store, Waits.RELEASE_FAILED) == EMPTY

    async def test_scheduled_release_that_failed_waits_since_then(self, store: Store) -> None:
        services, later = await begun(store), act(NOON + timedelta(days=1))
        await made(services, "1")
        await moved(services, 1, Move.SCHEDULE, at=later.at)

        failed = await moved(services, 1, Move.FAIL, later)

        assert failed.ended_at == later.at
        found = await queue_of(store, Waits.RELEASE_FAILED)
        assert [(one.id, one.since) for one in found.oldest] == [("rel_svc_1_1", later.at)]

    async def test_webhook_waits_where_nothing_arrived_and_it_is_off(self, store: Store) -> None:
        webhooks, outbox = await store.webhooks(), await store.outbox()
        for one in (replace(HOOK, team="blue", events=("role.add",)), replace(HOOK, id="whk_2", events=("role.add",))):
            await webhooks.add_webhook(one, ACT)
        await outbox.post(Delivery("msg_1", "whk_2", "role.add", NOON, 0, "", said="{}"))
        await outbox.claim("whk_2", "run_1", most=1, lease_s=60)
        await outbox.postpone("msg_1", "run_1", "it does not answer", pause_s=5)
        await webhooks.change_webhook("whk_1", WebhookChange(disabled=True), ACT)
        assert await waiting(store, Waits.WEBHOOK_SILENT) == []

        await webhooks.change_webhook("whk_2", WebhookChange(disabled=True), ACT)

        found = await queue_of(store, Waits.WEBHOOK_SILENT)
        assert found == Queue(1, [Waiting(id="whk_2", since=NOON, name="ours", team="")])
        assert await waiting(store, Waits.WEBHOOK_SILENT, team="blue") == []
        await webhooks.change_webhook("whk_2", WebhookChange(disabled=False), ACT)
        assert await waiting(store, Waits.WEBHOOK_SILENT) == []

    async def test_token_waits_from_a_week_before_its_end(self, store: Store, clock: FixedClock) -> None:
        await working(store)  # whose tokens and holders do not end
        await store.add_token(replaced(TOKEN, id="tok_9", digest=b"9" * 32), ACT)
        brief = replaced(TOKEN, id="tok_8", digest=b"8" * 32, expires_at=NOON + timedelta(days=1), team="red")
        await store.add_token(brief, ACT)

        assert await waiting(store, Waits.TOKEN_ENDING) == ["tok_8"]
        clock.advance(timedelta(days=23).total_seconds() + 1)
        found = await queue_of(store, Waits.TOKEN_ENDING)

        assert [(one.id, one.since, one.team) for one in found.oldest] == [("tok_9", NOON + timedelta(days=23), "blue")]
        assert await waiting(store, Waits.TOKEN_ENDING, team="red") == []

    async def test_service_waits_that_serves_beyond_the_end_its_callers_were_told(
        self, store: Store, clock: FixedClock
    ) -> None:
        services, end = await begun(store), NOON + timedelta(days=1)
        await made(services, "1")
        await moved(services, 1, Move.PUBLISH)
        await services.deprecate_service("svc_1", Ending(sunset_at=end), ACT)
        assert await waiting(store, Waits.SERVICE_OVERDUE) == []
        clock.advance(timedelta(days=1).total_seconds())

        (found,) = (await queue_of(store, Waits.SERVICE_OVERDUE)).oldest

        assert (found.id, found.since, found.service) == ("svc_1", end, "weather")
        assert await waiting(store, Waits.SERVICE_OVERDUE, team="red") == []
        await services.retire_service("svc_1", "", ACT)
        assert await waiting(store, Waits.SERVICE_OVERDUE) == []

    async def test_service_that_ends_waits_for_the_teams_that_subscribe_to_it(self, store: Store) -> None:
        await working(store)
        services, subscriptions = await begun(store, team="green"), await store.subscriptions()
        await (await store.applications()).add_application(wanted(2, "red"), ACT)
        await made(services, "1")
        await moved(services, 1, Move.PUBLISH)
        await subscriptions.subscribe(replace(ASKED, state=S.APPROVED), ACT)
        await subscriptions.subscribe(replace(ASKED, id="sub_2", application="app_2"), ACT)
        _overviews, later = await store.overviews(), act(NOON + timedelta(hours=1))
        assert await queue_of(store, Waits.SERVICE_ENDING) == EMPTY

        end = NOON + timedelta(days=90)
        await services.deprecate_service("svc_1", Ending(sunset_at=end, successor="climate"), later)

        one = Waiting(
            id="sub_1",
            since=later.at,
            name="Application 1",
            team="blue",
            service="weather",
            until=end,
            successor="climate",
        )
        assert await queue_of(store, Waits.SERVICE_ENDING) == Queue(1, [one])
        assert await waiting(store, Waits.SERVICE_ENDING, team="blue") == ["sub_1"]
        assert await waiting(store, Waits.SERVICE_ENDING, team="green") == []
        assert await waiting(store, Waits.SERVICE_ENDING, team="red") == []
        await services.deprecate_service("svc_1", Ending(), later)
        (found,) = (await queue_of(store, Waits.SERVICE_ENDING)).oldest
        assert found.until is None
        await services.deprecate_service("svc_1", None, ACT)
        assert await queue_of(store, Waits.SERVICE_ENDING) == EMPTY

    async def test_what_teams_and_applications_have_is_counted_while_it_is_there(
        self, store: Store, clock: FixedClock
    ) -> None:
        await working(store)  # where blue has an application with one token, which minted others
        applications, subscriptions = await store.applications(), await store.subscriptions()
        services = await begun(store)
        await begun(store, id="svc_2", slug="sun")
        await made(services, "1")
        await moved(services, 1, Move.PUBLISH)
        await applications.add_application(wanted(2), ACT)
        brief = replaced(TOKEN, id="tok_8", digest=b"8" * 32, parent="app_1", expires_at=NOON + timedelta(days=1))
        await store.add_token(brief, ACT)
        await subscriptions.subscribe(replace(ASKED, state=S.APPROVED), ACT)
        await subscriptions.subscribe(replace(ASKED, id="sub_2", service_id="svc_2"), ACT)
        await add_person(store, 1, "blue")
        overviews = await store.overviews()

        assert await overviews.of_teams(["blue", "red", "none"]) == {
            **{"blue": OfTeam(services=2, applications=2, members=1)},
            **{"red": OfTeam(), "none": OfTeam()},
        }
        assert await overviews.of_applications(["app_1", "app_2", "app_9"]) == {
            **{"app_1": OfApplication(subscriptions=1, asked=1, tokens=2)},
            **{"app_2": OfApplication(), "app_9": OfApplication()},
        }
        clock.advance(timedelta(days=1).total_seconds())
        await store.revoke_token("tok_1", ACT)
        await applications.end_application("app_2", ACT)
        await services.retire_service("svc_1", "", ACT)
        assert await overviews.of_teams(["blue"]) == {"blue": OfTeam(services=1, applications=1, members=1)}
        assert await overviews.of_applications(["app_1"]) == {"app_1": OfApplication(asked=1)}
        assert (await overviews.of_teams([]), await overviews.of_applications([])) == ({}, {})

    async def test_subscribers_and_the_standing_of_a_team_are_told_of_each_service(self, store: Store) -> None:
        await working(store)
        applications, subscriptions = await store.applications(), await store.subscriptions()
        await applications.add_application(wanted(2), ACT)
        await applications.add_application(wanted(3, "red"), ACT)
        services = {"svc_1": "weather", "svc_2": "sun", "svc_3": "rain"}
        for id, slug in services.items():
            await begun(store, id=id, slug=slug)
        for number, (application, service, state) in enumerate(
            [
                ("app_1", "svc_1", S.APPROVED),
                ("app_2", "svc_1", S.ASKED),
                ("app_3", "svc_1", S.APPROVED),
                ("app_1", "svc_2", S.ASKED),
                ("app_3", "svc_3", S.REFUSED),
            ]
        ):
            one = replace(ASKED, id=f"sub_{number}", application=application, service_id=service, state=state)
            await subscriptions.subscribe(one, ACT)

        overviews = await store.overviews()

        assert await overviews.subscribers(list(services)) == {"svc_1": 2, "svc_2": 0, "svc_3": 0}
        assert await overviews.subscribers(["svc_1", "svc_9"]) == {"svc_1": 2, "svc_9": 0}
        assert await overviews.standing("blue", list(services)) == {"svc_1": S.APPROVED, "svc_2": S.ASKED}
        assert await overviews.standing("red", list(services)) == {"svc_1": S.APPROVED}
        assert await overviews.standing("red", ["svc_2"]) == {}
        assert await overviews.standing("", list(services)) == {}
