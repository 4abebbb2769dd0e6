"""Invitations to teams: made, listed, sent again, revoked, and accepted by who they are for.

A caller with a team sees and makes those to that one alone.
"""

from collections.abc import Sequence
from typing import Any

from tollbridge import Gateway, NotFound
from tollbridge.administering import Invitation, MadeInvitation
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.invitationshapes import (
    Acceptance,
    InvitationMade,
    InvitationsAsked,
    InvitationShown,
    InvitationsShown,
    NewInvitationWish,
    OwnInvitationsShown,
    Resending,
    made,
    shown,
)
from tollbridge_admin.members import READ, WRITE
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.peopleshapes import MemberShown, member_shown
from tollbridge_admin.problems import refused
from tollbridge_admin.routes import ANY_TOKEN, Nothing, Route, route
from tollbridge_admin.speaking import person_of
from tollbridge_admin.tags import tag_of

SENT = "team.invitation"
"""The message with a code, to the webhook that it is sent to."""
_LIST = "invitations"
_ALL = "/teams/{name}/invitations"
_ONE = f"{_ALL}/{{id}}"
_OWN = "/me/invitations"


class Invitations:
    """Answers for invitations."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        write: dict[str, Any] = {"scope": WRITE, "also": (404, 409)}
        one: dict[str, Any] = {"takes": Nothing, "gives": InvitationShown, "tagged": True}
        acting: dict[str, Any] = {"may_be_bare": True, **write}
        new: dict[str, Any] = {"takes": NewInvitationWish, "gives": InvitationMade, "status": 201}
        listed: dict[str, Any] = {"takes": InvitationsAsked, "gives": InvitationsShown, "also": (404,)}
        resent: dict[str, Any] = {"takes": Resending, "gives": InvitationMade, "tagged": True}
        own: dict[str, Any] = {"scope": ANY_TOKEN, "takes": Nothing, "gives": OwnInvitationsShown, "also": (404,)}
        accepted: dict[str, Any] = {"scope": ANY_TOKEN, "takes": Acceptance, "gives": MemberShown, "also": (404, 409)}
        return (
            route("GET", _ALL, self.list_invitations, scope=READ, **listed),
            route("POST", _ALL, self.invite, **new, **write),
            route("GET", _ONE, self.get_invitation, scope=READ, **one),
            route("POST", f"{_ONE}/resend", self.resend_invitation, **resent, **acting),
            route("POST", f"{_ONE}/revoke", self.revoke_invitation, **one, **acting),
            route("GET", _OWN, self.list_own_invitations, **own),
            route("POST", f"{_OWN}/accept", self.accept_invitation, **accepted),
        )

    async def list_invitations(self, asked: Asked, query: InvitationsAsked) -> Answer:
        """List the invitations to a team, newest first."""
        team, before = await self._team(asked), read_cursor(_LIST, query.after) or ""
        found = await self._gateway.people.invitations.list(team, limit=query.limit + 1, before=before)
        page = found[: query.limit]
        following = cursor(_LIST, page[-1].id) if len(found) > len(page) else None
        return Answer(InvitationsShown(tuple(map(shown, page)), following))

    async def invite(self, asked: Asked, wish: NewInvitationWish) -> Answer:
        """Invite who has an address to a team; the code is in the answer, this once, or is sent to a webhook."""
        team, given = await self._team(asked), await self._given(asked, wish.days, wish.webhook)
        one = await self._gateway.people.invitations.invite(team, wish.email, wish.role, **given)
        where = {"location": f"teams/{team}/invitations/{one.invitation.id}"}
        return Answer(await self._handed_over(one), 201, _tag(one.invitation), where)

    async def get_invitation(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one invitation."""
        return _one(await self._see(asked))

    async def resend_invitation(self, asked: Asked, wish: Resending) -> Answer:
        """Give an invitation another code and end; that before opens nothing, and from now on the caller invites."""
        found = await self._matching(asked)
        given = await self._given(asked, wish.days, wish.webhook)
        one = await self._gateway.people.invitations.renew(found.team, found.id, **given)
        if one is None:
            raise _missing()
        return Answer(await self._handed_over(one), tag=_tag(one.invitation))

    async def revoke_invitation(self, asked: Asked, nothing: Nothing) -> Answer:
        """Withdraw an invitation for good."""
        found = await self._matching(asked)
        one = await self._gateway.people.invitations.withdraw(found.team, found.id, giver=asked.minter, by=asked.actor)
        return _one(_there(one))

    async def list_own_invitations(self, asked: Asked, nothing: Nothing) -> Answer:
        """List what the caller is invited to: a person, by a token that may do all that they may."""
        person = await person_of(self._gateway, asked)
        return Answer(
            OwnInvitationsShown(tuple(map(shown, await self._gateway.people.invitations.for_address(person.email))))
        )

    async def accept_invitation(self, asked: Asked, wish: Acceptance) -> Answer:
        """Accept an invitation by its code, as the person that the caller's token is of."""
        person = await person_of(self._gateway, asked)
        member = await self._gateway.people.invitations.accept_code(wish.code, person.id, by=asked.actor)
        return Answer(member_shown(member))

    async def _given(self, asked: Asked, days: int, webhook: str) -> dict[str, Any]:
        """Say how an invitation is made; raises `FieldsRefused` for a webhook that may not have its code."""
        if webhook:
            found = await (await self._gateway.store.webhooks()).get_webhook(webhook)
            if found is None or found.team or found.disabled_at is not None:
                raise refused("webhook", "there is no such webhook of the whole bridge that is on")
            if found.by_mail:
                raise refused("webhook", "codes are not mailed to a webhook's address; name one at https://")
        return {"days": days, "webhook": webhook, "giver": asked.minter, "by": asked.actor}

    async def _handed_over(self, one: MadeInvitation) -> InvitationMade:
        """Give what is answered, and send the code where it is not shown."""
        found, server = one.invitation, self._gateway.config.server
        link = f"{server.public_url}{server.prefix}/sign-in/invitation?code={one.code}" if server.public_url else ""
        if not found.webhook:
            return made(found, one.code, link)
        data = {"id": found.id, "team": found.team, "email": found.email, "role": found.role, "link": link or None}
        await self._gateway.webhooks.hand_over(found.webhook, SENT, {**data, "code": one.code}, ends_at=found.ends_at)
        return made(found, "", "")

    async def _team(self, asked: Asked) -> str:
        name, own = asked.named["name"], asked.caller.team
        if (own and name != own) or await self._gateway.people.teams.get(name) is None:
            raise NotFound("there is no such team")
        return name

    async def _see(self, asked: Asked) -> Invitation:
        return _there(await self._gateway.people.invitations.get(asked.id, await self._team(asked)))

    async def _matching(self, asked: Asked) -> Invitation:
        found = await self._see(asked)
        asked.check_match(_tag(found))
        return found


def _there(found: Invitation | None) -> Invitation:
    if found is None:
        raise _missing()
    return found


def _missing() -> NotFound:
    return NotFound("there is no such invitation")


def _tag(one: Invitation) -> str:
    return tag_of(shown(one))


def _one(found: Invitation) -> Answer:
    return Answer(shown(found), tag=_tag(found))
