"""Providers over the API: what each needs and has, how its calls fare, and how one is tried.  No key comes out."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.support.keyed import CONFIG, MOCK, NEW_KEY, OLD_KEY, KeyedUpstream, keyed_gateway

from tollbridge.testing import GatewayUnderTest
from tollbridge_admin.providers import READ, WRITE

URL = "https://acme.example/v1"
SETTINGS: dict[str, Any] = {
    **CONFIG,
    "providers": {"mock": MOCK, "here": {"base_url": "http://10.0.0.7/v1", "allow_private": True}},
}


@pytest.fixture
def upstream() -> KeyedUpstream:
    return KeyedUpstream(OLD_KEY, NEW_KEY)


@pytest.fixture
async def under(tmp_path: Path, upstream: KeyedUpstream) -> AsyncIterator[GatewayUnderTest]:
    made = keyed_gateway(tmp_path / "data", upstream, SETTINGS, env={"GROQ_API_KEY": OLD_KEY})
    yield made
    await made.close()


async def one(admin: Admin, name: str) -> dict[str, Any]:
    reply = await admin.get(f"/providers/{name}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def names(admin: Admin, query: str) -> list[str]:
    reply = await admin.get(f"/providers?{query}")
    assert reply.status_code == 200, reply.text
    return [item["name"] for item in reply.json()["items"]]


async def keep(admin: Admin, key: str = OLD_KEY) -> None:
    assert (await admin.post("/provider-credentials", {"provider": "mock", "key": key})).is_success


async def test_providers_that_serve_wait_or_could_be_added_are_listed(admin: Admin) -> None:
    assert await names(admin, "state=serving") == ["groq", "here"]
    assert await names(admin, "state=waiting") == ["mock"]
    known = await names(admin, "state=known&limit=200")
    assert {"openai", "anthropic", "ollama"} <= set(known)
    assert len(known) > 100
    assert await names(admin, "q=ANTHROPIC&state=known&limit=1") == ["anthropic"]


async def test_providers_come_by_pages_each_once(admin: Admin) -> None:
    found: list[str] = []
    after = ""
    while True:
        page = (await admin.get(f"/providers?limit=90&after={after}")).json()
        found += [item["name"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break

    assert found == sorted(set(found))
    assert {"mock", "here", "openai"} <= set(found)


async def test_known_provider_says_what_it_needs(admin: Admin) -> None:
    found = await one(admin, "azure")

    assert (found["state"], found["configured"], found["by_key_alone"]) == ("known", False, False)
    assert found["variables"] == [{"name": "AZURE_OPENAI_ENDPOINT", "is_set": False}]
    assert found["key"]["reference"] == "env:AZURE_OPENAI_API_KEY"
    assert [each["name"] for each in found["key"]["variables"]] == ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"]
    assert (found["models"], found["key"]["is_set"], found["key"]["kept"]) == (None, False, None)
    assert (await one(admin, "openai"))["by_key_alone"]
    assert (await one(admin, "ollama"))["private"]
    assert (await admin.get("/providers/nobody")).json()["detail"] == "there is no such provider"


async def test_provider_that_serves_says_where_its_key_is_and_never_the_key(admin: Admin) -> None:
    groq = await one(admin, "groq")

    assert (groq["state"], groq["key"]["reference"], groq["key"]["is_set"]) == ("serving", "env:GROQ_API_KEY", True)
    assert (groq["scheme"], groq["header"]) == ("bearer", "authorization")
    assert groq["models"]["listed"] >= groq["models"]["priced"] > 0
    assert OLD_KEY[3:15] not in str(groq)
    assert (await one(admin, "here"))["key"]["reference"] is None


async def test_kept_key_is_told_with_who_added_it_its_age_and_its_last_check(admin: Admin) -> None:
    await keep(admin)
    before = (await one(admin, "mock"))["key"]
    await admin.post("/provider-credentials/mock/rotate", {"key": NEW_KEY, "expires_at": "2026-03-01T00:00:00Z"})
    await admin.post("/provider-credentials/mock/check")

    key = (await one(admin, "mock"))["key"]

    assert (before["added_by"], before["check"], before["kept"]["versions"]) == (admin.id, None, 1)
    assert (key["reference"], key["added_by"]) == ("stored:mock", admin.id)
    assert key["kept"] == {
        **{"versions": 2, "hint": "bbbb", "added_at": "2026-01-05T12:00:00Z", "expires_at": "2026-03-01T00:00:00Z"},
        "last_used_at": None,
    }
    assert key["check"] == {"at": "2026-01-05T12:00:00Z", "by": admin.id, "results": {"2": "ok", "1": "ok"}}
    listed = (await admin.get("/providers?q=mock")).json()["items"][0]["key"]
    assert (listed["kept"], listed["added_by"], listed["check"]) == (key["kept"], None, None)


async def test_calls_of_the_last_hour_and_day_say_how_a_provider_fares(admin: Admin, upstream: KeyedUpstream) -> None:
    await keep(admin)
    assert (await admin.under.chat("m")).status_code == 200
    admin.under.clock.advance(2 * 3600)
    upstream.reply({"error": {"message": "down"}}, status=500)
    await admin.under.chat("m")
    admin.under.clock.advance(60)

    health = (await one(admin, "mock"))["health"]

    assert (health["hour"]["calls"], health["hour"]["failed"]) == (1, 1)
    assert (health["day"]["calls"], health["day"]["failed"]) == (2, 1)
    assert [(each["service"], each["calls"]) for each in health["day"]["services"]] == [("ai", 2)]
    assert (await one(admin, "groq"))["health"]["day"] == {
        **{"calls": 0, "failed": 0, "latency_p50_ms": None},
        "services": [],
    }


async def test_caller_with_a_team_sees_what_there_is_and_nothing_of_the_bridges_own(
    under: GatewayUnderTest, admin: Admin
) -> None:
    await admin.post("/teams", {"name": "blue", "scopes": ["admin:*", "ai:*"]})
    blue = await an_admin(under, READ, WRITE, team="blue")
    await keep(admin)

    found, listed = await one(blue, "mock"), (await blue.get("/providers?q=mock")).json()["items"][0]

    for each in (found, listed):
        assert (each["state"], each["key"], each["health"], each["base_urls"]) == ("serving", None, None, None)
    refused = await blue.post("/providers/try", {"provider": "mock"})
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_reach")


async def test_tag_of_a_provider_passes_over_what_its_calls_change(admin: Admin) -> None:
    await keep(admin)
    tag = (await admin.get("/providers/mock")).headers["etag"]

    assert (await admin.get("/providers/mock", if_none_match=tag)).status_code == 304
    await admin.under.chat("m")
    admin.under.clock.advance(60)
    after = (await admin.get("/providers/mock")).headers["etag"]
    assert after != tag
    assert after.partition(".")[0] == tag.partition(".")[0]


async def test_provider_is_tried_and_says_how_it_is_added(admin: Admin, upstream: KeyedUpstream) -> None:
    upstream.reply({"data": [{"id": "small"}]})

    reply = await admin.post("/providers/try", {"provider": "acme", "base_url": URL, "key": OLD_KEY})

    assert reply.status_code == 200, reply.text
    assert reply.json() == {
        **{"result": "ok", "status": 200, "detail": "the provider takes it", "models": ["small"], "took_ms": 0},
        "toml": f'[providers.acme]\nbase_url = "{URL}"\napi_key = "stored:acme"  # or "env:ACME_API_KEY"\n',
        **{"variable": "ACME_API_KEY", "stored": "acme"},
    }
    assert OLD_KEY[3:15] not in reply.text
    assert upstream.shown == [OLD_KEY, ""]


async def test_known_provider_needs_no_section_after_it_was_tried(admin: Admin) -> None:
    reply = (await admin.post("/providers/try", {"provider": "openai", "key": "sk-wrong-" + "x" * 20})).json()

    assert (reply["result"], reply["status"], reply["toml"]) == ("refused", 401, "")
    assert (reply["variable"], reply["stored"]) == ("OPENAI_API_KEY", "openai")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"provider": "acme", "base_url": "http://127.0.0.1/v1"}, "base_url"),
        ({"provider": "acme", "base_url": "https://acme.example/{GROQ_API_KEY}"}, "base_url"),
        ({"provider": "acme", "base_url": URL, "stored": "mock"}, "stored"),
        ({"provider": "acme", "base_url": URL, "dialect": "none"}, "dialect"),
        ({"provider": "acme", "base_url": URL, "key": "sk-\u00e9"}, "key"),
    ],
)
async def test_what_cannot_be_tried_is_refused_by_its_field_and_repeats_no_key(
    admin: Admin, upstream: KeyedUpstream, wish: dict[str, str], field: str
) -> None:
    refused = await admin.post("/providers/try", wish)

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text
    assert "sk-" not in refused.text
    assert upstream.sent == []


async def test_try_is_in_the_audit_log_with_where_and_without_what(admin: Admin) -> None:
    await admin.post("/providers/try", {"provider": "acme", "base_url": URL, "key": OLD_KEY})

    (record,) = (await admin.get("/audit?action=provider.try")).json()["items"]

    assert (record["target"], record["after"]) == ("acme", {"base_url": URL, "shown": "given"})
