"""Webhooks that are told by mail: who may be, and how one message goes to one of them."""

import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Protocol

import structlog

from tollbridge.clock import Clock
from tollbridge.errors import BadRequest
from tollbridge.faults import told
from tollbridge.jobsettings import MailConfig
from tollbridge.people.wishes import LONGEST_EMAIL
from tollbridge.stores.base import Store
from tollbridge.stores.webhooks import MAILTO, Delivery, Webhook
from tollbridge.tokens.model import TokenState
from tollbridge.webhooks.attempts import Attempt
from tollbridge.webhooks.letters import letter
from tollbridge.webhooks.signing import Headers

_ATOM = "[a-z0-9_+=~'-]+"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@[a-z0-9][a-z0-9-]{{0,62}}(?:\.[a-z0-9-]{{1,63}})*")
"""An address in lower case, less what means something in a URL, or to hosts that pass mail on (`a%b@c`, `b!a@c`)."""

log = structlog.get_logger("tollbridge")


@dataclass(frozen=True, slots=True)
class MailHost:
    """The host of `[mail]`, as a mailer is made of it.  `insecure`: without TLS, by the operator's word."""

    url: str
    password: str = field(default="", repr=False)
    insecure: bool = False


class Mailer(Protocol):
    """Hands mails over to a mail host."""

    async def send(self, mail: EmailMessage) -> Attempt:
        """Hand over one mail, once, to the one address it is to.

        The outcome is `delivered` where the host took it, else a word that says why not. Whoever waits may leave: what
        runs then has to end, and may be sent again, with the same `Message-ID`. What this raises is logged by its class
        and line, and the mail is sent again later.
        """
        ...


class Recipients:
    """Whom this gateway may mail: addresses of `[mail] domains`, or where there are none, of people it knows.

    So whoever makes webhooks cannot have strangers mailed, by whatever name they give to what they do.
    """

    def __init__(self, store: Store, config: MailConfig) -> None:
        self._store = store
        self._config = config
        self._domains = frozenset(domain.lower() for domain in config.domains)

    async def checked(self, url: str, team: str) -> str:
        """Give the URL of a webhook that is told by mail as it is kept; raises `BadRequest` with `param`."""
        if not self._config.url:
            raise BadRequest(
                "no mail is sent from here; the operator sets [mail] url and sender to the host that sends it, or give"
                " an https:// URL",
                param="url",
            )
        address = url[len(MAILTO) :]
        if not address.isascii() or len(address) > LONGEST_EMAIL or _ADDRESS.fullmatch(address.lower()) is None:
            raise BadRequest("mail goes to one address, with nothing behind it: mailto:ops@example.com", param="url")
        if not await self.takes(address.lower(), team):
            raise BadRequest(self._refusal(team), param="url")
        return MAILTO + address.lower()

    async def takes(self, address: str, team: str) -> bool:
        """Whether an address may be mailed what a team is told, or with no team, what the whole bridge is."""
        if self._domains:
            return address.rpartition("@")[2] in self._domains
        people = await self._store.people()
        person = await people.find_person(address)
        if person is None or person.disabled_at is not None:
            return False
        member = await people.get_member(person.id, team) if team else None
        return not team or (member is not None and member.state is TokenState.ACTIVE)

    def _refusal(self, team: str) -> str:
        if self._domains:
            return f"mail goes to addresses in {', '.join(sorted(self._domains))} alone, by [mail] domains"
        whom = f"members of the team {team}" if team else "people who are known here"
        return f"mail goes to the addresses of {whom} alone, unless the operator names others by [mail] domains"


class Mailing:
    """Sends what a webhook is told as a mail, from `sender`."""

    def __init__(self, mailer: Mailer, recipients: Recipients, clock: Clock, *, sender: str) -> None:
        self._mailer = mailer
        self._recipients = recipients
        self._clock = clock
        self._sender = sender

    async def attempt(self, webhook: Webhook, delivery: Delivery, content: bytes, signed: Headers) -> Attempt:
        """Send one message, once.  None with a secret, and none to whom it may not go any more."""
        address = webhook.url[len(MAILTO) :]
        if delivery.sealed or not await self._recipients.takes(address, webhook.team):
            return Attempt("not_allowed")
        mail = letter(webhook, delivery, content, sender=self._sender, at=self._clock.now())
        for name, value in signed:
            if name.startswith(b"webhook-"):
                mail[name.decode("ascii")] = value.decode("ascii")
        try:
            return await self._mailer.send(mail)
        except Exception as exc:
            log.error("mailer_failed", webhook_id=webhook.id, **told(exc))
            return Attempt("mailer_failed", busy=True)
