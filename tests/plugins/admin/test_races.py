"""Patches at the same time: what one narrows, the other does not widen again."""

import asyncio
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin

CLIENT = {"name": "c", "scopes": ["ai:chat"], "auth_method": "client_secret_basic", "grants": ["client_credentials"]}
BUDGET = {"usd": "100", "period": "month"}
PATCHES: tuple[dict[str, Any], ...] = (
    {"requests_per_minute": 1},
    {"concurrency": 2},
    {"budget": {"usd": "5"}},
    {"budget": {"period": "total"}},
    {"from": ["10.0.0.0/8"]},
    {"hours": "mon-fri 08:00-18:00 UTC"},
)
NARROWED = {
    "requests_per_minute": 1,
    "tokens_per_minute": None,
    "concurrency": 2,
    "budget": {"usd": "5", "period": "total"},
    "from": ["10.0.0.0/8"],
    "hours": "mon-fri 08:00-18:00 UTC",
}


@pytest.fixture(params=["tokens", "teams", "clients", "applications"])
async def path(admin: Admin, request: pytest.FixtureRequest) -> str:
    """Give where something with limits is found."""
    wishes = {"tokens": {"name": "t", "scopes": ["ai:chat"]}, "teams": {"name": "blue"}, "clients": CLIENT}
    wishes |= {"applications": {"name": "a"}}
    made = await admin.post(f"/{request.param}", {**wishes[request.param], "budget": BUDGET})
    assert made.status_code == 201, made.text
    one = made.json()
    return f"/{request.param}/{one['name'] if request.param == 'teams' else one['id']}"


async def test_patches_of_different_bounds_at_the_same_time_all_hold(admin: Admin, path: str) -> None:
    replies = await asyncio.gather(*(admin.patch(path, patch) for patch in PATCHES))

    assert [reply.status_code for reply in replies] == [200] * len(PATCHES)
    found = (await admin.get(path)).json()
    assert {name: found[name] for name in NARROWED} == NARROWED


async def test_of_patches_of_one_state_at_the_same_time_one_is_done(admin: Admin, path: str) -> None:
    tag = (await admin.get(path)).headers["etag"]

    replies = await asyncio.gather(*(admin.patch(path, patch, if_match=tag) for patch in PATCHES))

    assert sorted(reply.status_code for reply in replies) == [200] + [412] * (len(PATCHES) - 1)


@pytest.fixture
async def weather(admin: Admin) -> str:
    """Give where a service is that serves, with a second release."""
    draft = {"name": "Weather", "definition": {"text": "rain"}}
    await admin.post("/services", {"slug": "weather", "kind": "answering", "draft": draft})
    for version in ("1", "2"):
        assert (await admin.post("/services/weather/releases", {"version": version})).status_code == 201
    assert (await admin.post("/services/weather/releases/1/publish")).status_code == 200
    return "/services/weather"


async def test_of_endings_of_one_state_at_the_same_time_one_is_done(admin: Admin, weather: str) -> None:
    tag = (await admin.get(weather)).headers["etag"]
    endings = [admin.post(f"{weather}/deprecate", {"successor": f"s{number}"}, if_match=tag) for number in range(4)]

    replies = await asyncio.gather(*endings, admin.post(f"{weather}/retire", if_match=tag))

    assert sorted(reply.status_code for reply in replies) == [200] + [412] * 4


async def test_of_moves_of_one_state_at_the_same_time_one_is_done(admin: Admin, weather: str) -> None:
    one = f"{weather}/releases/2"
    tag = (await admin.get(one)).headers["etag"]
    at = "2030-01-01T00:00:00Z"

    replies = await asyncio.gather(
        admin.post(f"{one}/schedule", {"at": at}, if_match=tag), admin.post(f"{one}/publish", if_match=tag)
    )

    assert sorted(reply.status_code for reply in replies) == [200, 412]


async def test_metadata_patched_at_the_same_time_are_merged(admin: Admin) -> None:
    path = f"/tokens/{(await admin.make(metadata={'a': '1', 'b': '1'}))['id']}"

    await asyncio.gather(*(admin.patch(path, {"metadata": patch}) for patch in ({"a": None}, {"b": "2"}, {"c": "3"})))

    assert (await admin.get(path)).json()["metadata"] == {"b": "2", "c": "3"}
