"""Devices without a browser."""

import asyncio
from collections.abc import Callable

from tests.support.programs import ISSUER, SCOPES, Program, fields, program
from tests.support.visiting import Visitor

from tollbridge.authorizing import AuthMethod, GrantType
from tollbridge.testing import GatewayUnderTest

Makes = Callable[..., GatewayUnderTest]
GRANT = GrantType.DEVICE_CODE.value


async def begin(device: Program, scope: str = "ai:chat model:gpt-4") -> dict[str, str]:
    reply = await device.ask("device_authorization", scope=scope)
    assert reply.status_code == 200, reply.text
    found: dict[str, str] = reply.json()
    return found


async def poll(device: Program, begun: dict[str, str]) -> tuple[int, str]:
    reply = await device.token(GRANT, device_code=begun["device_code"])
    return reply.status_code, reply.json().get("error", "")


async def decide(device: Program, begun: dict[str, str], answer: str = "agree") -> int:
    page = await device.visitor.get(f"/oauth/device?user_code={begun['user_code']}")
    reply = await device.visitor.post("/oauth/device", {**fields(page), "answer": answer})
    return reply.status_code


async def test_device_is_told_what_to_show_and_how_often_to_ask(notes: Program) -> None:
    begun = await begin(notes)

    page = f"{ISSUER}/_tollbridge/oauth/device"
    shown = begun["user_code"]
    assert len(shown) == 9
    assert set(shown[:4] + shown[5:]) <= set("BCDFGHJKLMNPQRSTVWXZ")
    assert {**begun, "device_code": ""} == {
        "device_code": "",
        "user_code": shown,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={shown}",
        "expires_in": 600,
        "interval": 5,
    }


async def test_device_gets_tokens_once_somebody_agreed(notes: Program) -> None:
    begun = await begin(notes)
    assert await poll(notes, begun) == (400, "authorization_pending")

    assert await decide(notes, begun) == 200

    reply = await notes.token(GRANT, device_code=begun["device_code"])
    lent = reply.json()
    assert (reply.status_code, lent["scope"]) == (200, "ai:chat model:gpt-4")
    assert await notes.opens(lent["access_token"]) == 200
    assert (await notes.token("refresh_token", refresh_token=lent["refresh_token"])).status_code == 200
    assert await poll(notes, begun) == (400, "invalid_grant")
    principal = await notes.visitor.under.gateway.tokens.identify(lent["access_token"].encode())
    assert principal is not None
    assert principal.team == "blue"


async def test_of_many_who_ask_with_one_code_one_gets_tokens(notes: Program) -> None:
    begun = await begin(notes)
    await decide(notes, begun)

    seen = await asyncio.gather(*(poll(notes, begun) for _ in range(8)))

    assert sorted(seen) == [(200, ""), *[(400, "invalid_grant")] * 7]


async def test_page_warns_and_says_who_asks_for_what(notes: Program) -> None:
    begun = await begin(notes)

    empty = await notes.visitor.get("/oauth/device")
    page = await notes.visitor.get(f"/oauth/device?user_code={begun['user_code'].lower().replace('-', ' ')}")

    assert 'name="user_code"' in empty.text
    for words in (
        begun["user_code"],
        "Notes",
        "ada@example.com",
        "If somebody sent it to you, say no",
        "use the model gpt-4",
    ):
        assert words in page.text


async def test_device_that_was_denied_is_told_so(notes: Program) -> None:
    begun = await begin(notes)

    assert await decide(notes, begun, "deny") == 200

    assert await poll(notes, begun) == (400, "access_denied")
    assert [token.id for token in await notes.visitor.under.gateway.store.list_tokens()] == [notes.id]


async def test_device_that_asks_too_often_is_slowed_down(notes: Program) -> None:
    begun, clock = await begin(notes), notes.visitor.under.clock
    said = []

    for wait_s in (0, 5, 1, 5, 15):
        clock.advance(wait_s)
        said.append((await poll(notes, begun))[1])

    assert said == ["authorization_pending", "authorization_pending", "slow_down", "slow_down", "authorization_pending"]


async def test_codes_end(notes: Program) -> None:
    begun = await begin(notes)
    notes.visitor.under.clock.advance(600)

    page = await notes.visitor.get(f"/oauth/device?user_code={begun['user_code']}")

    assert (page.status_code, "No device waits" in page.text) == (404, True)
    assert await poll(notes, begun) == (400, "expired_token")


async def test_code_is_of_its_client(visitor: Visitor, notes: Program) -> None:
    other, begun = await program(visitor), await begin(notes)
    await decide(notes, begun)

    assert await poll(other, begun) == (400, "invalid_grant")
    assert await poll(notes, {"device_code": "nonsense"}) == (400, "invalid_grant")
    assert await poll(notes, {"device_code": ""}) == (400, "invalid_request")
    assert await poll(notes, begun) == (200, "")


async def test_public_client_may_be_a_device(visitor: Visitor) -> None:
    device = await program(
        visitor, auth_method=AuthMethod.NONE, grants=(GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN), redirect_uris=()
    )
    begun = await begin(device)
    await decide(device, begun)

    lent = (await device.token(GRANT, device_code=begun["device_code"])).json()

    again = await device.token("refresh_token", refresh_token=lent["refresh_token"])
    assert again.status_code == 200


