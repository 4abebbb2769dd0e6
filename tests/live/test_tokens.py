"""Tokens over the wire: kept as digests, never two, never in a URL."""

import socket
from collections.abc import Iterator

import httpx2
import pytest
from tests.live.looking import bearer, chat, settled
from tests.support.live import LiveGateway, mock_config

PATH = "/v1/chat/completions"
KEY = "sk-upstream-secret"


def parts_of(secret: str) -> set[bytes]:
    """Give a secret's 12-character parts, without the public beginning that a list of tokens shows."""
    body = secret[7:]
    return {body[start : start + 12].encode() for start in range(len(body) - 11)}


def test_no_file_holds_a_token_or_the_providers_key(tmp_path, upstream) -> None:
    with LiveGateway(tmp_path, mock_config(upstream.url)) as gateway:
        made = gateway.token()
        httpx2.post(f"{gateway.url}{PATH}", json=chat(), headers=bearer(made["token"])).raise_for_status()
        httpx2.post(f"{gateway.url}{PATH}", json=chat(stream=True), headers=bearer(made["token"])).raise_for_status()
        settled(tmp_path, 2)
        alive = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    ended = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    assert "tollbridge.db-wal" in alive
    assert upstream.requests[0].header("authorization") == f"Bearer {KEY}"
    parts = parts_of(made["token"]) | {KEY.encode()}
    assert len(parts) > 20
    for content in (*alive.values(), *ended.values(), gateway.text.encode()):
        assert not [part for part in parts if part in content]


@pytest.fixture(scope="module")
def live(tmp_path_factory) -> Iterator[tuple[LiveGateway, str]]:
    with LiveGateway(tmp_path_factory.mktemp("tokens"), mock_config("http://127.0.0.1:9")) as gateway:
        yield gateway, gateway.token()["token"]


def status(port: int, header: bytes) -> int:
    """Send a request with one more header as raw bytes; a connection that is cut counts as 431."""
    data = b"GET /v1/models HTTP/1.1\r\nhost: h\r\nconnection: close\r\n" + header + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        answer = b""
        try:
            connection.sendall(data)
            while part := connection.recv(65536):
                answer += part
        except (ConnectionResetError, BrokenPipeError):
            pass
    return int(answer.split(b" ", 2)[1]) if answer else 431


def test_two_credentials_are_never_resolved_to_one(live) -> None:
    gateway, token = live
    good, bad = token.encode(), b"tb_other"

    def both(one: bytes, other: bytes) -> int:
        return status(gateway.port, one + b"\r\n" + other)

    assert both(b"authorization: Bearer " + good, b"authorization: Bearer " + good) == 400
    assert both(b"authorization: Bearer " + good, b"authorization: Bearer " + bad) == 400
    assert both(b"authorization: Bearer " + good, b"x-api-key: " + bad) == 400
    assert both(b"x-api-key: " + bad, b"authorization: Bearer " + good) == 400
    assert both(b"x-api-key: " + good, b"x-goog-api-key: " + bad) == 400
    assert both(b"authorization: Bearer " + good, b"x-api-key: " + good) == 200


@pytest.mark.parametrize("name", ["key", "api_key", "apikey", "api-key", "access_token", "token", "API_KEY"])
def test_token_in_the_url_is_refused_and_not_logged(live, name) -> None:
    gateway, token = live

    for headers in ({}, bearer(token)):
        answer = httpx2.get(f"{gateway.url}/v1/models", params={name: token}, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ambiguous_credential")

    assert token[7:] not in gateway.text
