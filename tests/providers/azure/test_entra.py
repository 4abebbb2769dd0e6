"""Tokens of Entra ID, from an endpoint on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs

from tollbridge import UpstreamError, UpstreamRequest
from tollbridge.signing import Signing
from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge_azure import entra
from tollbridge_azure.entra import EntraClient, EntraManaged

REQUEST = UpstreamRequest("POST", "https://mine.openai.azure.com/openai/v1/chat/completions", [], b"{}")
SECRET = "a-client-secret"


@pytest.fixture
async def login() -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as upstream:
        yield upstream


def client(login: ScriptedUpstream) -> EntraClient:
    return EntraClient("contoso.com", "app-id", authority=login.url)


async def test_client_shows_the_token_it_was_given(login: ScriptedUpstream) -> None:
    login.answer({"token_type": "Bearer", "expires_in": 3599, "access_token": "ey.token"})

    shown = await client(login).sign(SECRET, REQUEST)

    (asked,) = login.requests
    assert shown == [(b"authorization", b"Bearer ey.token")]
    assert (asked.method, asked.path) == ("POST", "/contoso.com/oauth2/v2.0/token")
    assert asked.header("content-type") == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["app-id"],
        "client_secret": [SECRET],
        "scope": ["https://cognitiveservices.azure.com/.default"],
    }


async def test_token_is_fetched_once_for_many_calls(login: ScriptedUpstream) -> None:
    login.answer({"expires_in": 3599, "access_token": "t"})
    scheme = client(login)

    first = await asyncio.gather(*(scheme.sign(SECRET, REQUEST) for _ in range(5)))
    later = await scheme.sign(SECRET, REQUEST)

    assert {tuple(shown) for shown in (*first, later)} == {((b"authorization", b"Bearer t"),)}
    assert len(login.requests) == 1


async def test_each_of_two_secrets_has_a_token_of_its_own(login: ScriptedUpstream) -> None:
    for token in ("first", "second"):
        login.answer({"expires_in": 3599, "access_token": token})
    scheme = client(login)

    shown = [await scheme.sign(secret, REQUEST) for secret in ("a", "b", "a")]

    assert [value for ((_, value),) in shown] == [b"Bearer first", b"Bearer second", b"Bearer first"]
    assert [parse_qs(asked.body.decode())["client_secret"] for asked in login.requests] == [["a"], ["b"]]


async def test_token_without_a_lifetime_left_is_fetched_again(login: ScriptedUpstream) -> None:
    for token in ("a", "b"):
        login.answer({"expires_in": 0, "access_token": token})
    scheme = client(login)

    shown = [await scheme.sign(SECRET, REQUEST) for _ in range(2)]

    assert shown == [[(b"authorization", b"Bearer a")], [(b"authorization", b"Bearer b")]]


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (
            401,
            {"error": "invalid_client", "error_codes": [7000215], "error_description": SECRET},
            "invalid_client 7000215",
        ),
        (400, {"error": f"no {SECRET}"}, "it gave no token"),
        (400, {"error": "no", "error_codes": [SECRET, 7, {}]}, "no 7"),
        (200, {"access_token": "t"}, "it gave no token"),
        (200, {"access_token": "t", "expires_in": "soon"}, "it gave no token"),
        (200, {"expires_in": 3599}, "it gave no token"),
        (302, {"expires_in": 3599, "access_token": "t"}, "it gave no token"),
        (500, [], "it gave no token"),
        (200, {"x": "a" * 70_000}, "its answer is too long"),
    ],
)
async def test_refusal_is_logged_without_words_of_its_own(
    login: ScriptedUpstream, status: int, body: object, why: str
) -> None:
    login.answer(body, status)

    with capture_logs() as logs, pytest.raises(UpstreamError) as refused:
        await client(login).sign(SECRET, REQUEST)

    assert refused.value.detail == f"Entra ID answered {status}: {why}"
    assert logs == [{"event": "credential_refused", "log_level": "warning", "status": status, "reason": why}]
    assert SECRET not in str(logs) + str(refused.value)


async def test_secret_goes_to_nobody_an_answer_or_the_environment_names(
    login: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    login.answer({}, 307, headers=[("location", f"{login.url}/elsewhere")])

    with capture_logs(), pytest.raises(UpstreamError) as refused:
        await client(login).sign(SECRET, REQUEST)

    assert refused.value.detail == "Entra ID answered 307: it gave no token"
    assert len(login.requests) == 1


async def test_authority_may_end_in_a_slash(login: ScriptedUpstream) -> None:
    login.answer({"expires_in": 3599, "access_token": "t"})

    await EntraClient("contoso.com", "app-id", authority=f"{login.url}/").sign(SECRET, REQUEST)

    assert [asked.path for asked in login.requests] == ["/contoso.com/oauth2/v2.0/token"]


async def test_answer_that_is_no_json_is_an_upstream_error(login: ScriptedUpstream) -> None:
    login.answer(b"<html>")

    with pytest.raises(UpstreamError):
        await client(login).sign(SECRET, REQUEST)


async def test_endpoint_out_of_reach_is_an_upstream_error(login: ScriptedUpstream) -> None:
    login.raw(reset=True)

    with capture_logs(), pytest.raises(UpstreamError, match="no token") as refused:
        await client(login).sign(SECRET, REQUEST)

    assert SECRET not in str(refused.value.detail)


async def test_answer_that_does_not_come_to_its_end_is_given_up(
    login: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entra, "_PATIENCE_S", 0.05)
    login.stream([b"{", asyncio.Event()])

    with capture_logs(), pytest.raises(UpstreamError) as refused:
        await client(login).sign(SECRET, REQUEST)

    assert refused.value.detail == "Entra ID answered 0: TimeoutError"


async def test_core_signs_a_request_with_it(login: ScriptedUpstream) -> None:
    login.answer({"expires_in": 3599, "access_token": "t"})

    signed = await Signing("azure", client(login), SECRET, timeout_s=5.0).signed(REQUEST)

    assert signed.headers == [(b"authorization", b"Bearer t")]


async def test_core_refuses_a_token_that_is_no_header(login: ScriptedUpstream) -> None:
    login.answer(json.dumps({"expires_in": 3599, "access_token": "t\r\nx: y"}).encode())

    with pytest.raises(UpstreamError) as refused:
        await Signing("azure", client(login), SECRET, timeout_s=5.0).signed(REQUEST)

    assert refused.value.code == "upstream_credential"


async def test_machine_is_asked_for_its_identity(login: ScriptedUpstream) -> None:
    login.answer({"expires_in": "86399", "access_token": "vm"})
    scheme = EntraManaged(client_id="id-2", endpoint=f"{login.url}/metadata/identity/oauth2/token")

    shown = await scheme.sign("", REQUEST)

    (asked,) = login.requests
    path, query = urlsplit(asked.path).path, parse_qs(urlsplit(asked.path).query)
    assert shown == [(b"authorization", b"Bearer vm")]
    assert (asked.method, path, asked.header("metadata")) == ("GET", "/metadata/identity/oauth2/token", "true")
    assert query == {
        "api-version": ["2018-02-01"],
        "resource": ["https://cognitiveservices.azure.com"],
        "client_id": ["id-2"],
    }


async def test_app_service_is_asked_where_it_says(login: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{login.url}/msi/token")
    login.answer({"expires_in": "86399", "access_token": "app"})

    shown = await EntraManaged().sign("the-header", REQUEST)

    (asked,) = login.requests
    assert shown == [(b"authorization", b"Bearer app")]
    assert urlsplit(asked.path).path == "/msi/token"
    assert parse_qs(urlsplit(asked.path).query, keep_blank_values=True) == {
        "api-version": ["2019-08-01"],
        "resource": ["https://cognitiveservices.azure.com"],
    }
    assert (asked.header("x-identity-header"), asked.header("metadata")) == ("the-header", "")


async def test_where_the_platform_gives_no_header_a_virtual_machine_is_asked(
    login: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    monkeypatch.setattr(entra, "_VM", f"{login.url}/metadata/identity/oauth2/token")
    login.answer({"expires_in": "86399", "access_token": "vm"})

    assert await EntraManaged().sign("", REQUEST) == [(b"authorization", b"Bearer vm")]
    assert login.requests[0].header("metadata") == "true"


@pytest.mark.parametrize("endpoint", ["http://[", "ftp://h/token", "nowhere"])
async def test_endpoint_of_the_platform_that_is_no_url_is_an_upstream_error(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint)

    with capture_logs(), pytest.raises(UpstreamError, match="no token was given"):
        await EntraManaged().sign("the-header", REQUEST)
