"""What every store promises about the lives of tokens, as tests: two secrets, changes, families, switches."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tollbridge.errors import BadRequest
from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewSecret, NewToken, TokenChange
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON, TOKEN, act
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import (
    Above,
    Environment,
    Principal,
    Token,
    TokenBudget,
    TokenLimits,
    TokenSecret,
    TokenState,
)
from tollbridge.tokens.scopes import ScopeSet

_DAY = timedelta(days=1)
_OFFICE = Conditions(("10.0.0.0/8",), "mon-fri 08:00-18:00 UTC")
_HOME = Conditions(("192.0.2.0/24",))
_DESCENT = {"tok_2": "tok_1", "tok_3": "tok_2", "tok_4": "tok_1", "tok_5": ""}


def child(number: int, parent: str, **values: object) -> NewToken:
    """Make a token above which another stands; its digest is its number, 32 times."""
    base = replace(TOKEN, id=f"tok_{number}", digest=b"%d" % number * 32, parent=parent, expires_at=None)
    return replace(base, **values)  # type: ignore[arg-type]  # fields by their names


def further(number: int, **values: object) -> NewSecret:
    """Make a further secret of `tok_1`; its digest is its number, 32 times."""
    secret = NewSecret(b"%d" % number * 32, f"tb_new{number}", "1", NOON)
    return replace(secret, **values)  # type: ignore[arg-type]  # fields by their names


async def family(store: Store) -> None:
    """Write `tok_1`, its children `tok_2` and `tok_4`, `tok_3` below `tok_2`, and `tok_5` alone."""
    await store.add_token(replace(TOKEN, expires_at=None), ACT)
    for id, parent in _DESCENT.items():
        await store.add_token(child(int(id[-1]), parent), ACT)


async def found(store: Store, number: int) -> Principal:
    """Give who shows the secret of a number."""
    principal = await store.find_principal(b"%d" % number * 32)
    assert principal is not None
    return principal


async def opening(store: Store, numbers: Sequence[int] = range(1, 6)) -> list[int]:
    """Give those of the secrets that open."""
    return [number for number in numbers if await store.find_principal(b"%d" % number * 32) is not None]


async def states(store: Store) -> dict[str, TokenState]:
    return {token.id: token.state for token in await store.list_tokens()}


class LivesContract:
    """Tests of what befalls tokens after they are made."""

    async def test_everything_said_of_a_token_is_kept(self, store: Store) -> None:
        full = replace(
            TOKEN,
            environment=Environment.TEST,
            conditions=_OFFICE,
            tags=("batch", "eu"),
            metadata={"ticket": "OPS-1", "é": "\n"},
            canary=True,
            rotate_days=30,
            secret_ends_at=NOON + 30 * _DAY,
        )

        added = await store.add_token(full, ACT)

        assert (added.environment, added.conditions) == (Environment.TEST, _OFFICE)
        assert (added.tags, added.metadata) == (("batch", "eu"), {"ticket": "OPS-1", "é": "\n"})
        assert (added.canary, added.rotate_days) == (True, 30)
        assert added.secrets == (TokenSecret("tb_abcd", NOON, NOON + 30 * _DAY),)
        assert await store.get_token("tok_1") == added
        principal = await found(store, 1)
        assert (principal.environment, principal.conditions, principal.canary) == (Environment.TEST, (_OFFICE,), True)
        assert principal.secret_ends_s == (NOON + 30 * _DAY).timestamp()

    async def test_secret_ends_before_its_token_does(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(replace(TOKEN, secret_ends_at=NOON + _DAY), ACT)

        clock.advance(86_400 - 1)
        assert await opening(store, [1]) == [1]
        clock.advance(1)
        assert await opening(store, [1]) == []
        token = await store.get_token("tok_1")
        assert token is not None
        assert (token.state, token.secrets) == (TokenState.ACTIVE, ())

    async def test_both_secrets_open_until_the_older_one_ends(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(TOKEN, ACT)

        rotated = await store.rotate_token("tok_1", further(2, ends_at=NOON + 9 * _DAY), NOON + _DAY, ACT)

        assert rotated is not None
        assert rotated.hint == "tb_new2"
        assert set(rotated.secrets) == {
            TokenSecret("tb_new2", NOON, NOON + 9 * _DAY),
            TokenSecret("tb_abcd", NOON, NOON + _DAY),
        }
        assert await opening(store, [1, 2]) == [1, 2]
        assert (await found(store, 1)).id == (await found(store, 2)).id == "tok_1"
        clock.advance(86_400)
        assert await opening(store, [1, 2]) == [2]

    async def test_rotation_never_prolongs_a_secret(self, store: Store) -> None:
        await store.add_token(replace(TOKEN, secret_ends_at=NOON + _DAY), ACT)

        rotated = await store.rotate_token("tok_1", further(2), NOON + 7 * _DAY, ACT)

        assert rotated is not None
        assert {secret.expires_at for secret in rotated.secrets} == {None, NOON + _DAY}

    async def test_third_secret_is_refused_while_two_open(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(TOKEN, ACT)
        await store.rotate_token("tok_1", further(2), NOON + _DAY, ACT)

        with pytest.raises(BadRequest) as caught:
            await store.rotate_token("tok_1", further(3), NOON + 2 * _DAY, ACT)

        assert (caught.value.status, caught.value.code) == (409, "rotating")
        token = await store.get_token("tok_1")
        assert token is not None
        assert {secret.expires_at for secret in token.secrets} == {None, NOON + _DAY}
        assert await opening(store, [1, 2, 3]) == [1, 2]
        clock.advance(86_400)
        await store.rotate_token("tok_1", further(3, created_at=NOON + _DAY), NOON + 2 * _DAY, ACT)
        assert await opening(store, [1, 2, 3]) == [2, 3]

    async def test_rotation_without_overlap_ends_every_other_secret_at_once(self, store: Store) -> None:
        await store.add_token(TOKEN, ACT)
        await store.rotate_token("tok_1", further(2), NOON + _DAY, ACT)

        await store.rotate_token("tok_1", further(3), NOON, ACT)

        assert await opening(store, [1, 2, 3]) == [3]

    async def test_token_whose_secrets_have_ended_gets_another(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(replace(TOKEN, secret_ends_at=NOON + _DAY), ACT)
        clock.advance(2 * 86_400)

        await store.rotate_token("tok_1", further(2, created_at=NOON + 2 * _DAY), NOON + 3 * _DAY, ACT)

        assert await opening(store, [1, 2]) == [2]

    async def test_ended_token_is_neither_rotated_nor_changed(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(TOKEN, ACT)
        await store.add_token(child(2, "", expires_at=NOON + _DAY), ACT)
        await store.revoke_token("tok_1", ACT)
        clock.advance(86_400)

        for refused in (
            store.rotate_token("tok_1", further(3), NOON + _DAY, ACT),
            store.rotate_token("tok_2", further(3), NOON + _DAY, ACT),
            store.change_token("tok_1", TokenChange(name="new"), ACT),
            store.switch_token("tok_1", ACT, on=False),
            store.switch_token("tok_1", ACT, on=True),
        ):
            with pytest.raises(BadRequest) as caught:
                await refused
            assert caught.value.status == 409
        assert await opening(store, [1, 2, 3]) == []

    async def test_unknown_token_is_told_by_none(self, store: Store) -> None:
        assert await store.rotate_token("tok_0", further(2), NOON, ACT) is None
        assert await store.change_token("tok_0", TokenChange(name="new"), ACT) is None
        assert await store.switch_token("tok_0", ACT, on=True) is None

    async def test_change_holds_at_once_and_leaves_the_rest(self, store: Store) -> None:
        before = await store.add_token(TOKEN, ACT)
        assert (await found(store, 1)).name == "reporting job"

        after = await store.change_token(
            "tok_1",
            TokenChange(
                name="new name",
                scopes=("ai:*",),
                expires_at=None,
                limits=TokenLimits(1, None, 3),
                budget=None,
                conditions=_OFFICE,
                tags=("x",),
                metadata={"a": "b"},
                canary=True,
                rotate_days=0,
            ),
            ACT,
        )

        assert after == Token(
            id="tok_1",
            name="new name",
            kind=before.kind,
            scopes=("ai:*",),
            hint=before.hint,
            created_at=NOON,
            state=TokenState.ACTIVE,
            owner="ada",
            team="blue",
            limits=TokenLimits(1, None, 3),
            conditions=_OFFICE,
            tags=("x",),
            metadata={"a": "b"},
            canary=True,
            rotate_days=0,
            secrets=before.secrets,
        )
        principal = await found(store, 1)
        assert (principal.name, principal.scopes, principal.budget) == ("new name", ScopeSet(("ai:*",)), None)
        assert await store.change_token("tok_1", TokenChange(), ACT) == after
        again = await store.change_token("tok_1", TokenChange(budget=TokenBudget(5, "day")), ACT)
        assert again is not None
        assert again.budget == TokenBudget(5, "day")

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
        assert set(await store.live_tokens(set(_DESCENT))) == {"tok_2", "tok_4", "tok_5"}

        await store.revoke_token("tok_1", ACT)

        assert await opening(store) == [5]
        assert set(await store.live_tokens(set(_DESCENT))) == {"tok_5"}
        first = await store.get_token("tok_3")
        assert first is not None
        assert first.revoked_at == NOON - _DAY

    async def test_disabled_family_is_off_until_it_is_enabled(self, store: Store) -> None:
        await family(store)

        off = await store.switch_token("tok_2", ACT, on=False)

        assert off is not None
        assert (off.state, off.disabled_at) == (TokenState.DISABLED, NOON)
        assert await opening(store) == [1, 4, 5]
        assert set(await store.live_tokens(set(_DESCENT))) == {"tok_4", "tok_5"}
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

    async def test_secret_is_kept_under_another_hash_of_its_own(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(TOKEN, ACT)
        await store.rotate_token("tok_1", further(2, pepper_id="2"), NOON + _DAY, ACT)
        assert await store.count_secrets() == {"1": 1, "2": 1}

        await store.rehash_secret(TOKEN.digest, b"9" * 32, "2")
        await store.rehash_secret(b"0" * 32, b"8" * 32, "2")

        assert await opening(store, [9, 2]) == [9, 2]
        assert await store.count_secrets() == {"2": 2}
        clock.advance(86_400)
        assert await store.count_secrets() == {"2": 1}
        await store.revoke_token("tok_1", ACT)
        assert await store.count_secrets() == {}
