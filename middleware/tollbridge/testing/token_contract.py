"""What every store promises about tokens, as tests."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from tollbridge.errors import BadRequest
from tollbridge.metering.ledger import BudgetLine
from tollbridge.stores.base import BudgetUse, Store, TokenCounts, TokenView
from tollbridge.stores.changes import NewToken
from tollbridge.stores.rows import micros
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON, ROW, TOKEN, act, reservation
from tollbridge.tokens.model import (
    Principal,
    Token,
    TokenBudget,
    TokenKind,
    TokenLimits,
    TokenSecret,
    TokenState,
)
from tollbridge.tokens.scopes import ScopeSet


async def charge(store: Store, token_id: str, period: str, cost: int) -> None:
    """Charge a budget of the token for the period of `NOON`."""
    id = f"token:{token_id}:{ {'day': '2026-01-05', 'month': '2026-01', 'total': 'total'}[period] }"
    call_id = f"req_{id}"
    await store.reserve(reservation(call_id, 0, BudgetLine(id, 10**18, "this budget")))
    await store.settle(structs.replace(ROW, call_id=call_id, token_id=token_id, cost=cost))


class TokenContract:
    """Tests of `AdminStore` and of finding a principal."""

    async def test_secret_opens_as_the_token_it_was_made_for(self, store: Store) -> None:
        added = await store.add_token(TOKEN, ACT)

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
            secrets=(TokenSecret("tb_abcd", NOON),),
        )
        assert await store.get_token("tok_1") == added
        assert await store.get_tokens(["tok_1", "tok_0", "\ud800"]) == {"tok_1": added}
        assert await store.find_principal(TOKEN.digest) == Principal(
            id="tok_1",
            name="reporting job",
            scopes=ScopeSet(("ai:chat", "model:gpt-*")),
            kind=TokenKind.SECRET,
            owner="ada",
            team="blue",
            limits=TokenLimits(60, 10_000, 5),
            budget=TokenBudget(5_000_000_000, "day"),
            secret_made_us=micros(NOON),
        )

    async def test_what_was_not_set_stays_unset(self, store: Store) -> None:
        bare = await store.add_token(NewToken("tok_2", "bare", b"2" * 32, "tb_efgh", "1", ("ai:*",), NOON), ACT)

        assert (bare.expires_at, bare.revoked_at, bare.last_used_at, bare.budget) == (None, None, None, None)
        found = await store.find_principal(b"2" * 32)
        assert found == Principal("tok_2", "bare", ScopeSet(("ai:*",)), secret_made_us=micros(NOON))

    async def test_unknown_secret_opens_nothing(self, store: Store) -> None:
        await store.add_token(TOKEN, ACT)

        assert await store.find_principal(b"0" * 32) is None
        assert await store.find_principal(b"") is None

    async def test_what_is_recalled_is_what_would_be_found(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(TOKEN, ACT)
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
        await store.revoke_token("tok_1", ACT)
        assert await agree()

    async def test_revocation_holds_when_it_returns_and_keeps_its_first_time(
        self, store: Store, clock: FixedClock
    ) -> None:
        await store.add_token(TOKEN, ACT)

        revoked = await store.revoke_token("tok_1", act(NOON + timedelta(hours=1)))

        assert await store.find_principal(TOKEN.digest) is None
        again = await store.revoke_token("tok_1", act(NOON + timedelta(hours=2)))
        assert again == revoked
        assert again is not None
        assert (again.state, again.revoked_at) == (TokenState.REVOKED, NOON + timedelta(hours=1))

    async def test_revoking_an_unknown_token_says_so(self, store: Store) -> None:
        assert await store.revoke_token("tok_0", ACT) is None
        assert await store.get_token("tok_0") is None
        assert await store.get_tokens(["tok_0", ""]) == {}

    async def test_token_ends_at_its_expiry_not_before(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(replace(TOKEN, expires_at=NOON + timedelta(seconds=10)), ACT)

        clock.advance(9.999)
        assert await store.find_principal(TOKEN.digest) is not None
        clock.advance(0.001)
        assert await store.find_principal(TOKEN.digest) is None
        ended = await store.get_token("tok_1")
        assert ended is not None
        assert ended.state is TokenState.EXPIRED

    @pytest.mark.parametrize("again", [{"digest": b"2" * 32}, {"id": "tok_2"}])
    async def test_id_and_secret_are_given_once(self, store: Store, again: dict[str, object]) -> None:
        await store.add_token(TOKEN, ACT)

        with pytest.raises(BadRequest):
            await store.add_token(replace(TOKEN, **again), ACT)  # type: ignore[arg-type]  # a field by its name
        assert [token.id for token in await store.list_tokens()] == ["tok_1"]

    async def test_tokens_are_listed_newest_first_page_by_page(self, store: Store) -> None:
        for number in range(5):
            await store.add_token(replace(TOKEN, id=f"tok_{number}", digest=b"%032d" % number), ACT)

        first = await store.list_tokens(limit=2)
        second = await store.list_tokens(limit=2, before=first[-1].id)
        third = await store.list_tokens(limit=2, before=second[-1].id)

        assert [t.id for t in (*first, *second, *third)] == ["tok_4", "tok_3", "tok_2", "tok_1", "tok_0"]
        with pytest.raises(ValueError, match="limit 0"):
            await store.list_tokens(limit=0)

    async def test_tokens_of_a_team_are_listed_alone(self, store: Store) -> None:
        for number, team in enumerate(("red", "blue", "", "red", "redder"), 1):
            await store.add_token(replace(TOKEN, id=f"tok_{number}", digest=b"%d" % number * 32, team=team), ACT)

        async def ids(**wanted: Any) -> list[str]:
            return [token.id for token in await store.list_tokens(**wanted)]

        assert await ids(team="red") == ["tok_4", "tok_1"]
        assert await ids(team="red", limit=1, before="tok_4") == ["tok_1"]
        assert await ids(team="%") == []
        assert len(await ids(team="")) == 5

    async def test_tokens_of_an_owner_are_listed_alone(self, store: Store) -> None:
        for number, owner in enumerate(("per_1", "per_12", "", "per_1"), 1):
            await store.add_token(replace(TOKEN, id=f"tok_{number}", digest=b"%d" % number * 32, owner=owner), ACT)

        assert [token.id for token in await store.list_tokens(owner="per_1")] == ["tok_4", "tok_1"]
        assert await store.list_tokens(owner="per_%") == []
        assert len(await store.list_tokens(owner="")) == 4

    async def test_tokens_of_a_team_are_counted_alone(self, store: Store) -> None:
        for number, team in enumerate(("red", "blue", "", "red"), 1):
            await store.add_token(replace(TOKEN, id=f"tok_{number}", digest=b"%d" % number * 32, team=team), ACT)
        await store.switch_token("tok_4", ACT, on=False)

        counts = await store.count_tokens(team="red")

        assert (counts.active, counts.disabled) == (1, 1)
        assert (await store.count_tokens()).active == 3

    async def test_tokens_that_nobody_used_for_a_month_are_a_view(self, store: Store, clock: FixedClock) -> None:
        for number in range(1, 5):
            await store.add_token(replace(TOKEN, id=f"tok_{number}", digest=b"%d" % number * 32, expires_at=None), ACT)
        store.touch("tok_1", NOON + timedelta(days=1), "192.0.2.1")
        store.touch("tok_2", NOON, "192.0.2.1")
        await store.close()  # it waits until they are written
        await store.open()
        await store.switch_token("tok_3", ACT, on=False)
        clock.advance(timedelta(days=30).total_seconds() - 1)
        before = await store.count_tokens()
        clock.advance(1)

        assert before.unused == 0
        assert (await store.count_tokens()).unused == 2
        assert [token.id for token in await store.list_tokens(state=TokenView.UNUSED)] == ["tok_4", "tok_2"]

    async def test_search_is_a_plain_substring_of_name_owner_or_id(self, store: Store) -> None:
        for number, (name, owner) in enumerate([("100% sure", "ada"), ("100 sure", "a_b"), (r"back\slash", "axb")]):
            await store.add_token(
                replace(TOKEN, id=f"tok_{number}", digest=b"%032d" % number, name=name, owner=owner), ACT
            )

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
            await store.add_token(
                replace(TOKEN, id=f"tok_{number}", digest=b"%032d" % number, expires_at=expires_at), ACT
            )
        await store.revoke_token("tok_4", ACT)
        await store.revoke_token("tok_5", ACT)
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

    async def test_tokens_that_end_within_a_week_are_a_view(self, store: Store) -> None:
        ends = [None, timedelta(days=8), timedelta(days=7), timedelta(hours=1), timedelta(0), timedelta(hours=1)]
        for number, end in enumerate(ends):
            expires_at = None if end is None else NOON + end
            await store.add_token(
                replace(TOKEN, id=f"tok_{number}", digest=b"%032d" % number, expires_at=expires_at), ACT
            )
        await store.revoke_token("tok_5", ACT)

        tokens = await store.list_tokens(state=TokenView.ENDING)

        assert [token.id for token in tokens] == ["tok_3", "tok_2"]
        assert (await store.count_tokens()).expiring == 2

    @pytest.mark.parametrize(
        ("own", "default"),
        [
            (TokenBudget(95, "day"), ()),
            (TokenBudget(95, "month"), (TokenBudget(1, "day"),)),
            (TokenBudget(95, "total"), ()),
            (None, (TokenBudget(10**18, "day"), TokenBudget(95, "month"))),
        ],
    )
    async def test_tokens_near_and_over_their_budget_are_views(
        self, store: Store, own: TokenBudget | None, default: tuple[TokenBudget, ...]
    ) -> None:
        period = own.period if own is not None else "month"
        spent = [0, 85, 86, 94, 95, 200, 95]  # 86 is the first at nine tenths of 95
        for number, cost in enumerate(spent):
            await store.add_token(
                replace(TOKEN, id=f"tok_{number}", digest=b"%032d" % number, budget=own, expires_at=None), ACT
            )
            await charge(store, f"tok_{number}", period, cost)
        await store.revoke_token("tok_6", ACT)

        async def view(state: TokenView, **more: str) -> list[str]:
            return [token.id for token in await store.list_tokens(state=state, budgets=default, **more)]  # type: ignore[arg-type]  # an option by its name

        assert await view(TokenView.NEAR_BUDGET) == ["tok_3", "tok_2"]
        assert await view(TokenView.OVER_BUDGET) == ["tok_5", "tok_4"]
        assert await view(TokenView.OVER_BUDGET, before="tok_5") == ["tok_4"]
        assert await view(TokenView.OVER_BUDGET, search="tok_5") == ["tok_5"]
        counts = await store.count_tokens(budgets=default)
        assert (counts.active, counts.near_budget, counts.over_budget) == (6, 2, 2)

    async def test_budget_of_a_period_that_is_over_bothers_nobody(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(replace(TOKEN, budget=TokenBudget(100, "day")), ACT)
        await store.add_token(replace(TOKEN, id="tok_2", digest=b"2" * 32, budget=TokenBudget(0, "day")), ACT)
        await store.add_token(replace(TOKEN, id="tok_3", digest=b"3" * 32, budget=None), ACT)
        await charge(store, "tok_1", "day", 100)
        assert (await store.count_tokens()).over_budget == 1

        clock.advance(86_400)

        counts = await store.count_tokens()
        assert (counts.near_budget, counts.over_budget) == (0, 0)

    async def test_budgets_are_said_with_what_is_spent_in_their_period(self, store: Store, clock: FixedClock) -> None:
        day, month, total = (TokenBudget(500, period) for period in ("day", "month", "total"))
        await charge(store, "tok_1", "day", 7)
        await charge(store, "tok_1", "total", 70)
        owned = {"token:tok_1": [day, month, total], "bridge": [month], "token:tok_2": []}

        before = await store.budget_uses(owned)
        clock.advance(86_400)
        after = await store.budget_uses({"token:tok_1": [day, total], **{f"token:{n}": [day] for n in range(1200)}})

        assert before == {
            "token:tok_1": [BudgetUse(500, "day", 7), BudgetUse(500, "month", 0), BudgetUse(500, "total", 70)],
            "bridge": [BudgetUse(500, "month", 0)],
            "token:tok_2": [],
        }
        assert after["token:tok_1"] == [BudgetUse(500, "day", 0), BudgetUse(500, "total", 70)]
        assert len(after) == 1201
        assert await store.budget_uses({}) == {}

    async def test_newest_use_is_noted_soon(self, store: Store) -> None:
        await store.add_token(TOKEN, ACT)

        store.touch("tok_1", NOON + timedelta(minutes=2), "192.0.2.1")
        store.touch("tok_1", NOON + timedelta(minutes=1), "192.0.2.2")
        store.touch("tok_0", NOON, "\ud800")

        async with asyncio.timeout(10):
            while (token := await store.get_token("tok_1")) is None or token.last_used_at is None:
                await asyncio.sleep(0.01)
        assert token.last_used_at == NOON + timedelta(minutes=2)
