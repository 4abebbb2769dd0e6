"""What happens here is mailed by the job that tells webhooks, over SMTP with STARTTLS and a password."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.certificates import certificates_for
from tests.support.mailhost import MailHost

from tollbridge import Actor, ConfigError
from tollbridge.testing import GatewayUnderTest, gateway

__all__ = ["gateway"]

BY = Actor("ada", "code")
PASSWORD = "a-password-of-the-host"


def mailing(url: str, **options: object) -> dict[str, object]:
    return {"mail": {"url": url, "sender": "bridge@gw.example.com", "domains": ["example.com"], **options}}


async def test_event_is_mailed_and_again_under_the_same_name_where_the_host_asks_for_that(
    gateway: Callable[..., GatewayUnderTest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = certificates_for("localhost", tmp_path).server
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    async with MailHost({"TAKEN": "451 try again"}, tls=tls) as host:
        under = gateway(mailing(f"smtp://bridge@localhost:{host.port}", password="env:SMTP_PASSWORD"))
        await under.client()
        webhooks, jobs = under.gateway.webhooks, under.gateway.jobs
        hook = (await webhooks.create(name="ops", url="mailto:ops@example.com", events=["token.*"], by=BY)).webhook
        await under.gateway.tokens.issue(name="shop", by=BY)

        await jobs.run_due()
        refused = [*host.tried]
        host.says.clear()
        under.clock.advance(90)
        await jobs.run_due()
        under.clock.advance(3)
        await jobs.run_due()

        (taken,) = host.taken
        (message,) = await (await under.gateway.store.outbox()).list_deliveries(hook.id)
    assert (
        [one.mail["Message-ID"] for one in refused] == [taken.mail["Message-ID"]] == [f"<{message.id}@gw.example.com>"]
    )
    assert (taken.tls, taken.login, taken.to) == (True, f"bridge {PASSWORD}", ["ops@example.com"])
    assert taken.mail["Subject"] == "[Tollbridge] Token shop: issued"
    (attached,) = taken.mail.iter_attachments()
    assert json.loads(attached.get_content())["type"] == "token.issue"
    assert (message.delivered, message.attempts) == (True, 2)
    assert PASSWORD.encode() not in taken.content


async def test_test_message_to_a_host_that_is_gone_waits(gateway: Callable[..., GatewayUnderTest]) -> None:
    async with MailHost() as host:
        url = f"smtp://127.0.0.1:{host.port}"
    under = gateway(mailing(url))
    await under.client()
    hook = await under.gateway.webhooks.create(name="ops", url="mailto:ops@example.com", events=["*"], by=BY)
    sent = await under.gateway.webhooks.test(hook.webhook, by=BY)

    await under.gateway.jobs.run_due()

    message = await (await under.gateway.store.outbox()).get_delivery(sent.id)
    assert message is not None
    assert (message.outcome, message.ended_at) == ("unreachable", None)


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        ({"url": "smtp://bridge@mail.example.com"}, "a user in url and a password go together"),
        ({"url": "smtps://mail.example.com", "insecure": True}, "insecure = true is without"),
        ({"url": "smtp://bridge@mail.example.com", "password": "env:NO_SUCH"}, "NO_SUCH is not set"),
        ({"url": "lmtp://mail.example.com"}, "nothing installed sends mail by lmtp://; known: smtp://, smtps://"),
    ],
)
def test_host_that_cannot_be_used_stops_the_start(
    gateway: Callable[..., GatewayUnderTest], mail: dict[str, object], why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        gateway(mailing(**mail))  # type: ignore[arg-type]  # by their names
