"""Errors of the provider keep their class, in a body and in a stream."""

import json
from typing import Any

import pytest

from tollbridge import BadRequest, Denied, GatewayError, RateLimited, Unavailable, UpstreamError
from tollbridge.errors import BodyTooLarge, ModelNotFound, RequestTimeout, UpstreamTimeout
from tollbridge.formats import Broken, KeyedSeal, Notes
from tollbridge_anthropic.codec import CountCodec, MessagesCodec

CODEC = MessagesCodec()


def refusal(kind: str, message: str = "too bad") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


@pytest.mark.parametrize(
    ("status", "kind", "error", "own"),
    [
        (400, "invalid_request_error", BadRequest, 400),
        (401, "authentication_error", UpstreamError, 502),
        (402, "billing_error", UpstreamError, 502),
        (403, "permission_error", Denied, 403),
        (404, "not_found_error", ModelNotFound, 404),
        (408, "timeout_error", RequestTimeout, 408),
        (409, "conflict_error", BadRequest, 409),
        (413, "request_too_large", BodyTooLarge, 413),
        (422, "invalid_request_error", BadRequest, 422),
        (429, "rate_limit_error", RateLimited, 429),
        (500, "api_error", UpstreamError, 500),
        (504, "timeout_error", UpstreamTimeout, 504),
        (529, "overloaded_error", Unavailable, 529),
    ],
)
def test_status_keeps_its_class(status: int, kind: str, error: type[GatewayError], own: int) -> None:
    for codec in (CODEC, CountCodec()):
        found = codec.read_error(status, json.dumps(refusal(kind)).encode())

        assert type(found) is error
        assert found.status == own
        assert ("too bad" in found.message) == (status not in (401, 402))


def test_refusal_tells_its_code_and_where_it_is() -> None:
    body = json.dumps(refusal("invalid_request_error", "messages.0.content.1: is empty")).encode()

    found = CODEC.read_error(400, body)

    assert (found.code, found.param) == ("invalid_request_error", "messages.0.content.1")
    assert CODEC.read_error(400, json.dumps(refusal("x", "No place: here")).encode()).param is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff", b'{"error":"no"}', b'{"error":{"type":5}}'])
def test_refusal_that_cannot_be_read_is_one_all_the_same(body: bytes) -> None:
    found = CODEC.read_error(529, body)

    assert (found.status, found.message) == (529, "the provider answered 529")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("overloaded_error", 529),
        ("rate_limit_error", 429),
        ("api_error", 500),
        ("conflict_error", 409),
        ("invalid_request_error", 400),
        ("authentication_error", 502),
        ("unheard_error", 502),
        (5, 502),
    ],
)
def test_error_in_a_stream_is_known_by_its_type(kind: Any, status: int) -> None:
    reader = CODEC.stream_reader(Notes(KeyedSeal(b"k" * 32)))

    (event,) = reader.feed(b"event: error\ndata: " + json.dumps(refusal(kind)).encode() + b"\n\n")

    assert isinstance(event, Broken)
    assert event.error.status == status
    assert reader.feed(b"") == []
