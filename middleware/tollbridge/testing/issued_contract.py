"""What every store promises about refresh and access tokens, as tests.  Subclass as `StoreContract` says."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tollbridge.grants.model import Refresh
from tollbridge.sealing.places import REFRESH, Place
from tollbridge.stores.base import Store
from tollbridge.stores.sealed import Sealed
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.grant_contract import ACCESS, HOUR, LENT, REFRESHING, GrantContract, issue, lend
from tollbridge.testing.samples import ACT, NOON, TOKEN
from tollbridge.tokens.model import SecretUse, TokenKind


class IssuedContract(GrantContract):
    """Tests of what is issued for grants, and of the grants themselves."""

    async def test_one_of_many_uses_a_refresh_token(self, store: Store) -> None:
        await lend(store)
        await issue(store, REFRESHING)

        async def use() -> bool:
            async with (await store.grants()).transaction() as writing:
                found = await writing.use_refresh([REFRESHING.digest], "client_7")
                return found is not None and found.used_at is None

        assert sum(await asyncio.gather(*(use() for _ in range(20)))) == 1

    async def test_used_refresh_token_is_given_with_when_and_with_what_followed_it(
        self, store: Store, clock: FixedClock
    ) -> None:
        await lend(store)
        await issue(store, REFRESHING)
        grants = await store.grants()
        clock.advance(10)

        async with grants.transaction() as writing:
            assert await writing.use_refresh([REFRESHING.digest], "client_8") is None
            first = await writing.use_refresh([REFRESHING.digest], "client_7")
            await writing.keep_successor("ref_1", b"sealed")
        async with grants.transaction() as writing:
            second = await writing.use_refresh([REFRESHING.digest], "client_7")

        assert first == Refresh("ref_1", LENT, HOUR)
        assert second == Refresh("ref_1", LENT, HOUR, NOON + timedelta(seconds=10), b"sealed")
        assert await grants.find_refresh([REFRESHING.digest]) is None

    async def test_refresh_token_is_found_until_it_is_used_or_ends(self, store: Store, clock: FixedClock) -> None:
        await lend(store)
        await issue(store, REFRESHING)
        grants = await store.grants()

        found = await grants.find_refresh([REFRESHING.digest])
        async with grants.transaction() as writing:
            inside = await writing.find_refresh([REFRESHING.digest])
        clock.advance(3_600)

        assert found == inside == Refresh("ref_1", LENT, HOUR)
        assert await grants.find_refresh([REFRESHING.digest]) is None
        async with grants.transaction() as writing:
            assert await writing.find_refresh([REFRESHING.digest]) is None
            assert await writing.use_refresh([REFRESHING.digest], "client_7") is None

    async def test_refresh_tokens_that_go_on_count_among_what_their_pepper_opens(
        self, store: Store, clock: FixedClock
    ) -> None:
        await lend(store)
        before = (await store.count_secrets())["1"]
        await issue(store, REFRESHING, replace(REFRESHING, id="ref_2", digest=b"s" * 32, pepper_id="2"))

        assert await store.count_secrets() == {"1": before + 1, "2": 1}
        assert set(await store.peppers()) == {"1", "2"}
        assert await store.tokens_under("2") == [LENT.grant_id]
        assert (await store.tokens_under("1"))[:1] == await store.tokens_under("1", limit=1)
        assert LENT.grant_id in await store.tokens_under("1")
        assert await store.tokens_under("3") == []
        async with (await store.grants()).transaction() as writing:
            await writing.use_refresh([REFRESHING.digest], "client_7")
        assert await store.count_secrets() == {"1": before, "2": 1}
        clock.advance(3_600)
        assert await store.count_secrets() == {"1": before}

    async def test_access_token_opens_as_its_grant_within_its_own_scopes_until_it_ends(
        self, store: Store, clock: FixedClock
    ) -> None:
        await lend(store)
        await issue(store, ACCESS)

        principal = await store.find_principal(ACCESS.digest)
        clock.advance(3_600)

        assert principal is not None
        assert (principal.id, principal.kind, principal.owner) == ("grant_1", TokenKind.ACCESS, "person_1")
        assert [scope in principal.scopes for scope in ("ai:chat", "model:gpt-4")] == [True, False]
        assert await store.find_principal(ACCESS.digest) is None

    @pytest.mark.parametrize("ended", ["tok_1", "client_7", "grant_1"])
    @pytest.mark.parametrize("end", ["revoked", "disabled"])
    async def test_access_token_ends_with_whoever_is_above_it(self, store: Store, ended: str, end: str) -> None:
        await lend(store)
        await issue(store, ACCESS)
        assert await store.find_principal(ACCESS.digest) is not None

        await (store.revoke_token(ended, ACT) if end == "revoked" else store.switch_token(ended, ACT, on=False))

        assert await store.find_principal(ACCESS.digest) is None

    async def test_access_token_that_is_dropped_opens_nothing_and_others_do(self, store: Store) -> None:
        await lend(store)
        other = replace(ACCESS, digest=b"b" * 32)
        await issue(store, ACCESS, other)
        assert await store.find_principal(ACCESS.digest) is not None
        grants = await store.grants()

        assert await grants.drop_access([ACCESS.digest])

        assert await store.find_principal(ACCESS.digest) is None
        assert await store.find_principal(other.digest) is not None
        assert not await grants.drop_access([ACCESS.digest])

    async def test_secret_of_a_token_is_not_dropped_as_an_access_token(self, store: Store) -> None:
        await store.add_token(TOKEN, ACT)

        assert not await (await store.grants()).drop_access([TOKEN.digest])

        assert await store.find_principal(TOKEN.digest) is not None

    async def test_what_was_issued_is_found_with_its_use_while_it_has_not_ended(
        self, store: Store, clock: FixedClock
    ) -> None:
        await lend(store)
        await store.add_token(replace(TOKEN, id="tok_2", digest=b"2" * 32), ACT)
        elsewhere = replace(ACCESS, digest=b"e" * 32, use=SecretUse.ELSEWHERE)
        await issue(store, ACCESS, elsewhere)
        grants = await store.grants()

        found = [await grants.find_issued([digest]) for digest in (ACCESS.digest, elsewhere.digest)]

        assert found == [
            ("grant_1", SecretUse.ACCESS, ("ai:chat",), NOON, HOUR),
            ("grant_1", SecretUse.ELSEWHERE, ("ai:chat",), NOON, HOUR),
        ]
        assert await store.find_principal(elsewhere.digest) is None
        assert await grants.find_issued([b"2" * 32]) == ("tok_2", SecretUse.BEARER, (), NOON, None)
        client = await grants.find_issued([b"7" * 32])
        assert client is not None
        assert client[:2] == ("client_7", SecretUse.CLIENT)
        assert await grants.find_issued([b"0" * 32]) is None
        clock.advance(3_600)
        assert await grants.find_issued([ACCESS.digest]) is None

    async def test_sealed_successors_are_sealed_anew_with_all_else(self, store: Store) -> None:
        await lend(store)
        await issue(store, REFRESHING)
        async with (await store.grants()).transaction() as writing:
            await writing.keep_successor("ref_1", b"\x02\x00\x00\x00\x01old")

        (value,) = await store.sealed_otherwise(b"\x02\x00\x00\x00\x02")

        assert value == Sealed(Place(REFRESH, "grant_1", "ref_1"), b"\x02\x00\x00\x00\x01old")
        assert await store.reseal([value], [b"\x02\x00\x00\x00\x02new"]) == 1
        assert await store.sealed_otherwise(b"\x02\x00\x00\x00\x02") == []
