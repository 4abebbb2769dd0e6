"""Subscriptions as the API says them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import Subscription
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.tokenshapes import Moment, Wish

Why = Annotated[str, Meta(max_length=1000)]
PlanOf = Annotated[str, Meta(max_length=63, description="One of the service's plans; empty where it has none.")]
State = Literal["asked", "approved", "refused", "cancelled", "ended", "expired"]


class SubscriptionWish(Wish, frozen=True):
    """A service to be asked for, by its id or slug, for an application."""

    application: Annotated[str, Meta(min_length=1, max_length=64)]
    service: Annotated[str, Meta(min_length=1, max_length=64)]
    plan: PlanOf = ""
    why: Why = ""


class Approval(Wish, frozen=True):
    """How a subscription is approved, or one that is approved already is changed.

    Without `plan` and `expires_at` these stay; null takes its end away.
    """

    opinion: Why = ""
    plan: PlanOf | UnsetType = UNSET
    expires_at: Moment | UnsetType | None = UNSET


class Opinion(Wish, frozen=True):
    """Why a subscription is refused, cancelled or ended."""

    opinion: Why = ""


class SubscriptionsAsked(Wish, frozen=True):
    """Which subscriptions are listed."""

    application: Annotated[str, Meta(max_length=64, description="Only those of this application.")] = ""
    service: Annotated[str, Meta(max_length=64, description="Only those of this service, by its id.")] = ""
    state: State | UnsetType = UNSET
    limit: Limit = 50
    after: Cursor = ""


class SubscriptionShown(msgspec.Struct, frozen=True, kw_only=True):
    """An application that calls a service, or asked to; `opinion` is that of what was decided last."""

    id: str
    application: str
    service: str
    plan: str
    state: str
    why: str
    asked_by: str
    asked_at: datetime
    opinion: str
    decided_by: str
    decided_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None


class SubscriptionsShown(msgspec.Struct, frozen=True):
    """A page of subscriptions; `next` is the cursor of the page behind it."""

    items: Sequence[SubscriptionShown]
    next: str | None


def shown(one: Subscription) -> SubscriptionShown:
    """Give a subscription as it is shown."""
    said = {name: getattr(one, name) for name in one.__struct_fields__ if name not in ("service_id", "state")}
    return SubscriptionShown(service=one.service_id, state=one.state.value, **said)
