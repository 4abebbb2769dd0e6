"""Budgets and limits on their page: what holds, how it stands, and who is near the end of theirs."""

from collections.abc import Callable

from tests.support.visiting import Visitor

from tollbridge import TokenBudget
from tollbridge.testing import GatewayUnderTest

COST = 450_000
SECTIONS = {
    "limits": {"requests_per_minute": 600},
    "budgets": {"monthly_usd": "0.0015", "token_daily_usd": "5", "unpriced": "allow"},
}


async def spend(visit: Visitor, name: str, team: str = "", **options: TokenBudget) -> None:
    made = await visit.under.gateway.tokens.issue(name=name, scopes=("ai:*", "model:*"), team=team, **options)
    assert (await visit.under.chat("gpt-4o-mini", token=made.secret, max_tokens=1)).status_code == 200


async def test_budgets_stand_as_they_were_spent_the_fullest_first(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = await Visitor(mock(**SECTIONS)).sign_in()
    for name, budget in (("blue", "25"), ("red", "0.00046")):
        await visit.post("/teams/new", {"name": name, "title": name, "scopes": "ai:* model:*", "budget": budget})
    await spend(visit, "over-shop", budget=TokenBudget(COST, "month"))
    await spend(visit, "near-shop", team="red", budget=TokenBudget(COST + 1, "day"))
    await spend(visit, "plain-shop", team="blue")

    page = (await visit.get("/limits")).text

    bridge, _, rest = page.partition("Each token without its own")
    tokens, _, teams = rest.partition('id="teams"')
    assert "$0.00135 of $0.0015 a month" in bridge
    assert "Near budget" in bridge
    assert "$5.00 a day" in rest
    assert "<dd>600</dd>" in rest
    assert "no limit" in rest
    assert "over-shop" in tokens
    assert "near-shop" in tokens
    assert "plain-shop" not in tokens
    assert tokens.index("over-shop") < tokens.index("near-shop")
    assert 0 < teams.index('href="/_tollbridge/teams/red"') < teams.index('href="/_tollbridge/teams/blue"')


async def test_nothing_that_is_near_its_end_is_said(visit: Visitor) -> None:
    page = (await visit.get("/limits")).text

    assert "No token is near the end of its budget." in page
    assert "No team has a budget." in page


async def test_whoever_has_a_team_sees_its_own(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock(**SECTIONS))
    ada = await visit.person("ada", blue="team-admin", red="consumer")
    await spend(visit, "blue-shop", team="blue", budget=TokenBudget(COST, "month"))
    await spend(visit, "red-shop", team="red", budget=TokenBudget(COST, "month"))
    await visit.sign_in_as(ada)

    page = (await visit.get("/limits")).text

    assert "blue-shop" in page
    assert "red-shop" not in page
    assert "The whole bridge" not in page
    assert "$0.0015 a month" in page


async def test_whoever_has_no_scope_sees_none(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", blue="consumer"))

    assert (await visit.get("/limits")).status_code == 403
