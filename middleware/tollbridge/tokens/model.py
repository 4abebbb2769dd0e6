"""Tokens as data."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from tollbridge.tokens.scopes import ScopeSet


class TokenKind(StrEnum):
    """What a token is for."""

    BEARER = "bearer"
    ACCESS = "access"
    SECRET = "secret"


class TokenState(StrEnum):
    """Whether a token opens the bridge."""

    ACTIVE = "active"
    REVOKED = "revoked"
    EXPIRED = "expired"


class TokenLimits(msgspec.Struct, frozen=True, gc=False):
    """Limits of one token; None leaves the configuration's default in force."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None


class TokenBudget(msgspec.Struct, frozen=True, gc=False):
    """A money budget of one token: nano-dollars for each `period` (`day`, `month` or `total`)."""

    amount: int
    period: str = "month"


class Principal(msgspec.Struct, frozen=True, gc=False):
    """Who is calling, as the layers need to know it."""

    id: str
    name: str
    scopes: ScopeSet
    kind: TokenKind = TokenKind.BEARER
    owner: str = ""
    team: str = ""
    limits: TokenLimits = TokenLimits()
    budget: TokenBudget | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token as an administrator sees it.  There is no secret in here, only `hint`, its first characters."""

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
