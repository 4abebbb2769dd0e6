"""What the server says of itself, where, and where it must not be."""

from collections.abc import Callable

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from tests.support.programs import ISSUER, Program, program
from tests.support.visiting import Visitor

from tollbridge import ConfigError
from tollbridge.testing import GatewayUnderTest

Makes = Callable[..., GatewayUnderTest]
SERVER, RESOURCE = "/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource"
REGISTRATION = {"registration": True, "registration_token": "env:MOCK_KEY"}


async def test_server_says_what_it_does(server: Makes) -> None:
    client = await server().client()

    reply = await client.get(SERVER)

    found, base = reply.json(), f"{ISSUER}/_tollbridge/oauth"
    assert reply.headers["access-control-allow-origin"] == "*"
    AuthorizationServerMetadata({**found, "issuer": "https://x.example"}).validate_grant_types_supported()
    assert (found["issuer"], found["jwks_uri"]) == (ISSUER, f"{ISSUER}/_tollbridge/jwks.json")
    assert (found["token_endpoint"], found["authorization_endpoint"]) == (f"{base}/token", f"{base}/authorize")
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    assert "registration_endpoint" not in found
    registering = await (await server(**REGISTRATION).client()).get(SERVER)
    assert registering.json()["registration_endpoint"] == f"{base}/register"


async def test_metadata_are_those_of_the_standard(server: Makes) -> None:
    under = server({"server": {"public_url": "https://gw.example"}}, **REGISTRATION)

    found = AuthorizationServerMetadata((await (await under.client()).get(SERVER)).json())

    found.validate()


async def test_every_endpoint_that_is_named_is_there(server: Makes) -> None:
    under = server(**REGISTRATION)
    client = await under.client()
    found = (await client.get(SERVER)).json()

    for name, url in found.items():
        if name.endswith(("_endpoint", "_uri")):
            path = url.removeprefix(ISSUER)
            reply = (
                await client.get(path) if name in ("authorization_endpoint", "jwks_uri") else await client.post(path)
            )
            assert (name, reply.status_code not in (404, 405)) == (name, True)


async def test_resource_says_who_issues_for_it_and_every_401_says_where_that_stands(server: Makes) -> None:
    under = server()
    client = await under.client()

    found = (await client.get(RESOURCE)).json()
    refused = [
        await under.request("GET", "/v1/models", token=""),
        await under.request("GET", "/v1/models", token="nonsense"),
        await under.request("GET", "/_tollbridge/api/v1/tokens", token=""),
    ]

    assert (found["resource"], found["authorization_servers"]) == (ISSUER, [ISSUER])
    for reply in refused:
        challenge = reply.headers["www-authenticate"]
        assert challenge == f'Bearer realm="tollbridge", resource_metadata="{ISSUER}{RESOURCE}"'


async def test_issuer_is_the_public_url_whatever_a_request_says(server: Makes) -> None:
    under = server({"server": {"public_url": "https://example.com:8443/gw"}})
    client = await under.client()
    lies = {"host": "evil.test", "x-forwarded-host": "evil.test", "forwarded": "host=evil.test;proto=http"}

    found = [await client.get(f"{path}/gw", headers=lies) for path in (SERVER, RESOURCE)]
    stripped, other = await client.get(SERVER), await client.get(f"{SERVER}/other")
    refused = await under.request("GET", "/v1/models", token="", headers=lies)

    issuer = "https://example.com:8443/gw"
    assert [reply.json().get("issuer", issuer) for reply in found] == [issuer, issuer]
    assert found[1].json()["resource"] == issuer
    assert found[0].json()["token_endpoint"] == f"{issuer}/_tollbridge/oauth/token"
    assert stripped.json() == found[0].json()
    assert other.status_code == 404
    assert f'"https://example.com:8443{RESOURCE}/gw"' in refused.headers["www-authenticate"]
    assert "evil" not in "".join(reply.text for reply in (*found, stripped))
    assert (await client.post(f"{SERVER}/gw")).status_code == 404


async def test_token_of_a_public_gateway_names_it(server: Makes) -> None:
    notes: Program = await program(Visitor(server({"server": {"public_url": "https://gw.example"}})))
    token = (await notes.own()).json()["access_token"]

    assert (await notes.look(token))["iss"] == "https://gw.example"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "0.0.0.0"}, "public_url with https"),
        ({"host": "gw.internal"}, "public_url with https"),
        ({"public_url": "http://gw.example"}, "public_url with https"),
        ({"prefix": ""}, "server.prefix"),
    ],
)
async def test_server_that_would_be_reached_in_the_open_does_not_start(
    server: Makes, options: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        await server({"server": options}).client()


async def test_keys_are_published_with_those_of_assertions(server: Makes) -> None:
    under = server({"service": {"vouch": True}})
    client = await under.client()

    keys = (await client.get("/_tollbridge/jwks.json")).json()["keys"]

    assert len({key["kid"] for key in keys}) == 2
    assert {key["alg"] for key in keys} == {"ES256"}
    assert not {"d"} & {name for key in keys for name in key}
