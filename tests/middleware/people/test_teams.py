"""Teams are made and changed by who may do as much."""

from datetime import timedelta

import pytest
from tests.middleware.people.conftest import Bridge

from tollbridge.errors import BadRequest, Denied
from tollbridge.people.builtin import TEAM_SCOPES
from tollbridge.people.model import TeamChange
from tollbridge.tokens.model import TokenKind, TokenLimits, TokenState

DAY = timedelta(days=1)


async def test_team_may_do_what_who_administers_it_may_unless_something_else_is_said(bridge: Bridge) -> None:
    made = await bridge.people.teams.add("blue", title=" Blue ", description=" x ", limits=TokenLimits(7))

    assert (made.name, made.title, made.description, made.scopes) == ("blue", "Blue", "x", TEAM_SCOPES)
    assert made.limits == TokenLimits(7)
    assert await bridge.people.teams.get("blue") == made
    assert await bridge.people.teams.list() == [made]
    holder = await bridge.store.get_token(made.holder)
    assert holder is not None
    assert (holder.kind, holder.team, holder.secrets, holder.state) == (TokenKind.TEAM, "blue", (), TokenState.ACTIVE)


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"name": "Blue"}, "name"),
        ({"name": "blue", "title": "\0"}, "title"),
        ({"name": "blue", "description": "\0"}, "description"),
        ({"name": "blue", "scopes": []}, "scopes"),
        ({"name": "blue", "rotate_days": -1}, "rotate_days"),
    ],
)
async def test_team_that_cannot_be_is_refused(bridge: Bridge, wish: dict[str, object], param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await bridge.people.teams.add(**wish)  # type: ignore[arg-type]  # what is wrong is what is tested
    assert caught.value.param == param
    assert await bridge.actions() == []


async def test_nobody_makes_or_widens_a_team_beyond_their_own(bridge: Bridge) -> None:
    teams = bridge.people.teams
    giver = await bridge.somebody("ai:*", "admin:teams:write")
    await teams.add("blue", scopes=["ai:chat"], giver=giver)
    await teams.add("strong", scopes=["ai:chat", "model:*"])

    for change in (
        teams.add("other", giver=giver),
        teams.add("other", scopes=["ai:*", "model:gpt-*"], giver=giver),
        teams.change("blue", TeamChange(scopes=("ai:chat", "admin:*")), giver=giver),
        teams.change("strong", TeamChange(scopes=("ai:chat",)), giver=giver),
        teams.change("strong", TeamChange(budget=None), giver=giver),
        teams.change("strong", TeamChange(limits=TokenLimits()), giver=giver),
        teams.change("strong", TeamChange(rotate_days=0), giver=giver),
        teams.enable("strong", giver=giver),
    ):
        with pytest.raises(Denied) as caught:
            await change
        assert caught.value.code == "scope_beyond"
    assert await teams.change("blue", TeamChange(scopes=("ai:*",), budget=None), giver=giver) is not None
    assert await teams.change("strong", TeamChange(title="x", description="y"), giver=giver) is not None
    assert await teams.disable("strong", giver=giver) is not None
    assert await teams.end("strong", giver=giver) is not None


async def test_who_is_in_a_team_changes_what_it_is_called_and_no_more(bridge: Bridge) -> None:
    teams = bridge.people.teams
    await teams.add("blue")
    person = await bridge.person(1, blue="team-admin")
    holder = await bridge.holder(person, "blue")
    made = await bridge.tokens.issue(name="x", scopes=["admin:teams:write"], minter=holder)

    for giver in (holder, await bridge.shown(made.secret)):
        assert await teams.change("blue", TeamChange(title="Bluer"), giver=giver) is not None
        for change in (
            teams.add("green", scopes=["admin:teams:write"], giver=giver),
            teams.change("blue", TeamChange(budget=None), giver=giver),
            teams.change("blue", TeamChange(scopes=("admin:teams:write",)), giver=giver),
            teams.disable("blue", giver=giver),
            teams.enable("blue", giver=giver),
            teams.end("blue", giver=giver),
        ):
            with pytest.raises(Denied) as caught:
                await change
            assert caught.value.code == "out_of_reach"


async def test_team_that_is_not_there_is_not_changed(bridge: Bridge) -> None:
    teams = bridge.people.teams
    giver = await bridge.somebody("ai:*")

    assert await teams.change("blue", TeamChange(scopes=("model:*",)), giver=giver) is None
    assert await teams.disable("blue") is None
    assert await teams.enable("blue") is None
    assert await teams.end("blue") is None
    assert await bridge.actions() == ["token.issue"]


async def test_team_is_off_and_on_and_ends(bridge: Bridge) -> None:
    teams = bridge.people.teams
    await teams.add("blue", scopes=["ai:*"])
    issued = await bridge.tokens.issue(name="x", scopes=["ai:*"], team="blue")

    off = await teams.disable("blue")
    assert off is not None
    assert off.state is TokenState.DISABLED
    assert await bridge.tokens.identify(issued.secret.encode()) is None
    on = await teams.enable("blue")
    assert on is not None
    assert on.state is TokenState.ACTIVE
    assert await bridge.tokens.identify(issued.secret.encode()) is not None
    ended = await teams.end("blue")
    assert ended is not None
    assert ended.state is TokenState.REVOKED
    assert await bridge.tokens.identify(issued.secret.encode()) is None


@pytest.mark.parametrize(("own", "teams_own", "days"), [(None, None, 90), (None, 30, 30), (7, 30, 7), (None, 0, None)])
async def test_secret_ends_by_its_tokens_rule_else_by_its_teams_else_by_the_general_one(
    bridge: Bridge, own: int | None, teams_own: int | None, days: int | None
) -> None:
    await bridge.people.teams.add("blue", scopes=["ai:*"], rotate_days=teams_own)
    issued = await bridge.tokens.issue(name="x", scopes=["ai:*"], team="blue", rotate_days=own)
    bridge.clock.advance(86_400)

    rotated = await bridge.tokens.rotate(issued.token.id, DAY)

    assert rotated is not None
    ends = {secret.expires_at and secret.expires_at - secret.created_at for secret in issued.token.secrets}
    assert ends == {None if days is None else days * DAY}
    assert rotated.token.secrets[0].expires_at == (None if days is None else bridge.clock.now() + days * DAY)


async def test_token_of_who_has_a_team_is_of_that_team(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue", scopes=["ai:*"])
    minter = await bridge.somebody("ai:*", team="blue")

    for team in ("", " blue "):
        assert (await bridge.tokens.issue(name="x", scopes=["ai:*"], team=team, minter=minter)).token.team == "blue"
    with pytest.raises(Denied) as caught:
        await bridge.tokens.issue(name="x", scopes=["ai:*"], team="red", minter=minter)
    assert (caught.value.code, caught.value.param) == ("out_of_reach", "team")
