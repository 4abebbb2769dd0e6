"""Who somebody is here that a provider vouches for, and what their groups make them."""

import sqlite3
from contextlib import closing

from structlog.testing import capture_logs
from tests.plugins.signin.openid import session, sign_in


async def test_person_is_known_by_the_subject_from_then_on(enter) -> None:
    visitor = await enter()
    ada = await visitor.person("ada")
    await sign_in(visitor)
    bob = await visitor.person("bob")

    visitor.corp.claims = {"email": "bob@example.com"}
    await sign_in(visitor)

    assert (await session(visitor)).person_id == ada.id
    visitor.corp.claims = {"email": "bob@example.com", "sub": "bob-1"}
    await sign_in(visitor)
    assert (await session(visitor)).person_id == bob.id


async def test_address_that_is_not_verified_is_nobodys(enter) -> None:
    visitor = await enter(create=True)
    await visitor.person("ada")
    for verified in (False, None, "true", 1):
        visitor.corp.claims = {"email_verified": verified}
        visitor.corp.userinfo = {"email_verified": verified}

        reply = await sign_in(visitor)

        assert reply.status_code == 403
        assert "does not say that your address is yours" in reply.text
        assert await session(visitor) is None


async def test_address_is_taken_from_a_provider_that_is_trusted(enter) -> None:
    visitor = await enter(trust_email=True)
    ada = await visitor.person("ada")
    visitor.corp.claims = {"email_verified": None}

    await sign_in(visitor)

    assert (await session(visitor)).person_id == ada.id


async def test_whoever_is_not_known_is_made_where_that_is_allowed(enter) -> None:
    visitor, closed = await enter(create=True), await enter()

    assert (await sign_in(visitor)).status_code == 303
    assert (await visitor.get("/tokens")).status_code == 403
    refused = await sign_in(closed)

    people = visitor.under.gateway.people
    ada = await people.find_person("ada@example.com")
    assert ada.name == "Ada"
    assert await people.memberships(ada.id) == []
    (record,) = await visitor.under.gateway.store.list_audit(action="person.", target=ada.id, limit=1)
    assert record.actor.id == "oidc:corp"
    assert refused.status_code == 403
    assert "Nobody here has your address" in refused.text
    assert await closed.under.gateway.people.list_people() == []


async def test_whoever_is_switched_off_does_not_come_in_by_a_provider(enter) -> None:
    visitor = await enter(create=True)
    ada = await visitor.person("ada")
    people = visitor.under.gateway.people
    await people.disable_person(ada.id)
    first = await sign_in(visitor)
    await people.enable_person(ada.id)
    await sign_in(visitor)
    await people.disable_person(ada.id)
    second = await sign_in(visitor)

    for reply in (first, second):
        assert reply.status_code == 403
        assert "switched off" in reply.text
    assert await session(visitor) is None


GROUPS = {
    "admins": {"role": "platform-admin"},
    "readers": {"role": "viewer"},
    "Blue Team": {"role": "team-admin", "team": "blue"},
    "everybody": {"role": "consumer", "team": "blue"},
    "lost": {"role": "consumer", "team": "nowhere"},
    "odd": {"role": "no-such-role", "team": "blue"},
}


async def roles(visitor, person):
    return await roles_of(visitor.under.gateway.people.memberships, person)


async def roles_of(memberships, person):
    return {one.team: one.role for one in await memberships(person.id)}


async def test_groups_set_and_remove_memberships_at_each_sign_in(enter) -> None:
    visitor = await enter(groups_claim="groups", groups=GROUPS)
    ada = await visitor.person("ada")
    await visitor.person("root", bridge="platform-admin")
    await visitor.under.gateway.people.teams.add(name="blue", title="Blue")
    found = []

    for groups in (["everybody", "readers"], ["everybody", "Blue Team"], ["admins"], "everybody", [7, None], None):
        visitor.corp.claims = {"groups": groups}
        assert (await sign_in(visitor)).status_code == 303
        found.append(await roles(visitor, ada))

    assert found == [
        {"": "viewer", "blue": "consumer"},
        {"blue": "team-admin"},
        {"": "platform-admin"},
        {"blue": "consumer"},
        {},
        {},
    ]


async def test_who_is_in_groups_of_several_teams_is_a_member_of_each_with_its_role(enter) -> None:
    given = {"b": {"role": "consumer", "team": "blue"}, "r": {"role": "team-admin", "team": "red"}}
    visitor = await enter(groups_claim="groups", groups=given)
    ada = await visitor.person("ada")
    for team in ("blue", "red"):
        await visitor.under.gateway.people.teams.add(name=team)
    found = []

    for groups in (["b", "r"], ["r"]):
        visitor.corp.claims = {"groups": groups}
        assert (await sign_in(visitor)).status_code == 303
        found.append(await roles(visitor, ada))

    assert found == [{"blue": "consumer", "red": "team-admin"}, {"red": "team-admin"}]


