"""What every store promises about tokens, as tests."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tollbridge.errors import BadRequest
from tollbridge.stores.base import NewToken, Store, TokenCounts
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import NOON, TOKEN
from tollbridge.tokens.model import Principal, Token, TokenBudget, TokenKind, TokenLimits, TokenState
from tollbridge.tokens.scopes import ScopeSet


class TokenContract:
    """Tests of `AdminStore` and of finding a principal."""

    async def test_secret_opens_as_the_token_it_was_made_for(self, store: Store) -> None:
        added = await store.add_token(TOKEN)

        assert added == Token(
            id="tok_1",
            name="reporting job",
            kind=TokenKind.SECRET,
            scopes=("ai:chat", "model:gpt-*"),
            hint="tb_abcd",
            created_at=NOON,
            state=TokenState.ACTIVE,
            owner="ada",
            team="blue",
            expires_at=NOON + timedelta(days=30),
            limits=TokenLimits(60, 10_000, 5),
            budget=TokenBudget(5_000_000_000, "day"),
        )
        assert await store.get_token("tok_1") == added
        assert await store.find_principal(TOKEN.digest) == Principal(
            id="tok_1",
            name="reporting job",
            scopes=ScopeSet(("ai:chat", "model:gpt-*")),
            kind=TokenKind.SECRET,
            owner="ada",
            team="blue",
            limits=TokenLimits(60, 10_000, 5),
            budget=TokenBudget(5_000_000_000, "day"),
        )

    async def test_what_was_not_set_stays_unset(self, store: Store) -> None:
        bare = await store.add_token(NewToken("tok_2", "bare", b"2" * 32, "tb_efgh", "1", ("ai:*",), NOON))

        assert (bare.expires_at, bare.revoked_at, bare.last_used_at, bare.budget) == (None, None, None, None)
        assert await store.find_principal(b"2" * 32) == Principal("tok_2", "bare", ScopeSet(("ai:*",)))

    async def test_running_tokens_are_live_until_they_are_revoked_or_expire(
        self, store: Store, clock: FixedClock
    ) -> None:
        await store.add_token(TOKEN)
        await store.add_token(NewToken("tok_2", "bare", b"2" * 32, "tb_efgh", "1", ("ai:*",), NOON))
        running = {"tok_1", "tok_2", "tok_3"}

        assert set(await store.live_tokens(running)) == {"tok_1", "tok_2"}
        assert set(await store.live_tokens({"tok_1"})) == {"tok_1"}
        assert set(await store.live_tokens(set())) == set()

        await store.revoke_token("tok_2", NOON)
        assert set(await store.live_tokens(running)) == {"tok_1"}

        clock.advance(30 * 86_400 - 1)
        assert set(await store.live_tokens(running)) == {"tok_1"}
        clock.advance(1)
        assert set(await store.live_tokens(running)) == set()

    async def test_unknown_secret_opens_nothing(self, store: Store) -> None:
        await store.add_token(TOKEN)

        assert await store.find_principal(b"0" * 32) is None
        assert await store.find_principal(b"") is None

    async def test_what_is_recalled_is_what_would_be_found(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(TOKEN)
        digests = (TOKEN.digest, b"0" * 32)

        async def agree() -> bool:
            """Whether each that is recalled is found; a store need not recall anything."""
            recalled = [store.recall_principal(digest) for digest in digests]
            found = [await store.find_principal(digest) for digest in digests]
            return all(one in (None, other) for one, other in zip(recalled, found, strict=True))

        assert await agree()
        assert await agree()
        clock.advance(30 * 86_400)
        assert await agree()
        await store.revoke_token("tok_1", NOON)
        assert await agree()

    async def test_revocation_holds_when_it_returns_and_keeps_its_first_time(
        self, store: Store, clock: FixedClock
    ) -> None:
        await store.add_token(TOKEN)

        revoked = await store.revoke_token("tok_1", NOON + timedelta(hours=1))

        assert await store.find_principal(TOKEN.digest) is None
        again = await store.revoke_token("tok_1", NOON + timedelta(hours=2))
        assert again == revoked
        assert again is not None
        assert (again.state, again.revoked_at) == (TokenState.REVOKED, NOON + timedelta(hours=1))

    async def test_revoking_an_unknown_token_says_so(self, store: Store) -> None:
        assert await store.revoke_token("tok_0", NOON) is None
        assert await store.get_token("tok_0") is None

    async def test_token_ends_at_its_expiry_not_before(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(replace(TOKEN, expires_at=NOON + timedelta(seconds=10)))

        clock.advance(9.999)
        assert await store.find_principal(TOKEN.digest) is not None
        clock.advance(0.001)
        assert await store.find_principal(TOKEN.digest) is None
        ended = await store.get_token("tok_1")
        assert ended is not None
        assert ended.state is TokenState.EXPIRED

    @pytest.mark.parametrize("again", [{"digest": b"2" * 32}, {"id": "tok_2"}])
    async def test_id_and_secret_are_given_once(self, store: Store, again: dict[str, object]) -> None:
        await store.add_token(TOKEN)

        with pytest.raises(BadRequest):
            await store.add_token(replace(TOKEN, **again))  # type: ignore[arg-type]  # a field by its name
        assert [token.id for token in await store.list_tokens()] == ["tok_1"]

    async def test_tokens_are_listed_newest_first_page_by_page(self, store: Store) -> None:
        for number in range(5):
            await store.add_token(replace(TOKEN, id=f"tok_{number}", digest=b"%032d" % number))

        first = await store.list_tokens(limit=2)
        second = await store.list_tokens(limit=2, before=first[-1].id)
        third = await store.list_tokens(limit=2, before=second[-1].id)

        assert [t.id for t in (*first, *second, *third)] == ["tok_4", "tok_3", "tok_2", "tok_1", "tok_0"]
        with pytest.raises(ValueError, match="limit 0"):
            await store.list_tokens(limit=0)

    async def test_search_is_a_plain_substring_of_name_owner_or_id(self, store: Store) -> None:
        for number, (name, owner) in enumerate([("100% sure", "ada"), ("100 sure", "a_b"), (r"back\slash", "axb")]):
            await store.add_token(replace(TOKEN, id=f"tok_{number}", digest=b"%032d" % number, name=name, owner=owner))

        async def found(text: str) -> list[str]:
            return [token.id for token in await store.list_tokens(search=text)]

        assert await found("100%") == ["tok_0"]
        assert await found("a_b") == ["tok_1"]
        assert await found("\\") == ["tok_2"]
        assert await found("K_2") == ["tok_2"]
        assert await found("%") == ["tok_0"]
        assert await found("'; drop table token --") == []

    async def test_states_are_counted_and_filtered_by_the_same_rule(self, store: Store, clock: FixedClock) -> None:
        ends = [None, timedelta(days=8), timedelta(days=7), timedelta(hours=1), None, timedelta(hours=1)]
        for number, end in enumerate(ends):
            expires_at = None if end is None else NOON + end
            await store.add_token(replace(TOKEN, id=f"tok_{number}", digest=b"%032d" % number, expires_at=expires_at))
        await store.revoke_token("tok_4", NOON)
        await store.revoke_token("tok_5", NOON)
        clock.advance(3_600)

        # 0 never ends, 1 ends in 7 days and 23 hours, 2 in 6 days and 23 hours, 3 has ended, 4 and 5 are revoked
        assert await store.count_tokens() == TokenCounts(active=3, expiring=1, revoked=2, expired=1)
        for state, ids in {
            "active": ["tok_2", "tok_1", "tok_0"],
            "expired": ["tok_3"],
            "revoked": ["tok_5", "tok_4"],
        }.items():
            tokens = await store.list_tokens(state=state)
            assert [(token.id, token.state) for token in tokens] == [(name, TokenState(state)) for name in ids]
        with pytest.raises(ValueError, match="lost"):
            await store.list_tokens(state="lost")

    async def test_newest_use_is_noted_soon(self, store: Store) -> None:
        await store.add_token(TOKEN)

        store.touch("tok_1", NOON + timedelta(minutes=2), "192.0.2.1")
        store.touch("tok_1", NOON + timedelta(minutes=1), "192.0.2.2")
        store.touch("tok_0", NOON, "\ud800")

        async with asyncio.timeout(10):
            while (token := await store.get_token("tok_1")) is None or token.last_used_at is None:
                await asyncio.sleep(0.01)
        assert token.last_used_at == NOON + timedelta(minutes=2)
