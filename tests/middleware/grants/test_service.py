"""What people let clients do: agreed to, looked up, and ended."""

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tests.middleware.grants.conftest import BY, SCOPES, WISH, Lending

from tollbridge.errors import BadRequest, Denied, RateLimited, Unavailable
from tollbridge.grants import service
from tollbridge.grants.model import DeviceState
from tollbridge.grants.service import USER_CODE_LENGTH, USER_CODE_LETTERS, check_depth, effective
from tollbridge.testing.client_contract import added
from tollbridge.tokens.model import Above, Principal, SecretUse
from tollbridge.tokens.peppers import OnePepper
from tollbridge.tokens.scopes import ScopeSet
from tollbridge.tokens.secret import ISSUED, make_secret
from tollbridge.tokens.service import MOST_ABOVE

TOKEN = ISSUED + b".e30.x"


async def test_agreeing_again_writes_nothing(lending: Lending) -> None:
    first = await lending.grants.agree(lending.consent, by=BY)

    again = await lending.grants.agree(replace(lending.consent, scopes=("model:gpt-4",)), by=BY)
    more = await lending.grants.agree(replace(lending.consent, scopes=("ai:embeddings",)), by=BY)

    assert first == again == more
    assert [record.action for record in await lending.store.list_audit(target=first)] == ["grant.widen", "grant.add"]


async def test_what_a_client_may_do_already_is_known(lending: Lending) -> None:
    async def covers(*scopes: str) -> bool:
        return await lending.grants.covers(lending.holder, "client_7", scopes)

    assert not await covers("ai:chat")
    grant_id = await lending.grants.agree(lending.consent, by=BY)
    assert [await covers("ai:chat", "model:gpt-4"), await covers("ai:*")] == [True, False]
    await lending.tokens.disable(grant_id)
    assert not await covers("ai:chat")
    with pytest.raises(Denied):
        await lending.grants.agree(lending.consent, by=BY)


async def test_code_and_grant_are_written_together(lending: Lending) -> None:
    await lending.tokens.revoke(lending.holder)

    with pytest.raises(BadRequest):
        await lending.grants.authorize(lending.consent, WISH, by=BY)

    assert await lending.store.list_audit(action="grant.") == []


async def test_end_of_a_grant_is_told_and_recorded(lending: Lending) -> None:
    grant_id = await lending.grants.agree(lending.consent, by=BY)

    with capture_logs() as logs:
        await lending.grants.end(grant_id)
        await lending.grants.end(grant_id)

    assert [(line["event"], line["grant_id"]) for line in logs] == [("grant_ended", grant_id)]
    assert await lending.store.find_holder(grant_id) is None
    (record,) = await lending.store.list_audit(action="token.revoke")
    assert (record.actor.id, record.target) == ("gateway", grant_id)


async def test_token_is_worth_what_it_may_do_now(lending: Lending) -> None:
    lent = await lending.lent()
    issued = await lending.tokens.issue(name="x", scopes=SCOPES)
    canary = await lending.tokens.issue(name="x", canary=True)
    async with lending.grants.transaction() as granting:
        await granting.issue_access(TOKEN.decode(), replace(lent, scopes=("model:gpt-4",)), lent.grant_id, 60)
        refresh = await granting.issue_refresh(lent, 60)

    access, own = await lending.grants.about(TOKEN), await lending.grants.about(issued.secret.encode())

    assert access is not None
    assert own is not None
    assert (access.principal.id, access.use, access.scopes) == (lent.grant_id, SecretUse.ACCESS, ("model:gpt-4",))
    assert access.ends_at == access.made_at + timedelta(seconds=60)
    assert (own.principal.id, own.use, own.scopes) == (issued.token.id, SecretUse.BEARER, SCOPES)
    for nothing in (b"", b"x", TOKEN + b"x", canary.secret.encode(), refresh.encode()):
        assert await lending.grants.about(nothing) is None
    await lending.tokens.revoke(lending.holder)
    assert await lending.grants.about(TOKEN) is None


async def test_refresh_token_is_found_with_its_grant(lending: Lending) -> None:
    lent = await lending.lent()
    async with lending.grants.transaction() as granting:
        secret = (await granting.issue_refresh(lent, 60)).encode()

    found = await lending.grants.about_refresh(secret)

    assert found is not None
    assert (found[0].lent, found[1].id) == (lent, lent.grant_id)
    assert await lending.grants.about_refresh(b"nonsense") is None
    assert await lending.grants.about_refresh(secret.swapcase()) is None
    await lending.grants.end(lent.grant_id)
    assert await lending.grants.about_refresh(secret) is None


