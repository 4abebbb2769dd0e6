"""Explaining over the API: who may ask about whom, and what is told."""

from typing import Any

import httpx2
import msgspec
import pytest
from structlog.testing import capture_logs
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.model import TokenBudget, TokenLimits

CONFIG: dict[str, Any] = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "dialect": "openai-chat", "api_key": "env:MOCK_KEY"}},
    "models": {"small": {"targets": ["mock/tiny-1"], "price": {"input": "1", "output": "2"}}},
    "budgets": {"daily_usd": "5"},
}
EXPLAIN = "admin:explain:read"


@pytest.fixture
def under(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> GatewayUnderTest:
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    made: GatewayUnderTest = gateway(CONFIG)
    return made


async def ask(admin: Admin, **wish: Any) -> dict[str, Any]:
    reply = await admin.post("/explain", {"model": "small", **wish})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def rules(told: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [rule for each in told["layers"] for rule in each["rules"] if rule["kind"] == kind]


async def test_whole_decision_is_told_layer_by_layer(admin: Admin) -> None:
    made = await admin.make(scopes=["ai:chat", "model:small"])

    told = await ask(admin, token=made["id"])

    assert (told["crosses"], told["refusal"], told["unsure"], told["recorded"]) == (True, None, [], None)
    assert (told["token"], told["method"], told["path"]) == (made["id"], "POST", "/v1/chat/completions")
    assert [each["layer"] for each in told["layers"]] == [
        *("observe", "sanity", "context", "authenticate", "authorize", "subscribe", "recall", "limit", "meter"),
        *("translate", "dispatch"),
    ]
    assert {rule["of"] for rule in rules(told, "scope")} == {made["id"], admin.id}
    assert rules(told, "budget")[0]["values"]["limit_usd"] == "5"


async def test_refusal_is_told_with_what_would_have_to_change(admin: Admin) -> None:
    made = await admin.make(scopes=["ai:chat"])

    told = await ask(admin, token=made["id"])

    assert told["refusal"] == {
        "layer": "authorize",
        "status": 403,
        "code": "insufficient_scope",
        "message": "this token lacks the scope 'model:small'",
        "change": f"{made['id']}: give it the scope model:small",
        "retry_after_s": None,
    }


@pytest.mark.parametrize("scopes", [("ai:chat",), ("ai:*", "model:*"), ("admin:tokens:write",)])
async def test_any_token_explains_itself_and_nobody_else(admin: Admin, scopes: tuple[str, ...]) -> None:
    caller, other = await admin.other(*scopes, team="blue"), await admin.other("ai:*")

    told = [await ask(caller), await ask(caller, token=caller.id)]
    refused = [
        await caller.post("/explain", {"model": "small", **wish})
        for wish in ({"token": other.id}, {"secret": other.secret}, {"token": "tok_none"})
    ]

    assert [each["token"] for each in told] == [caller.id] * 2
    assert told[0]["crosses"] is ("model:*" in scopes)
    assert [(reply.status_code, reply.json()["code"]) for reply in refused] == [(403, "insufficient_scope")] * 3


async def test_team_sees_its_tokens_alone(admin: Admin) -> None:
    blue = await admin.other(EXPLAIN, "ai:*", team="blue")
    mine, theirs = await admin.make(team="blue"), await admin.make(team="green")

    assert (await ask(blue, token=mine["id"]))["token"] == mine["id"]
    for wish in ({"token": theirs["id"]}, {"token": admin.id}, {"token": "tok_none"}):
        reply = await blue.post("/explain", {"model": "small", **wish})
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert (await ask(blue, secret=mine["token"]))["token"] == mine["id"]
    hidden, unknown = await ask(blue, secret=theirs["token"]), await ask(blue, secret="tb_nobody's")
    assert {**hidden, "at": None} == {**unknown, "at": None}
    assert (hidden["token"], hidden["refusal"]["code"]) == (None, "invalid_api_key")


async def test_numbers_of_those_above_and_of_the_bridge_are_for_who_sees_them(admin: Admin) -> None:
    blue = await admin.other(EXPLAIN, team="blue")
    above = await an_admin(
        admin.under, "admin:*", "ai:*", "model:*", limits=TokenLimits(77), budget=TokenBudget(33_000_000_000)
    )
    made = await above.make(team="blue", scopes=["ai:*", "model:*"], requests_per_minute=11)
    caller = Admin(admin.under, made["token"], made["id"])

    for told in (await ask(blue, token=made["id"]), await ask(caller)):
        assert [(rule["of"], rule["values"] != {}) for rule in rules(told, "limit")] == [
            (made["id"], True),
            (above.id, False),
        ]
        assert [rule["values"] for rule in rules(told, "budget")] == [{}, {}]
        assert [rule["says"] for rule in rules(told, "limit")] == ["11 requests in 60 s", "a limit"]
    whole = await ask(admin, token=made["id"])
    assert rules(whole, "budget")[1]["values"]["limit_usd"] == "33"


@pytest.mark.parametrize(("more", "told"), [((), False), ((EXPLAIN,), True)])
async def test_numbers_of_ones_own_team_take_the_scope(admin: Admin, more: tuple[str, ...], told: bool) -> None:
    scopes = ("ai:*", "model:*", *more)
    above = await an_admin(admin.under, "admin:*", *scopes, team="blue", limits=TokenLimits(77))
    made = await above.make(scopes=list(scopes))

    limits = rules(await ask(Admin(admin.under, made["token"], made["id"])), "limit")

    assert [(rule["of"], rule["values"] != {}) for rule in limits] == [(above.id, told)]


async def test_caller_is_judged_where_it_is_unless_it_says_otherwise(admin: Admin) -> None:
    made = await admin.make(scopes=["ai:*"], **{"from": ["127.0.0.1"]})
    caller = Admin(admin.under, made["token"], made["id"])

    here, away = await ask(caller), await ask(caller, **{"from": "192.0.2.1"})

    assert rules(here, "network")[0]["holds"] is True
    assert away["refusal"]["code"] == "token_not_here"


async def test_request_is_explained_with_its_body_and_headers(admin: Admin) -> None:
    body = '{"model": "small", "max_tokens": 7, "messages": [{"role": "user", "content": "a secret plan"}]}'
    wish = {"path": "/v1/chat/completions?key=1", "headers": {"Authorization": "Bearer tb_mine"}, "body": body}

    told = await ask(admin, model="", **wish)
    plain = await ask(admin, model="", **{**wish, "path": "/v1/chat/completions"})

    assert told["refusal"]["code"] == "ambiguous_credential"
    assert told["path"] == "/v1/chat/completions"
    assert rules(plain, "estimate")[0]["values"]["output_tokens"] == 7
    assert "secret plan" not in str(plain) + str(told)
    assert "tb_mine" not in str(plain) + str(told)


async def test_secret_is_never_logged_nor_given_back(admin: Admin) -> None:
    made = await admin.make()

    with capture_logs() as logged:
        told = await ask(admin, secret=made["token"])

    assert told["token"] == made["id"]
    assert made["token"] not in str(told) + str(logged)


async def test_call_that_was_refused_is_explained_by_its_id(admin: Admin) -> None:
    made = await admin.make(scopes=["ai:chat"])
    caller, blue = Admin(admin.under, made["token"], made["id"]), await admin.other(EXPLAIN, team="blue")
    reply = await admin.under.chat("small", token=made["token"])
    id = reply.headers["x-request-id"]

    mine, theirs = await ask(caller, model="", call=id), await ask(admin, model="", call=id)

    assert mine["recorded"] == {
        "id": id,
        "at": "2026-01-05T12:00:00Z",
        "outcome": "refused",
        "status": 403,
        "error": "insufficient_scope",
    }
    assert (mine["token"], mine["refusal"]["code"]) == (made["id"], "insufficient_scope")
    assert theirs["refusal"] == mine["refusal"]
    other = await admin.other("ai:chat")
    refused = [await each.post("/explain", {"call": id}) for each in (other, blue)]
    assert [reply.status_code for reply in refused] == [403, 404]
    assert (await admin.post("/explain", {"call": "req_none"})).status_code == 404


async def test_call_is_explained_of_its_own_token_alone(admin: Admin) -> None:
    made = await admin.make(scopes=["ai:chat"])
    id = (await admin.under.chat("small", token=made["token"])).headers["x-request-id"]

    for wish in ({"token": made["id"]}, {"secret": made["token"]}):
        assert (await ask(admin, model="", call=id, **wish))["token"] == made["id"]
    for wish in ({"token": "me"}, {"token": "tok_none"}, {"secret": admin.secret}, {"secret": "tb_nobody's"}):
        reply = await admin.post("/explain", {"call": id, **wish})
        problem = {"field": "token", "detail": f"the call was made by {made['id']}, and not by this token"}
        assert (reply.status_code, reply.json()["errors"]) == (422, [problem])


async def test_caller_of_another_issuer_cannot_be_asked_about(admin: Admin) -> None:
    await admin.under.chat("small", token=(await admin.make())["token"])
    (row,) = await admin.under.gateway.store.recent()
    outside = msgspec.structs.replace(row, call_id="req_outside", token_id="jwt:corp:somebody", status=200)
    await admin.under.gateway.store.settle(outside)

    for wish in ({}, {"token": "jwt:corp:somebody"}, {"token": admin.id}):
        reply = await admin.post("/explain", {"call": "req_outside", **wish})
        problem = {"field": "call", "detail": "it was made by a caller of another issuer, who cannot be asked about"}
        assert (reply.status_code, reply.json()["errors"]) == (422, [problem])
    assert (await admin.post("/explain", {"token": "jwt:corp:somebody", "model": "small"})).status_code == 404


async def test_call_without_a_token_is_nobodys_to_ask_about(admin: Admin) -> None:
    await admin.under.chat("small", token=(await admin.make())["token"])
    (row,) = await admin.under.gateway.store.recent()
    await admin.under.gateway.store.settle(msgspec.structs.replace(row, call_id="req_nobody", token_id=""))

    reply = await admin.post("/explain", {"call": "req_nobody"})

    problem = {"field": "call", "detail": "it was made without a token, so that there is nobody to ask about"}
    assert (reply.status_code, reply.json()["errors"]) == (422, [problem])


async def test_call_of_which_too_little_is_recorded_is_refused(admin: Admin) -> None:
    reply = await admin.under.request("GET", "/v1/models", token=admin.secret)
    await admin.under.request("GET", "/nothing", token=admin.secret)
    (row, *_) = await admin.under.gateway.store.recent()

    found = await admin.post("/explain", {"call": row.call_id})

    assert reply.status_code == 200
    assert (found.status_code, found.json()["errors"][0]["field"]) == (422, "call")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "path"),
        ({"model": "small", "path": "/x"}, "path"),
        ({"path": "/_tollbridge/"}, "path"),
        ({"model": "small", "headers": {"a b": "c"}}, "headers"),
        ({"model": "small", "headers": {"a": "c\nd"}}, "headers"),
        ({"model": "small", "method": "get"}, "method"),
        ({"model": "small", "tokens": "me"}, "tokens"),
    ],
)
async def test_what_cannot_be_explained_is_refused_by_field(admin: Admin, wish: dict[str, Any], field: str) -> None:
    reply = await admin.post("/explain", wish)

    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field)


async def test_same_is_answered_at_the_shorter_path(admin: Admin) -> None:
    async def shorter(body: Any, token: str) -> httpx2.Response:
        return await admin.under.request("POST", "/_tollbridge/api/explain", token=token, json=body)

    body = {"token": admin.id, "model": "small"}

    found, unknown = await shorter(body, admin.secret), await shorter(body, "tb_nobody's")

    assert found.status_code == 200
    assert {**found.json(), "at": None} == {**(await ask(admin, **body)), "at": None}
    assert (unknown.status_code, unknown.headers["content-type"]) == (401, "application/problem+json")
    assert (await admin.under.request("GET", "/_tollbridge/api/explain", token=admin.secret)).status_code == 405
