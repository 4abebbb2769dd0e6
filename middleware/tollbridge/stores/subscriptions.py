"""The seam to plans and subscriptions.

Each change is one transaction with its record of the audit log, and with what it changes of the application's scopes;
None is changed nothing: there is no such thing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import UNSET, UnsetType

from tollbridge.audit import Act
from tollbridge.services.subscribing import Plan, PlanEdit, Subscription, SubscriptionState


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a subscription.  `check` sees it as it is, and refuses by raising.

    Approved, it gets another plan or end where one is said: without `plan` and `expires_at` it keeps them.
    """

    state: SubscriptionState
    opinion: str = ""
    expires_at: datetime | UnsetType | None = UNSET
    plan: str | None = None
    check: Callable[[Subscription], None] | None = None


class SubscriptionStore(Protocol):
    """Keeps plans and subscriptions.  Raises `Unavailable` where it does not answer."""

    async def add_plan(self, plan: Plan, act: Act) -> Plan:
        """Write a plan; raises `BadRequest` (409) where its name is taken."""
        ...

    async def get_plan(self, name: str) -> Plan | None:
        """Find one by its name."""
        ...

    async def list_plans(self, *, limit: int = 50, after: str = "") -> Sequence[Plan]:
        """List plans by their names, those behind `after`."""
        ...

    async def change_plan(self, name: str, edit: PlanEdit, act: Act) -> Plan | None:
        """Change one, for all who have it at once."""
        ...

    async def subscribe(self, wanted: Subscription, act: Act) -> Subscription:
        """Write a subscription, asked for or approved.

        Raises `BadRequest` (409) where the application has one of this service, or asked for it already, and where the
        application, the service or the plan has ended.
        """
        ...

    async def decide(self, subscription_id: str, decision: Decision, act: Act) -> Subscription | None:
        """Approve, refuse, cancel or end one; raises `BadRequest` (409) where that cannot become of it now.

        So it does for a plan that has ended, unless the subscription has it. Who decided last, when and why is kept.
        """
        ...

    async def get_subscription(self, subscription_id: str) -> Subscription | None:
        """Find one by its id."""
        ...

    async def list_subscriptions(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        application: str = "",
        service_id: str = "",
        state: str = "",
        application_team: str | None = None,
        service_team: str | None = None,
    ) -> Sequence[Subscription]:
        """List subscriptions, newest first, those with an id below `before`.

        Of a team's applications, or to a team's services, where those are named; where both are, of either.
        """
        ...

    async def expire_subscriptions(self, now: datetime, act: Act) -> int:
        """End those whose time is over; gives how many."""
        ...
