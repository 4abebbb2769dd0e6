"""Tokens as the API says them: the words of `tollbridge token --json`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge import Token
from tollbridge.administering import LONGEST_OVERLAP, Environment, TokenSecret, show_usd
from tollbridge_admin.paging import Cursor, Limit

Name = Annotated[str, Meta(min_length=1, max_length=100, description="What it is for.")]
Label = Annotated[str, Meta(max_length=100)]
_SCOPE = {"pattern": r"^(ai:[a-z0-9_.-]*\*?|(model|service):[!#-\[\]-~]+|admin:([a-z0-9_-]+:(read|write|\*)|\*))$"}
Scope = Annotated[str, Meta(min_length=1, max_length=256, extra_json_schema=_SCOPE)]
Scopes = Annotated[
    list[Scope],
    Meta(min_length=1, max_length=100, description="What it may do, such as ai:chat or model:gpt-*."),
]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Days = Annotated[int, Meta(ge=0, le=3650, description="How long each secret lives; 0 for ever.")]
Moment = Annotated[datetime, Meta(tz=True, description="ISO 8601 with a zone.")]
_NETWORK = {"examples": ["203.0.113.7", "10.0.0.0/8", "2001:db8::/32"]}
Networks = Annotated[
    list[Annotated[str, Meta(max_length=100, extra_json_schema=_NETWORK)]],
    Meta(max_length=64, description="Addresses or networks it may be used from."),
]
_HOURS = {"examples": ["mon-fri 08:00-18:00 Europe/Berlin", "sat,sun 22:00-06:00 UTC"]}
Hours = Annotated[str, Meta(max_length=200, description="When it may be used.", extra_json_schema=_HOURS)]
Tags = Annotated[list[Annotated[str, Meta(extra_json_schema={"pattern": "^[!-~]{1,64}$"})]], Meta(max_length=32)]
Usd = Annotated[str, Meta(pattern=r"^[0-9]{1,10}(\.[0-9]{1,9})?$", description="US dollars.", examples=["25", "25.50"])]
Period = Literal["day", "month", "total"]
State = Literal["active", "disabled", "revoked", "expired", "ending", "near-budget", "over-budget", "unused"]
Overlap = Annotated[
    int,
    Meta(ge=0, le=int(LONGEST_OVERLAP.total_seconds()), description="Seconds for which the old secret still opens."),
]
DAY_S = 86_400
Details = Annotated[bool, Meta(description="Say how its budgets stand, and who its owner is, too.")]


def hidden(of: object) -> str:
    """Give the `__repr__` of what may hold a secret: nothing of what it holds."""
    return f"{type(of).__name__}()"


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What can be asked for; anything else is refused by name.  It may hold a secret, so none shows what it holds."""

    __repr__ = hidden


class Money(Wish, frozen=True):
    """A budget, for each `period`."""

    usd: Usd
    period: Period = "month"


class MoneyShown(msgspec.Struct, frozen=True):
    """A budget as it is, for each `period`."""

    usd: str
    period: str


class MoneyChange(Wish, frozen=True):
    """What is to change of a budget."""

    usd: Usd | UnsetType = UNSET
    period: Period | UnsetType = UNSET


class BoundsWish(Wish, frozen=True, kw_only=True):
    """What a token, a client or a team is to be bounded by."""

    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    concurrency: Count | None = None
    budget: Money | None = None
    networks: Networks = msgspec.field(default_factory=list, name="from")
    hours: Hours | None = None


class BoundsPatch(Wish, frozen=True, kw_only=True):
    """What is to change of that (RFC 7396)."""

    requests_per_minute: Count | UnsetType | None = UNSET
    tokens_per_minute: Count | UnsetType | None = UNSET
    concurrency: Count | UnsetType | None = UNSET
    budget: MoneyChange | UnsetType | None = UNSET
    networks: Networks | UnsetType | None = msgspec.field(default=UNSET, name="from")
    hours: Hours | UnsetType | None = UNSET


class NewTokenWish(BoundsWish, frozen=True):
    """A token to be made."""

    name: Name
    scopes: Scopes
    owner: Label = ""
    team: Label = ""
    expires_at: Moment | None = None
    tags: Tags = msgspec.field(default_factory=list)
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    environment: Environment = Environment.LIVE
    canary: bool = False
    rotate_days: Days | None = None


