"""Callers from outside stand below the team that they are said to be of."""

import pytest

from tollbridge.errors import Unauthenticated
from tollbridge.layers.teaming import Teaming
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import Above, Principal, TokenBudget, TokenKind, TokenLimits
from tollbridge.tokens.scopes import ScopeSet

_OFFICE, _HOME = Conditions(("10.0.0.0/8",)), Conditions(("192.168.0.0/16",))
LIMITS, BUDGET = TokenLimits(60), TokenBudget(5, "day")
TEAM = Principal(
    id="team_1",
    name="blue",
    scopes=ScopeSet(("ai:*", "model:small")),
    kind=TokenKind.TEAM,
    team="blue",
    limits=LIMITS,
    budget=BUDGET,
    conditions=(_OFFICE,),
    above=(Above("team_0"),),
)


def caller(team: str = "blue") -> Principal:
    own = ScopeSet(("ai:*", "model:*"), [ScopeSet(("ai:chat", "model:*"))])
    return Principal(id="jwt:x", name="x", scopes=own, team=team, conditions=(_HOME,), above=(Above("own"),))


async def team_holder(name: str) -> str | None:
    return {"blue": "team_1", "red": "team_2"}.get(name)


async def find(id: str) -> Principal | None:
    return TEAM if id == "team_1" else None


async def test_team_stands_above_who_is_said_to_be_of_it() -> None:
    found = await Teaming(team_holder, find).bound(caller())

    assert (found.id, found.team) == ("jwt:x", "blue")
    assert [scope in found.scopes for scope in ("ai:chat", "model:small", "ai:images", "model:large")] == [
        *(True, True),
        *(False, False),
    ]
    assert found.conditions == (_HOME, _OFFICE)
    assert found.above == (Above("own"), Above("team_1", LIMITS, BUDGET), Above("team_0"))


@pytest.mark.parametrize("team", ["", "green"])
async def test_name_that_no_team_has_bounds_nothing(team: str) -> None:
    assert await Teaming(team_holder, find).bound(caller(team)) == caller(team)


async def test_caller_of_a_team_that_is_off_is_refused() -> None:
    with pytest.raises(Unauthenticated, match="the team 'red' of this caller is disabled, or has ended"):
        await Teaming(team_holder, find).bound(caller("red"))
