"""What every store promises about grants and what is issued for them, as tests.  Subclass as `StoreContract` says."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tollbridge.errors import BadRequest, Denied
from tollbridge.grants.model import Code, Consent, Lent, NewAccess, NewCode, NewRefresh, Refresh, Reused
from tollbridge.sealing.places import REFRESH, Place
from tollbridge.stores.base import Store
from tollbridge.stores.sealed import Sealed
from tollbridge.testing.client_contract import added
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON, TOKEN
from tollbridge.tokens.model import SecretUse, TokenKind, TokenState

HOUR = NOON + timedelta(hours=1)
CONSENT = Consent(
    holder="tok_1",
    client_id="client_7",
    scopes=("ai:chat", "model:gpt-*"),
    owner="person_1",
    team="blue",
    name="Notes",
)
LENT = Lent(client_id="client_7", grant_id="grant_1", scopes=("ai:chat",), confirmed_at=NOON)
CODE = NewCode(digest=b"c" * 32, lent=LENT, redirect_uri="https://app.example/done", challenge="x", ends_at=HOUR)
REFRESHING = NewRefresh(id="ref_1", digest=b"r" * 32, pepper_id="1", lent=LENT, made_at=NOON, ends_at=HOUR)
ACCESS = NewAccess(digest=b"a" * 32, pepper_id="1", holder="grant_1", scopes=("ai:chat",), made_at=NOON, ends_at=HOUR)


async def lend(store: Store, *, code: NewCode | None = None) -> None:
    """Write a holder, a client, and what the one lets the other do."""
    await store.add_token(replace(TOKEN, scopes=("ai:*", "model:gpt-*"), digest=b""), ACT)
    await added(store, 7, scopes=("ai:*", "model:*"))
    await (await store.grants()).agree(CONSENT, "grant_1", ACT, code)


async def issue(store: Store, *new: NewAccess | NewRefresh) -> None:
    """Write what is issued, in one transaction."""
    async with (await store.grants()).transaction() as writing:
        for one in new:
            await (writing.add_access(one) if isinstance(one, NewAccess) else writing.add_refresh(one))


class GrantContract:
    """Tests of `GrantStore` and `GrantTransaction`."""

    async def test_grant_stands_below_the_holder_and_the_client(self, store: Store) -> None:
        await lend(store)

        grant = await (await store.grants()).find_grant("tok_1", "client_7")
        principal = await store.find_holder("grant_1")

        assert grant is not None
        assert principal is not None
        assert (grant.id, grant.kind, grant.parent, grant.beside) == ("grant_1", TokenKind.ACCESS, "tok_1", "client_7")
        assert (grant.owner, grant.team, grant.name, grant.secrets) == ("person_1", "blue", "Notes", ())
        assert [scope in principal.scopes for scope in ("ai:chat", "model:gpt-4", "ai:embeddings")] == [
            True,
            True,
            False,
        ]
        assert await (await store.grants()).find_grant("tok_1", "client_8") is None

    async def test_agreeing_again_changes_nothing_and_to_more_widens(self, store: Store) -> None:
        await lend(store)
        grants = await store.grants()

        same = await grants.agree(replace(CONSENT, scopes=("ai:chat", "model:gpt-4")), "grant_2", ACT)
        more = await grants.agree(replace(CONSENT, scopes=("ai:chat", "ai:embeddings")), "grant_3", ACT)

        assert (same.id, same.scopes) == ("grant_1", CONSENT.scopes)
        assert (more.id, more.scopes) == ("grant_1", (*CONSENT.scopes, "ai:embeddings"))
        told = [record.action for record in await store.list_audit(target="grant_1")]
        assert told == ["grant.widen", "grant.add"]

    async def test_grant_that_was_revoked_is_made_anew_and_one_that_is_off_is_not(self, store: Store) -> None:
        await lend(store)
        grants = await store.grants()

        await store.revoke_token("grant_1", ACT)
        again = await grants.agree(CONSENT, "grant_2", ACT)
        await store.switch_token("grant_2", ACT, on=False)

        assert (again.id, again.state) == ("grant_2", TokenState.ACTIVE)
        with pytest.raises(Denied) as refused:
            await grants.agree(CONSENT, "grant_3", ACT)
        assert refused.value.code == "grant_disabled"

    @pytest.mark.parametrize("above", ["tok_1", "client_7"])
    async def test_nobody_lends_below_what_opens_nothing(self, store: Store, above: str) -> None:
        await lend(store)
        await store.revoke_token(above, ACT)

        with pytest.raises(BadRequest) as refused:
            await (await store.grants()).agree(CONSENT, "grant_2", ACT, replace(CODE, digest=b"d" * 32))

        assert refused.value.status == 409
        async with (await store.grants()).transaction() as writing:
            assert await writing.redeem_code([b"d" * 32], "client_7") is None

    async def test_code_is_redeemed_once_by_its_own_client(self, store: Store) -> None:
        await lend(store, code=CODE)
        grants = await store.grants()

        async with grants.transaction() as writing:
            assert await writing.redeem_code([CODE.digest], "client_8") is None
            assert await writing.redeem_code([], "client_7") is None
            found = await writing.redeem_code([b"?" * 32, CODE.digest], "client_7")

        assert found == Code(LENT, CODE.redirect_uri, "x")
        async with grants.transaction() as writing:
            with pytest.raises(Reused) as again:
                await writing.redeem_code([CODE.digest], "client_7")
            assert await writing.redeem_code([CODE.digest], "client_8") is None
        assert again.value.grant_id == "grant_1"

    async def test_code_that_ended_is_none(self, store: Store, clock: FixedClock) -> None:
        await lend(store, code=CODE)
        clock.advance(3_600)

        async with (await store.grants()).transaction() as writing:
            assert await writing.redeem_code([CODE.digest], "client_7") is None

    async def test_refusal_undoes_what_was_used_and_written(self, store: Store) -> None:
        await lend(store, code=CODE)
        grants = await store.grants()

        async def refuse() -> None:
            async with grants.transaction() as writing:
                await writing.redeem_code([CODE.digest], "client_7")
                await writing.add_access(ACCESS)
                raise LookupError

        with pytest.raises(LookupError):
            await refuse()

        assert await store.find_principal(ACCESS.digest) is None
        async with grants.transaction() as writing:
            assert await writing.redeem_code([CODE.digest], "client_7") is not None

    async def test_one_of_many_redeems_a_code(self, store: Store) -> None:
        await lend(store, code=CODE)

        async def redeem() -> bool:
            async with (await store.grants()).transaction() as writing:
                try:
                    return await writing.redeem_code([CODE.digest], "client_7") is not None
                except Reused:
                    return False

        assert sum(await asyncio.gather(*(redeem() for _ in range(20)))) == 1

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

    async def test_end_of_a_token_is_told_with_those_above_it(self, store: Store) -> None:
        await lend(store)
        await store.add_token(replace(TOKEN, id="tok_2", digest=b"2" * 32, expires_at=None), ACT)

        async with (await store.grants()).transaction() as writing:
            found = [await writing.end_of(id) for id in ("grant_1", "tok_2", "tok_0")]

        assert found == [TOKEN.expires_at, None, None]

    async def test_what_is_not_async_runs_inside_the_transaction(self, store: Store) -> None:
        await lend(store)

        async with (await store.grants()).transaction() as writing:
            await writing.run(lambda: writing.wait(writing.add_access(ACCESS)))

        assert await store.find_principal(ACCESS.digest) is not None

    async def test_sealed_successors_are_sealed_anew_with_all_else(self, store: Store) -> None:
        await lend(store)
        await issue(store, REFRESHING)
        async with (await store.grants()).transaction() as writing:
            await writing.keep_successor("ref_1", b"\x02\x00\x00\x00\x01old")

        (value,) = await store.sealed_otherwise(b"\x02\x00\x00\x00\x02")

        assert value == Sealed(Place(REFRESH, "grant_1", "ref_1"), b"\x02\x00\x00\x00\x01old")
        assert await store.reseal([value], [b"\x02\x00\x00\x00\x02new"]) == 1
        assert await store.sealed_otherwise(b"\x02\x00\x00\x00\x02") == []
