"""What every store promises of approvals, promotions and failures of releases, as tests.

Subclass as `StoreContract` says.
"""

from contextlib import suppress
from dataclasses import replace as replaced
from datetime import timedelta
from typing import Any

import pytest

from tollbridge.audit import Act, Actor
from tollbridge.errors import BadRequest, Denied
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Design, ReleaseState, ServiceChange, ServiceState
from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewSecret
from tollbridge.stores.overviews import Waits
from tollbridge.stores.services import NewRelease, ServiceStore
from tollbridge.testing.application_contract import wanted
from tollbridge.testing.overview_contract import queue_of
from tollbridge.testing.people_samples import team
from tollbridge.testing.samples import ACT, NOON, act, child
from tollbridge.testing.service_contract import OTHER, begun, made, moved, states

_Token = tuple[int, str, dict[str, Any]]
LATER = act(NOON + timedelta(hours=1))


def by(id: str) -> Act:
    """Give an act of a token, or of a person."""
    return Act(Actor(id, "api"), NOON, ACT.key)


async def approves(store: Store, asks: str, decides: str) -> bool:
    """Whether one may approve what another asked for; whoever may not is not shown that it waits."""
    services = await store.services()
    await moved(services, 1, Move.SUBMIT, by(asks))
    shown = (await queue_of(store, Waits.RELEASE_IN_REVIEW, but_by=decides)).total == 1
    may = False
    with suppress(Denied):
        await moved(services, 1, Move.APPROVE, by(decides), four_eyes=True)
        may = True
    await moved(services, 1, Move.WITHDRAW)
    assert may is shown
    return may


async def tokens(store: Store, *asked: _Token) -> None:
    """Write tokens, each with a number, the id of its minter, and what else it has."""
    for number, minter, fields in asked:
        await store.add_token(child(number, minter, **{"owner": "", "team": "", **fields}), ACT)


async def live(services: ServiceStore) -> str:
    """Give the release that serves who asks for no version."""
    found = await services.get_service("svc_1")
    assert found is not None
    return found.live


