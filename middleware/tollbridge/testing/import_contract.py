"""What every store promises about tokens of another system, as tests.  Subclass as `StoreContract` says."""

import json
from dataclasses import replace

import pytest

from tollbridge.errors import BadRequest
from tollbridge.stores.base import Store
from tollbridge.stores.changes import ForeignToken
from tollbridge.testing.people_samples import actions, team
from tollbridge.testing.samples import ACT, TOKEN, child


def foreign(number: int, *more: bytes, **fields: object) -> ForeignToken:
    """Give a token whose secret's digest is its number; `more` are digests under other peppers."""
    new = replace(TOKEN, id=f"tok_{number}", digest=b"%d" % number * 32, **fields)  # type: ignore[arg-type]  # by name
    return ForeignToken(new, (new.digest, *more))


class ImportContract:
    """Tests of `AdminStore.import_tokens`."""

    async def test_tokens_of_another_system_are_written_in_order_each_with_its_record(self, store: Store) -> None:
        made = await store.import_tokens([foreign(2), foreign(1)], ACT)

        assert [token and token.id for token in made] == ["tok_2", "tok_1"]
        assert await store.get_token("tok_2") == made[0]
        assert await store.find_principal(b"1" * 32) is not None
        assert await actions(store) == ["token.import tok_2", "token.import tok_1"]

    async def test_what_is_there_stays_and_is_none_in_the_answer(self, store: Store) -> None:
        await store.add_token(TOKEN, ACT)
        await store.revoke_token("tok_1", ACT)
        before = await store.get_token("tok_1")

        made = await store.import_tokens(
            [foreign(3, b"1" * 32), foreign(1), foreign(4), foreign(5, b"4" * 32), foreign(4)], ACT
        )

        assert [token and token.id for token in made] == [None, None, "tok_4", None, None]
        assert await store.get_token("tok_1") == before
        assert sorted(token.id for token in await store.list_tokens()) == ["tok_1", "tok_4"]

    async def test_all_are_written_or_none_and_the_one_that_is_refused_is_named(self, store: Store) -> None:
        people = await store.people()
        await people.add_team(team("blue"), ACT)
        await people.end_team("blue", ACT)
        await store.add_token(child(9, "", team="red"), ACT)
        before = await actions(store)

        for wrong in (foreign(2, team="blue"), foreign(9, team="red")):
            wrong = replace(wrong, digests=(b"2" * 32,))
            with pytest.raises(BadRequest) as refused:
                await store.import_tokens([foreign(1, team="red"), wrong, foreign(3, team="red")], ACT)
            assert (refused.value.status, refused.value.param) == (409, "1")

        assert [token.id for token in await store.list_tokens()] == ["tok_9"]
        assert await store.find_principal(b"1" * 32) is None
        assert await actions(store) == before

    async def test_imported_token_stands_where_one_that_is_issued_would(self, store: Store) -> None:
        await (await store.people()).add_team(team("blue"), ACT)

        (made,) = await store.import_tokens([foreign(1, team="blue", parent="")], ACT)

        assert made is not None
        assert made.parent == "team_blue"
        record = (await store.list_audit(target="tok_1"))[0]
        assert json.loads(record.after)["parent"] == "team_blue"
