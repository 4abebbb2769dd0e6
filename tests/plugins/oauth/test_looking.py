"""Introspection and revocation."""

from typing import Any

from tests.support.programs import ACCESS_TOKEN, ISSUER, SCOPES, Program, program
from tests.support.visiting import Visitor

from tollbridge.authorizing import AuthMethod, GrantType
from tollbridge.jose import read_compact

INACTIVE = {"active": False}


async def gone(client: Program, token: str) -> tuple[int, Any]:
    reply = await client.ask("revoke", token=token)
    return reply.status_code, reply.json().get("error", "")


async def test_client_is_told_what_its_own_tokens_are_worth(notes: Program) -> None:
    lent = await notes.lent()
    claims = read_compact(lent["access_token"].encode()).claims

    access, refresh = await notes.look(lent["access_token"]), await notes.look(lent["refresh_token"])

    told = ("iss", "sub", "aud", "client_id", "iat", "exp", "jti", "scope", "auth_time", "team")
    assert access == {"active": True, "token_type": "Bearer", **{name: claims[name] for name in told}}
    assert refresh == {
        "active": True,
        "scope": "ai:chat model:gpt-*",
        "client_id": notes.id,
        "iss": ISSUER,
        "sub": claims["sub"],
        "exp": int(notes.visitor.under.clock.time()) + 30 * 86_400,
    }


async def test_who_acts_is_told_too(visitor: Visitor, notes: Program) -> None:
    token = await visitor.under.token(*SCOPES)
    exchanged = await notes.token(
        GrantType.TOKEN_EXCHANGE, subject_token=token, subject_token_type=ACCESS_TOKEN, scope="ai:chat"
    )

    assert (await notes.look(exchanged.json()["access_token"]))["act"] == {"sub": notes.id}


async def test_what_opens_nothing_is_inactive_whatever_it_was(visitor: Visitor, notes: Program) -> None:
    other, lent = await program(visitor), await notes.lent()
    used = lent["refresh_token"]
    lent = (await notes.token("refresh_token", refresh_token=used)).json()
    dropped = (await notes.own()).json()["access_token"]
    await gone(notes, dropped)

    for token in (used, dropped, "nonsense", "tb_", "é", notes.secret, lent["access_token"][:-2] + "AA"):
        assert await notes.look(token) == INACTIVE
    for token in (lent["access_token"], lent["refresh_token"], await visitor.under.token()):
        assert await other.look(token) == INACTIVE  # it is nobody's business
    assert (await notes.look(lent["access_token"]))["active"]
    await visitor.under.gateway.clients.disable(other.id)
    assert (await other.ask("introspect", token=used)).status_code == 401


async def test_service_with_the_scope_for_it_looks_at_any_token_of_its_team(visitor: Visitor, notes: Program) -> None:
    seeing = (*SCOPES, "admin:tokens:read")
    everywhere = await program(visitor, scopes=seeing)
    await visitor.under.gateway.people.teams.add(name="red", title="Red")
    blue, red = await program(visitor, scopes=seeing, team="blue"), await program(visitor, scopes=seeing, team="red")
    lent = await notes.lent()
    token = await visitor.under.token("ai:chat", owner="ada")

    for name in ("access_token", "refresh_token"):
        assert [(await one.look(lent[name]))["active"] for one in (everywhere, blue, red)] == [True, True, False]
    found = await everywhere.look(token)
    principal = await visitor.under.gateway.tokens.identify(token.encode())
    assert principal is not None
    assert (found["sub"], found["jti"], found["scope"]) == ("ada", principal.id, "ai:chat")
    assert (found["aud"], found["exp"] > found["iat"]) == (ISSUER, True)
    assert "client_id" not in found


async def test_token_of_a_person_who_was_narrowed_tells_what_is_left(visitor: Visitor, notes: Program) -> None:
    lent = await notes.lent()
    await visitor.under.gateway.people.set_membership(
        (await visitor.under.gateway.people.list_people())[0].id, "blue", "viewer"
    )

    assert (await notes.look(lent["access_token"]))["scope"] == ""


async def test_public_client_looks_at_nothing(visitor: Visitor) -> None:
    public = await program(visitor, auth_method=AuthMethod.NONE, grants=(GrantType.AUTHORIZATION_CODE,))
    lent = await public.lent()

    assert await public.look(lent["access_token"]) == INACTIVE


async def test_access_token_is_revoked_by_itself(notes: Program) -> None:
    lent = await notes.lent()
    assert await notes.opens(lent["access_token"]) == 200

    assert await gone(notes, lent["access_token"]) == (200, "")

    assert await notes.opens(lent["access_token"]) == 401
    assert (await notes.token("refresh_token", refresh_token=lent["refresh_token"])).status_code == 200


async def test_refresh_token_is_revoked_with_all_of_its_grant(notes: Program) -> None:
    lent = await notes.lent()

    assert await gone(notes, lent["refresh_token"]) == (200, "")

    assert await notes.opens(lent["access_token"]) == 401
    after = await notes.token("refresh_token", refresh_token=lent["refresh_token"])
    assert after.json()["error"] == "invalid_grant"
    (record,) = await notes.visitor.under.gateway.store.list_audit(action="token.revoke")
    assert (record.actor.id, record.actor.via) == (notes.id, "oauth")


async def test_what_has_ended_is_revoked_already(notes: Program) -> None:
    for token in ("nonsense", "tb_x", "é", notes.secret):
        assert await gone(notes, token) == (200, "")
    assert await gone(notes, "") == (400, "invalid_request")


async def test_nobody_revokes_what_was_issued_to_another(visitor: Visitor, notes: Program) -> None:
    other, lent, token = await program(visitor), await notes.lent(), await visitor.under.token()

    for shown in (lent["access_token"], lent["refresh_token"], token):
        assert await gone(other, shown) == (400, "invalid_grant")

    assert await notes.opens(lent["access_token"]) == await notes.opens(token) == 200


async def test_public_client_revokes_its_own(visitor: Visitor) -> None:
    public = await program(
        visitor, auth_method=AuthMethod.NONE, grants=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN)
    )
    lent = await public.lent()

    assert await gone(public, lent["refresh_token"]) == (200, "")
    assert await public.opens(lent["access_token"]) == 401
