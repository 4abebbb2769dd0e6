"""What every store promises of services that are paused, deprecated, retired and forgotten, as tests.

Subclass as `StoreContract` says.
"""

from datetime import timedelta

import pytest

from tollbridge.audit import Act
from tollbridge.errors import BadRequest
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Service, ServiceChange, ServiceState
from tollbridge.stores.base import Store
from tollbridge.stores.services import Ending, Step
from tollbridge.testing.samples import ACT, NOON
from tollbridge.testing.service_contract import actions, begun, made, moved, states


class CourseContract:
    """Tests of what becomes of a service as a whole."""

    async def test_check_of_an_ending_refuses_it_as_a_whole(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        seen: list[str] = []

        def check(service: Service) -> None:
            seen.append(service.id)
            raise BadRequest("not now")

        with pytest.raises(BadRequest, match="not now"):
            await services.drop_service("svc_1", ACT, check=check)
        await moved(services, 1, Move.PUBLISH)
        before = await services.get_service("svc_1")
        for ending in (
            services.deprecate_service("svc_1", Ending(), ACT, check=check),
            services.deprecate_service("svc_1", None, ACT, check=check),
            services.pause_service("svc_1", "", ACT, check=check),
            services.retire_service("svc_1", "sun", ACT, check=check),
        ):
            with pytest.raises(BadRequest, match="not now"):
                await ending

        assert seen == ["svc_1"] * 5
        assert await services.get_service("svc_1") == before
        assert await services.retire_service("svc_9", "", ACT, check=check) is None
        ended = await services.retire_service("svc_1", "", ACT, check=lambda service: seen.append(service.slug))
        assert ended is not None
        assert (ended.retired_at, seen[5:]) == (NOON, ["weather"])

    async def test_service_is_deprecated_and_kept_and_retired(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        ending = Ending(sunset_at=NOON + timedelta(days=30), successor="sun")
        with pytest.raises(BadRequest, match="only a service that is published"):
            await services.deprecate_service("svc_1", ending, ACT)
        await moved(services, 1, Move.PUBLISH)
        before = await store.edition()

        one = await services.deprecate_service("svc_1", ending, ACT)
        assert one is not None
        assert (one.state, one.deprecated_at, one.sunset_at) == (ServiceState.DEPRECATED, NOON, ending.sunset_at)
        later = Act(ACT.actor, NOON + timedelta(days=1), ACT.key)
        again = await services.deprecate_service("svc_1", Ending(), later)
        assert again is not None
        assert (again.deprecated_at, again.sunset_at, again.successor) == (NOON, None, "")
        kept = await services.deprecate_service("svc_1", None, ACT)
        assert kept is not None
        assert kept.state is ServiceState.PUBLISHED
        assert await store.edition() == before + 3
        await services.deprecate_service("svc_1", ending, ACT)
        ended = await services.retire_service("svc_1", "", later)
        assert ended is not None
        assert (ended.state, ended.retired_at, ended.successor, ended.live) == (
            ServiceState.RETIRED,
            later.at,
            "sun",
            "",
        )
        assert await services.deprecate_service("svc_9", ending, ACT) is None
        assert await actions(store) == [
            *("service.add", "service.release", "service.publish", "service.deprecate", "service.deprecate"),
            *("service.undeprecate", "service.deprecate", "service.retire"),
        ]

    async def test_service_is_paused_in_any_state_and_goes_on(self, store: Store) -> None:
        services = await begun(store)
        early = await services.pause_service("svc_1", "not yet", ACT)
        assert early is not None
        assert (early.state, early.paused_at, early.paused_why) == (ServiceState.DRAFT, NOON, "not yet")
        await made(services, "1")
        await moved(services, 1, Move.PUBLISH)
        before = await store.edition()

        later = Act(ACT.actor, NOON + timedelta(days=1), ACT.key)
        (_, (published,)) = await services.published()
        same = await services.pause_service("svc_1", "not yet", later)
        other = await services.pause_service("svc_1", "", later)
        resumed = await services.pause_service("svc_1", None, later)
        again = await services.pause_service("svc_1", None, later)

        assert (published.service, published.service.state) == (same, ServiceState.PUBLISHED)
        assert same is not None
        assert (same.paused_at, same.paused_why) == (NOON, "not yet")
        assert other is not None
        assert (other.paused_at, other.paused_why) == (NOON, "")
        assert resumed == again
        assert resumed is not None
        assert (resumed.paused_at, resumed.paused_why) == (None, "")
        assert await store.edition() == before + 2
        assert await services.pause_service("svc_9", "", ACT) is None
        assert (await actions(store))[-3:] == ["service.publish", "service.pause", "service.resume"]
        await services.pause_service("svc_1", "for good", ACT)
        retired = await services.retire_service("svc_1", "", ACT)
        assert retired is not None
        assert retired.paused_at is None

    async def test_retired_service_stays_known_and_does_nothing_more(self, store: Store) -> None:
        services = await begun(store)
        for version in ("1", "2", "3"):
            await made(services, version)
        await moved(services, 1, Move.PUBLISH)
        await moved(services, 2, Move.SUBMIT)
        await moved(services, 3, Move.SCHEDULE, at=NOON)
        ended = await services.retire_service("svc_1", "sun", ACT)

        assert await states(services) == ["superseded", "made", "made"]
        assert await services.due_releases(NOON) == []
        assert await services.retire_service("svc_1", "", ACT) == ended
        assert await services.retire_service("svc_9", "", ACT) is None
        _, (published,) = await services.published()
        assert (published.service, published.releases) == (ended, ())
        for refused in (
            services.change_service("svc_1", ServiceChange(team="red"), ACT),
            services.deprecate_service("svc_1", Ending(), ACT),
            services.pause_service("svc_1", "", ACT),
            services.move_release("svc_1", 1, Step(move=Move.PUBLISH), ACT),
            made(services, "4"),
        ):
            with pytest.raises(BadRequest, match="is retired, for good"):
                await refused
        with pytest.raises(BadRequest) as caught:
            await begun(store, id="svc_2")
        assert caught.value.code == "already_exists"

    async def test_service_that_never_served_is_forgotten_and_any_other_is_not(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        with pytest.raises(BadRequest, match="forget one that never served"):
            await services.retire_service("svc_1", "", ACT)

        dropped = await services.drop_service("svc_1", ACT)
        assert dropped is not None
        assert dropped.slug == "weather"
        assert await services.get_service("svc_1") is None
        assert await services.drop_service("svc_1", ACT) is None
        await begun(store)
        await made(services, "1")
        await moved(services, 1, Move.PUBLISH)
        with pytest.raises(BadRequest, match="retire it"):
            await services.drop_service("svc_1", ACT)

    async def test_states_are_found(self, store: Store) -> None:
        services = await store.services()
        for number, slug in enumerate(("draft", "review", "published", "deprecated", "retired"), 1):
            await begun(store, id=f"svc_{number}", slug=slug)
            release = await made(services, "1", f"svc_{number}")
            step = Step(move=Move.SUBMIT if slug == "review" else Move.PUBLISH)
            if slug != "draft":
                await services.move_release(f"svc_{number}", release.number, step, ACT)
        await services.deprecate_service("svc_4", Ending(), ACT)
        await services.retire_service("svc_5", "", ACT)

        for state in ServiceState:
            (found,) = await services.list_services(state=state)
            assert (found.slug, found.state) == (state, state)
