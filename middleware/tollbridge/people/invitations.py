"""Invitations to teams: made, shown, sent again, withdrawn and accepted.

An invitation gives nothing by itself: who made it must still be there when it is accepted, and may then still give what
it says. Its code is 256 random bits, of which only the digest is kept.
"""

import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256

from tollbridge.audit import OPERATOR, Actor
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest, Denied, NotFound
from tollbridge.ids import new_id
from tollbridge.people.memberships import Memberships
from tollbridge.people.model import BRIDGE, Invitation, InvitationState, Member, Role
from tollbridge.people.passwords import Passwords
from tollbridge.people.reaching import check_everything
from tollbridge.people.wishes import checked_email, checked_person_name, email_key
from tollbridge.stores.base import Store
from tollbridge.stores.newpeople import NewInvitation, NewMember, NewPerson
from tollbridge.tokens.model import Principal, TokenKind, TokenState
from tollbridge.tokens.service import TokenService

DAYS, MOST_DAYS = 7, 30
"""How long an invitation is open where nobody says, and at most."""
_SIGNS, _LENGTH = string.ascii_letters + string.digits, 43
"""256 bits, without a sign that a command would take for the start of an option."""
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")
"""That of earlier codes too, which may hold hyphens and underscores."""
_OVER = "this invitation was used, was withdrawn, or has ended; ask for another one"


@dataclass(frozen=True, slots=True)
class MadeInvitation:
    """An invitation and, this once, its code."""

    invitation: Invitation
    code: str = field(repr=False)


