"""Answers to programs: JSON that nobody keeps."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from tollbridge import GatewayError
from tollbridge_oauth.refusals import OAuth2Error

_OWN = {"cache-control": "no-store", "pragma": "no-cache", "x-content-type-options": "nosniff"}


def answer(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Write JSON."""
    kind = {"content-type": "application/json"}
    return Response(msgspec.json.encode(dict(body)), status, {**_OWN, **kind, **(headers or {})})


def refusal(error: OAuth2Error) -> Response:
    """Write a refusal (RFC 6749 section 5.2)."""
    status, body, headers = error()
    shown = {name: value for name, value in headers if name.lower() == "www-authenticate"}
    return answer(body, status, shown)


def failure(error: GatewayError) -> Response:
    """Write what the gateway itself refuses: it cannot answer now, or has been asked too often."""
    return answer({"error": error.code, "error_description": error.message}, error.status, waiting(error))


def waiting(error: GatewayError) -> Mapping[str, str]:
    """Give the header that says how long to wait before the next try, where that is known."""
    return {name.decode(): value.decode() for name, value in error.headers() if name == b"retry-after"}
