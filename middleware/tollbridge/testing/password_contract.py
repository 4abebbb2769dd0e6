"""What every store promises about passwords of people, as tests.  A part of `PeopleContract`."""

import json
from datetime import timedelta

import pytest

from tollbridge.errors import BadRequest
from tollbridge.people.model import PersonChange
from tollbridge.stores.base import Store
from tollbridge.stores.newpeople import NewPassword
from tollbridge.testing.people_samples import actions, has_session, person, set_password, working
from tollbridge.testing.samples import ACT, NOON, act

_DAY = timedelta(days=1)


class PasswordContract:
    """Tests of what `PersonStore` keeps of passwords."""

    async def test_password_is_kept_and_only_that_it_changed_is_recorded(self, store: Store) -> None:
        people = await store.people()
        made = await people.add_person(person(1, "$argon2id$one"), ACT)
        assert (made.has_password, made.password_at) == (True, NOON)
        assert "argon2" not in repr(person(1, "$argon2id$one"))

        changed = await set_password(store, 1, "$argon2id$two", act(NOON + _DAY))

        assert changed is not None
        assert (changed.has_password, changed.password_at) == (True, NOON + _DAY)
        assert await people.find_password("person1@example.com") == (changed, "$argon2id$two")
        gone = await set_password(store, 1, "")
        assert gone is not None
        assert (gone.has_password, gone.password_at) == (False, None)
        assert await set_password(store, 9, "$argon2id$two") is None
        records = await store.follow_audit()
        assert [one.action for one in records] == ["person.add", "person.password", "person.password"]
        assert not [one for one in records if "argon2" in one.before + one.after]

    async def test_person_and_password_change_together_or_not_at_all(self, store: Store) -> None:
        await working(store)
        people = await store.people()
        before, records = await people.get_person("per_1"), await actions(store)
        taken = PersonChange(email="person2@example.com", name="Ada")

        with pytest.raises(BadRequest):
            await people.change_person("per_1", taken, ACT, password=NewPassword("new"))
        with pytest.raises(BadRequest) as caught:
            await people.change_person("per_1", PersonChange(name="Ada"), ACT, password=NewPassword("new", NOON))

        assert (caught.value.status, caught.value.code) == (409, "conflict")
        assert await people.get_person("per_1") == before
        assert await people.find_password("person1@example.com") == (before, "")
        assert [await has_session(store, who) for who in (1, 2)] == [True, True]
        assert await actions(store) == records
        changed = await people.change_person("per_1", PersonChange(name="Ada"), ACT, password=NewPassword("new", None))
        assert changed is not None
        assert (changed.name, changed.has_password) == ("Ada", True)
        assert (await actions(store))[len(records) :] == ["person.change per_1", "person.password per_1"]

    async def test_password_is_hashed_anew_unless_it_was_changed_meanwhile(self, store: Store) -> None:
        people = await store.people()
        await people.add_person(person(1, "old"), ACT)

        await people.rehash_password("per_1", "another", "wrong")
        await people.rehash_password("per_1", "old", "new")

        found = await people.find_password("person1@example.com")
        assert found is not None
        assert found[1] == "new"
        assert await actions(store) == ["person.add per_1"]

    async def test_new_password_ends_the_sessions_of_that_person(self, store: Store) -> None:
        await working(store)

        await set_password(store, 1, "new")

        assert [await has_session(store, who) for who in (1, 2)] == [False, True]
        assert json.loads((await store.list_audit(limit=1))[0].after)["sessions_ended"] == 1
