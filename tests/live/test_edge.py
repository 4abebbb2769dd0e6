"""What reaches the gateway over the wire and must not reach its judgement."""

import socket
from collections.abc import Iterator

import pytest
from tests.support.live import LiveGateway, mock_config


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveGateway, str]]:
    folder = tmp_path_factory.mktemp("edge")
    with LiveGateway(folder, mock_config("http://127.0.0.1:9")) as gateway:
        yield gateway, gateway.token()["token"]


def exchange(port: int, data: bytes, *, half_close: bool = False) -> bytes:
    """Send bytes as they are and give all that comes back; who closes its side is taken to have left."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while part := connection.recv(65536):
                received += part
        except (TimeoutError, ConnectionResetError):
            pass
    return received


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0


def get(path: bytes, *headers: bytes, host: bytes = b"host: h\r\n", method: bytes = b"GET") -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return method + b" " + path + b" HTTP/1.1\r\n" + host + lines + b"connection: close\r\n\r\n"


AUTH = b"authorization: Bearer %b"
REJECTED = {
    "two hosts": get(b"/v1/models", b"host: other"),
    "no host": get(b"/v1/models", host=b""),
    "host with a path": get(b"/v1/models", host=b"host: x/health?y=\r\n"),
    "host with userinfo": get(b"/v1/models", host=b"host: a@b\r\n"),
    "host with a space": get(b"/v1/models", host=b"host: a b\r\n"),
    "two authorizations": get(b"/v1/models", AUTH % b"a", AUTH % b"b"),
    "two lengths": get(b"/v1/models", b"content-length: 0", b"content-length: 1"),
    "length and chunked": get(
        b"/v1/chat/completions", b"content-length: 3", b"transfer-encoding: chunked", method=b"POST"
    ),
    "length list": get(b"/v1/models", b"content-length: 2, 2"),
    "length with a sign": get(b"/v1/models", b"content-length: +2"),
    "length in hex": get(b"/v1/models", b"content-length: 0x2"),
    "bare line feeds": b"GET /v1/models HTTP/1.1\nhost: h\n\n",
    "folded header": b"GET /v1/models HTTP/1.1\r\nhost: h\r\nx-a: 1\r\n  2\r\n\r\n",
    "space before the colon": b"GET /v1/models HTTP/1.1\r\nhost : h\r\n\r\n",
    "header without a name": b"GET /v1/models HTTP/1.1\r\nhost: h\r\n: x\r\n\r\n",
    "header name with a NUL": b"GET /v1/models HTTP/1.1\r\nhost: h\r\nx\x00y: 1\r\n\r\n",
    "header value with a NUL": b"GET /v1/models HTTP/1.1\r\nhost: h\r\nx-a: 1\x002\r\n\r\n",
    "bare carriage return": b"GET /v1/models HTTP/1.1\r\nhost: h\r\nx-a: 1\r2\r\n\r\n",
    "version 9.9": b"GET /v1/models HTTP/9.9\r\nhost: h\r\n\r\n",
    "no version": b"GET /v1/models\r\n\r\n",
    "unknown transfer coding": get(b"/v1/chat/completions", b"transfer-encoding: xchunked", method=b"POST"),
    "chunk length that is none": get(b"/v1/chat/completions", b"transfer-encoding: chunked", method=b"POST")
    + b"zz\r\n",
    "double slash": get(b"//v1/models"),
    "dot segments": get(b"/v1/../v1/models"),
    "dot": get(b"/v1/./models"),
    "encoded dots": get(b"/v1/%2e%2e/v1/models"),
    "encoded slash": get(b"/v1%2fmodels"),
    "encoded backslash": get(b"/v1%5cmodels"),
    "backslash": get(b"/v1\\models"),
    "NUL": get(b"/v1/models%00"),
    "control": get(b"/v1/models%0a"),
    "double encoding": get(b"/v1%252fmodels"),
    "matrix parameter": get(b"/v1/models;a=b"),
    "broken escape": get(b"/v1/models%zz"),
    "asterisk": get(b"*", method=b"OPTIONS"),
    "compressed body": get(b"/v1/chat/completions", b"content-encoding: gzip", b"content-length: 0", method=b"POST"),
    "h2c upgrade": get(b"/v1/models", b"upgrade: h2c", b"connection: upgrade, http2-settings", b"http2-settings: AAMA"),
    "odd upgrade": get(b"/v1/models", b"upgrade: x", b"connection: upgrade"),
    "connect": get(b"127.0.0.1:9", method=b"CONNECT"),
    "long header": get(b"/v1/models", b"x-a: " + b"a" * 20_000),
    "many headers": get(b"/v1/models", *(b"x-%d: 1" % n for n in range(300))),
    "long target": get(b"/v1/models?" + b"a" * 9_000),
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("name", REJECTED)
def test_request_that_could_be_read_in_two_ways_is_refused(live, name) -> None:
    gateway, token = live
    request = REJECTED[name]
    if b"authorization" not in request and b"\r\nhost" in request:
        request = request.replace(b"\r\nhost", b"\r\n" + AUTH % token.encode() + b"\r\nhost", 1)

    answer = exchange(gateway.port, request, half_close=True)

    assert status_of(answer) in (400, 401, 404, 405, 413, 414, 415, 417, 431, 501, 505, 0), answer[:300]
    assert b'"object":"list"' not in answer


def test_pipelined_request_is_never_answered_as_somebody_else(live) -> None:
    gateway, token = live
    body = b'{"model":"x"}GET /v1/models HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n'
    smuggled = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\n" + AUTH % token.encode() + b"\r\n"
        b"content-type: application/json\r\ncontent-length: 13\r\n\r\n" + body
    )

    answers = exchange(gateway.port, smuggled).split(b"HTTP/1.1 ")[1:]

    assert [answer[:3] for answer in answers] == [b"404", b"401"]


SPELLINGS = [
    "/v1/models",
    "/v1/models/",
    "/V1/models",
    "/v1/Models",
    "/v1/models.",
    "/v1/models%20",
    "/%76%31/models",
    "/v1//models",
    "/./v1/models",
    "/v1/./models",
    "/v1/x/../models",
    "/v1/models/..",
    "/v1/%2e/models",
    "/v1/%2e%2e/v1/models",
    "/v1%2Fmodels",
    "/v1%2fmodels",
    "/v1%5Cmodels",
    "/v1\\models",
    "/v1/models;x",
    "/v1/models%3bx",
    "/v1/models%00",
    "/v1/models%0d%0a",
    "/v1/models%252f",
    "/v1/models?x=1",
    "/v1/models#x",
    "http://elsewhere/v1/models",
    "//elsewhere/v1/models",
    "/_tollbridge/../v1/models",
    "/metrics/../v1/models",
    "/healthz/..%2fv1/models",
    "/v1/models\u00e9",
    "/v1/models%c3%a9",
    "/v1/models%ff",
    "/v1/models%ef%bf%bd",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_a_path_is_refused_or_judged_like_the_plain_one(live, spelling) -> None:
    gateway, token = live
    path = spelling.encode("utf-8")

    without = status_of(exchange(gateway.port, get(path)))
    narrow = status_of(exchange(gateway.port, get(path, AUTH % token.encode())))

    # Without a token nothing but a refusal; with one, the list, or a refusal of what is no such path.
    assert without in (400, 401, 404, 414), without
    assert narrow in (200, 400, 403, 404), narrow


@pytest.mark.parametrize(
    "header",
    [
        b"x-forwarded-host: evil.example",
        b"x-forwarded-proto: https",
        b"x-forwarded-for: 127.0.0.1",
        b"x-forwarded-user: admin",
        b"x-tollbridge-principal: tok_1",
        b"x-remote-user: admin",
        b"forwarded: for=127.0.0.1;host=evil.example",
        b"x-original-url: /healthz",
        b"x-rewrite-url: /healthz",
        b"x-http-method-override: GET",
    ],
)
def test_forwarded_and_identity_headers_change_no_decision(live, header) -> None:
    gateway, _ = live

    answer = exchange(gateway.port, get(b"/v1/models", header))

    assert status_of(answer) == 401
    assert b"evil.example" not in answer


def test_echoed_values_cannot_split_headers_or_log_lines(live) -> None:
    gateway, token = live
    nasty = "/v1/models/a%E2%80%A8b%1b[31m"
    before = len(gateway.output)

    exchange(gateway.port, get(nasty.encode(), AUTH % token.encode()))
    answer = exchange(gateway.port, get("/v1/models/x\u2028y".encode(), AUTH % token.encode()))

    assert answer.count(b"HTTP/1.1") == 1
    for line in gateway.output[before:]:
        assert "\u2028" not in line
        assert "\x1b" not in line
