"""Refusals of Google Cloud, both ways."""

import json
from typing import Any

import pytest

from tollbridge import GatewayError
from tollbridge.errors import BadRequest, ModelNotFound, RateLimited, Unavailable, UpstreamError
from tollbridge_vertex.errors import read_error, write_error


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (404, ModelNotFound), (429, RateLimited), (500, UpstreamError), (503, Unavailable)],
)
def test_error_has_its_class_and_word_and_where_it_is(status: int, kind: type[GatewayError]) -> None:
    violation = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": "instances"}]}
    delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.5s"}
    said = {"code": status, "message": "no", "status": "SOME_WORD", "details": [violation, delay]}

    error = read_error(status, json.dumps({"error": said}).encode())

    assert type(error) is kind
    assert (error.status, error.message, error.code) == (status, "no", "SOME_WORD")
    assert (error.param, error.retry_after_s) == ("instances", 3.5)


@pytest.mark.parametrize("status", [401, 403])
def test_refusal_of_the_gateways_own_account_is_not_the_callers(status: int) -> None:
    error = read_error(status, b'{"error":{"message":"the account robot@project may not"}}')

    assert (error.status, error.code) == (502, "upstream_credential")
    assert "robot" not in error.message


BAD_REQUEST = {"@type": "type.googleapis.com/google.rpc.BadRequest"}


@pytest.mark.parametrize(
    "details",
    [
        *(1, [1], [{"@type": 1}], [BAD_REQUEST]),
        *([{**BAD_REQUEST, "fieldViolations": given}] for given in ({"field": "x"}, "x", [], [1], [{"field": ""}])),
    ],
)
def test_error_with_details_that_make_no_sense_has_its_class(details: Any) -> None:
    error = read_error(429, json.dumps({"error": {"message": "slow", "details": details}}).encode())

    assert isinstance(error, RateLimited)
    assert error.param is None


@pytest.mark.parametrize(
    "error",
    [
        BadRequest("no", param="instances[0].content"),
        RateLimited("slow", retry_after_s=2.0),
        RateLimited("slow", retry_after_s=0.0),
        UpstreamError("down", status=503),
    ],
)
def test_error_that_is_written_says_all_that_is_read(error: GatewayError) -> None:
    again = read_error(error.status, write_error(error))

    assert (again.status, again.message, again.code) == (error.status, error.message, error.code.upper())
    assert (again.param, again.retry_after_s) == (error.param, error.retry_after_s)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":"no"}', b'{"error":{"message":1}}', b"[" * 20_000])
def test_body_that_is_no_error_gives_the_class_of_its_status(body: bytes) -> None:
    assert isinstance(read_error(503, body), Unavailable)


@pytest.mark.parametrize(
    ("status", "word"),
    [(400, "INVALID_ARGUMENT"), (404, "NOT_FOUND"), (422, "INVALID_ARGUMENT"), (500, "INTERNAL"), (503, "UNAVAILABLE")],
)
def test_error_is_written_with_googles_word_for_its_status(status: int, word: str) -> None:
    error = json.loads(write_error(UpstreamError("no", status=status)))["error"]

    assert (error["code"], error["status"]) == (status, word)


def test_time_that_is_over_is_no_delay() -> None:
    assert b'"retryDelay":"0s"' in write_error(RateLimited("slow", retry_after_s=-1.5))
