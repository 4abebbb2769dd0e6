"""The one place that turns an error into what is sent, in the caller's own dialect."""

from collections.abc import Callable

import msgspec

from tollbridge.call import Call
from tollbridge.errors import GatewayError

JSON, PROBLEM = b"application/json", b"application/problem+json"

WriteRefusal = Callable[[Call, GatewayError], tuple[bytes, bytes]]
"""Gives the media type and the body for an error."""


def write_refusal(call: Call, error: GatewayError) -> tuple[bytes, bytes]:
    """Give what is sent for an error where an app of the gateway's own says nothing else.

    Who calls a published service by its path is told as its description says, in problem details (RFC 9457).
    """
    if call.entered is not None and call.dialect is None:
        return PROBLEM, _problem(error)
    return JSON, refusal_body(call, error)


def _problem(error: GatewayError) -> bytes:
    told = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
    }
    return msgspec.json.encode(told)


def refusal_body(call: Call, error: GatewayError) -> bytes:
    """Write the body for an error: the caller's dialect if the call has one, else `{"error": {code, message}}`."""
    if call.dialect is not None:
        return call.dialect.write_error(error, call.id)
    shown: dict[str, str] = {"code": error.code, "message": error.message}
    if error.param is not None:
        shown["param"] = error.param
    return msgspec.json.encode({"error": shown})


def refusal_event(call: Call, error: GatewayError) -> bytes:
    """Write the last event of a stream that has begun; empty where there is no way to say it within the body."""
    return b"" if call.dialect is None else call.dialect.write_error_event(error, call.id)


def refusal_headers(call: Call, error: GatewayError, body: bytes, kind: bytes = JSON) -> list[tuple[bytes, bytes]]:
    """Give the headers of a refusal."""
    request_id = call.id.encode("ascii")
    return [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),  # it may say what the caller did
        (b"x-request-id", request_id),
        (b"request-id", request_id),
        *error.headers(),
        *(call.entered.refused if call.entered is not None else ()),
    ]
