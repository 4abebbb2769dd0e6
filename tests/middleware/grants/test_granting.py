"""Issuing for one request, by secrets."""

import asyncio
from datetime import timedelta

import pytest
from tests.middleware.grants.conftest import BY, WISH, Lending

from tollbridge.grants.granting import Rotated
from tollbridge.grants.model import Lent, Reused
from tollbridge.tokens.model import SecretUse
from tollbridge.tokens.secret import ISSUED, is_well_formed

TOKEN = ISSUED.decode() + ".e30.x"


async def refreshed(lending: Lending, lent: Lent) -> str:
    async with lending.grants.transaction() as granting:
        return await granting.issue_refresh(lent, 3_600)


async def rotate(lending: Lending, secret: str, client_id: str = "client_7") -> Rotated | None:
    async with lending.grants.transaction() as granting:
        return await granting.rotate(secret, client_id, 3_600)


async def test_code_is_redeemed_once(lending: Lending) -> None:
    code = await lending.grants.authorize(lending.consent, WISH, by=BY)

    async with lending.grants.transaction() as granting:
        assert await granting.redeem_code("nonsense", "client_7") is None
        assert await granting.redeem_code(code.swapcase(), "client_7") is None
        assert await granting.redeem_code("tb_é\ud800", "client_7") is None
        found = await granting.redeem_code(code, "client_7")
        with pytest.raises(Reused):
            await granting.redeem_code(code, "client_7")

    assert is_well_formed(code.encode())
    assert found is not None
    assert (found.redirect_uri, found.challenge, found.lent.scopes) == (WISH.redirect_uri, "x", lending.consent.scopes)
    assert await lending.store.find_holder(found.lent.grant_id) is not None


async def test_access_token_opens_here_or_elsewhere_as_it_is_for(lending: Lending) -> None:
    lent = await lending.lent()
    elsewhere = Lent(client_id="client_7", grant_id=lent.grant_id, scopes=lent.scopes, audience="billing")

    async with lending.grants.transaction() as granting:
        await granting.issue_access(TOKEN, lent, lent.grant_id, 60)
        await granting.issue_access(TOKEN + "e", elsewhere, lent.grant_id, 60)

    assert await lending.tokens.identify(TOKEN.encode()) is not None
    assert lending.tokens.recall(TOKEN.encode()) is not None
    assert await lending.tokens.identify(TOKEN.encode() + b"e") is None
    found = await lending.grants.about(TOKEN.encode() + b"e")
    assert found is not None
    assert found.use is SecretUse.ELSEWHERE


async def test_many_issue_at_once_after_they_looked_when_the_holder_ends(lending: Lending) -> None:
    lent = await lending.lent()
    tokens = [f"{TOKEN}{number}" for number in range(12)]

    async def issue(token: str) -> None:
        async with lending.grants.transaction() as granting:
            lasts_s = await granting.lifetime_s(lent.grant_id, 60)
            await granting.issue_access(token, lent, lent.grant_id, lasts_s)

    await asyncio.gather(*map(issue, tokens))

    assert all([await lending.tokens.identify(token.encode()) for token in tokens])


async def test_access_token_lives_no_longer_than_its_holder(lending: Lending) -> None:
    lent = await lending.lent()
    ending = await lending.tokens.issue(name="x", expires_at=lending.clock.now() + timedelta(seconds=30.5))

    async with lending.grants.transaction() as granting:
        found = [await granting.lifetime_s(holder, 600) for holder in (lent.grant_id, ending.token.id)]
        lending.clock.advance(31)
        found.append(await granting.lifetime_s(ending.token.id, 600))

    assert found == [600, 30, 0]


async def test_refresh_token_is_followed_by_another_of_the_same(lending: Lending) -> None:
    lent = await lending.lent()
    first = await refreshed(lending, lent)

    second = await rotate(lending, first)

    assert second is not None
    assert (second.lent, second.secret != first, is_well_formed(second.secret.encode())) == (lent, True, True)
    assert second.secret not in repr(second)
    assert await rotate(lending, second.secret, "client_8") is None
    assert await rotate(lending, "nonsense") is None
    with pytest.raises(Reused) as again:
        await rotate(lending, first)
    assert again.value.grant_id == lent.grant_id


async def test_within_the_grace_the_same_one_follows_again_and_is_kept_sealed(lending: Lending) -> None:
    lending = lending.with_grace(10)
    first = await refreshed(lending, await lending.lent())
    second = await rotate(lending, first)
    lending.clock.advance(10)

    again = await rotate(lending, first)

    assert second is not None
    assert again == second
    (sealed,) = await lending.store.sealed_otherwise(b"\0" * 5)
    assert second.secret.encode() not in sealed.content
    lending.clock.advance(0.001)
    with pytest.raises(Reused):
        await rotate(lending, first)


async def test_what_followed_and_was_used_does_not_follow_again(lending: Lending) -> None:
    lending = lending.with_grace(10)
    first = await refreshed(lending, await lending.lent())
    second = await rotate(lending, first)
    assert second is not None
    await rotate(lending, second.secret)

    with pytest.raises(Reused):
        await rotate(lending, first)


async def test_what_was_used_without_a_grace_does_not_follow_with_one(lending: Lending) -> None:
    first = await refreshed(lending, await lending.lent())
    await rotate(lending, first)

    with pytest.raises(Reused):
        await rotate(lending.with_grace(10), first)


async def test_what_is_not_async_waits_within(lending: Lending) -> None:
    lent = await lending.lent()

    async with lending.grants.transaction() as granting:
        secret = await granting.run(lambda: granting.wait(granting.issue_refresh(lent, 60)))

    assert await rotate(lending, secret) is not None
