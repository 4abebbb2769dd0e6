"""What is about to be written of a token."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from tollbridge.tokens.conditions import ANYWHERE, Conditions
from tollbridge.tokens.model import Environment, SecretUse, Token, TokenBudget, TokenKind, TokenLimits

C = TypeVar("C", bound=msgspec.Struct)
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token about to be written.  `digest` is the keyed hash of its secret, empty where it has none.

    `parent` is the token that mints it, which bounds it from then on; so does what is `beside` it: of a
    grant the client, else the team that a token is in and its minter is not.
    """

    id: str
    name: str
    digest: bytes
    hint: str
    pepper_id: str
    scopes: tuple[str, ...]
    created_at: datetime
    kind: TokenKind = TokenKind.BEARER
    owner: str = ""
    team: str = ""
    expires_at: datetime | None = None
    limits: TokenLimits = field(default_factory=TokenLimits)
    budget: TokenBudget | None = None
    environment: Environment = Environment.LIVE
    parent: str = ""
    conditions: Conditions = ANYWHERE
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    canary: bool = False
    rotate_days: int | None = None
    secret_ends_at: datetime | None = None
    use: SecretUse = SecretUse.BEARER
    beside: str = ""


@dataclass(frozen=True, slots=True)
class ForeignToken:
    """A token about to be written whose secret another system made; `digests` are all that may be stored of that."""

    token: NewToken
    digests: Collection[bytes]


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A further secret of a token, about to be written."""

    digest: bytes
    hint: str
    pepper_id: str
    created_at: datetime
    ends_at: datetime | None = None
    use: SecretUse = SecretUse.BEARER


class TokenChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of a token; what is unset stays."""

    name: str | UnsetType = UNSET
    scopes: tuple[str, ...] | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    limits: TokenLimits | UnsetType = UNSET
    budget: TokenBudget | UnsetType | None = UNSET
    conditions: Conditions | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    metadata: Mapping[str, str] | UnsetType = UNSET
    canary: bool | UnsetType = UNSET
    rotate_days: int | UnsetType | None = UNSET


TokenEdit = TokenChange | Callable[[Token], TokenChange]
"""A change, or what gives it from the token as it is while nobody else changes it.

What goes on from what is there, as a patch of one limit does, is given as the latter: so it undoes nothing that another
change did at the same time. Where it raises nothing is changed.
"""


def change_for(edit: C | Callable[[S], C], seen: S) -> C:
    """Give the change that an edit makes of what is seen now."""
    return edit if isinstance(edit, msgspec.Struct) else edit(seen)
