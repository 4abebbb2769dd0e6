"""What is about to be written of people and who is in which team."""

from dataclasses import dataclass, field
from datetime import datetime

from msgspec import UNSET, UnsetType

from tollbridge.people.model import Role
from tollbridge.stores.changes import NewToken


@dataclass(frozen=True, slots=True)
class NewTeam:
    """A team about to be written; its name, scopes, limits, budget and conditions are those of its holder."""

    holder: NewToken
    title: str
    description: str = ""
    rotate_days: int | None = None


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person about to be written; `password` is its hash, empty without one."""

    id: str
    name: str
    email: str
    created_at: datetime
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """The hash of another password, empty for none; `after`, where it counts, is since when the one before is there."""

    hashed: str = field(repr=False)
    after: datetime | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True)
class NewMember:
    """A membership as it is to be; `holder` is written where the person is no member of the team yet.

    `instead_of`, where it counts, is the role that is there, empty for none, and `instead_of_via` what gave it.
    """

    person_id: str
    role: Role
    holder: NewToken
    via: str = ""
    instead_of: str | UnsetType = UNSET
    instead_of_via: str | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation about to be written.  `digest` is that of its code.

    `inviter` is who must still be there when it is accepted, empty for the operator; `webhook` is where the code was
    sent instead of being shown to them.
    """

    id: str
    team: str
    email: str
    role: str
    digest: bytes = field(repr=False)
    created_at: datetime
    ends_at: datetime
    inviter: str = ""
    webhook: str = ""
