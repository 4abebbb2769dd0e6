"""People are made, changed, switched and removed, and known by address, password and issuer."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from tests.middleware.people.conftest import Bridge

from tollbridge.audit import OPERATOR
from tollbridge.errors import BadRequest, Denied
from tollbridge.people.builtin import BUILT_IN
from tollbridge.people.model import PersonChange
from tollbridge.people.passwords import Passwords
from tollbridge.people.service import People
from tollbridge.stores.changes import TokenChange

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


async def test_people_are_found_by_their_ids(bridge: Bridge) -> None:
    ids = [await bridge.person(number) for number in (1, 2)]

    found = await bridge.people.get_people([*ids, "per_0"])

    assert {id: one.name for id, one in found.items()} == {ids[0]: "Person 1", ids[1]: "Person 2"}


async def test_person_is_known_by_the_password_until_it_changes(bridge: Bridge) -> None:
    made = await bridge.people.add_person(email="ada@example.com", name="Ada", password=GOOD)
    check = bridge.people.check_password

    assert await check("ADA@example.com", GOOD) == made
    for email, password in (("ada@example.com", GOOD.upper()), ("bob@example.com", GOOD), ("no address", GOOD)):
        assert await check(email, password) is None
    await bridge.people.change_person(made.id, PersonChange(), password=GOOD[::-1])
    assert await check("ada@example.com", GOOD) is None
    assert await check("ada@example.com", GOOD[::-1]) is not None
    gone = await bridge.people.change_person(made.id, PersonChange(), password=None)
    assert gone is not None
    assert not gone.has_password
    for password in (GOOD[::-1], ""):
        assert await check("ada@example.com", password) is None
    assert await bridge.people.change_person("per_0", PersonChange(), password=GOOD) is None


async def test_new_password_holds_no_word_of_its_person(bridge: Bridge) -> None:
    made = await bridge.people.add_person(email="ada@example.com", name="Ada Lovelace")

    with pytest.raises(BadRequest, match="neither the name"):
        await bridge.people.change_person(made.id, PersonChange(), password="lovelace 1815 byron")


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
        people.change_person(strong, PersonChange(), password=GOOD, giver=giver),
        people.change_person(strong, PersonChange(), password=None, giver=giver),
        people.enable_person(strong, giver=giver),
    ):
        with pytest.raises(Denied) as caught:
            await change
        assert caught.value.code == "scope_beyond"
    assert await people.change_person(weak, PersonChange(name="x"), giver=giver) is not None
    assert await people.disable_person(strong, giver=giver) is not None
    assert await people.remove_person(strong, giver=giver) is not None


@pytest.mark.parametrize("scope", BUILT_IN["platform-admin"].scopes)
async def test_password_and_address_are_given_by_who_may_do_everything(bridge: Bridge, scope: str) -> None:
    people, everything = bridge.people, BUILT_IN["platform-admin"].scopes
    weak, some = await bridge.person(), {*everything, "admin:people:write"} - {scope}
    giver, admin = await bridge.somebody(*sorted(some)), await bridge.somebody(*everything)
    ada = {"email": "ada@example.com", "name": "Ada"}
    actions = await bridge.actions()

    for change in (
        people.add_person(**ada, password=GOOD, giver=giver),
        people.change_person(weak, PersonChange(), password=GOOD, giver=giver),
        people.change_person(weak, PersonChange(email="mine@example.com"), giver=giver),
        people.change_person(weak, PersonChange(name="x", email="p1@example.org"), password=None, giver=giver),
    ):
        with pytest.raises(Denied, match="whoever sets it for somebody needs") as caught:
            await change
        assert caught.value.code == "scope_beyond"
    assert await bridge.actions() == actions
    assert (await people.add_person(**ada, giver=giver)).has_password is False
    same = await people.change_person(weak, PersonChange(name="x", email="P1@Example.com"), password=None, giver=giver)
    assert same is not None
    assert (same.name, same.email) == ("x", "p1@example.com")
    for person in (
        await people.add_person(email="bob@example.com", name="Bob", password=GOOD, giver=admin),
        await people.change_person(weak, PersonChange(email="ann@example.com"), password=GOOD, giver=admin),
    ):
        assert person is not None
        assert person.has_password


async def test_who_was_narrowed_from_above_gives_no_password_any_more(bridge: Bridge) -> None:
    everything = BUILT_IN["platform-admin"].scopes
    above = await bridge.somebody(*everything)
    issued = await bridge.tokens.issue(name="below", scopes=everything, minter=above)
    person = await bridge.person()
    await bridge.tokens.change(above.id, TokenChange(scopes=("admin:*",)))

    with pytest.raises(Denied, match="whoever sets it"):
        await bridge.people.change_person(
            person, PersonChange(), password=GOOD, giver=await bridge.shown(issued.secret)
        )


async def test_person_begins_with_a_role_or_is_not_made(bridge: Bridge) -> None:
    people = bridge.people
    await people.teams.add("blue")
    giver = await bridge.somebody("admin:*", "ai:*")

    for wish in ({"role": "consumer"}, {"role": "consumer", "team": "blue"}):
        with pytest.raises(Denied):
            await people.add_person(email="ada@example.com", name="Ada", giver=giver, **wish)
    for wish in ({"role": "boss"}, {"role": "team-admin"}, {"role": "platform-admin", "team": "blue"}):
        with pytest.raises(BadRequest):
            await people.add_person(email="ada@example.com", name="Ada", **wish)
    assert await people.list_people() == []
    made = await people.add_person(email="ada@example.com", name="Ada", team="blue", role="consumer")

    (member,) = await people.memberships(made.id)
    assert (member.team, member.role, member.name) == ("blue", "consumer", "Ada")
    holder = await bridge.holder(made.id, "blue")
    assert (holder.owner, holder.name) == (made.id, "Ada")


async def test_own_password_is_replaced_unless_it_was_changed_meanwhile(bridge: Bridge) -> None:
    people = bridge.people
    made = await people.add_person(email="ada@example.com", name="Ada Lovelace", password=GOOD)
    shown = await people.check_password("ada@example.com", GOOD)
    assert shown is not None
    with pytest.raises(BadRequest, match="neither the name"):
        await people.replace_password(shown, "lovelace 1815 byron", by=OPERATOR)
    bridge.clock.advance(1)
    await people.change_person(made.id, PersonChange(), password=GOOD[::-1])

    with pytest.raises(BadRequest) as caught:
        await people.replace_password(shown, "a kettle of slow stars", by=OPERATOR)

    assert (caught.value.status, caught.value.code) == (409, "conflict")
    now = await people.check_password("ada@example.com", GOOD[::-1])
    assert now is not None
    assert await people.replace_password(now, "a kettle of slow stars", by=OPERATOR) is not None
    assert await people.check_password("ada@example.com", "a kettle of slow stars") is not None


async def test_new_password_holds_no_word_that_its_person_had_or_gets(bridge: Bridge) -> None:
    person = await bridge.person()

    for word in ("person", "lovelace", "byron"):
        change = PersonChange(name="Lovelace", email="byron@example.org")
        with pytest.raises(BadRequest, match="neither the name"):
            await bridge.people.change_person(person, change, password=f"a {word} kettle of rain")


async def test_nobody_in_a_team_changes_people(bridge: Bridge) -> None:
    people = bridge.people
    await people.teams.add("blue")
    person = await bridge.person(1, blue="viewer")
    giver = await bridge.somebody("ai:*", "model:*", "service:*", "admin:*", team="blue")

    for change in (
        people.change_person(person, PersonChange(name="x"), giver=giver),
        people.change_person(person, PersonChange(), password=GOOD, giver=giver),
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
