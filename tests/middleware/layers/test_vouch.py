"""A word of the bridge on who calls, which a service can check for itself."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from joserfc.errors import JoseError
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tollbridge import Gateway, Tollbridge, load_config
from tollbridge.jose import Issuer, KeySet, TokenRefused, verify
from tollbridge.jose.compact import decode_base64url
from tollbridge.layers.vouch import LASTS_S, TYPE

RULES = Issuer("http://127.0.0.1:8800", "shop", ("ES256",), "identity+jwt")


def service() -> Starlette:
    async def seen(request) -> JSONResponse:
        return JSONResponse([value for name, value in request.headers.items() if name == "x-tollbridge-identity"])

    return Starlette(routes=[Route("/seen", seen), Route("/open", seen)])


@pytest.fixture
def gw(mock):
    return mock(app=service(), service={"name": "shop", "vouch": True, "public": ["/open"]})


async def claims(gw, shown: str):
    published = await gw.request("GET", "/_tollbridge/jwks.json", token="")
    assert published.headers["content-type"] == "application/jwk-set+json"
    return verify(shown.encode(), RULES, KeySet.parse(published.content), gw.clock.time())


async def test_service_is_told_who_calls_for_a_minute(gw) -> None:
    token = await gw.token("service:*", owner="ada", team="blue")

    (shown,) = (await gw.request("GET", "/seen", token=token)).json()
    said = await claims(gw, shown)

    (row,) = await gw.gateway.store.recent()
    assert (said["sub"], said["team"], said["environment"], said["scope"]) == ("ada", "blue", "live", "service:*")
    assert said["act"] == {"sub": row.token_id, "name": "test", "kind": "bearer"}
    assert said["txn"] == said["jti"] == row.call_id
    assert said["exp"] - said["iat"] == LASTS_S
    gw.clock.advance(LASTS_S)
    with pytest.raises(TokenRefused):
        await claims(gw, shown)


async def test_token_without_an_owner_stands_for_itself(gw) -> None:
    (shown,) = (await gw.request("GET", "/seen")).json()

    said = await claims(gw, shown)
    assert said["sub"] == said["act"]["sub"]


async def test_scopes_are_those_that_every_bound_includes(gw) -> None:
    parent = await gw.token("service:shop:*", "ai:chat")
    minter = await gw.gateway.tokens.identify(parent.encode())
    child = await gw.gateway.tokens.issue(name="c", scopes=("service:shop:GET:*", "ai:chat"), minter=minter)

    (shown,) = (await gw.request("GET", "/seen", token=child.secret)).json()

    assert (await claims(gw, shown))["scope"] == "service:shop:GET:* ai:chat"


async def test_word_that_a_caller_brings_never_gets_there(gw) -> None:
    (shown,) = (await gw.request("GET", "/seen")).json()

    (other,) = (await gw.request("GET", "/seen", headers={"x-tollbridge-identity": shown})).json()
    alone = (await gw.request("GET", "/open", token="", headers={"x-tollbridge-identity": shown})).json()

    assert other != shown
    assert alone == []


async def test_models_are_told_nothing(gw) -> None:
    gw.upstream.reply({"choices": []})
    await gw.chat("gpt-4o-mini")

    (sent,) = gw.sent
    assert "x-tollbridge-identity" not in sent.headers


async def test_nobody_vouches_and_no_key_is_published_unless_that_is_asked(mock) -> None:
    gw = mock(app=service())

    assert (await gw.request("GET", "/seen")).json() == []
    assert "keys" not in (await gw.request("GET", "/_tollbridge/jwks.json", token="")).text


async def test_audience_and_issuer_are_what_the_configuration_says(mock) -> None:
    options = {"service": {"name": "shop", "vouch": True, "audience": "https://shop.internal"}}
    gw = mock(app=service(), server={"public_url": "https://gw.example.com"}, **options)
    (shown,) = (await gw.request("GET", "/seen")).json()
    published = await gw.request("GET", "/_tollbridge/jwks.json", token="")

    rules = Issuer("https://gw.example.com", "https://shop.internal", ("ES256",), "identity+jwt")
    assert verify(shown.encode(), rules, KeySet.parse(published.content), gw.clock.time())


async def test_published_keys_hold_nothing_private(gw) -> None:
    await gw.client()

    (key,) = json.loads((await gw.request("GET", "/_tollbridge/jwks.json", token="")).content)["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}


def test_service_further_behind_checks_it_as_the_documentation_says(tmp_path, monkeypatch) -> None:
    page = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text("utf-8")
    (source,) = re.findall(r"^```python\n# behind.py\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    behind: dict[str, Any] = {}
    exec(compile(source, "behind.py", "exec"), behind)
    gateway = Gateway(load_config({"service": {"name": "shop", "vouch": True}}, {"TOLLBRIDGE_DATA": str(tmp_path)}))

    with TestClient(Tollbridge(service(), gateway=gateway)) as client:
        assert client.portal is not None
        issued = client.portal.call(lambda: gateway.tokens.issue(name="t", scopes=("service:*",), owner="ada"))
        (shown,) = client.get("/seen", headers={"authorization": f"Bearer {issued.secret}"}).json()
        monkeypatch.setattr("httpx2.get", client.get)

        assert behind["caller"](shown)["sub"] == "ada"
        head, payload, signature = shown.split(".")
        with pytest.raises(JoseError):
            behind["caller"](f"{head}.{payload}.{'A' * len(signature)}")
        assert gateway.vouching is not None
        claims, key = json.loads(decode_base64url(payload.encode())), client.portal.call(gateway.vouching.current)
        assert behind["caller"](key.sign(claims, TYPE))["sub"] == "ada"
        with pytest.raises(JoseError, match="typ"):
            behind["caller"](key.sign(claims, "at+jwt"))
