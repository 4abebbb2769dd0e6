"""What every store promises about the audit log, as tests."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tollbridge.audit import Actor, AuditRecord, breaks
from tollbridge.errors import BadRequest
from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewSecret, TokenChange
from tollbridge.testing.samples import ACT, NOON, TOKEN, act

_DAY = timedelta(days=1)


async def whole(store: Store) -> list[AuditRecord]:
    """Give every record, in order, page by page."""
    found: list[AuditRecord] = []
    while page := await store.follow_audit(len(found), limit=2):
        found += page
    return found


async def lives(store: Store) -> None:
    """Do everything to tokens that there is to be done."""
    await store.add_token(TOKEN, ACT)
    await store.add_token(replace(TOKEN, id="tok_2", digest=b"2" * 32, parent="tok_1"), ACT)
    await store.rotate_token("tok_1", NewSecret(b"3" * 32, "tb_new", "1", NOON), NOON + _DAY, act(NOON + _DAY))
    await store.change_token("tok_1", TokenChange(name="new", scopes=("ai:*",)), ACT)
    await store.switch_token("tok_1", ACT, on=False)
    await store.switch_token("tok_1", ACT, on=True)
    await store.revoke_token("tok_1", ACT)
    await store.revoke_token("tok_1", ACT)  # which it is already


class AuditContract:
    """Tests of `AuditStore`, and of what changes of tokens leave in it."""

    async def test_record_of_a_name_no_database_takes_is_not_found(self, store: Store) -> None:
        await store.note(ACT, "audit.read", "")

        for odd in ("\0", "\ud800"):
            assert await store.list_audit(actor=odd) == []
            assert await store.list_audit(action=odd) == []
            assert await store.list_audit(target=odd) == []

    async def test_each_change_is_one_record_in_a_whole_chain(self, store: Store) -> None:
        await lives(store)

        records = await whole(store)

        assert [(record.number, record.action, record.target) for record in records] == [
            (1, "token.issue", "tok_1"),
            (2, "token.issue", "tok_2"),
            (3, "token.rotate", "tok_1"),
            (4, "token.change", "tok_1"),
            (5, "token.disable", "tok_1"),
            (6, "token.enable", "tok_1"),
            (7, "token.revoke", "tok_1"),
        ]
        assert {record.actor for record in records} == {ACT.actor}
        assert records[2].at_us - records[1].at_us == 86_400_000_000
        assert list(breaks(records, ACT.key)) == []

    async def test_record_says_what_was_and_what_is(self, store: Store) -> None:
        await lives(store)

        said = [(json.loads(record.before), json.loads(record.after)) for record in await whole(store)]

        issued, _, rotated, changed, disabled, _, revoked = said
        assert issued[0] is None
        assert (issued[1]["name"], issued[1]["scopes"]) == ("reporting job", "ai:chat model:gpt-*")
        assert issued[1]["secret"] == f"hmac:{(b'1' * 8).hex()}"
        assert rotated[1]["others_end_at"] == (NOON + _DAY).isoformat()
        assert changed == (
            {"name": "reporting job", "scopes": "ai:chat model:gpt-*"},
            {"name": "new", "scopes": "ai:*"},
        )
        assert disabled == ({"state": "active"}, {"below": ["tok_2"]})
        assert revoked == ({"state": "active"}, {"below": ["tok_2"]})

    async def test_what_changes_nothing_leaves_no_record(self, store: Store) -> None:
        await store.add_token(TOKEN, ACT)

        with pytest.raises(BadRequest):
            await store.add_token(TOKEN, ACT)
        await store.change_token("tok_0", TokenChange(name="x"), ACT)
        await store.rotate_token("tok_0", NewSecret(b"3" * 32, "tb_new", "1", NOON), NOON, ACT)
        await store.switch_token("tok_0", ACT, on=False)
        await store.revoke_token("tok_0", ACT)

        assert [record.number for record in await whole(store)] == [1]

    async def test_what_happens_elsewhere_is_noted_in_the_same_chain(self, store: Store) -> None:
        await store.add_token(TOKEN, ACT)

        noted = await store.note(replace(ACT, actor=Actor("\ud800", "cli")), "secret.read", "openai", None, {"by": "é"})
        bare = await store.note(act(NOON + _DAY), "secret.remove", "openai")

        assert (noted.number, bare.number) == (2, 3)
        assert (noted.actor.id, json.loads(noted.after)) == ("?", {"by": "é"})
        assert (bare.before, bare.after) == ("null", "null")
        records = await whole(store)
        assert records[1:] == [noted, bare]
        assert list(breaks(records, ACT.key)) == []

    async def test_records_of_a_time_are_listed_those_too_that_waited_for_their_turn(self, store: Store) -> None:
        hours = [0, 0, 1, 30, 29.5, 30, 48, 72]
        for at in hours:
            await store.note(act(NOON + timedelta(hours=at)), "audit.read", "")

        async def numbers(since: float | None, until: float | None, **more: int) -> list[int]:
            within = {
                name: None if at is None else NOON + timedelta(hours=at)
                for name, at in (("since", since), ("until", until))
            }
            return [record.number for record in await store.list_audit(**within, **more)]  # type: ignore[arg-type]  # by their names

        assert await numbers(None, None) == [8, 7, 6, 5, 4, 3, 2, 1]
        assert await numbers(0, 1) == [2, 1]
        assert await numbers(30, None) == [8, 7, 6, 4]
        assert await numbers(None, 30) == [5, 3, 2, 1]
        assert await numbers(29, 31, limit=2) == [6, 5]
        assert await numbers(29, 31, limit=2, before=5) == [4]
        assert await numbers(100, 200) == []
        assert await numbers(-9, -8) == []

    async def test_no_time_has_records_where_there_is_none(self, store: Store) -> None:
        assert await store.list_audit(since=NOON, until=NOON + _DAY) == []

    async def test_records_are_listed_newest_first_by_who_what_and_whom(self, store: Store) -> None:
        await lives(store)
        await store.note(replace(ACT, actor=Actor("eve", "api")), "token_.x", "tok_9")

        async def numbers(**wanted: object) -> list[int]:
            found = await store.list_audit(**wanted)  # type: ignore[arg-type]  # options by their names
            return [record.number for record in found]

        assert await numbers(limit=3) == [8, 7, 6]
        assert await numbers(limit=3, before=6) == [5, 4, 3]
        assert await numbers(actor="eve") == [8]
        assert await numbers(target="tok_2") == [2]
        assert await numbers(action="token.issue") == [2, 1]
        assert await numbers(action="token.", actor="ada", limit=2) == [7, 6]
        assert await numbers(action="token_") == [8]
        with pytest.raises(ValueError, match="limit 0"):
            await numbers(limit=0)
