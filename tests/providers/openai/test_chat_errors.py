"""A refusal in the words of OpenAI and of hosts that speak as it does.  Source: invented."""

import json
from typing import Any

import pytest

from tollbridge import BadRequest
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


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[1]", b"1", b'{"error": []}', b'{"error": {"message": 1}}'])
def test_body_that_says_nothing_leaves_the_status(body: bytes) -> None:
    error = CODEC.read_error(503, body)

    assert (error.status, error.message) == (503, "the provider answered 503")