class TokenPatch(BoundsPatch, frozen=True):
    """What is to change of a token (RFC 7396): what is not there stays, null takes away."""

    name: Name | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    expires_at: Moment | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    metadata: dict[str, str | None] | UnsetType | None = UNSET
    canary: bool | UnsetType = UNSET
    rotate_days: Days | UnsetType | None = UNSET


class Rotation(Wish, frozen=True):
    """How the secret changes."""

    overlap_s: Overlap = DAY_S


class ManyTokens(Wish, frozen=True):
    """Tokens to be revoked."""

    ids: Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(min_length=1, max_length=500)]


class TokensAsked(Wish, frozen=True):
    """Which tokens are listed."""

    q: Annotated[str, Meta(max_length=200, description="Part of a name, owner or id.")] = ""
    state: State | UnsetType = UNSET
    parent: Annotated[str, Meta(max_length=100, description="Only those that this token minted.")] = ""
    team: Annotated[str, Meta(max_length=100, description="Only those of this team.")] = ""
    owner: Annotated[str, Meta(max_length=100, description="Only those whose owner is just this.")] = ""
    before: Annotated[str, Meta(max_length=100, description="Only those made before this one, by its id.")] = ""
    details: Details = False
    limit: Limit = 50
    after: Cursor = ""


class SecretShown(msgspec.Struct, frozen=True):
    """One secret of a token; of itself there are only the first characters."""

    hint: str
    created_at: datetime
    expires_at: datetime | None


class TokenShown(msgspec.Struct, frozen=True, kw_only=True):
    """A token."""

    id: str
    name: str
    kind: str
    state: str
    hint: str
    scopes: Sequence[str]
    environment: Environment
    owner: str
    team: str
    parent: str | None
    created_at: datetime
    expires_at: datetime | None
    disabled_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str | None
    last_used_for: str | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrency: int | None
    budget: MoneyShown | None
    networks: Sequence[str] = msgspec.field(name="from")
    hours: str | None
    tags: Sequence[str]
    metadata: dict[str, str]
    canary: bool
    rotate_days: int | None
    secrets: Sequence[SecretShown]


class IssuedShown(TokenShown, frozen=True, kw_only=True):
    """A token with its new secret, this once."""

    token: str

    __repr__ = hidden


class TokensShown(msgspec.Struct, frozen=True):
    """A page of tokens; `next` is the cursor of the page behind it."""

    items: Sequence[TokenShown]
    next: str | None


class RevokedShown(msgspec.Struct, frozen=True):
    """What became of one token: `revoked`, or why not."""

    id: str
    result: Literal["revoked", "not_found", "out_of_reach"]


class ManyRevoked(msgspec.Struct, frozen=True):
    """What became of each, in the order in which they were named."""

    items: Sequence[RevokedShown]


PASSING = ("last_used_at", "last_used_from", "last_used_for")
"""What changes of a token by its use."""


def shown(token: Token) -> TokenShown:
    """Give a token as it is shown."""
    return TokenShown(**fields_of(token))


def issued(token: Token, secret: str) -> IssuedShown:
    """Give a token with its new secret."""
    return IssuedShown(token=secret, **fields_of(token))


def fields_of(token: Token) -> dict[str, Any]:
    """Give what is shown of a token, by name."""
    budget, limits, conditions = token.budget, token.limits, token.conditions
    return {
        "id": token.id,
        "name": token.name,
        "kind": token.kind.value,
        "state": token.state.value,
        "hint": token.hint,
        "scopes": token.scopes,
        "environment": token.environment,
        "owner": token.owner,
        "team": token.team,
        "parent": token.parent or None,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "disabled_at": token.disabled_at,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
        "last_used_from": token.last_used_from or None,
        "last_used_for": token.last_used_for or None,
        "requests_per_minute": limits.requests_per_minute,
        "tokens_per_minute": limits.tokens_per_minute,
        "concurrency": limits.concurrency,
        "budget": None if budget is None else MoneyShown(show_usd(budget.amount), budget.period),
        "networks": conditions.networks,
        "hours": conditions.hours or None,
        "tags": token.tags,
        "metadata": dict(token.metadata),
        "canary": token.canary,
        "rotate_days": token.rotate_days,
        "secrets": tuple(map(_secret, token.secrets)),
    }


def _secret(secret: TokenSecret) -> SecretShown:
    return SecretShown(secret.hint, secret.created_at, secret.expires_at)
