"""OAuth clients and service accounts as the API says them."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import AuthMethod, Client, Environment, GrantType
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.tokenshapes import (
    BoundsPatch,
    BoundsWish,
    Days,
    Label,
    Moment,
    Name,
    Scopes,
    Tags,
    TokenShown,
    Wish,
    fields_of,
    hidden,
)

_REDIRECT = {"examples": ["https://shop.example.com/callback", "http://127.0.0.1/done"]}
Redirects = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=2048, extra_json_schema=_REDIRECT)]],
    Meta(max_length=20, description="Where people are sent back to, character by character."),
]
Grants = Annotated[list[GrantType], Meta(min_length=1, max_length=5, description="How it comes by access tokens.")]
Keys = Annotated[dict[str, Any], Meta(description="Its public keys, a JWKS document; for private_key_jwt.")]
Url = Annotated[str, Meta(max_length=2048, description="It begins with https://.")]
AccessS = Annotated[int, Meta(ge=60, le=86_400, description="Seconds that an access token lives.")]
RefreshS = Annotated[int, Meta(ge=300, le=366 * 86_400, description="Seconds that a refresh token can be used.")]


class NewClientWish(BoundsWish, frozen=True):
    """A client to be made: a service account by its `grants` alone, or an application for people."""

    name: Name
    scopes: Scopes
    auth_method: AuthMethod = AuthMethod.BASIC
    grants: Grants = msgspec.field(default_factory=lambda: [GrantType.CLIENT_CREDENTIALS])
    redirect_uris: Redirects = msgspec.field(default_factory=list)
    keys: Keys | None = None
    keys_url: Url = ""
    about_url: Url = ""
    trusted: bool = False
    access_s: AccessS = 600
    refresh_s: RefreshS = 30 * 86_400
    owner: Label = ""
    team: Label = ""
    expires_at: Moment | None = None
    tags: Tags = msgspec.field(default_factory=list)
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    environment: Environment = Environment.LIVE
    rotate_days: Days | None = None


class ClientPatch(BoundsPatch, frozen=True):
    """What is to change of a client (RFC 7396); how it proves who it is does not: make another."""

    name: Name | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    grants: Grants | UnsetType = UNSET
    redirect_uris: Redirects | UnsetType | None = UNSET
    keys: Keys | UnsetType | None = UNSET
    keys_url: Url | UnsetType | None = UNSET
    about_url: Url | UnsetType | None = UNSET
    trusted: bool | UnsetType = UNSET
    access_s: AccessS | UnsetType = UNSET
    refresh_s: RefreshS | UnsetType = UNSET
    expires_at: Moment | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    metadata: dict[str, str | None] | UnsetType | None = UNSET
    rotate_days: Days | UnsetType | None = UNSET


class ClientsAsked(Wish, frozen=True):
    """Which clients are listed."""

    q: Annotated[str, Meta(max_length=200, description="Part of a name, owner or id.")] = ""
    team: Annotated[str, Meta(max_length=100, description="Only those of this team.")] = ""
    limit: Limit = 50
    after: Cursor = ""


class ClientShown(TokenShown, frozen=True, kw_only=True):
    """A client: what it may do, as a token has it, and how it comes by access tokens."""

    auth_method: Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
    grants: Sequence[str]
    redirect_uris: Sequence[str]
    keys: dict[str, Any] | None
    keys_url: str | None
    about_url: str | None
    trusted: bool
    access_s: int
    refresh_s: int
    registered: str | None


class IssuedClientShown(ClientShown, frozen=True, kw_only=True):
    """A client with its new secret, this once; null where it has none."""

    secret: str | None

    __repr__ = hidden


class ClientsShown(msgspec.Struct, frozen=True):
    """A page of clients; `next` is the cursor of the page behind it."""

    items: Sequence[ClientShown]
    next: str | None


def shown(client: Client) -> ClientShown:
    """Give a client as it is shown."""
    return ClientShown(**_fields(client))


def issued(client: Client, secret: str) -> IssuedClientShown:
    """Give a client with its new secret."""
    return IssuedClientShown(secret=secret or None, **_fields(client))


def _fields(client: Client) -> dict[str, Any]:
    rules = client.rules
    return {
        **fields_of(client.token),
        "auth_method": rules.auth_method.value,
        "grants": [grant.value for grant in rules.grants],
        "redirect_uris": rules.redirect_uris,
        "keys": json.loads(rules.keys) if rules.keys else None,
        "keys_url": rules.keys_url or None,
        "about_url": rules.about_url or None,
        "trusted": rules.trusted,
        "access_s": rules.access_s,
        "refresh_s": rules.refresh_s,
        "registered": client.registered or None,
    }
