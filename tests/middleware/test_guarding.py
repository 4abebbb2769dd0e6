"""An app of a plugin behind the gateway's own links."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from structlog.testing import capture_logs

from tollbridge import Call, Gateway, GatewayError, NotFound, hookimpl
from tollbridge.errors import Unauthenticated
from tollbridge.formats import Operation
from tollbridge.guarding import OwnApp
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.conditions import parse_conditions
from tollbridge.tokens.model import TokenLimits

PATH = "/_tollbridge/things"


async def things(scope: Any, receive: Any, send: Any) -> None:
    """Say who calls, or fail as the path says."""
    call: Call = scope["tollbridge"]
    failures = {"/missing": NotFound("no such thing"), "/broken": RuntimeError("the password is hunter22")}
    if call.path in failures:
        raise failures[call.path]
    body = await Request(scope, receive).body()
    shown = {"id": call.principal.id if call.principal else "", "path": call.path, "body": body.decode()}
    await JSONResponse({**shown, "seen": sorted(name.decode() for name, _ in scope["headers"])})(scope, receive, send)


def find(call: Call) -> Operation:
    if call.path == "/shown":
        return Operation(scope="", label="things", ai=False, anonymous=True)
    return Operation(scope="" if call.path == "/open" else "admin:things:read", label="things", ai=False)


def write_refusal(call: Call, error: GatewayError) -> tuple[bytes, bytes]:
    return b"text/x-refusal", error.code.encode()


class Things:
    @hookimpl
    def register_apps(self, register: Callable[[str, Callable[[Gateway], Any]], None]) -> None:
        options: dict[str, Any] = {"service": "things", "find": find, "write_refusal": write_refusal}
        options["public"] = ("/public",)
        register("/things", lambda gateway: gateway.guard(things, **options))


@pytest.fixture
def under(gateway: Callable[..., GatewayUnderTest]) -> GatewayUnderTest:
    return gateway(plugins=(Things(),))


async def test_caller_with_the_scope_gets_through_without_its_credential(under) -> None:
    secret = await under.token("admin:things:read")

    reply = await under.request("POST", f"{PATH}/a", token=secret, content=b"hello", headers={"x-remote-user": "root"})

    assert (reply.json()["path"], reply.json()["body"]) == ("/a", "hello")
    assert {"authorization", "x-remote-user"}.isdisjoint(reply.json()["seen"])
    assert reply.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("secret", ["", "tb_0123456789", "sk-something"])
async def test_caller_without_a_token_of_ours_is_refused_in_the_words_of_the_app(under, secret) -> None:
    reply = await under.request("GET", f"{PATH}/open", token=secret)

    assert (reply.status_code, reply.text) == (401, "invalid_api_key")
    assert reply.headers["content-type"] == "text/x-refusal"
    assert reply.headers["www-authenticate"].startswith("Bearer")


async def test_anonymous_operation_takes_no_token_or_one_that_opens(under) -> None:
    mine = await under.token("ai:chat")

    bare = await under.request("GET", f"{PATH}/shown", token="")
    own = await under.request("GET", f"{PATH}/shown", token=mine)

    assert (bare.status_code, bare.json()["id"]) == (200, "")
    assert (own.status_code, own.json()["id"][:4]) == (200, "tok_")
    for headers in ({"authorization": "Bearer tb_0123456789"}, {"authorization": "Basic YTpi"}, {"x-api-key": "x"}):
        assert (await under.request("GET", f"{PATH}/shown", token="", headers=headers)).status_code == 401, headers


@pytest.mark.parametrize("secret", ["", "tb_0123456789"])
async def test_nobody_is_asked_for_a_token_on_a_public_path(under, secret) -> None:
    reply = await under.request("GET", f"{PATH}/public", token=secret)

    assert (reply.status_code, reply.json()["id"]) == (200, "")


async def test_scope_of_the_operation_is_needed_and_none_where_it_has_none(under) -> None:
    secret = await under.token("ai:*")

    refused = await under.request("GET", f"{PATH}/a", token=secret)

    assert (refused.status_code, refused.text) == (403, "insufficient_scope")
    assert 'scope="admin:things:read"' in refused.headers["www-authenticate"]
    assert (await under.request("GET", f"{PATH}/open", token=secret)).status_code == 200


@pytest.mark.parametrize("act", ["revoke", "disable"])
async def test_revoked_and_disabled_tokens_are_refused_at_once(under, act) -> None:
    await under.client()
    issued = await under.gateway.tokens.issue(name="x", scopes=["admin:*"])
    assert (await under.request("GET", f"{PATH}/a", token=issued.secret)).status_code == 200

    await getattr(under.gateway.tokens, act)(issued.token.id)

    assert (await under.request("GET", f"{PATH}/a", token=issued.secret)).status_code == 401


async def test_conditions_limits_expiry_and_canaries_hold_here_too(under) -> None:
    elsewhere = await under.token("admin:*", conditions=parse_conditions(["192.0.2.0/24"]))
    slow = await under.token("admin:*", limits=TokenLimits(requests_per_minute=1))
    short = await under.token("admin:*", expires_at=under.clock.now() + timedelta(hours=1))
    bait = await under.token("admin:*", canary=True)

    async def code(secret: str) -> str:
        return (await under.request("GET", f"{PATH}/missing", token=secret)).text

    assert await code(elsewhere) == "token_not_here"
    assert (await under.request("GET", f"{PATH}/a", token=slow)).status_code == 200
    assert await code(slow) == "rate_limit_exceeded"
    assert await code(short) == "not_found"
    under.clock.advance(3600)
    assert await code(short) == "invalid_api_key"
    with capture_logs() as logged:
        assert await code(bait) == "invalid_api_key"
    assert "canary_token_used" in {entry["event"] for entry in logged}


async def test_use_of_the_token_is_noted_and_the_call_is_counted_and_logged(under) -> None:
    await under.client()
    issued = await under.gateway.tokens.issue(name="x", scopes=["admin:*"])

    with capture_logs() as logged:
        await under.request("GET", f"{PATH}/a", token=issued.secret)
        await under.request("GET", f"{PATH}/missing", token=issued.secret)

    lines = [entry for entry in logged if entry["event"] == "request_served"]
    assert [(line["service"], line["operation"], line["status"]) for line in lines] == [
        ("things", "admin:things:read", 200),
        ("things", "admin:things:read", 404),
    ]
    assert {line["token_id"] for line in lines} == {issued.token.id}
    under.gateway.metrics.flush()
    text = under.gateway.metrics.render("")[0].decode()
    assert 'operation="things",outcome="complete",service="things"' in text
    await under.close()
    await under.gateway.start()
    used = await under.gateway.store.get_token(issued.token.id)
    assert (used.last_used_at, used.last_used_for) == (under.clock.now(), "admin:things:read")


async def test_fault_of_the_app_is_logged_under_the_calls_id_and_nobody_sees_its_words(under) -> None:
    secret = await under.token("admin:*")

    with capture_logs() as logged:
        reply = await under.request("GET", f"{PATH}/broken", token=secret)

    assert (reply.status_code, reply.text) == (500, "internal_error")
    (fault,) = [entry for entry in logged if entry["event"] == "own_app_failed"]
    assert fault["call_id"] == reply.headers["x-request-id"]
    assert "hunter22" not in reply.text


async def test_ambiguous_request_is_refused_in_the_words_of_the_app(under) -> None:
    secret = await under.token("admin:*")

    reply = await under.request("GET", f"{PATH}/a%2fb", token=secret)

    assert (reply.status_code, reply.text) == (400, "unsafe_request")


async def test_app_is_not_called_where_nobody_was_found(under, gateway) -> None:
    await under.client()
    app = OwnApp(things, under.gateway.store)
    call = Call("req_1", under.clock.now(), 0.0, "http", "GET", "/a", [])

    with pytest.raises(Unauthenticated):
        await app({"tollbridge": call}, None, None)  # type: ignore[arg-type]  # they are not used
