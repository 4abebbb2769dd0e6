"""Token exchange: never wider than the token that was shown, nor than the client that shows it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.support.programs import ACCESS_TOKEN, ISSUER, SCOPES, Program, program
from tests.support.visiting import Visitor

from tollbridge.authorizing import AuthMethod, GrantType
from tollbridge.jose import read_compact
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.service import MOST_ABOVE

Makes = Callable[..., GatewayUnderTest]
BILLING = "https://billing.example"


async def exchange(client: Program, token: str, scope: str = "ai:chat", **form: str) -> Any:
    asked = {"subject_token": token, "subject_token_type": ACCESS_TOKEN, "scope": scope, **form}
    return await client.token(GrantType.TOKEN_EXCHANGE, **asked)


def claims(token: str) -> Any:
    return dict(read_compact(token.encode()).claims)


@pytest.fixture
async def service(visitor: Visitor) -> Program:
    """Give a service that acts for those who show it their tokens."""
    return await program(visitor, grants=(GrantType.TOKEN_EXCHANGE,), redirect_uris=(), name="Orders")


async def test_service_gets_a_token_for_whoever_showed_it_theirs(notes: Program, service: Program) -> None:
    lent = await notes.lent()
    subject = claims(lent["access_token"])

    reply = await exchange(service, lent["access_token"])

    told = reply.json()
    made = claims(told["access_token"])
    assert (reply.status_code, told["issued_token_type"], told["scope"]) == (200, ACCESS_TOKEN, "ai:chat")
    assert "refresh_token" not in told
    assert (made["sub"], made["client_id"], made["aud"]) == (subject["sub"], service.id, ISSUER)
    assert made["act"] == {"sub": service.id}
    assert (made["team"], made["auth_time"]) == ("blue", subject["auth_time"])
    assert await notes.opens(told["access_token"]) == 200


async def test_api_token_is_exchanged_too(visitor: Visitor, service: Program) -> None:
    token = await visitor.under.token("ai:chat", "model:*", owner="ada")

    made = claims((await exchange(service, token)).json()["access_token"])

    assert (made["sub"], made["act"], "auth_time" in made) == ("ada", {"sub": service.id}, False)


async def test_who_acts_for_whom_is_told_from_the_first_to_the_last(notes: Program, visitor: Visitor) -> None:
    orders, stock = [await program(visitor, name=name) for name in ("Orders", "Stock")]
    first = (await exchange(orders, (await notes.lent())["access_token"])).json()["access_token"]

    second = (await exchange(stock, first)).json()["access_token"]

    assert claims(second)["act"] == {"sub": stock.id, "act": {"sub": orders.id}}
    assert claims(second)["sub"] == claims(first)["sub"]


async def test_scopes_are_named_and_within_the_tokens_and_the_clients(visitor: Visitor, service: Program) -> None:
    narrow = await program(visitor, grants=(GrantType.TOKEN_EXCHANGE,), redirect_uris=(), scopes=("ai:chat",))
    token = await visitor.under.token("ai:chat", "model:gpt-*")

    wrong = [
        await exchange(service, token, ""),
        await exchange(service, token, "nonsense"),
        await exchange(service, token, "model:*"),
        await exchange(service, token, "ai:*"),
        await exchange(service, token, "ai:chat service:x:y"),
        await exchange(narrow, token, "model:gpt-4"),
        await exchange(narrow, token, "ai:chat model:gpt-4"),
    ]

    assert {(reply.status_code, reply.json()["error"]) for reply in wrong} == {(400, "invalid_scope")}
    assert (await exchange(service, token, "ai:chat model:gpt-4")).json()["scope"] == "ai:chat model:gpt-4"


async def test_access_token_that_was_narrowed_gives_no_more_again(notes: Program, service: Program) -> None:
    lent = await notes.lent()
    renewed = await notes.token("refresh_token", refresh_token=lent["refresh_token"], scope="model:gpt-4")

    reply = await exchange(service, renewed.json()["access_token"], "ai:chat")

    assert reply.json()["error"] == "invalid_scope"


@pytest.mark.parametrize("end", ["subject", "person", "service"])
async def test_exchanged_token_ends_with_either(visitor: Visitor, service: Program, end: str) -> None:
    gateway = visitor.under.gateway
    issued = await gateway.tokens.issue(name="ada's", scopes=SCOPES)
    token = (await exchange(service, issued.secret)).json()["access_token"]
    assert await service.opens(token) == 200

    await gateway.tokens.revoke(service.id if end == "service" else issued.token.id)

    assert await service.opens(token) == 401


async def test_exchanged_token_lives_no_longer_than_what_was_shown(notes: Program, service: Program) -> None:
    clock, gateway = notes.visitor.under.clock, notes.visitor.under.gateway
    lent = await notes.lent()
    ending = await gateway.tokens.issue(name="x", scopes=SCOPES, expires_at=clock.now() + timedelta(seconds=45))

    clock.advance(15)

    assert (await exchange(service, ending.secret)).json()["expires_in"] == 30
    assert (await exchange(service, lent["access_token"])).json()["expires_in"] == 585


async def test_one_grant_holds_what_a_client_exchanged(visitor: Visitor, service: Program) -> None:
    token = await visitor.under.token(*SCOPES)
    for scope in ("ai:chat", "ai:chat", "model:gpt-4", "ai:chat model:gpt-4"):
        assert (await exchange(service, token, scope)).status_code == 200

    tokens = await visitor.under.gateway.store.list_tokens()
    (grant,) = [token for token in tokens if token.id.startswith("grant_")]

    assert (grant.name, grant.beside, grant.scopes) == ("Orders", service.id, ("ai:chat", "model:gpt-4"))
    actions = [record.action for record in await visitor.under.gateway.store.list_audit(target=grant.id)]
    assert actions == ["grant.widen", "grant.add"]


async def test_token_for_another_service_opens_nothing_here(server: Makes) -> None:
    visitor = Visitor(server(audiences=[BILLING]))
    service = await program(visitor)
    token = await visitor.under.token(*SCOPES)

    made = (await exchange(service, token, audience=BILLING)).json()["access_token"]

    assert claims(made)["aud"] == BILLING
    assert await service.opens(made) == 401
    assert (await service.look(made))["active"] is True
    assert (await exchange(service, made)).json()["error"] == "invalid_request"
    assert claims((await exchange(service, token, resource=BILLING)).json()["access_token"])["aud"] == BILLING
    for form in ({"audience": "https://other.example"}, {"audience": BILLING, "resource": BILLING}):
        assert (await exchange(service, token, **form)).json()["error"] == "invalid_target"
    for own in (ISSUER, f"{ISSUER}/"):
        assert claims((await exchange(service, token, resource=own)).json()["access_token"])["aud"] == ISSUER


async def test_service_that_a_token_is_for_exchanges_it(server: Makes) -> None:
    visitor = Visitor(server(audiences=[BILLING]))
    orders, billing = await program(visitor), await program(visitor, name="Billing")
    token = await visitor.under.token(*SCOPES)
    allowed = visitor.under.gateway.config.oauth
    object.__setattr__(allowed, "audiences", (BILLING, billing.id))
    made = (await exchange(orders, token, audience=billing.id)).json()["access_token"]

    reply = await exchange(billing, made)

    assert (await exchange(orders, made)).json()["error"] == "invalid_request"
    assert claims(reply.json()["access_token"])["act"] == {"sub": billing.id, "act": {"sub": orders.id}}


async def test_client_of_a_team_acts_for_that_team_alone(visitor: Visitor, notes: Program) -> None:
    await visitor.under.gateway.people.teams.add(name="red", title="Red")
    blue, red = await program(visitor, team="blue"), await program(visitor, team="red")
    lent = await notes.lent()

    assert (await exchange(blue, lent["access_token"])).status_code == 200
    assert (await exchange(red, lent["access_token"])).json()["error"] == "invalid_request"


async def test_what_is_no_live_token_of_ours_is_not_exchanged(
    visitor: Visitor, notes: Program, service: Program
) -> None:
    gateway = visitor.under.gateway
    revoked = await gateway.tokens.issue(name="x", scopes=SCOPES)
    await gateway.tokens.revoke(revoked.token.id)
    canary = await gateway.tokens.issue(name="x", scopes=SCOPES, canary=True)
    lent = await notes.lent()
    forged = lent["access_token"][:-3] + "AAA"

    for shown in ("", "nonsense é", revoked.secret, canary.secret, forged, lent["refresh_token"], service.secret):
        reply = await exchange(service, shown)
        assert (shown, reply.json()["error"]) == (shown, "invalid_request")


async def test_kinds_that_are_not_issued_are_refused(visitor: Visitor, service: Program) -> None:
    token = await visitor.under.token(*SCOPES)
    refresh = ACCESS_TOKEN.replace("access", "refresh")
    for form in (
        {"subject_token_type": refresh},
        {"subject_token_type": ""},
        {"requested_token_type": refresh},
        {"actor_token": token},
        {"actor_token_type": ACCESS_TOKEN},
    ):
        assert (await exchange(service, token, **form)).json()["error"] == "invalid_request"
    jwt = ACCESS_TOKEN.replace("access_token", "jwt")
    assert (await exchange(service, token, requested_token_type=jwt)).status_code == 200


async def test_grant_that_was_switched_off_is_not_made_anew(visitor: Visitor, service: Program) -> None:
    gateway, token = visitor.under.gateway, await visitor.under.token(*SCOPES)
    await exchange(service, token)
    (grant,) = [one for one in await gateway.store.list_tokens() if one.id.startswith("grant_")]

    await gateway.tokens.disable(grant.id)

    assert (await exchange(service, token)).json()["error"] == "invalid_request"


async def test_tokens_stand_below_each_other_so_deep_and_no_deeper(visitor: Visitor, service: Program) -> None:
    gateway = visitor.under.gateway
    issued = await gateway.tokens.issue(name="x", scopes=SCOPES)
    found = []
    for number in range(MOST_ABOVE - 1):
        minter = await gateway.store.find_holder(issued.token.id)
        issued = await gateway.tokens.issue(name="x", scopes=(*SCOPES, f"model:{number}"), minter=minter)
        found.append((await exchange(service, issued.secret)).status_code)

    assert found == [200] * (MOST_ABOVE - 2) + [400]  # the client stands above the grant too


async def test_client_exchanges_what_it_got_so_often_and_no_oftener(visitor: Visitor, service: Program) -> None:
    shown, replies = await visitor.under.token(*SCOPES), []

    while not replies or (replies[-1].status_code == 200 and len(replies) <= MOST_ABOVE):
        replies.append(await exchange(service, shown))
        shown = replies[-1].json().get("access_token", "")

    assert [reply.status_code for reply in replies] == [200] * 6 + [400]  # token, client, and a grant each time


async def test_token_is_exchanged_only_where_it_opens(server: Makes) -> None:
    visitor = Visitor(server(audiences=[BILLING]))
    service, tokens = await program(visitor), visitor.under.gateway.tokens
    here, elsewhere = [
        (await tokens.issue(name="x", scopes=SCOPES, conditions=Conditions(networks=(network,)))).secret
        for network in ("127.0.0.0/8", "10.0.0.0/8")
    ]

    assert (await exchange(service, here, audience=BILLING)).status_code == 200
    refused = await exchange(service, elsewhere, audience=BILLING)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_what_a_client_gets_for_itself_is_never_about_its_owner(visitor: Visitor, service: Program) -> None:
    owned = await program(visitor, owner="ada")
    own = (await owned.own("ai:chat")).json()["access_token"]

    exchanged = (await exchange(service, own)).json()["access_token"]

    assert claims(own)["sub"] == claims(exchanged)["sub"] == owned.id
    assert (await owned.look(own))["sub"] == (await service.look(exchanged))["sub"] == owned.id


async def test_store_that_is_away_is_said_to_be(visitor: Visitor, service: Program) -> None:
    token = await visitor.under.token(*SCOPES)
    find = visitor.under.gateway.grants.about

    async def about(secret: bytes) -> Any:
        found = await find(secret)
        await visitor.under.gateway.store.close()
        return found

    visitor.under.gateway.grants.about = about  # type: ignore[method-assign]  # the store goes away in between

    assert (await exchange(service, token)).status_code == 503


async def test_client_proves_itself_to_exchange(visitor: Visitor) -> None:
    public = await program(visitor, auth_method=AuthMethod.NONE, grants=(GrantType.DEVICE_CODE,), redirect_uris=())

    reply = await exchange(public, await visitor.under.token(*SCOPES))

    assert reply.json()["error"] == "unauthorized_client"
