"""Errors of this dialect, both ways.  https://docs.anthropic.com/en/api/errors (read 2026-11)."""

import re
from collections.abc import Mapping

from tollbridge import GatewayError, UpstreamError
from tollbridge.formats import JSON, Fields, decode_json, failure

_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_STATUSES: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_PLACE = re.compile(r"([a-z_]+(?:\.\w+)*): ")


def error_body(error: GatewayError, call_id: str) -> dict[str, JSON]:
    """Write an error; one about a credential is the same bytes for everybody."""
    default = "api_error" if error.status >= 500 else "invalid_request_error"
    shown: dict[str, JSON] = {
        "type": "error",
        "error": {"type": _TYPES.get(error.status, default), "message": error.message},
    }
    if error.status != 401:
        shown["request_id"] = call_id
    return shown


def read_error(status: int, body: bytes) -> GatewayError:
    """Read a refusal of the provider."""
    try:
        value = decode_json(body, wrong=UpstreamError)
    except UpstreamError:
        return failure(status, "")
    return _failure(status, value)


def read_error_event(value: JSON) -> GatewayError:
    """Read the error that ends a stream: its status is known by its type alone."""
    inner = Fields(value, wrong=None).inner("error")
    kind = inner.peek("type") if inner is not None else None
    return _failure(_STATUSES.get(kind, 502) if isinstance(kind, str) else 502, value)


def _failure(status: int, value: JSON) -> GatewayError:
    inner = Fields(value, wrong=None).inner("error") or Fields(value, wrong=None)
    kind, message = inner.text("type"), inner.text("message") or ""
    place = _PLACE.match(message)
    return failure(status, message, code=kind, param=place[1] if place is not None else None)
