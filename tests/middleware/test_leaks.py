"""What is done about tokens that somebody found in the open."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.lending import lend

from tollbridge.audit import Actor
from tollbridge.credentials import CredentialKind, CredentialWish
from tollbridge.errors import RateLimited
from tollbridge.leaks import LONGEST_SECRET, Found, Leaks
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.secret import make_secret

BY = Actor("anybody", "leaked", "203.0.113.7", "req_1")


@pytest.fixture
def under(gateway: Callable[..., GatewayUnderTest]) -> Callable[[str], GatewayUnderTest]:
    return lambda action: gateway({"leaked": {"action": action}})


async def opens(under: GatewayUnderTest, secret: str) -> bool:
    return (await under.request("GET", "/v1/models", token=secret)).status_code == 200


async def actions(under: GatewayUnderTest) -> list[tuple[str, str]]:
    return [(record.action, record.target) for record in await under.gateway.store.follow_audit()]


@pytest.mark.parametrize(("action", "state"), [("disable", "disabled"), ("revoke", "revoked"), ("tell", "active")])
async def test_reported_token_is_told_and_ended_as_configured(under, action: str, state: str) -> None:
    one = under(action)
    await one.client()
    issued = await one.gateway.tokens.issue(name="shop")

    with capture_logs() as lines:
        await Leaks.of(one.gateway).report([Found(issued.secret, "https://example.com/a")], BY)

    token = await one.gateway.store.get_token(issued.token.id)
    assert token.state == state
    assert await opens(one, issued.secret) is (action == "tell")
    ended = [] if action == "tell" else [(f"token.{action}", token.id)]
    assert (await actions(one))[1:] == [("token.leaked", token.id), *ended]
    record = (await one.gateway.store.follow_audit())[1]
    assert (record.actor, record.after) == (BY, f'{{"action":"{action}","place":"https://example.com/a"}}')
    told = [line for line in lines if line["event"] == "token_leaked"]
    assert [(line["token_id"], line["action"], line["log_level"]) for line in told] == [(token.id, action, "error")]
    assert f'tollbridge_leaked_tokens_total{{action="{action}"}} 1' in one.gateway.metrics.render("")[0].decode()


async def test_command_on_the_machine_is_answered_by_its_output_and_not_by_the_log(under) -> None:
    one = under("disable")
    await one.client()
    issued = await one.gateway.tokens.issue(name="shop")

    with capture_logs() as lines:
        await Leaks.of(one.gateway).report([Found(issued.secret)], BY, aloud=False)

    assert lines == []
    assert await state(one, issued.token.id) == "disabled"


async def test_what_opens_nothing_is_neither_told_nor_recorded(under) -> None:
    one = under("revoke")
    await one.client()
    gone = await one.gateway.tokens.issue(name="gone")
    await one.gateway.tokens.revoke(gone.token.id)
    before = await actions(one)
    strange = ["", "x", "é", "tb_short", "t" * (LONGEST_SECRET + 1), "\udc80".encode("utf-8", "replace").decode()]

    with capture_logs() as lines:
        await Leaks.of(one.gateway).report([Found(each) for each in (make_secret(), gone.secret, *strange)], BY)

    assert (await actions(one), [line["event"] for line in lines]) == (before, [])


async def test_secret_reported_twice_at_once_is_told_once_and_both_secrets_end_with_their_token(under) -> None:
    one = under("disable")
    await one.client()
    issued = await one.gateway.tokens.issue(name="shop")
    rotated = await one.gateway.tokens.rotate(issued.token.id)

    await Leaks.of(one.gateway).report([Found(issued.secret, "here"), Found(issued.secret, "there")], BY)

    assert [action for action, _ in await actions(one)].count("token.leaked") == 1
    assert not await opens(one, issued.secret)
    assert not await opens(one, rotated.secret)


async def test_disabled_token_gets_another_secret_and_opens_again_without_the_one_that_was_lost(under) -> None:
    one = under("disable")
    await one.client()
    issued = await one.gateway.tokens.issue(name="shop")
    await Leaks.of(one.gateway).report([Found(issued.secret)], BY)

    rotated = await one.gateway.tokens.rotate(issued.token.id, timedelta(0))
    await one.gateway.tokens.enable(issued.token.id)

    assert await opens(one, rotated.secret)
    assert not await opens(one, issued.secret)


async def test_both_secrets_of_one_token_in_one_report_end_it_without_a_fault(under) -> None:
    one = under("revoke")
    await one.client()
    issued = await one.gateway.tokens.issue(name="shop")
    rotated = await one.gateway.tokens.rotate(issued.token.id)

    await Leaks.of(one.gateway).report([Found(issued.secret), Found(rotated.secret)], BY)

    assert (await one.gateway.store.get_token(issued.token.id)).state == "revoked"


async def test_token_that_somebody_else_ends_meanwhile_is_no_fault(under, monkeypatch: Any) -> None:
    one = under("disable")
    await one.client()
    tokens = one.gateway.tokens
    issued = await tokens.issue(name="shop")
    act = tokens.act

    async def act_after_a_revocation(by: Actor) -> Any:
        await tokens.revoke(issued.token.id)
        return await act(by)

    monkeypatch.setattr(tokens, "act", act_after_a_revocation)
    with capture_logs() as lines:
        await Leaks.of(one.gateway).report([Found(issued.secret)], BY)

    assert lines[-1]["event"] == "leaked_token_had_ended"


async def state(under: GatewayUnderTest, token_id: str) -> str:
    token = await under.gateway.store.get_token(token_id)
    assert token is not None
    return token.state.value


async def test_access_token_that_was_lost_ends_by_itself_and_its_grant_goes_on(under) -> None:
    one = under("disable")
    await one.client()
    lent = await lend(one.gateway)
    assert await opens(one, lent.access)

    await Leaks.of(one.gateway).report([Found(lent.access)], BY)

    assert not await opens(one, lent.access)
    assert await state(one, lent.grant) == "active"
    record = (await one.gateway.store.follow_audit())[-1]
    assert (record.action, record.target, '"revoke"' in record.after) == ("token.leaked", lent.grant, True)


@pytest.mark.parametrize(("which", "ended"), [("refresh", "grant"), ("secret", "client")])
async def test_refresh_token_or_client_secret_that_was_lost_ends_what_it_is_of(under, which: str, ended: str) -> None:
    one = under("disable")
    await one.client()
    lent = await lend(one.gateway)

    assert await one.gateway.grants.about(lent.secret.encode()) is None  # introspection knows no client's secret
    await Leaks.of(one.gateway).report([Found(getattr(lent, which))], BY)

    assert await state(one, lent.grant) == "disabled"
    assert await state(one, lent.client) == ("disabled" if ended == "client" else "active")
    assert not await opens(one, lent.access)


@pytest.mark.parametrize("kind", [CredentialKind.HMAC, CredentialKind.AKSK])
@pytest.mark.parametrize(
    ("action", "state_after"), [("disable", "disabled"), ("revoke", "revoked"), ("tell", "active")]
)
async def test_shared_key_that_was_lost_is_named_and_ends_its_token_as_a_secret_would(
    under, kind: CredentialKind, action: str, state_after: str
) -> None:
    one = under(action)
    await one.client()
    issued = await one.gateway.tokens.issue(name="shop")
    made = await one.gateway.credentials.add(issued.token.id, CredentialWish(kind=kind))

    with capture_logs() as lines:
        await Leaks.of(one.gateway).report([Found(made.secret, "a wiki")], BY)

    assert await state(one, issued.token.id) == state_after
    records = [record for record in await one.gateway.store.follow_audit() if record.action == "token.leaked"]
    said = {"action": action, "credential": made.credential.id, "place": "a wiki"}
    assert [(record.target, json.loads(record.after)) for record in records] == [(issued.token.id, said)]
    (told,) = [line for line in lines if line["event"] == "token_leaked"]
    assert (told["token_id"], told["credential"]) == (issued.token.id, made.credential.id)
    assert made.secret not in str(lines)


async def test_token_whose_lost_key_was_removed_goes_on_and_another_report_of_it_does_nothing(under) -> None:
    one = under("disable")
    await one.client()
    issued = await one.gateway.tokens.issue(name="shop")
    id = issued.token.id
    made = await one.gateway.credentials.add(id, CredentialWish(kind=CredentialKind.HMAC))
    leaks = Leaks.of(one.gateway)
    await leaks.report([Found(made.secret)], BY)

    await one.gateway.credentials.remove(id, made.credential.id)
    await one.gateway.tokens.enable(id)
    await leaks.report([Found(made.secret)], BY)

    assert await opens(one, issued.secret)


async def test_telling_ends_no_access_token(under) -> None:
    one = under("tell")
    await one.client()
    lent = await lend(one.gateway)

    await Leaks.of(one.gateway).report([Found(lent.access), Found(lent.refresh), Found(lent.secret)], BY)

    assert await opens(one, lent.access)
    assert [action for action, _ in await actions(one)].count(
        "token.leaked"
    ) == 2  # one of the grant, one of the client


async def test_canary_is_told_once_a_day_and_goes_on_watching(under) -> None:
    one = under("revoke")
    await one.client()
    bait = await one.gateway.tokens.issue(name="bait", canary=True)
    leaks = Leaks.of(one.gateway)

    for seconds in (0, 60, 86_400):
        one.clock.advance(seconds)
        await leaks.report([Found(bait.secret)], BY)

    assert (await one.gateway.store.get_token(bait.token.id)).state == "active"
    assert [action for action, _ in await actions(one)].count("token.leaked") == 2


async def test_telling_remembers_a_bounded_number_of_tokens(under, monkeypatch: Any) -> None:
    monkeypatch.setattr("tollbridge.leaks._MOST_TOLD", 2)
    one = under("tell")
    await one.client()
    secrets = [(await one.gateway.tokens.issue(name="x")).secret for _ in range(3)]
    leaks = Leaks.of(one.gateway)

    await leaks.report([Found(secret) for secret in secrets], BY)

    assert len(leaks._told) == 1


async def test_place_is_cut_and_holds_no_secret(under) -> None:
    one = under("tell")
    await one.client()
    issued, other = [await one.gateway.tokens.issue(name="shop") for _ in range(2)]

    with capture_logs() as lines:
        place = f"https://example.com/?key={other.secret}\n{'x' * 1000}"
        await Leaks.of(one.gateway).report([Found(issued.secret, place)], BY)

    record = (await one.gateway.store.follow_audit())[-1]
    for text in (record.after, str(lines)):
        assert issued.secret not in text
        assert other.secret not in text
    assert len(record.after) < 600
    assert issued.secret not in repr(Found(issued.secret, "here"))


async def test_reports_of_many_secrets_hold_one_connection_at_a_time(under, monkeypatch: Any) -> None:
    one = under("disable")
    await one.client()
    leaks, whose = Leaks.of(one.gateway), one.gateway.grants.whose
    running, most = [], []

    async def watched(secret: bytes) -> Any:
        running.append(secret)
        most.append(len(running))
        try:
            return await whose(secret)
        finally:
            running.remove(secret)

    monkeypatch.setattr(one.gateway.grants, "whose", watched)
    reports = [[Found(make_secret()) for _ in range(3)] for _ in range(2)]

    await asyncio.gather(*(leaks.report(found, BY) for found in reports))

    assert most == [1] * 6


async def test_address_reports_thirty_times_a_minute(under) -> None:
    one = under("tell")
    await one.client()
    leaks = Leaks.of(one.gateway)
    for number in range(30):
        await leaks.admit(f"2001:db8::{number}", f"req_{number}")

    with pytest.raises(RateLimited):
        await leaks.admit("2001:db8::ffff", "req_31")
    await leaks.admit("203.0.113.7", "req_32")
