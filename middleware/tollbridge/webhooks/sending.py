"""Sending one message to a webhook, once."""

import asyncio
from datetime import datetime
from email.utils import parsedate_to_datetime

import structlog

from tollbridge.clock import Clock
from tollbridge.errors import SetupError, UpstreamError
from tollbridge.sealing.places import DELIVERY, Place
from tollbridge.stores.webhooks import DELIVERED, Delivery, Webhook
from tollbridge.transport.base import Transport, UpstreamRequest
from tollbridge.vault import Box
from tollbridge.webhooks.attempts import Attempt
from tollbridge.webhooks.mailing import Mailing
from tollbridge.webhooks.secrets import HookSecrets
from tollbridge.webhooks.signing import Headers, headers

PATIENCE_S = 15.0
"""How long a receiver may take to answer; the specification recommends 15 to 30 s."""
_GONE = 410
_THROTTLED = frozenset((429, 502, 503, 504))

log = structlog.get_logger("tollbridge")


class Sending:
    """Sends over a gateway's guarded transport: addresses are resolved, checked and pinned, redirects not followed.

    Where `allow_private` is not set none is sent to a private address, whatever a webhook was once allowed. Without
    TLS none is sent to a public one, wherever its name led before. `mailing` is for those that are told by mail.
    """

    def __init__(
        self, transport: Transport, box: Box, clock: Clock, *, allow_private: bool, mailing: Mailing | None = None
    ) -> None:
        self._transport = transport
        self._box = box
        self._secrets = HookSecrets(box)
        self._clock = clock
        self._allow_private = allow_private
        self._mailing = mailing

    async def attempt(self, webhook: Webhook, delivery: Delivery) -> Attempt:
        """Send one message, once."""
        now, private = self._clock.now(), webhook.allow_private and self._allow_private
        if not (private or webhook.by_mail or webhook.url.startswith("https://")):
            return Attempt("not_allowed")
        try:
            content = await self._content(delivery)
            keys = await self._secrets.signing(webhook.id, webhook.sealed, now)
            signed = headers(keys, delivery.id, int(now.timestamp()), content)
        except (ValueError, SetupError) as exc:
            log.error("webhook_not_signed", webhook_id=webhook.id, reason=str(exc))
            return Attempt("not_signed")
        try:
            async with asyncio.timeout(PATIENCE_S):
                if webhook.by_mail:
                    return await self._mail(webhook, delivery, content, signed)
                request = UpstreamRequest("POST", webhook.url, signed, content, private, tls_outside=True)
                return await self._post(webhook, request)
        except TimeoutError:
            return Attempt("timeout", busy=True)

    async def _mail(self, webhook: Webhook, delivery: Delivery, content: bytes, signed: Headers) -> Attempt:
        if self._mailing is None:
            return Attempt("no_mailer", busy=True)
        return await self._mailing.attempt(webhook, delivery, content, signed)

    async def _post(self, webhook: Webhook, request: UpstreamRequest) -> Attempt:
        try:
            answer = await self._transport.send(request)
            await answer.close()
        except UpstreamError as exc:
            log.info("webhook_not_reached", webhook_id=webhook.id, reason=exc.detail or exc.message)
            return Attempt("unreachable", busy=True)
        if 200 <= answer.status < 300:
            return Attempt(DELIVERED)
        busy = answer.status in _THROTTLED
        asked_s = _seconds(dict(answer.headers).get(b"retry-after", b""), self._clock.now()) if busy else 0.0
        return Attempt(f"http_{answer.status}", asked_s, gone=answer.status == _GONE, busy=busy)

    async def _content(self, delivery: Delivery) -> bytes:
        if delivery.said:
            return delivery.said.encode("utf-8")
        await self._box.meet([delivery.sealed])
        return self._box.open(delivery.sealed, Place(DELIVERY, delivery.webhook_id, delivery.id))


def _seconds(asked: bytes, now: datetime) -> float:
    """Read `Retry-After` (RFC 9110, 10.2.3): seconds or a date; 0 where it is neither."""
    text = asked.decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0
