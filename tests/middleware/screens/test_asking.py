"""The admin API as pages ask it: in this process, for whoever looks, under its own rules."""

from collections.abc import Callable

import pytest
from tests.support.visiting import Visitor

from tollbridge.audit import Actor
from tollbridge.screens import Asking, Refused
from tollbridge.screens.viewing import Viewer, viewer_of
from tollbridge.sessions import Browser
from tollbridge.testing import GatewayUnderTest

Mock = Callable[..., GatewayUnderTest]


async def looker(visitor: Visitor, **roles: str) -> Viewer:
    """Give a person with these roles as somebody who looks."""
    person = await visitor.person("ada", **roles)
    gateway = visitor.under.gateway
    begun = await gateway.sessions.begin(person.id, "password", Browser("192.0.2.7", "Firefox"))
    session = await gateway.sessions.find(begun.secret)
    assert session is not None
    found = await viewer_of(gateway, session)
    assert found is not None
    return found


async def operator(visitor: Visitor) -> Viewer:
    gateway = visitor.under.gateway
    begun = await gateway.sessions.begin("", "link", Browser("192.0.2.7", "Firefox"))
    session = await gateway.sessions.find(begun.secret)
    assert session is not None
    return Viewer(session)


async def test_change_is_recorded_under_the_person_and_their_address(mock: Mock) -> None:
    visitor = Visitor(mock())
    who = await looker(visitor, bridge="platform-admin")
    gateway = visitor.under.gateway

    await Asking(gateway, who, "192.0.2.7").post("/teams", {"name": "red", "title": "Red", "scopes": ["ai:*"]})

    (record,) = await gateway.store.list_audit(action="team.add", limit=1)
    assert (record.actor.id, record.actor.via, record.actor.client) == (who.id, "dashboard", "192.0.2.7")
    assert record.actor.call_id.startswith("req_")


async def test_operator_does_everything_and_is_named_so(mock: Mock) -> None:
    visitor = Visitor(mock())
    await visitor.under.client()
    asking = Asking(visitor.under.gateway, await operator(visitor))

    made = await asking.post("/tokens", {"name": "t", "scopes": ["admin:*", "service:*"]})
    changed = await asking.patch(f"/tokens/{made['id']}", {"name": "u"})

    (record, *_) = await visitor.under.gateway.store.list_audit(action="token.", limit=1)
    assert changed["name"] == "u"
    assert record.actor == Actor("operator", "dashboard", "", record.actor.call_id)


async def test_somebody_in_several_teams_asks_in_each_until_one_may(mock: Mock) -> None:
    visitor = Visitor(mock())
    who = await looker(visitor, bridge="consumer", blue="viewer", green="team-admin")
    gateway = visitor.under.gateway
    made = await gateway.tokens.issue(name="theirs", team="green")
    asking = Asking(gateway, who)

    reply = await asking.send("GET", f"/tokens/{made.token.id}")
    narrow = await Asking(gateway, who, team="blue").send("GET", f"/tokens/{made.token.id}")

    assert (reply.status, reply.team, reply.tag != "") == (200, "green", True)
    assert narrow.status == 404


async def test_person_without_any_team_is_refused(mock: Mock) -> None:
    visitor = Visitor(mock())
    who = await looker(visitor)

    with pytest.raises(Refused) as refused:
        await Asking(visitor.under.gateway, who).get("/tokens")

    assert (refused.value.status, refused.value.fields) == (403, {})


async def test_refusal_names_fields(mock: Mock) -> None:
    visitor = Visitor(mock())
    await visitor.under.client()
    asking = Asking(visitor.under.gateway, await operator(visitor))

    with pytest.raises(Refused) as refused:
        await asking.post("/teams", {"name": "No Name", "title": "T", "scopes": ["ai:*"]})

    assert refused.value.status == 422
    assert list(refused.value.fields) == ["name"]


async def test_change_of_what_was_changed_since_is_refused(mock: Mock) -> None:
    visitor = Visitor(mock())
    await visitor.under.client()
    asking = Asking(visitor.under.gateway, await operator(visitor))
    await asking.post("/teams", {"name": "red", "title": "Red", "scopes": ["ai:*"]})
    tag = (await asking.send("GET", "/teams/red")).tag
    await asking.patch("/teams/red", {"title": "Redder"}, tag=tag)

    with pytest.raises(Refused, match="changed since") as refused:
        await asking.patch("/teams/red", {"title": "Reddest"}, tag=tag)

    assert refused.value.status == 412


async def test_key_makes_one_change_of_what_is_sent_twice(mock: Mock) -> None:
    visitor = Visitor(mock())
    await visitor.under.client()
    asking = Asking(visitor.under.gateway, await operator(visitor))
    wish = {"name": "red", "title": "Red", "scopes": ["ai:*"]}

    first, second = await asking.post("/teams", wish, key="k1"), await asking.post("/teams", wish, key="k1")

    assert first == second


async def test_list_is_walked_to_its_end(mock: Mock) -> None:
    visitor = Visitor(mock())
    await visitor.under.client()
    for number in range(5):
        await visitor.under.gateway.tokens.issue(name=f"t{number}")
    asking = Asking(visitor.under.gateway, await operator(visitor))

    names = [one["name"] async for one in asking.every("/tokens", limit=2, q="", state=None)]

    assert sorted(names) == ["t0", "t1", "t2", "t3", "t4"]


async def test_page_is_not_held_by_the_limits_of_a_membership(mock: Mock) -> None:
    visitor = Visitor(mock(limits={"requests_per_minute": 1}))
    who = await looker(visitor, bridge="platform-admin")
    asking = Asking(visitor.under.gateway, who)

    replies = [(await asking.send("GET", "/teams", query={"limit": 1})).status for _ in range(3)]

    assert replies == [200, 200, 200]


async def test_answer_without_a_body_is_nothing(mock: Mock) -> None:
    visitor = Visitor(mock())
    await visitor.under.client()
    asking = Asking(visitor.under.gateway, await operator(visitor))

    gone = await asking.send("GET", "/nothing/at/all")

    with pytest.raises(Refused):
        assert gone.value is None
