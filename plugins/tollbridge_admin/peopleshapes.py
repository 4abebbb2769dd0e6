"""People, members and roles as the API says them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import Member, Person, Role
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.teamshapes import Slug, Text
from tollbridge_admin.tokenshapes import Name, Scopes, Wish

_EMAIL = {"examples": ["ada@example.com"]}
Email = Annotated[str, Meta(min_length=3, max_length=254, extra_json_schema=_EMAIL)]
_PASSWORD = {"format": "password"}
Password = Annotated[str, Meta(max_length=1024, extra_json_schema=_PASSWORD, description="15 characters at least.")]


class NewPersonWish(Wish, frozen=True):
    """A person to be made; `role` is one in the whole bridge."""

    email: Email
    name: Name
    password: Password | None = None
    role: Slug | None = None


class PersonPatch(Wish, frozen=True):
    """What is to change of a person (RFC 7396): what is not there stays; null takes the password away."""

    email: Email | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    password: Password | UnsetType | None = UNSET


class PeopleAsked(Wish, frozen=True):
    """Which people are listed."""

    q: Annotated[str, Meta(max_length=200, description="Part of a name, an address or an id.")] = ""
    team: Annotated[str, Meta(max_length=64, description="Only its members.")] = ""
    limit: Limit = 50
    after: Cursor = ""


class NewMemberWish(Wish, frozen=True):
    """Who is to be a member: somebody by the id, or by the address; with a `name`, somebody new."""

    role: Slug
    person: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    email: Email | None = None
    name: Name | None = None


class MemberPatch(Wish, frozen=True):
    """What is to change of a membership."""

    role: Slug


class MembersAsked(Wish, frozen=True):
    """Which members are listed."""

    role: Annotated[str, Meta(max_length=64, description="Only those with this role.")] = ""
    limit: Limit = 50
    after: Cursor = ""


class RolesAsked(Wish, frozen=True):
    """Which roles are listed."""

    q: Annotated[str, Meta(max_length=200, description="Part of a name or a description.")] = ""
    limit: Limit = 50
    after: Cursor = ""


class RoleWish(Wish, frozen=True):
    """A role to be made."""

    name: Slug
    scopes: Scopes
    description: Text = ""


class RolePatch(Wish, frozen=True):
    """What is to change of a role; what is not there stays."""

    scopes: Scopes | UnsetType = UNSET
    description: Text | UnsetType = UNSET


class MemberShown(msgspec.Struct, frozen=True, kw_only=True):
    """A membership; without a team it is one in the whole bridge.  `via` is the issuer whose groups made it so."""

    person: str
    name: str
    email: str
    team: str | None
    role: str
    state: str
    via: str | None
    holder: str
    created_at: datetime


class MemberSet(MemberShown, frozen=True, kw_only=True):
    """A membership as it is now; `replaced` is the role before, where there was one."""

    replaced: str | None


class MembersShown(msgspec.Struct, frozen=True):
    """A page of members; `next` is the cursor of the page behind it."""

    items: Sequence[MemberShown]
    next: str | None


class PersonShown(msgspec.Struct, frozen=True, kw_only=True):
    """A person; of a password there is only whether there is one, and since when."""

    id: str
    name: str
    email: str
    created_at: datetime
    disabled_at: datetime | None
    has_password: bool
    password_at: datetime | None
    last_seen_at: datetime | None


class PersonWhole(PersonShown, frozen=True, kw_only=True):
    """A person with what they are in which teams, as far as the caller sees those."""

    memberships: Sequence[MemberShown]


class PeopleShown(msgspec.Struct, frozen=True):
    """A page of people; `next` is the cursor of the page behind it."""

    items: Sequence[PersonShown]
    next: str | None


class RoleShown(msgspec.Struct, frozen=True, kw_only=True):
    """A role."""

    name: str
    scopes: Sequence[str]
    description: str
    built_in: bool
    created_at: datetime | None


class RolesShown(msgspec.Struct, frozen=True):
    """A page of roles; `next` is the cursor of the page behind it."""

    items: Sequence[RoleShown]
    next: str | None


PASSING = ("last_seen_at",)
"""What changes of a person by signing in."""


def shown(person: Person) -> PersonShown:
    """Give a person as they are shown."""
    return PersonShown(**_fields(person))


def whole(person: Person, members: Sequence[Member]) -> PersonWhole:
    """Give a person with some memberships."""
    return PersonWhole(**_fields(person), memberships=tuple(map(member_shown, members)))


def member_shown(member: Member) -> MemberShown:
    """Give a membership as it is shown."""
    return MemberShown(**_fields_of(member))


def member_set(member: Member, before: Member | None) -> MemberSet:
    """Give a membership as it is shown to whom sets it."""
    return MemberSet(**_fields_of(member), replaced=None if before is None else before.role)


def role_shown(role: Role) -> RoleShown:
    """Give a role as it is shown."""
    return RoleShown(**{name: getattr(role, name) for name in RoleShown.__struct_fields__})


def _fields(person: Person) -> dict[str, Any]:
    return {name: getattr(person, name) for name in PersonShown.__struct_fields__}


def _fields_of(member: Member) -> dict[str, Any]:
    return {
        "person": member.person_id,
        "name": member.name,
        "email": member.email,
        "team": member.team or None,
        "role": member.role,
        "state": member.state.value,
        "via": member.via or None,
        "holder": member.holder,
        "created_at": member.created_at,
    }
