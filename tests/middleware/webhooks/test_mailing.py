"""Webhooks at `mailto:` are told by mail, those alone that may be, and never a secret."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from structlog.testing import capture_logs
from tests.support.mailed import SENDER, Mails, mailing

from tollbridge.audit import Actor
from tollbridge.errors import BadRequest
from tollbridge.stores.webhooks import Delivery, Webhook, WebhookChange
from tollbridge.testing import GatewayUnderTest
from tollbridge.webhooks.attempts import Attempt
from tollbridge.webhooks.schedule import MOST_ATTEMPTS

BY = Actor("ada", "code")
OPS = "mailto:ops@example.com"
DOMAINS = {"domains": ["example.com"]}
NO_ADDRESSES = (
    "",
    "ops",
    "@example.com",
    "ops@",
    "ops@example.com?bcc=all@example.com",
    "ops@example.com,all@example.com",
    "ops@example.com\r\nBcc: all@example.com",
    "ops@example.com\n",
    " ops@example.com",
    "//ops@example.com",
    "a%40b@example.com",
    "a%evil.org@example.com",
    "evil.org!ops@example.com",
    "<ops@example.com>",
    "Ops <ops@example.com>",
    '"ops"@example.com',
    "a..b@example.com",
    ".a@example.com",
    "ops@[127.0.0.1]",
    "ops@example..com",
    "öps@example.com",
    "ops@examp\N{KELVIN SIGN}e.com",
    f"{'a' * 65}@example.com",
    f"a@{'b.' * 130}example.com",
)


class Bridge:
    """A gateway that mails."""

    def __init__(self, under: GatewayUnderTest) -> None:
        self.under = under
        self.gateway = under.gateway

    async def make(self, url: str = OPS, *events: str, **wish: Any) -> Webhook:
        wished = {"name": "ours", "url": url, "events": events or ("token.*",), "by": BY, **wish}
        return (await self.gateway.webhooks.create(**wished)).webhook

    async def person(self, email: str, team: str = "") -> str:
        made = await self.gateway.people.add_person(email=email, name="Ops")
        if team:
            await self.gateway.people.teams.add(team)
            await self.gateway.people.set_membership(made.id, team, "viewer")
        return made.id

    async def send(self) -> None:
        await self.gateway.jobs.run_due()
        self.under.clock.advance(3)

    async def outcomes(self, webhook: Webhook) -> list[tuple[str, bool]]:
        found: list[Delivery] = [*await (await self.gateway.store.outbox()).list_deliveries(webhook.id)]
        return [(one.outcome, one.ended_at is not None) for one in found[::-1]]


@pytest.fixture
async def bridge_of(gateway: Callable[..., GatewayUnderTest]) -> Callable[..., Any]:
    async def make(mails: Mails, config: dict[str, object]) -> Bridge:
        under = gateway(config, plugins=(mails,))
        await under.client()
        return Bridge(under)

    return make


async def test_event_is_mailed_once_signed_as_others_are_sent_it(bridge_of: Callable[..., Any]) -> None:
    mails = Mails()
    bridge = await bridge_of(mails, mailing(**DOMAINS))
    made = await bridge.gateway.webhooks.create(name="ours", url="MAILTO:Ops@Example.com", events=["token.*"], by=BY)

    token = (await bridge.gateway.tokens.issue(name="shop", by=BY)).token
    await bridge.send()
    await bridge.send()

    (mail,) = mails.sent
    (message,) = await (await bridge.gateway.store.outbox()).list_deliveries(made.webhook.id)
    assert (mail["To"], mail["From"]) == ("ops@example.com", f"Tollbridge <{SENDER}>")
    assert mail["Message-ID"] == f"<{message.id}@gw.example.com>"
    (attached,) = mail.iter_attachments()
    assert attached.get_content().decode() == message.said
    assert token.id in message.said
    headers = {name: str(mail[name]) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    assert headers["webhook-id"] == message.id
    with pytest.raises(Exception, match="too old"):  # what is signed is right, and the clock of the test is behind
        Verifier(made.secret).verify(attached.get_content(), headers)
    assert (message.delivered, made.webhook.url) == (True, OPS)


async def test_mail_that_is_not_taken_is_sent_again_under_its_name_and_given_up_in_the_end(
    bridge_of: Callable[..., Any],
) -> None:
    mails = Mails(Attempt("smtp_550"), RuntimeError("the-password"), *[Attempt("unreachable", busy=True)] * 20)
    bridge = await bridge_of(mails, mailing(**DOMAINS))
    webhook = await bridge.make()
    await bridge.gateway.tokens.issue(name="shop", by=BY)

    with capture_logs() as lines:
        for _ in range(MOST_ATTEMPTS + 1):
            await bridge.send()
            bridge.under.clock.advance(1.2 * 86_400)

    assert len(mails.sent) == MOST_ATTEMPTS
    assert len({mail["Message-ID"] for mail in mails.sent}) == 1
    assert await bridge.outcomes(webhook) == [("unreachable", True)]
    failed = [line for line in lines if line["event"] == "mailer_failed"]
    assert [line["webhook_id"] for line in failed] == [webhook.id]
    outcomes = [line["outcome"] for line in lines if line["event"] == "webhook_failed"]
    assert outcomes[:3] == ["smtp_550", "mailer_failed", "unreachable"]


async def test_where_the_mailer_is_gone_messages_fail_as_to_a_receiver_that_is(
    gateway: Callable[..., GatewayUnderTest], bridge_of: Callable[..., Any]
) -> None:
    bridge = await bridge_of(Mails(), mailing(**DOMAINS))
    webhook = await bridge.make()
    await bridge.gateway.tokens.issue(name="shop", by=BY)
    del bridge.gateway.mailer
    bridge.gateway.config = gateway().gateway.config

    await bridge.send()

    assert await bridge.outcomes(webhook) == [("no_mailer", False)]
    bridge.under.clock.advance(7)
    for _ in range(MOST_ATTEMPTS + 4):
        await bridge.send()
        bridge.under.clock.advance(1.2 * 86_400)
        if len(await bridge.outcomes(webhook)) < 3:
            await bridge.gateway.tokens.issue(name="shop", by=BY)
    found = await (await bridge.gateway.store.webhooks()).get_webhook(webhook.id)
    assert found is not None
    assert found.disabled_at is not None


@pytest.mark.parametrize("config", [{}, {"mail": {"sender": SENDER}}])
async def test_without_a_host_nobody_can_be_named_and_it_is_said_what_is_to_be_set(
    bridge_of: Callable[..., Any], config: dict[str, object]
) -> None:
    bridge = await bridge_of(Mails(), config)

    with pytest.raises(BadRequest, match=r"the operator sets \[mail\] url and sender") as caught:
        await bridge.make()

    assert caught.value.param == "url"


async def test_what_is_not_one_plain_address_is_refused(bridge_of: Callable[..., Any]) -> None:
    bridge = await bridge_of(Mails(), mailing(domains=["example.com", "b"]))

    for address in NO_ADDRESSES:
        with pytest.raises(BadRequest, match="one address, with nothing behind it") as caught:
            await bridge.make(f"mailto:{address}")
        assert caught.value.param == "url"


@pytest.mark.parametrize("domain", ["example.org", "sub.example.com", "notexample.com", "com", "example.com.evil.org"])
async def test_address_outside_the_operators_domains_is_refused(bridge_of: Callable[..., Any], domain: str) -> None:
    bridge = await bridge_of(Mails(), mailing(domains=["Example.com", "b.example"]))
    await bridge.person(f"ops@{domain}")
    webhook = await bridge.make("mailto:anybody@example.com", "*")

    with pytest.raises(BadRequest, match=r"addresses in b\.example, example\.com alone, by \[mail\] domains"):
        await bridge.make(f"mailto:ops@{domain}")
    with pytest.raises(BadRequest, match=r"by \[mail\] domains"):
        await bridge.gateway.webhooks.change(webhook, WebhookChange(url=f"mailto:ops@{domain}"), by=BY)


async def test_without_domains_people_who_are_known_are_mailed_and_of_a_team_its_members(
    bridge_of: Callable[..., Any],
) -> None:
    bridge = await bridge_of(Mails(), mailing())
    await bridge.person("ops@example.com", "blue")
    await bridge.gateway.people.teams.add("red")

    assert (await bridge.make()).team == ""
    assert (await bridge.make(team="blue")).team == "blue"
    with pytest.raises(BadRequest, match="people who are known here alone, unless the operator"):
        await bridge.make("mailto:stranger@example.com")
    for url in (
        OPS,
        "mailto:stranger@example.com",
    ):  # in the same words: a team does not learn who is known
        with pytest.raises(BadRequest, match="addresses of members of the team red alone"):
            await bridge.make(url, team="red")


async def test_whoever_is_not_known_any_more_is_not_told_any_more(bridge_of: Callable[..., Any]) -> None:
    mails = Mails()
    bridge = await bridge_of(mails, mailing())
    ops, bob = await bridge.person("ops@example.com", "blue"), await bridge.person("bob@example.com")
    of_blue, of_bob = await bridge.make(team="blue"), await bridge.make("mailto:bob@example.com")
    await bridge.gateway.tokens.issue(name="shop", team="blue", by=BY)
    await bridge.gateway.people.remove_membership(ops, "blue")
    await bridge.gateway.people.disable_person(bob)

    await bridge.send()

    assert mails.sent == []
    for webhook in (of_blue, of_bob):
        assert {*await bridge.outcomes(webhook)} == {("not_allowed", False)}


async def test_secret_is_mailed_to_nobody(bridge_of: Callable[..., Any]) -> None:
    mails = Mails()
    bridge = await bridge_of(mails, mailing(**DOMAINS))
    webhook = await bridge.make()
    ends_at = bridge.under.clock.now() + timedelta(days=1)
    await bridge.gateway.webhooks.hand_over(webhook.id, "team.invitation", {"code": "secret-code"}, ends_at=ends_at)

    await bridge.send()

    assert mails.sent == []
    assert await bridge.outcomes(webhook) == [("not_allowed", False)]


async def test_new_secret_of_a_token_is_not_handed_over_by_mail(bridge_of: Callable[..., Any]) -> None:
    bridge = await bridge_of(Mails(), mailing(**DOMAINS))
    webhook, token = await bridge.make(), (await bridge.gateway.tokens.issue(name="shop", by=BY)).token

    with pytest.raises(BadRequest, match="secrets are not mailed; name a webhook at https://") as caught:
        await bridge.gateway.rotations.set(token, into=f"webhook:{webhook.id}", days_before=14, overlap_s=60, by=BY)

    assert caught.value.param == "into"


async def test_webhook_is_led_to_an_address_and_back_and_none_is_private(bridge_of: Callable[..., Any]) -> None:
    bridge = await bridge_of(Mails(), {**mailing(**DOMAINS), "webhooks": {"allow_private": True}})
    webhook = await bridge.make("http://127.0.0.1:9000/in", allow_private=True)
    change = bridge.gateway.webhooks.change

    with pytest.raises(BadRequest, match="leave allow_private out") as caught:
        await change(webhook, WebhookChange(url=OPS), by=BY)
    mailed = await change(webhook, WebhookChange(url="mailto:OPS@example.com", allow_private=False), by=BY)
    back = await change(mailed, WebhookChange(url="https://hooks.example.com/in"), by=BY)

    assert caught.value.param == "allow_private"
    assert (mailed.url, mailed.by_mail, back.by_mail) == (OPS, True, False)


def test_password_of_the_host_is_read_and_is_in_no_text(
    gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "pw-of-the-host")
    mails = Mails()

    gateway(mailing(password="env:MAIL_PASSWORD", insecure=True), plugins=(mails,))

    assert mails.host is not None
    assert (mails.host.password, mails.host.insecure) == ("pw-of-the-host", True)
    assert "pw-of-the-host" not in repr(mails.host)
