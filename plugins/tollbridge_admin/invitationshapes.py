"""Invitations to teams as the API says them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tollbridge.administering import INVITATION_DAYS, MOST_INVITATION_DAYS, Invitation
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.peopleshapes import Email
from tollbridge_admin.teamshapes import Slug
from tollbridge_admin.tokenshapes import Wish

Days = Annotated[int, Meta(ge=1, le=MOST_INVITATION_DAYS, description="How long it is open.")]
_SENT = "An id of a webhook of the whole bridge, which the code is sent to instead of being shown."
WebhookId = Annotated[str, Meta(max_length=100, description=_SENT)]


class NewInvitationWish(Wish, frozen=True):
    """Who is to be invited as what."""

    email: Email
    role: Slug
    days: Days = INVITATION_DAYS
    webhook: WebhookId = ""


class Resending(Wish, frozen=True):
    """How an invitation is sent again."""

    days: Days = INVITATION_DAYS
    webhook: WebhookId = ""


class InvitationsAsked(Wish, frozen=True):
    """Which invitations are listed."""

    limit: Limit = 50
    after: Cursor = ""


class Acceptance(Wish, frozen=True):
    """The code of an invitation."""

    code: Annotated[str, Meta(min_length=1, max_length=100)]


class InvitationShown(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation.  `inviter` is who must still be there when it is accepted, null where the operator invited."""

    id: str
    team: str
    email: str
    role: str
    state: str
    inviter: str | None
    webhook: str | None
    created_at: datetime
    ends_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None
    person: str | None


class InvitationMade(InvitationShown, frozen=True, kw_only=True):
    """An invitation with its code, this once: null where that was sent to a webhook.  `link` is where it is accepted.

    There is a link where the gateway knows its own address.
    """

    code: str | None
    link: str | None


class InvitationsShown(msgspec.Struct, frozen=True):
    """A page of invitations; `next` is the cursor of the page behind it."""

    items: Sequence[InvitationShown]
    next: str | None


class OwnInvitationsShown(msgspec.Struct, frozen=True):
    """What is open for the caller's own address."""

    items: Sequence[InvitationShown]


def shown(one: Invitation) -> InvitationShown:
    """Give an invitation as it is shown."""
    return InvitationShown(**_fields(one))


def made(one: Invitation, code: str, link: str) -> InvitationMade:
    """Give an invitation with its code, where that is shown."""
    return InvitationMade(**_fields(one), code=code or None, link=link or None)


def _fields(one: Invitation) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in ("id", "team", "email", "role", "created_at", "ends_at")}
    return said | {
        "state": one.state.value,
        "inviter": one.inviter or None,
        "webhook": one.webhook or None,
        "accepted_at": one.accepted_at,
        "withdrawn_at": one.withdrawn_at,
        "person": one.person_id or None,
    }