async def test_public_client_asks_so_often_from_one_address_and_one_that_proves_itself_as_it_likes(
    server: Makes,
) -> None:
    visitor = Visitor(server({"throttle": {"spared": []}}))
    notes = await program(visitor)
    device = await program(visitor, auth_method=AuthMethod.NONE, grants=(GrantType.DEVICE_CODE,), redirect_uris=())
    for _ in range(30):
        await begin(device)

    reply = await device.ask("device_authorization", scope="ai:chat")

    assert (reply.status_code, reply.json()["error"], reply.headers["retry-after"]) == (429, "rate_limit_exceeded", "2")
    await begin(notes)
    visitor.under.clock.advance(2)
    await begin(device)


async def test_device_asks_for_scopes_of_its_client(visitor: Visitor, notes: Program) -> None:
    other = await program(visitor, grants=(GrantType.CLIENT_CREDENTIALS,), redirect_uris=())

    replies = [
        await notes.ask("device_authorization", scope="admin:*"),
        await notes.ask("device_authorization", state="x"),
        await other.ask("device_authorization", scope="ai:chat"),
        await notes.ask("device_authorization", scope="ai:chat", secret="x"),
    ]

    errors = ["invalid_scope", "invalid_scope", "unauthorized_client", "invalid_client"]
    assert [reply.json()["error"] for reply in replies] == errors
    assert "name scopes of this gateway" in replies[1].json()["error_description"]


async def test_person_who_may_not_do_it_themselves_cannot_agree(visitor: Visitor) -> None:
    device = await program(visitor, scopes=(*SCOPES, "admin:tokens:read"))
    begun = await begin(device, "admin:tokens:read")

    page = await visitor.get(f"/oauth/device?user_code={begun['user_code']}")
    forged = {"user_code": begun["user_code"], "who": "", "team": "blue", "answer": "agree"}

    assert "You may not do all of that yourself" in page.text
    assert (await visitor.post("/oauth/device", forged)).status_code == 400
    session = await visitor.under.gateway.sessions.find(visitor.cookies["tollbridge_session"])
    assert session is not None
    assert (await visitor.post("/oauth/device", {**forged, "who": session.id})).status_code == 200
    assert await poll(device, begun) == (400, "access_denied")


async def test_whoever_is_not_signed_in_signs_in_first(notes: Program) -> None:
    begun = await begin(notes)
    page = await notes.visitor.get(f"/oauth/device?user_code={begun['user_code']}")
    notes.visitor.cookies.clear()

    asked = await notes.visitor.get(f"/oauth/device?user_code={begun['user_code']}")
    answered = await notes.visitor.post("/oauth/device", {**fields(page), "answer": "agree"})

    assert asked.headers["location"].startswith("/_tollbridge/sign-in?next=")
    assert answered.headers["location"].startswith("/_tollbridge/sign-in?next=")
    assert await poll(notes, begun) == (400, "authorization_pending")


async def test_grave_scopes_ask_who_it_is_again(visitor: Visitor) -> None:
    admin = await visitor.person("eve", blue="team-admin")
    device = await program(await visitor.sign_in_as(admin), scopes=("admin:tokens:write",))
    begun = await begin(device, "admin:tokens:write")
    path = f"/oauth/device?user_code={begun['user_code']}"
    page = await visitor.get(path)
    visitor.under.clock.advance(16 * 60 - 600 + 599)  # codes last ten minutes, a proof fifteen
    begun = await begin(device, "admin:tokens:write")
    form = {**fields(page), "user_code": begun["user_code"], "answer": "agree"}
    visitor.under.clock.advance(10)

    asked = await visitor.get(f"/oauth/device?user_code={begun['user_code']}")
    answered = await visitor.post("/oauth/device", form)

    for reply in (asked, answered):
        assert reply.headers["location"].startswith("/_tollbridge/sign-in/again?next=")


async def test_nothing_is_agreed_to_for_another_site(notes: Program) -> None:
    begun = await begin(notes)
    page = await notes.visitor.get(f"/oauth/device?user_code={begun['user_code']}")

    for site in ("cross-site", "same-site", None):
        reply = await notes.visitor.post("/oauth/device", {**fields(page), "answer": "agree"}, site=site)
        assert reply.status_code == 403

    assert await poll(notes, begun) == (400, "authorization_pending")


async def test_whoever_guesses_codes_has_to_wait(server: Makes) -> None:
    visitor = Visitor(server({"throttle": {"bad_sign_ins": 3, "spared": []}}))
    notes = await program(await visitor.sign_in_as(await visitor.person(blue="consumer")))
    begun = await begin(notes)
    for guess in ("BBBB-BBBB", "nonsense", "CCCC-CCCC"):
        assert (await visitor.get(f"/oauth/device?user_code={guess}")).status_code == 404

    reply = await visitor.get(f"/oauth/device?user_code={begun['user_code']}")

    assert (reply.status_code, "Too many tries" in reply.text) == (429, True)
    assert 0 < int(reply.headers["retry-after"]) <= 3_600


async def test_device_whose_client_or_grant_was_switched_off_gets_nothing(notes: Program) -> None:
    gateway = notes.visitor.under.gateway
    first = await begin(notes)
    await decide(notes, first)
    (grant,) = [token for token in await gateway.store.list_tokens() if token.id.startswith("grant_")]
    await gateway.tokens.disable(grant.id)
    assert await poll(notes, first) == (400, "invalid_grant")

    second = await begin(notes)
    assert await decide(notes, second) == 200
    assert await poll(notes, second) == (400, "access_denied")

    third = await begin(notes)
    page = await notes.visitor.get(f"/oauth/device?user_code={third['user_code']}")
    await gateway.clients.disable(notes.id)
    for reply in (
        await notes.visitor.get(f"/oauth/device?user_code={third['user_code']}"),
        await notes.visitor.post("/oauth/device", {**fields(page), "answer": "agree"}),
    ):
        assert reply.status_code == 404
