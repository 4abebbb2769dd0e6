"""Keys of providers over the API: they go in, work, and never come out."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.support.keyed import NEW_KEY, OLD_KEY, KeyedUpstream, keyed_gateway

from tollbridge.testing import GatewayUnderTest

LIST = "/provider-credentials"
ONE = f"{LIST}/mock"


@pytest.fixture
def upstream() -> KeyedUpstream:
    return KeyedUpstream(OLD_KEY, NEW_KEY)


@pytest.fixture
async def under(tmp_path: Path, upstream: KeyedUpstream) -> AsyncIterator[GatewayUnderTest]:
    made = keyed_gateway(tmp_path / "data", upstream)
    yield made
    await made.close()


async def kept(admin: Admin, key: str = OLD_KEY, **more: Any) -> dict[str, Any]:
    reply = await admin.post(LIST, {"provider": "mock", "key": key, **more})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_key_that_is_set_is_shown_to_its_provider_and_to_nobody_else(admin, upstream) -> None:
    reply = await admin.post(LIST, {"provider": "mock", "key": OLD_KEY})

    assert (reply.status_code, reply.headers["location"]) == (201, "provider-credentials/mock")
    assert reply.json() == {
        "name": "mock",
        "provider": "mock",
        "in_use": True,
        "versions": [
            {
                "version": 1,
                "state": "live",
                "hint": "aaaa",
                "created_at": "2026-01-05T12:00:00Z",
                "expires_at": None,
                "last_used_at": None,
            }
        ],
    }
    assert (await admin.under.chat("m")).status_code == 200
    assert upstream.shown == [OLD_KEY]
    seen = [await admin.get(LIST), await admin.get(ONE), reply, await admin.get("/audit")]
    assert not [each.text for each in seen if OLD_KEY[3:15] in each.text]


async def test_key_is_rotated_with_an_overlap_and_either_version_can_be_removed(admin, upstream) -> None:
    await kept(admin)

    rotated = (await admin.post(f"{ONE}/rotate", {"key": NEW_KEY, "overlap_s": 3600})).json()
    assert [(one["version"], one["hint"], one["expires_at"]) for one in rotated["versions"]] == [
        (2, "bbbb", None),
        (1, "aaaa", "2026-01-05T13:00:00Z"),
    ]
    again = await admin.post(f"{ONE}/rotate", {"key": NEW_KEY})
    assert (again.status_code, again.json()["code"]) == (409, "rotating")
    left = (await admin.post(f"{ONE}/remove", {"version": 1})).json()
    assert [one["version"] for one in left["versions"]] == [2]
    assert (await admin.post(f"{ONE}/remove", {"version": 1})).status_code == 422
    gone = await admin.post(f"{ONE}/remove")
    assert (gone.status_code, gone.json()["versions"]) == (200, [])
    assert (await admin.get(ONE)).status_code == 404
    assert (await admin.under.chat("m")).status_code == 404


async def test_key_that_leaked_while_two_were_live_is_ended_at_once_by_a_third(admin, upstream) -> None:
    await kept(admin)
    await admin.post(f"{ONE}/rotate", {"key": "sk-" + "d" * 40})

    rotated = (await admin.post(f"{ONE}/rotate", {"key": NEW_KEY, "overlap_s": 0})).json()

    assert [(one["version"], one["state"]) for one in rotated["versions"]] == [(3, "live")]
    assert (await admin.under.chat("m")).status_code == 200
    assert upstream.shown == [NEW_KEY]


async def test_end_of_a_version_is_changed(admin) -> None:
    await kept(admin, expires_at="2026-02-01T00:00:00Z")

    changed = await admin.patch(ONE, {"expires_at": None})
    assert changed.json()["versions"][0]["expires_at"] is None
    ended = (await admin.patch(ONE, {"expires_at": "2026-01-05T13:00:00Z", "version": 1})).json()
    assert ended["versions"][0]["expires_at"] == "2026-01-05T13:00:00Z"
    admin.under.clock.advance(3600)
    assert (await admin.get(ONE)).json()["versions"][0]["state"] == "ended"

    for body, field in (
        ({}, "expires_at"),
        ({"expires_at": "2026-01-05T13:00:00Z"}, "expires_at"),
        ({"expires_at": None}, "version"),
        ({"expires_at": None, "version": 7}, "version"),
    ):
        refused = await admin.patch(ONE, body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"provider": "ollama"}, "provider"),
        ({"key": " "}, "key"),
        ({"key": "sk-\u00e9"}, "key"),
        ({"key": "sk-1\r\nx: y"}, "key"),
        ({"name": "../kek"}, "name"),
        ({"expires_at": "2026-01-05T12:00:00Z"}, "expires_at"),
    ],
)
async def test_key_that_cannot_be_used_is_refused_by_its_field_and_not_repeated(admin, wish, field) -> None:
    refused = await admin.post(LIST, {"provider": "mock", "key": OLD_KEY, **wish})

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text
    assert "sk-" not in refused.text
    assert (await admin.get(LIST)).json()["items"] == []
    assert len(await admin.records()) == 1


async def test_second_key_of_a_name_is_refused_and_an_ended_one_makes_room(admin) -> None:
    await kept(admin, expires_at="2026-01-05T13:00:00Z")
    refused = await admin.post(LIST, {"provider": "mock", "key": NEW_KEY})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_exists")
    admin.under.clock.advance(3600)
    assert (await admin.post(f"{ONE}/rotate", {"key": NEW_KEY})).status_code == 404

    assert [one["version"] for one in (await kept(admin, NEW_KEY))["versions"]] == [2]


async def test_keys_are_listed_by_pages_and_say_whether_they_are_in_use(admin) -> None:
    for name in ("b", "a"):
        await kept(admin, name=name)
    await kept(admin)

    first = (await admin.get(f"{LIST}?limit=2")).json()
    second = (await admin.get(f"{LIST}?limit=2&after={first['next']}")).json()

    assert [(one["name"], one["in_use"]) for one in first["items"]] == [("a", False), ("b", False)]
    assert [(one["name"], one["in_use"]) for one in second["items"]] == [("mock", True)]
    assert second["next"] is None
    assert (await admin.get(f"{LIST}?after=nonsense")).status_code == 422
    await kept(admin, provider="groq")
    assert [one["name"] for one in (await admin.get(f"{LIST}?provider=groq")).json()["items"]] == ["groq"]


async def test_write_that_was_made_for_another_state_is_refused(admin) -> None:
    await kept(admin)
    tag = (await admin.get(ONE)).headers["etag"]
    await admin.post(f"{ONE}/rotate", {"key": NEW_KEY, "overlap_s": 0}, if_match=tag)

    for path, body in ((f"{ONE}/rotate", {"key": NEW_KEY}), (f"{ONE}/remove", {})):
        assert (await admin.post(path, body, if_match=tag)).status_code == 412
    assert (await admin.patch(ONE, {"expires_at": None}, if_match=tag)).status_code == 412


async def test_use_of_a_key_is_no_change_of_it(admin) -> None:
    await kept(admin)
    tag = (await admin.get(ONE)).headers["etag"]
    await admin.under.chat("m")
    await admin.under.gateway.secrets._looking._note_uses()

    again = await admin.get(ONE, if_none_match=tag)
    assert again.json()["versions"][0]["last_used_at"] == "2026-01-05T12:00:00Z"
    assert (await admin.patch(ONE, {"expires_at": None}, if_match=tag)).status_code == 200


async def test_same_request_under_a_key_of_its_own_is_done_once(admin) -> None:
    wish = {"provider": "mock", "key": OLD_KEY}

    first = await admin.post(LIST, wish, idempotency_key="k1")
    again = await admin.post(LIST, wish, idempotency_key="k1")

    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"


async def test_check_says_what_the_provider_says_of_each_version(admin, upstream) -> None:
    await kept(admin)
    await admin.post(f"{ONE}/rotate", {"key": NEW_KEY})
    upstream.keys = {OLD_KEY}

    found = (await admin.post(f"{ONE}/check")).json()["items"]

    assert [(one["version"], one["result"], one["status"]) for one in found] == [(2, "refused", 401), (1, "ok", 200)]
    assert {sent.url for sent in upstream.sent} == {"https://mock.example/v1/models"}
    assert upstream.shown == [NEW_KEY, OLD_KEY, ""]
    upstream.away = True
    assert {one["result"] for one in (await admin.post(f"{ONE}/check")).json()["items"]} == {"unreachable"}
    (record, *_) = await admin.under.gateway.store.list_audit(action="provider_key.check")
    assert record.after == '{"results":{"1":"unreachable","2":"unreachable"}}'


async def test_each_needs_its_scope(admin) -> None:
    await kept(admin)
    reader = await admin.other("admin:providers:read")
    nobody = await admin.other("admin:tokens:*")

    assert (await reader.get(ONE)).status_code == 200
    for path, body in ((LIST, {"provider": "mock", "key": OLD_KEY}), (f"{ONE}/check", None), (f"{ONE}/remove", None)):
        assert (await reader.post(path, body)).status_code == 403
    assert (await nobody.get(LIST)).status_code == 403


async def test_caller_with_a_team_has_nothing_to_do_with_the_bridges_keys(admin) -> None:
    await kept(admin)
    theirs = await an_admin(admin.under, team="blue")
    before = len(await admin.records())

    assert (await theirs.get(LIST)).json()["items"] == []
    assert (await theirs.post(LIST, {"provider": "mock", "key": NEW_KEY})).json()["code"] == "out_of_reach"
    for path, body in ((f"{ONE}/rotate", {"key": NEW_KEY}), (f"{ONE}/check", None), (f"{ONE}/remove", None)):
        assert (await theirs.post(path, body)).status_code == 404
    assert (await theirs.get(ONE)).status_code == 404
    assert (await theirs.patch(ONE, {"expires_at": None})).status_code == 404
    assert len(await admin.records()) == before


async def test_no_field_says_where_a_key_is_shown(admin, upstream) -> None:
    for field in ("base_url", "base_urls", "api_base", "url", "headers", "allow_private"):
        refused = await admin.post(LIST, {"provider": "mock", "key": OLD_KEY, field: "https://evil.example"})
        assert refused.json()["errors"][0]["detail"].startswith("there is no such field")

    await kept(admin)
    body = {"model": "m", "messages": [], "base_url": "https://evil.example", "api_base": "https://evil.example"}
    await admin.under.request("POST", "/v1/chat/completions", json=body, headers={"x-base-url": "https://evil.example"})

    assert all(sent.url.startswith("https://mock.example/") for sent in upstream.sent)


async def test_each_change_is_one_record_that_holds_a_keyed_hash_in_place_of_the_key(admin) -> None:
    await kept(admin)
    await admin.post(f"{ONE}/rotate", {"key": NEW_KEY})
    await admin.patch(ONE, {"expires_at": "2026-02-01T00:00:00Z"})
    await admin.post(f"{ONE}/remove")

    records = [one for one in await admin.records() if one.action.startswith("provider_key.")]
    assert [one.action.partition(".")[2] for one in records] == ["set", "rotate", "expire", "remove"]
    assert {(one.target, one.actor.id, one.actor.via) for one in records} == {("mock", admin.id, "api")}
    assert all('"key":"hmac:' in one.after for one in records[:2])
    assert records[0].after.split('"key":')[1] != records[1].after.split('"key":')[1]
