"""A refusal in the words of OpenAI and of hosts that speak as it does.  Source: invented."""

import json
from typing import Any

import pytest

from tollbridge import BadRequest, GatewayError, RateLimited, UpstreamError
from tollbridge.formats import KeyedSeal, Notes
from tollbridge_openai.chat_codec import ChatCodec

CODEC = ChatCodec()
TOLD = {"message": "no such thing", "type": "invalid_request_error", "param": "n", "code": "odd"}


@pytest.mark.parametrize(
    "body",
    [
        {"error": TOLD},
        [{"error": TOLD}],  # Google's OpenAI-compatible API
        {"detail": TOLD},
        TOLD,
    ],
)
def test_refusal_is_read_wherever_it_stands(body: Any) -> None:
    error = CODEC.read_error(400, json.dumps(body).encode())

    assert type(error) is BadRequest
    assert (error.message, error.param, error.code) == ("no such thing", "n", "odd")


@pytest.mark.parametrize(
    "body", [{"error": "no"}, {"detail": "no"}, {"error": {"message": "no", "code": 3, "param": []}}]
)
def test_words_alone_are_its_message(body: Any) -> None:
    error = CODEC.read_error(422, json.dumps(body).encode())

    assert (error.status, error.message, error.param) == (422, "no", None)


@pytest.mark.parametrize(
    ("told", "kind", "status", "message"),
    [
        ({"message": "no room", "code": 429}, RateLimited, 429, "no room"),
        ({"message": "too long", "type": "invalid_request_error"}, BadRequest, 400, "too long"),
        ({"message": "it broke"}, UpstreamError, 502, "it broke"),
        ("it broke", UpstreamError, 502, "it broke"),
        ({"message": "bad key", "code": 401}, UpstreamError, 502, "the provider refused the gateway's credential"),
    ],
)
def test_error_that_comes_as_an_answer_keeps_its_class_and_message(
    told: Any, kind: type[GatewayError], status: int, message: str
) -> None:
    with pytest.raises(GatewayError) as caught:
        CODEC.read_response(json.dumps({"error": told}).encode(), Notes(KeyedSeal(b"k")))

    assert (type(caught.value), caught.value.status) == (kind, status)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[1]", b"1", b'{"error": []}', b'{"error": {"message": 1}}'])
def test_body_that_says_nothing_leaves_the_status(body: bytes) -> None:
    error = CODEC.read_error(503, body)

    assert (error.status, error.message) == (503, "the provider answered 503")
