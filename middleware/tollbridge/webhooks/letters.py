"""What a webhook is told, as a mail: a subject and a text in plain words, and the JSON that others are sent."""

from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

import msgspec

from tollbridge.stores.webhooks import MAILTO, Delivery, Webhook
from tollbridge.webhooks.words import done

_LONGEST = 200
"""Characters of one value in the text; the JSON has it whole."""
_ANYWHERE = SMTP.clone(cte_type="7bit")
"""Whatever a host on the way takes: not each takes eight bits."""


def letter(webhook: Webhook, delivery: Delivery, content: bytes, *, sender: str, at: datetime) -> EmailMessage:
    """Write the mail.

    Its `Message-ID` is made of the message's id, so that what comes twice is known to be one. What callers chose, such
    as names, is put on one line first; a header with a line break in it `EmailMessage` refuses.
    """
    event: dict[str, Any] = msgspec.json.decode(content)
    said = _said(event)
    mail = EmailMessage(_ANYWHERE)
    mail["From"] = Address("Tollbridge", addr_spec=sender)
    mail["To"] = Address(addr_spec=webhook.url[len(MAILTO) :])
    mail["Subject"] = f"[Tollbridge] {said}"
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{delivery.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is answered to it
    mail.set_content(_text(webhook, delivery, event, said))
    mail.add_attachment(content, maintype="application", subtype="json", filename="event.json")
    return mail


def _said(event: Mapping[str, Any]) -> str:
    """Say in a line what happened to what: `Subscription summaries: asked for`."""
    about, _, what = event["type"].partition(".")
    data = event["data"]
    name = _line(data.get("name") or data.get("id") or "")
    return f"{about.replace('_', ' ').capitalize()}{f' {name}' if name else ''}: {done(what)}"


def _text(webhook: Webhook, delivery: Delivery, event: Mapping[str, Any], said: str) -> str:
    told = {"event": event["type"], "when": event["timestamp"], **event["data"], "message": delivery.id}
    lines = [f"{f'{name}:':<12} {_line(value)}" for name, value in told.items() if value not in ("", None, [])]
    ending = (
        f"You are told by the webhook {_line(webhook.name)} ({webhook.id}). Whoever administers webhooks ends that:\n"
        f"tollbridge webhook remove {webhook.id}\n"
    )
    return "\n".join([f"{said}.", "", *lines, "", "The attachment has it as JSON.", "", "-- ", ending])


def _line(value: object) -> str:
    """Write a value on one line, without what is not printed: it may be a name that somebody gave."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8")
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
