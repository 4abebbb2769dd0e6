"""Webhooks: listed, made, changed, tried, and their messages sent again.

What a webhook is told of stands in the audit log too, so whoever makes one or widens it must be allowed to read that. A
caller with a team sees and makes those of its team alone.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec import UNSET

from tollbridge import Denied, Gateway, NotFound
from tollbridge.administering import Webhook, WebhookChange
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of
from tollbridge_admin.webhookshapes import (
    DeliveriesAsked,
    DeliveriesShown,
    DeliveryShown,
    HookSecretRotation,
    NewWebhookWish,
    Redelivery,
    WebhookMade,
    WebhookPatch,
    WebhooksAsked,
    WebhookShown,
    WebhooksShown,
    delivery,
    made,
    shown,
)

READ, WRITE = "admin:webhooks:read", "admin:webhooks:write"
TOLD = "admin:audit:read"
"""What whoever is told of everything must be allowed to read."""
_LIST, _MESSAGES = "webhooks", "deliveries"
_ALL = "/webhooks"
_ONE = "/webhooks/{id}"


class Webhooks:
    """Answers for webhooks."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        write: dict[str, Any] = {"scope": WRITE, "also": (409,)}
        bare: dict[str, Any] = {"takes": Nothing, "may_be_bare": True, **write}
        told: dict[str, Any] = {"takes": DeliveriesAsked, "gives": DeliveriesShown, "scope": READ}
        return (
            route("GET", _ALL, self.list_webhooks, takes=WebhooksAsked, gives=WebhooksShown, scope=READ),
            route("POST", _ALL, self.create_webhook, takes=NewWebhookWish, gives=WebhookMade, status=201, **write),
            route("GET", _ONE, self.get_webhook, takes=Nothing, gives=WebhookShown, scope=READ, tagged=True),
            route("PATCH", _ONE, self.change_webhook, takes=WebhookPatch, gives=WebhookShown, tagged=True, **write),
            route("POST", f"{_ONE}/remove", self.remove_webhook, gives=WebhookShown, tagged=True, **bare),
            route("POST", f"{_ONE}/test", self.test_webhook, gives=DeliveryShown, **bare),
            route("POST", f"{_ONE}/rotate-secret", self.rotate_webhook, **_rotating(write)),
            route("GET", f"{_ONE}/deliveries", self.list_deliveries, **told),
            route("POST", f"{_ONE}/redeliver", self.redeliver, takes=Redelivery, gives=DeliveryShown, **write),
        )

    async def list_webhooks(self, asked: Asked, query: WebhooksAsked) -> Answer:
        """List webhooks, newest first."""
        own = asked.caller.team
        if own and query.team not in ("", own):
            return Answer(WebhooksShown((), None))
        webhooks, before = await self._gateway.store.webhooks(), read_cursor(_LIST, query.after)
        found = await webhooks.list_webhooks(limit=query.limit + 1, before=before, team=own or query.team)
        page = found[: query.limit]
        following = cursor(_LIST, page[-1].id) if len(found) > len(page) else None
        return Answer(WebhooksShown([shown(one) for one in page], following))

    async def create_webhook(self, asked: Asked, wish: NewWebhookWish) -> Answer:
        """Make a webhook; the secret that its messages are signed with is in the answer, this once."""
        _check_may_be_told(asked)
        own = asked.caller.team
        if own and wish.team not in ("", own):
            raise Denied("a token with a team makes webhooks of that team alone", code="out_of_reach", param="team")
        one = await self._gateway.webhooks.create(
            name=wish.name,
            url=wish.url,
            events=wish.events,
            team=own or wish.team.strip(),
            allow_private=wish.allow_private,
            by=asked.actor,
        )
        return Answer(made(one), 201, _tag(one.webhook), {"location": f"webhooks/{one.webhook.id}"})

    async def get_webhook(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one webhook."""
        return _one(await self._see(asked))

    async def change_webhook(self, asked: Asked, patch: WebhookPatch) -> Answer:
        """Change a webhook: what is not there stays (RFC 7396)."""
        webhook = await self._matching(asked)
        if (patch.url, patch.events, patch.disabled) != (UNSET, UNSET, UNSET):
            _check_may_be_told(asked)
        change = WebhookChange(
            name=patch.name,
            url=patch.url,
            events=patch.events if patch.events is UNSET else tuple(patch.events),
            allow_private=patch.allow_private,
            disabled=patch.disabled,
        )
        return _one(_there(await self._gateway.webhooks.change(webhook, change, by=asked.actor)))

    async def remove_webhook(self, asked: Asked, nothing: Nothing) -> Answer:
        """Forget a webhook and all messages to it; shows what it was."""
        webhook = await self._matching(asked)
        await self._gateway.webhooks.remove(webhook.id, by=asked.actor)
        return _one(webhook)

    async def test_webhook(self, asked: Asked, nothing: Nothing) -> Answer:
        """Send a message that says nothing; its outcome is in the list of messages soon."""
        return Answer(delivery(await self._gateway.webhooks.test(await self._see(asked), by=asked.actor)))

    async def rotate_webhook(self, asked: Asked, wish: HookSecretRotation) -> Answer:
        """Make another secret, in the answer this once; messages are signed with both for the overlap."""
        webhook, overlap = await self._matching(asked), timedelta(seconds=wish.overlap_s)
        one = _there(await self._gateway.webhooks.rotate_secret(webhook.id, overlap, by=asked.actor))
        return Answer(made(one), tag=_tag(one.webhook))

    async def list_deliveries(self, asked: Asked, query: DeliveriesAsked) -> Answer:
        """List the messages to a webhook, newest first, without what they say."""
        webhook, outbox = await self._see(asked), await self._gateway.store.outbox()
        before = read_cursor(_MESSAGES, query.after)
        found = await outbox.list_deliveries(webhook.id, limit=query.limit + 1, before=before)
        page = found[: query.limit]
        following = cursor(_MESSAGES, page[-1].id) if len(found) > len(page) else None
        return Answer(DeliveriesShown([delivery(one) for one in page], following))

    async def redeliver(self, asked: Asked, wish: Redelivery) -> Answer:
        """Send a message again, unless it held a secret: those are not kept."""
        webhook = await self._see(asked)
        one = await (await self._gateway.store.outbox()).get_delivery(wish.delivery)
        if one is None or one.webhook_id != webhook.id:
            raise NotFound("there is no such message")
        sent = await self._gateway.webhooks.send_again(one.id, by=asked.actor)
        return Answer(delivery(one if sent is None else sent))

    async def _matching(self, asked: Asked) -> Webhook:
        webhook = await self._see(asked)
        asked.check_match(_tag(webhook))
        return webhook

    async def _see(self, asked: Asked) -> Webhook:
        """Find a webhook that the caller may see; raises `NotFound`, also for one of another team."""
        webhook = await (await self._gateway.store.webhooks()).get_webhook(asked.id)
        if webhook is None or (asked.caller.team and webhook.team != asked.caller.team):
            raise NotFound("there is no such webhook")
        return webhook


def _rotating(write: dict[str, Any]) -> dict[str, Any]:
    return {"takes": HookSecretRotation, "gives": WebhookMade, "may_be_bare": True, "tagged": True, **write}


def _check_may_be_told(asked: Asked) -> None:
    if not asked.operator and TOLD not in asked.caller.scopes:
        raise Denied(f"webhooks tell what needs {TOLD!r}, which you do not hold yourself", code="scope_beyond")


def _there(found: Any) -> Any:
    if found is None:
        raise NotFound("there is no such webhook")
    return found


def _tag(webhook: Webhook) -> str:
    return tag_of(shown(webhook))


def _one(webhook: Webhook) -> Answer:
    return Answer(shown(webhook), tag=_tag(webhook))
