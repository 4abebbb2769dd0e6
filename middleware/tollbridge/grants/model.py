"""Grants, and what is issued for them, as data.

A grant is a token of the kind `access` below a member's, or another token's, and below a client's. What is issued for
it, or for a client itself, is known by its digest alone.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tollbridge.tokens.model import Principal, SecretUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What somebody lets a client do.

    `holder` is the token whose rights are lent: a member's, or one that is exchanged. `owner` is who that is, for the
    `sub` of access tokens. `scopes` are what is agreed to now; a grant that is there keeps what it had.
    """

    holder: str
    client_id: str
    scopes: tuple[str, ...]
    owner: str
    team: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """What an issue is about: of which grant, to which client, how much of it, and for whom it is made.

    `audience` is empty where the tokens are for this gateway. `confirmed_at` is when the person last proved who they
    are, None where nobody signed in.
    """

    client_id: str
    grant_id: str
    scopes: tuple[str, ...]
    audience: str = ""
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCode:
    """An authorization code about to be written (RFC 6749 section 4.1.2), with its PKCE challenge (RFC 7636)."""

    digest: bytes
    lent: Lent
    redirect_uri: str
    challenge: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was redeemed just now."""

    lent: Lent
    redirect_uri: str
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRefresh:
    """A refresh token about to be written."""

    id: str
    digest: bytes
    pepper_id: str
    lent: Lent
    made_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token as it was found.  `successor` is sealed, and empty unless one took its place with a grace."""

    id: str
    lent: Lent
    ends_at: datetime
    used_at: datetime | None = None
    successor: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccess:
    """An access token about to be written: whose it is, what of that it may do, and where it opens."""

    digest: bytes
    pepper_id: str
    holder: str
    scopes: tuple[str, ...]
    made_at: datetime
    ends_at: datetime
    use: SecretUse = SecretUse.ACCESS


class DeviceState(StrEnum):
    """What became of what a device asked for."""

    PENDING = "pending"
    AGREED = "agreed"
    DENIED = "denied"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice:
    """A device authorization about to be written (RFC 8628 section 3.2).  `user_code` is as people type it, bare."""

    digest: bytes
    user_code: str
    client_id: str
    scopes: tuple[str, ...]
    interval_s: int
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """What a device asked for, as it was found.  Its grant is empty until somebody agreed."""

    user_code: str
    lent: Lent
    state: DeviceState
    interval_s: int
    ends_at: datetime
    too_fast: bool = False
    """Whether it was asked for again before its interval was over."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A secret of a token as introspection finds it: live, and what it may do of its holder's rights."""

    principal: Principal
    use: SecretUse
    scopes: tuple[str, ...]
    made_at: datetime
    ends_at: datetime | None


class Reused(Exception):
    """What may be used once was used again: whoever has it may not be whom it was given to.  `grant_id` is to end."""

    def __init__(self, grant_id: str) -> None:
        super().__init__("a code or refresh token was used again")
        self.grant_id = grant_id
