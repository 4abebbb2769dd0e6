"""Pages of other origins: MCP Inspector and its like, in a browser."""

from typing import Any

import pytest

from tollbridge.testing import GatewayUnderTest, gateway
from tollbridge_mcp.pages import allowed_headers, may_call

__all__ = ["gateway"]

PAGE = "http://localhost:6274"
ASKS = {
    "origin": PAGE,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,mcp-protocol-version,x-evil",
}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
JSON = {"accept": "application/json, text/event-stream"}


@pytest.fixture
def bridge(gateway: Any) -> GatewayUnderTest:
    return gateway({"server": {"public_url": "https://gw.example"}, "services": {"mcp_origins": [PAGE]}})


async def test_page_asks_without_a_token_and_is_told_what_it_may_send(bridge: GatewayUnderTest) -> None:
    answer = await bridge.request("OPTIONS", "/v1/mcp", token="", headers=ASKS)

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["access-control-allow-headers"] == "authorization, content-type, mcp-protocol-version"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "origin"


async def test_page_reads_an_answer_and_a_refusal_with_what_a_client_needs_of_them(bridge: GatewayUnderTest) -> None:
    answer = await bridge.request("POST", "/v1/mcp", json=PING, headers={"origin": PAGE, **JSON})
    refused = await bridge.request("POST", "/v1/mcp", token="", json=PING, headers={"origin": PAGE})

    assert (answer.status_code, refused.status_code) == (200, 401)
    for one in (answer, refused):
        assert one.headers["access-control-allow-origin"] == PAGE
        exposed = one.headers["access-control-expose-headers"].split(", ")
        assert {"mcp-session-id", "www-authenticate"} <= set(exposed)
    assert "resource_metadata" in refused.headers["www-authenticate"]


async def test_page_of_another_origin_is_told_nothing_and_refused(bridge: GatewayUnderTest) -> None:
    evil = {"origin": "https://evil.example"}

    asked = await bridge.request("OPTIONS", "/v1/mcp", token="", headers={**ASKS, **evil})
    called = await bridge.request("POST", "/v1/mcp", json=PING, headers={**evil, **JSON})

    assert (asked.status_code, called.status_code) == (204, 403)
    assert called.json()["error"]["data"]["code"] == "origin_not_allowed"
    for one in (asked, called):
        assert not [name for name in one.headers if name.startswith("access-control-")]


async def test_options_that_is_no_question_of_a_page_is_a_call_like_any_other(bridge: GatewayUnderTest) -> None:
    assert (await bridge.request("OPTIONS", "/v1/mcp", token="", headers={"origin": PAGE})).status_code == 401
    assert (await bridge.request("OPTIONS", "/v1/mcp")).status_code == 405


async def test_any_page_may_ask_for_the_document(bridge: GatewayUnderTest) -> None:
    where = "/.well-known/oauth-protected-resource/v1/mcp"

    asked = await bridge.request("OPTIONS", where, token="", headers={**ASKS, "origin": "https://any.example"})
    plain = await bridge.request("OPTIONS", where, token="")

    assert (asked.status_code, plain.status_code) == (204, 404)
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "mcp-protocol-version" in asked.headers["access-control-allow-headers"]


async def test_document_names_those_whose_tokens_are_taken(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    jwt = {"issuers": {name: {"issuer": f"https://{name}.example", "audience": "gw"} for name in ("corp", "partner")}}
    asked = {"url": "https://old.example/i", "client_id": "gw", "client_secret": "env:SECRET", "audience": "gw"}
    sections: Any = {"identity": {"jwt": jwt, "introspection": {**asked, "issuer": "https://old.example"}}}
    monkeypatch.setenv("SECRET", "s")
    bridge = gateway({"server": {"public_url": "https://gw.example"}, "oauth": {"enabled": True}, **sections})

    found = await bridge.request("GET", "/.well-known/oauth-protected-resource/v1/mcp/shop", token="")

    assert found.json()["authorization_servers"] == [
        "https://gw.example",
        "https://corp.example",
        "https://partner.example",
        "https://old.example",
    ]


def test_what_a_page_asks_to_send_is_bounded() -> None:
    asked = b",".join([b"mcp-param-%d" % number for number in range(90)] + [b"mcp-" + b"a" * 100, b"mcp-\x00", b""])

    names = allowed_headers([(b"access-control-request-headers", asked)]).split(b", ")

    assert len(names) == 50
    assert all(name.startswith(b"mcp-param-") for name in names)


@pytest.mark.parametrize(("origin", "may"), [("https://a.example", True), ("http://localhost", False)])
def test_named_origins_are_the_only_ones(origin: str, may: bool) -> None:
    assert may_call(origin, ["https://a.example"]) is may
