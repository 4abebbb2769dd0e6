"""Everything that can go wrong, as one tree.

    TollbridgeError
    ├── SetupError                  the gateway cannot start; one sentence for the operator
    │   ├── ConfigError
    │   │   └── NothingStored
    │   ├── PluginError
    │   └── StoreError
    │       └── NoDatabase
    └── GatewayError                one call cannot cross; has `status` and `code`
        ├── BadRequest              400 invalid_request
        │   ├── UnsafeRequest       400 unsafe_request
        │   ├── AmbiguousCredential 400 ambiguous_credential
        │   ├── BodyTooLarge        413 body_too_large
        │   └── Untranslatable      400 unsupported_by_target
        ├── Unauthenticated         401 invalid_api_key
        │   └── TokenEnded          401 token_ended
        ├── Denied                  403 denied (a policy gives its own code)
        │   ├── ScopeMissing        403 insufficient_scope
        │   └── Unpriced            403 unpriced_model
        ├── NotFound                404 not_found
        │   └── ModelNotFound       404 model_not_found
        ├── MethodNotAllowed        405 method_not_allowed
        ├── RequestTimeout          408 request_timeout
        ├── RateLimited             429 rate_limit_exceeded
        ├── BudgetExceeded          429 insufficient_quota
        │   └── QuotaExceeded       429 call_quota_exceeded
        ├── Throttled               429 too_many_bad_credentials
        ├── UpstreamError           502 upstream_error
        │   ├── UpstreamUnreachable 502 upstream_unreachable
        │   ├── UpstreamTruncated   502 upstream_truncated
        │   └── UpstreamTimeout     504 upstream_timeout
        ├── Unavailable             503 unavailable
        └── InternalError           500 internal_error

`message` is for the caller, in the caller's terms. `detail` is for the operator's log only. Neither ever holds a
token, a key or a prompt.
"""

import math
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import PurePath

_LONGEST_SCOPE = 256
"""Characters shown of a missing scope: it holds the model's name, which a caller may send at any length."""


class TollbridgeError(Exception):
    """Anything this package raises on purpose."""


class SetupError(TollbridgeError):
    """The gateway cannot start.  The message is one sentence that says what to do; a command ends with `exit_code`."""

    exit_code = 1


class ConfigError(SetupError):
    """The configuration holds something that cannot be used."""


class NothingStored(ConfigError):
    """No secret of the name that the configuration says is in the data folder.  The database may have it."""


class PluginError(SetupError):
    """A plugin cannot be loaded, or does not fit."""


class StoreError(SetupError):
    """The store cannot be opened: unreachable, unwritable, or of another version."""


class NoDatabase(StoreError):
    """There is no database yet, and nothing to write that would make one."""

    def __init__(self) -> None:
        super().__init__(
            "there is no database yet, and looking makes none; the first start does (tollbridge serve), or the first "
            "token (tollbridge token create)"
        )


