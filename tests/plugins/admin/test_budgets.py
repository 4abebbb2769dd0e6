"""How budgets stand, over the API."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.plugins.admin.conftest import EVERYTHING, Admin, an_admin
from tests.support.visiting import MOCK

from tollbridge import TokenBudget
from tollbridge.testing import GatewayUnderTest

COST = 450_000  # 1000 x 0.15 + 500 x 0.60 dollars, per million tokens, in nano-dollars
BUDGETS = {"monthly_usd": "0.001", "token_daily_usd": "0.00046", "unpriced": "allow"}


@pytest.fixture
async def priced(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Admin:
    """Give somebody who may do everything at a gateway whose calls cost something."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    return await an_admin(gateway({**MOCK, "budgets": BUDGETS}), *EVERYTHING)


async def spend(admin: Admin, **options: Any) -> str:
    """Make a token and a call with it; gives the token's id."""
    admin.under.clock.advance(0.001)  # ids are in the order of their making then
    made = await admin.under.gateway.tokens.issue(name="shop", scopes=("ai:*", "model:*"), **options)
    assert (await admin.under.chat("gpt-4o-mini", token=made.secret, max_tokens=1)).status_code == 200
    return str(made.token.id)


async def ask(admin: Admin, query: str) -> list[dict[str, Any]]:
    reply = await admin.get(f"/budgets?{query}")
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["items"]
    return found


async def test_budget_of_the_bridge_stands_as_it_was_spent(priced: Admin) -> None:
    await spend(priced)

    (one,) = await ask(priced, "")

    assert one == {
        **{"of": "bridge", "id": None, "name": "", "team": "", "own": True, "level": None},
        **{"usd": "0.001", "period": "month", "spent_usd": "0.00045"},
    }
    assert await ask(priced, "level=over") == []


async def test_tokens_are_there_with_their_own_budget_or_that_of_every_token(priced: Admin) -> None:
    over = await spend(priced, budget=TokenBudget(COST, "total"))
    near = await spend(priced)

    found = await ask(priced, "of=token")

    assert [(one["id"], one["usd"], one["period"], one["own"], one["level"]) for one in found] == [
        (near, "0.00046", "day", False, "near"),
        (over, "0.00045", "total", True, "over"),
        (priced.id, "0.00046", "day", False, None),
    ]
    assert [one["id"] for one in await ask(priced, "of=token&level=near")] == [near]
    assert [one["id"] for one in await ask(priced, "of=token&level=over")] == [over]


async def test_team_with_a_budget_is_there_and_one_without_is_not(priced: Admin) -> None:
    await priced.post("/teams", {"name": "blue", "budget": {"usd": "0.0009", "period": "month"}})
    await priced.post("/teams", {"name": "green"})
    await spend(priced, team="blue")
    await spend(priced, team="blue")

    found = await ask(priced, "of=team")

    assert [(one["name"], one["team"], one["spent_usd"], one["level"]) for one in found] == [
        ("blue", "blue", "0.0009", "over")
    ]
    assert await ask(priced, "of=team&team=blue") == found
    assert await ask(priced, "of=team&team=green") == await ask(priced, "of=team&team=nobody") == []


async def test_whoever_has_a_team_sees_its_budget_and_those_of_its_tokens(priced: Admin) -> None:
    for name in ("blue", "green"):
        await priced.post("/teams", {"name": name, "budget": {"usd": "5"}})
    own, _ = await spend(priced, team="blue"), await spend(priced, team="green")
    blue = await priced.other("admin:tokens:read", team="blue")

    assert await ask(blue, "of=bridge") == []
    assert [one["name"] for one in await ask(blue, "of=team")] == ["blue"]
    assert [one["id"] for one in await ask(blue, "of=token&level=near")] == [own]
    assert await ask(blue, "of=team&team=green") == await ask(blue, "of=token&team=green") == []


async def test_pages_follow_one_another(priced: Admin) -> None:
    for name in ("a", "b", "c"):
        await priced.post("/teams", {"name": name, "budget": {"usd": "5"}})
    made = [await spend(priced) for _ in range(2)]

    first = (await priced.get("/budgets?of=team&limit=2")).json()
    last = (await priced.get(f"/budgets?of=team&limit=2&after={first['next']}")).json()
    tokens = (await priced.get("/budgets?of=token&limit=1")).json()
    older = (await priced.get(f"/budgets?of=token&limit=1&after={tokens['next']}")).json()
    wrong = await priced.get(f"/budgets?of=token&after={first['next']}")

    assert [[one["name"] for one in page["items"]] for page in (first, last)] == [["a", "b"], ["c"]]
    assert last["next"] is None
    assert [page["items"][0]["id"] for page in (tokens, older)] == made[::-1]
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "after")
