"""Found tokens are reported by anybody, and nobody learns from it whose they are."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.support.scanners import Scanner, published

from tollbridge import NotFound, Principal, ScopeSet
from tollbridge.administering import Leaks, open_call
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.secret import make_secret
from tollbridge_admin.asking import Asked
from tollbridge_admin.leaked import Leaked, LeakReport, ScannersReports, _Match

SCANNERS = "/_tollbridge/api/leaked"
JSON = {"content-type": "application/json"}


async def report(admin: Admin, *secrets: str, **more: Any) -> httpx2.Response:
    """Report over the API, showing no token."""
    body = {"tokens": list(secrets), **more}
    return await admin.under.request("POST", "/_tollbridge/api/v1/leaked", token="", json=body)


async def scan(under: GatewayUnderTest, body: Any, headers: dict[str, str] = JSON) -> httpx2.Response:
    """Report as a scanner does."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await under.request("POST", SCANNERS, token="", content=content, headers=headers)


def found(secret: str, **more: Any) -> dict[str, Any]:
    return {"token": secret, "type": "tollbridge_token", "url": "https://example.com/a", "source": "content", **more}


async def state(admin: Admin, token_id: str) -> str:
    token = await admin.under.gateway.store.get_token(token_id)
    assert token is not None
    return token.state.value


async def test_whoever_has_a_secret_reports_it_and_it_is_off_when_the_answer_is_there(admin: Admin) -> None:
    made = await admin.make()

    reply = await report(admin, made["token"], place="a pastebin")

    assert (reply.status_code, reply.json()) == (200, {"received": 1})
    assert await state(admin, made["id"]) == "disabled"
    told, ended = (await admin.records())[-2:]
    assert (told.action, told.actor.id, told.actor.via, told.actor.client) == (
        "token.leaked",
        "anybody",
        "leaked",
        "127.0.0.1",
    )
    assert (ended.action, ended.actor) == ("token.disable", told.actor)


async def test_every_report_is_answered_alike(admin: Admin) -> None:
    made, gone = await admin.make(), await admin.make()
    await admin.post(f"/tokens/{gone['id']}/revoke")
    bait = await admin.under.gateway.tokens.issue(name="bait", canary=True)
    shown = (made["token"], gone["token"], bait.secret, make_secret(), "sk-somebody-elses")

    replies = [await report(admin, secret) for secret in shown]
    scans = [await scan(admin.under, [found(secret)]) for secret in shown]

    assert {(reply.status_code, reply.content) for reply in (*replies, *scans)} == {(200, b'{"received":1}')}
    unlike = {"x-request-id", "date", "x-content-type-options"}
    headers = [[pair for pair in reply.headers.items() if pair[0] not in unlike] for reply in replies]
    assert all(each == headers[0] for each in headers)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tokens": []}, 422),
        ({"tokens": "tb_x"}, 422),
        ({"tokens": ["x"] * 101}, 422),
        ({"tokens": ["x" * 8193]}, 422),
        ({"tokens": ["x"], "place": "x" * 501}, 422),
        ({"tokens": ["x"], "id": "tok_1"}, 422),
        ({"tokens": ["x" * 8000] * 20}, 413),
        ([], 422),
    ],
)
async def test_report_over_the_api_is_bounded(admin: Admin, body: Any, status: int) -> None:
    reply = await admin.under.request("POST", "/_tollbridge/api/v1/leaked", token="", json=body)

    assert reply.status_code == status


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"[" * 20, 400, "body_too_large"),
        (b"{}", 400, "invalid_json"),
        (b"[1]", 400, "invalid_json"),
        (b"[{}]", 400, "invalid_json"),
        (b'[{"token": null}]', 400, "invalid_json"),
        (b'[{"token": "\\ud800"}]', 400, "invalid_json"),
        (b'[{"token": "\xff"}]', 400, "invalid_json"),
        (json.dumps([{"token": "x"}] * 101).encode(), 400, "too_many_finds"),
        (b"[" + b" " * 1024 * 1024 + b"]", 413, "body_too_large"),
    ],
)
async def test_what_is_no_report_of_a_scanner_is_refused(admin: Admin, content: bytes, status: int, code: str) -> None:
    reply = await scan(admin.under, content)

    assert (reply.status_code, reply.json()["code"]) == (status, code)


async def test_only_what_a_report_is_sent_as_is_taken(admin: Admin) -> None:
    assert (await scan(admin.under, [], {"content-type": "text/plain"})).status_code == 415
    wrong = await admin.under.request("GET", SCANNERS, token="")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert (await admin.under.request("GET", f"{SCANNERS}/more", token="")).status_code == 401


