"""Callers that are slow or send too much cost the others nothing, and get an answer."""

import socket
from collections.abc import Iterator

import httpx2
import pytest
from tests.live.looking import eventually
from tests.support.live import LiveGateway, mock_config
from tests.support.wire import WireAnswer, answers

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    config = mock_config("http://127.0.0.1:9", "[server]\nhead_timeout_s = 0.5\nmax_header_bytes = 20_000\n")
    with LiveGateway(tmp_path_factory.mktemp("slow"), config) as gateway:
        yield gateway


def rest(connection: socket.socket) -> list[WireAnswer]:
    received = b""
    while part := connection.recv(65_536):
        received += part
    return answers(received)


def test_heads_that_never_end_are_refused_in_time_and_others_served_meanwhile(gateway) -> None:
    slow = [socket.create_connection(("127.0.0.1", gateway.port), timeout=20) for _ in range(50)]
    for connection in slow:
        connection.sendall(b"GET /v1/models HTTP/1.1\r\nhost: h\r\nx-slow: ")

    assert httpx2.get(f"{gateway.url}/healthz", timeout=5).status_code == 200
    found = [rest(connection) for connection in slow]

    assert {answer.status for each in found for answer in each} == {408}
    assert {len(each) for each in found} == {1}
    for connection in slow:
        connection.close()


def test_head_without_a_bound_is_refused(gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(b"GET /v1/models HTTP/1.1\r\nhost: h\r\nx-long: ")
        sent = eventually(lambda: flooded(connection), "the end of the connection", patience_s=20)

    assert sent < 20 * MEGABYTE


def flooded(connection: socket.socket) -> int:
    """Send until the other side has had enough."""
    for number in range(200):
        try:
            connection.sendall(b"a" * MEGABYTE)
        except ConnectionError:
            return number * MEGABYTE + 1
    return 0


def test_body_of_a_caller_without_a_token_is_not_read(gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\ncontent-length: 200000000\r\n\r\n")
        (answer,) = rest(connection)
        sent = flooded(connection)

    assert answer.status == 401
    assert answer.headers["connection"] == "close"
    assert 0 < sent < 50 * MEGABYTE
