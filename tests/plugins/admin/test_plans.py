"""Plans over the API: made, shown, listed, changed and ended; teams see them and change none."""

from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin

from tollbridge.administering import shown_change

GOLD: dict[str, Any] = {
    "name": "gold",
    "title": "Gold",
    "description": "All of it.\nReally.",
    "requests_per_minute": 60,
    "tokens_per_minute": 1_000,
    "concurrency": 2,
    "budget": {"usd": "25", "period": "day"},
    "price_per_call_usd": "0.001",
    "models": ["openai/*", "small"],
    "policies": {"masking": {"level": "full", "finds": ["email"]}},
}
BARE = {
    **{"title": "", "description": "", "requests_per_minute": None, "tokens_per_minute": None, "concurrency": None},
    **{"budget": None, "price_per_call_usd": None, "models": [], "policies": {}},
}
NAUGHTY = "Ω≈ç√∫'; DROP TABLE plan;-- ${7*7} {{7*7}} <script>alert(1)</script> %s \\ \U0001f4bb Z̷̧a 田中さん"
"""SQL, templates, HTML, marks over letters and letters of many scripts."""
TURNED = "gold\u202edlog"
"""What is shown the other way round from the fifth sign on."""


async def make(admin: Admin, name: str = "gold", **wish: Any) -> dict[str, Any]:
    reply = await admin.post("/plans", {"name": name, **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_made_plan_is_what_was_wished(admin: Admin) -> None:
    reply = await admin.post("/plans", GOLD)
    made = reply.json()

    assert (reply.status_code, reply.headers["location"]) == (201, "plans/gold")
    assert {name: made[name] for name in GOLD} == GOLD
    assert (made["created_at"], made["ended_at"]) == ("2026-01-05T12:00:00Z", None)
    one = await admin.get("/plans/gold")
    assert (one.json(), one.headers["etag"]) == (made, reply.headers["etag"])
    assert (await admin.get("/plans/gold", if_none_match=one.headers["etag"])).status_code == 304


async def test_plan_of_which_nothing_is_said_bounds_nothing(admin: Admin) -> None:
    made = await make(admin, "free")

    assert {name: made[name] for name in BARE} == BARE


async def test_name_is_taken_once_and_for_good(admin: Admin) -> None:
    await make(admin)
    await admin.patch("/plans/gold", {"ended": True})

    again = await admin.post("/plans", {"name": "gold"})

    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": "Gold"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 64}, "name"),
        ({"name": "gold\n"}, "name"),
        ({"title": "x" * 101}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"title": TURNED}, "title"),
        ({"description": "\0"}, "description"),
        ({"requests_per_minute": -1}, "requests_per_minute"),
        ({"concurrency": 1.5}, "concurrency"),
        ({"budget": {"usd": "9999999999"}}, "budget.usd"),
        ({"budget": {"usd": "-1"}}, "budget.usd"),
        ({"price_per_call_usd": "1e3"}, "price_per_call_usd"),
        ({"price_per_call_usd": "9999999999.999999999"}, "price_per_call_usd"),
        ({"models": ["a b"]}, "models"),
        ({"models": [""]}, "models"),
        ({"policies": {"masking": {"level": "half"}}}, "policies.masking"),
        ({"policies": {"curfew": {}}}, "policies.curfew"),
        ({"policies": {"masking": []}}, "policies"),
        ({"created_at": "2026-01-05T12:00:00Z"}, "created_at"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_its_field(admin: Admin, wish: dict[str, Any], field: str) -> None:
    refused = await admin.post("/plans", {"name": "gold", **wish})

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_fields"), refused.text
    assert refused.json()["errors"][0]["field"].startswith(field)
    assert (await admin.get("/plans")).json()["items"] == []


async def test_any_text_comes_back_as_it_was_said(admin: Admin) -> None:
    made = await make(admin, title=NAUGHTY, description=NAUGHTY)
    changed = (await admin.patch("/plans/gold", {"title": f"{NAUGHTY}!"})).json()

    assert (made["title"], made["description"], changed["title"]) == (NAUGHTY, NAUGHTY, f"{NAUGHTY}!")
    assert (await admin.get("/plans")).json()["items"] == [changed]


async def test_plans_are_listed_by_name_page_by_page(admin: Admin) -> None:
    for name in ("c", "a", "b"):
        await make(admin, name)

    first = (await admin.get("/plans?limit=2")).json()
    rest = (await admin.get(f"/plans?limit=2&after={first['next']}")).json()

    assert [[one["name"] for one in page["items"]] for page in (first, rest)] == [["a", "b"], ["c"]]
    assert rest["next"] is None
    for query in ("limit=0", "limit=201", "after=x", "q=a"):
        assert (await admin.get(f"/plans?{query}")).status_code == 422, query


async def test_what_is_not_said_stays_and_null_takes_away(admin: Admin) -> None:
    await admin.post("/plans", GOLD)

    changed = (await admin.patch("/plans/gold", {"title": "Golden", "concurrency": None, "models": ["x"]})).json()

    assert {name: changed[name] for name in GOLD} == {**GOLD, "title": "Golden", "concurrency": None, "models": ["x"]}
    bare = (await admin.patch("/plans/gold", dict.fromkeys(BARE))).json()
    assert {name: bare[name] for name in BARE} == BARE
    for patch in ({"name": "silver"}, {"ended": None}, {"ended_at": None}, {"created_at": None}):
        assert (await admin.patch("/plans/gold", patch)).json()["code"] == "invalid_fields"


async def test_ended_plan_keeps_its_first_end_and_begins_again(admin: Admin) -> None:
    await make(admin)

    ended = (await admin.patch("/plans/gold", {"ended": True})).json()
    admin.under.clock.advance(60)
    again = (await admin.patch("/plans/gold", {"ended": True})).json()
    back = (await admin.patch("/plans/gold", {"ended": False})).json()

    assert (ended["ended_at"], again, back["ended_at"]) == ("2026-01-05T12:00:00Z", ended, None)


async def test_stale_change_is_refused(admin: Admin) -> None:
    await make(admin)
    tag = (await admin.get("/plans/gold")).headers["etag"]
    assert (await admin.patch("/plans/gold", {"title": "a"}, if_match=tag)).status_code == 200
    before = await admin.records()

    stale = await admin.patch("/plans/gold", {"title": "b"}, if_match=tag)

    assert (stale.status_code, stale.json()["code"]) == (412, "changed_since")
    assert await admin.records() == before
    assert (await admin.patch("/plans/gold", {"title": "b"}, if_match="*")).status_code == 200


async def test_plan_that_is_not_there_is_not_found(admin: Admin) -> None:
    for reply in (await admin.get("/plans/gold"), await admin.patch("/plans/gold", {"title": "x"})):
        assert (reply.status_code, reply.json()["detail"]) == (404, "there is no such plan")


async def test_each_change_is_recorded_as_people_read_it(admin: Admin) -> None:
    await make(admin, budget={"usd": "25"}, price_per_call_usd="0.001")
    await admin.patch("/plans/gold", {"budget": {"usd": "50"}, "models": ["a", "b"]})
    await admin.patch("/plans/gold", {"models": ["a", "b"]})  # which changes nothing

    made, changed = [one for one in await admin.records() if one.action.startswith("plan.")]

    assert [(one.action, one.target, one.actor.id) for one in (made, changed)] == [
        ("plan.add", "gold", admin.id),
        ("plan.change", "gold", admin.id),
    ]
    added = shown_change(made.after)
    assert added is not None
    assert (added["budget_amount"], added["price_per_call"]) == ("25", "0.001")
    assert [shown_change(side) for side in (changed.before, changed.after)] == [
        {"budget_amount": "25", "models": ""},
        {"budget_amount": "50", "models": ["a", "b"]},
    ]


async def test_plans_are_seen_by_who_reads_subscriptions_and_written_by_who_has_no_team(admin: Admin) -> None:
    await make(admin)
    reader = await admin.other("admin:subscriptions:read")
    writer = await admin.other("admin:plans:write")
    team = await admin.other(team="blue")

    for one in (reader, team):
        assert (await one.get("/plans")).json()["items"] == (await admin.get("/plans")).json()["items"]
    assert (await writer.get("/plans/gold")).status_code == 403
    assert (await reader.patch("/plans/gold", {"title": "x"})).json()["code"] == "insufficient_scope"
    assert (await writer.patch("/plans/gold", {"title": "x"})).status_code == 200
    for refused in (await team.post("/plans", {"name": "x"}), await team.patch("/plans/gold", {"title": "x"})):
        assert (refused.status_code, refused.json()["code"]) == (403, "out_of_reach")
    assert (await team.patch("/plans/none", {"title": "x"})).json()["code"] == "out_of_reach"


async def test_repeated_request_makes_one_plan(admin: Admin) -> None:
    first, again = [await admin.post("/plans", {"name": "gold"}, idempotency_key="one") for _ in range(2)]

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = await admin.post("/plans", {"name": "silver"}, idempotency_key="one")
    assert (other.status_code, len((await admin.get("/plans")).json()["items"])) == (422, 1)
