"""Who looks, and what they may see."""

from collections.abc import Callable

import pytest
from starlette.requests import Request
from tests.support.visiting import Visitor

from tollbridge import MenuEntry, Need
from tollbridge.screens.viewing import Viewer, client_of, viewer, viewer_of
from tollbridge.sessions import Browser, Session
from tollbridge.testing import GatewayUnderTest

Mock = Callable[..., GatewayUnderTest]
READ = "admin:tokens:read"


async def session(visitor: Visitor, person_id: str = "") -> Session:
    sessions = visitor.under.gateway.sessions
    found = await sessions.find((await sessions.begin(person_id, "password", Browser("", ""))).secret)
    assert found is not None
    return found


async def person(mock: Mock, **roles: str) -> tuple[Visitor, Viewer]:
    visitor = Visitor(mock())
    ada = await visitor.person(**roles)
    found = await viewer_of(visitor.under.gateway, await session(visitor, ada.id))
    assert found is not None
    return visitor, found


async def test_operator_may_everything_everywhere(mock: Mock) -> None:
    visitor = Visitor(mock())
    await visitor.under.client()
    who = await viewer_of(visitor.under.gateway, await session(visitor))

    assert who is not None
    assert (who.id, who.name, who.email, who.teams(READ)) == ("operator", "Administrator", "", ("",))
    assert who.may(Need(READ, whole=True))
    assert who.minter("blue") is None
    assert [team for team, _ in who.callers()] == [""]
    assert who.sees_addresses("blue")


async def test_person_may_what_the_roles_say_in_each_team(mock: Mock) -> None:
    _, who = await person(mock, blue="viewer", green="consumer")

    assert (who.name, who.email, list(who.teams(READ))) == ("Ada", "ada@example.com", ["blue"])
    assert (who.reaches(READ, "blue"), who.reaches(READ, "green")) == (True, False)
    assert (who.may(Need(READ)), who.may(Need(READ, whole=True)), who.may(Need())) == (True, False, True)
    assert who.may(MenuEntry(title="A", path="/a", scope="admin:jobs:write")) is False
    assert [team for team, _ in who.callers()] == ["blue", "green"]
    minter = who.minter("blue")
    assert minter is not None
    assert minter.team == "blue"


async def test_membership_that_does_not_open_counts_for_nothing(mock: Mock) -> None:
    visitor, who = await person(mock, blue="viewer")
    await visitor.under.gateway.people.teams.disable("blue")

    again = await viewer_of(visitor.under.gateway, await session(visitor, who.id))

    assert again is not None
    assert again.callers() == []


async def test_entry_for_members_is_for_whoever_has_a_role_somewhere_and_for_the_operator(mock: Mock) -> None:
    entry = MenuEntry(title="A", path="/a", member=True)
    visitor, nobody = await person(mock)
    operator = await viewer_of(visitor.under.gateway, await session(visitor))
    _, member = await person(mock, blue="consumer")

    assert operator is not None
    assert [who.may(entry) for who in (nobody, member, operator)] == [False, True, True]


async def test_session_of_nobody_is_no_viewer(mock: Mock) -> None:
    visitor, who = await person(mock)
    kept = who.session
    await visitor.under.gateway.people.remove_person(who.id)

    assert await viewer_of(visitor.under.gateway, kept) is None


def test_page_without_a_session_has_no_viewer() -> None:
    request = Request({"type": "http", "headers": [], "client": None})

    with pytest.raises(LookupError, match="without a session"):
        viewer(request)
    assert client_of(request) == ""


async def test_who_acts_is_recorded_with_the_address(mock: Mock) -> None:
    _, who = await person(mock)
    request = Request({"type": "http", "headers": [], "client": ("192.0.2.9", 1)})

    acts = who.actor(request)

    assert (acts.id, acts.via, acts.client) == (who.id, "dashboard", "192.0.2.9")
