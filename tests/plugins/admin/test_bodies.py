"""What a request may bring, and how it is refused."""

import asyncio
import json
from typing import Any

import pytest
from starlette.requests import Request
from tests.plugins.admin.conftest import BASE, Admin

from tollbridge import BadRequest
from tollbridge.administering import RequestTimeout
from tollbridge_admin import bodies
from tollbridge_admin.bodies import field_names, read_body
from tollbridge_admin.tokenshapes import NewTokenWish

WISH = {"name": "x", "scopes": ["ai:chat"]}


async def send(admin: Admin, content: bytes, kind: str | None = "application/json", **more: Any) -> Any:
    headers = {} if kind is None else {"content-type": kind}
    return await admin.under.request("POST", f"{BASE}/tokens", token=admin.secret, content=content, headers=headers)


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/json",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/json;x",
        "application/merge-patch+json",
    ],
)
async def test_other_media_types_are_refused(admin: Admin, kind: str | None) -> None:
    reply = await send(admin, json.dumps(WISH).encode(), kind)

    assert (reply.status_code, reply.json()["code"]) == (415, "unsupported_media_type")
    assert "application/json" in reply.json()["detail"]


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON ; charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_is_taken_however_its_type_is_written(admin: Admin, kind: str) -> None:
    assert (await send(admin, json.dumps(WISH).encode(), kind)).status_code == 201


async def test_patch_is_taken_as_a_merge_patch_and_as_json(admin: Admin) -> None:
    made = await admin.make()
    for kind in ("application/merge-patch+json", "application/json"):
        reply = await admin.under.request(
            "PATCH",
            f"{BASE}/tokens/{made['id']}",
            token=admin.secret,
            content=b'{"tags": ["a"]}',
            headers={"content-type": kind},
        )
        assert reply.status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"{} {}",
        b"\xff",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b"'x'",
        b"1" * 5000,
        b'{"name": "\\ud800", "scopes": ["ai:chat"]}',
        b'{"\\ud800": 1}',
        b'{"tags": ["\\udfff"]}',
    ],
)
async def test_what_is_no_json_is_refused(admin: Admin, content: bytes) -> None:
    reply = await send(admin, content)

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_json")


async def test_body_is_bounded_in_bytes_and_in_depth(admin: Admin) -> None:
    def padded(size: int) -> bytes:
        written = json.dumps(WISH).encode()
        return written + b" " * (size - len(written))

    assert (await send(admin, padded(65_536))).status_code == 201
    assert (await send(admin, padded(65_537))).status_code == 413
    deep = await send(admin, b'{"name": ' + b"[" * 8 + b"]" * 8 + b"}")
    assert (deep.status_code, deep.json()["code"]) == (400, "body_too_large")
    assert (await send(admin, b"[" * 60_000)).status_code == 400


