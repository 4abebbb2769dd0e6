"""People are made, changed, switched and removed, and known by address, password and issuer."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from tests.middleware.people.conftest import Bridge

from tollbridge.errors import BadRequest, Denied
from tollbridge.people.model import PersonChange
from tollbridge.people.passwords import Passwords
from tollbridge.people.service import People

GOOD = "correct horse battery"


async def test_person_is_found_by_id_and_by_address_however_that_is_written(bridge: Bridge) -> None:
    made = await bridge.people.add_person(email=" Ada@Example.com ", name=" Ada Lovelace ")

    assert (made.email, made.name, made.has_password) == ("ada@example.com", "Ada Lovelace", False)
    assert made.id.startswith("per_")
    assert await bridge.people.get_person(made.id) == made
    assert await bridge.people.find_person("ADA@example.COM") == made
    assert await bridge.people.find_person("bob@example.com") is None
    assert await bridge.people.find_person("no address") is None
    assert await bridge.people.list_people(search="lovelace") == [made]


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"email": "ada", "name": "Ada"}, "email"),
        ({"email": "ada@example.com", "name": ""}, "name"),
        ({"email": "ada@example.com", "name": "Ada", "password": "short"}, "password"),
        ({"email": "lovelace@example.com", "name": "Ada", "password": "Lovelace 1815 byron"}, "password"),
    ],
)
async def test_person_who_cannot_be_is_refused(bridge: Bridge, wish: dict[str, str], param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await bridge.people.add_person(**wish)
    assert caught.value.param == param
    assert await bridge.actions() == []


async def test_person_is_known_by_the_password_until_it_changes(bridge: Bridge) -> None:
    made = await bridge.people.add_person(email="ada@example.com", name="Ada", password=GOOD)
    check = bridge.people.check_password

    assert await check("ADA@example.com", GOOD) == made
    for email, password in (("ada@example.com", GOOD.upper()), ("bob@example.com", GOOD), ("no address", GOOD)):
        assert await check(email, password) is None
    await bridge.people.set_password(made.id, GOOD[::-1])
    assert await check("ada@example.com", GOOD) is None
    assert await check("ada@example.com", GOOD[::-1]) is not None
    gone = await bridge.people.set_password(made.id, None)
    assert gone is not None
    assert not gone.has_password
    for password in (GOOD[::-1], ""):
        assert await check("ada@example.com", password) is None
    assert await bridge.people.set_password("per_0", GOOD) is None


async def test_new_password_holds_no_word_of_its_person(bridge: Bridge) -> None:
    made = await bridge.people.add_person(email="ada@example.com", name="Ada Lovelace")

    with pytest.raises(BadRequest, match="neither the name"):
        await bridge.people.set_password(made.id, "lovelace 1815 byron")


async def test_person_who_is_off_is_known_by_no_password(bridge: Bridge) -> None:
    made = await bridge.people.add_person(email="ada@example.com", name="Ada", password=GOOD)

    await bridge.people.disable_person(made.id)
    assert await bridge.people.check_password("ada@example.com", GOOD) is None
    await bridge.people.enable_person(made.id)
    assert await bridge.people.check_password("ada@example.com", GOOD) is not None
    await bridge.people.remove_person(made.id)
    assert await bridge.people.check_password("ada@example.com", GOOD) is None


async def test_password_of_weaker_parameters_is_hashed_anew_when_it_is_shown(bridge: Bridge) -> None:
    await bridge.people.add_person(email="ada@example.com", name="Ada", password=GOOD)
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    grown = People(bridge.store, bridge.tokens, bridge.clock, passwords=stronger)

    async def kept() -> str:
        found = await (await bridge.store.people()).find_password("ada@example.com")
        assert found is not None
        return found[1]

    before = await kept()
    assert await grown.check_password("ada@example.com", GOOD[::-1]) is None
    assert await kept() == before
    assert await grown.check_password("ada@example.com", GOOD) is not None
    anew = await kept()
    assert extract_parameters(anew).time_cost == 2
    assert await grown.check_password("ada@example.com", GOOD) is not None
    assert await kept() == anew


async def test_person_is_changed(bridge: Bridge) -> None:
    person = await bridge.person()

    changed = await bridge.people.change_person(person, PersonChange(email=" ADA@example.com ", name="Ada"))

    assert changed is not None
    assert (changed.email, changed.name) == ("ada@example.com", "Ada")
    with pytest.raises(BadRequest):
        await bridge.people.change_person(person, PersonChange(email="ada"))
    assert await bridge.people.change_person("per_0", PersonChange(name="x")) is None
    assert await bridge.people.disable_person("per_0") is None
    assert await bridge.people.enable_person("per_0") is None
    assert await bridge.people.remove_person("per_0") is None


async def test_who_may_do_less_than_a_person_does_not_become_that_person(bridge: Bridge) -> None:
    people = bridge.people
    strong, weak = await bridge.person(1, bridge="consumer"), await bridge.person(2)
    giver = await bridge.somebody("ai:*", "admin:people:write")

    for change in (
        people.change_person(strong, PersonChange(email="mine@example.com"), giver=giver),
        people.set_password(strong, GOOD, giver=giver),
        people.set_password(strong, None, giver=giver),
        people.enable_person(strong, giver=giver),
    ):
        with pytest.raises(Denied) as caught:
            await change
        assert caught.value.code == "scope_beyond"
    assert await people.set_password(weak, GOOD, giver=giver) is not None
    assert await people.change_person(weak, PersonChange(name="x"), giver=giver) is not None
    assert await people.disable_person(strong, giver=giver) is not None
    assert await people.remove_person(strong, giver=giver) is not None


async def test_nobody_in_a_team_changes_people(bridge: Bridge) -> None:
    people = bridge.people
    await people.teams.add("blue")
    person = await bridge.person(1, blue="viewer")
    giver = await bridge.somebody("ai:*", "model:*", "service:*", "admin:*", team="blue")

    for change in (
        people.change_person(person, PersonChange(name="x"), giver=giver),
        people.set_password(person, GOOD, giver=giver),
        people.disable_person(person, giver=giver),
        people.enable_person(person, giver=giver),
        people.remove_person(person, giver=giver),
    ):
        with pytest.raises(Denied) as caught:
            await change
        assert caught.value.code == "out_of_reach"


async def test_nobody_switches_themselves_off(bridge: Bridge) -> None:
    admin = await bridge.person(1, bridge="platform-admin")
    await bridge.person(2, bridge="platform-admin")
    holder = await bridge.holder(admin)
    made = await bridge.tokens.issue(name="x", scopes=["admin:*"], minter=holder)

    for giver in (holder, await bridge.shown(made.secret)):
        for change in (
            bridge.people.disable_person(admin, giver=giver),
            bridge.people.remove_person(admin, giver=giver),
        ):
            with pytest.raises(Denied) as caught:
                await change
            assert caught.value.code == "out_of_reach"


async def test_all_that_a_person_made_ends_with_them(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue")
    person = await bridge.person(1, blue="team-admin", bridge="consumer")
    secrets = [
        (await bridge.tokens.issue(name="x", scopes=["ai:chat"], minter=await bridge.holder(person, team))).secret
        for team in ("", "blue")
    ]

    async def opening() -> int:
        return sum([await bridge.tokens.identify(secret.encode()) is not None for secret in secrets])

    assert await opening() == 2
    await bridge.people.disable_person(person)
    assert await opening() == 0
    await bridge.people.enable_person(person)
    assert await opening() == 2
    await bridge.people.remove_membership(person, "blue")
    assert await opening() == 1
    await bridge.people.remove_person(person)
    assert await opening() == 0


async def test_person_is_known_by_what_an_issuer_calls_them(bridge: Bridge) -> None:
    person = await bridge.person()

    assert await bridge.people.link_identity(person, "https://issuer.example", "ada")
    assert not await bridge.people.link_identity("per_0", "https://issuer.example", "bob")

    found = await bridge.people.find_by_identity("https://issuer.example", "ada")
    assert found is not None
    assert found.id == person
    assert await bridge.people.find_by_identity("https://issuer.example", "bob") is None


async def test_person_was_seen_when_they_signed_in(bridge: Bridge) -> None:
    person = await bridge.person()

    await bridge.people.saw(person)

    found = await bridge.people.get_person(person)
    assert found is not None
    assert found.last_seen_at == bridge.clock.now()
