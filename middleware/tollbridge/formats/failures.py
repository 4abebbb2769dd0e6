"""A provider's refusal as an error of ours: the class stays, so that the caller's SDK raises its own."""

from collections.abc import Mapping

from tollbridge.errors import (
    BadRequest,
    BodyTooLarge,
    Denied,
    GatewayError,
    ModelNotFound,
    RateLimited,
    RequestTimeout,
    Unavailable,
    UpstreamError,
    UpstreamTimeout,
)

_CLASSES: Mapping[int, type[GatewayError]] = {
    400: BadRequest,
    403: Denied,
    404: ModelNotFound,
    408: RequestTimeout,
    409: BadRequest,
    413: BodyTooLarge,
    422: BadRequest,
    429: RateLimited,
    503: Unavailable,
    504: UpstreamTimeout,
    529: Unavailable,
}
_OURS = {
    401: ("the provider refused the gateway's credential; tell its operator", "upstream_credential"),
    402: ("the provider wants the gateway's account to be paid; tell its operator", "upstream_billing"),
}
_LONGEST = 4_000


def failure(status: int, message: str, *, code: str | None = None, param: str | None = None) -> GatewayError:
    """Make the error for a provider's status; `message` is the provider's, shown to the caller.

    401 and 402 are about our credential and our account, not the caller's, so they are 502 and say nothing of what the
    provider said. `code` is the provider's own, where it has one.
    """
    if status in _OURS:
        message, code = _OURS[status]
        return UpstreamError(message, code=code, detail=f"the provider answered {status}")
    if not 400 <= status <= 599:
        return UpstreamError("the provider answered with something that is not an answer", detail=f"status {status}")
    kind = _CLASSES.get(status, UpstreamError if status >= 500 else BadRequest)
    said = message.strip()[:_LONGEST] or f"the provider answered {status}"
    return kind(said, status=status, code=code or None, param=param)
