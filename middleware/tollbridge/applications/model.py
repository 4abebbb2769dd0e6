"""Applications as data.

What an application may do stands in a token of its own, its holder, which has the application's id: those of its tokens
stand below it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from tollbridge.tokens.conditions import ANYWHERE, Conditions
from tollbridge.tokens.model import Principal, TokenBudget, TokenKind, TokenLimits, TokenState

PREFIX = "app"
"""What ids of applications, and of nothing else, begin with."""


@dataclass(frozen=True, slots=True)
class Application:
    """An application, and what it may do at most: limits, budget, conditions, tags and metadata are its holder's.

    `team` is whose it is, empty for the operator's; `owner` is a person's id, or a text. `scopes` are those that
    somebody gave it, `subscribed` those of its subscriptions.
    """

    id: str
    name: str
    team: str
    owner: str
    description: str
    created_at: datetime
    state: TokenState
    scopes: tuple[str, ...] = ()
    subscribed: tuple[str, ...] = ()
    limits: TokenLimits = field(default_factory=TokenLimits)
    budget: TokenBudget | None = None
    conditions: Conditions = ANYWHERE
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    disabled_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def holds(self) -> tuple[str, ...]:
        """Give all scopes of its holder."""
        return tuple(dict.fromkeys((*self.scopes, *self.subscribed)))


class ApplicationChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of an application; what is unset stays."""

    name: str | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    scopes: tuple[str, ...] | UnsetType = UNSET
    limits: TokenLimits | UnsetType = UNSET
    budget: TokenBudget | UnsetType | None = UNSET
    conditions: Conditions | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    metadata: Mapping[str, str] | UnsetType = UNSET


ApplicationEdit = ApplicationChange | Callable[[Application], ApplicationChange]
"""A change, or what gives it from the application while nobody else changes that; raising, it changes nothing."""

Look = Callable[[Application], None]
"""What looks at an application as it is while nobody else changes it, and raises where nothing is to be changed."""


def application_of(principal: Principal) -> str:
    """Give the id of the application that somebody calls for, empty where it is none.

    Only those above are looked at, which no caller names: the id of who is outside may look like anything.
    """
    if principal.kind is TokenKind.APPLICATION:
        return principal.id
    return next((each.id for each in principal.above if is_application(each.id)), "")


def is_application(token_id: str) -> bool:
    """Whether an id of ours is that of an application."""
    return token_id.startswith(f"{PREFIX}_")
