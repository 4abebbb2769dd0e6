"""What every store promises about grants and their codes, as tests.  Subclass as `StoreContract` says."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tollbridge.errors import BadRequest, Denied
from tollbridge.grants.model import Code, Consent, Lent, NewAccess, NewCode, NewRefresh, Reused
from tollbridge.stores.base import Store
from tollbridge.testing.client_contract import added
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON, TOKEN
from tollbridge.tokens.model import TokenKind, TokenState

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

    async def test_code_that_was_used_is_known_as_used_for_ten_minutes_after_its_end(
        self, store: Store, clock: FixedClock
    ) -> None:
        await lend(store, code=CODE)
        grants = await store.grants()
        async with grants.transaction() as writing:
            await writing.redeem_code([CODE.digest], "client_7")

        for late_s in (3_600, 599):
            clock.advance(late_s)
            async with grants.transaction() as writing:
                with pytest.raises(Reused):
                    await writing.redeem_code([CODE.digest], "client_7")

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
