"""Tokens as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from tollbridge.tokens.conditions import ANYWHERE, Conditions
from tollbridge.tokens.scopes import ScopeSet


class TokenKind(StrEnum):
    """What a token is for.

    `TEAM`, `MEMBER` and `APPLICATION` hold what a team, a person in it and an application may do; they have no secret
    of their own.
    """

    BEARER = "bearer"
    ACCESS = "access"
    SECRET = "secret"
    TEAM = "team"
    MEMBER = "member"
    APPLICATION = "application"


HOLDERS = frozenset((TokenKind.TEAM, TokenKind.MEMBER, TokenKind.APPLICATION))
"""Kinds of which nobody shows a secret.  Lists of tokens leave them out."""


class SecretUse(StrEnum):
    """What a secret of a token opens."""

    BEARER = ""
    """The bridge, for whoever shows it."""
    CLIENT = "client"
    """Nothing by itself: an OAuth client proves with it who it is."""
    ACCESS = "access"
    """The bridge, as an access token that was issued for the token's holder."""
    ELSEWHERE = "elsewhere"
    """Nothing here: an access token that was issued for another service."""


class TokenState(StrEnum):
    """Whether a token opens the bridge."""

    ACTIVE = "active"
    DISABLED = "disabled"
    """Off until somebody enables it."""
    REVOKED = "revoked"
    EXPIRED = "expired"


class Environment(StrEnum):
    """Whether a token is in earnest.  Its secret begins with what says so."""

    LIVE = "live"
    TEST = "test"


class TokenLimits(msgspec.Struct, frozen=True, gc=False):
    """Limits of one token; None leaves the configuration's default in force."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None


class TokenBudget(msgspec.Struct, frozen=True, gc=False):
    """A money budget of one token: nano-dollars for each `period` (`day`, `month` or `total`)."""

    amount: int
    period: str = "month"


class Above(msgspec.Struct, frozen=True, gc=False):
    """A token that stands above another: its limits bound each below it, and its budget is theirs too."""

    id: str
    limits: TokenLimits = TokenLimits()
    budget: TokenBudget | None = None


class Principal(msgspec.Struct, frozen=True, gc=False):
    """Who is calling, as the layers need to know it.

    `conditions` are its own and those of whoever is above it; each holds. `above` are those themselves, nearest first.
    `secret_ends_s` is when the secret that was shown ends (seconds since the epoch), None where that is not known
    beforehand, and `secret_made_us` when it was made, in microseconds, 0 where none of ours was shown; `key` is the id
    of the key that signed in its place. Whoever shows a `canary` is refused, and somebody is told. Who is `outside` is
    no token of ours but another's word, which holds until `ends_s`.
    """

    id: str
    name: str
    scopes: ScopeSet
    kind: TokenKind = TokenKind.BEARER
    owner: str = ""
    team: str = ""
    limits: TokenLimits = TokenLimits()
    budget: TokenBudget | None = None
    environment: Environment = Environment.LIVE
    conditions: tuple[Conditions, ...] = ()
    secret_ends_s: float | None = None
    canary: bool = False
    above: tuple[Above, ...] = ()
    secret_made_us: int = 0
    key: str = ""
    outside: bool = False
    ends_s: float | None = None

    @property
    def shown(self) -> "Shown":
        """Give what it was let in by, for the store to say whether that still opens."""
        return Shown(self.id, self.secret_made_us, self.key)


class Shown(msgspec.Struct, frozen=True, gc=False):
    """A token and, by when it was made, the secret of it that was shown, 0 for none; or the `key` of it that signed."""

    token_id: str
    made_us: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class TokenSecret:
    """One of a token's secrets as an administrator sees it.  It opens from its making to `expires_at`."""

    hint: str
    created_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token as an administrator sees it.  Of its secrets there are only the first characters; `hint` is the newest's.

    `parent` is the token that minted it, if any: it bounds what this one may do, and ends it; so does the one `beside`
    it, of a grant the client's, of a token whose minter is not of its team the team's. `secrets` are those that open,
    newest first, at most two. `rotate_days` is how long each lives, None by the rule of team or gateway, 0 for ever.
    """

    id: str
    name: str
    kind: TokenKind
    scopes: tuple[str, ...]
    hint: str
    created_at: datetime
    state: TokenState
    owner: str = ""
    team: str = ""
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    limits: TokenLimits = field(default_factory=TokenLimits)
    budget: TokenBudget | None = None
    environment: Environment = Environment.LIVE
    parent: str = ""
    beside: str = ""
    disabled_at: datetime | None = None
    conditions: Conditions = ANYWHERE
    bounds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    canary: bool = False
    rotate_days: int | None = None
    secrets: tuple[TokenSecret, ...] = ()
    last_used_from: str = ""
    last_used_for: str = ""
