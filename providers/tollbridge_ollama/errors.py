"""Errors in Ollama's words: one text (https://docs.ollama.com/api/errors, read 2026-11)."""

from tollbridge import GatewayError
from tollbridge.formats import JSON, decode_json, failure


def error_object(error: GatewayError) -> dict[str, JSON]:
    """Give the body of an error response, or the line that ends a stream."""
    return {"error": error.message}


def read_error(status: int, body: bytes) -> GatewayError:
    """Read the body of a refusal; one that does not fit has no message."""
    try:
        value = decode_json(body)
    except GatewayError:
        value = None
    return _told(value.get("error") if isinstance(value, dict) else None, status)


def read_error_line(value: dict[str, JSON]) -> GatewayError:
    """Read an error that came inside a stream, where its status is seldom said; the server means 500 then."""
    status = value.get("status")
    known = isinstance(status, int) and 400 <= status <= 599
    return _told(value.get("error"), int(status) if known else 500)  # type: ignore[arg-type]  # known


def _told(error: JSON, status: int) -> GatewayError:
    code = None
    if isinstance(error, dict):  # a proxy in front of it, in OpenAI's words
        code, error = error.get("code"), error.get("message")
    return failure(
        status, error if isinstance(error, str) else "", code=code if isinstance(code, str) and code else None
    )
