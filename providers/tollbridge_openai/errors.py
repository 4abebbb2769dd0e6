"""Errors in OpenAI's words.  Guide: https://platform.openai.com/docs/guides/error-codes (read 2026-11)."""

import msgspec

from tollbridge import GatewayError

_TYPES = {
    401: "invalid_request_error",
    403: "permission_error",
    404: "invalid_request_error",
    408: "timeout_error",
    409: "conflict_error",
    429: "rate_limit_error",
}
_BY_CODE = {"insufficient_quota": "insufficient_quota"}


def error_object(error: GatewayError) -> dict[str, object]:
    """Give the `error` object: message, type, param, code; the SDKs choose their exception by the status."""
    default = "server_error" if error.status >= 500 else "invalid_request_error"
    return {
        "message": error.message,
        "type": _BY_CODE.get(error.code) or _TYPES.get(error.status, default),
        "param": error.param,
        "code": error.code,
    }


def write_error(error: GatewayError) -> bytes:
    """Write the body of an error response."""
    return msgspec.json.encode({"error": error_object(error)})
