"""Cohere's errors, both ways: `message`, and an id (https://docs.cohere.com/reference/errors, read 2026-11)."""

from collections.abc import Mapping

import msgspec

from tollbridge import GatewayError
from tollbridge.formats import JSON, decode_json, failure, write_event

_PLACES = ("message", "detail", "error", "title")
STOPPED: Mapping[str, int] = {"ERROR": 502, "TIMEOUT": 504}
"""Why an answer ended that did not come to its end, and the status that means."""


def read_error(status: int, body: bytes) -> GatewayError:
    """Read the body of a refusal; one that does not fit has no message."""
    try:
        value = decode_json(body)
    except GatewayError:
        value = None
    return failure(status, _message(value), code=_code(value))


def _message(value: JSON) -> str:
    """Find the message: hosts with the same `/rerank` call it `detail`, or put it into `error`."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    for place in _PLACES:
        held = value.get(place)
        if isinstance(held, str) and held:
            return held
        if isinstance(held, dict) and isinstance(held.get("message"), str):
            return str(held["message"])
    return ""


def _code(value: JSON) -> str | None:
    code = value.get("code") if isinstance(value, dict) else None
    return code if isinstance(code, str) else None


def stopped(said: str, message: str) -> GatewayError:
    """Make the error for an answer that ended by `ERROR` or `TIMEOUT`."""
    return failure(STOPPED.get(said, 502), message or f"the provider broke the answer off: {said}")


def write_error(error: GatewayError, call_id: str) -> bytes:
    """Write the body of an error response."""
    return msgspec.json.encode({"id": call_id, "message": error.message})


def write_error_event(error: GatewayError) -> bytes:
    """Write the last event of a stream that breaks off; the SDK has `error` and `finish_reason` in its delta."""
    delta = {"error": error.message, "finish_reason": "ERROR"}
    return write_event(msgspec.json.encode({"type": "message-end", "delta": delta}), b"message-end")
