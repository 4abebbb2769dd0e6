"""Refusals in OpenAI's words (https://platform.openai.com/docs/guides/error-codes, read 2026-11)."""

from collections.abc import Mapping
from typing import Any

_TYPES: Mapping[int, tuple[str, str | None]] = {
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("permission_error", None),
    404: ("invalid_request_error", "model_not_found"),
    408: ("timeout_error", None),
    409: ("conflict_error", None),
    429: ("rate_limit_error", "rate_limit_exceeded"),
}


class Refusal(Exception):
    """An answer that is an error.  `retry_after_s` goes into the header of that name."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.param = param
        self.code = code
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, Any]:
        """Give the body of the response."""
        default = ("server_error", None) if self.status >= 500 else ("invalid_request_error", None)
        kind, code = _TYPES.get(self.status, default)
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code or code}}
