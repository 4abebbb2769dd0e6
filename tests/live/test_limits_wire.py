"""Limits on the wire: at the limit it passes, one more is refused, and a refusal takes nothing."""

import json
import re
import socket
from collections.abc import Iterator

import http_sf
import httpx2
import pytest
from tests.live.looking import bearer, chat, rows, settled
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import ScriptedUpstream

PATH = "/v1/chat/completions"
SERVER = """
[server]
max_body_bytes = 5000
max_json_depth = 20
max_header_count = 30
max_header_bytes = 4000
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Iterator[tuple[LiveGateway, str]]:
    folder = tmp_path_factory.mktemp("limits")
    with ScriptedUpstream.in_thread() as upstream, LiveGateway(folder, mock_config(upstream.url, SERVER)) as gateway:
        yield gateway, gateway.token()["token"]


def post(small, body: bytes, *headers: tuple[str, str]) -> httpx2.Response:
    gateway, token = small
    sent = [("content-type", "application/json"), *bearer(token).items(), *headers]
    return httpx2.post(f"{gateway.url}{PATH}", content=body, headers=sent, timeout=10)


def sized(size: int) -> bytes:
    body = chat()
    body["user"] = ""
    return json.dumps({**body, "user": "x" * (size - len(json.dumps(body)))}).encode()


@pytest.mark.parametrize(("size", "status"), [(4999, 200), (5000, 200), (5001, 413), (5002, 413)])
def test_body_is_bounded_in_bytes(small, size, status) -> None:
    body = sized(size)
    assert len(body) == size

    answer = post(small, body)

    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["code"] == "body_too_large"


@pytest.mark.parametrize(("size", "status"), [(5000, 200), (5001, 413)])
def test_body_without_a_length_is_bounded_as_it_comes(small, size, status) -> None:
    gateway, token = small

    def pieces():
        body = sized(size)
        for start in range(0, size, 700):
            yield body[start : start + 700]

    headers = {"content-type": "application/json", **bearer(token)}
    answer = httpx2.post(f"{gateway.url}{PATH}", content=pieces(), headers=headers, timeout=10)

    assert answer.status_code == status


def test_length_over_the_limit_is_refused_before_the_body_is_sent(small) -> None:
    gateway, token = small
    head = f"POST {PATH} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {token}\r\ncontent-length: 999999999999\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(head.encode())

        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(("depth", "status"), [(19, 200), (20, 200), (21, 400), (1000, 400)])
def test_json_is_bounded_in_depth(small, depth, status) -> None:
    body = json.dumps(chat()).encode().removesuffix(b"}")
    body += b', "metadata": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    answer = post(small, body)

    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["code"] == "body_too_large"


@pytest.mark.parametrize(("count", "status"), [(29, 200), (30, 200), (31, 431), (200, 431)])
def test_headers_are_bounded_in_number(small, count, status) -> None:
    own = post(small, json.dumps(chat()).encode()).request.headers

    answer = post(small, json.dumps(chat()).encode(), *((f"x-{n}", "1") for n in range(count - len(own.raw))))

    assert len(answer.request.headers.raw) == count
    assert answer.status_code == status


@pytest.mark.parametrize(("size", "status"), [(3999, 200), (4000, 200), (4001, 431), (9000, 431)])
def test_headers_are_bounded_in_bytes(small, size, status) -> None:
    own = post(small, json.dumps(chat()).encode(), ("x-a", "")).request

    answer = post(small, json.dumps(chat()).encode(), ("x-a", "a" * (size - held(own))))

    assert held(answer.request) == size
    assert answer.status_code == status


def held(request: httpx2.Request) -> int:
    """Count the bytes of names and values, and one between two of each."""
    return sum(len(name) + len(value) + 2 for name, value in request.headers.raw) - 2


def test_call_refused_by_one_limit_takes_nothing_of_the_others(tmp_path, upstream) -> None:
    config = mock_config(
        upstream.url, '[models.tiny]\ntargets = ["mock/tiny"]\nprice = { input = "1", output = "1" }\n'
    )
    with LiveGateway(tmp_path, config) as gateway:
        made = gateway.token("--rpm", "5", "--tpm", "100000", "--budget", "0.001/total")
        poor = made["id"]
        with httpx2.Client(base_url=gateway.url, headers=bearer(made["token"])) as client:
            dear = chat(model="tiny", max_tokens=10_000)  # may cost 0.01 USD and more
            refused = [client.post(PATH, json=dear) for _ in range(20)]
            allowed = [client.post(PATH, json=chat(max_tokens=10)) for _ in range(6)]
        found = settled(tmp_path, 25)  # the last was refused before it could cost anything

    assert {answer.json()["error"]["code"] for answer in refused} == {"insufficient_quota"}
    assert [answer.status_code for answer in allowed] == [200] * 5 + [429]
    assert [answer.headers["x-ratelimit-remaining-requests"] for answer in allowed[:5]] == ["4", "3", "2", "1", "0"]
    assert allowed[5].json()["error"]["code"] == "rate_limit_exceeded"
    assert len(upstream.requests) == 5
    (budget,) = [row for row in rows(tmp_path, "budget") if poor in row["id"]]
    assert (budget["reserved"], budget["spent"]) == (0, sum(row["cost"] for row in found))
    assert budget["spent"] == 5 * (10 * 150 + 5 * 600)


def test_limits_are_told_as_structured_fields_that_never_rise(tmp_path, upstream) -> None:
    with LiveGateway(tmp_path, mock_config(upstream.url)) as gateway:
        token = gateway.token("--rpm", "4", "--tpm", "50000")["token"]
        with httpx2.Client(base_url=gateway.url, headers=bearer(token)) as client:
            answers = [client.post(PATH, json=chat()) for _ in range(6)]

    told = [answer.headers for answer in answers if answer.status_code == 200]
    assert len(told) == 4
    remaining = []
    for headers in told:
        policy = dict(item for item in http_sf.parse(headers["ratelimit-policy"].encode(), tltype="list"))
        current = dict(item for item in http_sf.parse(headers["ratelimit"].encode(), tltype="list"))
        assert set(policy) == set(current) == {"requests", "tokens"}
        assert (policy["requests"]["q"], policy["requests"]["w"]) == (4, 60)
        assert all(isinstance(item[key], int) and item[key] >= 0 for item in current.values() for key in "rt")
        remaining.append(current["requests"]["r"])
    assert remaining == [3, 2, 1, 0]
    for refused in answers[4:]:
        assert refused.status_code == 429
        assert re.fullmatch(r"[1-9]\d?", refused.headers["retry-after"])
        assert int(refused.headers["retry-after"]) <= 60