class Invitations:
    """The invitations of one gateway.

    What changes them says who does (`by`) and, where somebody does it with a token, with which rights (`giver`).
    """

    def __init__(
        self, memberships: Memberships, store: Store, tokens: TokenService, clock: Clock, passwords: Passwords
    ) -> None:
        self._memberships = memberships
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self._passwords = passwords

    async def invite(
        self,
        team: str,
        email: str,
        role: str,
        *,
        days: int = DAYS,
        webhook: str = "",
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> MadeInvitation:
        """Invite who has an address to a team; the code is in the result and nowhere else.

        `webhook` says that the giver is not shown the code: whoever asks sends it there. Raises `NotFound` for an
        unknown team, `BadRequest` with `param` for what cannot be used and with status 409 where the team has ended,
        has too many that are open, or has this address as a member or invited already; `Denied` where the giver may not
        give that role there.
        """
        if team == BRIDGE:
            raise NotFound("there is no such team")
        address = checked_email(email)
        await self._memberships.check_gives(team, role, giver)
        new, code = await self._new(team, address, role, days=days, webhook=webhook, giver=giver)
        return MadeInvitation(await (await self._store.people()).add_invitation(new, await self._tokens.act(by)), code)

    async def renew(
        self,
        team: str,
        invitation_id: str,
        *,
        days: int = DAYS,
        webhook: str = "",
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> MadeInvitation | None:
        """Give an invitation, also one that has ended, another code; the one before opens nothing.

        Who does so invites from then on. None if there is no such invitation to the team. Raises as `invite` does, and
        `BadRequest` (409) where it was accepted or withdrawn.
        """
        found = await self.get(invitation_id, team)
        if found is None:
            return None
        await self._memberships.check_gives(team, found.role, giver)
        new, code = await self._new(team, found.email, found.role, days=days, webhook=webhook, giver=giver)
        people, anew = await self._store.people(), replace(new, id=found.id)
        renewed = await people.renew_invitation(anew, await self._tokens.act(by))
        return None if renewed is None else MadeInvitation(renewed, code)

    async def withdraw(
        self, team: str, invitation_id: str, *, giver: Principal | None = None, by: Actor = OPERATOR
    ) -> Invitation | None:
        """Withdraw an invitation for good; None if there is no such one to the team.

        Raises `BadRequest` (409) where it is not open any more, `Denied` (out_of_reach) for another team's.
        """
        if giver is not None and giver.team and giver.team != team:
            raise Denied("a token with a team withdraws invitations to that team alone", code="out_of_reach")
        return await (await self._store.people()).withdraw_invitation(team, invitation_id, await self._tokens.act(by))

    async def get(self, invitation_id: str, team: str) -> Invitation | None:
        """Find an invitation to a team by its id."""
        found = await (await self._store.people()).get_invitation(invitation_id)
        return found if found is not None and found.team == team else None

    async def list(self, team: str, *, limit: int = 50, before: str = "") -> Sequence[Invitation]:
        """List the invitations to a team, newest first, those with an id below `before`."""
        return await (await self._store.people()).list_invitations(team=team, limit=limit, before=before)

    async def for_address(self, email: str) -> Sequence[Invitation]:
        """List what is open for who has an address."""
        key = email_key(email)
        return await (await self._store.people()).list_invitations(email=key, limit=200) if key else ()

    async def find(self, code: str) -> Invitation | None:
        """Find the open invitation of a code.  What is no code costs no look-up."""
        if not _SHAPE.fullmatch(code):
            return None
        found = await (await self._store.people()).find_invitation(_digest(code))
        return found if found is not None and found.state is InvitationState.OPEN else None

    async def accept(self, invitation_id: str, person_id: str, *, by: Actor) -> Member:
        """Make who has the address of an invitation a member, without its code: they proved who they are.

        Of all who accept, one does. Raises `NotFound` where none is open for that person, `BadRequest` (409) where it
        was used meanwhile or they are a member already, `Denied` (inviter_gone, scope_beyond) where who invited may not
        give that any more.
        """
        found = await (await self._store.people()).get_invitation(invitation_id)
        if found is None or found.state is not InvitationState.OPEN:
            raise NotFound("there is no such invitation")
        return await self._accept(found, b"", person_id, by)

    async def accept_code(self, code: str, person_id: str, *, by: Actor) -> Member:
        """Make who shows the code and has the address of an invitation a member; raises as `accept` does."""
        found = await self._found(code)
        return await self._accept(found, _digest(code), person_id, by)

    async def sign_up(self, code: str, *, name: str, password: str, client: str = "") -> Member:
        """Make the person that an invitation is for, with a password, and a member.

        Whoever knows the password of an address is that person also to those who give them more later. So the code
        must have come to the address: by a webhook, or from somebody who may set everybody's password anyway. Raises
        `Denied` (no_sign_up) otherwise, `BadRequest` with `param` for what cannot be used, with status 409 where
        somebody has that address, and else as `accept` does.
        """
        found = await self._found(code)
        if not await self.signs_up(found):
            raise Denied(
                "who was invited by this one signs in by a provider, or asks an administrator for a password",
                code="no_sign_up",
            )
        role = await self._given(found)
        label, id = checked_person_name(name), new_id("per", self._clock)
        hashed = await self._passwords.hash(password, (found.email, label))
        person = NewPerson(id, label, found.email, self._clock.now(), hashed)
        member = NewMember(id, role, self._memberships.new_holder(id, label, role, found.team), instead_of="")
        people, act = await self._store.people(), await self._tokens.act(Actor(id, "sign-in", client))
        return await people.accept_invitation(found.id, _digest(code), member, act, person=person)

    async def signs_up(self, invitation: Invitation) -> bool:
        """Whether who shows its code may choose a password, if nobody has the address yet."""
        people = await self._store.people()
        if await people.find_person(invitation.email) is not None:
            return False
        if invitation.webhook or not invitation.inviter:
            return True
        giver = await self._store.find_holder(invitation.inviter)
        try:
            await check_everything(self._store, giver)
        except Denied:
            return False
        return giver is not None

    async def _accept(self, found: Invitation, digest: bytes, person_id: str, by: Actor) -> Member:
        people = await self._store.people()
        person, before = await people.get_person(person_id), await people.get_member(person_id, found.team)
        if person is None or person.email != found.email or person.disabled_at is not None:
            raise NotFound("this invitation is for somebody else; sign in with the address it was sent to")
        gone = before is not None and before.state is TokenState.REVOKED
        if before is not None and not gone:
            raise BadRequest("you are a member of this team already", code="already_member", status=409)
        role = await self._given(found)
        holder = self._memberships.new_holder(person.id, person.name, role, found.team)
        member = NewMember(person.id, role, holder, instead_of=before.role if before is not None else "")
        return await people.accept_invitation(found.id, digest, member, await self._tokens.act(by))

    async def _given(self, found: Invitation) -> Role:
        """Find the role that an invitation gives, where who made it may still give it."""
        giver = None
        if found.inviter:
            giver = await self._store.find_holder(found.inviter)
            if giver is None:
                raise Denied("who invited you may not do that any more; ask for another one", code="inviter_gone")
        return await self._memberships.check_gives(found.team, found.role, giver)

    async def _found(self, code: str) -> Invitation:
        found = await self.find(code)
        if found is None:
            raise BadRequest(_OVER, code="invitation_over", status=409)
        return found

    async def _new(
        self, team: str, email: str, role: str, *, days: int, webhook: str, giver: Principal | None
    ) -> tuple[NewInvitation, str]:
        if not 1 <= days <= MOST_DAYS:
            raise BadRequest(f"an invitation is open for 1 to {MOST_DAYS} days", param="days")
        code, now = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH)), self._clock.now()
        new = NewInvitation(
            id=new_id("inv", self._clock),
            team=team,
            email=email,
            role=role,
            digest=_digest(code),
            created_at=now,
            ends_at=now + timedelta(days=days),
            inviter=await self._inviter(giver),
            webhook=webhook,
        )
        return new, code

    async def _inviter(self, giver: Principal | None) -> str:
        """Give who must still be there: a person's membership rather than a token they made, which may end before."""
        if giver is None:
            return ""
        for id in (giver.id, *(above.id for above in giver.above)):
            found = await self._store.get_token(id)
            if found is not None and found.kind is TokenKind.MEMBER:
                return id
        if await self._store.find_holder(giver.id) is None:
            raise Denied("who invites must have a token of this bridge", code="out_of_reach")
        return giver.id


def _digest(code: str) -> bytes:
    return sha256(code.encode("ascii")).digest()
