"""Errors of the Responses API: of a refusal, of an answer that failed, of a stream.

Codes of a failed answer: https://platform.openai.com/docs/api-reference/responses/object, read 2026-11.
"""

from tollbridge import GatewayError, UpstreamError
from tollbridge.formats import JSON, failure
from tollbridge_openai.chat_errors import read_error, read_error_object
from tollbridge_openai.errors import error_object

__all__ = ["error_event", "failed", "read_error", "stream_error"]

_CALLERS_FAULT = frozenset(
    (
        "bio_policy",
        "data_residency_mismatch",
        "empty_image_file",
        "failed_to_download_image",
        "image_content_policy_violation",
        "image_file_not_found",
        "image_file_too_large",
        "image_parse_error",
        "image_too_large",
        "image_too_small",
        "invalid_base64_image",
        "invalid_image",
        "invalid_image_format",
        "invalid_image_mode",
        "invalid_image_url",
        "invalid_prompt",
        "unsupported_image_media_type",
    )
)


def failed(error: JSON) -> GatewayError:
    """Read the `error` of an answer that failed, which says no status."""
    if isinstance(error, str):
        return failure(502, error)
    if not isinstance(error, dict):
        return UpstreamError("the provider failed to answer and did not say why")
    code, message = error.get("code"), error.get("message")
    if isinstance(code, str) and code in _CALLERS_FAULT:
        return failure(400, message if isinstance(message, str) else "", code=code)
    return read_error_object(error)


def stream_error(event: dict[str, JSON]) -> GatewayError:
    """Read an `error` event: its members stand in it, or in an `error` within."""
    inner = event.get("error")
    told = dict(inner) if isinstance(inner, dict) else {name: event.get(name) for name in ("code", "message", "param")}
    if isinstance(event.get("status"), int):
        told.setdefault("status", event["status"])
    return failed(told)


def error_event(error: GatewayError, sequence: int) -> dict[str, JSON]:
    """Write an `error` event.

    Its members are OpenAI's; the same in an `error` within make the official SDKs raise their exception, which they do
    for nothing else in a stream (openai-python 3.57, `_streaming.py`, read 2026-11).
    """
    told = error_object(error)
    return {
        "type": "error",
        "sequence_number": sequence,
        "code": told["code"],
        "message": told["message"],
        "param": told["param"],
        "error": {**told, "status": error.status},
    }
