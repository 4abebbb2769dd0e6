"""An OpenID provider in this process, whose every answer can be made wrong."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

from tests.support.jwts import NOW, jwks, signed, signer
from tests.support.visiting import PREFIX

from tollbridge.browsing import SESSION
from tollbridge.errors import UpstreamUnreachable
from tollbridge.testing.fake import FakeAnswer, FakeUpstream, Reply
from tollbridge.transport.base import UpstreamRequest, UpstreamResponse

ISSUER = "https://login.example"
CLIENT = "tollbridge"
SECRET = "secret: of+the&client%"
CORP = {"issuer": ISSUER, "client_id": CLIENT, "client_secret": "env:CORP_SECRET", "title": "Example & Corp"}
STATE = "__Host-tollbridge_attempt"
IN = f"__Host-{SESSION}"
PUBLIC = "https://gw.example"
CALLBACK = f"{PUBLIC}/_tollbridge/sign-in/oidc/corp/callback"


class OpenId(FakeUpstream):
    """Knows one client.  What `metadata`, `claims`, `head` and `userinfo` have goes over good answers; None leaves out.

    `replies` stand in for whole answers, by the end of the URL. `away` does not answer at all.
    """

    def __init__(self, issuer: str = ISSUER) -> None:
        super().__init__()
        self.issuer = issuer
        self.metadata: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.head: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.replies: dict[str, Reply] = {}
        self.key = signer()
        self.asked: list[UpstreamRequest] = []
        self.away = False
        self.token_errors: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def agree(self, location: str, **more: str | None) -> str:
        """Be gone to, and give the path that somebody is sent back to; `more` goes over what the answer says."""
        url = urlsplit(location)
        asked = dict(parse_qsl(url.query))
        assert f"{url.scheme}://{url.netloc}{url.path}" == f"{self.issuer}/authorize"
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer, **more}
        back = urlsplit(asked["redirect_uri"])
        assert back.netloc == urlsplit(PUBLIC).netloc
        return back.path + "?" + urlencode({name: value for name, value in answer.items() if value is not None})

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        if not request.url.startswith(self.issuer):
            return await super().send(request)
        self.asked.append(request)
        if self.away:
            raise UpstreamUnreachable("the provider login.example cannot be reached", detail="refused")
        path = request.url.removeprefix(self.issuer)
        reply = self.replies.get(path) or _ANSWERS[path](self, request)
        if reply.error is not None:
            raise reply.error
        return FakeAnswer(reply)

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.url.removeprefix(self.issuer) for request in self.asked]

    def _metadata(self, request: UpstreamRequest) -> Reply:
        urls = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        said = {"issuer": self.issuer, **{name: f"{self.issuer}/{path}" for name, path in urls.items()}}
        said |= {"userinfo_endpoint": f"{self.issuer}/me", "authorization_response_iss_parameter_supported": True}
        return _json({**said, "id_token_signing_alg_values_supported": ["RS256"]}, self.metadata)

    def _jwks(self, request: UpstreamRequest) -> Reply:
        return Reply(body=jwks(self.key))

    def _token(self, request: UpstreamRequest) -> Reply:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        asked = self._codes.pop(form.get("code", ""), None)
        shown = dict(request.headers).get(b"authorization", b"")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        pair = [unquote_plus(part) for part in base64.b64decode(shown.partition(b" ")[2]).decode().split(":")]
        checks = {
            "code": asked is not None,
            "verifier": asked is not None and asked["code_challenge"] == challenge,
            "redirect_uri": asked is not None and asked["redirect_uri"] == form.get("redirect_uri"),
            "client": pair == [CLIENT, SECRET]
            or (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET),
            "grant": form.get("grant_type") == "authorization_code",
        }
        self.token_errors += [name for name, holds in checks.items() if not holds]
        if self.token_errors or asked is None:
            return _json({"error": "invalid_grant"}, {}, 400)
        return _json({"access_token": "access-1", "token_type": "Bearer", "id_token": self._id_token(asked)}, {})

    def _id_token(self, asked: dict[str, str]) -> str:
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "ada-1",
            "nonce": asked["nonce"],
            "iat": NOW,
            "exp": NOW + 300,
        }
        claims |= {"auth_time": NOW, "email": "ada@example.com", "email_verified": True, "name": "Ada"}
        claims |= self.claims
        head = {"alg": self.key.algorithm, "kid": self.key.kid, "typ": "JWT", **self.head}
        found = {name: value for name, value in claims.items() if value is not None}
        return signed({name: value for name, value in head.items() if value is not None}, found, self.key).decode()

    def _me(self, request: UpstreamRequest) -> Reply:
        assert dict(request.headers)[b"authorization"] == b"Bearer access-1"
        return _json({"sub": "ada-1", "email": "ada@example.com", "email_verified": True, "name": "Ada"}, self.userinfo)


_ANSWERS = {
    "/.well-known/openid-configuration": OpenId._metadata,
    "/jwks": OpenId._jwks,
    "/token": OpenId._token,
    "/me": OpenId._me,
}


def _json(said: dict[str, Any], changes: dict[str, Any], status: int = 200) -> Reply:
    found = {name: value for name, value in {**said, **changes}.items() if value is not None}
    return Reply(status, json.dumps(found).encode())


async def go(visitor, query="", name="corp"):
    """Go to the provider by its button."""
    return await visitor.get(f"/sign-in/oidc/{name}{query}", **{"sec-fetch-site": "same-origin"})


async def come(visitor, path):
    """Come back as the provider sends somebody."""
    return await visitor.get(path.removeprefix(PREFIX), **{"sec-fetch-site": "cross-site"})


async def sign_in(visitor, query="", **answer):
    """Sign in the whole way."""
    left = await go(visitor, query)
    assert left.status_code == 303, left.text
    return await come(visitor, visitor.corp.agree(left.headers["location"], **answer))


async def session(visitor):
    return await visitor.under.gateway.sessions.find(visitor.cookies.get(IN, ""))
