"""One's own tokens: seen and kept by whoever owns them, whatever else they may do."""

from collections.abc import Callable

import pytest
from tests.plugins.dashboard.test_tokens import SECRET
from tests.support.visiting import PREFIX, Visitor

from tollbridge.testing import GatewayUnderTest

Mock = Callable[..., GatewayUnderTest]
EVIL = "<script>alert(1)</script>\"'&amp;"


async def owner(under: GatewayUnderTest, name: str = "ada", **roles: str) -> Visitor:
    """Give somebody who is signed in, a consumer of the team blue where nothing else is said."""
    visitor = Visitor(under)
    person = await visitor.person(name, **(roles or {"blue": "consumer"}))
    visitor.person_id = person.id  # type: ignore[attr-defined]  # for the tests here
    return await visitor.sign_in_as(person)


async def theirs(visitor: Visitor, name: str = "ci", team: str = "blue") -> tuple[str, str]:
    """Have a token made with somebody's rights; gives its id and its secret."""
    gateway, id = visitor.under.gateway, visitor.person_id  # type: ignore[attr-defined]
    holder = await gateway.people.holder_of(id, team)
    issued = await gateway.tokens.issue(name=name, scopes=["ai:chat", "model:*"], owner=id, minter=holder)
    return issued.token.id, issued.secret


async def test_person_sees_their_own_and_nothing_of_others(mock: Mock) -> None:
    ada = await owner(under := mock())
    bob = await owner(under, "bob")
    mine, _secret = await theirs(ada)
    other, _secret = await theirs(bob, "bobs")

    page = (await ada.get("/my/tokens")).text

    assert f'href="{PREFIX}/my/tokens/{mine}" data-row><b>ci</b>' in page
    assert "bobs" not in page
    assert (await ada.get(f"/my/tokens/{mine}")).status_code == 200
    for path in ("", "/rotate", "/revoke", "/used"):
        assert (await ada.get(f"/my/tokens/{other}{path}")).status_code == 404
    for what in ("rotate", "revoke"):
        assert (await ada.post(f"/my/tokens/{other}/{what}", {"name": "bobs", "overlap_s": "0"})).status_code == 404


async def test_menu_has_it_for_members_and_page_says_where_there_is_none(mock: Mock) -> None:
    ada = await owner(mock())

    page = (await ada.get("/my/tokens")).text

    assert f'href="{PREFIX}/my/tokens" aria-current="page"' in page
    assert "You have no token yet." in page
    assert "None of your tokens matches." in (await ada.get("/my/tokens?q=x")).text


async def test_whoever_is_nowhere_a_member_has_none(mock: Mock) -> None:
    stranger = Visitor(mock())
    await stranger.sign_in_as(await stranger.person("eve"))

    assert (await stranger.get("/my/tokens")).status_code == 403


async def test_those_of_each_team_are_shown_by_themselves(mock: Mock) -> None:
    ada = await owner(mock(), blue="consumer", red="consumer")
    for team in ("blue", "red"):
        await theirs(ada, f"of-{team}", team)

    first, red = (await ada.get("/my/tokens")).text, (await ada.get("/my/tokens?team=red")).text

    assert "of-blue" in first
    assert "of-red" not in first
    assert "of-red" in red
    assert "of-blue" not in red


async def test_own_secret_is_replaced_and_shown_once(mock: Mock) -> None:
    ada = await owner(mock())
    id, old = await theirs(ada)

    page = (await ada.get(f"/my/tokens/{id}/rotate")).text
    reply = await ada.post(f"/my/tokens/{id}/rotate", {"overlap_s": "0"})

    (new,) = set(SECRET.findall(reply.text))
    assert 'name="overlap_s"' in page
    assert [(await ada.under.chat("gpt-4o-mini", token=one)).status_code for one in (old, new)] == [401, 200]
    assert new not in (await ada.get(f"/my/tokens/{id}")).text
    (record,) = await ada.under.gateway.store.list_audit(action="token.rotate")
    assert (record.actor.id, record.actor.via) == (ada.person_id, "dashboard")  # type: ignore[attr-defined]


async def test_own_token_is_revoked_once_its_name_is_typed(mock: Mock) -> None:
    ada = await owner(mock())
    id, secret = await theirs(ada)

    wrong = await ada.post(f"/my/tokens/{id}/revoke", {"name": "x"})
    right = await ada.post(f"/my/tokens/{id}/revoke", {"name": "ci"})

    assert (wrong.status_code, right.status_code) == (400, 303)
    assert right.headers["location"] == f"{PREFIX}/my/tokens?said=revoked"
    assert "It is refused from now on" in (await ada.get("/my/tokens?said=revoked")).text
    assert (await ada.under.chat("gpt-4o-mini", token=secret)).status_code == 401


async def test_page_of_ones_own_offers_nothing_that_administrators_do(mock: Mock) -> None:
    ada = await owner(mock())
    id, _secret = await theirs(ada)

    page = (await ada.get(f"/my/tokens/{id}")).text

    assert f"/my/tokens/{id}/rotate" in page
    assert f"/my/tokens/{id}/revoke" in page
    for what in ("edit", "extend", "disable", "Tokens that it made", f'"{PREFIX}/tokens'):
        assert what not in page.partition("<main")[2]


@pytest.mark.parametrize("what", ["rotate", "revoke"])
async def test_it_asks_for_a_fresh_proof(mock: Mock, what: str) -> None:
    ada = await owner(mock())
    id, _secret = await theirs(ada)
    ada.under.clock.advance(15 * 60)

    for reply in (await ada.get(f"/my/tokens/{id}/{what}"), await ada.post(f"/my/tokens/{id}/{what}", {"name": "ci"})):
        assert reply.status_code == 303
        assert "/sign-in/again" in reply.headers["location"]


async def test_names_are_text_and_the_list_is_there_as_csv(mock: Mock) -> None:
    ada = await owner(mock())
    id, _secret = await theirs(ada, EVIL)

    page, csv = (await ada.get("/my/tokens")).text, (await ada.get("/my/tokens?format=csv")).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert id in csv
    assert "<script>alert" not in (await ada.get(f"/my/tokens/{id}")).text


async def test_first_call_of_ones_own_is_seen(mock: Mock) -> None:
    ada = await owner(mock())
    id, _secret = await theirs(ada)

    assert (await ada.get(f"/my/tokens/{id}/used")).json() == {"used": False}
