"""The seam for teams, people, members and roles.

Each change is one transaction with its records of the audit log, and with what it changes of tokens: the holders of
teams and members, and all that stands below them. None is changed nothing: there is no such thing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import UNSET, UnsetType

from tollbridge.audit import Act
from tollbridge.people.model import Member, Person, PersonChange, Role, Team, TeamEdit
from tollbridge.stores.invitations import InvitationStore
from tollbridge.stores.newpeople import NewMember, NewPassword, NewPerson, NewTeam


class TeamStore(Protocol):
    """Teams."""

    async def add_team(self, new: NewTeam, act: Act) -> Team:
        """Write a team; what tokens there are of its name stand below it from then on.

        Raises `BadRequest` (409) where there is or was a team of that name.
        """
        ...

    async def change_team(self, name: str, edit: TeamEdit, act: Act) -> Team | None:
        """Change a team, and what all in it may do; raises `BadRequest` (409) where it has ended.

        An `edit` that asks how the team is sees what all changes before left. None if there is no such team.
        """
        ...

    async def switch_team(self, name: str, act: Act, *, on: bool) -> Team | None:
        """Disable a team and all in it, or enable what was disabled with it; raises `BadRequest` (409) as above."""
        ...

    async def end_team(self, name: str, act: Act) -> Team | None:
        """Revoke all of a team for good; nobody is a member any more, and its name is not given again."""
        ...

    async def get_team(self, name: str) -> Team | None:
        """Find a team by its name, one that has ended too."""
        ...

    async def rotation_of(self, name: str) -> int | None:
        """Give how many days secrets live in a team, None where it says nothing or there is no such team."""
        ...

    async def list_teams(self, *, limit: int = 50, after: str = "", search: str = "") -> Sequence[Team]:
        """List teams by their names, those behind `after`; `search` is a plain part of name or title."""
        ...


class PersonStore(Protocol):
    """People."""

    async def add_person(self, new: NewPerson, act: Act, *, member: NewMember | None = None) -> Person:
        """Write a person, with a membership of theirs where one is given.

        Raises `BadRequest` (409) where somebody has that address already, and else as `set_member` does.
        """
        ...

    async def change_person(
        self, person_id: str, change: PersonChange, act: Act, *, password: NewPassword | None = None
    ) -> Person | None:
        """Change a person; all of their sessions end with a new password.

        Raises `BadRequest` (409) where somebody else has that address, or the password was changed meanwhile.
        """
        ...

    async def rehash_password(self, person_id: str, before: str, anew: str) -> None:
        """Keep another hash of the same password; nothing where it was changed meanwhile."""
        ...

    async def switch_person(self, person_id: str, act: Act, *, on: bool) -> Person | None:
        """Disable a person, all memberships and all below them, and end all sessions; or enable what was so disabled.

        Raises `BadRequest` (409, last_admin) where nobody would administer the bridge any more.
        """
        ...

    async def remove_person(self, person_id: str, act: Act) -> Person | None:
        """Forget a person; the memberships are revoked with all below them, and the sessions end.

        Raises `BadRequest` (409, last_admin) where nobody would administer the bridge any more.
        """
        ...

    async def get_person(self, person_id: str) -> Person | None:
        """Find a person by the id."""
        ...

    async def get_people(self, ids: Collection[str]) -> Mapping[str, Person]:
        """Find people by their ids, in one query; those who are not there are left out."""
        ...

    async def find_person(self, email: str) -> Person | None:
        """Find a person by the address, in lower case."""
        ...

    async def find_password(self, email: str) -> tuple[Person, str] | None:
        """Find a person by the address, with the hash of the password; empty where there is none."""
        ...

    async def list_people(
        self, *, limit: int = 50, before: str = "", search: str = "", team: str = ""
    ) -> Sequence[Person]:
        """List people, newest first, those with an id below `before`; `team` gives its members alone.

        `search` is a plain part of name, address or id.
        """
        ...

    async def saw_person(self, person_id: str, at: datetime) -> None:
        """Note that somebody signed in."""
        ...

    async def link_identity(self, person_id: str, issuer: str, subject: str, act: Act) -> bool:
        """Keep who a person is to an issuer; False where there is no such person.

        Raises `BadRequest` (409) where that is somebody else already.
        """
        ...

    async def find_by_identity(self, issuer: str, subject: str) -> Person | None:
        """Find who somebody is that an issuer vouches for."""
        ...


class MemberStore(Protocol):
    """Who is in which team."""

    async def set_member(self, new: NewMember, act: Act) -> Member:
        """Make a person a member, or give a member another role.

        Raises `NotFound` where there is no such person or team, `BadRequest` (409) where the role, or that of the
        member, is another by now, where the team has ended, and (last_admin) where nobody would administer the bridge
        any more.
        """
        ...

    async def remove_member(
        self, person_id: str, team: str, act: Act, *, via: str | UnsetType = UNSET
    ) -> Member | None:
        """End a membership, and all below it; raises `BadRequest` (409, last_admin) as above.

        So it does where `via` counts, and something else gave the membership.
        """
        ...

    async def get_member(self, person_id: str, team: str) -> Member | None:
        """Find a membership."""
        ...

    async def memberships(self, person_id: str) -> Sequence[Member]:
        """Give the memberships of a person, by their teams; that in the whole bridge comes first."""
        ...

    async def list_members(self, team: str, *, limit: int = 50, after: str = "", role: str = "") -> Sequence[Member]:
        """List the members of a team by the ids of their persons, those behind `after`; of a role, if one is named."""
        ...


class RoleStore(Protocol):
    """Roles that are not built in."""

    async def add_role(self, role: Role, act: Act) -> Role:
        """Write a role; raises `BadRequest` (409) where there is one of that name."""
        ...

    async def change_role(self, before: Role, after: Role, act: Act) -> Role | None:
        """Give a role other scopes and another description; what its members may do changes with it.

        Raises `BadRequest` (409) where it is not as it was `before`.
        """
        ...

    async def remove_role(self, seen: Role, act: Act) -> Role | None:
        """Forget a role; raises `BadRequest` (409) where somebody has it, and where it is another by now."""
        ...

    async def get_role(self, name: str) -> Role | None:
        """Find a role by its name."""
        ...

    async def list_roles(self) -> Sequence[Role]:
        """List them by their names."""
        ...


class PeopleStore(TeamStore, PersonStore, MemberStore, RoleStore, InvitationStore, Protocol):
    """All of it."""
