"""What every store promises of messages on their way to webhooks, as tests.  Subclass as `StoreContract` says."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tollbridge.errors import BadRequest
from tollbridge.stores.base import Store
from tollbridge.stores.webhooks import DELIVERED, Delivery, WebhookChange
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON
from tollbridge.testing.webhook_contract import HOOK, listed

MESSAGE = Delivery("msg_1", "whk_1", "token.new_secret", NOON, 0, "", sealed=b"\x02new")
LEASE_S = 60.0


class OutboxContract:
    """Tests of `Outbox`."""

    async def test_due_messages_are_had_by_one_worker_the_oldest_first(self, store: Store, clock: FixedClock) -> None:
        await (await store.webhooks()).add_webhook(HOOK, ACT)
        outbox = await store.outbox()
        for number in range(6):
            await outbox.post(replace(MESSAGE, id=f"msg_{number}"))

        first, second = await asyncio.gather(
            *(outbox.claim("whk_1", f"run_{n}", most=3, lease_s=LEASE_S) for n in range(2))
        )
        rest = await outbox.claim("whk_1", "run_3", most=10, lease_s=LEASE_S)

        listed = await outbox.list_deliveries("whk_1", limit=2, before="msg_4")
        assert [one.id for one in listed] == ["msg_3", "msg_2"]
        ids = [one.id for part in (first, second, rest) for one in part]
        assert sorted(ids) == [f"msg_{number}" for number in range(6)]
        assert [one.id for one in first] == sorted(one.id for one in first)
        assert await outbox.lanes() == []
        clock.advance(LEASE_S)
        assert await outbox.lanes() == ["whk_1"]
        assert len(await outbox.claim("whk_1", "run_4", most=10, lease_s=LEASE_S)) == 6

    async def test_webhook_that_is_disabled_has_nothing_due(self, store: Store) -> None:
        webhooks, outbox = await store.webhooks(), await store.outbox()
        await webhooks.add_webhook(HOOK, ACT)
        await outbox.post(MESSAGE)
        await outbox.post(replace(MESSAGE, id="msg_2", webhook_id="whk_9"))

        await webhooks.change_webhook("whk_1", WebhookChange(disabled=True), ACT)

        assert await outbox.lanes() == []

    async def test_message_that_arrived_is_over_and_its_secret_is_gone(self, store: Store) -> None:
        outbox = await store.outbox()
        await outbox.post(MESSAGE)
        await outbox.claim("whk_1", "run_1", most=1, lease_s=LEASE_S)

        assert not await outbox.finish("msg_1", "run_2", DELIVERED)
        assert await outbox.finish("msg_1", "run_1", DELIVERED)

        found = await outbox.get_delivery("msg_1")
        assert found == replace(MESSAGE, sealed=b"", attempts=1, outcome=DELIVERED, ended_at=NOON)
        assert found.delivered
        assert await outbox.claim("whk_1", "run_3", most=1, lease_s=LEASE_S) == []
        await outbox.post(MESSAGE)
        assert await outbox.get_delivery("msg_1") == found
        with pytest.raises(BadRequest, match="it held a secret"):
            await outbox.send_again("msg_1", ACT)

    async def test_message_that_did_not_arrive_is_due_after_its_pause(self, store: Store, clock: FixedClock) -> None:
        await (await store.webhooks()).add_webhook(HOOK, ACT)
        outbox = await store.outbox()
        await outbox.post(MESSAGE)
        await outbox.claim("whk_1", "run_1", most=1, lease_s=LEASE_S)

        assert await outbox.postpone("msg_1", "run_1", "http_500", pause_s=5.0)

        assert not await outbox.postpone("msg_1", "run_1", "http_500", pause_s=5.0)
        due = NOON + timedelta(seconds=5)
        assert await outbox.get_delivery("msg_1") == replace(MESSAGE, attempts=1, outcome="http_500", due_at=due)
        clock.advance(4)
        assert await outbox.lanes() == []
        clock.advance(1)
        assert await outbox.lanes() == ["whk_1"]

    async def test_webhook_rests_after_its_messages_were_given_back_with_a_pause(
        self, store: Store, clock: FixedClock
    ) -> None:
        await (await store.webhooks()).add_webhook(HOOK, ACT)
        outbox = await store.outbox()
        for number in range(3):
            await outbox.post(replace(MESSAGE, id=f"msg_{number}"))
        await outbox.claim("whk_1", "run_1", most=2, lease_s=LEASE_S)

        await outbox.give_back("whk_1", "run_1", pause_s=60.0)

        await outbox.give_back("whk_1", "run_2", pause_s=5.0)
        assert await outbox.lanes() == []
        assert await outbox.claim("whk_1", "run_2", most=3, lease_s=LEASE_S) == []
        clock.advance(60)
        assert await outbox.lanes() == ["whk_1"]
        assert len(await outbox.claim("whk_1", "run_3", most=2, lease_s=LEASE_S)) == 2
        await outbox.give_back("whk_1", "run_3", pause_s=0.0)
        assert len(await outbox.claim("whk_1", "run_4", most=3, lease_s=LEASE_S)) == 3

    async def test_webhooks_that_answered_come_before_those_that_rested(self, store: Store, clock: FixedClock) -> None:
        outbox = await store.outbox()
        for number in range(3):
            await (await store.webhooks()).add_webhook(replace(HOOK, id=f"whk_{number}", events=("a.b",)), ACT)
            await outbox.post(replace(MESSAGE, id=f"msg_{number}", webhook_id=f"whk_{number}"))
        for number, pause_s in ((0, 60.0), (1, 50.0)):
            await outbox.claim(f"whk_{number}", "run_1", most=1, lease_s=LEASE_S)
            await outbox.give_back(f"whk_{number}", "run_1", pause_s=pause_s)

        clock.advance(60)

        assert await outbox.lanes() == ["whk_2", "whk_1", "whk_0"]

    async def test_webhook_fails_since_the_first_attempt_after_which_nothing_arrived(
        self, store: Store, clock: FixedClock
    ) -> None:
        webhooks, outbox = await store.webhooks(), await store.outbox()
        await webhooks.add_webhook(HOOK, ACT)
        for number in range(3):
            await outbox.post(replace(MESSAGE, id=f"msg_{number}"))
        await outbox.claim("whk_1", "run_1", most=3, lease_s=LEASE_S)

        await outbox.postpone("msg_0", "run_1", "http_500", pause_s=5.0)
        clock.advance(10)
        await outbox.finish("msg_1", "run_1", "http_400")
        assert await webhooks.get_webhook("whk_1") == replace(HOOK, failing_since=NOON)
        await outbox.finish("msg_2", "run_2", DELIVERED)  # another's, so nothing is known of it
        assert await webhooks.get_webhook("whk_1") == replace(HOOK, failing_since=NOON)
        await outbox.give_back("whk_1", "run_1", pause_s=60.0)
        clock.advance(60)
        await outbox.claim("whk_1", "run_3", most=3, lease_s=LEASE_S)
        await outbox.finish("msg_2", "run_3", DELIVERED)

        assert await webhooks.get_webhook("whk_1") == HOOK

    async def test_webhook_that_is_led_elsewhere_or_enabled_begins_anew(self, store: Store, clock: FixedClock) -> None:
        webhooks, outbox = await store.webhooks(), await store.outbox()
        await webhooks.add_webhook(HOOK, ACT)
        await outbox.post(replace(MESSAGE, said="{}", sealed=b""))
        for change in (WebhookChange(url="https://other.example.com"), WebhookChange(disabled=False)):
            await outbox.claim("whk_1", "run_1", most=1, lease_s=LEASE_S)
            await outbox.postpone("msg_1", "run_1", "timeout", pause_s=0.0)
            await outbox.give_back("whk_1", "run_1", pause_s=60.0)
            await webhooks.change_webhook("whk_1", WebhookChange(name="theirs", disabled=True), ACT)

            found = await webhooks.change_webhook("whk_1", change, ACT)

            assert found is not None
            assert found.failing_since is None
            await webhooks.change_webhook("whk_1", WebhookChange(disabled=False), ACT)
            assert await outbox.lanes() == ["whk_1"]

    async def test_message_that_was_given_up_is_sent_again_from_the_beginning(self, store: Store) -> None:
        outbox = await store.outbox()
        plain = replace(MESSAGE, said="{}", sealed=b"")
        await outbox.post(plain)
        await outbox.claim("whk_1", "run_1", most=1, lease_s=LEASE_S)
        await outbox.finish("msg_1", "run_1", "http_500")

        again = await outbox.send_again("msg_1", ACT)

        assert again == replace(plain, outcome="http_500", due_at=NOON)
        assert await outbox.send_again("msg_0", ACT) is None
        assert [one.id for one in await outbox.claim("whk_1", "run_2", most=1, lease_s=LEASE_S)] == ["msg_1"]
        assert [(one.action, one.target) for one in await store.follow_audit()] == [("webhook.resend", "whk_1")]

    async def test_message_posted_again_after_it_was_given_up_is_on_its_way_again(self, store: Store) -> None:
        outbox = await store.outbox()
        await outbox.post(MESSAGE)
        await outbox.claim("whk_1", "run_1", most=1, lease_s=LEASE_S)
        await outbox.finish("msg_1", "run_1", "http_500")

        await outbox.post(replace(MESSAGE, sealed=b"\x02again"))

        assert await outbox.get_delivery("msg_1") == replace(MESSAGE, sealed=b"\x02again")

    async def test_message_that_is_cancelled_is_over_and_one_that_arrived_stays_so(self, store: Store) -> None:
        outbox = await store.outbox()
        for id in ("msg_1", "msg_2"):
            await outbox.post(replace(MESSAGE, id=id))
        await outbox.claim("whk_1", "run_1", most=1, lease_s=LEASE_S)
        await outbox.finish("msg_1", "run_1", DELIVERED)

        for id in ("msg_1", "msg_2"):
            await outbox.cancel(id, "cancelled")

        first, second = await listed(store)
        assert (first.outcome, first.delivered) == (DELIVERED, True)
        assert (second.outcome, second.delivered, second.ended_at, second.sealed) == ("cancelled", False, NOON, b"")

    async def test_old_messages_are_forgotten_once_they_are_over(self, store: Store, clock: FixedClock) -> None:
        outbox = await store.outbox()
        for id in ("msg_1", "msg_2", "msg_3"):
            await outbox.post(replace(MESSAGE, id=id))
        await outbox.claim("whk_1", "run_1", most=2, lease_s=LEASE_S)
        await outbox.finish("msg_1", "run_1", DELIVERED)
        await outbox.postpone("msg_2", "run_1", "http_500", pause_s=1_000.0)

        assert await outbox.forget_deliveries(NOON) == 0
        assert await outbox.forget_deliveries(NOON + timedelta(seconds=1)) == 2  # the third was never tried

        assert [one.id for one in await listed(store)] == ["msg_2"]
