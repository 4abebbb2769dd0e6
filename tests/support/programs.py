"""Programs before the authorization server of a gateway under test."""

import html
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from tests.support.visiting import PREFIX, Visitor

from tollbridge.authorizing import AuthMethod, ClientRules, GrantType

ISSUER = "http://127.0.0.1:8800"
"""Of a gateway that has no public URL."""
BACK = "https://app.example/done"
VERIFIER = "v" * 43
CHALLENGE = create_s256_code_challenge(VERIFIER)
ALL = tuple(GrantType)
OF_PEOPLE = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.DEVICE_CODE)
SCOPES = ("ai:*", "model:*")
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


class Program:
    """A program with a client, and the somebody in whose browser it sends people here."""

    def __init__(self, visitor: Visitor, id: str, secret: str) -> None:
        self.visitor = visitor
        self.id = id
        self.secret = secret

    async def ask(self, endpoint: str, *, secret: str | None = None, **form: str) -> httpx2.Response:
        """Post a form, as the client, by its secret if it has one."""
        shown = self.secret if secret is None else secret
        if shown:
            return await self.post(endpoint, form, auth=(self.id, shown))
        return await self.post(endpoint, {"client_id": self.id, **form})

    async def post(self, endpoint: str, form: Any, **options: Any) -> httpx2.Response:
        """Post a form as nobody in particular."""
        client = await self.visitor.under.client()
        client.cookies.clear()
        return await client.post(f"{PREFIX}/oauth/{endpoint}", data=form, **options)

    async def token(self, grant: str, **form: str) -> httpx2.Response:
        """Ask for a token."""
        return await self.ask("token", grant_type=grant, **form)

    async def own(self, scope: str = "ai:chat model:*") -> httpx2.Response:
        """Ask for a token for itself."""
        return await self.token("client_credentials", scope=scope)

    async def look(self, token: str) -> Any:
        """Introspect a token."""
        reply = await self.ask("introspect", token=token)
        assert reply.status_code == 200
        return reply.json()

    def wish(self, **changes: str | None) -> str:
        """Write the query of an authorization request; what is None is left out."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": BACK,
            "scope": "ai:chat model:gpt-*",
            "state": "s t&ate",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return urlencode({name: value for name, value in asked.items() if value is not None})

    async def send(self, **changes: str | None) -> httpx2.Response:
        """Send the person here."""
        return await self.visitor.get(f"/oauth/authorize?{self.wish(**changes)}")

    async def agree(self, page: httpx2.Response, **changes: str) -> httpx2.Response:
        """Have the person say yes to the page."""
        return await self.visitor.post("/oauth/authorize", {**fields(page), "answer": "agree", **changes})

    async def code(self, **changes: str | None) -> str:
        """Have the person agree, and give the code."""
        reply = await self.send(**changes)
        if reply.status_code == 200:
            reply = await self.agree(reply)
        return told(reply)["code"]

    async def redeem(self, code: str, **changes: str) -> httpx2.Response:
        """Redeem a code."""
        form = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER, **changes}
        return await self.token("authorization_code", **form)

    async def lent(self, **changes: str | None) -> Any:
        """Have a person agree and redeem the code: gives both tokens."""
        reply = await self.redeem(await self.code(**changes))
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def opens(self, token: str) -> int:
        """Call the bridge with a token, and give the status."""
        return (await self.visitor.under.request("GET", "/v1/models", token=token)).status_code


def fields(page: httpx2.Response) -> dict[str, str]:
    """Give what a page's form would send but for its buttons."""
    found = re.findall(r'<input type="(hidden|radio)" name="(\w+)" value="([^"]*)"( checked)?', page.text)
    return {name: html.unescape(value) for kind, name, value, checked in found if kind == "hidden" or checked}


def told(reply: httpx2.Response) -> dict[str, str]:
    """Give what somebody is sent back with."""
    assert reply.status_code == 303, reply.text
    return dict(parse_qsl(urlsplit(reply.headers["location"]).query))


async def program(visitor: Visitor, *, scopes: tuple[str, ...] = SCOPES, **options: Any) -> Program:
    """Make a client; what `ClientRules` has no field for is an option of its token."""
    await visitor.under.client()
    own = {name: options.pop(name) for name in list(options) if name in ClientRules.__slots__}
    rules = ClientRules(**{"auth_method": AuthMethod.BASIC, "grants": ALL, "redirect_uris": (BACK,), **own})
    made = await visitor.under.gateway.clients.add(rules, scopes=scopes, **{"name": "Notes", **options})
    return Program(visitor, made.client.id, made.secret)