class GatewayError(TollbridgeError):
    """One call cannot cross.

    `retry`: whether the same request may succeed later by itself; sent as `x-should-retry`, which the official
    OpenAI and Anthropic SDKs obey (read in their sources, 2026-11).
    """

    status = 500
    code = "internal_error"
    retry = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        param: str | None = None,
        detail: str | None = None,
        retry_after_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status
        self.param = param
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.extra_headers = dict(headers or {})

    @property
    def title(self) -> str:
        """Give the status in words; of one that is not registered, such as 529, those of its class (RFC 9110, 15)."""
        try:
            return HTTPStatus(self.status).phrase
        except ValueError:
            return "Client Error" if self.status < 500 else "Server Error"

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Give the response headers that belong to this error, whatever the dialect."""
        found = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.extra_headers.items()
        ]
        if not self.retry:
            found.append((b"x-should-retry", b"false"))
        if self.retry_after_s is not None:
            found.append((b"retry-after", b"%d" % max(0, math.ceil(self.retry_after_s))))
        return found


class BadRequest(GatewayError):
    """The request cannot be understood."""

    status, code = 400, "invalid_request"


class UnsafeRequest(BadRequest):
    """The request could be read in two ways, so it is not read at all."""

    code = "unsafe_request"


class AmbiguousCredential(BadRequest):
    """More than one credential, or one in a place where it would be logged."""

    code = "ambiguous_credential"


class BodyTooLarge(BadRequest):
    """The body is over the limit, in bytes or in depth."""

    status, code = 413, "body_too_large"


class Untranslatable(BadRequest):
    """The chosen target cannot express a field of the request; `param` names it."""

    code = "unsupported_by_target"


class Unauthenticated(GatewayError):
    """No valid token.  The same words for unknown, revoked and expired."""

    status, code = 401, "invalid_api_key"

    def __init__(self, message: str = "no valid token was given; send it as 'Authorization: Bearer <token>'") -> None:
        super().__init__(message, headers={"www-authenticate": 'Bearer realm="tollbridge"'})


class TokenEnded(Unauthenticated):
    """The token, or the secret of it that was shown, stopped opening while the call ran."""

    code = "token_ended"

    def __init__(self) -> None:
        super().__init__("the token that was shown no longer opens, so this call was cut while it ran")


class Denied(GatewayError):
    """A rule says no.  Policies raise it with a code of their own."""

    status, code = 403, "denied"


class ScopeMissing(Denied):
    """The token is valid and lacks a scope, which the message and `WWW-Authenticate` name (RFC 6750 section 3.1)."""

    code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        scope = scope[:_LONGEST_SCOPE]
        challenge = "".join(c for c in scope if " " < c < "\x7f" and c not in '"\\')
        super().__init__(
            f"this token lacks the scope {scope!r}",
            headers={"www-authenticate": f'Bearer realm="tollbridge", error="insufficient_scope", scope="{challenge}"'},
        )
        self.scope = scope


class Unpriced(Denied):
    """The model has no known price and the configuration refuses such calls."""

    code = "unpriced_model"


class NotFound(GatewayError):
    """There is nothing at this path."""

    status, code = 404, "not_found"


class ModelNotFound(NotFound):
    """No model of this name is offered to this token."""

    code = "model_not_found"


class MethodNotAllowed(GatewayError):
    """The path is known, the method is not."""

    status, code = 405, "method_not_allowed"


class RequestTimeout(GatewayError):
    """The caller did not send its request in time."""

    status, code, retry = 408, "request_timeout", True


class RateLimited(GatewayError):
    """A rate or concurrency limit is reached; `retry_after_s` says when there will be room."""

    status, code, retry = 429, "rate_limit_exceeded", True


class BudgetExceeded(GatewayError):
    """A money budget cannot hold this call.  Retrying does not help before the period ends or the budget grows."""

    status, code = 429, "insufficient_quota"


class QuotaExceeded(BudgetExceeded):
    """The calls of a period are used up.  The next one begins at `ends_s` (epoch seconds), which Retry-After tells."""

    code = "call_quota_exceeded"

    def __init__(self, message: str, *, ends_s: float, detail: str | None = None) -> None:
        super().__init__(message, detail=detail)
        self.ends_s = ends_s


class Throttled(GatewayError):
    """Too many bad credentials came from this address; `retry_after_s` says how long another is not listened to."""

    status, code = 429, "too_many_bad_credentials"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(
            "too many bad credentials came from this address; send a valid one, or wait", retry_after_s=retry_after_s
        )


class UpstreamError(GatewayError):
    """The provider answered with something that is not an answer."""

    status, code, retry = 502, "upstream_error", True


class UpstreamUnreachable(UpstreamError):
    """No connection to the provider."""

    code = "upstream_unreachable"


class UpstreamTruncated(UpstreamError):
    """The provider's answer ended before it was complete."""

    code, retry = "upstream_truncated", False


class UpstreamTimeout(UpstreamError):
    """The provider did not answer, fell silent, or had not finished, for longer than allowed."""

    status, code = 504, "upstream_timeout"


class Unavailable(GatewayError):
    """The gateway itself cannot decide now: a store is out of reach, a policy failed, it is shutting down."""

    status, code, retry = 503, "unavailable", True


class InternalError(GatewayError):
    """A fault of ours.  The log has it under the call's id."""


def without_words(exc: BaseException) -> str:
    """Name an exception by its class and the line that raised it; what it says may hold a secret."""
    where = ""
    for frame, line in traceback.walk_tb(exc.__traceback__):
        where = f" in {PurePath(frame.f_code.co_filename).name}, line {line}"
    return f"{type(exc).__name__}{where}"
