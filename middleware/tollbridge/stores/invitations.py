"""The seam for invitations to teams.

Each change is one transaction with its record of the audit log, and that an invitation is used up is part of what it is
used for: of all who come with one, one succeeds.
"""

from collections.abc import Sequence
from typing import Protocol

from tollbridge.audit import Act
from tollbridge.people.model import Invitation, Member
from tollbridge.stores.newpeople import NewInvitation, NewMember, NewPerson


class InvitationStore(Protocol):
    """Invitations."""

    async def add_invitation(self, new: NewInvitation, act: Act) -> Invitation:
        """Write an invitation.

        Raises `NotFound` where there is no such team, `BadRequest` (409) where that has ended or has too many that are
        open, and where who has the address is a member of it or is invited to it already.
        """
        ...

    async def renew_invitation(self, anew: NewInvitation, act: Act) -> Invitation | None:
        """Give an invitation of this team another code, inviter and end; the code before opens nothing any more.

        None where there is no such invitation. Raises `BadRequest` (409) where it was accepted or withdrawn, and as
        `add_invitation` does.
        """
        ...

    async def withdraw_invitation(self, team: str, invitation_id: str, act: Act) -> Invitation | None:
        """Withdraw an invitation of a team for good; None where there is none.

        Raises `BadRequest` (409) where it is not open any more.
        """
        ...

    async def accept_invitation(
        self, invitation_id: str, digest: bytes, member: NewMember, act: Act, *, person: NewPerson | None = None
    ) -> Member:
        """Use up an invitation that has a code of this digest, and make its person a member, or first the person too.

        An empty digest is any. Raises `BadRequest` (409) where it is not open any more, and else as `set_member` and
        `add_person` do; it is open as before then.
        """
        ...

    async def get_invitation(self, invitation_id: str) -> Invitation | None:
        """Find an invitation by its id."""
        ...

    async def find_invitation(self, digest: bytes) -> Invitation | None:
        """Find the invitation that has a code of this digest, whatever became of it."""
        ...

    async def list_invitations(
        self, *, team: str = "", email: str = "", limit: int = 50, before: str = ""
    ) -> Sequence[Invitation]:
        """List invitations to a team, newest first, those with an id below `before`; of an address the open ones."""
        ...