async def test_memberships_of_groups_end_where_groups_give_nothing_any_more(enter) -> None:
    visitor = await enter()
    ada = await visitor.person("ada", blue="consumer")
    await visitor.person("root", bridge="platform-admin")
    people = visitor.under.gateway.people
    await people.set_membership(ada.id, "", "platform-admin", via=visitor.corp.issuer)

    await sign_in(visitor)

    assert await roles(visitor, ada) == {"blue": "consumer"}


async def test_membership_that_somebody_gave_stays(enter) -> None:
    visitor = await enter(groups_claim="groups", groups=GROUPS)
    ada = await visitor.person("ada", blue="service-developer")
    visitor.corp.claims = {"groups": ["everybody", "readers"]}

    await sign_in(visitor)
    visitor.corp.claims = {"groups": []}
    first = await roles(visitor, ada)
    await sign_in(visitor)

    assert first == {"": "viewer", "blue": "service-developer"}
    assert await roles(visitor, ada) == {"blue": "service-developer"}


async def test_membership_that_somebody_gives_while_one_signs_in_stays(enter, monkeypatch) -> None:
    visitor = await enter(groups_claim="groups", groups=GROUPS)
    ada, people = await visitor.person("ada"), visitor.under.gateway.people
    look, wanted = people.memberships, "service-developer"
    await people.teams.add("blue")

    async def gives_after_it_was_looked(person_id: str):
        seen = await look(person_id)
        await people.set_membership(person_id, "blue", wanted)
        return seen

    monkeypatch.setattr(people, "memberships", gives_after_it_was_looked)
    visitor.corp.claims = {"groups": ["everybody"]}
    await sign_in(visitor)
    assert await roles_of(look, ada) == {"blue": wanted}
    monkeypatch.undo()
    await people.set_membership(ada.id, "blue", "consumer", via=visitor.corp.issuer)
    monkeypatch.setattr(people, "memberships", gives_after_it_was_looked)
    visitor.corp.claims = {"groups": []}
    await sign_in(visitor)

    assert await roles_of(look, ada) == {"blue": wanted}


async def test_what_groups_cannot_give_is_told_and_keeps_nobody_out(enter) -> None:
    visitor = await enter(groups_claim="groups", groups=GROUPS)
    ada = await visitor.person("ada")
    visitor.corp.claims = {"groups": ["lost", "odd", "readers"]}

    with capture_logs() as logged:
        assert (await sign_in(visitor)).status_code == 303

    assert await roles(visitor, ada) == {"": "viewer"}
    assert [(line["team"], line["role"]) for line in logged if line["event"] == "membership_not_set"] == [
        ("nowhere", "consumer"),
        ("blue", "no-such-role"),
    ]


async def test_what_groups_gave_ends_where_what_they_give_now_is_not_there(enter) -> None:
    visitor = await enter(groups_claim="groups", groups=GROUPS)
    ada = await visitor.person("ada")
    await visitor.under.gateway.people.teams.add(name="blue", title="Blue")
    visitor.corp.claims = {"groups": ["Blue Team"]}
    await sign_in(visitor)
    before = await roles(visitor, ada)

    visitor.corp.claims = {"groups": ["odd"]}
    assert (await sign_in(visitor)).status_code == 303

    assert before == {"blue": "team-admin"}
    assert await roles(visitor, ada) == {}


async def test_nobody_signs_in_whose_memberships_the_store_cannot_write(enter) -> None:
    visitor = await enter(groups_claim="groups", groups=GROUPS)
    await visitor.person("ada")
    visitor.corp.claims = {"groups": ["readers"]}
    with closing(sqlite3.connect(visitor.under.gateway.config.data / "tollbridge.db")) as database:
        database.execute("CREATE TRIGGER broken BEFORE INSERT ON member BEGIN INSERT INTO gone VALUES (1); END")

    reply = await sign_in(visitor)

    assert reply.status_code == 503
    assert await session(visitor) is None


async def test_last_administrator_stays_one_whatever_the_groups(enter) -> None:
    visitor = await enter(groups_claim="groups", groups=GROUPS)
    ada = await visitor.person("ada")
    visitor.corp.claims = {"groups": ["admins"]}
    await sign_in(visitor)

    visitor.corp.claims = {"groups": []}
    assert (await sign_in(visitor)).status_code == 303

    assert await roles(visitor, ada) == {"": "platform-admin"}
