"""What every store promises about members and roles, as tests.  Subclass as `StoreContract` says."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tollbridge.errors import BadRequest, NotFound
from tollbridge.people.model import Member, Role
from tollbridge.stores.base import Store
from tollbridge.testing.people_samples import CALLS, actions, add_person, membership, team
from tollbridge.testing.samples import ACT, NOON, act, child, found, opening
from tollbridge.tokens.model import TokenKind, TokenState

_DAY = timedelta(days=1)
BUILDER = Role("builder", ("ai:*", "model:gpt-*"), "Builds.")
CHATS = Role("chats", ("ai:chat",), built_in=True)


async def teams(store: Store) -> None:
    """Write the teams blue and red, and the people 1 and 2."""
    for name in ("blue", "red"):
        await (await store.people()).add_team(team(name), ACT)
    for number in (1, 2):
        await add_person(store, number)


class MemberContract:
    """Tests of `MemberStore` and `RoleStore`."""

    async def test_member_may_do_what_role_and_team_both_allow(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        wide = Role("wide", ("ai:chat", "admin:*"), built_in=True)

        made = await people.set_member(membership(1, "blue", wide, via="https://issuer.example"), ACT)

        assert made == Member(
            person_id="per_1",
            team="blue",
            role="wide",
            holder="mem_1_blue",
            created_at=NOON,
            name="Person 1",
            email="person1@example.com",
            via="https://issuer.example",
        )
        holder = await store.find_holder("mem_1_blue")
        assert holder is not None
        assert (holder.kind, holder.team, [each.id for each in holder.above]) == (
            TokenKind.MEMBER,
            "blue",
            ["team_blue"],
        )
        assert "ai:chat" in holder.scopes
        assert "admin:tokens:read" not in holder.scopes
        assert (await actions(store))[-2:] == ["token.issue mem_1_blue", "member.set per_1"]

    async def test_member_of_the_whole_bridge_stands_below_nobody(self, store: Store) -> None:
        await teams(store)
        people = await store.people()

        await people.set_member(membership(1, ""), ACT)

        holder = await store.find_holder("mem_1_")
        assert holder is not None
        assert (holder.above, holder.team) == ((), "")
        member = await people.get_member("per_1", "")
        assert member is not None
        assert member.team == ""

    async def test_other_role_changes_what_the_member_and_all_they_made_may_do(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        await people.set_member(membership(1, "blue"), ACT)
        await store.add_token(child(1, "mem_1_blue", team="blue", scopes=("ai:*",)), ACT)

        changed = await people.set_member(replace(membership(1, "blue", CHATS), via="x"), act(NOON + _DAY))

        assert (changed.role, changed.holder, changed.via, changed.created_at) == ("chats", "mem_1_blue", "x", NOON)
        scopes = (await found(store, 1)).scopes
        assert ("ai:chat" in scopes, "ai:embeddings" in scopes) == (True, False)
        record = (await store.list_audit(limit=1))[0]
        assert json.loads(record.before) == {"team": "blue", "role": "calls", "via": ""}
        assert json.loads(record.after) == {"team": "blue", "role": "chats", "via": "x"}

    async def test_membership_ends_with_all_that_was_made_with_it_and_may_begin_again(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        for its in ("blue", "red"):
            await people.set_member(membership(1, its), ACT)
        await store.add_token(child(1, "mem_1_blue", team="blue"), ACT)
        await store.add_token(child(2, "mem_1_red", team="red"), ACT)

        removed = await people.remove_member("per_1", "blue", ACT)

        assert removed is not None
        assert removed.role == "calls"
        assert await opening(store) == [2]
        assert [one.team for one in await people.memberships("per_1")] == ["red"]
        assert (await actions(store))[-2:] == ["token.revoke mem_1_blue", "member.remove per_1"]
        assert await people.remove_member("per_1", "blue", ACT) is None
        new = membership(1, "blue")
        again = await people.set_member(replace(new, holder=replace(new.holder, id="mem_new")), ACT)
        assert (again.holder, again.state) == ("mem_new", TokenState.ACTIVE)
        assert await opening(store) == [2]

    async def test_member_whose_holder_was_revoked_by_itself_gets_another(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        await people.set_member(membership(1, "blue"), ACT)
        await store.revoke_token("mem_1_blue", ACT)
        assert (await people.memberships("per_1"))[0].state is TokenState.REVOKED
        assert await people.switch_person("per_1", ACT, on=False) is not None
        assert await people.switch_person("per_1", ACT, on=True) is not None
        new = membership(1, "blue")

        again = await people.set_member(replace(new, holder=replace(new.holder, id="mem_new")), ACT)

        assert (again.holder, again.state) == ("mem_new", TokenState.ACTIVE)

    async def test_nobody_is_a_member_of_what_is_not_there(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        before = await actions(store)

        for new in (membership(9, "blue"), membership(1, "green")):
            with pytest.raises(NotFound):
                await people.set_member(new, ACT)
        for role in (BUILDER, Role("gone", ("ai:*",))):
            with pytest.raises(BadRequest, match="changed meanwhile") as caught:
                await people.set_member(membership(1, "blue", role), ACT)
            assert caught.value.status == 409
        assert await actions(store) == before
        await people.end_team("blue", ACT)
        with pytest.raises(BadRequest, match="the team 'blue' has ended"):
            await people.set_member(membership(1, "blue"), ACT)

    async def test_members_and_memberships_are_listed_in_order(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        for number, its in ((2, "blue"), (1, "red"), (1, ""), (1, "blue")):
            await people.set_member(membership(number, its), ACT)

        assert [one.team for one in await people.memberships("per_1")] == ["", "blue", "red"]
        assert [one.person_id for one in await people.list_members("blue")] == ["per_1", "per_2"]
        assert [one.person_id for one in await people.list_members("blue", limit=1)] == ["per_1"]
        assert [one.person_id for one in await people.list_members("blue", after="per_1")] == ["per_2"]
        assert [one.person_id for one in await people.list_members("")] == ["per_1"]
        (first, _) = await people.list_members("blue")
        assert len(await people.list_members("blue", role=first.role)) == 2
        assert await people.list_members("blue", role="nobody-has-this") == []
        assert await people.get_member("per_2", "red") is None

    async def test_role_is_kept_as_it_was_made(self, store: Store) -> None:
        people = await store.people()

        made = await people.add_role(BUILDER, ACT)

        assert made == replace(BUILDER, created_at=NOON)
        assert await people.get_role("builder") == made
        assert await people.get_role("other") is None
        await people.add_role(replace(BUILDER, name="a"), ACT)
        assert [one.name for one in await people.list_roles()] == ["a", "builder"]
        with pytest.raises(BadRequest) as caught:
            await people.add_role(BUILDER, ACT)
        assert (caught.value.status, caught.value.code) == (409, "already_exists")

    async def test_changed_role_changes_what_all_who_have_it_and_all_they_made_may_do(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        builder = await people.add_role(BUILDER, ACT)
        for number, its, role in ((1, "blue", BUILDER), (1, "red", BUILDER), (2, "blue", CALLS)):
            await people.set_member(membership(number, its, role), ACT)
        for number, parent in ((1, "mem_1_blue"), (2, "mem_1_red"), (3, "mem_2_blue")):
            await store.add_token(child(number, parent, team=parent[6:], scopes=("ai:*",)), ACT)
        await store.revoke_token("mem_1_red", ACT)

        changed = await people.change_role(builder, replace(BUILDER, scopes=("ai:chat",), description="Less."), ACT)

        assert changed is not None
        assert (changed.scopes, changed.description) == (("ai:chat",), "Less.")
        assert "ai:embeddings" not in (await found(store, 1)).scopes
        assert "ai:embeddings" in (await found(store, 3)).scopes
        assert (await actions(store))[-2:] == ["token.change mem_1_blue", "role.change builder"]
        assert await people.change_role(Role("other", ("ai:*",)), BUILDER, ACT) is None

    async def test_words_about_a_role_change_no_token(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        builder = await people.add_role(BUILDER, ACT)
        await people.set_member(membership(1, "blue", BUILDER), ACT)

        await people.change_role(builder, replace(BUILDER, description="Else."), ACT)

        assert (await actions(store))[-2:] == ["member.set per_1", "role.change builder"]

    async def test_member_who_got_another_role_meanwhile_keeps_it(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        await people.set_member(replace(membership(1, "blue"), instead_of=""), ACT)
        now = await people.set_member(replace(membership(1, "blue", CHATS), instead_of="calls"), ACT)
        records = await actions(store)

        for seen in ("", "calls"):
            with pytest.raises(BadRequest) as caught:
                await people.set_member(replace(membership(1, "blue"), instead_of=seen), ACT)
            assert (caught.value.status, caught.value.code) == (409, "conflict")

        for move in (
            people.set_member(replace(membership(1, "blue"), instead_of="chats", instead_of_via="https://corp"), ACT),
            people.remove_member("per_1", "blue", ACT, via="https://corp"),
        ):
            with pytest.raises(BadRequest, match="meanwhile"):
                await move
        assert now.role == "chats"
        assert await people.get_member("per_1", "blue") == now
        assert await actions(store) == records
        await people.remove_member("per_1", "blue", ACT, via="")
        assert await people.get_member("per_1", "blue") is None

    async def test_role_that_was_changed_meanwhile_stays_as_it_is(self, store: Store) -> None:
        people = await store.people()
        seen = await people.add_role(BUILDER, ACT)
        now = await people.change_role(seen, replace(BUILDER, scopes=("ai:chat",)), ACT)
        records = await actions(store)

        for change in (
            people.change_role(seen, replace(seen, description="Else."), ACT),
            people.remove_role(seen, ACT),
        ):
            with pytest.raises(BadRequest) as caught:
                await change
            assert (caught.value.status, caught.value.code) == (409, "conflict")

        assert await people.get_role("builder") == now
        assert await actions(store) == records

    async def test_of_two_changes_of_a_role_at_once_one_is_done(self, store: Store) -> None:
        people = await store.people()
        seen = await people.add_role(BUILDER, ACT)
        wished = [replace(BUILDER, scopes=("ai:chat",)), replace(BUILDER, description="Else.")]

        done = await asyncio.gather(*(people.change_role(seen, one, ACT) for one in wished), return_exceptions=True)

        (role,) = [one for one in done if isinstance(one, Role)]
        assert [one.status for one in done if isinstance(one, BadRequest)] == [409]
        assert await people.get_role("builder") == role

    async def test_role_that_somebody_has_is_not_removed(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        builder = await people.add_role(BUILDER, ACT)
        await people.set_member(membership(1, "blue", BUILDER), ACT)

        with pytest.raises(BadRequest) as caught:
            await people.remove_role(builder, ACT)

        assert (caught.value.status, caught.value.code) == (409, "in_use")
        await people.remove_member("per_1", "blue", ACT)
        removed = await people.remove_role(builder, ACT)
        assert removed is not None
        assert removed.scopes == BUILDER.scopes
        assert await people.list_roles() == []
        assert await people.remove_role(builder, ACT) is None
