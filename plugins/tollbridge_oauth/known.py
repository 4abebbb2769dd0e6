"""A client that proved who it is, as Authlib's classes want it."""

from collections.abc import Sequence
from dataclasses import dataclass

from authlib.oauth2.rfc6749 import ClientMixin

from tollbridge import Principal, parse_scope
from tollbridge.authorizing import AuthMethod, Client, GrantType, matches

MOST_SCOPES = 100


@dataclass(frozen=True, slots=True, repr=False)
class KnownClient(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """A client that is on.  `holder` is what it may do itself, and where from and when."""

    client: Client
    holder: Principal

    def __repr__(self) -> str:
        return f"KnownClient({self.client.id})"

    @property
    def id(self) -> str:
        """The `client_id`."""
        return self.client.id

    @property
    def is_public(self) -> bool:
        """Whether it cannot prove anything about itself."""
        return self.client.rules.auth_method is AuthMethod.NONE

    def get_client_id(self) -> str:
        return self.client.id

    def get_default_redirect_uri(self) -> None:
        """Give none: where people are sent back to is always said."""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return any([matches(one, redirect_uri) for one in self.client.rules.redirect_uris])

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type(GrantType.AUTHORIZATION_CODE)

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.client.rules.grants

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Give the scopes if each is one of ours and within the client's; None, which refuses, for any other list."""
        asked = scopes_of(scope)
        return " ".join(asked) if asked and not self.holder.scopes.lacking(asked) else None


def scopes_of(text: str | None) -> Sequence[str]:
    """Read a list of scopes, each once (RFC 6749 section 3.3); empty for none, and for one that holds what is none."""
    asked = tuple(dict.fromkeys((text or "").split(" ")))
    try:
        return tuple(parse_scope(one) for one in asked) if len(asked) <= MOST_SCOPES else ()
    except ValueError:
        return ()
