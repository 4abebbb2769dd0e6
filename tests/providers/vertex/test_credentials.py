"""Tokens of Google Cloud, from an endpoint on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import RSAKey
from structlog.testing import capture_logs

from tollbridge import ConfigError, UpstreamError, UpstreamRequest
from tollbridge.auth import Signer, needs_key
from tollbridge.signing import Signing
from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge_vertex.credentials import CREDENTIALS, SCOPE, GoogleToken, Transport, fetched, load_credentials

REQUEST = UpstreamRequest("POST", "https://aiplatform.googleapis.com/v1/x", [(b"authorization", b"old")], b"{}")
EMAIL = "gateway@project.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def private() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture
async def login() -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as upstream:
        yield upstream


def account(login: ScriptedUpstream, private: RSAPrivateKey) -> str:
    """Make the key of a service account, as Google writes them but in one line."""
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps(
        {
            "type": "service_account",
            "client_email": EMAIL,
            "private_key_id": "key-1",
            "private_key": pem,
            "token_uri": f"{login.url}/token",
        }
    )


def gives(login: ScriptedUpstream, token: str, lifetime: int = 3599) -> None:
    login.answer({"access_token": token, "expires_in": lifetime, "token_type": "Bearer"})


async def test_service_account_asks_with_a_signed_assertion(login: ScriptedUpstream, private: RSAPrivateKey) -> None:
    gives(login, "ya29.token")

    shown = await GoogleToken().sign(account(login, private), REQUEST)

    [asked] = login.requests
    form = parse_qs(asked.body.decode())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(form["assertion"][0], RSAKey.import_key(public), algorithms=["RS256"]).claims
    assert shown == [(b"authorization", b"Bearer ya29.token")]
    assert (asked.method, asked.path) == ("POST", "/token")
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert (claims["iss"], claims["scope"]) == (EMAIL, SCOPE)


async def test_key_may_be_the_path_of_a_file(login: ScriptedUpstream, private: RSAPrivateKey, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(json.dumps(json.loads(account(login, private)), indent=2), "utf-8")
    gives(login, "t")

    assert await GoogleToken().sign(str(file), REQUEST) == [(b"authorization", b"Bearer t")]


async def test_without_a_key_what_the_machine_has_is_taken(
    login: ScriptedUpstream, private: RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key.json"
    file.write_text(account(login, private), "utf-8")
    monkeypatch.setenv(CREDENTIALS, str(file))
    gives(login, "t")

    assert await GoogleToken().sign("", REQUEST) == [(b"authorization", b"Bearer t")]


async def test_credentials_of_a_workload_are_exchanged(login: ScriptedUpstream, tmp_path: Path) -> None:
    (tmp_path / "subject").write_text("subject-token", "utf-8")
    gives(login, "t")
    key = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{login.url}/sts",
        "credential_source": {"file": str(tmp_path / "subject")},
    }

    assert await GoogleToken().sign(json.dumps(key), REQUEST) == [(b"authorization", b"Bearer t")]
    assert parse_qs(login.requests[0].body.decode())["subject_token"] == ["subject-token"]


def test_credentials_of_a_user_are_loaded() -> None:
    key = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}

    with httpx2.Client() as client:
        loaded = load_credentials(json.dumps(key), SCOPE, Transport(client))

    assert (loaded.client_id, loaded.refresh_token, loaded.scopes) == ("c", "r", [SCOPE])


async def test_token_is_fetched_once_for_many_calls_and_once_a_key(
    login: ScriptedUpstream, private: RSAPrivateKey
) -> None:
    for token in ("a", "b"):
        gives(login, token)
    scheme, key = GoogleToken(), account(login, private)
    other = json.dumps({**json.loads(key), "private_key_id": "key-2"})

    first = await asyncio.gather(*(scheme.sign(key, REQUEST) for _ in range(5)))
    another = await scheme.sign(other, REQUEST)

    assert {tuple(shown) for shown in first} == {((b"authorization", b"Bearer a"),)}
    assert another == [(b"authorization", b"Bearer b")]
    assert len(login.requests) == 2


async def test_lifetime_is_what_is_left_of_it(login: ScriptedUpstream, private: RSAPrivateKey) -> None:
    class Early:
        def now(self) -> datetime:
            return datetime.now(UTC) - timedelta(seconds=100)

        def time(self) -> float:
            return 0.0

        def monotonic(self) -> float:
            return 0.0

    gives(login, "t", 3600)

    found = await asyncio.to_thread(fetched, account(login, private), SCOPE, Early())

    assert found.token == "t"
    assert 3690 < found.lifetime_s <= 3700
    assert "t" not in repr(found).replace("lifetime_s", "").replace("Fetched", "")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"error": "invalid_grant", "error_description": "secret words"}, "Google gave no token: RefreshError"),
        ({"access_token": 5, "expires_in": 3599}, "Google gave no token"),
        ({"access_token": "", "expires_in": 3599}, "Google gave no token"),
    ],
)
async def test_refusal_is_told_without_what_google_said(
    login: ScriptedUpstream, private: RSAPrivateKey, answer: Any, reason: str
) -> None:
    login.answer(answer, status=400 if "error" in answer else 200)

    with capture_logs() as logs, pytest.raises(UpstreamError) as raised:
        await GoogleToken().sign(account(login, private), REQUEST)

    assert (raised.value.code, raised.value.detail) == ("upstream_credential", reason)
    assert logs == [{"event": "credential_refused", "log_level": "warning", "reason": reason}]


@pytest.mark.parametrize(
    "key",
    ["{", "[]", '{"type":"service_account"}', '{"type":"odd"}', "/no/such/file", '{"type":"service_account","x":1}'],
)
async def test_key_that_is_none_is_told_by_its_class(key: str) -> None:
    with capture_logs(), pytest.raises(UpstreamError) as raised:
        await GoogleToken().sign(key, REQUEST)

    assert raised.value.detail is not None
    assert key not in raised.value.detail


async def test_google_out_of_reach_is_told(private: RSAPrivateKey) -> None:
    async with ScriptedUpstream() as gone:
        key = account(gone, private)

    with capture_logs(), pytest.raises(UpstreamError, match="no token"):
        await GoogleToken().sign(key, REQUEST)


async def test_assertion_goes_nowhere_else(
    login: ScriptedUpstream, private: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    login.answer({}, status=307, headers=[("location", f"{login.url}/elsewhere")])
    gives(login, "t")

    with capture_logs(), pytest.raises(UpstreamError, match="no token"):
        await GoogleToken().sign(account(login, private), REQUEST)

    assert {asked.path for asked in login.requests} == {"/token"}


async def test_missing_library_is_told_with_the_extra_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "google.auth.exceptions", None)

    with capture_logs() as logs, pytest.raises(UpstreamError) as raised:
        await GoogleToken().sign("{}", REQUEST)

    assert raised.value.detail == "google-auth is missing; install tollbridge[vertex]"
    assert logs[0]["reason"] == raised.value.detail


async def test_signed_request_shows_the_token_alone(login: ScriptedUpstream, private: RSAPrivateKey) -> None:
    gives(login, "t")
    scheme = GoogleToken(quota_project="other")

    signed = await Signing("vertex", scheme, account(login, private), 5.0).signed(REQUEST)

    assert signed.headers == [(b"authorization", b"Bearer t")]
    assert scheme.headers("") == [(b"x-goog-user-project", b"other")]
    assert GoogleToken().headers("") == []


def test_scheme_works_without_a_key() -> None:
    assert isinstance(GoogleToken(), Signer)
    assert not needs_key(GoogleToken)
    assert GoogleToken().env == ("GOOGLE_APPLICATION_CREDENTIALS",)


KEPT = {"type": "service_account", "client_email": EMAIL, "private_key": "x"}


@pytest.mark.parametrize(
    "info",
    [
        KEPT,
        {**KEPT, "token_uri": "https://oauth2.googleapis.com/token", "universe_domain": "googleapis.com"},
        {"type": "authorized_user", "refresh_token": "r", "client_id": "c", "client_secret": "s"},
    ],
)
def test_key_of_an_account_of_googles_may_be_kept_in_the_database(info: dict[str, str]) -> None:
    GoogleToken().check_kept(json.dumps(info))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("/etc/passwd", "put another kind into a file"),
        ("{", "put another kind into a file"),
        ("[]", "put another kind into a file"),
        ('{"type": "external_account", "credential_source": {"file": "/etc/passwd"}}', "put another kind into a file"),
        ('{"type": ["service_account"]}', "put another kind into a file"),
        (json.dumps({**KEPT, "token_uri": "http://169.254.169.254/"}), "somebody else than Google"),
        (json.dumps({**KEPT, "token_uri": ["x"]}), "somebody else than Google"),
        (json.dumps({**KEPT, "universe_domain": "evil.example"}), "somebody else than Google"),
        (json.dumps({**KEPT, "trust_boundary": {}}), "somebody else than Google"),
    ],
)
def test_key_that_leads_to_a_file_or_to_anybody_else_is_not_kept_in_the_database(key: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        GoogleToken().check_kept(key)

    assert key not in str(refused.value)
