"""What the `spec` of a document may say, by kind.

A spec says everything of its object: what is not in it is as if it was never said.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tollbridge.administering import Access, Approval, Contact, Slo, Visibility

Usd = Annotated[str, Meta(max_length=40)]
Moment = Annotated[datetime, Meta(tz=True)]
YES_OR_NO = frozenset(("yes", "no", "on", "off", "true", "false", "y", "n"))
"""Texts that older YAML reads as true or false: no reason for anything."""
Policies = dict[str, dict[str, Any]]
"""The options of policies by their names; the first is outermost."""


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object of a document: a member that it does not name is refused."""


class Budget(Spec, frozen=True):
    """US dollars for each period."""

    usd: Usd
    period: Literal["day", "month", "total"]


class Limits(Spec, frozen=True):
    """What all callers together may use."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None


class Bounds(Limits, frozen=True):
    """What a team or an application is bounded by."""

    budget: Budget | None = None
    networks: tuple[str, ...] = msgspec.field(default=(), name="from")
    hours: str | None = None


class TeamSpec(Bounds, frozen=True):
    """A team, which is off with all in it where it is `disabled`.

    Without `scopes` it gets those that teams have, and keeps them.
    """

    title: str = ""
    description: str = ""
    scopes: tuple[str, ...] | None = None
    rotate_days: int | None = None
    disabled: bool = False


class Quota(Spec, frozen=True):
    """How many calls a subscription may make in each period."""

    calls: Annotated[int, Meta(ge=1)]
    period: Literal["day", "month"] = "month"


class PlanSpec(Limits, frozen=True):
    """A plan.  `ended`: nobody gets it any more, and who has it keeps it."""

    title: str = ""
    description: str = ""
    budget: Budget | None = None
    price_per_call_usd: Usd | None = None
    models: tuple[str, ...] = ()
    quota: Quota | None = None
    policies: Policies = {}
    ended: bool = False


class DesignSpec(Spec, frozen=True):
    """What a service is made of."""

    name: str = ""
    description: str = ""
    docs: str = ""
    logo: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    slos: tuple[Slo, ...] = ()
    visibility: Visibility = Visibility.INTERNAL
    access: Access = Access.SUBSCRIPTION
    approval: Approval = Approval.MANUAL
    plans: tuple[str, ...] = ()
    price_per_call_usd: Usd = "0"
    limits: Limits = Limits()
    budget: Budget | None = None
    policies: Policies = {}
    definition: dict[str, Any] = {}


class Deprecation(Spec, frozen=True):
    """That a service will end: when, and the slug of what takes its place."""

    sunset_at: Moment | None = None
    successor: str = ""


class ServiceSpec(Spec, frozen=True):
    """A service.  With a `version` there is a release of it; with `publish` that serves.

    `publish_at`: from that time on. `beside`: beside the one that does, for those who ask for its version.
    `paused`: whether nothing of it is served for a while, or why; where that is not said, it is left to others.
    """

    type: str
    team: str = ""
    version: str = ""
    note: str = ""
    publish: bool = False
    publish_at: Moment | None = None
    beside: bool = False
    deprecated: Deprecation | None = None
    paused: bool | str | None = None
    design: DesignSpec = DesignSpec()


class ApplicationSpec(Bounds, frozen=True):
    """An application, which is off with all of its tokens where it is `disabled`."""

    team: str = ""
    owner: str = ""
    description: str = ""
    scopes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = {}
    disabled: bool = False


class SubscriptionSpec(Spec, frozen=True):
    """An application that calls a service; `team` is that of the application.

    `approved`: it is let in at once, and until `expires_at` where that is said.
    """

    application: str
    service: str
    team: str = ""
    plan: str = ""
    why: str = ""
    approved: bool = False
    expires_at: Moment | None = None


SHAPES: Mapping[str, type[Spec]] = {
    "Team": TeamSpec,
    "Plan": PlanSpec,
    "Service": ServiceSpec,
    "Application": ApplicationSpec,
    "Subscription": SubscriptionSpec,
}
"""Kinds of documents, in the order of what needs what."""
NESTED: Mapping[type[msgspec.Struct], Sequence[type[msgspec.Struct]]] = {
    ServiceSpec: (DesignSpec, Deprecation, Limits, Budget, Contact, Slo),
    PlanSpec: (Budget, Quota),
}
"""Shapes within those, for their names to be told."""
