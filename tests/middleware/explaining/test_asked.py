"""The call that is asked about, as it would come from a server."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from tollbridge.explaining import Asked, asked_again, asked_of
from tollbridge.explaining.asked import STAND_IN
from tollbridge.metering.ledger import UsageRow
from tollbridge.metering.usage import Usage, UsageSource

ROW = UsageRow(
    call_id="req_1",
    at=datetime(2026, 1, 5, tzinfo=UTC),
    token_id="tok_1",
    team="",
    service="ai",
    operation="ai:chat",
    dialect="openai-chat",
    provider="",
    model="small",
    model_used="",
    outcome="refused",
    status=429,
    error="rate_limit_exceeded",
    stream=False,
    usage=Usage(),
    usage_source=UsageSource.NONE,
    cost=0,
    price_id="",
    duration_ms=1,
    first_byte_ms=None,
    bytes_in=1,
    bytes_out=1,
)


def heads(asked: Asked) -> dict[bytes, bytes]:
    found = asked.scope["headers"]
    assert len({name for name, _ in found}) == len(found)
    return dict(found)


def test_credentials_are_left_out_and_a_stand_in_is_put_there() -> None:
    shown = {"Authorization": "Bearer tb_mine", "X-Api-Key": "tb_mine", "x-goog-api-key": "tb_mine", "Accept": "a/b"}

    found = heads(Asked(headers=shown, body=b"{}"))

    assert found == {
        b"accept": b"a/b",
        b"host": b"gateway",
        b"authorization": b"Bearer " + STAND_IN,
        b"content-type": b"application/json",
        b"content-length": b"2",
    }


def test_what_the_caller_says_of_the_body_stays() -> None:
    given = {"content-type": "text/plain", "content-length": "7", "host": "gw"}

    assert (
        given.items() <= {name.decode(): value.decode() for name, value in heads(Asked(headers=given)).items()}.items()
    )


def test_chunked_body_has_no_length() -> None:
    assert b"content-length" not in heads(Asked(headers={"Transfer-Encoding": "chunked"}, body=b"x"))


@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("DELETE", b""), ("WS", b""), ("WS", b"x")])
def test_request_without_a_body_says_nothing_of_one(method: str, body: bytes) -> None:
    assert set(heads(Asked(method=method, body=body))) == {b"host", b"authorization"}


def test_path_is_read_as_servers_read_it() -> None:
    scope = Asked(method="GET", path="/a%C3%A4?q=%20&x", client="192.0.2.1").scope

    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/a\u00e4", b"/a%C3%A4", b"q=%20&x")
    assert (scope["type"], scope["client"]) == ("http", ("192.0.2.1", 0))
    assert Asked(method="WS").scope["type"] == "websocket"
    assert Asked().scope["client"] is None


def test_model_alone_is_a_chat_of_one_short_message() -> None:
    asked = asked_of("small", client="192.0.2.1")

    assert (asked.method, asked.path, asked.client, asked.assumed) == (
        *("POST", "/v1/chat/completions", "192.0.2.1"),
        True,
    )
    assert json.loads(asked.body) == {"model": "small", "messages": [{"role": "user", "content": "."}]}


@pytest.mark.parametrize(
    ("more", "method", "path"),
    [
        ({}, "POST", "/v1/chat/completions"),
        ({"operation": "ai:embeddings"}, "POST", "/v1/embeddings"),
        ({"operation": "service:shop:GET:/orders/{id}", "model": ""}, "GET", "/orders/{id}"),
    ],
)
def test_recorded_call_is_asked_again(more: dict[str, Any], method: str, path: str) -> None:
    asked = asked_again(replace(ROW, **more), client="192.0.2.1")

    assert asked is not None
    assert (asked.method, asked.path, asked.client, asked.assumed) == (method, path, "192.0.2.1", True)
    assert (b'"small"' in asked.body) is bool(asked.body)


def test_call_that_was_made_for_another_is_none_that_its_caller_could_make() -> None:
    assert asked_again(replace(ROW, parent="req_0")) is None


@pytest.mark.parametrize(
    "more", [{"model": ""}, {"operation": "ai:images"}, {"operation": "service:app:GET:*"}, {"operation": ""}]
)
def test_call_of_which_too_little_is_recorded_is_not_asked_again(more: dict[str, str]) -> None:
    assert asked_again(replace(ROW, **more)) is None
