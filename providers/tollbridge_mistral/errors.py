"""Mistral's errors, both ways (https://docs.mistral.ai/api and its SDK's error types, read 2026-11).

`message` is a text, or holds the `detail` of what does not fit, as it stands alone in an answer with status 422.
"""

from collections.abc import Mapping

import msgspec

from tollbridge import GatewayError
from tollbridge.formats import JSON, decode_json, failure

_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def read_error(status: int, body: bytes) -> GatewayError:
    """Read the body of a refusal; one that does not fit has no message."""
    try:
        value = decode_json(body)
    except GatewayError:
        value = None
    return _told(value, status)


def read_error_object(value: JSON) -> GatewayError:
    """Read an error that came inside a stream; its status is said in `raw_status_code`, or is 502."""
    inner = value.get("error") if isinstance(value, dict) else None
    told = inner if isinstance(inner, dict) else value
    status = told.get("raw_status_code", told.get("code")) if isinstance(told, dict) else None
    known = status if type(status) is int and 400 <= status <= 599 else 502
    return _told({"error": inner} if isinstance(inner, str) else told, known)


def _told(value: JSON, status: int) -> GatewayError:
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        value = value["error"]
    if not isinstance(value, dict):
        return failure(status, value if isinstance(value, str) else "")
    message, param = _message(value)
    code, named = value.get("code"), value.get("param")
    return failure(
        status,
        message,
        code=code if isinstance(code, str) else None,
        param=named if isinstance(named, str) else param,
    )


def _message(value: dict[str, JSON]) -> tuple[str, str | None]:
    """Find the message, and the field it is about."""
    for held in (value.get("message"), value.get("detail"), value.get("error")):
        if isinstance(held, str) and held:
            return held, None
        details = held.get("detail") if isinstance(held, dict) else held
        if isinstance(details, list) and details and isinstance(details[0], dict):
            told, place = details[0].get("msg"), details[0].get("loc")
            steps = [str(step) for step in place if step != "body"] if isinstance(place, list) else []
            field = ".".join(steps) or None
            text = told if isinstance(told, str) else ""
            return (f"{field}: {text}" if field else text), field
    return "", None


def error_object(error: GatewayError) -> dict[str, JSON]:
    """Give an error in Mistral's words."""
    default = "server_error" if error.status >= 500 else "invalid_request_error"
    return {
        "object": "error",
        "message": error.message,
        "type": _TYPES.get(error.status, default),
        "param": error.param,
        "code": error.code,
        "raw_status_code": error.status,
    }


def write_error(error: GatewayError) -> bytes:
    """Write the body of an error response."""
    return msgspec.json.encode(error_object(error))
