"""Webhooks of one gateway: made, changed and tried."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from msgspec import UNSET, structs

from tollbridge.audit import Actor
from tollbridge.clock import Clock, iso
from tollbridge.errors import BadRequest, Unavailable, UpstreamUnreachable
from tollbridge.ids import new_id
from tollbridge.sealing.places import DELIVERY, Place
from tollbridge.stores.base import Store
from tollbridge.stores.rows import micros
from tollbridge.stores.webhooks import Delivery, Webhook, WebhookChange, is_mailed
from tollbridge.tokens.service import LONGEST_OVERLAP, TokenService
from tollbridge.tokens.wishes import LONGEST_NAME
from tollbridge.transport.guard import endpoint_of, is_plainly_private, is_public
from tollbridge.vault import Box
from tollbridge.webhooks.events import TEST, body, checked_patterns
from tollbridge.webhooks.mailing import Recipients
from tollbridge.webhooks.secrets import HookSecrets
from tollbridge.webhooks.signing import shown

LONGEST_URL = 2_000
_TRIES = 3


@dataclass(frozen=True, slots=True)
class MadeWebhook:
    """A webhook and, this once, the secret that its messages are signed with."""

    webhook: Webhook
    secret: str = field(repr=False)


class Webhooks:
    """Webhooks of one gateway.  `allow_private`: they may be on private addresses, where they say so themselves.

    `recipients` are who may be told by mail, `events` are all that they may hear of.

    Whatever cannot be used raises `BadRequest` with `param`; `Unavailable` where the store does not answer.
    """

    def __init__(
        self,
        store: Store,
        tokens: TokenService,
        box: Box,
        clock: Clock,
        *,
        allow_private: bool,
        recipients: Recipients,
        events: Collection[str],
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._box = box
        self._secrets = HookSecrets(box)
        self._clock = clock
        self._allow_private = allow_private
        self._recipients = recipients
        self._events = events

    async def create(
        self, *, name: str, url: str, events: Iterable[str], team: str = "", allow_private: bool = False, by: Actor
    ) -> MadeWebhook:
        """Make a webhook; its secret is in the result and nowhere else."""
        now, id = self._clock.now(), new_id("whk", self._clock)
        url = await self._checked_url(url, team, private=allow_private)
        key, sealed = self._secrets.begin(id, now)
        made = Webhook(id, _name(name), url, self._patterns(events), team, allow_private, now, sealed)
        await (await self._store.webhooks()).add_webhook(made, await self._tokens.act(by))
        return MadeWebhook(made, shown(key))

    async def change(self, webhook: Webhook, change: WebhookChange, *, by: Actor) -> Webhook | None:
        """Change a webhook as it is; None where it is not there any more."""
        checked = structs.replace(
            change,
            name=change.name if change.name is UNSET else _name(change.name),
            events=change.events if change.events is UNSET else self._patterns(change.events),
        )
        url = webhook.url if change.url is UNSET else change.url
        private = webhook.allow_private if change.allow_private is UNSET else change.allow_private
        if change.url is not UNSET or change.allow_private is not UNSET:
            checked = structs.replace(checked, url=await self._checked_url(url, webhook.team, private=private))
        act = await self._tokens.act(by)
        return await (await self._store.webhooks()).change_webhook(webhook.id, checked, act)

    async def remove(self, webhook_id: str, *, by: Actor) -> bool:
        """Forget a webhook and its messages; says whether it was there."""
        return await (await self._store.webhooks()).remove_webhook(webhook_id, await self._tokens.act(by))

    async def rotate_secret(self, webhook_id: str, overlap: timedelta, *, by: Actor) -> MadeWebhook | None:
        """Make another secret; the one before signs too for `overlap`, at most 30 days.  None if there is no webhook.

        Raises `BadRequest` (409) where two sign already.
        """
        if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
            raise BadRequest(f"the overlap is between none and {LONGEST_OVERLAP.days} days", param="overlap_s")
        store, act = await self._store.webhooks(), await self._tokens.act(by)
        for _ in range(_TRIES):
            webhook = await store.get_webhook(webhook_id)
            if webhook is None:
                return None
            try:
                key, sealed = await self._secrets.rotated(webhook_id, webhook.sealed, act.at, act.at + overlap)
            except ValueError as exc:
                raise Unavailable("the webhook's secrets cannot be opened", detail=str(exc)) from exc
            if await store.reseal_webhook(webhook_id, webhook.sealed, sealed, act):
                return MadeWebhook(structs.replace(webhook, sealed=sealed), shown(key))
        raise BadRequest("its secret is being changed by somebody else; try again", code="conflict", status=409)

    async def withdraw_secret(self, webhook_id: str, made_at: datetime, *, by: Actor) -> None:
        """Take back the secret of a time, which was given to nobody, where it is the newest; the only one stays."""
        store, act = await self._store.webhooks(), await self._tokens.act(by)
        webhook = await store.get_webhook(webhook_id)
        sealed = None if webhook is None else await self._secrets.without(webhook_id, webhook.sealed, made_at)
        if webhook is not None and sealed is not None:
            await store.reseal_webhook(webhook_id, webhook.sealed, sealed, act)

    async def test(self, webhook: Webhook, *, by: Actor) -> Delivery:
        """Send a message that says nothing; what becomes of it is seen in the list of messages."""
        now = self._clock.now()
        id, data = new_id("msg", self._clock), {"id": webhook.id, "name": webhook.name, "by": by.id}
        sent = Delivery(id, webhook.id, TEST, now, 0, "", said=body(TEST, micros(now), data))
        await self._store.note(await self._tokens.act(by), "webhook.try", webhook.id, None, {"delivery": id})
        await (await self._store.outbox()).post(sent)
        return sent

    async def hand_over(
        self, webhook_id: str, event: str, data: Mapping[str, object], *, ends_at: datetime
    ) -> Delivery:
        """Send a message that holds a secret, to one webhook alone: sealed while it waits, and kept no longer."""
        now, id = self._clock.now(), new_id("msg", self._clock)
        said = body(event, micros(now), {**data, "ends_at": iso(ends_at)}).encode("utf-8")
        sealed = self._box.shut(said, Place(DELIVERY, webhook_id, id))
        sent = Delivery(id, webhook_id, event, now, 0, "", sealed=sealed)
        await (await self._store.outbox()).post(sent)
        return sent

    async def send_again(self, delivery_id: str, *, by: Actor) -> Delivery | None:
        """Send a message again from the beginning; None if there is none.

        Raises `BadRequest` (409) where it held a secret, which is not kept.
        """
        return await (await self._store.outbox()).send_again(delivery_id, await self._tokens.act(by))

    async def _checked_url(self, url: str, team: str, *, private: bool) -> str:
        if not is_mailed(url):
            self._check_url(url, private=private)
            return url
        if private:
            raise BadRequest("mail has no private address; leave allow_private out", param="allow_private")
        return await self._recipients.checked(url, team)

    def _check_url(self, url: str, *, private: bool) -> None:
        if private and not self._allow_private:
            raise BadRequest(
                "webhooks on private addresses are not allowed here; the operator may with [webhooks] allow_private",
                param="allow_private",
            )
        try:
            away = not is_plainly_private(url)
        except UpstreamUnreachable as exc:
            raise BadRequest(f"the URL cannot be used: {exc.detail}", param="url") from None
        if not away and not private:
            raise BadRequest("the URL leads to a private address; allow that with allow_private: true", param="url")
        parts = urlsplit(url)
        if len(url) > LONGEST_URL or parts.fragment or (parts.scheme != "https" and not private):
            raise BadRequest(
                "a URL begins with https://, or on a private address, with allow_private: true, with http://; it has no"
                f" fragment, and is {LONGEST_URL} bytes long at most",
                param="url",
            )
        if parts.scheme == "http" and is_public(endpoint_of(url).host):
            raise BadRequest("a public address takes https://", param="url")

    def _patterns(self, events: Iterable[str]) -> tuple[str, ...]:
        try:
            return checked_patterns(events, self._events)
        except ValueError as exc:
            raise BadRequest(str(exc), param="events") from exc


def _name(name: str) -> str:
    label = name.strip()
    if not label or len(label) > LONGEST_NAME or not label.isprintable():
        raise BadRequest(f"a webhook needs a name of 1 to {LONGEST_NAME} printable characters", param="name")
    return label
