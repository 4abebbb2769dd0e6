"""Upgrades over the wire: refused, or taken through the whole chain, and answered at once."""

import socket
from collections.abc import Iterator

import httpx2
import pytest
from tests.live.looking import bearer, eventually
from tests.support.live import LiveGateway, mock_config
from tests.support.wire import WireAnswer, answers

PATIENCE_S = 20.0
SWITCH = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
BODY = b'{"model":"gpt-4o-mini"}'
SIZED = b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
PATHS = [
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/v1/models",
    "/v1/models/gpt-4o-mini",
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/messages",
    "/v1/realtime",
    "/v1/files/file-1",
    "/_tollbridge",
    "/_tollbridge/",
    "/_tollbridge/healthz",
    "/_tollbridge/tokens",
    "/nothing",
]
UPGRADES = {
    "websocket": SWITCH + KEY,
    "websocket without a key": SWITCH,
    "websocket and something else": b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket, x\r\n" + KEY,
    "websocket of another version": SWITCH + KEY.replace(b"13", b"7"),
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    "unknown": b"Connection: Upgrade\r\nUpgrade: x\r\n",
    "websocket that Connection does not name": b"Upgrade: websocket\r\n" + KEY,
}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveGateway, str]]:
    with LiveGateway(tmp_path_factory.mktemp("upgrades"), mock_config("http://127.0.0.1:9")) as gateway:
        yield gateway, gateway.token()["token"]


def ask(gateway: LiveGateway, data: bytes) -> list[WireAnswer]:
    """Send a request and give the answers on its connection: the first comes in time, or this fails."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE_S) as connection:
        connection.sendall(data)
        received = connection.recv(65_536)
        connection.shutdown(socket.SHUT_WR)
        try:
            while part := connection.recv(65_536):
                received += part
        except ConnectionResetError:
            pass
    return answers(received)


def request(target: str, fields: bytes, *, method: bytes = b"GET", token: str = "", end: bytes = b"\r\n") -> bytes:
    credential = f"Authorization: Bearer {token}\r\n".encode() if token else b""
    return method + f" {target} HTTP/1.1\r\nHost: h\r\n".encode() + credential + fields + end


def errors(gateway: LiveGateway, since: int) -> list[str]:
    """Give the errors logged since then; what a last call logs comes behind them."""
    last = httpx2.get(f"{gateway.url}/last").headers["x-request-id"]
    eventually(lambda: any(last in line for line in gateway.output[since:]), "the line of the last call")
    return [line for line in gateway.output[since:] if '"level":"error"' in line or "Traceback" in line]


@pytest.mark.parametrize("upgrade", UPGRADES)
def test_upgrade_of_any_path_is_refused_with_a_token_and_without_one(live, upgrade) -> None:
    gateway, token = live
    before = len(gateway.output)

    found = {
        (path, bool(shown)): [answer.status for answer in ask(gateway, request(path, UPGRADES[upgrade], token=shown))]
        for path in PATHS
        for shown in ("", token)
    }

    assert {asked: seen for asked, seen in found.items() if len(seen) != 1 or not 400 <= seen[0] < 500} == {}
    if upgrade == "websocket":
        assert {seen[0] for (path, shown), seen in found.items() if not shown and path[:4] != "/_to"} == {401}
    assert errors(gateway, before) == []
    assert httpx2.get(f"{gateway.url}/v1/models", headers=bearer(token)).status_code == 200


@pytest.mark.parametrize("method", [b"POST", b"GET", b"DELETE"])
@pytest.mark.parametrize("end", [SIZED, CHUNKED], ids=["sized", "chunked"])
@pytest.mark.parametrize("fields", [SWITCH, SWITCH + KEY], ids=["without a key", "with a key"])
def test_upgrade_with_a_body_is_refused_at_once(live, fields, end, method) -> None:
    gateway, token = live
    before = len(gateway.output)

    for path in ("/v1/chat/completions", "/nothing", "/_tollbridge/"):
        (answer,) = ask(gateway, request(path, fields, method=method, token=token, end=end))
        assert (answer.status, answer.headers["connection"]) == (400, "close")

    assert errors(gateway, before) == []


@pytest.mark.parametrize(
    "fields",
    [b"X-Long: " + b"a" * 9_000 + b"\r\n", b"".join(b"X-%d: 1\r\n" % number for number in range(200))],
    ids=["one that is long", "many"],
)
def test_upgrade_with_more_headers_than_the_library_reads_is_refused_at_once(live, fields) -> None:
    gateway, token = live
    before = len(gateway.output)

    (answer,) = ask(gateway, request("/v1/models", SWITCH + KEY + fields, token=token))

    assert answer.status in (400, 431)
    assert errors(gateway, before) == []


@pytest.mark.parametrize("protocol", [b"\xff\xfe", "\u00e9, chat".encode(), b"\xc3\x28", b"a\x01b", b",", b"a" * 5_000])
def test_odd_subprotocol_is_refused_and_ends_no_worker(live, protocol) -> None:
    gateway, token = live
    before = len(gateway.output)

    for shown in ("", token):
        fields = SWITCH + KEY + b"Sec-WebSocket-Protocol: " + protocol + b"\r\n"
        (answer,) = ask(gateway, request("/v1/models", fields, token=shown))
        assert 400 <= answer.status < 500

    assert errors(gateway, before) == []
    assert gateway.process.poll() is None
    assert httpx2.get(f"{gateway.url}/v1/models", headers=bearer(token)).status_code == 200


@pytest.mark.parametrize("target", ["127.0.0.1:9", "/v1/models", "h:443", "*"])
def test_connect_opens_no_tunnel(live, target) -> None:
    gateway, token = live

    found = ask(gateway, request(target, b"", method=b"CONNECT", token=token, end=b"\r\n\x00\x01raw"))

    assert {400 <= answer.status < 500 for answer in found} == {True}
