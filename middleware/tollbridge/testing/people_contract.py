"""What every store promises about people, as tests.  Subclass as `StoreContract` says."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tollbridge.errors import BadRequest, NotFound
from tollbridge.people.model import Person, PersonChange
from tollbridge.stores.base import Store
from tollbridge.testing.password_contract import PasswordContract
from tollbridge.testing.people_samples import (
    actions,
    add_admin,
    add_person,
    has_session,
    membership,
    person,
    team,
    working,
)
from tollbridge.testing.samples import ACT, NOON, act, opening
from tollbridge.tokens.model import TokenState

_DAY = timedelta(days=1)


class PeopleContract(PasswordContract):
    """Tests of `PersonStore`."""

    async def test_person_is_kept_as_they_were_made(self, store: Store) -> None:
        people = await store.people()

        made = await people.add_person(person(1), ACT)

        assert made == Person("per_1", "Person 1", "person1@example.com", NOON)
        assert await people.get_person("per_1") == made
        assert await people.find_person("person1@example.com") == made
        assert await people.find_password("person1@example.com") == (made, "")
        assert await people.get_person("per_2") is None
        assert await people.find_person("person2@example.com") is None
        assert await people.find_password("person2@example.com") is None

    async def test_people_are_found_by_their_ids_at_once(self, store: Store) -> None:
        people = await store.people()
        ada, _, eve = [await people.add_person(person(number), ACT) for number in (1, 2, 3)]

        assert await people.get_people({"per_1", "per_3", "per_9", "somebody", "a\0b"}) == {"per_1": ada, "per_3": eve}
        assert await people.get_people(()) == {}

    async def test_address_is_one_persons(self, store: Store) -> None:
        people = await store.people()
        for number in (1, 2):
            await people.add_person(person(number), ACT)

        for change in (
            people.add_person(replace(person(3), email="person1@example.com"), ACT),
            people.change_person("per_2", PersonChange(email="person1@example.com"), ACT),
        ):
            with pytest.raises(BadRequest) as caught:
                await change
            assert (caught.value.status, caught.value.code) == (409, "already_exists")
        assert len(await people.list_people()) == 2

    async def test_change_of_a_person_says_what_was(self, store: Store) -> None:
        people = await store.people()
        await people.add_person(person(1), ACT)

        changed = await people.change_person("per_1", PersonChange(name="Ada"), ACT)
        assert await people.change_person("per_1", PersonChange(), ACT) == changed

        assert changed is not None
        assert (changed.name, changed.email) == ("Ada", "person1@example.com")
        record = (await store.list_audit(limit=1))[0]
        assert (record.action, json.loads(record.before), json.loads(record.after)) == (
            "person.change",
            {"name": "Person 1"},
            {"name": "Ada"},
        )
        assert await people.change_person("per_9", PersonChange(name="x"), ACT) is None

    async def test_person_begins_with_a_membership_or_not_at_all(self, store: Store) -> None:
        people = await store.people()
        await people.add_team(team("blue"), ACT)

        with pytest.raises(NotFound):
            await people.add_person(person(1), ACT, member=membership(1, "red"))
        assert await people.list_people() == []
        await people.add_person(person(1), ACT, member=membership(1, "blue"))

        assert [(one.team, one.role) for one in await people.memberships("per_1")] == [("blue", "calls")]
        assert (await actions(store))[-3:] == ["person.add per_1", "token.issue mem_1_blue", "member.set per_1"]

    async def test_all_of_a_person_is_off_until_they_are_on(self, store: Store) -> None:
        await working(store)
        people = await store.people()

        off = await people.switch_person("per_1", act(NOON + _DAY), on=False)

        assert off is not None
        assert off.disabled_at == NOON + _DAY
        assert await opening(store) == [3]
        assert await store.find_holder("mem_1_red") is None
        assert [one.state for one in await people.memberships("per_1")] == [TokenState.DISABLED] * 2
        assert [await has_session(store, who) for who in (1, 2)] == [False, True]
        records = await actions(store)
        assert records[-3:] == ["token.disable mem_1_blue", "token.disable mem_1_red", "person.disable per_1"]
        assert await people.switch_person("per_1", ACT, on=False) == off
        assert await actions(store) == records
        on = await people.switch_person("per_1", ACT, on=True)
        assert on is not None
        assert on.disabled_at is None
        assert await opening(store) == [1, 2, 3]
        assert await people.switch_person("per_9", ACT, on=True) is None

    @pytest.mark.parametrize("first", ["team", "person"])
    async def test_person_and_team_that_are_off_are_each_on_by_themselves(self, store: Store, first: str) -> None:
        await working(store)
        people = await store.people()
        offs = [people.switch_team("blue", ACT, on=False), people.switch_person("per_1", ACT, on=False)]
        for off in offs if first == "team" else reversed(offs):
            await off

        await people.switch_team("blue", ACT, on=True)

        assert await opening(store) == [3]
        await people.switch_team("blue", ACT, on=False)
        await people.switch_person("per_1", ACT, on=True)
        assert await opening(store) == [2]
        await people.switch_team("blue", ACT, on=True)
        assert await opening(store) == [1, 2, 3]

    async def test_person_who_is_off_becomes_a_member_who_is_off(self, store: Store) -> None:
        await working(store)
        people = await store.people()
        await people.add_team(team("green"), ACT)
        await people.switch_person("per_1", ACT, on=False)

        made = await people.set_member(membership(1, "green"), ACT)

        assert made.state is TokenState.DISABLED
        assert await store.find_holder("mem_1_green") is None
        await people.switch_person("per_1", ACT, on=True)
        assert await store.find_holder("mem_1_green") is not None

    async def test_nothing_is_left_of_a_person_who_is_removed(self, store: Store) -> None:
        await working(store)
        people = await store.people()
        await people.link_identity("per_1", "https://issuer.example", "ada", ACT)

        removed = await people.remove_person("per_1", ACT)

        assert removed is not None
        assert removed.email == "person1@example.com"
        assert await people.get_person("per_1") is None
        assert await people.find_by_identity("https://issuer.example", "ada") is None
        assert await people.memberships("per_1") == []
        assert await opening(store) == [3]
        assert [await has_session(store, who) for who in (1, 2)] == [False, True]
        assert (await actions(store))[-3:] == [
            "token.revoke mem_1_blue",
            "token.revoke mem_1_red",
            "person.remove per_1",
        ]
        assert await people.remove_person("per_1", ACT) is None
        again = await people.add_person(replace(person(3), email="person1@example.com"), ACT)
        assert await people.memberships(again.id) == []
        assert await people.link_identity(again.id, "https://issuer.example", "ada", ACT)

    async def test_last_who_administers_the_bridge_stays(self, store: Store) -> None:
        people = await store.people()
        await add_admin(store, 1)
        await add_admin(store, 2)
        await people.switch_person("per_2", ACT, on=False)
        before = await actions(store)

        for change in (
            people.switch_person("per_1", ACT, on=False),
            people.remove_person("per_1", ACT),
            people.set_member(membership(1, ""), ACT),
            people.remove_member("per_1", "", ACT),
        ):
            with pytest.raises(BadRequest, match="nobody would administer") as caught:
                await change
            assert (caught.value.status, caught.value.code) == (409, "last_admin")
        assert await actions(store) == before
        assert await store.find_holder("mem_1_") is not None
        await people.switch_person("per_2", ACT, on=True)
        await people.remove_person("per_1", ACT)
        assert await people.get_person("per_1") is None

    async def test_who_administers_a_team_is_not_the_last_of_the_bridge(self, store: Store) -> None:
        people = await store.people()
        await people.add_team(team("blue"), ACT)
        await add_admin(store, 1)
        await add_person(store, 2, "blue")

        assert await people.remove_person("per_2", ACT) is not None

    async def test_people_are_listed_newest_first_page_by_page(self, store: Store) -> None:
        await working(store)
        people = await store.people()
        await people.add_person(replace(person(3), name="100 % Ada"), ACT)

        def ids(found: object) -> list[str]:
            return [one.id for one in found]  # type: ignore[attr-defined]  # a list of people

        assert ids(await people.list_people()) == ["per_3", "per_2", "per_1"]
        assert ids(await people.list_people(limit=1, before="per_3")) == ["per_2"]
        assert ids(await people.list_people(search="% ADA")) == ["per_3"]
        assert ids(await people.list_people(search="son2@")) == ["per_2"]
        assert ids(await people.list_people(search="PER_1")) == ["per_1"]
        assert ids(await people.list_people(search="per%1")) == []
        assert ids(await people.list_people(team="red")) == ["per_1"]
        assert ids(await people.list_people(team="blue")) == ["per_2", "per_1"]

    async def test_person_was_last_seen_when_they_signed_in(self, store: Store) -> None:
        people = await store.people()
        await people.add_person(person(1), ACT)

        await people.saw_person("per_1", NOON + _DAY)

        found = await people.get_person("per_1")
        assert found is not None
        assert found.last_seen_at == NOON + _DAY

    async def test_identity_is_one_persons(self, store: Store) -> None:
        people = await store.people()
        for number in (1, 2):
            await people.add_person(person(number), ACT)

        assert await people.link_identity("per_1", "https://issuer.example", "ada", ACT)
        assert await people.link_identity("per_1", "https://issuer.example", "ada", ACT)
        assert await people.link_identity("per_2", "https://other.example", "ada", ACT)
        assert not await people.link_identity("per_9", "https://issuer.example", "bob", ACT)

        with pytest.raises(BadRequest, match="another subject") as caught:
            await people.link_identity("per_1", "https://issuer.example", "ada-2", ACT)
        assert (caught.value.status, caught.value.code) == (409, "already_linked")
        assert await people.find_by_identity("https://issuer.example", "ada-2") is None
        with pytest.raises(BadRequest, match="somebody else") as caught:
            await people.link_identity("per_2", "https://issuer.example", "ada", ACT)
        assert caught.value.status == 409
        for issuer, number in (("issuer", 1), ("other", 2)):
            known = await people.find_by_identity(f"https://{issuer}.example", "ada")
            assert known is not None
            assert known.id == f"per_{number}"
        assert await people.find_by_identity("https://issuer.example", "ADA") is None
        assert (await actions(store))[2:] == ["person.link per_1", "person.link per_2"]
