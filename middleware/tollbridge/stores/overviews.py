"""The seam to what is shown of many objects at once: what waits for somebody, and how services are subscribed to."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from tollbridge.services.subscribing import SubscriptionState


class Waits(StrEnum):
    """Kinds of what waits for somebody's decision."""

    SUBSCRIPTION_ASKED = "subscription_asked"
    RELEASE_IN_REVIEW = "release_in_review"
    RELEASE_FAILED = "release_failed"
    WEBHOOK_SILENT = "webhook_silent"
    TOKEN_ENDING = "token_ending"
    SERVICE_OVERDUE = "service_overdue"
    SERVICE_ENDING = "service_ending"


class Waiting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing that waits since a time.

    `name` is its own: of a subscription that of the application, whose team is `asker`, of a release its version.
    `team` is whose it is, `service` the slug of the service that it is about, and `number` that of the release.
    `until` is when it is over, None where nobody said, and `successor` the slug of what takes the service's place.
    """

    id: str
    since: datetime
    name: str
    team: str
    service: str = ""
    number: int = 0
    asker: str = ""
    until: datetime | None = None
    successor: str = ""


class Queue(msgspec.Struct, frozen=True):
    """How many wait, and those that have waited longest."""

    total: int
    oldest: Sequence[Waiting]


class OfTeam(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many services, applications and members a team has; what has ended does not count."""

    services: int = 0
    applications: int = 0
    members: int = 0


class OfApplication(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many services an application may call by a subscription, how many it asked for, and how many tokens it has.

    Tokens are those that were made for it and open, or are off; not what these minted.
    """

    subscriptions: int = 0
    asked: int = 0
    tokens: int = 0


class OverviewStore(Protocol):
    """Reads.  Raises `Unavailable` where it does not answer."""

    async def waiting(
        self, kinds: Collection[Waits], *, team: str = "", but_by: str = "", limit: int = 20
    ) -> Mapping[Waits, Queue]:
        """Give what waits of each of some kinds, of one team's things where one is named.

        Not what `but_by` asked for, whom several ids may stand for: whose own tokens they are is said in `askers`.
        A release that failed waits while it is the newest of its service, a webhook while nobody switches it on after
        nothing arrived there, a token while it ends soon; that of a release counts from when it was made. A service
        waits from when its callers were told that it ends, while it serves, and for the team of each application that
        subscribes to it from when it was deprecated.
        """
        ...

    async def subscribers(self, service_ids: Collection[str]) -> Mapping[str, int]:
        """Count the applications that may call each of some services by a subscription; none is left out."""
        ...

    async def of_teams(self, names: Collection[str]) -> Mapping[str, OfTeam]:
        """Count what each of some teams has; none is left out."""
        ...

    async def of_applications(self, ids: Collection[str]) -> Mapping[str, OfApplication]:
        """Count what each of some applications has; none is left out."""
        ...

    async def standing(self, team: str, service_ids: Collection[str]) -> Mapping[str, SubscriptionState]:
        """Say of which services the applications of a team have a subscription, or asked for one; empty: of no team."""
        ...
