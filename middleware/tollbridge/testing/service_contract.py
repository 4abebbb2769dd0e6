"""What every store promises of services and their releases, as tests.  Subclass as `StoreContract` says."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tollbridge.audit import Act, Actor
from tollbridge.errors import BadRequest, Denied
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Contact, Design, Release, ReleaseState, Service, ServiceChange, ServiceState
from tollbridge.stores.base import Store
from tollbridge.stores.services import Ending, NewRelease, Published, ServiceStore, Step
from tollbridge.testing.people_samples import team
from tollbridge.testing.samples import ACT, NOON

SERVICE = Service(
    id="svc_1", slug="weather", kind="rest", team="blue", name="Weather", revision=1, created_at=NOON, changed_at=NOON
)
DESIGN = Design(name="Weather", docs="# Rain", tags=("sky",), contacts=(Contact(name="Ann"),), definition={"a": [1]})
ITSELF = Ending(successor="weather")
OTHER = Act(Actor("tok_other", "api"), NOON, ACT.key)


async def begun(store: Store, **changes: Any) -> ServiceStore:
    """Write a service, and give what keeps it."""
    services = await store.services()
    fields = {name: getattr(SERVICE, name) for name in SERVICE.__struct_fields__} | changes
    await services.add_service(Service(**fields), DESIGN, ACT)
    return services


async def made(services: ServiceStore, version: str, service_id: str = "svc_1") -> Release:
    """Make a release of what is drafted."""
    id = f"rel_{service_id}_{version}"
    new = NewRelease(id=id, version=version, note="why", created_by="tok_1", created_at=NOON)
    found = await services.add_release(service_id, new, ACT)
    assert found is not None
    return found


async def moved(services: ServiceStore, number: int, move: Move, act: Act = ACT, **step: Any) -> Release:
    """Do something to a release of the service."""
    found = await services.move_release("svc_1", number, Step(move=move, **step), act)
    assert found is not None
    return found


async def states(services: ServiceStore) -> list[str]:
    """Give the states of the releases, the oldest first."""
    return [str(one.state) for one in [*await services.list_releases("svc_1")][::-1]]


async def actions(store: Store) -> list[str]:
    """Give what was recorded of services, the oldest first."""
    return [one.action for one in [*await store.list_audit(action="service.")][::-1]]


class ServiceContract:
    """Tests of `ServiceStore`."""

    async def test_service_comes_back_as_it_was_written(self, store: Store) -> None:
        services = await begun(store)

        assert await services.get_service("svc_1") == SERVICE
        assert await services.get_service("weather") == SERVICE
        assert await services.get_service("sun") is None
        assert await services.get_draft("svc_1") == (SERVICE, DESIGN)
        assert await services.get_draft("svc_2") is None

    async def test_team_that_has_ended_gets_no_service(self, store: Store) -> None:
        services, people = await begun(store, team="green"), await store.people()
        await people.add_team(team("blue"), ACT)
        await people.end_team("blue", ACT)

        with pytest.raises(BadRequest, match="has ended") as begins:
            await begun(store, id="svc_2", slug="sun")
        with pytest.raises(BadRequest, match="has ended") as gives:
            await services.change_service("svc_1", ServiceChange(team="blue"), ACT)

        assert (begins.value.status, gives.value.status) == (409, 409)
        found = await services.get_service("svc_1")
        assert found is not None
        assert found.team == "green"

    async def test_slug_is_taken_once(self, store: Store) -> None:
        services = await begun(store)

        with pytest.raises(BadRequest) as caught:
            await begun(store, id="svc_2")

        assert (caught.value.status, caught.value.code) == (409, "already_exists")
        assert [one.id for one in await services.list_services()] == ["svc_1"]

    async def test_services_are_listed_by_slug_and_found_by_what_they_are(self, store: Store) -> None:
        services = await begun(store)
        await begun(store, id="svc_2", slug="sun", kind="prompt", team="", name="S%n")
        await begun(store, id="svc_3", slug="zoo")

        async def slugs(**asked: Any) -> list[str]:
            return [one.slug for one in await services.list_services(**asked)]

        assert await slugs() == ["sun", "weather", "zoo"]
        assert await slugs(limit=1, after="sun") == ["weather"]
        assert await slugs(search="SUN") == ["sun"]
        assert await slugs(search="Weath") == ["sun", "weather", "zoo"]  # by the names of their drafts
        assert await slugs(search="%") == []
        assert await slugs(team="blue", kind="rest") == ["weather", "zoo"]
        assert await slugs(kind="mcp") == []

    async def test_draft_changes_count_on_and_what_is_equal_changes_nothing(self, store: Store) -> None:
        services = await begun(store)
        later = Act(ACT.actor, NOON + timedelta(hours=1), ACT.key)
        seen: list[object] = []

        def edit(found: tuple[Service, Design]) -> ServiceChange:
            seen.append(found)
            return ServiceChange(draft=Design(name="Storms"))

        changed = await services.change_service("svc_1", edit, later)
        assert changed is not None
        assert (changed.revision, changed.name, changed.changed_at) == (2, "Storms", later.at)
        assert seen == [(SERVICE, DESIGN)]
        assert await services.get_draft("svc_1") == (changed, Design(name="Storms"))
        assert await services.change_service("svc_1", ServiceChange(draft=Design(name="Storms")), ACT) == changed
        assert await services.change_service("svc_9", ServiceChange(team="red"), ACT) is None
        assert await actions(store) == ["service.add", "service.change"]

    async def test_another_order_of_a_definition_is_another_draft(self, store: Store) -> None:
        services = await begun(store)

        await services.change_service("svc_1", ServiceChange(draft=Design(definition={"a": 1, "b": 2})), ACT)
        changed = await services.change_service("svc_1", ServiceChange(draft=Design(definition={"b": 2, "a": 1})), ACT)
        release = await made(services, "1.0")

        assert changed is not None
        assert changed.revision == 3
        assert list((await services.designs([release.id]))[release.id].definition) == ["b", "a"]

    async def test_service_goes_over_to_another_team_and_workers_hear_of_it(self, store: Store) -> None:
        services, before = await begun(store), await store.edition()

        changed = await services.change_service("svc_1", ServiceChange(team="red"), ACT)

        assert changed is not None
        assert (changed.team, changed.revision) == ("red", 1)
        assert await store.edition() > before
        (record,) = await store.list_audit(action="service.change")
        assert (record.before, record.after) == ('{"team":"blue"}', '{"team":"red"}')

    async def test_release_is_a_copy_of_the_draft(self, store: Store) -> None:
        services = await begun(store)
        first = await made(services, "1.0")
        await services.change_service("svc_1", ServiceChange(draft=Design(name="Storms")), ACT)
        second = await made(services, "1.1")

        assert (first.number, first.version, first.state, first.note) == (1, "1.0", ReleaseState.MADE, "why")
        assert second.number == 2
        assert first.digest != second.digest
        assert await services.designs([first.id, second.id, "rel_9"]) == {
            first.id: DESIGN,
            second.id: Design(name="Storms"),
        }
        assert await services.get_release("svc_1", 1) == first
        assert await services.get_release("svc_1", 3) is None
        assert await services.list_releases("svc_1") == [second, first]
        assert await services.list_releases("svc_1", before=2) == [first]
        new = NewRelease(id="rel_9", version="2", note="", created_by="", created_at=NOON)
        assert await services.add_release("svc_9", new, ACT) is None

    async def test_version_names_one_release(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1.0")

        with pytest.raises(BadRequest) as caught:
            await made(services, "1.0")

        assert caught.value.code == "already_exists"
        assert len(await services.list_releases("svc_1")) == 1

    async def test_published_release_takes_the_place_of_the_one_before(self, store: Store) -> None:
        services = await begun(store)
        first, second = await made(services, "1"), await made(services, "2")
        before = await store.edition()
        await moved(services, 1, Move.PUBLISH)
        between = await store.edition()
        live = await moved(services, 2, Move.PUBLISH, watched_until=NOON)

        assert before < between < await store.edition()
        assert (live.state, live.published_at) == (ReleaseState.LIVE, NOON)
        assert await states(services) == ["superseded", "live"]
        edition, (published,) = await services.published()
        assert edition == await store.edition()
        assert published.service.live == second.id
        assert published.service.state is ServiceState.PUBLISHED
        assert published.releases == (live,)
        (watched,) = await services.watched_releases()
        assert (watched.release, watched.service, watched.instead_of) == (live, published.service, first.id)
        assert watched.until == NOON
        await services.end_watch(second.id, NOON + timedelta(seconds=1))
        assert await services.watched_releases() == [watched]
        await services.end_watch(second.id, NOON)
        assert await services.watched_releases() == []

    async def test_rolling_back_is_publishing_what_was_published_before(self, store: Store) -> None:
        services = await begun(store)
        for version in ("1", "2"):
            release = await made(services, version)
            await moved(services, release.number, Move.PUBLISH)

        back = await moved(services, 1, Move.PUBLISH, why="2 is slow")

        assert back.ended_at is None
        assert await states(services) == ["live", "superseded"]
        found = await services.get_service("svc_1")
        assert found is not None
        assert found.live == back.id

    async def test_versions_serve_side_by_side_until_one_is_taken_away(self, store: Store) -> None:
        services = await begun(store)
        for version in ("1", "2", "3"):
            await made(services, version)
        await moved(services, 1, Move.PUBLISH)
        await moved(services, 2, Move.PUBLISH, beside=True)
        await moved(services, 3, Move.PUBLISH, beside=True)

        assert await states(services) == ["live", "live", "live"]
        with pytest.raises(BadRequest, match="callers without a version get this release"):
            await moved(services, 1, Move.SUPERSEDE)
        await moved(services, 2, Move.PROMOTE)
        gone = await moved(services, 1, Move.SUPERSEDE)

        assert gone.ended_at == NOON
        _, (published,) = await services.published()
        assert [one.version for one in published.releases] == ["2", "3"]
        assert published.service.live == "rel_svc_1_2"

    async def test_first_release_that_is_published_beside_nothing_is_the_one_that_serves(self, store: Store) -> None:
        services = await begun(store)
        release = await made(services, "1")
        await moved(services, 1, Move.PUBLISH, beside=True)

        found = await services.get_service("svc_1")
        assert found is not None
        assert found.live == release.id

    async def test_release_that_failed_gives_its_place_back(self, store: Store) -> None:
        services = await begun(store)
        first, _ = await made(services, "1"), await made(services, "2")
        await moved(services, 1, Move.PUBLISH)
        await moved(services, 2, Move.PUBLISH, watched_until=NOON)
        before = await store.edition()

        failed = await moved(services, 2, Move.FAIL, why="half of its calls failed")

        assert (failed.state, failed.ended_at) == (ReleaseState.FAILED, NOON)
        assert await states(services) == ["live", "failed"]
        assert await store.edition() > before
        _, (published,) = await services.published()
        assert published.service.live == first.id
        assert [(one.id, one.ended_at) for one in published.releases] == [(first.id, None)]
        assert await services.watched_releases() == []

    async def test_release_that_failed_leaves_its_place_to_one_beside_it_where_none_was_before(
        self, store: Store
    ) -> None:
        services = await begun(store)
        for version in ("1", "2", "3"):
            await made(services, version)
        await moved(services, 1, Move.PUBLISH)
        await moved(services, 2, Move.PUBLISH, beside=True)
        await moved(services, 3, Move.PUBLISH, beside=True)
        await moved(services, 1, Move.FAIL)
        await moved(services, 2, Move.PROMOTE)
        await moved(services, 2, Move.FAIL)

        found = await services.get_service("svc_1")
        assert found is not None
        assert found.live == "rel_svc_1_3"
        assert await states(services) == ["failed", "failed", "live"]

    async def test_release_that_failed_is_not_restored_by_another_that_fails(self, store: Store) -> None:
        services = await begun(store)
        for version in ("1", "2"):
            await made(services, version)
        await moved(services, 1, Move.PUBLISH)
        await moved(services, 2, Move.PUBLISH, beside=True)
        await moved(services, 2, Move.PROMOTE)
        await moved(services, 1, Move.FAIL)
        await moved(services, 2, Move.FAIL)

        assert await states(services) == ["failed", "failed"]
        assert [one.releases for one in (await services.published())[1]] == [()]

    async def test_first_release_that_failed_leaves_nothing_that_serves(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        await moved(services, 1, Move.PUBLISH)
        await moved(services, 1, Move.FAIL)

        found = await services.get_service("svc_1")
        assert found is not None
        assert (found.live, found.state) == ("", ServiceState.DRAFT)
        release = await services.get_release("svc_1", 1)
        assert (await services.published())[1] == [Published(service=found, releases=(), last=release)]

    async def test_review_says_who_asked_and_who_decided(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        with pytest.raises(BadRequest) as caught:
            await moved(services, 1, Move.PUBLISH, reviewed=True)
        assert caught.value.code == "review_needed"

        asked = await moved(services, 1, Move.SUBMIT, why="please")
        assert (asked.asked_by, asked.asked_why) == (ACT.actor.id, "please")
        assert (await services.get_service("svc_1")).state is ServiceState.REVIEW  # type: ignore[union-attr]
        refused = await moved(services, 1, Move.REFUSE, OTHER, why="no docs")
        assert (refused.decided_by, refused.decided_why) == ("tok_other", "no docs")
        again = await moved(services, 1, Move.SUBMIT)
        assert (again.decided_by, again.decided_why) == ("", "")
        await moved(services, 1, Move.APPROVE, OTHER)
        await moved(services, 1, Move.PUBLISH, reviewed=True)
        assert await states(services) == ["live"]

    async def test_four_eyes_are_two_people(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        await moved(services, 1, Move.SUBMIT)

        with pytest.raises(Denied) as caught:
            await moved(services, 1, Move.APPROVE, four_eyes=True)
        assert caught.value.code == "four_eyes"

        assert (await moved(services, 1, Move.APPROVE, OTHER, four_eyes=True)).state is ReleaseState.APPROVED

    async def test_scheduled_release_is_due_when_its_time_has_come(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        scheduled = await moved(services, 1, Move.SCHEDULE, at=NOON + timedelta(hours=1))

        assert scheduled.publish_at == NOON + timedelta(hours=1)
        assert await services.due_releases(NOON + timedelta(minutes=59)) == []
        ((service, release),) = await services.due_releases(NOON + timedelta(hours=1))
        assert (service.id, release) == ("svc_1", scheduled)
        assert (await moved(services, 1, Move.UNSCHEDULE)).publish_at is None
        assert await services.due_releases(NOON + timedelta(hours=2)) == []

    async def test_check_of_a_step_refuses_it_as_a_whole(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        seen: list[object] = []

        def check(service: Service, release: Release) -> None:
            seen.append((service.id, release.number))
            raise BadRequest("not now")

        with pytest.raises(BadRequest, match="not now"):
            await moved(services, 1, Move.PUBLISH, check=check)

        assert seen == [("svc_1", 1)]
        assert await states(services) == ["made"]
        assert await services.move_release("svc_1", 9, Step(move=Move.PUBLISH), ACT) is None
        assert await services.move_release("svc_9", 1, Step(move=Move.PUBLISH), ACT) is None

    async def test_of_many_who_publish_at_once_one_release_serves(self, store: Store) -> None:
        services = await begun(store)
        for version in "12345":
            await made(services, version)

        await asyncio.gather(*(moved(services, number, Move.PUBLISH) for number in range(1, 6)))

        _, (published,) = await services.published()
        assert [one.id for one in published.releases] == [published.service.live]
        assert sorted(await states(services)) == ["live", *["superseded"] * 4]

    async def test_end_that_is_said_already_is_recorded_once(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        await moved(services, 1, Move.PUBLISH)
        ends = Ending(sunset_at=NOON + timedelta(days=1), successor="sun")

        kept = await services.deprecate_service("svc_1", None, ACT)
        for ending in (ends, ends, Ending(), None, None):
            await services.deprecate_service("svc_1", ending, ACT)

        assert kept == (await services.get_service("svc_1"))
        assert (await actions(store))[3:] == ["service.deprecate", "service.deprecate", "service.undeprecate"]

    async def test_retired_service_is_told_another_successor_and_none_is_its_own(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        await moved(services, 1, Move.PUBLISH)
        later = Act(ACT.actor, NOON + timedelta(hours=1), ACT.key)
        for end in (services.retire_service("svc_1", "weather", ACT), services.deprecate_service("svc_1", ITSELF, ACT)):
            with pytest.raises(BadRequest, match="does not take its own place") as caught:
                await end
            assert caught.value.status == 409
        await services.retire_service("svc_1", "sun", ACT)
        before = await store.edition()

        for successor in ("", "sun", "rain"):
            ended = await services.retire_service("svc_1", successor, later)

        assert ended is not None
        assert (ended.successor, ended.retired_at) == ("rain", NOON)
        assert await store.edition() > before
        assert (await actions(store))[3:] == ["service.retire", "service.retire"]
