"""Signing each request to a provider."""

import asyncio
import hmac
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs

from tollbridge.auth import Signer
from tollbridge.errors import ConfigError, PluginError, UpstreamError
from tollbridge.hookspecs import hookimpl
from tollbridge.providers import Provider
from tollbridge.signing import Signing
from tollbridge.transport.base import UpstreamRequest

KEY = "sk-signing-secret"
REQUEST = UpstreamRequest("POST", "https://h/v1/x", [(b"x-kept", b"1"), (b"x-signature", b"a caller's")], b"{}")


@dataclass(frozen=True, slots=True)
class Hmac:
    """A scheme that signs method, URL and body; `fails` says how it goes wrong."""

    key_id: str = "me"
    fails: str = ""
    env: tuple[str, ...] = ()

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        if self.fails == "words":
            raise RuntimeError(f"this is no key: {key}")
        if self.fails == "sentence":
            raise ConfigError("the key must be an id and a secret")
        if self.fails == "careless sentence":
            raise ConfigError(f"{key} must be an id and a secret")
        return [(b"X-Key-Id" if self.fails == "name" else b"x-key-id", self.key_id.encode())]

    async def sign(self, key: str, request: UpstreamRequest) -> list[tuple[bytes, bytes]]:
        if self.fails == "signing":
            raise RuntimeError(f"cannot sign with {key}")
        if self.fails == "signing sentence":
            raise ConfigError("there are no credentials; set them")
        if self.fails == "careless signing":
            raise ConfigError(f"{key} is no pair")
        if self.fails == "silence":
            await asyncio.Event().wait()
        signed = b"\n".join((request.method.encode(), request.url.encode(), request.body))
        name = "host" if self.fails == "framing" else "x-signature"
        return [(name.encode(), hmac.digest(key.encode(), signed, "sha256").hex().encode())]


class Brings:
    """A plugin with the scheme."""

    @hookimpl
    def register_auth_schemes(self, register: Callable[[str, type], None]) -> None:
        register("acme-hmac", Hmac)


def signing(fails: str = "") -> Signing:
    signer: Signer = Hmac(fails=fails)
    return Signing("acme", signer, KEY, timeout_s=0.01)


async def test_signature_takes_the_place_of_a_header_of_its_name() -> None:
    found = await signing().signed(REQUEST)

    digest = hmac.digest(KEY.encode(), b"POST\nhttps://h/v1/x\n{}", "sha256").hex().encode()
    assert found.headers == [(b"x-kept", b"1"), (b"x-signature", digest)]
    assert (found.method, found.url, found.body) == (REQUEST.method, REQUEST.url, REQUEST.body)


@pytest.mark.parametrize(
    ("fails", "why"),
    [
        ("signing", "RuntimeError in test_signing.py"),
        ("signing sentence", "there are no credentials; set them"),
        ("careless signing", "ConfigError in test_signing.py"),
        ("silence", "TimeoutError"),
        ("framing", "cannot be sent"),
    ],
)
async def test_scheme_that_gives_no_signature_refuses_the_request_and_names_no_key(fails: str, why: str) -> None:
    with pytest.raises(UpstreamError) as refused:
        await signing(fails).signed(REQUEST)

    error = refused.value
    assert (error.status, error.code) == (502, "upstream_credential")
    assert "acme" not in error.message
    assert (error.detail or "").startswith("providers.acme: the auth scheme Hmac failed: ")
    assert why in (error.detail or "")
    assert KEY not in "".join(traceback.format_exception(error))


async def test_scheme_without_a_key_says_its_sentence_to_the_operator() -> None:
    with pytest.raises(UpstreamError) as refused:
        await Signing("acme", Hmac(fails="signing sentence"), "", timeout_s=5.0).signed(REQUEST)

    assert (refused.value.detail or "").endswith("failed: there are no credentials; set them")


def test_key_is_not_shown() -> None:
    assert KEY not in repr(signing())


@pytest.fixture
def acme(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Give `acme(**options)`: a gateway whose provider `acme` is shown its key by the scheme with these options."""
    monkeypatch.setenv("ACME_KEY", KEY)

    def make(*, second: bool = False, **options: object) -> Any:
        section = {"base_url": "https://acme.example/v1", "api_key": "env:ACME_KEY"}
        return gateway(
            {
                "providers": {
                    "acme": {**section, "auth": "acme-hmac", "auth_options": options},
                    "other": section,
                },
                "models": {"m": {"targets": ["acme/m", "other/m"] if second else ["acme/m"], "price": {"input": "1"}}},
                "plugins": {"timeout_s": 0.05},
            },
            plugins=(Brings(),),
        )

    return make


async def test_what_leaves_is_signed_as_it_leaves(acme: Any) -> None:
    gw = acme(key_id="team-7")

    reply = await gw.request(
        "POST",
        "/v1/chat/completions",
        json={"model": "m", "messages": []},
        headers={"x-signature": "forged", "x-key-id": "forged"},
    )

    assert reply.status_code == 200
    (sent,) = gw.sent
    signed = b"\n".join((b"POST", sent.url.encode(), sent.body))
    assert sent.headers["x-signature"] == hmac.digest(KEY.encode(), signed, "sha256").hex()
    assert sent.headers["x-key-id"] == "team-7"
    assert "forged" not in str(sent.headers)


@pytest.mark.parametrize("fails", ["signing", "silence", "framing"])
@pytest.mark.parametrize("second", [False, True])
async def test_call_whose_request_cannot_be_signed_is_refused_and_costs_nothing(
    acme: Any, fails: str, second: bool
) -> None:
    gw = acme(fails=fails, second=second)

    with capture_logs() as logged:
        reply = await gw.chat("m")

    assert (reply.status_code, reply.json()["error"]["code"]) == (502, "upstream_credential")
    assert gw.sent == []
    (row,) = await gw.gateway.store.recent(limit=5)
    assert not row.cost
    assert KEY not in reply.text + str(logged)


@pytest.mark.parametrize(
    ("fails", "error", "sentence"),
    [
        (
            "words",
            PluginError,
            r"^providers\.acme: the auth scheme Hmac failed: RuntimeError in test_signing\.py, line",
        ),
        (
            "careless sentence",
            PluginError,
            r"^providers\.acme: the auth scheme Hmac failed: ConfigError in test_signing",
        ),
        ("sentence", ConfigError, r"^the key must be an id and a secret$"),
        ("name", ConfigError, r"^providers\.acme: the auth scheme Hmac gave a header that cannot be sent$"),
    ],
)
def test_scheme_that_cannot_show_the_key_stops_the_start_and_names_no_key(
    acme: Any, fails: str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence) as refused:
        acme(fails=fails)

    assert KEY not in "".join(traceback.format_exception(refused.value))


def test_options_are_those_of_the_scheme(acme: Any) -> None:
    with pytest.raises(
        ConfigError, match=r"^providers\.acme\.auth_options: unknown option 'key_ids'; did you mean 'key_id'\?$"
    ):
        acme(key_ids="x")


async def test_provider_of_a_plugin_may_bring_its_own_signer(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Sells:
        @hookimpl
        def register_providers(self, register: Callable[[Provider], None]) -> None:
            register(Provider("sold", base_url="https://sold.example/v1", auth=Hmac(env=("SOLD_KEY",))))

    monkeypatch.setenv("SOLD_KEY", KEY)
    gw = gateway({"budgets": {"unpriced": "allow"}}, plugins=(Sells(),))

    await gw.chat("sold/m")

    assert len(gw.sent[0].headers["x-signature"]) == 64
