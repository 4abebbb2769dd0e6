"""Tokens of another system over the API."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.testing import GatewayUnderTest
from tollbridge_admin.bodies import read_json
from tollbridge_admin.importshapes import MOST, ImportsWish
from tollbridge_admin.problems import FieldsRefused

SECRET = "sk-1234-of-another-gateway"
HASH = f"sha256:{hashlib.sha256(SECRET.encode()).hexdigest()}"
OTHER = "sha256:" + "1" * 64
ROW = {"name": "shop", "scopes": ["ai:chat"], "hash": HASH}


@pytest.fixture
def under(gateway: Callable[..., GatewayUnderTest]) -> GatewayUnderTest:
    return gateway({"tokens": {"imported": ["sha256"]}})


async def bring(admin: Admin, *rows: dict[str, Any], **headers: str) -> Any:
    return await admin.post("/tokens/import", {"tokens": list(rows)}, **headers)


def row(**fields: Any) -> dict[str, Any]:
    return {**ROW, **fields}


async def names(admin: Admin) -> list[str]:
    return [one["name"] for one in (await admin.get("/tokens")).json()["items"]]


async def test_tokens_stand_below_the_caller_and_their_secrets_open(admin: Admin) -> None:
    reply = await bring(admin, row(owner="ada", canary=False, tags=["old"], budget={"usd": "5"}), row(hash=OTHER))

    first, second = reply.json()["ids"]
    assert reply.status_code == 201
    shown = (await admin.get(f"/tokens/{first}")).json()
    assert (shown["parent"], shown["hint"], shown["kind"]) == (admin.id, "imported", "bearer")
    assert (shown["owner"], shown["tags"], shown["budget"]) == ("ada", ["old"], {"usd": "5", "period": "month"})
    principal = await admin.under.gateway.tokens.identify(SECRET.encode())
    assert principal is not None
    assert (principal.id, "ai:chat" in principal.scopes, "ai:embeddings" in principal.scopes) == (first, True, False)
    records = (await admin.records())[1:]
    assert [(one.action, one.target, one.actor.id) for one in records] == [
        ("token.import", first, admin.id),
        ("token.import", second, admin.id),
    ]


async def test_secret_that_is_known_stays_whose_it_is(admin: Admin) -> None:
    (first,) = (await bring(admin, ROW)).json()["ids"]

    again = await bring(admin, row(name="again"), row(hash=OTHER), row(name="twice", hash=OTHER))

    known, new, twice = again.json()["ids"]
    assert (known, twice) == (None, None)
    assert new is not None
    assert (await admin.get(f"/tokens/{first}")).json()["name"] == "shop"


async def test_secret_is_known_under_an_older_pepper_too(admin: Admin) -> None:
    await bring(admin, ROW)
    gateway = admin.under.gateway
    gateway.rings.peppers.rotate()
    admin.under.clock.advance(60)
    assert len(gateway.rings.peppers.newest_first()) == 2

    assert (await bring(admin, ROW)).json()["ids"] == [None]


@pytest.mark.parametrize(
    ("wrong", "field", "detail"),
    [
        ({"hash": "md5:1"}, "hash", "a hash is sha256:"),
        ({"hash": "hmac:old:" + "0" * 64}, "hash", "hmac:old is not switched on"),
        ({"scopes": ["x"]}, "scopes", "'x' is no scope"),
        ({"expires_at": "2000-01-01T00:00:00Z"}, "expires_at", "the expiry lies in the past"),
        ({"hours": "late"}, "hours", "write them as"),
        ({"tags": [" "]}, "tags", "tags are up to"),
        ({"name": ""}, "name", "send a text that is not empty"),
        ({"owner": "\x00"}, "owner", "it holds characters that cannot be shown"),
        ({"environment": "moon"}, "environment", "it is one of: live, test"),
        ({"budget": {"usd": "1", "period": "year"}}, "budget.period", "it is one of: day, month, total"),
        ({"sleep": 1}, "sleep", "there is no such field; known: tokens, "),
    ],
)
async def test_one_that_is_wrong_is_named_and_none_is_imported(
    admin: Admin, wrong: dict[str, Any], field: str, detail: str
) -> None:
    reply = await bring(admin, ROW, row(**{"hash": OTHER, **wrong}))

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_fields")
    (error,) = reply.json()["errors"]
    assert error["field"] == f"tokens[1].{field}"
    assert error["detail"].startswith(detail)
    assert await names(admin) == ["admin"]


@pytest.mark.parametrize(
    ("scopes", "more", "wrong", "code"),
    [
        (("admin:tokens:*", "ai:chat"), {}, {"scopes": ["ai:*"]}, "scope_beyond"),
        (("admin:tokens:*", "ai:*"), {}, {"owner": "per_1"}, "out_of_reach"),
        (("admin:tokens:*", "ai:*"), {"team": "red"}, {"team": "blue"}, "out_of_reach"),
    ],
)
async def test_nobody_imports_what_is_more_than_they_hold(
    admin: Admin, scopes: tuple[str, ...], more: dict[str, Any], wrong: dict[str, Any], code: str
) -> None:
    somebody = await admin.other(*scopes, **more)

    reply = await bring(somebody, ROW, row(hash=OTHER, **wrong))

    assert (reply.status_code, reply.json()["code"]) == (403, code)
    assert reply.json()["detail"].startswith("tokens[1]: ")
    assert await names(admin) == ["admin", "admin"]


async def test_caller_with_a_team_imports_into_it(admin: Admin) -> None:
    somebody = await admin.other("admin:tokens:*", "ai:*", team="red")

    (id,) = (await bring(somebody, ROW)).json()["ids"]

    assert (await admin.get(f"/tokens/{id}")).json()["team"] == "red"


async def test_caller_that_may_only_read_imports_nothing(admin: Admin) -> None:
    reply = await bring(await admin.other("admin:tokens:read", "ai:*"), ROW)

    assert (reply.status_code, reply.json()["code"]) == (403, "insufficient_scope")


async def test_one_that_the_store_refuses_is_named_and_none_is_imported(admin: Admin) -> None:
    assert (await admin.post("/teams", {"name": "blue"})).status_code == 201
    await admin.post("/teams/blue/disable")

    reply = await bring(admin, ROW, row(hash=OTHER, team="blue"))

    assert (reply.status_code, reply.json()["code"]) == (409, "conflict")
    assert reply.json()["detail"] == "tokens[1]: the team 'blue' is disabled; enable it first"
    assert await names(admin) == ["admin"]


async def test_token_that_stands_too_deep_imports_nothing(under: GatewayUnderTest) -> None:
    admin = await an_admin(under)
    for _ in range(8):
        made = await admin.make(scopes=["admin:*", "ai:*"])
        admin = Admin(under, made["token"], made["id"])

    reply = await bring(admin, ROW)

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_request")
    assert reply.json()["detail"].startswith("tokens[0]: tokens stand below each other")


@pytest.mark.parametrize("number", [0, MOST + 1])
def test_there_are_bounds_on_how_many(number: int) -> None:
    body = b'{"tokens": [' + b",".join([b'{"name": "a", "scopes": ["a"], "hash": "b"}'] * number) + b"]}"

    with pytest.raises(FieldsRefused, match=r"^tokens: send a list "):
        read_json(body, ImportsWish)


async def test_first_answer_is_given_again_for_the_same_key(admin: Admin) -> None:
    first = await bring(admin, ROW, idempotency_key='"1"')
    again = await bring(admin, ROW, idempotency_key='"1"')

    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
