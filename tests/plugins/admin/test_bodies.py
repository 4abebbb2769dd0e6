"""What a request may bring, and how it is refused."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from starlette.requests import Request
from tests.plugins.admin.conftest import BASE, Admin

from tollbridge import BadRequest
from tollbridge.administering import RequestTimeout
from tollbridge_admin import bodies
from tollbridge_admin.bodies import field_names, read_body, read_json, read_query
from tollbridge_admin.clientshapes import NewClientWish
from tollbridge_admin.problems import FieldsRefused
from tollbridge_admin.rotationshapes import AutoRotationWish, ManyRotations
from tollbridge_admin.tokenshapes import NewTokenWish, TokensAsked

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
        ({**WISH, "from": "10.0.0.0/8"}, "from", "send a list"),
        ({**WISH, "networks": []}, "networks", "there is no such field"),
        ({"name": "x"}, "scopes", "it is needed"),
        ({**WISH, "name": 1}, "name", "send a text"),
        ({**WISH, "name": None}, "name", "send a text"),
        ({**WISH, "concurrency": "5"}, "concurrency", "send a whole number, or null"),
        ({**WISH, "concurrency": 5.0}, "concurrency", "send a whole number, or null"),
        ({**WISH, "concurrency": True}, "concurrency", "send a whole number, or null"),
        ({**WISH, "concurrency": -1}, "concurrency", "send a whole number of 0 or more"),
        ({**WISH, "canary": 1}, "canary", "send true or false"),
        ({**WISH, "budget": {"usd": 25}}, "budget.usd", "send a text"),
        ({**WISH, "budget": {"usd": "1e3"}}, "budget.usd", 'send a text such as "25" or "25.50"'),
        ({**WISH, "budget": {"usd": "9999999999"}}, "budget.usd", "at most 1,000,000,000"),
        ({**WISH, "budget": {"usd": "1", "period": "year"}}, "budget.period", "it is one of: day, month, total"),
        (
            {**WISH, "expires_at": "2026-03-01T00:00:00"},
            "expires_at",
            "send a time with its zone, such as 2026-12-31T00:00:00Z",
        ),
        ({**WISH, "expires_at": "2026-01-01T00:00:00Z"}, "expires_at", "lies in the past"),
        ({**WISH, "expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at", "beyond the year 9999"),
        ({**WISH, "expires_at": 1_800_000_000}, "expires_at", "send a time such as 2026-12-31T00:00:00Z, or null"),
        ({**WISH, "expires_at": "tomorrow"}, "expires_at", "send a time such as 2026-12-31T00:00:00Z"),
        ({**WISH, "name": "x" * 101}, "name", "send a text of 100 characters at most"),
        ({**WISH, "scopes": [1]}, "scopes[0]", "send a text"),
        ({**WISH, "scopes": ["everything"]}, "scopes", "is no scope"),
        ({**WISH, "scopes": []}, "scopes", "send a list that is not empty"),
        ({**WISH, "from": ["nowhere"]}, "from", "each is an address or a network"),
        ({**WISH, "hours": "always"}, "hours", "write them as"),
        ({**WISH, "tags": ["a b"]}, "tags", "words of 1 to 64"),
        ({**WISH, "metadata": {"a": 1}}, "metadata", "for each value, send a text"),
        ({**WISH, "rotate_days": 4000}, "rotate_days", "send a whole number of 3650 at most"),
        ({**WISH, "owner": "a\u2028b"}, "owner", "cannot be shown"),
        ({**WISH, "environment": "prod"}, "environment", "it is one of: live, test"),
        ([], "", "send an object"),
    ],
)
async def test_field_that_cannot_be_used_is_named(admin: Admin, wish: Any, field: str, detail: str) -> None:
    reply = await admin.post("/tokens", wish)

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_fields")
    (error,) = reply.json()["errors"]
    assert error["field"] == field
    assert detail in error["detail"]
    assert "`" not in error["detail"]  # no word of the decoder's
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


@pytest.mark.parametrize(
    ("shape", "body", "detail"),
    [
        (ManyRotations, {"filter": {"state": "gone"}}, "filter.state: it is one of: active, disabled, ending"),
        (AutoRotationWish, {"into": "hook:x", "overlap_s": 5}, "overlap_s: it is one of: 3600, 86400, 604800"),
        (NewClientWish, {"name": "x", "grants": ["wish"]}, "grants[0]: it is one of: client_credentials, "),
    ],
)
def test_value_that_a_field_cannot_have_is_answered_with_those_it_can(
    shape: type[msgspec.Struct], body: Any, detail: str
) -> None:
    with pytest.raises(FieldsRefused) as refused:
        read_json(json.dumps(body).encode(), shape)

    assert refused.value.message.startswith(detail)


def test_value_of_a_query_is_answered_so_too() -> None:
    with pytest.raises(FieldsRefused, match="state: it is one of: active, disabled, ending, expired, near-budget"):
        read_query(b"state=gone", TokensAsked)