async def test_no_websocket_is_served_there(admin: Admin) -> None:
    scope: Any = {"type": "websocket", "tollbridge": None}

    with pytest.raises(NotFound):
        await ScannersReports(Leaks.of(admin.under.gateway), None)(scope, None, None)  # type: ignore[arg-type]


async def test_operator_reports_as_itself_and_without_a_limit(admin: Admin) -> None:
    gateway = admin.under.gateway
    made = await admin.make()
    call = open_call({"type": "http", "path": "/leaked", "headers": []}, gateway.clock)
    asked = Asked(call, Principal("operator:ada", "ada", ScopeSet()), {}, operator=True)
    leaked = Leaked(Leaks.of(gateway))

    for _ in range(31):
        await leaked.report_leaked(asked, LeakReport(tokens=[made["token"]]))

    told = (await admin.records())[-2]
    assert (told.action, told.actor.id, told.actor.via) == ("token.leaked", "operator:ada", "cli")


async def test_scanner_may_leave_out_all_but_the_secret_and_say_more(admin: Admin) -> None:
    made, other = await admin.make(), await admin.make()

    reply = await scan(admin.under, [{"token": made["token"]}, found(other["token"], url=None, commit="c0ffee")])

    assert reply.json() == {"received": 2}
    assert [await state(admin, one["id"]) for one in (made, other)] == ["disabled", "disabled"]
    records = await admin.records()
    assert [json.loads(one.after)["place"] for one in records if one.action == "token.leaked"] == ["", "content"]


@pytest.fixture
async def scanned(gateway: Callable[..., GatewayUnderTest]) -> Any:
    """Give an administrator whose gateway takes the reports of a scanner, and that scanner."""
    scanner = Scanner()
    under = gateway({"leaked": {"action": "revoke", "keys_url": "https://scanner.example/keys"}})
    under.upstream.reply(json.loads(published(scanner.entry())))
    return await an_admin(under), scanner


async def test_signed_report_names_its_scanner_and_holds_a_thousand(scanned: Any) -> None:
    admin, scanner = scanned
    made = await admin.make()
    body = json.dumps([found(make_secret()) for _ in range(999)] + [found(made["token"])]).encode()

    reply = await scan(admin.under, body, scanner.headers(body))

    assert (reply.status_code, reply.json()) == (200, {"received": 1000})
    assert await state(admin, made["id"]) == "revoked"
    told = (await admin.records())[-2]
    assert (told.actor.id, json.loads(told.after)["place"]) == ("scanner:bcb53661", "content https://example.com/a")


async def test_fetch_of_the_scanners_keys_ends_with_the_gateway(scanned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    admin, scanner = scanned
    begun, ended = asyncio.Event(), asyncio.Event()

    async def never(request: Any) -> Any:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(admin.under.upstream, "send", never)
    reporting = asyncio.ensure_future(scan(admin.under, [], scanner.headers(b"[]")))
    await asyncio.wait_for(begun.wait(), 5)

    await admin.under.gateway.stop()

    assert ended.is_set()
    assert (await reporting).status_code == 503


async def test_report_with_a_wrong_signature_does_nothing(scanned: Any) -> None:
    admin, scanner = scanned
    made = await admin.make()
    body = json.dumps([found(made["token"])]).encode()

    for headers in (
        Scanner().headers(body),
        scanner.headers(body + b" "),
        {**scanner.headers(body), "github-public-key-signature": ""},
        {**scanner.headers(body), "github-public-key-identifier": ""},
    ):
        reply = await scan(admin.under, body, headers)
        assert (reply.status_code, reply.json()["code"]) == (403, "bad_signature")

    assert await state(admin, made["id"]) == "active"


async def test_signature_is_not_looked_at_where_no_keys_are_configured(admin: Admin) -> None:
    body = json.dumps([found((await admin.make())["token"])]).encode()

    assert (await scan(admin.under, body, Scanner().headers(body))).status_code == 200


async def test_address_that_reports_too_much_waits_and_a_scanner_that_signs_does_not(scanned: Any) -> None:
    admin, scanner = scanned
    body = b"[]"

    plain = [(await report(admin, "x")).status_code for _ in range(31)]
    forged = await scan(admin.under, body, Scanner().headers(body))
    signed = await scan(admin.under, body, scanner.headers(body))

    assert plain == [200] * 30 + [429]
    assert (forged.status_code, signed.status_code) == (429, 200)


async def test_pattern_is_published_to_everybody(admin: Admin) -> None:
    reply = await admin.under.request("GET", "/_tollbridge/api/v1/secret-pattern", token="")

    assert reply.json()["pattern"] == "tb_(?:test_)?[0-9A-Za-z]{38}"
    assert "CRC-32" in reply.json()["checksum"]


def test_reports_do_not_show_the_secrets_they_hold() -> None:
    assert "tb_x" not in repr(LeakReport(tokens=["tb_x"])) + repr(_Match("tb_x"))