async def test_secret_of_a_client_is_worth_nothing_as_a_token(lending: Lending) -> None:
    secret = make_secret().encode("ascii")
    await added(lending.store, 8, digest=OnePepper(b"p" * 32).digest(secret).content)

    assert await lending.grants.about(secret) is None
    assert await lending.grants.whose(secret) is not None


async def test_access_token_is_forgotten(lending: Lending) -> None:
    lent = await lending.lent()
    async with lending.grants.transaction() as granting:
        await granting.issue_access(TOKEN.decode(), lent, lent.grant_id, 60)
    assert await lending.tokens.identify(TOKEN) is not None

    assert await lending.grants.drop_access(TOKEN)

    assert await lending.tokens.identify(TOKEN) is None
    assert not await lending.grants.drop_access(TOKEN)


async def test_device_is_found_by_what_a_person_types(lending: Lending) -> None:
    code, user_code = await lending.grants.ask_for_device("client_7", ("ai:chat",), 600)

    for typed in (user_code, user_code.lower(), f" {user_code[:4]}-{user_code[4:]} ", ".".join(user_code)):
        found = await lending.grants.find_device(typed)
        assert found is not None
        assert found.user_code == user_code
    for typed in ("", user_code[:-1], user_code + "B", "AEIOU", "B" * USER_CODE_LENGTH):
        assert await lending.grants.find_device(typed) is None
    assert len(user_code) == USER_CODE_LENGTH
    assert set(user_code) <= set(USER_CODE_LETTERS)
    polled = await lending.grants.poll_device(code, "client_7")
    assert polled is not None
    assert polled.state is DeviceState.PENDING
    assert await lending.grants.poll_device("nonsense\ud800", "client_7") is None


async def test_device_gets_what_somebody_agreed_to(lending: Lending) -> None:
    code, user_code = await lending.grants.ask_for_device("client_7", ("ai:chat",), 600)
    device = await lending.grants.find_device(user_code)
    assert device is not None

    consent = replace(lending.consent, scopes=("ai:chat",))
    assert await lending.grants.decide_device(device, consent, confirmed_at=lending.clock.now(), by=BY)
    assert not await lending.grants.decide_device(device, None, by=BY)

    async with lending.grants.transaction() as granting:
        lent = await granting.take_device(code, "client_7")
        assert await granting.take_device(code, "client_7") is None
    assert lent is not None
    assert (lent.scopes, lent.confirmed_at) == (("ai:chat",), lending.clock.now())


async def test_code_of_a_device_that_is_taken_is_made_anew_for_a_while(
    lending: Lending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "USER_CODE_LETTERS", "B")
    assert (await lending.grants.ask_for_device("client_7", ("ai:chat",), 600))[1] == "BBBBBBBB"

    with pytest.raises(Unavailable):
        await lending.grants.ask_for_device("client_7", ("ai:chat",), 600)


async def test_devices_of_one_client_that_wait_are_only_so_many(
    lending: Lending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_WAITING", 2)
    _, user_code = await lending.grants.ask_for_device("client_7", ("ai:chat",), 600)
    await lending.grants.ask_for_device("client_7", ("ai:chat",), 600)

    with pytest.raises(RateLimited) as refused:
        await lending.grants.ask_for_device("client_7", ("ai:chat",), 600)

    assert refused.value.retry_after_s == 60
    await lending.grants.ask_for_device("client_8", ("ai:chat",), 600)
    device = await lending.grants.find_device(user_code)
    assert device is not None
    await lending.grants.decide_device(device, None, by=BY)
    await lending.grants.ask_for_device("client_7", ("ai:chat",), 600)


def test_scopes_that_come_into_effect_are_those_that_all_bounds_include() -> None:
    holder = ScopeSet(("ai:*", "model:gpt-*"), [ScopeSet(("ai:chat", "ai:rerank", "model:*"))])

    assert effective(("ai:*", "model:gpt-4"), holder) == ("model:gpt-4", "ai:chat", "ai:rerank")
    assert effective(("model:*",), holder) == ("model:gpt-*",)
    assert effective(("service:x:y",), holder) == ()


def test_nothing_is_lent_too_deep_below_others() -> None:
    def holder(depth: int) -> Principal:
        return Principal("tok_1", "x", ScopeSet(("ai:*",)), above=tuple(Above(f"tok_{n}") for n in range(depth)))

    check_depth(holder(MOST_ABOVE - 2))
    with pytest.raises(BadRequest):
        check_depth(holder(MOST_ABOVE - 1))
