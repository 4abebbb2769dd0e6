"""Errors in Bedrock's words, both ways."""

import json
from typing import Any

import pytest
from tests.providers.bedrock.samples import BEGIN, CODEC, events, stream_of
from tests.support.requires import requires

from tollbridge import BudgetExceeded, GatewayError, RateLimited, UpstreamError
from tollbridge.formats import Broken
from tollbridge_bedrock.dialect import ConverseDialect
from tollbridge_bedrock.frames import FrameCutter, write_exception, write_frame

DIALECT = ConverseDialect()
EXCEPTIONS = [
    (400, "ValidationException"),
    (401, "AccessDeniedException"),
    (403, "AccessDeniedException"),
    (404, "ResourceNotFoundException"),
    (408, "ModelTimeoutException"),
    (413, "ValidationException"),
    (422, "ValidationException"),
    (424, "ModelErrorException"),
    (429, "ThrottlingException"),
    (500, "InternalServerException"),
    (502, "InternalServerException"),
    (503, "ServiceUnavailableException"),
    (529, "ServiceUnavailableException"),
]


@pytest.mark.parametrize(("status", "name"), EXCEPTIONS)
def test_error_names_the_exception_of_its_class(status: int, name: str) -> None:
    body = json.loads(DIALECT.write_error(GatewayError("no way", status=status), "call"))

    assert body == {"message": "no way", "code": name, "__type": name}


def test_spent_budget_is_throttling() -> None:
    assert json.loads(DIALECT.write_error(BudgetExceeded("spent"), "call"))["code"] == "ThrottlingException"


@requires("python-sdks")
@pytest.mark.parametrize(("status", "name"), EXCEPTIONS)
def test_boto3_raises_its_own_exception(status: int, name: str) -> None:
    from botocore.parsers import create_parser

    body = DIALECT.write_error(GatewayError("no way", status=status), "call")

    parsed = create_parser("rest-json").parse({"body": body, "headers": {}, "status_code": status}, None)

    assert parsed["Error"] == {"Message": "no way", "Code": name}


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "validationException"),
        (404, "validationException"),
        (429, "throttlingException"),
        (500, "internalServerException"),
        (502, "modelStreamErrorException"),
        (503, "serviceUnavailableException"),
        (504, "modelStreamErrorException"),
        (529, "serviceUnavailableException"),
    ],
)
def test_error_in_a_stream_is_its_last_frame(status: int, name: str) -> None:
    (frame,) = FrameCutter().feed(DIALECT.write_error_event(GatewayError("no way", status=status), "call"))

    assert (frame.kind, frame.name) == ("exception", name)
    assert json.loads(frame.payload) == {"message": "no way"}


def refusal(status: int, **body: Any) -> GatewayError:
    return CODEC.read_error(status, json.dumps(body).encode())


def test_message_and_code_of_the_provider_are_kept() -> None:
    error = refusal(429, message="Too many tokens", __type="com.amazon.coral#ThrottlingException")

    assert isinstance(error, RateLimited)
    assert (error.status, error.code, error.message) == (429, "ThrottlingException", "Too many tokens")


@pytest.mark.parametrize(
    "message",
    [
        "The security token included in the request is expired",
        "The request signature we calculated does not match the signature you provided.",
        "User: arn:aws:iam::123456789012:user/x is not authorized to perform: bedrock:InvokeModel",
        "You don't have access to the model with the specified model ID.",
        "Authentication failed: Please make sure your API Key is valid.",
    ],
)
def test_refused_credential_is_never_shown_to_the_caller(message: str) -> None:
    error = refusal(403, message=message)

    assert isinstance(error, UpstreamError)
    assert (error.status, error.code) == (502, "upstream_credential")
    assert message not in error.message
    assert message in (error.detail or "")


@pytest.mark.parametrize("status", [400, 403])
def test_refusal_that_is_about_the_question_is_shown_to_the_caller(status: int) -> None:
    said = {400: "Input is too long: 9 tokens over the limit", 403: "This use of the model is against its rules"}

    error = refusal(status, message=said[status])

    assert (error.status, error.message) == (status, said[status])


@pytest.mark.parametrize(("original", "status"), [(400, 400), (429, 429), (503, 503), (404, 502), (None, 502)])
def test_failure_of_the_models_own_host_keeps_that_hosts_status(original: int | None, status: int) -> None:
    assert refusal(424, message="it failed", originalStatusCode=original).status == status


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("validationException", 400),
        ("throttlingException", 429),
        ("internalServerException", 500),
        ("serviceUnavailableException", 503),
        ("modelTimeoutException", 408),
        ("modelStreamErrorException", 502),
        ("somethingNewException", 502),
    ],
)
def test_exception_in_a_stream_keeps_its_class(name: str, status: int) -> None:
    stream = stream_of(BEGIN) + write_exception(name, b'{"message":"it broke"}')

    last = events(stream)[-1]

    assert isinstance(last, Broken)
    assert (last.error.status, last.error.message, last.error.code) == (status, "it broke", name)


def test_error_frame_tells_its_message_in_a_header() -> None:
    frame = write_frame({":message-type": "error", ":error-code": "InternalError", ":error-message": "oh no"}, b"")

    last = events(frame)[-1]

    assert isinstance(last, Broken)
    assert (last.error.status, last.error.message) == (502, "oh no")


def test_nothing_comes_behind_an_exception() -> None:
    stream = write_exception("throttlingException", b"not json") + stream_of(BEGIN)

    assert [type(event) for event in events(stream)] == [Broken]
