"""What is said of tokens where details are asked for, and how many there are."""

from datetime import timedelta

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.plugins.admin.test_mytokens import member
from tests.support.visiting import MOCK

from tollbridge import EVERY_MODEL, TokenBudget


@pytest.fixture
async def priced(gateway, monkeypatch) -> Admin:
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    under = gateway({**MOCK, "budgets": {"unpriced": "allow", "token_monthly_usd": "0.0009"}})
    return await an_admin(under)


async def spender(admin: Admin, name: str, budget: TokenBudget | None) -> str:
    issued = await admin.under.gateway.tokens.issue(name=name, scopes=EVERY_MODEL, budget=budget)
    await admin.under.chat("gpt-4o-mini", token=issued.secret, max_tokens=10)  # 450,000 nano-dollars
    return issued.token.id


async def test_budgets_of_a_token_are_said_with_what_is_spent_of_them(priced: Admin) -> None:
    own = await spender(priced, "own", TokenBudget(450_000, "day"))
    default = await spender(priced, "default", None)

    found = {one["id"]: one for one in (await priced.get("/tokens?details=true")).json()["items"]}

    assert found[own]["budgets"] == [
        {"usd": "0.00045", "period": "day", "spent_usd": "0.00045", "own": True, "level": "over"}
    ]
    assert found[default]["budgets"] == [
        {"usd": "0.0009", "period": "month", "spent_usd": "0.00045", "own": False, "level": None}
    ]
    assert (await priced.get(f"/tokens/{own}?details=true")).json() == found[own]


async def test_nothing_more_is_said_where_no_details_are_asked_for(priced: Admin) -> None:
    id = await spender(priced, "own", None)

    listed, shown = (await priced.get("/tokens")).json()["items"][0], (await priced.get(f"/tokens/{id}")).json()

    for one in (listed, shown):
        assert {"budgets", "owner_name", "owner_email"}.isdisjoint(one)


async def test_person_who_owns_it_is_named_and_the_address_is_for_who_may_see_people(admin: Admin) -> None:
    ada = await member(admin)
    text = await admin.make(owner="Payments")
    plain = await admin.other("admin:tokens:read")

    async def owner(who: Admin, id: str) -> tuple[str | None, str | None]:
        one = (await who.get(f"/tokens/{id}?details=true")).json()
        return one["owner_name"], one["owner_email"]

    assert await owner(admin, ada.id) == ("Ada", "ada@example.com")
    assert await owner(await admin.other("admin:tokens:read", "admin:members:read"), ada.id) == (
        "Ada",
        "ada@example.com",
    )
    assert await owner(plain, ada.id) == ("Ada", None)
    assert await owner(admin, text["id"]) == (None, None)


async def test_tag_of_a_token_with_details_is_good_for_a_change_and_follows_what_is_spent(priced: Admin) -> None:
    id = await spender(priced, "own", TokenBudget(10**9, "day"))
    plain = (await priced.get(f"/tokens/{id}")).headers["etag"]
    first = await priced.get(f"/tokens/{id}?details=true")
    other = await priced.under.gateway.store.get_token(id)
    assert other is not None

    same = await priced.get(f"/tokens/{id}?details=true", if_none_match=first.headers["etag"])
    changed = await priced.patch(f"/tokens/{id}", {"name": "new"}, if_match=first.headers["etag"])

    assert plain != first.headers["etag"]
    assert same.status_code == 304
    assert changed.status_code == 200


async def test_tokens_of_one_owner_are_found_exactly(admin: Admin) -> None:
    for owner in ("ada", "ada2", ""):
        await admin.make(owner=owner, name=f"of {owner}")

    found = (await admin.get("/tokens?owner=ada")).json()["items"]

    assert [one["name"] for one in found] == ["of ada"]


async def test_tokens_that_nobody_used_for_a_month_are_a_state(admin: Admin) -> None:
    made = await admin.make(name="old")
    admin.under.clock.advance(timedelta(days=30).total_seconds())
    await admin.make(name="new")

    found = (await admin.get(f"/tokens?state=unused&parent={admin.id}")).json()["items"]

    assert [one["id"] for one in found] == [made["id"]]


async def test_tokens_are_counted_by_state_for_a_team_its_own(admin: Admin) -> None:
    await admin.post("/teams", {"name": "blue", "scopes": ["admin:*", "ai:*"]})
    blue = await an_admin(admin.under, "admin:*", team="blue")
    for name, team in (("a", "blue"), ("b", "blue"), ("c", "")):
        made = await admin.make(name=name, team=team)
    await admin.post(f"/tokens/{made['id']}/disable")
    nothing = dict.fromkeys(
        ("active", "disabled", "expired", "revoked", "ending", "near-budget", "over-budget", "unused"), 0
    )

    everybody, ours = (await admin.get("/tokens/counts")).json(), (await blue.get("/tokens/counts")).json()

    assert everybody == {**nothing, "active": 4, "disabled": 1}
    assert ours == {**nothing, "active": 3}
    assert (await admin.get("/tokens/counts?team=blue")).json() == ours
    assert (await blue.get("/tokens/counts?team=red")).json() == nothing
