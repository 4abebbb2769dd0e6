"""Codes and refresh tokens: used once, bound to what they were made for, and the end of their grant when used again."""

from collections.abc import Callable

import pytest
from tests.support.programs import Program, program
from tests.support.visiting import Visitor

from tollbridge.authorizing import GrantType
from tollbridge.jose import read_compact
from tollbridge.stores.changes import TokenChange
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.model import TokenState

Makes = Callable[..., GatewayUnderTest]


async def states(notes: Program) -> list[TokenState]:
    """Give the states of the grants, newest first."""
    tokens = await notes.visitor.under.gateway.store.list_tokens()
    return [token.state for token in tokens if token.id.startswith("grant_")]


async def test_code_gives_tokens_of_the_person_within_the_clients_scopes(notes: Program) -> None:
    lent = await notes.lent()

    claims = read_compact(lent["access_token"].encode()).claims
    principal = await notes.visitor.under.gateway.tokens.identify(lent["access_token"].encode())
    assert (lent["scope"], lent["expires_in"]) == ("ai:chat model:gpt-*", 600)
    assert lent["refresh_token"].startswith("tb_")
    assert principal is not None
    assert (claims["sub"], claims["team"], claims["client_id"]) == (principal.owner, "blue", notes.id)
    assert claims["auth_time"] == int(notes.visitor.under.clock.time())
    assert principal.id.startswith("grant_")
    assert await notes.opens(lent["access_token"]) == 200
    assert await notes.opens(lent["refresh_token"]) == 401


async def test_client_without_refresh_tokens_gets_none(visitor: Visitor) -> None:
    notes = await program(visitor, grants=(GrantType.AUTHORIZATION_CODE,))

    assert "refresh_token" not in await notes.lent()


async def test_code_is_bound_to_its_client_address_and_verifier(visitor: Visitor, notes: Program) -> None:
    other, code = await program(visitor), await notes.code()
    wrong = [
        await other.redeem(code),
        await notes.redeem(code, redirect_uri="https://app.example/other"),
        await notes.redeem(code, code_verifier="w" * 43),
        await notes.redeem(code[:-1] + ("a" if code[-1] != "a" else "b")),
        await notes.redeem("nonsense é"),
    ]

    assert {(reply.status_code, reply.json()["error"]) for reply in wrong} == {(400, "invalid_grant")}
    assert "is unknown, was used, is another client's" in wrong[0].json()["error_description"]
    assert (await notes.redeem(code)).status_code == 200  # what was refused used nothing up


async def test_code_needs_its_verifier(notes: Program) -> None:
    code = await notes.code()

    for verifier in ("", "short", "v" * 129, "ü" * 43):
        reply = await notes.redeem(code, code_verifier=verifier)

        assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")
        assert "send the code_verifier" in reply.json()["error_description"]
    reply = await notes.redeem(code, code_verifier="w" * 43)
    assert "was not made of this code_verifier by S256" in reply.json()["error_description"]


async def test_code_that_is_left_out_or_late_gives_nothing(notes: Program) -> None:
    code = await notes.code()
    notes.visitor.under.clock.advance(60)

    late, without = await notes.redeem(code), await notes.token("authorization_code")

    assert late.json()["error"] == "invalid_grant"
    assert without.json()["error"] == "invalid_request"


async def test_code_that_is_redeemed_again_ends_all_that_came_of_it(notes: Program) -> None:
    code = await notes.code()
    lent = (await notes.redeem(code)).json()

    again = await notes.redeem(code)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert await notes.opens(lent["access_token"]) == 401
    assert (await notes.token("refresh_token", refresh_token=lent["refresh_token"])).json()["error"] == "invalid_grant"
    assert await states(notes) == [TokenState.REVOKED]
    (record,) = await notes.visitor.under.gateway.store.list_audit(action="token.revoke")
    assert (record.actor.id, record.actor.via) == ("gateway", "oauth")


async def test_client_of_another_ends_nothing_with_a_code_it_saw(visitor: Visitor, notes: Program) -> None:
    other, code = await program(visitor), await notes.code()
    lent = (await notes.redeem(code)).json()

    assert (await other.redeem(code)).json()["error"] == "invalid_grant"

    assert await notes.opens(lent["access_token"]) == 200


async def test_refresh_token_is_followed_by_another(notes: Program) -> None:
    first = await notes.lent()

    second = (await notes.token("refresh_token", refresh_token=first["refresh_token"])).json()
    third = (await notes.token("refresh_token", refresh_token=second["refresh_token"])).json()

    assert len({one["refresh_token"] for one in (first, second, third)}) == 3
    assert third["scope"] == "ai:chat model:gpt-*"
    claims = [read_compact(one["access_token"].encode()).claims for one in (first, third)]
    assert claims[0]["sub"] == claims[1]["sub"]
    assert claims[0]["auth_time"] == claims[1]["auth_time"]
    assert [await notes.opens(one["access_token"]) for one in (first, second, third)] == [200, 200, 200]


async def test_refresh_token_that_is_used_again_ends_all_that_came_of_it(notes: Program) -> None:
    first = await notes.lent()
    second = (await notes.token("refresh_token", refresh_token=first["refresh_token"])).json()

    again = await notes.token("refresh_token", refresh_token=first["refresh_token"])

    assert "was used" in again.json()["error_description"]
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert [await notes.opens(one["access_token"]) for one in (first, second)] == [401, 401]
    after = await notes.token("refresh_token", refresh_token=second["refresh_token"])
    assert after.json()["error"] == "invalid_grant"
    assert await states(notes) == [TokenState.REVOKED]

    await notes.token("refresh_token", refresh_token=first["refresh_token"])
    assert len(await notes.visitor.under.gateway.store.list_audit(action="token.revoke")) == 1