class ReleaseContract:
    """Tests of what becomes of releases."""

    @pytest.mark.parametrize("ends", [Move.WITHDRAW, Move.REFUSE])
    async def test_approval_ends_where_the_release_is_withdrawn_or_refused(self, store: Store, ends: Move) -> None:
        services = await begun(store)
        await made(services, "1")
        for move in (Move.SUBMIT, Move.APPROVE, Move.WITHDRAW, Move.SUBMIT, ends):
            await moved(services, 1, move, OTHER if move in (Move.APPROVE, Move.REFUSE) else ACT)
        if ends is Move.REFUSE:
            await moved(services, 1, Move.SUBMIT)
            await moved(services, 1, Move.WITHDRAW)

        for asked in ({"move": Move.PUBLISH}, {"move": Move.SCHEDULE, "at": LATER.at}):
            with pytest.raises(BadRequest) as caught:
                await moved(services, 1, reviewed=True, **asked)
            assert caught.value.code == "review_needed"
        assert await states(services) == ["made"]

    async def test_approval_of_a_release_that_failed_ends_where_another_review_refuses_it(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        for move in (Move.SUBMIT, Move.APPROVE, Move.PUBLISH, Move.FAIL, Move.SUBMIT, Move.REFUSE, Move.SUBMIT):
            await moved(services, 1, move, reviewed=True)
        await moved(services, 1, Move.WITHDRAW)

        with pytest.raises(BadRequest, match="submit it for review"):
            await moved(services, 1, Move.PUBLISH, reviewed=True)

    async def test_scheduled_release_is_approved_still_when_it_is_unscheduled(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        for move in (Move.SUBMIT, Move.APPROVE):
            await moved(services, 1, move)
        await moved(services, 1, Move.SCHEDULE, at=LATER.at, reviewed=True)

        assert (await moved(services, 1, Move.UNSCHEDULE)).state is ReleaseState.APPROVED

    async def test_tokens_of_one_owner_are_one_person(self, store: Store) -> None:
        await made(await begun(store), "1")
        ann, ben, eve = {"owner": "per_ann"}, {"owner": "per_ben"}, {"owner": "Eve"}
        await tokens(
            store, (1, "", ann), (2, "", ann), (3, "", ben), (4, "", {}), (5, "", {}), (6, "", eve), (7, "", eve)
        )

        assert not await approves(store, "tok_1", "tok_1")
        assert not await approves(store, "tok_1", "tok_2")
        assert not await approves(store, "per_ann", "tok_2")  # signed in, and with a token
        assert not await approves(store, "tok_2", "per_ann")
        assert not await approves(store, "tok_6", "tok_7")
        assert await approves(store, "tok_1", "tok_3")
        assert await approves(store, "per_ben", "tok_1")
        assert await approves(store, "tok_1", "tok_6")
        assert await approves(store, "tok_4", "tok_5")  # nobody's, made by the operator

    async def test_token_and_what_was_made_with_it_are_one_person(self, store: Store) -> None:
        await made(await begun(store), "1")
        ann, eve, kim = {"owner": "per_ann"}, {"owner": "Eve"}, {"owner": "Kim"}
        minted: tuple[_Token, ...] = (
            (2, "tok_1", eve),
            (3, "tok_2", {}),
            (4, "", {}),
            (5, "tok_4", {}),
            (6, "tok_4", {}),
        )
        await tokens(store, (1, "", ann), *minted, (7, "tok_4", eve), (8, "tok_4", kim))

        assert not await approves(store, "tok_1", "tok_3")
        assert not await approves(store, "tok_3", "per_ann")
        assert not await approves(store, "tok_2", "tok_3")
        assert not await approves(store, "tok_5", "tok_6")  # whoever minted both has not said that they are two
        assert not await approves(store, "tok_7", "tok_4")
        assert not await approves(store, "tok_4", "tok_8")
        assert await approves(store, "tok_7", "tok_8")
        assert await approves(store, "tok_3", "tok_7")

    async def test_tokens_of_one_team_are_not_one_person_and_an_application_is_nobody(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        await (await store.people()).add_team(team("blue"), ACT)
        applications = await store.applications()
        for number, owner in enumerate(("per_ben", "Ben", ""), start=1):
            await applications.add_application(replaced(wanted(number), owner=owner), ACT)
        blue = {"team": "blue"}
        of_applications = tuple((3 + number, f"app_{number}", blue) for number in (1, 2, 3))
        await tokens(store, (1, "", blue), (2, "", blue), *of_applications, (7, "tok_4", {**blue, "owner": "Kim"}))

        assert await approves(store, "tok_1", "tok_2")
        for nobody in ("tok_4", "tok_5", "tok_6", "tok_7"):
            assert not await approves(store, "tok_1", nobody)
            assert not await approves(store, nobody, "per_ann")
            with pytest.raises(Denied, match="those of an application nobody's") as caught:
                await moved(services, 1, Move.SUBMIT, by(nobody), four_eyes=True)
            assert caught.value.code == "four_eyes"

    async def test_whoever_was_given_a_secret_of_a_token_may_be_who_calls_with_it(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        people = enumerate(("ann", "ben", "kim"), start=1)
        await tokens(store, *((number, "", {"owner": f"per_{name}"}) for number, name in people))

        async def turned(actor: str) -> None:
            new = NewSecret(actor.encode().ljust(32), "tb_new", "1", NOON)
            assert await store.rotate_token("tok_2", new, NOON, by(actor)) is not None

        assert await approves(store, "tok_1", "tok_2")
        await turned("operator")
        assert await approves(store, "tok_1", "tok_2")
        await turned("tok_1")
        for asks, decides in (("tok_1", "tok_2"), ("tok_2", "per_ann"), ("per_ann", "tok_2")):
            assert not await approves(store, asks, decides)
        assert await approves(store, "tok_3", "tok_2")
        await turned("per_ben")
        assert not await approves(store, "tok_1", "tok_2")  # the one before may still open
        await turned("tok_2")
        assert await approves(store, "tok_1", "tok_2")
        await store.note(by("per_kim"), "credential.add", "tok_2")
        assert not await approves(store, "per_kim", "tok_2")
        assert await approves(store, "tok_1", "tok_2")

    async def test_release_that_serves_already_is_not_promoted_and_keeps_what_it_goes_back_to(
        self, store: Store
    ) -> None:
        services = await begun(store)
        for version in ("1", "2"):
            await made(services, version)
            await moved(services, int(version), Move.PUBLISH)
        before = await store.edition()

        with pytest.raises(BadRequest, match="get this release already") as caught:
            await moved(services, 2, Move.PROMOTE)

        assert caught.value.status == 409
        assert await store.edition() == before
        await moved(services, 2, Move.FAIL)
        assert await live(services) == "rel_svc_1_1"
        assert await states(services) == ["live", "failed"]

    async def test_promoted_release_gives_its_place_back_where_it_fails(self, store: Store) -> None:
        services = await begun(store)
        for version in ("1", "2"):
            await made(services, version)
            await moved(services, int(version), Move.PUBLISH, beside=True)
        await moved(services, 2, Move.PROMOTE)
        await moved(services, 1, Move.SUPERSEDE)

        await moved(services, 2, Move.FAIL)

        assert await live(services) == "rel_svc_1_1"
        assert await states(services) == ["live", "failed"]

    async def test_promoted_release_is_watched_from_then_on(self, store: Store) -> None:
        services = await begun(store)
        for version in ("1", "2"):
            await made(services, version)
            await moved(services, int(version), Move.PUBLISH, beside=True, watched_until=LATER.at)
        assert {(one.since, one.until) for one in await services.watched_releases()} == {(NOON, LATER.at)}
        for version in ("1", "2"):
            await services.end_watch(f"rel_svc_1_{version}", LATER.at)
        until = LATER.at + timedelta(hours=1)

        promoted = await moved(services, 2, Move.PROMOTE, LATER, watched_until=until)

        (watched,) = await services.watched_releases()
        assert watched.release == promoted
        assert (watched.instead_of, watched.since, watched.until) == ("rel_svc_1_1", LATER.at, until)
        assert promoted.published_at == NOON
        await moved(services, 1, Move.PROMOTE, LATER)
        assert [one.release.number for one in await services.watched_releases()] == [2]

    async def test_service_whose_only_release_failed_is_retired(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        await moved(services, 1, Move.PUBLISH)
        await moved(services, 1, Move.FAIL)
        with pytest.raises(BadRequest, match="retire it"):
            await services.drop_service("svc_1", ACT)

        ended = await services.retire_service("svc_1", "sun", ACT)

        assert ended is not None
        assert (ended.state, ended.successor) == (ServiceState.RETIRED, "sun")
        assert await states(services) == ["failed"]
        _, (published,) = await services.published()
        assert (published.service, published.releases) == (ended, ())

    async def test_service_whose_release_failed_before_it_served_is_forgotten(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        await moved(services, 1, Move.SCHEDULE, at=LATER.at)
        await moved(services, 1, Move.FAIL)
        with pytest.raises(BadRequest, match="forget one that never served"):
            await services.retire_service("svc_1", "", ACT)

        assert await services.drop_service("svc_1", ACT) is not None

    async def test_release_is_made_of_the_draft_that_somebody_looked_at_alone(self, store: Store) -> None:
        services = await begun(store)
        await services.change_service("svc_1", ServiceChange(draft=Design(name="Storms")), ACT)
        seen = NewRelease(id="rel_9", version="1", note="", created_by="", created_at=NOON, revision=1)

        with pytest.raises(BadRequest, match="was changed meanwhile") as caught:
            await services.add_release("svc_1", seen, ACT)

        assert caught.value.status == 409
        assert await services.list_releases("svc_1") == []
        now = NewRelease(id="rel_9", version="1", note="", created_by="", created_at=NOON, revision=2)
        release = await services.add_release("svc_1", now, ACT)
        assert release is not None
        assert (await services.designs([release.id]))[release.id].name == "Storms"

    async def test_release_that_gets_its_place_back_is_watched_anew(self, store: Store) -> None:
        services = await begun(store)
        for version in ("1", "2"):
            await made(services, version)
            await moved(services, int(version), Move.PUBLISH, watched_until=LATER.at)
        until = LATER.at + timedelta(hours=1)

        await moved(services, 2, Move.FAIL, LATER, watched_until=until)

        (watched,) = await services.watched_releases()
        assert (watched.release.number, watched.since, watched.until) == (1, LATER.at, until)
        await moved(services, 1, Move.FAIL, LATER, watched_until=until)
        assert (await live(services), await states(services)) == ("", ["failed", "failed"])
        assert await services.watched_releases() == []

    async def test_release_beside_one_that_fails_is_watched_as_it_takes_its_place(self, store: Store) -> None:
        services = await begun(store)
        for version in ("1", "2"):
            await made(services, version)
            await moved(services, int(version), Move.PUBLISH, beside=True)

        await moved(services, 1, Move.FAIL, LATER, watched_until=LATER.at)

        assert [(one.release.number, one.since) for one in await services.watched_releases()] == [(2, LATER.at)]

    async def test_what_is_watched_of_a_paused_service_is_watched_anew_when_it_goes_on(self, store: Store) -> None:
        services, minutes = await begun(store), timedelta(minutes=5)
        for version in ("1", "2"):
            await made(services, version)
        await moved(services, 1, Move.PUBLISH)
        await services.pause_service("svc_1", "", ACT)
        await moved(services, 2, Move.PUBLISH, watched_until=NOON + minutes)
        assert [(one.since, one.until) for one in await services.watched_releases()] == [(NOON, NOON + minutes)]

        await services.pause_service("svc_1", None, LATER)

        (watched,) = await services.watched_releases()
        assert (watched.release.number, watched.since, watched.until) == (2, LATER.at, LATER.at + minutes)

    async def test_service_whose_releases_all_failed_is_published_still_and_serves_nothing(self, store: Store) -> None:
        services = await begun(store)
        await begun(store, id="svc_2", slug="sun")
        for version in ("1", "2", "3"):
            await made(services, version)
        await made(services, "1", "svc_2")
        await moved(services, 2, Move.PUBLISH)
        await moved(services, 1, Move.PUBLISH, beside=True)

        await moved(services, 2, Move.FAIL)
        failed = await moved(services, 1, Move.FAIL, LATER)

        _, (found,) = await services.published()
        assert (found.service.slug, found.service.live, found.releases, found.last) == ("weather", "", (), failed)

    async def test_releases_on_their_way_are_put_back_with_a_record_where_the_service_is_retired(
        self, store: Store
    ) -> None:
        services = await begun(store)
        for version in ("1", "2", "3", "4"):
            await made(services, version)
        await moved(services, 1, Move.PUBLISH)
        await moved(services, 2, Move.SCHEDULE, at=LATER.at)
        await moved(services, 3, Move.SUBMIT)
        await moved(services, 4, Move.SUBMIT)
        await moved(services, 4, Move.APPROVE)

        await services.retire_service("svc_1", "", ACT)

        assert await states(services) == ["superseded", "made", "made", "made"]
        assert (await services.get_release("svc_1", 2)).publish_at is None  # type: ignore[union-attr]
        _, *written = await store.list_audit(action="service.", limit=4)
        assert [(one.action, one.before, '"why":"the service is retired"' in one.after) for one in written] == [
            ("service.withdraw", '{"state":"approved"}', True),
            ("service.withdraw", '{"state":"review"}', True),
            ("service.unschedule", '{"state":"scheduled"}', True),
        ]
