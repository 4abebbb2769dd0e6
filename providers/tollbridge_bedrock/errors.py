"""Errors in Bedrock's words, both ways.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors, read
2026-11. AWS names the exception in the header `x-amzn-errortype`; its SDKs look at `code` and `__type` of the body too
(botocore 1.44 and the SDK for JavaScript, read 2026-11), so that they raise their own classes without that header.
"""

import re
from collections.abc import Mapping

from tollbridge import GatewayError, UpstreamError
from tollbridge.formats import JSON, Fields, decode_json, encode_json, failure
from tollbridge_bedrock.frames import Frame, write_exception

_EXCEPTIONS: Mapping[int, str] = {
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
    529: "ServiceUnavailableException",
}
_EVENTS: Mapping[int, str] = {
    429: "throttlingException",
    500: "internalServerException",
    503: "serviceUnavailableException",
    529: "serviceUnavailableException",
}
_STATUSES: Mapping[str, int] = {
    "accessdeniedexception": 403,
    "internalserverexception": 500,
    "modelerrorexception": 424,
    "modelnotreadyexception": 429,
    "modelstreamerrorexception": 424,
    "modeltimeoutexception": 408,
    "resourcenotfoundexception": 404,
    "serviceunavailableexception": 503,
    "throttlingexception": 429,
    "validationexception": 400,
}
_MODEL_FAILED = 424
_CREDENTIAL = re.compile(
    r"(?i)token|signature|credential|authentic|not authorized|authorization|expired|arn:aws|api key|access to the model"
    r"|unrecognizedclient|optin"
)
"""What AWS says where it refuses who asks (403): it is about the gateway's account, and may name it."""


def exception_name(error: GatewayError) -> str:
    """Give the exception of AWS that an error is."""
    default = "InternalServerException" if error.status >= 500 else "ValidationException"
    return _EXCEPTIONS.get(error.status, default)


def write_error(error: GatewayError) -> bytes:
    """Write the body of an error response."""
    name = exception_name(error)
    return encode_json({"message": error.message, "code": name, "__type": name})


def write_error_event(error: GatewayError) -> bytes:
    """Write an error as the last frame of a stream."""
    default = "modelStreamErrorException" if error.status >= 500 else "validationException"
    return write_exception(_EVENTS.get(error.status, default), encode_json({"message": error.message}))


def read_error(status: int, body: bytes) -> GatewayError:
    """Read the body of a refusal; one that does not fit has no message."""
    found = _fields(body)
    name = found.text("__type") or found.text("code") or ""
    return _told(status, name.rpartition("#")[2].partition(":")[0], found)


def read_exception(frame: Frame) -> GatewayError:
    """Read the frame that ends a stream with an error."""
    found = _fields(frame.payload)
    if frame.kind == "error":
        found.put_back("message", frame.headers.get(":error-message"))
    return _told(_STATUSES.get(frame.name.lower(), 502), frame.name, found)


def _fields(body: bytes) -> Fields:
    try:
        value = decode_json(body)
    except GatewayError:
        value = None
    return Fields(value, wrong=None)


def _told(status: int, name: str, found: Fields) -> GatewayError:
    message: str = found.text("message") or found.text("Message") or ""
    if status == 401 or (status == 403 and (_CREDENTIAL.search(message) or _CREDENTIAL.search(name))):
        shown = "the provider refused the gateway's credential, or its account has no access to the model"
        return UpstreamError(
            f"{shown}; tell its operator",
            code="upstream_credential",
            detail=f"the provider answered {status}: {message}",
        )
    if status == _MODEL_FAILED:
        status = _original(found.whole("originalStatusCode"))
    return failure(status, message, code=name or None)


def _original(status: JSON) -> int:
    """Give the status a model's own host answered with, where it can be the caller's; 502 otherwise."""
    return status if status in (400, 408, 413, 422, 429) or (status is not None and 500 <= status <= 599) else 502
