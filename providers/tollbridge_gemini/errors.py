"""Errors in Google's words, both ways.

Shape: https://ai.google.dev/gemini-api/docs/troubleshooting, its details: https://google.aip.dev/193 (read 2026-11).
"""

import math
import re
from collections.abc import Iterator, Mapping

import msgspec

from tollbridge import GatewayError
from tollbridge.formats import JSON, decode_json, failure, items_of

_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}
_BY_WORD = {word: status for status, word in reversed(_WORDS.items())} | {
    "FAILED_PRECONDITION": 400,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
}
_TYPE = "type.googleapis.com/google.rpc."
_SECONDS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s")
_OWN_KEY = ("API_KEY", "CREDENTIALS", "ACCESS_TOKEN", "ACCOUNT_STATE", "SERVICE_DISABLED", "BILLING_DISABLED", "IAM_")
"""Beginnings of reasons that are about the gateway's credential, not about what its caller asks for."""
_OWN_WORDS = ("api key", "unregistered callers")
"""What the message of a 403 says of the same, where it has no reason."""


def write_error(error: GatewayError) -> bytes:
    """Write the body of an error response; google-genai chooses its exception by the status."""
    status = error.status
    default = "INTERNAL" if status >= 500 else "INVALID_ARGUMENT"
    shown = {"code": status, "message": error.message, "status": _WORDS.get(status, default)}
    return msgspec.json.encode({"error": {**shown, "details": list(_details(error))}})


def _details(error: GatewayError) -> Iterator[dict[str, JSON]]:
    yield {"@type": f"{_TYPE}ErrorInfo", "reason": error.code.upper(), "domain": "tollbridge"}
    if error.param is not None:
        violation = {"field": error.param, "description": error.message}
        yield {"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]}
    if error.retry_after_s is not None:
        yield {"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{max(0, math.ceil(error.retry_after_s))}s"}


def read_error(status: int, body: bytes) -> GatewayError:
    """Read the body of a refusal, which is a list of one where a stream was asked for without `alt=sse`."""
    try:
        value = decode_json(body)
    except GatewayError:
        value = None
    if isinstance(value, list) and value:
        value = value[0]
    return read_error_object(value.get("error") if isinstance(value, dict) else None, status)


def read_error_object(error: JSON, status: int = 502) -> GatewayError:
    """Read an `error` object; `status` is that of the response, or what holds where the object says none."""
    if not isinstance(error, dict):
        return failure(status, error if isinstance(error, str) else "")
    message, word, code = error.get("message"), error.get("status"), error.get("code")
    if isinstance(code, int) and 400 <= code <= 599:
        status = code
    elif not 400 <= status <= 599 or status == 502:
        status = _BY_WORD.get(word, status) if isinstance(word, str) else status
    said = message if isinstance(message, str) else ""
    details = [item for item in items_of(error.get("details")) if isinstance(item, dict)]
    reason = _reason(details)
    if reason.startswith(_OWN_KEY) or (status == 403 and any(words in said.lower() for words in _OWN_WORDS)):
        return failure(401, said)
    found = failure(status, said, code=reason or (word if isinstance(word, str) else None), param=_field(details))
    found.retry_after_s = _delay(details)
    return found


def _of_type(details: list[dict[str, JSON]], name: str) -> Mapping[str, JSON]:
    return next((item for item in details if item.get("@type") == _TYPE + name), {})


def _reason(details: list[dict[str, JSON]]) -> str:
    reason = _of_type(details, "ErrorInfo").get("reason")
    return reason if isinstance(reason, str) else ""


def _field(details: list[dict[str, JSON]]) -> str | None:
    for violation in items_of(_of_type(details, "BadRequest").get("fieldViolations")):
        field = violation.get("field") if isinstance(violation, dict) else None
        if isinstance(field, str) and field:
            return field
    return None


def _delay(details: list[dict[str, JSON]]) -> float | None:
    """Give `retryDelay`, such as `34.4s`, in seconds."""
    delay = _of_type(details, "RetryInfo").get("retryDelay")
    match = _SECONDS.fullmatch(delay) if isinstance(delay, str) else None
    return float(match[1]) if match is not None else None
