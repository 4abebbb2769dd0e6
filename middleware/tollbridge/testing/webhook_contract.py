"""What every store promises of webhooks, as tests.  Subclass as `StoreContract` says."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tollbridge.audit import Act, Actor
from tollbridge.errors import BadRequest
from tollbridge.stores import webhookrows
from tollbridge.stores.base import Store
from tollbridge.stores.rotations import AutoRotation
from tollbridge.stores.webhooks import Delivery, Webhook, WebhookChange
from tollbridge.testing.people_samples import team
from tollbridge.testing.samples import ACT, NOON, TOKEN, child

HOOK = Webhook("whk_1", "ours", "https://hooks.example.com/in?k=1", ("token.*",), "", False, NOON, b"\x02sealed")


async def listed(store: Store, webhook_id: str = "whk_1") -> list[Delivery]:
    """Give the messages to a webhook, oldest first."""
    return [*await (await store.outbox()).list_deliveries(webhook_id)][::-1]


async def said(store: Store, webhook_id: str = "whk_1") -> list[dict[str, Any]]:
    """Give what they say."""
    return [json.loads(one.said) for one in await listed(store, webhook_id)]


class WebhookContract:
    """Tests of `WebhookStore`, and of what is told when something is recorded."""

    async def test_webhook_comes_back_as_it_was_written(self, store: Store) -> None:
        webhooks = await store.webhooks()
        other = replace(HOOK, id="whk_2", team="blue", allow_private=True, events=("*", "token.rotate"))
        for one in (HOOK, other):
            await webhooks.add_webhook(one, ACT)

        assert await webhooks.get_webhook("whk_1") == HOOK
        assert await webhooks.get_webhook("whk_0") is None
        assert await webhooks.list_webhooks() == [other, HOOK]
        assert await webhooks.list_webhooks(limit=1, before="whk_2") == [HOOK]
        assert await webhooks.list_webhooks(team="blue") == [other]

    async def test_team_has_so_many_webhooks_at_most(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(webhookrows, "MOST_WEBHOOKS", 2)
        webhooks = await store.webhooks()
        for number, own in enumerate(("blue", "red", "blue", "")):
            await webhooks.add_webhook(replace(HOOK, id=f"whk_{number}", team=own), ACT)

        with pytest.raises(BadRequest, match="the most there may be; remove one") as caught:
            await webhooks.add_webhook(replace(HOOK, id="whk_9", team="blue"), ACT)

        assert caught.value.status == 409
        assert await webhooks.remove_webhook("whk_0", ACT)
        await webhooks.add_webhook(replace(HOOK, id="whk_9", team="blue"), ACT)

    async def test_changes_are_recorded_and_show_no_more_of_the_url_than_where_it_leads(self, store: Store) -> None:
        webhooks = await store.webhooks()
        await webhooks.add_webhook(HOOK, ACT)
        moved = WebhookChange(name="theirs", url="https://other.example.com/secret", allow_private=True)

        changed = await webhooks.change_webhook("whk_1", moved, ACT)
        again = await webhooks.change_webhook("whk_1", moved, ACT)
        off = await webhooks.change_webhook("whk_1", WebhookChange(disabled=True), ACT, "it is gone")
        await webhooks.change_webhook("whk_1", WebhookChange(disabled=True), ACT)
        on = await webhooks.change_webhook("whk_1", WebhookChange(disabled=False, events=("*",)), ACT)

        wanted = replace(HOOK, name="theirs", url="https://other.example.com/secret", allow_private=True)
        assert (changed, again) == (wanted, wanted)
        assert (off and off.disabled_at, on and on.disabled_at, on and on.events) == (NOON, None, ("*",))
        assert await webhooks.change_webhook("whk_0", moved, ACT) is None
        records = await store.follow_audit()
        assert [one.action for one in records] == [
            *("webhook.create", "webhook.change", "webhook.disable", "webhook.change")
        ]
        assert json.loads(records[2].after)["why"] == "it is gone"
        written = "".join(one.before + one.after for one in records)
        assert "https://other.example.com" in written
        assert "secret" not in written
        assert "k=1" not in written

    async def test_address_that_is_mailed_is_recorded_whole(self, store: Store) -> None:
        mailed = replace(HOOK, url="mailto:ops@example.com")
        await (await store.webhooks()).add_webhook(mailed, ACT)

        (made,) = await store.follow_audit()
        assert json.loads(made.after)["url"] == mailed.url
        assert (mailed.by_mail, HOOK.by_mail) == (True, False)

    async def test_secrets_are_put_in_the_place_of_those_that_were_read_alone(self, store: Store) -> None:
        webhooks = await store.webhooks()
        await webhooks.add_webhook(HOOK, ACT)

        assert await webhooks.reseal_webhook("whk_1", HOOK.sealed, b"\x02other", ACT)
        assert not await webhooks.reseal_webhook("whk_1", HOOK.sealed, b"\x02third", ACT)

        found = await webhooks.get_webhook("whk_1")
        assert found is not None
        assert found.sealed == b"\x02other"
        assert [one.action for one in await store.follow_audit()] == ["webhook.create", "webhook.rotate"]

    async def test_webhook_that_is_removed_is_gone_with_its_messages(self, store: Store) -> None:
        webhooks = await store.webhooks()
        await webhooks.add_webhook(HOOK, ACT)
        await store.add_token(TOKEN, ACT)

        assert await webhooks.remove_webhook("whk_1", ACT)

        assert not await webhooks.remove_webhook("whk_1", ACT)
        assert await listed(store) == []
        assert await webhooks.list_webhooks() == []

    async def test_what_is_recorded_is_told_with_names_and_without_secrets(self, store: Store) -> None:
        await (await store.webhooks()).add_webhook(HOOK, ACT)

        await store.add_token(TOKEN, ACT)
        await store.revoke_token("tok_1", ACT)

        issued, revoked = await said(store)
        assert (issued["type"], issued["timestamp"]) == ("token.issue", "2026-01-05T12:00:00Z")
        assert issued["data"] | {"changed": []} == {
            "id": "tok_1",
            "name": "reporting job",
            "team": "blue",
            "by": "ada",
            "via": "cli",
            "request": "req_1",
            "record": 2,
            "changed": [],
        }
        assert {"scopes", "secret"} <= set(issued["data"]["changed"])
        assert revoked["type"] == "token.revoke"
        written = json.dumps([issued, revoked])
        assert TOKEN.digest.hex()[:16] not in written
        assert "ai:chat" not in written
        first = (await listed(store))[0]
        assert (first.event, first.created_at, first.due_at, first.attempts) == ("token.issue", NOON, None, 0)

    async def test_webhook_hears_what_it_asked_for_and_one_of_a_team_of_that_team_alone(self, store: Store) -> None:
        webhooks = await store.webhooks()
        wanted = {"whk_1": (("token.revoke",), ""), "whk_2": (("*",), "blue"), "whk_3": (("audit.*",), "")}
        for id, (events, own) in wanted.items():
            await webhooks.add_webhook(replace(HOOK, id=id, events=events, team=own), ACT)
        await webhooks.add_webhook(replace(HOOK, id="whk_4", events=("*",)), ACT)
        await webhooks.change_webhook("whk_4", WebhookChange(disabled=True), ACT)

        await store.add_token(TOKEN, ACT)
        await store.add_token(child(2, "", team="red"), ACT)
        for id in ("tok_1", "tok_2"):
            await store.revoke_token(id, ACT)
        await store.note(ACT, "audit.read", "")

        heard = {id: [(one["type"], one["data"]["id"]) for one in await said(store, id)] for id in (*wanted, "whk_4")}
        assert heard["whk_1"] == [("token.revoke", "tok_1"), ("token.revoke", "tok_2")]
        assert heard["whk_2"] == [("token.issue", "tok_1"), ("token.revoke", "tok_1")]
        assert heard["whk_3"] == [("audit.read", "")]
        assert heard["whk_4"] == []

    async def test_webhook_of_a_team_does_not_hear_of_what_has_the_teams_name_by_chance(self, store: Store) -> None:
        await (await store.people()).add_team(team("openai"), ACT)
        await (await store.webhooks()).add_webhook(replace(HOOK, team="openai", events=("*",)), ACT)

        for action in ("provider_key.set", "role.change", "team.change"):
            await store.note(ACT, action, "openai")

        assert [one["type"] for one in await said(store)] == ["team.change"]

    async def test_webhook_does_not_hear_of_its_own_troubles(self, store: Store) -> None:
        webhooks = await store.webhooks()
        for id in ("whk_1", "whk_2"):
            await webhooks.add_webhook(replace(HOOK, id=id, events=("webhook.*",), team=""), ACT)

        await store.note(ACT, "webhook.give_up", "whk_1", None, {"why": "http_500"})

        assert [one["type"] for one in await said(store, "whk_1")] == ["webhook.create"]
        (told,) = await said(store, "whk_2")
        assert (told["type"], told["data"]["name"], told["data"]["why"]) == ("webhook.give_up", "ours", "http_500")

    async def test_change_that_is_undone_is_not_told(self, store: Store) -> None:
        await (await store.webhooks()).add_webhook(HOOK, ACT)
        await store.add_token(TOKEN, ACT)

        with pytest.raises(BadRequest):
            await store.add_token(TOKEN, ACT)

        assert [one["type"] for one in await said(store)] == ["token.issue"]

    async def test_text_no_database_takes_is_told_too(self, store: Store) -> None:
        await (await store.webhooks()).add_webhook(HOOK, ACT)

        await store.note(Act(Actor("\ud800", "cli"), NOON, ACT.key), "token.odd", "tok_1")

        assert [one["type"] for one in await said(store)] == ["token.odd"]

    async def test_url_stays_where_secrets_of_tokens_are_handed_over_to(self, store: Store) -> None:
        webhooks, rotations = await store.webhooks(), await store.rotations()
        await webhooks.add_webhook(HOOK, ACT)
        await store.add_token(TOKEN, ACT)
        await rotations.set_rotation(AutoRotation("tok_1", "webhook:whk_1", 7, 3_600), ACT)

        with pytest.raises(BadRequest, match="its URL stays") as caught:
            await webhooks.change_webhook("whk_1", WebhookChange(url="https://evil.example.com"), ACT)

        assert caught.value.status == 409
        assert await webhooks.change_webhook("whk_1", WebhookChange(name="other"), ACT) is not None

    async def test_url_stays_while_a_secret_is_on_its_way_to_it(self, store: Store) -> None:
        webhooks, outbox = await store.webhooks(), await store.outbox()
        await webhooks.add_webhook(HOOK, ACT)
        await outbox.post(Delivery("msg_1", "whk_1", "token.new_secret", NOON, 0, "", sealed=b"\x02sealed"))
        moved = WebhookChange(url="https://evil.example.com")

        with pytest.raises(BadRequest, match="its URL stays"):
            await webhooks.change_webhook("whk_1", moved, ACT)
        await outbox.cancel("msg_1", "cancelled")

        assert await webhooks.change_webhook("whk_1", moved, ACT) is not None
