"""Handing a new secret over, in each of the ways there are."""

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from tollbridge.clock import Clock, iso
from tollbridge.errors import BadRequest, without_words
from tollbridge.rotation.files import write_secret
from tollbridge.rotation.sinks import Into, NewSecret, SecretSink, parse_into
from tollbridge.sealing.places import DELIVERY, Place
from tollbridge.stores.base import Store
from tollbridge.stores.rotations import Handover
from tollbridge.stores.rows import micros
from tollbridge.stores.webhooks import Delivery, Webhook
from tollbridge.tokens.model import Principal
from tollbridge.vault import Box
from tollbridge.webhooks.events import NEW_SECRET, body

_SHARED = 16
"""Characters that a message and what it hands over have in common, so that the latter is found by the former."""


class NotHandedOver(Exception):
    """It did not succeed; the words say why, and hold no secret."""


class Handing:
    """Hands new secrets over.  `folder` is where files may be, None for nowhere; `sinks` are those of plugins.

    `timeout_s` is for each of the latter.
    """

    def __init__(
        self,
        store: Store,
        box: Box,
        clock: Clock,
        *,
        folder: Path | None,
        sinks: Mapping[str, SecretSink],
        timeout_s: float,
    ) -> None:
        self._store = store
        self._box = box
        self._clock = clock
        self._folder = folder
        self._sinks = sinks
        self._timeout_s = timeout_s
        self._ways = {"webhook": self._to_webhook, "file": self._to_file, "hook": self._to_sink}

    async def check(self, into: str, team: str, setter: Principal | None) -> Into:
        """Give a place that somebody may have the secret of a token of a team be handed over into.

        A webhook hears of the whole bridge or of the token's team; a `setter` with a team sees that team's alone, the
        operator of the machine (None) all. Raises `BadRequest` with `param`.
        """
        place = parse_into(into)
        if place.kind == "file" and self._folder is None:
            raise BadRequest("files are handed over into [rotation] folder, which is not set", param="into")
        if place.kind == "hook" and place.name not in self._sinks:
            known = ", ".join(self._sinks) or "none"
            raise BadRequest(f"there is no [rotation.{place.name}]; known: {known}", param="into")
        if place.kind == "webhook":
            webhook, own = await self._webhook(place.name), "" if setter is None else setter.team
            if webhook is None or webhook.team not in ("", team) or own not in ("", webhook.team):
                raise BadRequest("there is no such webhook", param="into")
            if webhook.by_mail:
                raise BadRequest("secrets are not mailed; name a webhook at https://", param="into")
        return place

    async def put(self, into: str, new: NewSecret) -> bool:
        """Hand over; says whether it arrived, or is still on its way.  Raises `NotHandedOver`, `Unavailable`.

        May be done again with the same secret, and does no harm then.
        """
        place = parse_into(into)
        return await self._ways[place.kind](place.name, new)

    async def find(self, message: Delivery) -> Handover | None:
        """Give the handover that a message was posted for, while it is under way and goes there."""
        store = await self._store.rotations()
        for one in await store.find_handovers(f"webhook:{message.webhook_id}", message.id[:_SHARED]):
            if _message_id(message.webhook_id, one.id) == message.id:
                return one
        return None

    async def cancel(self, into: str, id: str) -> None:
        """Stop what is on its way."""
        place = parse_into(into)
        await (await self._store.outbox()).cancel(_message_id(place.name, id), "cancelled")

    async def arrived(self, into: str, id: str) -> bool:
        """Whether it is known to have arrived, though nobody has noted that yet."""
        place = parse_into(into)
        sent = await (await self._store.outbox()).get_delivery(_message_id(place.name, id))
        return sent is not None and sent.delivered

    async def _to_file(self, path: str, new: NewSecret) -> bool:
        if self._folder is None:
            raise NotHandedOver("[rotation] folder is not set")
        try:
            await asyncio.to_thread(write_secret, self._folder, path, new.secret)
        except OSError as exc:
            raise NotHandedOver(f"the file cannot be written: {exc.strerror}") from None
        return True

    async def _to_sink(self, name: str, new: NewSecret) -> bool:
        sink = self._sinks.get(name)
        if sink is None:
            raise NotHandedOver(f"there is no [rotation.{name}]")
        try:
            async with asyncio.timeout(self._timeout_s):
                await sink.put(new)
        except Exception as exc:
            raise NotHandedOver(f"hook:{name} failed: {without_words(exc)}") from None
        return True

    async def _to_webhook(self, webhook_id: str, new: NewSecret) -> bool:
        """Post a message once, and look what became of it: it is sent with the others, and again where it must."""
        outbox = await self._store.outbox()
        webhook, sent = await self._webhook(webhook_id), await outbox.get_delivery(_message_id(webhook_id, new.id))
        if sent is not None and sent.delivered:
            return True
        if webhook is None or webhook.disabled_at is not None:
            raise NotHandedOver("the webhook is disabled, or not there any more")
        if sent is not None and sent.ended_at is None:
            return False
        await outbox.post(self._message(webhook_id, new))
        if sent is not None:
            raise NotHandedOver(f"the webhook did not take it: {sent.outcome}")
        return False

    def _message(self, webhook_id: str, new: NewSecret) -> Delivery:
        now, id = self._clock.now(), _message_id(webhook_id, new.id)
        data: dict[str, Any] = {
            "id": new.token_id,
            "name": new.name,
            "team": new.team,
            "hint": new.hint,
            "ends_at": None if new.ends_at is None else iso(new.ends_at),
            "secret": new.secret,
        }
        said = body(NEW_SECRET, micros(now), data).encode("utf-8")
        sealed = self._box.shut(said, Place(DELIVERY, webhook_id, id))
        return Delivery(id, webhook_id, NEW_SECRET, now, 0, "", sealed=sealed)

    async def _webhook(self, webhook_id: str) -> Webhook | None:
        return await (await self._store.webhooks()).get_webhook(webhook_id)


def _message_id(webhook_id: str, id: str) -> str:
    """Give the id of the one message that hands a secret over to one webhook, whoever posts it and how often."""
    return f"{id[:_SHARED]}{sha256(f'{webhook_id} {id}'.encode()).hexdigest()[:16]}"
