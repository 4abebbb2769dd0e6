"""A gateway that takes signed requests, and callers who sign them."""

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tollbridge.credentials import CredentialKind, CredentialWish, IssuedCredential
from tollbridge.testing import GatewayUnderTest, gateway

__all__ = ["gateway"]

PUBLIC = "https://gw.example"
CHAT = "/v1/chat/completions"
BODY = b'{"model": "small", "messages": []}'
CONFIG = {
    "server": {"public_url": PUBLIC},
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}},
    "models": {"small": {"targets": ["mock/tiny-1"], "price": {"input": "0.15", "output": "0.60"}}},
}
SCOPES = ("ai:*", "model:*", "service:*")


def digest_of(body: bytes) -> str:
    """Give a Content-Digest (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"


@dataclass
class Wire:
    """A request about to be sent: signed by hand, as RFC 9421 section 2.5 says, so that any part can be wrong."""

    method: str = "POST"
    path: str = CHAT
    body: bytes = BODY
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    covered: tuple[str, ...] = ("@method", "@target-uri", "content-type", "content-digest")
    parameters: dict[str, Any] = field(default_factory=dict)
    label: str = "sig"
    url: str = PUBLIC

    def said(self) -> str:
        """Give the signature's parameters, in the words of the header."""
        names = " ".join(f'"{name}"' for name in self.covered)
        values = "".join(
            f";{name}={value}" if isinstance(value, int) else f';{name}="{value}"'
            for name, value in self.parameters.items()
            if value is not None
        )
        return f"({names}){values}"

    def base(self) -> bytes:
        """Give what is signed."""
        derived = {
            "@method": self.method,
            "@target-uri": f"{self.url}{self.path}",
            "@path": self.path.partition("?")[0],
        }
        lines = [f'"{name}": {derived.get(name) or self.headers[name]}' for name in self.covered]
        return "\n".join([*lines, f'"@signature-params": {self.said()}']).encode()


Sign = Callable[[bytes], bytes]


def signs_with(made: IssuedCredential) -> Sign:
    """Give what signs with a credential, by the library `cryptography` alone."""
    if made.credential.kind is CredentialKind.HMAC:
        return lambda base: hmac.digest(made.secret.encode(), base, "sha256")
    key: Any = load_pem_private_key(made.secret.encode(), None)

    def ecdsa(base: bytes) -> bytes:
        return b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(key.sign(base, ec.ECDSA(SHA256()))))

    pss = padding.PSS(mgf=padding.MGF1(SHA512()), salt_length=64)
    ways: Mapping[str, Sign] = {
        "ed25519": lambda base: key.sign(base),
        "ecdsa-p256-sha256": ecdsa,
        "rsa-pss-sha512": lambda base: key.sign(base, pss, SHA512()),
    }
    return ways[made.credential.algorithm]


class Caller:
    """Somebody with a key, and the gateway."""

    def __init__(self, gw: GatewayUnderTest, made: IssuedCredential) -> None:
        self.gw = gw
        self.made = made
        self.id = made.credential.token_id
        self.keyid = made.credential.id
        self.sign = signs_with(made) if made.credential.kind is not CredentialKind.AKSK else lambda base: b""
        self._nonces = 0

    def wire(self, **options: Any) -> Wire:
        """Give a request with a digest and all parameters, each as `parameters` says otherwise."""
        self._nonces += 1
        parameters = {
            "created": int(self.gw.clock.time()),
            "nonce": f"nonce-{self._nonces}",
            "keyid": self.keyid,
            "tag": "tollbridge",
            **options.pop("parameters", {}),
        }
        wire = Wire(parameters=parameters, **options)
        wire.headers.setdefault("content-digest", digest_of(wire.body))
        return wire

    def signed(self, wire: Wire, sign: Sign | None = None) -> dict[str, str]:
        """Give the headers of a request with its signature."""
        signature = base64.b64encode((sign or self.sign)(wire.base())).decode()
        label = wire.label
        return {**wire.headers, "signature-input": f"{label}={wire.said()}", "signature": f"{label}=:{signature}:"}

    async def send(self, wire: Wire, headers: Any = None, **changed: Any) -> Any:
        """Sign and send, with these parts of the request other than what was signed."""
        shown = self.signed(wire) if headers is None else headers
        sent = {"method": wire.method, "path": wire.path, "content": wire.body, **changed}
        method, path = sent.pop("method"), sent.pop("path")
        return await self.gw.request(method, path, token="", headers=shown, **sent)

    async def chat(self, **options: Any) -> Any:
        """Call a model."""
        return await self.send(self.wire(**options))


