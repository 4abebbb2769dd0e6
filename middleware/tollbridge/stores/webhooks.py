"""The seams to webhooks and to what is on its way to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import UNSET, UnsetType

from tollbridge.audit import Act

DELIVERED = "delivered"
"""The outcome of a message that arrived; any other says why it did not."""
MAILTO = "mailto:"
"""What the URL of a webhook begins with that is told by mail (RFC 6068)."""


def is_mailed(url: str) -> bool:
    """Whether a webhook's URL names an address that mail is sent to."""
    return url[: len(MAILTO)].lower() == MAILTO


class Webhook(msgspec.Struct, frozen=True, gc=False):
    """Whoever is told of `events` at `url`: of those of `team` alone, where one is named.

    `allow_private`: it may be on a loopback or private address, and there without TLS. `sealed` are its secrets.
    Nothing has arrived since `failing_since`, None where the last attempt succeeded.
    """

    id: str
    name: str
    url: str
    events: tuple[str, ...]
    team: str
    allow_private: bool
    created_at: datetime
    sealed: bytes
    disabled_at: datetime | None = None
    failing_since: datetime | None = None

    @property
    def by_mail(self) -> bool:
        """Whether it is told by mail, which is no place for a secret."""
        return is_mailed(self.url)

    def __repr__(self) -> str:
        return f"Webhook({self.id})"


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of a webhook; what is unset stays."""

    name: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    events: tuple[str, ...] | UnsetType = UNSET
    allow_private: bool | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """A message to a webhook.

    `said` is its body, empty where that holds a secret and is `sealed`; both are empty where it was a secret and is
    over. `due_at` is when it is sent next. `outcome` is that of the last attempt.
    """

    id: str
    webhook_id: str
    event: str
    created_at: datetime
    attempts: int
    outcome: str
    said: str = ""
    sealed: bytes = b""
    due_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def delivered(self) -> bool:
        """Whether it arrived."""
        return self.ended_at is not None and self.outcome == DELIVERED

    def __repr__(self) -> str:
        return f"Delivery({self.id}, {self.event})"


class WebhookStore(Protocol):
    """Keeps webhooks; each change is recorded.  Raises `Unavailable` where it does not answer."""

    async def add_webhook(self, webhook: Webhook, act: Act) -> None:
        """Write a webhook; raises `BadRequest` (409) where its team has too many."""
        ...

    async def get_webhook(self, webhook_id: str) -> Webhook | None:
        """Find one by its id."""
        ...

    async def list_webhooks(self, *, limit: int = 50, before: str | None = None, team: str = "") -> Sequence[Webhook]:
        """List webhooks, newest first, at most `limit` of those with an id below `before`."""
        ...

    async def change_webhook(self, webhook_id: str, change: WebhookChange, act: Act, why: str = "") -> Webhook | None:
        """Change one; what waits for one that is disabled is not sent.  None if unknown.

        Raises `BadRequest` (409) for another URL of one that secrets of tokens are handed over to.
        """
        ...

    async def reseal_webhook(self, webhook_id: str, before: bytes, after: bytes, act: Act) -> bool:
        """Put other secrets in the place of those that were read, once; says whether they still were there."""
        ...

    async def remove_webhook(self, webhook_id: str, act: Act) -> bool:
        """Forget one and all messages to it; says whether it was there."""
        ...


class Outbox(Protocol):
    """Messages on their way.  Each is had by one worker at a time, by the store's own clock.

    Raises `Unavailable` where it does not answer.
    """

    async def post(self, delivery: Delivery) -> None:
        """Write a message, unless one of its id is on its way or has arrived."""
        ...

    async def lanes(self) -> Sequence[str]:
        """Name the webhooks that something is due for, and that are not disabled and do not rest.

        Those that answered last come first, so that many that do not answer leave room for them.
        """
        ...

    async def claim(self, webhook_id: str, runner: str, *, most: int, lease_s: float) -> Sequence[Delivery]:
        """Take messages that are due, the oldest first; others do not get them until the lease has ended.

        None of a webhook that rests.
        """
        ...

    async def finish(self, delivery_id: str, runner: str, outcome: str) -> bool:
        """End a message, and forget the secret in it; says whether the worker still had it."""
        ...

    async def postpone(self, delivery_id: str, runner: str, outcome: str, *, pause_s: float) -> bool:
        """Note that an attempt failed, and when the next one is due; says whether the worker still had it."""
        ...

    async def give_back(self, webhook_id: str, runner: str, *, pause_s: float) -> None:
        """Let go of all that a worker has of a webhook and has not tried.  The webhook rests for the pause."""
        ...

    async def get_delivery(self, delivery_id: str) -> Delivery | None:
        """Find one by its id."""
        ...

    async def list_deliveries(
        self, webhook_id: str, *, limit: int = 50, before: str | None = None
    ) -> Sequence[Delivery]:
        """List the messages to a webhook, newest first, at most `limit` of those with an id below `before`."""
        ...

    async def send_again(self, delivery_id: str, act: Act) -> Delivery | None:
        """Have one be sent from the beginning, which is recorded.

        None if unknown; raises `BadRequest` (409) where what it said is not kept, for it was a secret.
        """
        ...

    async def cancel(self, delivery_id: str, why: str) -> None:
        """End one that is not ended, and forget the secret in it."""
        ...

    async def forget_deliveries(self, before: datetime) -> int:
        """Forget those that ended before a time; gives how many."""
        ...
