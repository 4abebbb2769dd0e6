"""Plans and subscriptions as data."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

from tollbridge.services.model import Named
from tollbridge.tokens.model import TokenBudget, TokenLimits
from tollbridge.tokens.scopes import covers

SUBSCRIPTION, SERVICE = "sub_", "svc_"
"""What ids of subscriptions and services begin with."""


QUOTA_PERIODS = ("day", "month")
"""Calendar windows in which calls are counted, in UTC as all budgets are."""


class CallQuota(msgspec.Struct, frozen=True, gc=False):
    """So many calls in each `period`, one of `QUOTA_PERIODS`."""

    calls: int
    period: str = "month"


class Plan(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a subscription may use, and at which price.

    `price_per_call` is in nano-dollars, None for that of the service. `models` are globs of those that calls of the
    subscription may come to, empty for all. `quota` bounds the calls of each subscription. `policies` are run around
    each call, inside those of the service. After `ended_at` nobody gets it any more; who has it keeps it.
    """

    name: str
    title: str = ""
    description: str = ""
    limits: TokenLimits = TokenLimits()
    budget: TokenBudget | None = None
    price_per_call: int | None = None
    models: tuple[str, ...] = ()
    quota: CallQuota | None = None
    policies: Named = {}
    created_at: datetime
    ended_at: datetime | None = None


class PlanChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of a plan, for all who have it; what is unset stays."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    limits: TokenLimits | UnsetType = UNSET
    budget: TokenBudget | UnsetType | None = UNSET
    price_per_call: int | UnsetType | None = UNSET
    models: tuple[str, ...] | UnsetType = UNSET
    quota: CallQuota | UnsetType | None = UNSET
    policies: Named | UnsetType = UNSET
    ended: bool | UnsetType = UNSET


PlanEdit = PlanChange | Callable[[Plan], PlanChange]
"""A change, or what gives it from the plan as it is while nobody else changes it."""


class SubscriptionState(StrEnum):
    """Where a subscription is.  Only one that is `APPROVED` opens, until it expires."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    ENDED = "ended"
    EXPIRED = "expired"


OPEN = frozenset((SubscriptionState.ASKED, SubscriptionState.APPROVED))
"""States of which an application has at most one for each service."""


class Subscription(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An application that calls a service, or asked to.

    `why` is the reason it was asked for, `opinion` that of what was decided last, be it its end. It is under `plan`,
    empty for none.
    """

    id: str
    application: str
    service_id: str
    plan: str
    state: SubscriptionState
    why: str
    asked_by: str
    asked_at: datetime
    opinion: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None


class Subscribed(msgspec.Struct, frozen=True, gc=False):
    """What a call needs to know of a subscription that was approved: its plan's terms, nothing where it has none.

    `policies` are written as JSON, empty for none. It opens nothing any more where its time is `over`.
    """

    id: str
    limits: TokenLimits = TokenLimits()
    budget: TokenBudget | None = None
    price_per_call: int | None = None
    models: tuple[str, ...] = ()
    quota: CallQuota | None = None
    policies: str = ""
    over: bool = False

    def lets(self, model: str) -> bool:
        """Whether calls may come to a model, asked for by this name: as with scopes."""
        return not self.models or any(covers(f"model:{glob}", f"model:{model}") for glob in self.models)
