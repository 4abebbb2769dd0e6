"""A mail says in plain words what happened to what, and nothing that somebody named can be more than words in it."""

import json
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollbridge.stores.webhooks import Delivery, Webhook
from tollbridge.testing.samples import NOON
from tollbridge.webhooks.letters import letter

HOOK = Webhook("whk_1", "alerts", "mailto:ops@example.com", ("*",), "", False, NOON, b"")
SENT = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]


def event(kind: str = "subscription.ask", **data: Any) -> bytes:
    about = {"id": "sub_1", "name": "summaries", "team": "", "by": "tok_1", "record": 7, "changed": [], **data}
    return json.dumps({"type": kind, "timestamp": "2026-11-27T18:00:00Z", "data": about}).encode()


def written(content: bytes, hook: Webhook = HOOK) -> EmailMessage:
    """Write a mail and read it as it crosses."""
    delivery = Delivery("msg_1", hook.id, "any", NOON, 0, "", said="x")
    mail = letter(hook, delivery, content, sender="bridge@gw.example.com", at=datetime(2026, 11, 27, 18, tzinfo=UTC))
    wire = mail.as_bytes()
    assert wire.isascii()
    read = message_from_bytes(wire, policy=default)
    assert isinstance(read, EmailMessage)
    return read


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body()
    assert body is not None
    text: str = body.get_content()
    return text


def test_subject_and_text_say_what_happened_to_what() -> None:
    mail = written(event(why="we sum up reports", team="sales"))

    assert mail["Subject"] == "[Tollbridge] Subscription summaries: asked for"
    assert mail["Date"] == "Fri, 27 Nov 2026 18:00:00 +0000"
    assert mail["Message-ID"] == "<msg_1@gw.example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    said, _, rest = text_of(mail).partition("\n")
    assert said.strip() == "Subscription summaries: asked for."
    for name, value in {"event": "subscription.ask", "why": "we sum up reports", "record": "7"}.items():
        assert f"{name + ':':<12} {value}" in rest
    assert "changed:" not in rest
    assert "tollbridge webhook remove whk_1" in rest


@pytest.mark.parametrize(
    ("kind", "data", "subject"),
    [
        ("webhook.test", {}, "Webhook summaries: this is a test"),
        ("token.rotate", {"name": ""}, "Token sub_1: has another secret"),
        ("provider_key.ending", {"name": "", "id": ""}, "Provider key: ends soon"),
        ("acme.monthly_report", {"name": None, "id": None}, "Acme: monthly report"),
        ("service.slo_burning", {"name": "x" * 300}, f"Service {'x' * 199}…: burns its error budget too fast"),
    ],
)
def test_events_are_said_in_words(kind: str, data: dict[str, Any], subject: str) -> None:
    assert written(event(kind, **data))["Subject"] == f"[Tollbridge] {subject}"


@settings(max_examples=50)
@given(name=st.text(max_size=120), why=st.text(max_size=120))
def test_no_name_adds_a_header_a_part_or_a_line(name: str, why: str) -> None:
    content = event(name=name, why=why)

    mail = written(content)

    assert [header for header, _ in mail.items()] == SENT
    assert mail["To"] == "ops@example.com"
    body, attached = mail.iter_parts()
    assert (body.get_content_type(), attached.get_content_type()) == ("text/plain", "application/json")
    assert attached.get_content() == content
    lines = len(text_of(mail).splitlines())
    assert lines - len(text_of(written(event(name="summaries", why="x"))).splitlines()) in (0, -1, -2)


@pytest.mark.parametrize(
    "name", ["x\r\nBcc: a@b.example", "x\nBcc: a@b.example", "x\u2028Bcc: a@b.example", "\r\n\r\nHi"]
)
def test_line_breaks_in_a_name_are_spaces(name: str) -> None:
    mail = written(event(name=name))

    assert mail["Bcc"] is None
    assert mail["Subject"] == f"[Tollbridge] Subscription {' '.join(name.split())}: asked for"
