"""What every store promises about applications, as tests.  Subclass as `StoreContract` says."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from tollbridge.applications.model import Application, ApplicationChange, application_of
from tollbridge.errors import BadRequest
from tollbridge.stores.applications import NewApplication
from tollbridge.stores.base import Store
from tollbridge.testing.people_samples import actions, add_person, holder, team
from tollbridge.testing.samples import ACT, NOON, child, found, opening, states
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import (
    Above,
    SecretUse,
    TokenBudget,
    TokenKind,
    TokenLimits,
    TokenState,
)

_OFFICE = Conditions(("10.0.0.0/8",), "mon-fri 08:00-18:00 UTC")


def wanted(number: int, its_team: str = "blue", *scopes: str, **said: Any) -> NewApplication:
    """Make an application of a number, `app_<number>`."""
    token = holder(f"app_{number}", TokenKind.APPLICATION, scopes, its_team)
    return NewApplication(replace(token, name=f"Application {number}"), **said)


async def working(store: Store, *scopes: str) -> Application:
    """Write the teams blue and red, and of blue an application with three tokens, each below the one before."""
    people, applications = await store.people(), await store.applications()
    for name in ("blue", "red"):
        await people.add_team(replace(team(name), holder=replace(team(name).holder, scopes=_WIDE)), ACT)
    made = await applications.add_application(wanted(1, "blue", *scopes), ACT)
    for number, parent in enumerate(("app_1", "tok_1", "tok_2"), start=1):
        await store.add_token(child(number, parent, scopes=_WIDE), ACT)
    return made


_WIDE = ("ai:*", "model:*", "service:*")


class ApplicationContract:
    """Tests of `ApplicationStore`."""

    async def test_application_is_kept_as_it_was_made(self, store: Store) -> None:
        await (await store.people()).add_team(team("blue"), ACT)
        applications = await store.applications()
        new = wanted(1, "blue", "ai:chat", "service:shop:*", owner="per_1", description="It is.\nReally.")
        more: dict[str, Any] = {"tags": ("a", "b"), "metadata": {"a": "é"}, "conditions": _OFFICE}
        bounds: dict[str, Any] = {"limits": TokenLimits(60), "budget": TokenBudget(5, "day")}

        made = await applications.add_application(replace(new, holder=replace(new.holder, **more, **bounds)), ACT)

        said = {"owner": "per_1", "description": "It is.\nReally.", "scopes": ("ai:chat", "service:shop:*")}
        basic = {"id": "app_1", "name": "Application 1", "team": "blue", "created_at": NOON, "state": TokenState.ACTIVE}
        assert made == Application(**basic, **said, **more, **bounds)  # type: ignore[arg-type]  # by their names
        assert await applications.get_application("app_1") == made
        assert await applications.get_application("app_2") is None
        assert await states(store) == {}
        assert (await actions(store))[-1] == "application.add app_1"
        told = json.loads((await store.list_audit(limit=1))[0].after)
        assert (told["team"], told["owner"], told["parent"]) == ("blue", "per_1", "team_blue")

    async def test_token_of_an_application_stands_below_it_and_its_team(self, store: Store) -> None:
        await working(store, "ai:chat")

        for number in (1, 2, 3):
            principal = await found(store, number)
            assert [above.id for above in principal.above][-2:] == ["app_1", "team_blue"]
            assert application_of(principal) == "app_1"
            assert [scope in principal.scopes for scope in ("ai:chat", "ai:embeddings")] == [True, False]
        holder = await store.find_holder("app_1")
        assert holder is not None
        assert (holder.kind, application_of(holder)) == (TokenKind.APPLICATION, "app_1")
        team_holder = await store.find_holder("team_blue")
        assert team_holder is not None
        assert application_of(team_holder) == ""

    async def test_every_kind_of_token_below_it_is_of_the_application(self, store: Store) -> None:
        await working(store, "ai:*")
        await add_person(store, 1, "blue")
        await store.add_token(child(4, "tok_1", kind=TokenKind.SECRET, use=SecretUse.BEARER), ACT)
        grant = child(5, "mem_1_blue", beside="tok_4", kind=TokenKind.ACCESS, use=SecretUse.ACCESS)
        await store.add_token(grant, ACT)
        await store.add_token(child(6, "tok_4"), ACT)

        for number in (1, 2, 3, 4, 5, 6):
            assert application_of(await found(store, number)) == "app_1"

    async def test_application_that_may_nothing_lets_its_tokens_do_nothing(self, store: Store) -> None:
        made = await working(store)

        assert made.holds == ()
        principal = await found(store, 1)
        assert [scope for scope in ("ai:chat", "model:x", "service:x:y") if scope in principal.scopes] == []

    async def test_application_of_nobody_is_the_operators(self, store: Store) -> None:
        applications = await store.applications()

        made = await applications.add_application(wanted(1, "", "ai:*"), ACT)
        await store.add_token(child(1, "app_1", team=""), ACT)

        assert made.team == ""
        assert [above.id for above in (await found(store, 1)).above] == ["app_1"]

    async def test_application_of_a_team_that_is_not_there_or_is_off_is_not_made(self, store: Store) -> None:
        applications, people = await store.applications(), await store.people()
        with pytest.raises(BadRequest) as caught:
            await applications.add_application(wanted(1), ACT)
        assert (caught.value.status, caught.value.param) == (400, "team")
        await people.add_team(team("blue"), ACT)
        for act in (people.switch_team("blue", ACT, on=False), people.end_team("blue", ACT)):
            await act
            with pytest.raises(BadRequest, match=r"the team 'blue' (is disabled|has ended)"):
                await applications.add_application(wanted(1), ACT)
        assert await applications.list_applications() == []

    async def test_name_is_taken_in_its_team_until_it_ends(self, store: Store) -> None:
        await working(store)
        applications = await store.applications()
        again = replace(wanted(2), holder=replace(wanted(2).holder, name="Application 1"))
        elsewhere = replace(again, holder=replace(again.holder, id="app_3", team="red"))
        before = await actions(store)

        with pytest.raises(BadRequest) as caught:
            await applications.add_application(again, ACT)

        assert (caught.value.status, caught.value.code) == (409, "already_exists")
        assert await actions(store) == before
        await applications.add_application(elsewhere, ACT)
        for change in (
            applications.transfer_application("app_3", "blue", ACT),
            applications.transfer_application("app_1", "red", ACT),
        ):
            with pytest.raises(BadRequest) as caught:
                await change
            assert caught.value.code == "already_exists"
        await applications.end_application("app_1", ACT)
        assert (await applications.add_application(again, ACT)).name == "Application 1"

    async def test_change_changes_what_its_tokens_may_do_and_is_one_record(self, store: Store) -> None:
        await working(store, "ai:chat", "model:*")
        applications, before = await store.applications(), await actions(store)
        change = ApplicationChange(
            name="Shop",
            owner="ada",
            description="x",
            scopes=("ai:*",),
            limits=TokenLimits(7),
            budget=TokenBudget(9),
            conditions=_OFFICE,
            tags=("t",),
            metadata={"m": "1"},
        )

        changed = await applications.change_application("app_1", change, ACT)

        assert changed is not None
        assert {name: getattr(changed, name) for name in structs.asdict(change)} == structs.asdict(change)
        assert await applications.get_application("app_1") == changed
        principal = await found(store, 3)
        assert [scope in principal.scopes for scope in ("ai:embeddings", "model:x")] == [True, False]
        assert Above("app_1", TokenLimits(7), TokenBudget(9)) in principal.above
        assert _OFFICE in principal.conditions
        assert (await actions(store))[len(before) :] == ["application.change app_1"]
        record = (await store.list_audit(limit=1))[0]
        told = [json.loads(side) for side in (record.before, record.after)]
        assert [(one["owner"], one["name"], one["scopes"]) for one in told] == [
            ("", "Application 1", "ai:chat model:*"),
            ("ada", "Shop", "ai:*"),
        ]

    async def test_change_takes_a_name_that_is_free_and_keeps_its_own(self, store: Store) -> None:
        await working(store)
        applications = await store.applications()
        await applications.add_application(wanted(2), ACT)

        with pytest.raises(BadRequest) as caught:
            await applications.change_application("app_2", ApplicationChange(name="Application 1"), ACT)

        assert caught.value.code == "already_exists"
        same = await applications.change_application("app_2", ApplicationChange(name="Application 2"), ACT)
        assert same is not None
        assert same.name == "Application 2"

    async def test_change_of_nothing_of_an_application_is_no_record(self, store: Store) -> None:
        made, before = await working(store), await actions(store)
        applications = await store.applications()

        assert await applications.change_application("app_1", ApplicationChange(), ACT) == made
        assert await applications.transfer_application("app_1", "blue", ACT) == made

        assert await actions(store) == before

    async def test_changes_of_one_at_the_same_time_each_begin_with_what_others_left(self, store: Store) -> None:
        await working(store)
        applications = await store.applications()
        await applications.change_application("app_1", ApplicationChange(limits=TokenLimits(100, None, 5)), ACT)

        def narrower(seen: Application) -> ApplicationChange:
            rpm = (seen.limits.requests_per_minute or 0) - 1
            return ApplicationChange(limits=structs.replace(seen.limits, requests_per_minute=rpm))

        await asyncio.gather(*(applications.change_application("app_1", narrower, ACT) for _ in range(8)))

        changed = await applications.get_application("app_1")
        assert changed is not None
        assert changed.limits == TokenLimits(92, None, 5)

    async def test_application_that_is_off_opens_nothing_until_it_is_on(self, store: Store) -> None:
        await working(store, "ai:*")
        applications = await store.applications()
        await store.switch_token("tok_2", ACT, on=False)

        off = await applications.switch_application("app_1", ACT, on=False)

        assert off is not None
        assert (off.state, off.disabled_at) == (TokenState.DISABLED, NOON)
        assert await opening(store) == []
        with pytest.raises(BadRequest, match="opens nothing"):
            await store.add_token(child(4, "app_1"), ACT)
        on = await applications.switch_application("app_1", ACT, on=True)
        assert on is not None
        assert on.state is TokenState.ACTIVE
        assert await opening(store) == [1]
        assert (await actions(store))[-2:] == ["application.disable app_1", "application.enable app_1"]

    async def test_end_of_an_application_is_the_end_of_its_tokens(self, store: Store) -> None:
        await working(store, "ai:*")
        applications = await store.applications()

        ended = await applications.end_application("app_1", ACT)

        assert ended is not None
        assert (ended.state, ended.ended_at) == (TokenState.REVOKED, NOON)
        assert await opening(store) == []
        records = await actions(store)
        assert records[-1] == "application.end app_1"
        assert await applications.end_application("app_1", ACT) == ended
        assert await actions(store) == records
        for change in (
            applications.change_application("app_1", ApplicationChange(owner="x"), ACT),
            applications.switch_application("app_1", ACT, on=True),
            applications.transfer_application("app_1", "red", ACT),
        ):
            with pytest.raises(BadRequest, match="has ended") as caught:
                await change
            assert caught.value.status == 409

    async def test_application_ends_and_is_off_with_its_team(self, store: Store) -> None:
        await working(store, "ai:*")
        applications, people = await store.applications(), await store.people()

        await people.switch_team("blue", ACT, on=False)
        off = await applications.get_application("app_1")
        await people.switch_team("blue", ACT, on=True)
        on = await applications.get_application("app_1")
        await people.end_team("blue", ACT)
        ended = await applications.get_application("app_1")

        assert [one and one.state for one in (off, on, ended)] == [
            *(TokenState.DISABLED, TokenState.ACTIVE, TokenState.REVOKED)
        ]
        assert await opening(store) == []

    async def test_application_that_is_not_there_is_not_changed(self, store: Store) -> None:
        await working(store)
        applications, before = await store.applications(), await actions(store)

        for id in ("app_2", "tok_1", "team_blue"):
            assert await applications.change_application(id, ApplicationChange(owner="x"), ACT) is None
            assert await applications.switch_application(id, ACT, on=False) is None
            assert await applications.end_application(id, ACT) is None
            assert await applications.transfer_application(id, "red", ACT) is None
            assert await applications.get_application(id) is None
        assert await actions(store) == before

    async def test_what_looks_at_an_application_keeps_all_as_it_was_by_raising(self, store: Store) -> None:
        made = await working(store)
        applications, before = await store.applications(), await actions(store)

        def refuse(seen: Application) -> Any:
            assert seen == made
            raise BadRequest("no")

        for change in (
            applications.change_application("app_1", refuse, ACT),
            applications.switch_application("app_1", ACT, on=False, look=refuse),
            applications.end_application("app_1", ACT, look=refuse),
            applications.transfer_application("app_1", "red", ACT, look=refuse),
        ):
            with pytest.raises(BadRequest, match="no"):
                await change
        assert (await applications.get_application("app_1"), await actions(store)) == (made, before)

    async def test_applications_are_listed_newest_first_page_by_page(self, store: Store) -> None:
        await working(store)
        applications = await store.applications()
        await applications.add_application(wanted(2, "red", owner="ada_%"), ACT)
        await applications.add_application(wanted(3, "red"), ACT)
        await applications.switch_application("app_3", ACT, on=False)
        await applications.add_application(wanted(4, "", owner="Bob"), ACT)
        await applications.end_application("app_4", ACT)

        async def ids(**asked: Any) -> list[str]:
            return [one.id.removeprefix("app_") for one in await applications.list_applications(**asked)]

        assert await ids() == ["4", "3", "2", "1"]
        assert await ids(limit=2, before="app_4") == ["3", "2"]
        assert await ids(before="app_1") == []
        assert [await ids(search=part) for part in ("BOB", "_%", "ation 3", "app_2", "*")] == [
            *(["4"], ["2"], ["3"], ["2"], [])
        ]
        assert [await ids(team=one) for one in ("blue", "red", "green")] == [["1"], ["3", "2"], []]
        assert [await ids(state=one) for one in ("active", "disabled", "revoked", "expired")] == [
            *(["2", "1"], ["3"], ["4"], [])
        ]
        with pytest.raises(ValueError, match="nothing"):
            await ids(state="nothing")
