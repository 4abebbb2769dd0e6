"""What every store promises about tokens that stand above each other, as tests."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tollbridge.errors import BadRequest
from tollbridge.stores.base import Store
from tollbridge.stores.changes import TokenChange
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON, TOKEN, act, child, found, opening, states
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import Above, SecretUse, Shown, TokenBudget, TokenKind, TokenLimits, TokenState

_DAY = timedelta(days=1)
_OFFICE = Conditions(("10.0.0.0/8",), "mon-fri 08:00-18:00 UTC")
_HOME = Conditions(("192.0.2.0/24",))
_DESCENT = {"tok_2": "tok_1", "tok_3": "tok_2", "tok_4": "tok_1", "tok_5": ""}


async def family(store: Store) -> None:
    """Write `tok_1`, its children `tok_2` and `tok_4`, `tok_3` below `tok_2`, and `tok_5` alone."""
    await store.add_token(replace(TOKEN, expires_at=None), ACT)
    for id, parent in _DESCENT.items():
        await store.add_token(child(int(id[-1]), parent), ACT)


async def granted(store: Store) -> None:
    """Write a team `tok_1`, below it a member `tok_2` and a client `tok_3`, and `tok_4`, a grant below both."""
    await store.add_token(replace(TOKEN, expires_at=None, kind=TokenKind.TEAM, digest=b"", scopes=("ai:*",)), ACT)
    await store.add_token(
        child(2, "tok_1", kind=TokenKind.MEMBER, digest=b"", scopes=("ai:chat", "ai:embeddings")), ACT
    )
    await store.add_token(child(3, "tok_1", kind=TokenKind.SECRET, scopes=("ai:chat", "ai:rerank")), ACT)
    await store.add_token(child(4, "tok_2", beside="tok_3", kind=TokenKind.ACCESS, scopes=("ai:*",)), ACT)


async def open_of(store: Store) -> set[str]:
    """Give those of the family that a running call would go on with."""
    return {one.token_id for one in await store.still_open([Shown(id) for id in _DESCENT])}


class FamilyContract:
    """Tests of tokens below others."""

    async def test_minted_token_is_bound_by_all_above_it(self, store: Store) -> None:
        await store.add_token(replace(TOKEN, scopes=("ai:*", "model:gpt-*"), conditions=_OFFICE), ACT)
        await store.add_token(child(2, "tok_1", scopes=("ai:*", "model:*"), conditions=_HOME), ACT)
        minted = await store.add_token(
            child(3, "tok_2", scopes=("ai:chat", "model:*"), expires_at=NOON + 90 * _DAY), ACT
        )

        assert (minted.parent, minted.bounds) == ("tok_2", ("ai:* model:*", "ai:* model:gpt-*"))
        assert minted.conditions == Conditions()
        assert minted.expires_at == NOON + 30 * _DAY
        principal = await found(store, 3)
        assert principal.conditions == (_HOME, _OFFICE)
        limits, budget = TokenLimits(60, 10_000, 5), TokenBudget(5_000_000_000, "day")
        assert principal.above == (Above("tok_2", limits, budget), Above("tok_1", limits, budget))
        assert "model:gpt-4o" in principal.scopes
        assert "model:claude" not in principal.scopes
        assert "ai:embeddings" not in principal.scopes
        assert [token.id for token in await store.list_tokens(parent="tok_1")] == ["tok_2"]

    async def test_what_narrows_a_token_narrows_all_below_it(self, store: Store) -> None:
        await family(store)

        await store.change_token(
            "tok_1", TokenChange(scopes=("ai:chat",), conditions=_HOME, expires_at=NOON + _DAY), ACT
        )

        await store.change_token("tok_1", TokenChange(budget=None, limits=TokenLimits(7)), ACT)
        for number in (2, 3, 4):
            principal = await found(store, number)
            assert principal.above[-1] == Above("tok_1", TokenLimits(7))
            assert "model:gpt-4o" not in principal.scopes
            assert "ai:chat" in principal.scopes
            assert principal.conditions == (_HOME,)
            token = await store.get_token(f"tok_{number}")
            assert token is not None
            assert token.expires_at == NOON + _DAY
        alone = await found(store, 5)
        assert "model:gpt-4o" in alone.scopes

    async def test_what_does_not_bind_leaves_those_below_as_they_were(self, store: Store) -> None:
        await family(store)
        before = [await found(store, number) for number in (2, 3, 4)]

        await store.change_token("tok_1", TokenChange(name="new name"), ACT)

        assert [await found(store, number) for number in (2, 3, 4)] == before

    async def test_what_widens_a_token_lets_those_below_it_have_what_they_were_given(self, store: Store) -> None:
        await store.add_token(replace(TOKEN, scopes=("ai:chat",)), ACT)
        await store.add_token(child(2, "tok_1", scopes=("ai:*",)), ACT)
        assert "ai:embeddings" not in (await found(store, 2)).scopes

        await store.change_token("tok_1", TokenChange(scopes=("ai:*",)), ACT)

        assert "ai:embeddings" in (await found(store, 2)).scopes

    async def test_token_below_another_is_never_changed_beyond_it(self, store: Store) -> None:
        await store.add_token(TOKEN, ACT)
        await store.add_token(child(2, "tok_1", scopes=("ai:chat",)), ACT)

        changed = await store.change_token("tok_2", TokenChange(scopes=("admin:*",), expires_at=None), ACT)

        assert changed is not None
        assert changed.expires_at == TOKEN.expires_at
        assert "admin:tokens:read" not in (await found(store, 2)).scopes

    async def test_revoking_a_token_ends_all_below_it(self, store: Store) -> None:
        await family(store)
        await store.revoke_token("tok_3", act(NOON - _DAY))
        assert await opening(store) == [1, 2, 4, 5]
        assert await open_of(store) == {"tok_2", "tok_4", "tok_5"}

        await store.revoke_token("tok_1", ACT)

        assert await opening(store) == [5]
        assert await open_of(store) == {"tok_5"}
        first = await store.get_token("tok_3")
        assert first is not None
        assert first.revoked_at == NOON - _DAY

    async def test_disabled_family_is_off_until_it_is_enabled(self, store: Store) -> None:
        await family(store)

        off = await store.switch_token("tok_2", ACT, on=False)

        assert off is not None
        assert (off.state, off.disabled_at) == (TokenState.DISABLED, NOON)
        assert await opening(store) == [1, 4, 5]
        assert await open_of(store) == {"tok_4", "tok_5"}
        assert [token.id for token in await store.list_tokens(state="disabled")] == ["tok_3", "tok_2"]
        counts = await store.count_tokens()
        assert (counts.active, counts.disabled) == (3, 2)
        on = await store.switch_token("tok_2", ACT, on=True)
        assert on is not None
        assert (on.state, on.disabled_at) == (TokenState.ACTIVE, None)
        assert await opening(store) == [1, 2, 3, 4, 5]

    async def test_token_that_was_disabled_by_itself_stays_off(self, store: Store) -> None:
        await family(store)
        await store.switch_token("tok_3", ACT, on=False)
        await store.switch_token("tok_1", act(NOON + _DAY), on=False)
        assert await opening(store) == [5]
        with pytest.raises(BadRequest, match="above it is disabled"):
            await store.switch_token("tok_2", ACT, on=True)

        await store.switch_token("tok_1", act(NOON + _DAY), on=True)

        assert await opening(store) == [1, 2, 4, 5]
        token = await store.get_token("tok_3")
        assert token is not None
        assert token.disabled_at == NOON

    async def test_nothing_is_on_below_what_is_off(self, store: Store) -> None:
        await family(store)
        await store.switch_token("tok_2", ACT, on=False)
        await store.switch_token("tok_1", ACT, on=False)

        await store.switch_token("tok_2", ACT, on=True)

        assert await opening(store) == [5]
        await store.switch_token("tok_1", ACT, on=True)
        assert await opening(store) == [1, 2, 3, 4, 5]

    async def test_token_that_is_disabled_while_one_above_it_is_off_stays_off(self, store: Store) -> None:
        await family(store)
        await store.switch_token("tok_1", ACT, on=False)
        await store.switch_token("tok_2", ACT, on=False)

        await store.switch_token("tok_1", ACT, on=True)

        assert await opening(store) == [1, 4, 5]
        await store.switch_token("tok_2", ACT, on=True)
        assert await opening(store) == [1, 2, 3, 4, 5]

    @pytest.mark.parametrize("end", ["revoked", "disabled", "expired", "unknown"])
    async def test_nothing_is_minted_by_what_opens_nothing(self, store: Store, clock: FixedClock, end: str) -> None:
        await store.add_token(replace(TOKEN, expires_at=NOON + _DAY), ACT)
        if end == "revoked":
            await store.revoke_token("tok_1", ACT)
        elif end == "disabled":
            await store.switch_token("tok_1", ACT, on=False)
        elif end == "expired":
            clock.advance(86_400)

        with pytest.raises(BadRequest) as caught:
            await store.add_token(child(2, "tok_0" if end == "unknown" else "tok_1"), ACT)

        assert caught.value.status == 409
        assert "tok_2" not in await states(store)

    async def test_grant_may_do_what_member_and_client_both_may(self, store: Store) -> None:
        await granted(store)

        scopes = (await found(store, 4)).scopes

        assert {name for name in ("chat", "embeddings", "rerank") if f"ai:{name}" in scopes} == {"chat"}
        await store.change_token("tok_3", TokenChange(scopes=("ai:embeddings",)), ACT)
        scopes = (await found(store, 4)).scopes
        assert {name for name in ("chat", "embeddings", "rerank") if f"ai:{name}" in scopes} == {"embeddings"}
        await store.change_token("tok_1", TokenChange(scopes=("model:*",)), ACT)
        assert "ai:embeddings" not in (await found(store, 4)).scopes

    async def test_grant_draws_on_the_limits_of_both_and_once_on_those_above_them(self, store: Store) -> None:
        await granted(store)

        assert [each.id for each in (await found(store, 4)).above] == ["tok_2", "tok_1", "tok_3"]

    @pytest.mark.parametrize("end", ["tok_1", "tok_2", "tok_3"])
    async def test_grant_ends_with_whoever_is_above_it(self, store: Store, end: str) -> None:
        await granted(store)

        await store.revoke_token(end, ACT)

        assert await store.find_principal(b"4" * 32) is None

    async def test_grant_stays_off_while_one_of_both_is_off(self, store: Store) -> None:
        await granted(store)
        await store.switch_token("tok_2", ACT, on=False)
        await store.switch_token("tok_3", ACT, on=False)

        await store.switch_token("tok_2", ACT, on=True)

        assert await store.find_principal(b"4" * 32) is None
        await store.switch_token("tok_3", ACT, on=True)
        assert await store.find_principal(b"4" * 32) is not None

    async def test_what_is_below_one_without_scopes_may_do_nothing(self, store: Store) -> None:
        await store.add_token(replace(TOKEN, kind=TokenKind.TEAM, digest=b"", scopes=()), ACT)
        await store.add_token(child(2, "tok_1", scopes=("ai:*", "model:*")), ACT)

        principal = await found(store, 2)

        assert "ai:chat" not in principal.scopes
        assert principal.scopes.sure() == ()

    async def test_holder_is_found_by_its_id_while_it_lives(self, store: Store, clock: FixedClock) -> None:
        await granted(store)

        holder = await store.find_holder("tok_2")

        assert holder is not None
        assert (holder.id, holder.kind, holder.secret_ends_s) == ("tok_2", TokenKind.MEMBER, None)
        assert await store.find_holder("tok_2") == holder
        assert await store.find_holder("tok_9") is None
        await store.change_token("tok_1", TokenChange(expires_at=NOON + _DAY), ACT)
        clock.advance(86_400)
        assert await store.find_holder("tok_2") is None

    @pytest.mark.parametrize("end", ["revoked", "disabled"])
    async def test_holder_that_ended_is_not_found(self, store: Store, end: str) -> None:
        await granted(store)

        await (store.revoke_token("tok_1", ACT) if end == "revoked" else store.switch_token("tok_1", ACT, on=False))

        assert await store.find_holder("tok_2") is None

    async def test_lists_and_counts_of_tokens_leave_holders_out(self, store: Store) -> None:
        await granted(store)

        assert [token.id for token in await store.list_tokens()] == ["tok_4", "tok_3"]
        assert (await store.count_tokens()).active == 2

    async def test_secret_of_a_client_opens_nothing_by_itself(self, store: Store) -> None:
        await store.add_token(replace(TOKEN, use=SecretUse.CLIENT), ACT)

        assert await store.find_principal(TOKEN.digest) is None
        token = await store.get_token(TOKEN.id)
        assert token is not None
        assert len(token.secrets) == 1
