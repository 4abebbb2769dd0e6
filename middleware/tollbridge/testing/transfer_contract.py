"""What every store promises about applications that go to another team, as tests.  Subclass as `StoreContract` says."""

import asyncio
import json

import pytest

from tollbridge.applications.model import ApplicationChange, application_of
from tollbridge.errors import BadRequest
from tollbridge.people.model import TeamChange
from tollbridge.stores.base import Store
from tollbridge.testing.application_contract import working
from tollbridge.testing.people_samples import actions, add_person
from tollbridge.testing.samples import ACT, child, found, opening
from tollbridge.tokens.model import Token, TokenKind, TokenState

_OURS = ("app_1", "tok_1", "tok_2", "tok_3")


async def token_of(store: Store, id: str) -> Token:
    """Give a token that is there."""
    token = await store.get_token(id)
    assert token is not None
    return token


async def teams_of(store: Store, *ids: str) -> list[str]:
    """Give the teams of some tokens."""
    return [(await token_of(store, id)).team for id in ids]


class TransferContract:
    """Tests of `ApplicationStore.transfer_application`."""

    async def test_application_goes_to_another_team_with_all_that_it_minted(self, store: Store) -> None:
        await working(store, "ai:*", "model:*")
        applications, people = await store.applications(), await store.people()
        await people.change_team("red", TeamChange(scopes=("ai:chat", "service:*")), ACT)
        before = await actions(store)

        moved = await applications.transfer_application("app_1", "red", ACT)

        assert moved is not None
        assert (moved.team, moved.state) == ("red", TokenState.ACTIVE)
        assert await applications.get_application("app_1") == moved
        assert await teams_of(store, *_OURS) == ["red"] * 4
        for number in (1, 2, 3):
            principal = await found(store, number)
            assert principal.team == "red"
            assert [above.id for above in principal.above][-2:] == ["app_1", "team_red"]
            assert "team_blue" not in [above.id for above in principal.above]
            assert [scope in principal.scopes for scope in ("ai:chat", "ai:embeddings", "model:x")] == [
                *(True, False, False)
            ]
        assert (await actions(store))[len(before) :] == ["application.transfer app_1"]
        record = (await store.list_audit(limit=1))[0]
        assert json.loads(record.before) == {"team": "blue", "parent": "team_blue"}
        assert json.loads(record.after) == {"team": "red", "parent": "team_red"}
        await people.end_team("blue", ACT)
        assert await opening(store) == [1, 2, 3]
        await people.end_team("red", ACT)
        assert await opening(store) == []

    async def test_application_goes_to_the_operator_and_back(self, store: Store) -> None:
        await working(store, "ai:*")
        applications = await store.applications()

        await applications.transfer_application("app_1", "", ACT)
        assert await teams_of(store, *_OURS) == [""] * 4
        assert [above.id for above in (await found(store, 1)).above] == ["app_1"]
        await applications.transfer_application("app_1", "red", ACT)

        assert await teams_of(store, *_OURS) == ["red"] * 4
        assert [above.id for above in (await found(store, 2)).above] == ["tok_1", "app_1", "team_red"]

    async def test_what_is_off_stays_off_and_goes_on_again_by_itself(self, store: Store) -> None:
        await working(store, "ai:*")
        applications, people = await store.applications(), await store.people()
        await store.switch_token("tok_3", ACT, on=False)
        await people.switch_team("blue", ACT, on=False)

        moved = await applications.transfer_application("app_1", "red", ACT)

        assert moved is not None
        assert moved.state is TokenState.DISABLED
        await people.switch_team("blue", ACT, on=True)
        assert await opening(store) == []
        await applications.switch_application("app_1", ACT, on=True)
        assert await opening(store) == [1, 2]
        await applications.switch_application("app_1", ACT, on=False)
        await applications.transfer_application("app_1", "blue", ACT)
        assert await opening(store) == []
        await applications.switch_application("app_1", ACT, on=True)
        assert await opening(store) == [1, 2]

    async def test_team_that_is_not_there_or_opens_nothing_is_given_none(self, store: Store) -> None:
        made = await working(store, "ai:*")
        applications, people = await store.applications(), await store.people()
        with pytest.raises(BadRequest) as caught:
            await applications.transfer_application("app_1", "green", ACT)
        assert (caught.value.status, caught.value.param) == (400, "team")
        for act in (people.switch_team("red", ACT, on=False), people.end_team("red", ACT)):
            await act
            with pytest.raises(BadRequest, match=r"the team 'red' (is disabled|has ended)"):
                await applications.transfer_application("app_1", "red", ACT)

        assert await applications.get_application("app_1") == made
        assert await teams_of(store, *_OURS) == ["blue"] * 4

    async def test_what_people_let_its_client_do_stays_theirs_and_is_bounded_by_both_teams(self, store: Store) -> None:
        await working(store, "ai:*")
        await add_person(store, 1, "blue")
        await store.add_token(child(4, "tok_3", kind=TokenKind.SECRET, scopes=("ai:*",)), ACT)
        await store.add_token(child(5, "mem_1_blue", beside="tok_4", kind=TokenKind.ACCESS, scopes=("ai:*",)), ACT)
        applications = await store.applications()

        await applications.transfer_application("app_1", "red", ACT)

        assert await teams_of(store, "tok_4", "tok_5", "mem_1_blue") == ["red", "blue", "blue"]
        grant = await found(store, 5)
        assert {"team_blue", "team_red", "app_1"} <= {above.id for above in grant.above}
        assert application_of(grant) == "app_1"

    async def test_what_is_made_below_an_application_is_of_its_team(self, store: Store) -> None:
        await working(store, "ai:*")
        applications = await store.applications()
        await applications.transfer_application("app_1", "red", ACT)

        for parent in ("app_1", "tok_1", "tok_3"):
            for its_team in ("blue", "green", ""):
                with pytest.raises(BadRequest, match="of the team that the application is of") as caught:
                    await store.add_token(child(4, parent, team=its_team), ACT)
                assert caught.value.status == 409
        await store.add_token(child(4, "tok_3", team="red"), ACT)
        await applications.transfer_application("app_1", "", ACT)
        with pytest.raises(BadRequest, match="of the team that the application is of"):
            await store.add_token(child(5, "tok_4", team="red"), ACT)
        await store.add_token(child(5, "tok_4", team=""), ACT)
        assert await teams_of(store, "tok_4", "tok_5") == ["", ""]

    async def test_token_made_while_its_application_goes_is_of_the_new_team_or_not_made(self, store: Store) -> None:
        await working(store, "ai:*")
        applications = await store.applications()

        made = await asyncio.gather(
            *(store.add_token(child(number, "app_1"), ACT) for number in (4, 5)),
            applications.transfer_application("app_1", "red", ACT),
            *(store.add_token(child(number, "tok_2"), ACT) for number in (6, 7)),
            return_exceptions=True,
        )

        refused = [one for one in made if isinstance(one, BaseException)]
        assert all(isinstance(one, BadRequest) and one.status == 409 for one in refused)
        there = [one for one in (*_OURS, "tok_4", "tok_5", "tok_6", "tok_7") if await store.get_token(one) is not None]
        assert set(await teams_of(store, *there)) == {"red"}
        assert len(there) == 8 - len(refused)
        for id in there[1:]:
            above = [each.id for each in (await found(store, int(id[4:]))).above]
            assert above[-2:] == ["app_1", "team_red"]

    async def test_token_made_while_its_application_ends_opens_nothing_or_is_not_made(self, store: Store) -> None:
        await working(store, "ai:*")
        applications = await store.applications()

        made = await asyncio.gather(
            *(store.add_token(child(number, "app_1"), ACT) for number in (4, 5)),
            applications.end_application("app_1", ACT),
            *(store.add_token(child(number, "tok_2"), ACT) for number in (6, 7)),
            return_exceptions=True,
        )

        refused = [one for one in made if isinstance(one, BaseException)]
        assert all(isinstance(one, BadRequest) and one.status == 409 for one in refused)
        assert await opening(store, range(1, 8)) == []

    async def test_changes_and_transfers_at_the_same_time_are_one_after_the_other(self, store: Store) -> None:
        await working(store, "ai:*")
        applications = await store.applications()

        await asyncio.gather(
            *(applications.transfer_application("app_1", one, ACT) for one in ("red", "", "blue", "red")),
            *(
                applications.change_application("app_1", ApplicationChange(scopes=(one,)), ACT)
                for one in ("ai:x", "ai:y")
            ),
        )

        application = await applications.get_application("app_1")
        assert application is not None
        assert await teams_of(store, *_OURS) == [application.team] * 4
        principal = await found(store, 3)
        above = [f"team_{application.team}"] if application.team else []
        assert [each.id for each in principal.above] == ["tok_2", "tok_1", "app_1", *above]
        assert [scope for scope in ("ai:x", "ai:y") if scope in principal.scopes] == list(application.scopes)
