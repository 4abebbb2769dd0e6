"""How a client learns whose token it needs."""

import json
from typing import Any

import pytest

from tollbridge import NotFound
from tollbridge_mcp.metadata import Challenging, Documents, challenged, metadata_url, resource_metadata


def test_document_names_the_url_that_clients_call() -> None:
    found = resource_metadata(
        "https://gw.example", "shop", title="Shop", servers=["https://gw.example"], scopes=["service:shop:*"]
    )

    assert found == {
        "resource": "https://gw.example/v1/mcp/shop",
        "authorization_servers": ["https://gw.example"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Shop",
        "scopes_supported": ["service:shop:*"],
    }
    assert resource_metadata("https://gw.example", "")["resource"] == "https://gw.example/v1/mcp"


def test_what_has_no_values_is_left_out() -> None:
    found = resource_metadata("https://gw.example", "")

    assert found.keys() == {"resource", "bearer_methods_supported", "resource_name"}


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [
        ("https://gw.example", "https://gw.example/.well-known/oauth-protected-resource/v1/mcp/shop"),
        ("https://gw.example/ai", "https://gw.example/.well-known/oauth-protected-resource/ai/v1/mcp/shop"),
    ],
)
def test_document_stands_between_host_and_path(issuer: str, expected: str) -> None:
    assert metadata_url(issuer, "/v1/mcp/shop") == expected


@pytest.mark.parametrize(
    ("path", "method", "status", "resource"),
    [
        ("", "GET", 200, "https://gw.example/v1/mcp"),
        ("/shop", "GET", 200, "https://gw.example/v1/mcp/shop"),
        ("/shop", "HEAD", 200, ""),
        ("/nobody-knows", "GET", 200, "https://gw.example/v1/mcp/nobody-knows"),
        ("/shop", "POST", 404, ""),
        ("/Shop", "GET", 404, ""),
        ("/shop/deeper", "GET", 404, ""),
        ('/a"b', "GET", 404, ""),
    ],
)
async def test_documents_are_served_for_whatever_could_be_a_slug(
    path: str, method: str, status: int, resource: str
) -> None:
    app = Documents("https://gw.example", ["https://gw.example"])
    where = "/.well-known/oauth-protected-resource/v1/mcp"
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": where + path, "root_path": where, "headers": []}
    if status == 404:
        with pytest.raises(NotFound):
            await app(scope, None, send)  # type: ignore[arg-type]
        return
    await app(scope, None, send)  # type: ignore[arg-type]

    assert (b"access-control-allow-origin", b"*") in sent[0]["headers"]
    if resource:
        assert json.loads(sent[1]["body"])["resource"] == resource


def test_challenge_says_where_the_document_is() -> None:
    where = "https://gw.example/x"

    found = challenged([(b"WWW-Authenticate", b'Bearer realm="t"'), (b"a", b"Bearer b")], where)

    assert found == [
        (b"WWW-Authenticate", b'Bearer realm="t", resource_metadata="https://gw.example/x"'),
        (b"a", b"Bearer b"),
    ]
    assert challenged([(b"www-authenticate", b"Bearer")], where) == [
        (b"www-authenticate", b'Bearer resource_metadata="https://gw.example/x"')
    ]
    assert challenged([(b"www-authenticate", b"Basic x")], where) == [(b"www-authenticate", b"Basic x")]


def test_url_cannot_break_out_of_the_challenge() -> None:
    ((_, value),) = challenged([(b"www-authenticate", b"Bearer")], 'https://x/"\r\n, \\Basic é')

    assert value == b'Bearer resource_metadata="https://x/,Basic"'


@pytest.mark.parametrize(("status", "said"), [(401, True), (403, True), (200, False)])
async def test_refusals_alone_are_challenged(status: int, said: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"www-authenticate", b"Bearer")]})
        await send({"type": "http.response.body", "body": b"x"})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    app_ = Challenging(app, lambda path: f"https://gw.example{path}")
    await app_({"type": "http", "path": "/root/v1/mcp", "root_path": "/root"}, None, send)  # type: ignore[arg-type]

    assert (b'"https://gw.example/v1/mcp"' in sent[0]["headers"][0][1]) is said
    assert sent[1]["body"] == b"x"
