"""What every store promises about the lives of tokens, as tests: two secrets, changes, families, switches."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from tollbridge.errors import BadRequest
from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewSecret, TokenChange
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON, TOKEN, child, found, opening
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import (
    Environment,
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


def further(number: int, **values: object) -> NewSecret:
    """Make a further secret of `tok_1`; its digest is its number, 32 times."""
    secret = NewSecret(b"%d" % number * 32, f"tb_new{number}", "1", NOON)
    return replace(secret, **values)  # type: ignore[arg-type]  # fields by their names


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

    async def test_changes_of_a_token_at_the_same_time_each_begin_with_what_others_left(self, store: Store) -> None:
        await store.add_token(replace(TOKEN, limits=TokenLimits(100, None, 5)), ACT)

        def narrower(token: Token) -> TokenChange:
            rpm = token.limits.requests_per_minute or 0
            return TokenChange(limits=structs.replace(token.limits, requests_per_minute=rpm - 1))

        await asyncio.gather(*(store.change_token("tok_1", narrower, ACT) for _ in range(8)))

        assert (await found(store, 1)).limits == TokenLimits(92, None, 5)

    async def test_change_that_is_refused_when_it_sees_the_token_leaves_all_as_it_was(self, store: Store) -> None:
        before = await store.add_token(TOKEN, ACT)

        def refuse(token: Token) -> TokenChange:
            assert token == before
            raise BadRequest("no")

        with pytest.raises(BadRequest, match="no"):
            await store.change_token("tok_1", refuse, ACT)
        assert await store.change_token("tok_0", refuse, ACT) is None

        assert await store.get_token("tok_1") == before
        assert len(await store.list_audit()) == 1

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
        assert set(await store.peppers()) == {"2"}  # what has ended, too
