"""Errors of Google Cloud, both ways (https://google.aip.dev/193, read 2026-11)."""

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tollbridge import GatewayError
from tollbridge.formats import JSON, UNREADABLE, failure

_WORDS: Mapping[int, str] = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}
_TYPE = "type.googleapis.com/google.rpc."
_SECONDS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s")


class _Said(msgspec.Struct):
    message: str = ""
    status: str = ""
    details: list[dict[str, Any]] = []


class _Refusal(msgspec.Struct):
    error: _Said


_decode = msgspec.json.Decoder(_Refusal).decode


def write_error(error: GatewayError) -> bytes:
    """Write the body of an error response; google-genai chooses its exception by the status."""
    details: list[dict[str, JSON]] = [
        {"@type": f"{_TYPE}ErrorInfo", "reason": error.code.upper(), "domain": "tollbridge"}
    ]
    if error.param is not None:
        violation = {"field": error.param, "description": error.message}
        details.append({"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]})
    if error.retry_after_s is not None:
        delay = f"{max(0, math.ceil(error.retry_after_s))}s"
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": delay})
    word = _WORDS.get(error.status, "INTERNAL" if error.status >= 500 else "INVALID_ARGUMENT")
    shown = {"code": error.status, "message": error.message, "status": word, "details": details}
    return msgspec.json.encode({"error": shown})


def read_error(status: int, body: bytes) -> GatewayError:
    """Read the body of a refusal.  A 403 is about the gateway's own account, as a 401 is: the caller has none there."""
    try:
        said = _decode(body).error
    except UNREADABLE:
        said = _Said()
    if status == 403:
        return failure(401, said.message)
    found = failure(status, said.message, code=_detail(said, "ErrorInfo", "reason") or said.status, param=_field(said))
    match = _SECONDS.fullmatch(_detail(said, "RetryInfo", "retryDelay"))
    found.retry_after_s = float(match[1]) if match is not None else None
    return found


def _of_type(said: _Said, kind: str) -> Mapping[str, JSON]:
    return next((item for item in said.details if item.get("@type") == _TYPE + kind), {})


def _detail(said: _Said, kind: str, name: str) -> str:
    """Give a text of the details of one kind, empty where there is none."""
    found = _of_type(said, kind).get(name)
    return found if isinstance(found, str) else ""


def _field(said: _Said) -> str | None:
    violations = _of_type(said, "BadRequest").get("fieldViolations")
    first = violations[0] if isinstance(violations, list) and violations else None
    field = first.get("field") if isinstance(first, dict) else None
    return field if isinstance(field, str) and field else None