async def test_refresh_token_is_of_its_client_and_ends(visitor: Visitor, notes: Program) -> None:
    other, lent = await program(visitor), await notes.lent()

    stolen = await other.token("refresh_token", refresh_token=lent["refresh_token"])
    nonsense = await notes.token("refresh_token", refresh_token="nonsense")
    visitor.under.clock.advance(30 * 86_400)
    late = await notes.token("refresh_token", refresh_token=lent["refresh_token"])

    assert {reply.json()["error"] for reply in (stolen, nonsense, late)} == {"invalid_grant"}
    assert (await notes.token("refresh_token")).json()["error"] == "invalid_request"
    assert await states(notes) == [TokenState.ACTIVE]


async def test_less_may_be_asked_for_than_was_lent_and_never_more(notes: Program) -> None:
    lent = await notes.lent()

    more = await notes.token("refresh_token", refresh_token=lent["refresh_token"], scope="ai:chat model:*")
    nonsense = await notes.token("refresh_token", refresh_token=lent["refresh_token"], scope="x")
    less = await notes.token("refresh_token", refresh_token=lent["refresh_token"], scope="model:gpt-4")
    whole = await notes.token("refresh_token", refresh_token=less.json()["refresh_token"])

    assert more.json()["error"] == nonsense.json()["error"] == "invalid_scope"
    assert less.json()["scope"] == "model:gpt-4"  # and the refusals used nothing up
    assert whole.json()["scope"] == "ai:chat model:gpt-*"


async def test_within_the_grace_the_same_token_follows_once_more(server: Makes) -> None:
    visitor = Visitor(server(refresh_grace_s=10))
    notes = await program(await visitor.sign_in_as(await visitor.person(blue="consumer")))
    first = await notes.lent()

    second = (await notes.token("refresh_token", refresh_token=first["refresh_token"])).json()
    visitor.under.clock.advance(10)
    again = (await notes.token("refresh_token", refresh_token=first["refresh_token"])).json()

    assert again["refresh_token"] == second["refresh_token"]
    assert again["access_token"] != second["access_token"]
    third = await notes.token("refresh_token", refresh_token=again["refresh_token"])
    assert third.status_code == 200
    assert (await notes.token("refresh_token", refresh_token=first["refresh_token"])).json()["error"] == "invalid_grant"
    assert await states(notes) == [TokenState.REVOKED]  # for what followed it was used already


async def test_after_the_grace_a_used_token_ends_all(server: Makes) -> None:
    visitor = Visitor(server(refresh_grace_s=10))
    notes = await program(await visitor.sign_in_as(await visitor.person(blue="consumer")))
    first = await notes.lent()
    await notes.token("refresh_token", refresh_token=first["refresh_token"])
    visitor.under.clock.advance(10.001)

    late = await notes.token("refresh_token", refresh_token=first["refresh_token"])

    assert late.json()["error"] == "invalid_grant"
    assert await states(notes) == [TokenState.REVOKED]


@pytest.mark.parametrize("end", ["client", "member", "person", "team", "grant"])
async def test_grant_ends_with_whoever_is_above_it(notes: Program, end: str) -> None:
    gateway, lent, code = notes.visitor.under.gateway, await notes.lent(), await notes.code()
    (person,) = await gateway.people.list_people()
    (grant,) = [token for token in await gateway.store.list_tokens() if token.id.startswith("grant_")]
    ways = {
        "client": lambda: gateway.clients.revoke(notes.id),
        "member": lambda: gateway.people.remove_membership(person.id, "blue"),
        "person": lambda: gateway.people.disable_person(person.id),
        "team": lambda: gateway.people.teams.disable("blue"),
        "grant": lambda: gateway.tokens.disable(grant.id),
    }

    await ways[end]()

    assert await notes.opens(lent["access_token"]) == 401
    answers = [await notes.token("refresh_token", refresh_token=lent["refresh_token"]), await notes.redeem(code)]
    refused = {"invalid_client"} if end == "client" else {"invalid_grant"}
    assert {reply.json()["error"] for reply in answers} == refused


async def test_what_is_lent_shrinks_with_the_persons_role(notes: Program) -> None:
    gateway, lent = notes.visitor.under.gateway, await notes.lent()
    (person,) = await gateway.people.list_people()
    member = await gateway.people.member(person.id, "blue")
    assert member is not None

    await gateway.tokens.change(member.holder, TokenChange(scopes=("ai:*", "model:gpt-4")))

    renewed = (await notes.token("refresh_token", refresh_token=lent["refresh_token"])).json()
    assert renewed["scope"] == "ai:chat model:gpt-4"
    await gateway.tokens.change(member.holder, TokenChange(scopes=("service:x:y",)))
    nothing = await notes.token("refresh_token", refresh_token=renewed["refresh_token"])
    assert nothing.json()["error"] == "invalid_scope"


async def test_program_on_a_persons_own_machine_uses_any_port(visitor: Visitor) -> None:
    notes = await program(visitor, redirect_uris=("http://127.0.0.1/done",))
    back = "http://127.0.0.1:49152/done"

    reply = await notes.redeem(await notes.code(redirect_uri=back), redirect_uri=back)

    assert reply.status_code == 200