class HmacCaller:
    """Somebody with an access key and a secret key, who signs as Kong's hmac-auth has it."""

    def __init__(self, gw: GatewayUnderTest, made: IssuedCredential) -> None:
        self.gw = gw
        self.id = made.credential.token_id
        self.access_key = made.credential.id
        self.secret = made.secret

    def headers(self, names: str = "date @request-target digest", **options: Any) -> dict[str, str]:
        """Give the headers of a call of a model, signed; `options` are other parts of what is signed."""
        body, method, path = options.get("body", BODY), options.get("method", "POST"), options.get("path", CHAT)
        values = {
            "date": formatdate(self.gw.clock.time() + options.get("later_s", 0), usegmt=True),
            "digest": "SHA-256=" + base64.b64encode(sha256(body).digest()).decode(),
            **options.get("values", {}),
        }
        derived = {
            "@request-target": f"@request-target: {method.lower()} {path}",
            "request-line": f"{method} {path} HTTP/1.1",
        }
        text = "\n".join(derived.get(name) or f"{name}: {values[name]}" for name in names.split())
        algorithm = options.get("algorithm", "hmac-sha256")
        mac = hmac.digest(options.get("secret", self.secret).encode(), text.encode(), algorithm.removeprefix("hmac-"))
        shown = (
            f'hmac username="{options.get("access_key", self.access_key)}", algorithm="{algorithm}", '
            f'headers="{names}", signature="{base64.b64encode(mac).decode()}"'
        )
        return {"content-type": "application/json", **values, "authorization": shown}

    async def chat(self, *names: str, **options: Any) -> Any:
        """Call a model."""
        return await self.send(self.headers(*names, **options))

    async def send(self, headers: Any, *, method: str = "POST", path: str = CHAT, content: Any = BODY) -> Any:
        """Send what was signed, with these parts other than that."""
        return await self.gw.request(method, path, token="", headers=headers, content=content)


Bridge = Callable[..., GatewayUnderTest]


@pytest.fixture
def bridge(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Bridge:
    """Give `bridge(identity={...}, **sections)`: a gateway with these sources."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")

    def make(*, app: Any = None, **sections: Any) -> GatewayUnderTest:
        return gateway({**CONFIG, "identity": {"signed": {}}, **sections}, app=app)

    return make


async def issued(gw: GatewayUnderTest, kind: CredentialKind, *, token_id: str = "", **wish: Any) -> IssuedCredential:
    """Make a credential, of a token of its own unless one is named."""
    await gw.client()
    if not token_id:
        token_id = (await gw.gateway.tokens.issue(name="signer", scopes=SCOPES)).token.id
    made = await gw.gateway.credentials.add(token_id, CredentialWish(kind=kind, **wish))
    assert made is not None
    return made


async def caller(gw: GatewayUnderTest, kind: CredentialKind = CredentialKind.SIGNATURE, **wish: Any) -> Caller:
    """Give somebody who signs (RFC 9421)."""
    return Caller(gw, await issued(gw, kind, **wish))


async def hmac_caller(gw: GatewayUnderTest, **wish: Any) -> HmacCaller:
    """Give somebody with an access key."""
    return HmacCaller(gw, await issued(gw, CredentialKind.AKSK, **wish))


@pytest.fixture
async def signer(bridge: Bridge) -> Caller:
    """Give somebody who signs, and a gateway of theirs."""
    return await caller(bridge())