@pytest.mark.parametrize(
    ("wish", "field", "detail"),
    [
        ({"nam": "x"}, "nam", "there is no such field; did you mean 'name'?"),
        ({**WISH, "budget": {"used": "1"}}, "budget.used", "there is no such field; did you mean 'usd'?"),
        ({**WISH, "from": "10.0.0.0/8"}, "from", "Expected `array`, got `str`"),
        ({**WISH, "networks": []}, "networks", "there is no such field"),
        ({"name": "x"}, "scopes", "it is needed"),
        ({**WISH, "name": 1}, "name", "Expected `str`, got `int`"),
        ({**WISH, "name": None}, "name", "Expected `str`, got `null`"),
        ({**WISH, "concurrency": "5"}, "concurrency", "Expected `int | null`, got `str`"),
        ({**WISH, "concurrency": 5.0}, "concurrency", "Expected `int | null`, got `float`"),
        ({**WISH, "concurrency": True}, "concurrency", "Expected `int | null`, got `bool`"),
        ({**WISH, "concurrency": -1}, "concurrency", "Expected `int` >= 0"),
        ({**WISH, "canary": 1}, "canary", "Expected `bool`, got `int`"),
        ({**WISH, "budget": {"usd": 25}}, "budget.usd", "Expected `str`, got `int`"),
        ({**WISH, "budget": {"usd": "1e3"}}, "budget.usd", "matching regex"),
        ({**WISH, "budget": {"usd": "9999999999"}}, "budget.usd", "at most 1,000,000,000"),
        ({**WISH, "budget": {"usd": "1", "period": "year"}}, "budget.period", "none of the values"),
        ({**WISH, "expires_at": "2026-03-01T00:00:00"}, "expires_at", "with a timezone component"),
        ({**WISH, "expires_at": "2026-01-01T00:00:00Z"}, "expires_at", "lies in the past"),
        ({**WISH, "expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at", "beyond the year 9999"),
        ({**WISH, "expires_at": 1_800_000_000}, "expires_at", "Expected `datetime | null`, got `int`"),
        ({**WISH, "scopes": ["everything"]}, "scopes", "is no scope"),
        ({**WISH, "scopes": []}, "scopes", "length >= 1"),
        ({**WISH, "from": ["nowhere"]}, "from", "each is an address or a network"),
        ({**WISH, "hours": "always"}, "hours", "write them as"),
        ({**WISH, "tags": ["a b"]}, "tags", "words of 1 to 64"),
        ({**WISH, "metadata": {"a": 1}}, "metadata[...]", "Expected `str`, got `int`"),
        ({**WISH, "rotate_days": 4000}, "rotate_days", "<= 3650"),
        ({**WISH, "owner": "a\u2028b"}, "owner", "cannot be shown"),
        ({**WISH, "environment": "prod"}, "environment", "none of the values"),
        ([], "", "Expected `object`, got `array`"),
    ],
)
async def test_field_that_cannot_be_used_is_named(admin: Admin, wish: Any, field: str, detail: str) -> None:
    reply = await admin.post("/tokens", wish)

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_fields")
    (error,) = reply.json()["errors"]
    assert error["field"] == field
    assert detail in error["detail"]
    assert len(await admin.records()) == 1  # the administrator's own


async def test_name_that_is_there_twice_is_refused(admin: Admin) -> None:
    reply = await send(admin, b'{"name": "x", "scopes": ["ai:chat"], "name": "y"}')

    assert reply.json()["errors"] == [{"field": "name", "detail": "it is there twice"}]
    query = await admin.get("/tokens?limit=1&limit=2")
    assert query.json()["errors"] == [{"field": "limit", "detail": "it is there twice"}]


@pytest.mark.parametrize("where", ["name of a field", "value", "scope", "query", "enum"])
async def test_secret_in_the_wrong_place_is_not_repeated(admin: Admin, where: str) -> None:
    secret = admin.secret
    replies = {
        "name of a field": lambda: admin.post("/tokens", {**WISH, secret: 1, "sk-" + "a" * 40: 2}),
        "value": lambda: admin.post("/tokens", {**WISH, "expires_at": secret}),
        "scope": lambda: admin.post("/tokens", {**WISH, "scopes": [secret]}),
        "query": lambda: admin.get(f"/audit?{secret.replace('tb_', 'tbx')}=1&after={secret[3:]}"),
        "enum": lambda: admin.post("/tokens", {**WISH, "environment": secret}),
    }

    reply = await replies[where]()

    assert reply.status_code == 422
    assert secret[3:12] not in reply.text


@pytest.mark.parametrize("query", ["limit=x", "limit=0", "limit=201", "state=on", "nobody=1", "after=!", "limit=1.5"])
async def test_query_that_cannot_be_used_is_refused(admin: Admin, query: str) -> None:
    reply = await admin.get(f"/tokens?{query}")

    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, query.partition("=")[0])


@pytest.mark.parametrize("query", ["%ff=1", "q=%ff", "&".join(f"a{number}=1" for number in range(60))])
async def test_query_that_is_none_is_refused(admin: Admin, query: str) -> None:
    assert (await admin.get(f"/tokens?{query}")).status_code == 400


async def test_body_that_breaks_off_or_never_comes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(bodies, "PATIENCE_S", 0.01)

    with pytest.raises(BadRequest, match="broke off"):
        await read_body(Request({"type": "http"}, gone))
    with pytest.raises(RequestTimeout):
        await read_body(Request({"type": "http"}, never))


def test_names_of_shapes_within_are_known_too() -> None:
    assert {"name", "from", "usd", "period"} <= set(field_names(NewTokenWish))
