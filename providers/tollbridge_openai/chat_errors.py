"""Reading OpenAI's errors (https://platform.openai.com/docs/guides/error-codes, read 2026-11)."""

from collections.abc import Mapping

from tollbridge import GatewayError
from tollbridge.formats import JSON, decode_json, failure

_BY_WORD: Mapping[str, int] = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "insufficient_quota": 429,
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "not_found_error": 404,
    "permission_error": 403,
    "authentication_error": 401,
    "overloaded_error": 503,
    "server_overloaded": 503,
    "timeout": 504,
}


def read_error(status: int, body: bytes) -> GatewayError:
    """Read the body of a refusal; one that does not fit has no message."""
    try:
        value = decode_json(body)
    except GatewayError:
        value = None
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        return _told(None, status)
    return _told(value.get("error") or value.get("detail") or value, status)


def read_error_object(error: JSON) -> GatewayError:
    """Read an error that came inside a stream, where its status is not said."""
    status = 502
    if isinstance(error, dict):
        words = (error.get("code"), error.get("type"), error.get("status"))
        known = [_BY_WORD[word] for word in words if isinstance(word, str) and word in _BY_WORD]
        numbers = [word for word in words if isinstance(word, int) and 400 <= word <= 599]
        status = (numbers or known or [502])[0]
    return _told(error, status)


def _told(error: JSON, status: int) -> GatewayError:
    if isinstance(error, str):
        return failure(status, error)
    if not isinstance(error, dict):
        return failure(status, "")
    message, code, param = error.get("message"), error.get("code"), error.get("param")
    return failure(
        status,
        message if isinstance(message, str) else "",
        code=code if isinstance(code, str) else None,
        param=param if isinstance(param, str) else None,
    )
