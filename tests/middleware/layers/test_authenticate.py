"""Who calls."""

import pytest

from tollbridge.errors import Unauthenticated
from tollbridge.layers.authenticate import Authenticate
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import ScopeSet
from tollbridge.tokens.secret import make_secret

REFUSAL = b'{"error":{"message":"no valid token was given; send it as \'Authorization: Bearer <token>\'",'


@pytest.mark.parametrize("header", ["authorization", "x-api-key", "x-goog-api-key", "AUTHORIZATION"])
async def test_token_is_taken_from_each_header(mock, header) -> None:
    gw = mock()
    token = await gw.token()
    value = f"Bearer {token}" if header.lower() == "authorization" else token

    reply = await gw.request("GET", "/v1/models", token="", headers={header: value})

    assert reply.status_code == 200


async def test_unknown_revoked_and_expired_tokens_get_the_same_bytes(mock) -> None:
    gw = mock(at="2026-01-05T12:00:00+00:00")
    await gw.client()
    issue = gw.gateway.tokens.issue
    revoked, expired = await issue(name="r"), await issue(name="e", expires_at=gw.clock.now().replace(hour=13))
    await gw.gateway.tokens.revoke(revoked.token.id)
    gw.clock.advance(2 * 3600)

    replies = [
        await gw.request("GET", "/v1/models", token=token)
        for token in (make_secret(), revoked.secret, expired.secret, "tb_short", "sk-somebody-elses")
    ]

    assert {reply.status_code for reply in replies} == {401}
    assert len({reply.content for reply in replies}) == 1
    assert replies[0].content.startswith(REFUSAL)
    assert replies[0].headers["www-authenticate"] == 'Bearer realm="tollbridge"'
    ids = {"x-request-id", "request-id"}
    headers = [[pair for pair in reply.headers.items() if pair[0] not in ids] for reply in replies]
    assert all(found == headers[0] for found in headers)


async def test_missing_token_is_refused(mock) -> None:
    assert (await mock().request("GET", "/v1/models", token="")).status_code == 401


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
async def test_other_schemes_are_no_token(mock, scheme) -> None:
    reply = await mock().request("GET", "/v1/models", token="", headers={"authorization": f"{scheme} dGI="})

    assert reply.status_code == 401


async def test_two_different_credentials_are_refused_and_equal_ones_are_not(mock) -> None:
    gw = mock()
    token, other = await gw.token(), await gw.token()

    same = await gw.request("GET", "/v1/models", token=token, headers={"x-api-key": token})
    differ = await gw.request("GET", "/v1/models", token=token, headers={"x-api-key": other})

    assert same.status_code == 200
    assert differ.status_code == 400
    assert differ.json()["error"]["code"] == "ambiguous_credential"


@pytest.mark.parametrize("name", ["key", "api_key", "access_token"])
async def test_credential_in_the_url_is_refused(mock, name) -> None:
    gw = mock()
    token = await gw.token()

    reply = await gw.request("GET", f"/v1/models?{name}={token}", token=token)

    assert reply.status_code == 400
    assert token not in reply.text


async def test_ordinary_query_is_no_credential(mock) -> None:
    assert (await mock().request("GET", "/v1/models?limit=20&after=x")).status_code == 200


async def test_credentials_reach_neither_the_provider_nor_the_wrapped_app(mock) -> None:
    seen = []

    async def app(scope, receive, send) -> None:
        seen.extend(scope["headers"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gw = mock(app=app)
    token = await gw.token()
    await gw.request("GET", "/mine", token=token)
    await gw.chat("gpt-4o-mini", token=token)

    assert token not in str(seen)
    (sent,) = gw.sent
    assert token not in str(sent)
    assert sent.headers["authorization"] == "Bearer sk-upstream-secret"


async def test_public_paths_need_no_token_and_others_do(mock) -> None:
    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gw = mock(app=app, service={"public": ["/open", "/docs/*"]})

    statuses = [
        (await gw.request("GET", path, token="")).status_code
        for path in ("/open", "/docs/a/b", "/docs", "/open/more", "/openx", "/closed")
    ]

    assert statuses == [204, 204, 401, 401, 401, 401]


async def test_layer_works_alone() -> None:
    class Tokens:
        async def identify(self, secret: bytes) -> Principal | None:
            return Principal("tok_1", "me", ScopeSet()) if secret == b"right" else None

    async def app(scope, receive, send) -> None:
        name = scope["tollbridge"].principal.name.encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": name})

    sent = []

    async def send(message) -> None:
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    for secret in (b"right", b"wrong"):
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"authorization", b"Bearer " + secret)]}
        await Authenticate(app, tokens=Tokens())(scope, receive, send)

    assert sent[1]["body"] == b"me"
    assert sent[2]["status"] == Unauthenticated.status
