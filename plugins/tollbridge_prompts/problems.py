"""Refusals as problem details (RFC 9457).  No value that was sent is in them."""

from http import HTTPStatus
from typing import Any

from tollbridge import GatewayError
from tollbridge_prompts.refusals import InputRefused

KIND = "application/problem+json"


def problem_of(error: GatewayError) -> dict[str, Any]:
    """Write an error: `code` is for programs, `detail` for people, `errors` name each field that is wrong."""
    shown: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
    }
    if isinstance(error, InputRefused):
        shown["errors"] = [{"field": one.field, "detail": one.detail} for one in error.errors]
    return shown
