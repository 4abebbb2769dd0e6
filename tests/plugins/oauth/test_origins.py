"""Pages of other origins that sign in by themselves, such as MCP Inspector's."""

from collections.abc import Callable

import pytest
from tests.support.programs import ISSUER

from tollbridge.testing import GatewayUnderTest

Makes = Callable[..., GatewayUnderTest]
PAGE = "http://localhost:6274"
TOKEN, REGISTER, REVOKE = (f"/_tollbridge/oauth/{name}" for name in ("token", "register", "revoke"))
SERVER, RESOURCE = "/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource"
OPEN = {"registration": True, "registration_token": "env:MOCK_KEY"}
ASKS = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,mcp-protocol-version",
}


@pytest.fixture
def under(server: Makes) -> GatewayUnderTest:
    return server({"services": {"mcp_origins": [PAGE]}}, **OPEN)


@pytest.mark.parametrize("path", [SERVER, RESOURCE])
async def test_any_page_may_ask_for_what_the_server_says_of_itself(under: GatewayUnderTest, path: str) -> None:
    client = await under.client()
    headers = {"origin": "https://any.example", **ASKS, "access-control-request-method": "GET"}

    told = await client.request("OPTIONS", path, headers=headers)
    found = await client.get(path, headers={"origin": "https://any.example", "mcp-protocol-version": "2025-11-25"})

    assert (told.status_code, told.headers["access-control-allow-origin"]) == (204, "*")
    assert "mcp-protocol-version" in told.headers["access-control-allow-headers"]
    assert (found.status_code, found.headers["access-control-allow-origin"]) == (200, "*")
    assert (await client.request("OPTIONS", path)).status_code == 404


@pytest.mark.parametrize("path", [TOKEN, REGISTER])
async def test_page_that_may_call_mcp_servers_asks_for_tokens_and_registers(under: GatewayUnderTest, path: str) -> None:
    client = await under.client()

    told = await client.request("OPTIONS", path, headers={"origin": PAGE, **ASKS})
    answer = await client.post(path, headers={"origin": PAGE}, data={"grant_type": "nothing"})

    assert (told.status_code, told.headers["access-control-allow-origin"]) == (204, PAGE)
    assert "POST" in told.headers["access-control-allow-methods"]
    assert (answer.status_code in (400, 401), answer.headers["access-control-allow-origin"]) == (True, PAGE)
    for reply in (told, answer):
        assert "origin" in reply.headers["vary"]
        assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize(
    ("path", "origin"),
    [(TOKEN, "https://evil.example"), (TOKEN, "null"), (TOKEN, ISSUER), (REGISTER, f"{PAGE}0"), (REVOKE, PAGE)],
)
async def test_other_pages_and_other_endpoints_are_told_nothing(
    under: GatewayUnderTest, path: str, origin: str
) -> None:
    client = await under.client()

    told = await client.request("OPTIONS", path, headers={"origin": origin, **ASKS})
    answer = await client.post(path, headers={"origin": origin}, data={"grant_type": "nothing"})

    assert told.status_code == 405
    for reply in (told, answer):
        assert "access-control-allow-origin" not in reply.headers


async def test_no_page_may_where_none_is_named(server: Makes) -> None:
    client = await server(**OPEN).client()

    assert (await client.request("OPTIONS", TOKEN, headers={"origin": PAGE, **ASKS})).status_code == 405
    assert (await client.request("OPTIONS", TOKEN, headers=ASKS)).status_code == 405
