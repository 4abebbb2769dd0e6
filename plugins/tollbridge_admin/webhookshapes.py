"""Webhooks as the API says them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import Delivery, MadeWebhook, Webhook
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.routes import ID
from tollbridge_admin.tokenshapes import DAY_S, Label, Name, Overlap, Wish, hidden

_WHERE = "Where messages are sent: https://..., or mailto:ops@example.com."
Url = Annotated[str, Meta(min_length=1, max_length=2_000, description=_WHERE)]
_EVENT = {"pattern": r"^(\*|[a-z][a-z_]{0,39}\.(\*|[a-z][a-z_]{0,39}))$", "examples": ["token.rotate", "token.*", "*"]}
Events = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=100, extra_json_schema=_EVENT)]],
    Meta(min_length=1, max_length=50, description="What it is told of."),
]
Id = Annotated[str, Meta(extra_json_schema={"pattern": f"^{ID}$"})]


class NewWebhookWish(Wish, frozen=True):
    """A webhook to be made; one of a team is told of that team alone."""

    name: Name
    url: Url
    events: Events
    team: Label = ""
    allow_private: bool = False


class WebhookPatch(Wish, frozen=True):
    """What is to change of a webhook (RFC 7396): what is not there stays."""

    name: Name | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    allow_private: bool | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class HookSecretRotation(Wish, frozen=True):
    """How the secret that messages are signed with changes."""

    overlap_s: Overlap = DAY_S


class Redelivery(Wish, frozen=True):
    """Which message is sent again."""

    delivery: Id


class WebhooksAsked(Wish, frozen=True):
    """Which webhooks are listed."""

    team: Annotated[str, Meta(max_length=100, description="Only those of this team.")] = ""
    limit: Limit = 50
    after: Cursor = ""


class DeliveriesAsked(Wish, frozen=True):
    """Which messages are listed."""

    limit: Limit = 50
    after: Cursor = ""


class WebhookShown(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook."""

    id: str
    name: str
    url: str
    events: Sequence[str]
    team: str
    allow_private: bool
    disabled: bool
    created_at: datetime
    disabled_at: datetime | None


class WebhookMade(WebhookShown, frozen=True, kw_only=True):
    """A webhook with the secret that its messages are signed with, this once."""

    secret: str

    __repr__ = hidden


class WebhooksShown(msgspec.Struct, frozen=True):
    """A page of webhooks; `next` is the cursor of the page behind it."""

    items: Sequence[WebhookShown]
    next: str | None


class DeliveryShown(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a webhook, without what it says.  `outcome` is that of the last attempt."""

    id: str
    event: str
    state: Literal["waiting", "delivered", "given_up"]
    attempts: int
    outcome: str | None
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None


class DeliveriesShown(msgspec.Struct, frozen=True):
    """A page of messages; `next` is the cursor of the page behind it."""

    items: Sequence[DeliveryShown]
    next: str | None


def shown(webhook: Webhook) -> WebhookShown:
    """Give a webhook as it is shown."""
    return WebhookShown(**_fields(webhook))


def made(one: MadeWebhook) -> WebhookMade:
    """Give a webhook with its secret."""
    return WebhookMade(secret=one.secret, **_fields(one.webhook))


def delivery(one: Delivery) -> DeliveryShown:
    """Give a message as it is shown."""
    over: Literal["delivered", "given_up"] = "delivered" if one.delivered else "given_up"
    return DeliveryShown(
        id=one.id,
        event=one.event,
        state="waiting" if one.ended_at is None else over,
        attempts=one.attempts,
        outcome=one.outcome or None,
        created_at=one.created_at,
        next_at=one.due_at,
        ended_at=one.ended_at,
    )


def _fields(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "name": webhook.name,
        "url": webhook.url,
        "events": webhook.events,
        "team": webhook.team,
        "allow_private": webhook.allow_private,
        "disabled": webhook.disabled_at is not None,
        "created_at": webhook.created_at,
        "disabled_at": webhook.disabled_at,
    }
