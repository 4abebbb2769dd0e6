"""Messages are sent in order, again where they must, and given up in the end."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.waiting import until

from tollbridge.audit import Actor
from tollbridge.errors import Unavailable, UpstreamUnreachable
from tollbridge.rotation.sinks import NewSecret
from tollbridge.stores.webhooks import Delivery, Webhook, WebhookChange
from tollbridge.testing import GatewayUnderTest
from tollbridge.testing.fake import FakeAnswer, Reply
from tollbridge.transport.base import UpstreamRequest, UpstreamResponse
from tollbridge.webhooks.delivering import MOST_IN_TURN, REST_S, TURN_S, Delivering
from tollbridge.webhooks.schedule import MOST_ATTEMPTS
from tollbridge.webhooks.sending import Sending

BY = Actor("ada", "code")


class Hooks:
    """A gateway with webhooks."""

    def __init__(self, under: GatewayUnderTest) -> None:
        self.under = under
        self.gateway = under.gateway

    async def make(self, *events: str, **wish: Any) -> Webhook:
        wished = {"name": "ours", "url": "https://hooks.example.com/in", "events": events or ("token.*",), "by": BY}
        return (await self.gateway.webhooks.create(**{**wished, **wish})).webhook

    async def token(self) -> str:
        return (await self.gateway.tokens.issue(name="shop", by=BY)).token.id

    async def send(self) -> None:
        """Do the jobs that are due, sending among them."""
        await self.gateway.jobs.run_due()
        self.under.clock.advance(3)

    async def messages(self, webhook: Webhook) -> list[Delivery]:
        return [*await (await self.gateway.store.outbox()).list_deliveries(webhook.id)][::-1]

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(one.body) for one in self.under.sent]


@pytest.fixture
async def hooks(gateway: Callable[..., GatewayUnderTest]) -> Hooks:
    under = gateway()
    await under.client()
    return Hooks(under)


async def test_events_arrive_in_order_once_with_the_headers_of_the_specification(hooks: Hooks) -> None:
    webhook = await hooks.make()
    ids = [await hooks.token() for _ in range(3)]

    await hooks.send()
    await hooks.send()

    assert [one["data"]["id"] for one in hooks.sent] == ids
    first = hooks.under.sent[0]
    message = (await hooks.messages(webhook))[0]
    assert (first.method, first.url) == ("POST", "https://hooks.example.com/in")
    assert first.headers["webhook-id"] == message.id
    assert first.headers["webhook-timestamp"] == "1767614400"
    assert first.headers["webhook-signature"].startswith("v1,")
    assert first.headers["content-type"] == "application/json"
    assert [(one.delivered, one.attempts) for one in await hooks.messages(webhook)] == [(True, 1)] * 3


async def test_message_that_does_not_arrive_is_sent_again_alike_and_signed_anew(hooks: Hooks) -> None:
    webhook = await hooks.make()
    await hooks.token()
    hooks.under.upstream.reply({}, status=500)

    await hooks.send()
    (waiting,) = await hooks.messages(webhook)
    hooks.under.clock.advance(6)
    await hooks.send()

    assert (waiting.attempts, waiting.outcome, waiting.ended_at) == (1, "http_500", None)
    first, again = hooks.under.sent
    assert again.body == first.body
    assert again.headers["webhook-id"] == first.headers["webhook-id"]
    assert again.headers["webhook-timestamp"] != first.headers["webhook-timestamp"]
    (message,) = await hooks.messages(webhook)
    assert (message.delivered, message.attempts) == (True, 2)


class Receivers:
    """A transport to receivers that each answer with a status of their own, 200 where none is said."""

    def __init__(self, **statuses: int) -> None:
        self._statuses = statuses
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        name = request.url.partition("://")[2].partition(".")[0]
        self.sent.append((name, json.loads(request.body)))
        return FakeAnswer(Reply(self._statuses.get(name, 200)))

    async def close(self) -> None:
        pass


async def test_message_that_never_arrives_is_given_up_after_three_days_and_that_is_told(hooks: Hooks) -> None:
    bad = await hooks.make("token.*", "webhook.*", url="https://bad.example.com/in")
    await hooks.make("webhook.*", url="https://good.example.com/in")
    hooks.gateway.transport = receivers = Receivers(bad=500)
    await hooks.token()
    began = hooks.under.clock.now()

    with capture_logs() as lines:
        for _ in range(MOST_ATTEMPTS + 1):
            await hooks.send()
            hooks.under.clock.advance(1.2 * 86_400)

    assert hooks.under.clock.now() - began > timedelta(days=3)
    ended = {one.event: one for one in await hooks.messages(bad)}
    assert ended.keys() == {"webhook.create", "token.issue"}  # of the other webhook, and the token
    for message in ended.values():
        assert (message.delivered, message.attempts, message.outcome) == (False, MOST_ATTEMPTS, "http_500")
        assert message.ended_at is not None
    given_up = [line["delivery_id"] for line in lines if line["event"] == "webhook_given_up"]
    assert sorted(given_up) == sorted(one.id for one in ended.values())
    # a message about webhooks that is given up is told to nobody: two that are gone would tell of each other for ever
    told = [said["data"] for name, said in receivers.sent if (name, said["type"]) == ("good", "webhook.give_up")]
    assert [(one["id"], one["why"]) for one in told] == [(bad.id, "http_500")]


async def test_receiver_that_is_gone_gets_nothing_more_and_is_disabled(hooks: Hooks) -> None:
    webhook = await hooks.make(url="https://bad.example.com/in")
    other = await hooks.make("webhook.*", url="https://good.example.com/in")
    hooks.gateway.transport = receivers = Receivers(bad=410)
    for _ in range(3):
        await hooks.token()

    await hooks.send()
    hooks.under.clock.advance(86_400)
    await hooks.send()

    assert [name for name, _ in receivers.sent] == ["bad", "good"]
    found = await (await hooks.gateway.store.webhooks()).get_webhook(webhook.id)
    assert found is not None
    assert found.disabled_at is not None
    first, *rest = await hooks.messages(webhook)
    assert (first.outcome, first.delivered, first.ended_at is not None) == ("http_410", False, True)
    assert {one.ended_at for one in rest} == {None}
    _, told = receivers.sent[1]
    assert told["type"] == "webhook.disable"
    assert (told["data"]["id"], told["data"]["why"]) == (webhook.id, "it answered 410 Gone")
    assert len(await hooks.messages(other)) == 1


@pytest.mark.parametrize(
    ("asked", "waited"),
    [("600", 600), ("later", 5), ("-1", 5), ("DATE", 600), ("", 5), ("9" * 5_000, 86_400)],
)
async def test_receiver_that_has_too_much_to_do_says_how_long_it_waits(hooks: Hooks, asked: str, waited: int) -> None:
    webhook = await hooks.make()
    await hooks.token()
    now = hooks.under.clock.now()
    at = format_datetime(now + timedelta(seconds=600), usegmt=True)
    hooks.under.upstream.reply({}, status=429, headers=[("retry-after", asked.replace("DATE", at))])

    await hooks.gateway.jobs.run_due()

    (message,) = await hooks.messages(webhook)
    assert message.due_at is not None
    assert waited <= (message.due_at - now).total_seconds() <= max(waited, 6)


async def test_receiver_that_does_not_answer_is_left_alone_for_a_while_and_others_are_not(hooks: Hooks) -> None:
    webhook = await hooks.make()
    for _ in range(3):
        await hooks.token()
    hooks.under.upstream.fail(UpstreamUnreachable("the provider cannot be reached", detail="no route"))

    await hooks.send()
    assert len(hooks.under.sent) == 1
    other = await hooks.make("*", url="https://other.example.com/in")
    await hooks.token()
    await hooks.send()
    first, second, *_ = await hooks.messages(webhook)
    assert (first.outcome, second.outcome, second.attempts) == ("unreachable", "", 0)
    hooks.under.clock.advance(REST_S)
    for _ in range(3):
        await hooks.send()

    assert [one.delivered for one in await hooks.messages(webhook)] == [True] * 4
    assert [one.delivered for one in await hooks.messages(other)] == [True]


async def test_answer_that_is_no_success_but_not_busy_does_not_hold_up_the_others(hooks: Hooks) -> None:
    webhook = await hooks.make()
    for _ in range(3):
        await hooks.token()
    hooks.under.upstream.reply({}, status=302, headers=[("location", "https://127.0.0.1/")])

    await hooks.send()

    assert len(hooks.under.sent) == 3
    assert [one.outcome for one in await hooks.messages(webhook)] == ["http_302", "delivered", "delivered"]


class Slow:
    """A transport whose receiver never answers, or that takes time."""

    def __init__(self, hooks: Hooks, takes_s: float) -> None:
        self._hooks = hooks
        self._takes_s = takes_s
        self.asked = 0

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        self.asked += 1
        if self._takes_s:
            self._hooks.under.clock.advance(self._takes_s)
            return await self._hooks.under.upstream.send(request)
        await asyncio.sleep(3_600)
        raise AssertionError

    async def close(self) -> None:
        pass


async def test_receiver_that_never_answers_is_waited_for_no_longer_than_its_time(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tollbridge.webhooks.sending.PATIENCE_S", 0.01)
    webhook = await hooks.make()
    await hooks.token()
    hooks.gateway.transport = Slow(hooks, 0.0)

    await hooks.send()

    (message,) = await hooks.messages(webhook)
    assert message.outcome == "timeout"


async def test_turn_of_a_slow_receiver_ends_and_goes_on_in_the_next_one(hooks: Hooks) -> None:
    webhook = await hooks.make()
    for _ in range(4):
        await hooks.token()
    slow = hooks.gateway.transport = Slow(hooks, 14.0)

    await hooks.send()
    assert slow.asked == 3  # 0, 14 and 28 s; the fourth would begin at 42
    await hooks.send()

    assert [one.delivered for one in await hooks.messages(webhook)] == [True] * 4


async def test_many_messages_take_several_turns(hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook = await hooks.make()
    for _ in range(MOST_IN_TURN + 1):
        await hooks.token()

    outbox = await hooks.gateway.store.outbox()
    turns: list[int] = []
    claim = outbox.claim

    async def counted(*asked: Any, **options: Any) -> Any:
        found = await claim(*asked, **options)
        turns.append(len(found))
        return found

    monkeypatch.setattr(outbox, "claim", counted)
    await hooks.send()

    assert turns == [MOST_IN_TURN, 1]
    assert {one.delivered for one in await hooks.messages(webhook)} == {True}


async def test_worker_that_is_stopped_while_it_sends_gives_its_messages_back(hooks: Hooks) -> None:
    webhook = await hooks.make()
    await hooks.token()
    hooks.gateway.transport = slow = Slow(hooks, 0.0)
    running = asyncio.create_task(hooks.gateway.jobs.run_due())
    async with asyncio.timeout(10):
        while not slow.asked:
            await asyncio.sleep(0.005)

    await hooks.gateway.jobs.stop()
    await asyncio.gather(running, return_exceptions=True)

    assert await (await hooks.gateway.store.outbox()).lanes() == [webhook.id]


async def test_webhook_whose_secrets_do_not_open_is_told_and_tried_again(hooks: Hooks) -> None:
    webhook, other = await hooks.make(), await hooks.make("audit.*")
    store, act = await hooks.gateway.store.webhooks(), await hooks.gateway.tokens.act(BY)
    await store.reseal_webhook(webhook.id, webhook.sealed, other.sealed, act)
    await hooks.token()

    with capture_logs() as lines:
        await hooks.send()

    assert hooks.under.sent == []
    assert "webhook_not_signed" in [line["event"] for line in lines]
    assert [one.outcome for one in await hooks.messages(webhook)] == ["not_signed"]


async def test_webhook_that_is_gone_or_disabled_meanwhile_gets_nothing(hooks: Hooks) -> None:
    webhook = await hooks.make()
    await hooks.token()
    gateway = hooks.gateway
    sending = Sending(gateway.transport, gateway.box, gateway.clock, allow_private=False)
    act = gateway.tokens.act
    options: dict[str, Any] = {"counted": lambda _: None, "wanted": gateway.rotations.still_wanted}
    delivering = Delivering(gateway.store, sending, gateway.clock, act=lambda: act(BY), **options)

    await delivering._turn("whk_0")
    store = await gateway.store.webhooks()
    await store.change_webhook(webhook.id, WebhookChange(disabled=True), await act(BY))
    await delivering._turn(webhook.id)

    assert hooks.under.sent == []


async def test_message_with_a_secret_is_opened_for_its_webhook_alone(hooks: Hooks) -> None:
    webhook, into = await hooks.make("person.*"), ""
    into, handing = f"webhook:{webhook.id}", hooks.gateway.rotations._handing
    made = (await hooks.gateway.tokens.issue(name="shop", by=BY)).token
    await hooks.gateway.rotations.begin(made, into=into, overlap_s=60, by=BY)
    _, handover = await hooks.gateway.rotations.get(made.id)
    assert handover is not None
    new = NewSecret(handover.id, made.id, "shop", "", "tb_x", None, "tb_the_secret")

    assert not await handing.put(into, new)
    (message,) = await hooks.messages(webhook)
    assert b"tb_the_secret" not in message.sealed
    assert (message.said, "tb_the_secret" in repr(message)) == ("", False)
    await hooks.send()

    assert hooks.sent[0]["data"]["secret"] == "tb_the_secret"
    assert hooks.sent[0]["type"] == "token.new_secret"
    assert await handing.put(into, new)
    (message,) = await hooks.messages(webhook)
    assert message.sealed == b""
    assert len(hooks.sent) == 1


async def test_message_whose_handover_is_not_under_way_is_not_sent(hooks: Hooks) -> None:
    webhook = await hooks.make("person.*")
    new = NewSecret("msg_0123456789ab0123456789ab0123", "tok_1", "shop", "", "tb_x", None, "tb_the_secret")
    await hooks.gateway.rotations._handing.put(f"webhook:{webhook.id}", new)
    await hooks.gateway.webhooks.test(webhook, by=BY)

    await hooks.send()

    assert [one["type"] for one in hooks.sent] == ["webhook.test"]
    secret, _ = await hooks.messages(webhook)
    assert (secret.outcome, secret.delivered, secret.sealed) == ("cancelled", False, b"")


class Hanging(Receivers):
    """Receivers of which one does not answer while it is told to."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.goes_on = asyncio.Event()

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        answer = await super().send(request)
        if self.sent[-1][0] == self._name:
            await self.goes_on.wait()
        return answer


