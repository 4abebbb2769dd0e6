"""Refusals of the endpoints that programs call, in the words of RFC 6749 section 5.2 and of those that add to it.

Nothing that was sent is in a description, so none can hold a secret, or a character that none may have.
"""

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    AccessDeniedError,
    InvalidRequestError,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6749 import InvalidGrantError as _InvalidGrant
from authlib.oauth2.rfc6749 import InvalidScopeError as _InvalidScope

__all__ = [
    "AccessDeniedError",
    "BadClient",
    "InvalidGrantError",
    "InvalidRequestError",
    "InvalidScopeError",
    "InvalidTarget",
    "OAuth2Error",
    "Refused",
    "TooLarge",
    "UnauthorizedClientError",
    "UnknownGrant",
]

CHALLENGE = ("WWW-Authenticate", 'Basic realm="tollbridge"')


class Refused(OAuth2Error):  # type: ignore[misc]  # Authlib has no types
    """A refusal that Authlib has no class for."""


class BadClient(Refused):
    """The client did not prove who it is.  The same words whatever is wrong: unknown, ended, or a wrong secret."""

    error = "invalid_client"
    description = "the client is unknown, has ended, or did not prove who it is in its own way"
    status_code = 401

    def get_headers(self) -> list[tuple[str, str]]:
        """Give the headers, with the challenge that a 401 needs (RFC 9110 section 15.5.2)."""
        return [*super().get_headers(), CHALLENGE]


class InvalidGrantError(_InvalidGrant):  # type: ignore[misc]  # Authlib has no types
    """What was shown for a token opens nothing; which of the reasons it was is not said."""

    description = "the code or token is unknown, was used, is another client's, or has ended"


class InvalidScopeError(_InvalidScope):  # type: ignore[misc]  # Authlib has no types
    """No scope was named, or one that may not be had."""

    description = "name scopes of this gateway in scope, each within what the client may do and what was lent to it"


class UnknownGrant(Refused):
    """The token endpoint has no such grant."""

    error = "unsupported_grant_type"
    description = "the grant type is none of those in the metadata of this server"


class InvalidTarget(Refused):
    """Nothing is issued for such an audience (RFC 8693 section 2.2.2, RFC 8707 section 2)."""

    error = "invalid_target"
    description = "no token is issued here for this resource or audience"


class TooLarge(Refused):
    """The request is longer than any that is understood."""

    error = "invalid_request"
    description = "the request is too long"
    status_code = 413
