"""OAuth clients as data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

from tollbridge.stores.changes import NewToken, TokenChange
from tollbridge.tokens.model import Token

ACCESS_S = 600
"""Seconds that an access token opens where nothing else is said."""
REFRESH_S = 30 * 86_400
"""Seconds that a refresh token can be used where nothing else is said."""


class AuthMethod(StrEnum):
    """How a client proves who it is, in the words of RFC 7591 section 2."""

    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    PRIVATE_KEY = "private_key_jwt"
    """With a JWT that it signs (RFC 7523 section 2.2)."""
    NONE = "none"
    """Not at all: a public client, such as a program on somebody's own machine."""


HAVE_SECRETS = frozenset((AuthMethod.BASIC, AuthMethod.POST))
"""Methods of clients that have a secret."""


class GrantType(StrEnum):
    """How a client may come by an access token, in the words that the token endpoint takes."""

    CLIENT_CREDENTIALS = "client_credentials"
    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"
    DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
    TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@dataclass(frozen=True, slots=True)
class ClientRules:
    """What is demanded of a client and where it may send people.

    `redirect_uris` are compared as `redirects.matches` says. Of a client that signs, either `keys` is its JWKS document
    or `keys_url` where that is. `access_s` and `refresh_s` are how many seconds its tokens live. People are not asked
    about a `trusted` one: its operator answers for it.
    """

    auth_method: AuthMethod
    grants: tuple[GrantType, ...]
    redirect_uris: tuple[str, ...] = ()
    keys: str = ""
    keys_url: str = ""
    about_url: str = ""
    trusted: bool = False
    access_s: int = ACCESS_S
    refresh_s: int = REFRESH_S


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client about to be written: its token, which is what it may do, and its rules.

    `registered` says by which way it came, empty where an administrator made it.
    """

    token: NewToken
    rules: ClientRules
    registered: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """A client as an administrator sees it.  Its token says what it may do, whether it is on, and how secrets begin."""

    token: Token
    rules: ClientRules
    registered: str = ""

    @property
    def id(self) -> str:
        """What it is known by: the `client_id`."""
        return self.token.id

    @property
    def created_at(self) -> datetime:
        return self.token.created_at

    @property
    def has_secret(self) -> bool:
        """Whether it proves who it is with a secret."""
        return self.rules.auth_method in HAVE_SECRETS


class ClientChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of a client; what is unset stays.  How it proves who it is does not: make another client."""

    token: TokenChange = TokenChange()
    grants: tuple[GrantType, ...] | UnsetType = UNSET
    redirect_uris: tuple[str, ...] | UnsetType = UNSET
    keys: str | UnsetType = UNSET
    keys_url: str | UnsetType = UNSET
    about_url: str | UnsetType = UNSET
    trusted: bool | UnsetType = UNSET
    access_s: int | UnsetType = UNSET
    refresh_s: int | UnsetType = UNSET


ClientEdit = ClientChange | Callable[[Client], ClientChange]
"""A change, or what gives it from the client as it is while nobody else changes it; raising, it changes nothing."""