async def test_receiver_that_takes_its_time_holds_up_no_other(hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollbridge.webhooks.delivering.LOOK_S", 0.005)
    await hooks.make(url="https://slow.example.com/in")
    await hooks.make(url="https://good.example.com/in")
    hooks.gateway.transport = receivers = Hanging("slow")
    await hooks.token()
    running = asyncio.create_task(hooks.gateway.jobs.run_due())
    await until(lambda: len(receivers.sent) == 2, "both are asked")

    await hooks.token()
    await until(lambda: len(receivers.sent) == 3, "the other one hears of the second token")
    assert receivers.sent[-1][0] == "good"
    hooks.under.clock.advance(TURN_S)
    await hooks.token()
    receivers.goes_on.set()
    await running

    assert [name for name, _ in receivers.sent].count("good") == 2  # the rest is the next run's
    await hooks.send()
    await hooks.send()
    assert [name for name, _ in receivers.sent].count("good") == 3


async def test_many_receivers_that_do_not_answer_leave_room_for_those_that_do(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tollbridge.webhooks.delivering.MOST_AT_ONCE", 1)
    hooks.gateway.transport = receivers = Receivers(dead=503)
    for _ in range(4):
        await hooks.make(url="https://dead.example.com/in")
    await hooks.make(url="https://good.example.com/in")
    await hooks.token()
    await hooks.send()
    hooks.under.clock.advance(REST_S)
    receivers.sent.clear()
    await hooks.token()

    await hooks.send()

    assert receivers.sent[0][0] == "good"


async def test_dead_receiver_is_asked_for_one_message_at_a_time_however_many_wait(hooks: Hooks) -> None:
    webhook = await hooks.make()
    hooks.gateway.transport = receivers = Receivers(hooks=503)
    for _ in range(MOST_IN_TURN + 5):
        await hooks.token()

    for _ in range(20):
        await hooks.send()  # a minute

    assert len(receivers.sent) <= 3  # at once, after the five seconds of its own, and after the rest
    messages = await hooks.messages(webhook)
    assert messages[0].attempts == 2
    receivers._statuses.clear()
    hooks.under.clock.advance(2 * REST_S)
    for _ in range(3):
        await hooks.send()
    assert [one.delivered for one in (await hooks.messages(webhook))[1:]] == [True] * (MOST_IN_TURN + 4)


async def test_webhook_rests_for_as_long_as_it_asks_for(hooks: Hooks) -> None:
    await hooks.make()
    for _ in range(3):
        await hooks.token()
    hooks.under.upstream.reply({}, status=429, headers=[("retry-after", "600")])

    await hooks.send()
    hooks.under.clock.advance(590)
    await hooks.send()
    assert len(hooks.under.sent) == 1
    hooks.under.clock.advance(10)
    await hooks.send()

    assert len(hooks.under.sent) >= 3


async def test_webhook_that_takes_nothing_for_days_is_disabled_and_that_is_told(hooks: Hooks) -> None:
    bad = await hooks.make("token.*", url="https://bad.example.com/in")
    await hooks.make("webhook.*", url="https://good.example.com/in")
    hooks.gateway.transport = receivers = Receivers(bad=500)
    store = await hooks.gateway.store.webhooks()
    disabled = []
    for _ in range(2):
        await hooks.token()
        while (message := (await hooks.messages(bad))[-1]).ended_at is None:
            if message.due_at is not None:
                hooks.under.clock.advance((message.due_at - hooks.under.clock.now()).total_seconds())
            await hooks.send()
        found = await store.get_webhook(bad.id)
        assert found is not None
        disabled.append(found.disabled_at is not None)
        hooks.under.clock.advance(86_400)
    for _ in range(3):
        await hooks.send()

    assert disabled == [False, True]  # the first is given up before the five days are over
    told = [said["data"]["why"] for _, said in receivers.sent if said["type"] == "webhook.disable"]
    assert told == ["nothing arrived for 5 days"]
    await hooks.token()
    assert len(await hooks.messages(bad)) == 2  # nothing more is written for it


async def test_store_that_fails_while_it_is_sent_is_told_by_the_job(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hooks.make()
    await hooks.token()
    outbox = await hooks.gateway.store.outbox()

    async def away(*_: object, **__: object) -> bool:
        raise Unavailable("not now", detail="the disk is full")

    monkeypatch.setattr(outbox, "finish", away)
    with capture_logs() as lines:
        await hooks.gateway.jobs.run_due()

    assert [(line["job"], line["reason"]) for line in lines if line["event"] == "job_failed"] == [
        ("send_webhooks", "the disk is full")
    ]


async def test_worker_that_lost_a_message_records_nothing_of_it(hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook = await hooks.make()
    await hooks.token()
    outbox = await hooks.gateway.store.outbox()

    async def lost(*_: object, **__: object) -> bool:
        return False

    monkeypatch.setattr(outbox, "finish", lost)
    hooks.under.upstream.reply({}, status=410)
    await hooks.send()

    found = await (await hooks.gateway.store.webhooks()).get_webhook(webhook.id)
    assert found is not None
    assert found.disabled_at is None
