"""What AWS is shown: signatures that its own documents, its SDK and a verifier written here agree with."""

import hashlib
import hmac
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from tests.support.requires import requires

from tollbridge import ConfigError, UpstreamRequest
from tollbridge.auth import Signer, check_auth, needs_key, sendable
from tollbridge_bedrock import sigv4
from tollbridge_bedrock.sigv4 import BedrockAuth, SigV4

KEY = "AKIDEXAMPLE0000000AB:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SECRET = KEY.partition(":")[2]
URL = "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.amazon.nova-lite-v1%3A0/converse"
BODY = b'{"messages":[]}'
ASKED = UpstreamRequest("POST", URL, [(b"content-type", b"application/json"), (b"x-more", b"1")], BODY)
VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")


def verified(method: str, url: str, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Check a signature by the letter of AWS's description (reference_sigv4-create-signed-request, read 2026-11)."""
    algorithm, _, rest = headers["authorization"].partition(" ")
    told = dict(part.split("=", 1) for part in rest.split(", "))
    _, day, region, service, end = told["Credential"].split("/")
    parts, names = urlsplit(url), told["SignedHeaders"].split(";")
    values = {**headers, "host": parts.netloc}
    canonical = "\n".join(
        (
            method,
            quote(parts.path, safe="/-_.~"),
            "&".join(sorted(parts.query.split("&"))),
            *(f"{name}:{values[name].strip()}" for name in names),
            "",
            told["SignedHeaders"],
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{day}/{region}/{service}/{end}"
    text = "\n".join((algorithm, headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for step in (day, region, service, end):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest() == told["Signature"]


def shown(pairs: Any) -> dict[str, str]:
    assert sendable(pairs)
    return {name.decode(): value.decode() for name, value in pairs}


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Let botocore find nothing on this machine."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    sigv4._session.cache_clear()


@requires("python-sdks")
async def test_signature_is_that_of_awss_own_example(monkeypatch: pytest.MonkeyPatch) -> None:
    # The request for the users of an account in "Create a signed AWS API request" of the IAM guide, up to 2023.
    when = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *given: when)
    kind = b"application/x-www-form-urlencoded; charset=utf-8"
    asked = UpstreamRequest(
        "GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", [(b"content-type", kind)], b""
    )

    headers = shown(await SigV4(service="iam", region="us-east-1").sign(f"AKIDEXAMPLE:{SECRET}", asked))

    assert headers == {
        "x-amz-date": "20150830T123600Z",
        "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    }


@requires("python-sdks")
@pytest.mark.parametrize("auth", [SigV4(), BedrockAuth()])
@pytest.mark.parametrize(
    "model",
    ["us.amazon.nova-lite-v1%3A0", "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aprompt%2FABC%20D", "plain"],
)
async def test_percent_encoded_path_is_signed_encoded_once_more(auth: Signer, model: str) -> None:
    asked = UpstreamRequest("POST", URL.replace("us.amazon.nova-lite-v1%3A0", model), ASKED.headers, BODY)

    headers = shown(await auth.sign(KEY, asked))

    assert verified("POST", asked.url, {**headers, "content-type": "application/json"}, BODY, SECRET)
    assert not verified("POST", URL + "x", {**headers, "content-type": "application/json"}, BODY, SECRET)
    assert "/us-east-1/bedrock/aws4_request" in headers["authorization"]


@requires("python-sdks")
async def test_boto3_signs_the_same_request_the_same_way() -> None:
    import boto3
    from botocore.awsrequest import AWSResponse
    from botocore.config import Config

    sent: list[Any] = []

    def keep(request: Any, **given: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, {"content-type": "application/json"}, None)

    access, _, secret = KEY.partition(":")
    session = boto3.Session(access, secret, region_name="us-east-1")
    client = session.client("bedrock-runtime", config=Config(retries={"total_max_attempts": 1}))
    client.meta.events.register("before-send.bedrock-runtime.Converse", keep)
    with pytest.raises(Exception):  # noqa: B017  # the answer is none: only what was sent matters
        client.converse(modelId="us.amazon.nova-lite-v1:0", messages=[{"role": "user", "content": [{"text": "hi"}]}])

    (request,) = sent
    theirs = {
        name.lower(): value if isinstance(value, str) else value.decode() for name, value in request.headers.items()
    }
    assert request.url == URL
    assert verified("POST", request.url, theirs, request.body, secret)
    ours = UpstreamRequest("POST", request.url, [(b"content-type", theirs["content-type"].encode())], request.body)
    signed = shown(await SigV4().sign(KEY, ours))
    assert verified("POST", request.url, {**theirs, **signed}, request.body, secret)
    assert signed["authorization"].split(",")[0][:-40] == theirs["authorization"].split(",")[0][:-40]


@requires("python-sdks")
async def test_session_of_a_role_is_shown_and_signed() -> None:
    headers = shown(await SigV4().sign(f"{KEY}:a/session+token==", ASKED))

    assert headers["x-amz-security-token"] == "a/session+token=="
    assert "x-amz-security-token" in headers["authorization"]
    assert verified("POST", URL, {**headers, "content-type": "application/json"}, BODY, SECRET)


@requires("python-sdks")
@pytest.mark.usefixtures("no_credentials")
@pytest.mark.parametrize("auth", [SigV4(), BedrockAuth()])
async def test_credentials_are_found_where_botocore_finds_them(auth: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE0000000AB")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)

    assert auth.headers("") == []
    headers = shown(await auth.sign("", ASKED))

    assert "Credential=AKIAEXAMPLE0000000AB/" in headers["authorization"]
    assert verified("POST", URL, {**headers, "content-type": "application/json"}, BODY, SECRET)


@requires("python-sdks")
@pytest.mark.usefixtures("no_credentials")
async def test_credentials_that_are_missing_are_told_and_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no AWS credentials were found"):
        await SigV4().sign("", ASKED)

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE0000000AB")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert "authorization" in shown(await SigV4().sign("", ASKED))


@requires("python-sdks")
@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime.eu-central-1.amazonaws.com", "eu-central-1"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("bedrock-runtime.us-east-1.api.aws", "us-east-1"),
    ],
)
async def test_region_is_read_from_the_host(host: str, region: str) -> None:
    asked = UpstreamRequest("POST", f"https://{host}/model/m/converse", [], BODY)

    assert f"/{region}/bedrock/" in shown(await SigV4().sign(KEY, asked))["authorization"]


@requires("python-sdks")
async def test_region_of_another_host_must_be_said() -> None:
    asked = UpstreamRequest("POST", "https://vpce-1.example.com/model/m/converse", [], BODY)

    with pytest.raises(ConfigError, match=r"auth_options\.region"):
        await SigV4().sign(KEY, asked)
    assert "/eu-west-3/bedrock/" in shown(await BedrockAuth(region="eu-west-3").sign(KEY, asked))["authorization"]


@requires("python-sdks")
@pytest.mark.parametrize("key", ["a", "a:", ":b"])
def test_key_that_is_no_pair_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(ConfigError, match="ACCESS:SECRET"):
        SigV4().headers(key)


async def test_api_key_is_a_bearer_token_and_needs_no_signature() -> None:
    auth = BedrockAuth()

    assert auth.headers("ABSKQmVkcm9jaw==") == [(b"authorization", b"Bearer ABSKQmVkcm9jaw==")]
    assert list(await auth.sign("ABSKQmVkcm9jaw==", ASKED)) == []


def test_missing_botocore_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    monkeypatch.setitem(sys.modules, "botocore.auth", None)

    with pytest.raises(ConfigError, match=r"pip install 'tollbridge\[bedrock\]'"):
        BedrockAuth().headers(KEY)
    assert BedrockAuth().headers("an-api-key")


def test_both_are_schemes_that_sign_and_need_no_key() -> None:
    for auth in (SigV4(), BedrockAuth()):
        check_auth(auth, "here")
        assert isinstance(auth, Signer)
        assert not needs_key(auth)
    assert BedrockAuth().env == ("AWS_BEARER_TOKEN_BEDROCK",)
