"""Tokens over the wire: kept as digests, revoked at once, hostile ones refused."""

import base64
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import httpx2
import pytest
from tests.live.looking import bearer, chat, eventually, settled
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


def test_every_request_begun_after_a_revocation_is_refused(tmp_path, upstream) -> None:
    with LiveGateway(tmp_path, mock_config(upstream.url), workers=4) as gateway:
        made = gateway.token()
        seen: list[tuple[float, int]] = []
        revoked_at = [float("inf")]

        def loop() -> None:
            refused = 0
            with httpx2.Client(base_url=gateway.url, headers=bearer(made["token"]), timeout=30) as client:
                while refused < 5:
                    begun = time.monotonic()
                    status = client.get("/v1/models").status_code
                    seen.append((begun, status))
                    refused += begun > revoked_at[0]

        threads = [threading.Thread(target=loop) for _ in range(40)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(seen) >= 400, "400 requests", patience_s=20)
        gateway.run("token", "revoke", made["id"], "--yes")
        revoked_at[0] = time.monotonic()
        for thread in threads:
            thread.join(30)

    before = [status for begun, status in seen if begun < revoked_at[0]]
    after = [status for begun, status in seen if begun > revoked_at[0]]
    assert before.count(200) >= 300
    assert len(after) >= 200
    assert set(after) == {401}


@pytest.fixture(scope="module")
def live(tmp_path_factory) -> Iterator[tuple[LiveGateway, str]]:
    with LiveGateway(tmp_path_factory.mktemp("tokens"), mock_config("http://127.0.0.1:9")) as gateway:
        yield gateway, gateway.token()["token"]


HOSTILE = [
    b"' OR '1'='1",
    b"' OR 1=1 --",
    b"'; DROP TABLE token; --",
    b"'; UPDATE token SET scopes = '*'; --",
    b'" OR ""="',
    b"') UNION SELECT digest FROM secret --",
    b"tb_' UNION SELECT * FROM token --",
    b"%' AND 1=randomblob(1000000000) --",
    b"tb_%",
    b"tb_",
    b"*",
    b"tb_" + b"a" * 43,
    b"tb_" + b"\xff" * 43,
    b"\xff\xfe\xfd",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    "токен".encode(),
    "tb_\u202e\u2066".encode(),
    b"null",
    b"undefined",
    b"None",
    b"true",
    b"[]",
    b"{}",
    b"${jndi:ldap://127.0.0.1/x}",
    b"{{7*7}}",
    b"../../etc/passwd",
    b"<script>alert(1)</script>",
    b"Bearer",
    b"Bearer tb_x",
    b"a,b",
    b"a b",
    b"\x00",
    b"tb_\x00abc",
    b"a\x0bb",
    b"",
    b" ",
    b"A" * 15_000,
    b"A" * 60_000,
    b"A" * 1_000_000,
]


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


def content(gateway: LiveGateway) -> list[str]:
    """Give the database's tables and rows as text, but for the time of the last use."""
    with closing(sqlite3.connect(gateway.folder / ".tollbridge" / "tollbridge.db")) as db:
        return [line for line in db.iterdump() if '"usage"' not in line]


def test_hostile_credentials_are_refused_and_change_nothing(live) -> None:
    gateway, token = live
    assert status(gateway.port, b"authorization: Bearer " + token.encode()) == 200
    before = content(gateway)

    found: dict[bytes, set[int]] = {}
    for secret in HOSTILE:
        headers = [b"authorization: Bearer " + secret, b"authorization: " + secret, b"x-api-key: " + secret]
        headers.append(b"authorization: Basic " + base64.b64encode(b"x:" + secret))
        found[secret[:50]] = {status(gateway.port, header) for header in headers}

    assert {key: codes for key, codes in found.items() if not codes <= {400, 401, 431}} == {}
    assert status(gateway.port, b"authorization: Bearer " + token.encode()) == 200
    assert content(gateway) == before


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
