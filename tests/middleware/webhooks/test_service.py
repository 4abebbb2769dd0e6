"""Webhooks are made, changed and tried; what cannot be used is refused by its field."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec import UNSET

from tollbridge.audit import Actor
from tollbridge.errors import BadRequest, PluginError, Unavailable
from tollbridge.hookspecs import hookimpl
from tollbridge.sealing.places import DELIVERY, Place
from tollbridge.stores.webhooks import Webhook, WebhookChange
from tollbridge.testing import GatewayUnderTest
from tollbridge.webhooks.service import Webhooks

BY = Actor("ada", "code")
DAY = timedelta(days=1)
URL = "https://hooks.example.com/in"


@pytest.fixture
async def under(gateway: Callable[..., GatewayUnderTest]) -> GatewayUnderTest:
    under = gateway()
    await under.client()
    return under


@pytest.fixture
def webhooks(under: GatewayUnderTest) -> Webhooks:
    return under.gateway.webhooks


async def make(webhooks: Webhooks, **wish: Any) -> Webhook:
    made = await webhooks.create(**{"name": "ours", "url": URL, "events": ["token.*"], "by": BY, **wish})
    return made.webhook


async def test_secret_is_given_once_and_is_in_no_file_and_no_text(under: GatewayUnderTest, webhooks: Webhooks) -> None:
    made = await webhooks.create(name=" ours ", url=URL, events=["token.*"], team="blue", by=BY)
    await under.gateway.store.check()

    assert made.secret.startswith("whsec_")
    assert (made.webhook.name, made.webhook.team, made.webhook.disabled_at) == ("ours", "blue", None)
    assert made.secret not in repr(made)
    found = await (await under.gateway.store.webhooks()).get_webhook(made.webhook.id)
    assert found == made.webhook
    files = b"".join(path.read_bytes() for path in under.gateway.config.data.rglob("*") if path.is_file())
    assert made.webhook.id.encode() in files
    assert made.secret[6:30].encode() not in files


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"events": []}, "events"),
        ({"events": ["token"]}, "events"),
        ({"events": ["token.*", "token.rotat"]}, "events"),
        ({"url": "http://hooks.example.com"}, "url"),
        ({"url": "ftp://hooks.example.com"}, "url"),
        ({"url": "https://ada:pw@hooks.example.com"}, "url"),
        ({"url": "https://hooks.example.com/#a"}, "url"),
        ({"url": "https://hooks.example.com/" + "a" * 2_000}, "url"),
        ({"url": "https://127.0.0.1/in"}, "url"),
        ({"url": "https://localhost/in"}, "url"),
        ({"url": "https://0x7f000001/in"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"url": ""}, "url"),
        ({"allow_private": True}, "allow_private"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_its_field(
    under: GatewayUnderTest, webhooks: Webhooks, wish: dict[str, Any], param: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        await make(webhooks, **wish)

    assert caught.value.param == param
    assert await (await under.gateway.store.webhooks()).list_webhooks() == []
    if param != "allow_private":
        webhook = await make(webhooks)
        with pytest.raises(BadRequest) as caught:
            await webhooks.change(webhook, WebhookChange(**wish), by=BY)
        assert caught.value.param == param


class Reports:
    @hookimpl
    def register_events(self, register: Callable[[str], None]) -> None:
        register("acme.report")


async def test_event_of_a_plugin_is_known_while_the_plugin_is_there(gateway: Callable[..., GatewayUnderTest]) -> None:
    under, without = gateway(plugins=(Reports(),)), gateway()
    await under.client()
    await without.client()
    made = await under.gateway.webhooks.create(name="ours", url=URL, events=["acme.report"], by=BY)

    await under.gateway.store.note(await under.gateway.tokens.act(BY), "acme.report", "")

    (message,) = await (await under.gateway.store.outbox()).list_deliveries(made.webhook.id)
    assert message.event == "acme.report"
    for wanted in ("acme.report", "acme.*"):
        with pytest.raises(BadRequest, match=r"there is no event acme\.\S+; known: \S+.* audit\.read, client\.add"):
            await make(without.gateway.webhooks, events=[wanted])


@pytest.mark.parametrize("event", ["token.rotate", "Acme.report", "acme", 7])
def test_event_that_is_no_name_or_is_there_already_stops_the_start(
    gateway: Callable[..., GatewayUnderTest], event: Any
) -> None:
    class Offers:
        @hookimpl
        def register_events(self, register: Callable[[Any], None]) -> None:
            register(event)

    with pytest.raises(PluginError, match=r"registered twice|written as acme\.report"):
        gateway(plugins=(Offers(),))


async def test_private_addresses_take_the_operators_leave_and_the_webhooks_own(
    gateway: Callable[..., GatewayUnderTest],
) -> None:
    under = gateway({"webhooks": {"allow_private": True}})
    await under.client()
    webhooks = under.gateway.webhooks

    private = await make(webhooks, url="http://127.0.0.1:9000/in", allow_private=True)

    assert private.allow_private
    for url, why in (
        (UNSET, "leads to a private address; allow that with allow_private: true"),
        ("http://other.example.com", "on a private address, with allow_private: true, with http://"),
    ):
        with pytest.raises(BadRequest, match=why):
            await webhooks.change(private, WebhookChange(url=url, allow_private=False), by=BY)
    with pytest.raises(BadRequest):
        await make(webhooks, url="http://127.0.0.1:9000/in")
    with pytest.raises(BadRequest, match="a public address takes https://"):
        await make(webhooks, url="http://93.184.215.14/in", allow_private=True)


async def test_change_leaves_what_it_does_not_name(webhooks: Webhooks) -> None:
    webhook = await make(webhooks)

    changed = await webhooks.change(webhook, WebhookChange(name=" theirs ", events=("*",), disabled=True), by=BY)

    assert changed is not None
    assert (changed.name, changed.url, changed.events) == ("theirs", URL, ("*",))
    assert changed.disabled_at is not None
    assert WebhookChange().name is UNSET
    assert await webhooks.remove(webhook.id, by=BY)
    assert await webhooks.change(webhook, WebhookChange(name="x"), by=BY) is None


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=31)])
async def test_overlap_that_cannot_be_used_is_refused(webhooks: Webhooks, overlap: timedelta) -> None:
    webhook = await make(webhooks)

    with pytest.raises(BadRequest) as caught:
        await webhooks.rotate_secret(webhook.id, overlap, by=BY)

    assert caught.value.param == "overlap_s"


async def test_secret_is_rotated_for_a_webhook_that_is_there(under: GatewayUnderTest, webhooks: Webhooks) -> None:
    webhook = await make(webhooks)

    made = await webhooks.rotate_secret(webhook.id, DAY, by=BY)

    assert made is not None
    assert made.webhook.sealed != webhook.sealed
    assert await webhooks.rotate_secret("whk_0", DAY, by=BY) is None
    with pytest.raises(BadRequest, match="two of this webhook's secrets sign"):
        await webhooks.rotate_secret(webhook.id, DAY, by=BY)
    await webhooks.withdraw_secret(webhook.id, under.clock.now(), by=BY)
    assert await webhooks.rotate_secret(webhook.id, DAY, by=BY) is not None
    await webhooks.withdraw_secret("whk_0", under.clock.now(), by=BY)
    actions = [record.action for record in await under.gateway.store.follow_audit()]
    assert actions == ["webhook.create"] + ["webhook.rotate"] * 3


async def test_secrets_that_somebody_else_changes_meanwhile_are_read_again(
    under: GatewayUnderTest, webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = await make(webhooks)
    store = await under.gateway.store.webhooks()
    times = iter([False, True, False, False, False])
    reseal = store.reseal_webhook

    async def reseal_later(*asked: Any) -> bool:
        return await reseal(*asked) if next(times) else False

    monkeypatch.setattr(store, "reseal_webhook", reseal_later)

    assert await webhooks.rotate_secret(webhook.id, timedelta(0), by=BY) is not None
    with pytest.raises(BadRequest, match="being changed by somebody else"):
        await webhooks.rotate_secret(webhook.id, timedelta(0), by=BY)


async def test_secrets_that_do_not_open_are_not_replaced(under: GatewayUnderTest, webhooks: Webhooks) -> None:
    webhook, other = await make(webhooks), await make(webhooks)
    store, act = await under.gateway.store.webhooks(), await under.gateway.tokens.act(BY)
    await store.reseal_webhook(webhook.id, webhook.sealed, other.sealed, act)

    with pytest.raises(Unavailable) as caught:
        await webhooks.rotate_secret(webhook.id, DAY, by=BY)

    assert "does not open" in (caught.value.detail or "")


async def test_message_is_tried_and_sent_again(under: GatewayUnderTest, webhooks: Webhooks) -> None:
    webhook = await make(webhooks)

    sent = await webhooks.test(webhook, by=BY)

    outbox = await under.gateway.store.outbox()
    assert [one.id for one in await outbox.list_deliveries(webhook.id)] == [sent.id]
    assert (await webhooks.send_again(sent.id, by=BY)) is not None
    assert await webhooks.send_again("msg_0", by=BY) is None
    actions = [record.action for record in await under.gateway.store.follow_audit()]
    assert actions == ["webhook.create", "webhook.try", "webhook.resend"]


async def test_message_with_a_secret_is_sealed_until_it_is_sent(under: GatewayUnderTest, webhooks: Webhooks) -> None:
    hook, outbox = await make(webhooks), await under.gateway.store.outbox()
    ends_at = under.clock.now() + DAY

    sent = await webhooks.hand_over(hook.id, "team.invitation", {"code": "secret-code"}, ends_at=ends_at)

    waiting = await outbox.get_delivery(sent.id)
    assert waiting is not None
    assert (waiting.event, waiting.webhook_id, waiting.said) == ("team.invitation", hook.id, "")
    assert b"secret-code" not in sent.sealed
    opened = under.gateway.box.open(sent.sealed, Place(DELIVERY, hook.id, sent.id))
    assert b'"code":"secret-code"' in opened
    assert b'"ends_at":"2026-01-06T12:00:00Z"' in opened
