"""Teams, people, members and roles as data.

What a team, and a person in it, may do stands in a token of its own, its holder: `Team.holder`, `Member.holder`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

from tollbridge.tokens.conditions import ANYWHERE, Conditions
from tollbridge.tokens.model import TokenBudget, TokenLimits, TokenState

BRIDGE = ""
"""In place of a team: the whole bridge."""


@dataclass(frozen=True, slots=True)
class Team:
    """A team, and what it may do at most: scopes, limits, budget and conditions are those of its holder.

    `name` is what the tokens of the team have as `team`. Secrets in it live for `rotate_days` where their token says
    nothing else; None leaves that to the configuration, 0 is for ever.
    """

    name: str
    holder: str
    title: str
    description: str
    created_at: datetime
    state: TokenState
    scopes: tuple[str, ...]
    limits: TokenLimits = field(default_factory=TokenLimits)
    budget: TokenBudget | None = None
    conditions: Conditions = ANYWHERE
    rotate_days: int | None = None
    disabled_at: datetime | None = None
    ended_at: datetime | None = None


class TeamChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of a team; what is unset stays."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    scopes: tuple[str, ...] | UnsetType = UNSET
    limits: TokenLimits | UnsetType = UNSET
    budget: TokenBudget | UnsetType | None = UNSET
    conditions: Conditions | UnsetType = UNSET
    rotate_days: int | UnsetType | None = UNSET


TeamEdit = TeamChange | Callable[[Team], TeamChange]
"""A change, or what gives it from the team as it is while nobody else changes it; raising, it changes nothing."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in.  Of a password there is only whether there is one, and since when.

    `email` is in lower case.
    """

    id: str
    name: str
    email: str
    created_at: datetime
    has_password: bool = False
    password_at: datetime | None = None
    disabled_at: datetime | None = None
    last_seen_at: datetime | None = None


class PersonChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of a person; what is unset stays."""

    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a team, or with an empty `team` in the whole bridge.

    `via` is the issuer whose groups made it so, empty where somebody did.
    """

    person_id: str
    team: str
    role: str
    holder: str
    created_at: datetime
    name: str = ""
    email: str = ""
    via: str = ""
    state: TokenState = TokenState.ACTIVE


class InvitationState(StrEnum):
    """What became of an invitation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody's word that who has an address may be a member of a team, until `ends_at`.

    `inviter` is who must still be there then and may give that role, empty for the operator. Its code was sent to a
    `webhook` where that is not empty, and else shown to the inviter. `person_id` is who accepted.
    """

    id: str
    team: str
    email: str
    role: str
    inviter: str
    webhook: str
    created_at: datetime
    ends_at: datetime
    accepted_at: datetime | None = None
    withdrawn_at: datetime | None = None
    person_id: str = ""
    state: InvitationState = InvitationState.OPEN


@dataclass(frozen=True, slots=True)
class Role:
    """A set of scopes that has a name.  A `built_in` one cannot be changed."""

    name: str
    scopes: tuple[str, ...]
    description: str = ""
    built_in: bool = False
    created_at: datetime | None = None
