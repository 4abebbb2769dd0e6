"""What every store promises about teams, as tests.  Subclass as `StoreContract` says."""

import asyncio
import json
from dataclasses import replace

import pytest
from msgspec import structs

from tollbridge.errors import BadRequest
from tollbridge.people.model import Team, TeamChange
from tollbridge.stores.base import Store
from tollbridge.stores.newpeople import NewTeam
from tollbridge.testing.people_samples import actions, add_person, team
from tollbridge.testing.samples import ACT, NOON, child, found, opening, states
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import Above, TokenBudget, TokenKind, TokenLimits, TokenState

_OFFICE = Conditions(("10.0.0.0/8",), "mon-fri 08:00-18:00 UTC")


class TeamContract:
    """Tests of `TeamStore`."""

    async def test_team_is_kept_as_it_was_made(self, store: Store) -> None:
        people = await store.people()
        new = team("blue", title="Blue", description="They are.\nReally.", rotate_days=30)
        holder = replace(new.holder, limits=TokenLimits(60), budget=TokenBudget(5, "day"), conditions=_OFFICE)

        made = await people.add_team(replace(new, holder=holder), ACT)

        assert (made.name, made.holder, made.title, made.description) == (
            "blue",
            "team_blue",
            "Blue",
            "They are.\nReally.",
        )
        assert (made.state, made.scopes, made.created_at) == (TokenState.ACTIVE, ("ai:*", "model:*"), NOON)
        assert (made.limits, made.budget, made.conditions) == (TokenLimits(60), TokenBudget(5, "day"), _OFFICE)
        assert (made.rotate_days, made.disabled_at, made.ended_at) == (30, None, None)
        assert await people.get_team("blue") == made
        assert await people.get_team("red") is None
        assert [await store.team_holder(name) for name in ("blue", "red", "blue\0")] == ["team_blue", None, None]
        assert await people.rotation_of("blue") == 30
        assert await people.rotation_of("red") is None
        assert await states(store) == {}
        assert await actions(store) == ["token.issue team_blue", "team.add blue"]

    async def test_name_of_a_team_is_given_once(self, store: Store) -> None:
        people = await store.people()
        await people.add_team(team("blue"), ACT)
        await people.end_team("blue", ACT)
        assert (await store.team_holder("blue"), await store.find_holder("team_blue")) == ("team_blue", None)
        before = await actions(store)

        with pytest.raises(BadRequest) as caught:
            await people.add_team(NewTeam(replace(team("blue").holder, id="team_2"), "again"), ACT)

        assert (caught.value.status, caught.value.code) == (409, "already_exists")
        assert await actions(store) == before

    async def test_tokens_that_had_its_name_stand_below_it_from_then_on(self, store: Store) -> None:
        await store.add_token(child(1, "", team="blue", scopes=("ai:*", "admin:*")), ACT)
        await store.add_token(child(2, "tok_1", team="blue", scopes=("ai:*", "admin:*")), ACT)
        await store.add_token(child(3, "", team="", scopes=("ai:*", "admin:*")), ACT)
        await store.add_token(child(4, "tok_3", team="blue", scopes=("ai:*", "admin:*")), ACT)
        await store.add_token(child(5, "", team="blue"), ACT)
        await store.revoke_token("tok_5", ACT)
        people = await store.people()

        await people.add_team(team("blue"), ACT)

        for number in (1, 2, 4):
            principal = await found(store, number)
            assert "ai:chat" in principal.scopes
            assert "admin:tokens:read" not in principal.scopes
            assert principal.above[-1].id == "team_blue"
        assert "admin:tokens:read" in (await found(store, 3)).scopes
        told = json.loads((await store.list_audit(limit=1))[0].after)
        assert told["adopted"] == ["tok_1", "tok_4"]
        await people.end_team("blue", ACT)
        assert await opening(store) == [3]
        assert [token.parent for token in await store.list_tokens()] == ["", "tok_3", "", "tok_1", "team_blue"]

    async def test_token_of_a_team_is_made_below_it_and_below_whoever_outside_makes_it(self, store: Store) -> None:
        people = await store.people()
        await people.add_team(team("blue"), ACT)
        await store.add_token(child(1, "", team="", scopes=("ai:*", "admin:*")), ACT)

        await store.add_token(child(2, "", team="blue"), ACT)
        await store.add_token(child(3, "tok_2", team="blue"), ACT)
        await store.add_token(child(4, "tok_1", team="blue", scopes=("ai:*", "admin:*", "model:*")), ACT)
        await store.add_token(child(5, "tok_1", team="green"), ACT)

        above = {number: [each.id for each in (await found(store, number)).above] for number in range(1, 6)}
        assert above == {1: [], 2: ["team_blue"], 3: ["tok_2", "team_blue"], 4: ["tok_1", "team_blue"], 5: ["tok_1"]}
        guest = (await found(store, 4)).scopes
        assert [scope in guest for scope in ("ai:chat", "admin:tokens:read", "model:x")] == [True, False, False]
        await store.revoke_token("tok_1", ACT)
        assert await opening(store) == [2, 3]
        await people.end_team("blue", ACT)
        assert await opening(store) == []
        with pytest.raises(BadRequest, match="the team 'blue' has ended, for good"):
            await store.add_token(child(6, "", team="blue"), ACT)

    async def test_disabled_team_is_named_where_something_is_to_be_made_in_it(self, store: Store) -> None:
        people = await store.people()
        await people.add_team(team("blue"), ACT)
        await people.switch_team("blue", ACT, on=False)

        with pytest.raises(BadRequest, match="the team 'blue' is disabled; enable it first") as caught:
            await store.add_token(child(1, "", team="blue"), ACT)
        assert caught.value.status == 409

    async def test_grant_in_a_team_stands_below_its_member_and_its_client_alone(self, store: Store) -> None:
        people = await store.people()
        await people.add_team(team("blue"), ACT)
        await store.add_token(child(1, "", team="blue", kind=TokenKind.SECRET), ACT)
        await store.add_token(child(2, "", team="blue", kind=TokenKind.MEMBER, digest=b""), ACT)

        await store.add_token(child(3, "tok_2", team="blue", beside="tok_1", kind=TokenKind.ACCESS), ACT)

        token = await store.get_token("tok_3")
        assert token is not None
        assert (token.parent, token.beside) == ("tok_2", "tok_1")

    async def test_change_of_a_team_changes_what_all_in_it_may_do(self, store: Store) -> None:
        people = await store.people()
        await people.add_team(team("blue", title="Blue", rotate_days=30), ACT)
        await store.add_token(child(1, "", team="blue", scopes=("ai:*", "model:*")), ACT)
        change = TeamChange(
            title="Bluer",
            scopes=("ai:chat",),
            limits=TokenLimits(7),
            budget=TokenBudget(9),
            conditions=_OFFICE,
            rotate_days=None,
        )

        changed = await people.change_team("blue", change, ACT)

        assert changed is not None
        assert (changed.title, changed.description, changed.rotate_days) == ("Bluer", "", None)
        assert (changed.limits, changed.budget, changed.conditions) == (TokenLimits(7), TokenBudget(9), _OFFICE)
        principal = await found(store, 1)
        assert "model:x" not in principal.scopes
        assert principal.above == (Above("team_blue", TokenLimits(7), TokenBudget(9)),)
        assert _OFFICE in principal.conditions
        assert (await actions(store))[-2:] == ["token.change team_blue", "team.change blue"]
        record = (await store.list_audit(limit=1))[0]
        assert json.loads(record.before) == {"title": "Blue", "rotate_days": 30}
        assert json.loads(record.after) == {"title": "Bluer", "rotate_days": None}

    async def test_changes_of_a_team_at_the_same_time_each_begin_with_what_others_left(self, store: Store) -> None:
        people = await store.people()
        await people.add_team(team("blue", rotate_days=30), ACT)
        await people.change_team("blue", TeamChange(limits=TokenLimits(100, None, 5)), ACT)

        def narrower(seen: Team) -> TeamChange:
            rpm = seen.limits.requests_per_minute or 0
            limits = structs.replace(seen.limits, requests_per_minute=rpm - 1)
            return TeamChange(limits=limits, rotate_days=(seen.rotate_days or 0) - 1)

        await asyncio.gather(*(people.change_team("blue", narrower, ACT) for _ in range(8)))

        changed = await people.get_team("blue")
        assert changed is not None
        assert (changed.limits, changed.rotate_days) == (TokenLimits(92, None, 5), 22)

    async def test_change_that_is_refused_when_it_sees_the_team_leaves_all_as_it_was(self, store: Store) -> None:
        people = await store.people()
        before = await people.add_team(team("blue"), ACT)
        told = await actions(store)

        def refuse(seen: Team) -> TeamChange:
            assert seen == before
            raise BadRequest("no")

        with pytest.raises(BadRequest, match="no"):
            await people.change_team("blue", refuse, ACT)

        assert (await people.get_team("blue"), await actions(store)) == (before, told)

    async def test_change_of_nothing_is_no_record(self, store: Store) -> None:
        people = await store.people()
        await people.add_team(team("blue"), ACT)
        before = await actions(store)

        assert await people.change_team("blue", TeamChange(), ACT) == await people.get_team("blue")

        assert await actions(store) == before

    async def test_team_that_is_off_opens_nothing_until_it_is_on(self, store: Store) -> None:
        people = await store.people()
        await people.add_team(team("blue"), ACT)
        await store.add_token(child(1, "", team="blue"), ACT)
        await store.add_token(child(2, "", team="blue"), ACT)
        await store.switch_token("tok_2", ACT, on=False)

        off = await people.switch_team("blue", ACT, on=False)

        assert off is not None
        assert (off.state, off.disabled_at) == (TokenState.DISABLED, NOON)
        assert await opening(store) == []
        on = await people.switch_team("blue", ACT, on=True)
        assert on is not None
        assert on.state is TokenState.ACTIVE
        assert await opening(store) == [1]
        assert (await actions(store))[-4:] == [
            "token.disable team_blue",
            "team.disable blue",
            "token.enable team_blue",
            "team.enable blue",
        ]

    async def test_end_of_a_team_is_the_end_of_all_in_it(self, store: Store) -> None:
        people = await store.people()
        await people.add_team(team("blue"), ACT)
        await add_person(store, 1, "blue")
        await store.add_token(child(1, "mem_1_blue", team="blue"), ACT)

        ended = await people.end_team("blue", ACT)

        assert ended is not None
        assert (ended.state, ended.ended_at) == (TokenState.REVOKED, NOON)
        assert await opening(store) == []
        assert await people.list_members("blue") == []
        records = await actions(store)
        assert records[-2:] == ["token.revoke team_blue", "team.end blue"]
        assert await people.end_team("blue", ACT) == ended
        assert await actions(store) == records
        for change in (
            people.change_team("blue", TeamChange(title="x"), ACT),
            people.switch_team("blue", ACT, on=True),
        ):
            with pytest.raises(BadRequest, match="has ended") as caught:
                await change
            assert caught.value.status == 409

    async def test_team_that_is_not_there_is_not_changed(self, store: Store) -> None:
        people = await store.people()

        assert await people.change_team("blue", TeamChange(title="x"), ACT) is None
        assert await people.switch_team("blue", ACT, on=False) is None
        assert await people.end_team("blue", ACT) is None
        assert await actions(store) == []

    async def test_teams_are_listed_by_name_page_by_page(self, store: Store) -> None:
        people = await store.people()
        for name in ("b-2", "a", "b1", "c"):
            await people.add_team(team(name, title=f"The {name.upper()} %"), ACT)

        assert [one.name for one in await people.list_teams()] == ["a", "b-2", "b1", "c"]
        assert [one.name for one in await people.list_teams(limit=2, after="a")] == ["b-2", "b1"]
        assert [one.name for one in await people.list_teams(search="B1 %")] == ["b1"]
        assert [one.name for one in await people.list_teams(search="b-")] == ["b-2"]
        assert await people.list_teams(search="_") == []
        assert await people.list_teams(after="c") == []
