"""The plugin in a gateway."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from tests.plugins.jwt.conftest import INTROSPECT, JWKS, JWT, OPAQUE, issuer
from tests.support.jwts import AUDIENCE, NOW, token

from tollbridge import Call, Principal, ScopeSet, hookimpl
from tollbridge.people.model import TeamChange
from tollbridge.testing.fake import Reply
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import TokenBudget, TokenLimits


async def test_installed_plugin_does_nothing_until_it_is_configured(bridge) -> None:
    gw = bridge()

    assert (await gw.call(token())).status_code == 401
    assert gw.gateway.sources == ()
    assert gw.outside.urls == []


async def test_jwts_are_verified_and_what_is_none_is_asked_about(bridge) -> None:
    gw = bridge(introspection=OPAQUE, jwt=JWT)
    body = {
        "active": True,
        "sub": "bob",
        "aud": AUDIENCE,
        "token_type": "bearer",
        "exp": NOW + 1,
        "scope": "ai:* model:*",
    }
    gw.outside.pages[INTROSPECT] = Reply(body=json.dumps(body).encode())

    statuses = [(await gw.call(shown)).status_code for shown in (token(), "opaque")]

    assert statuses == [200, 200]
    assert [caller.id for caller in gw.callers] == ["jwt:corp:alice", "introspection:sub:bob"]
    assert gw.outside.urls == [JWKS, INTROSPECT]


async def test_team_that_is_here_bounds_callers_who_are_said_to_be_of_it(bridge) -> None:
    gw = bridge(jwt=issuer(team_claim="department"))
    of_red = token(department="red")
    assert (await gw.call(of_red)).status_code == 200  # no team here has this name yet
    teams = gw.gateway.people.teams
    await teams.add(
        "red", scopes=("ai:*", "model:small"), limits=TokenLimits(1), conditions=Conditions(("127.0.0.0/8",))
    )

    bounded = [await gw.call(of_red) for _ in range(2)]
    holder = (await teams.get("red")).holder
    await teams.change("red", TeamChange(limits=TokenLimits(), budget=TokenBudget(1, "total")))
    poor = await gw.call(of_red)
    await teams.change("red", TeamChange(budget=None, scopes=("ai:*", "model:large")))
    narrow = await gw.call(of_red)
    await teams.change("red", TeamChange(conditions=Conditions(("10.0.0.0/8",))))
    elsewhere = await gw.call(of_red)
    await teams.disable("red")
    disabled = await gw.call(of_red)
    await teams.enable("red")
    await teams.end("red")
    ended = await gw.call(of_red)

    assert [reply.status_code for reply in bounded] == [200, 429]
    assert [one.id for one in gw.callers[1].above] == [holder]
    assert (poor.status_code, poor.json()["error"]["code"]) == (429, "insufficient_quota")
    assert [reply.status_code for reply in (narrow, elsewhere, disabled, ended)] == [403, 403, 401, 401]
    assert "the team 'red' of this caller is disabled, or has ended" in disabled.json()["error"]["message"]
    assert (await gw.call(token())).status_code == 200


@dataclass(frozen=True)
class Guest:
    """Somebody else's source."""

    headers: ClassVar[tuple[bytes, ...]] = (b"x-guest",)

    async def identify(self, call: Call) -> Principal | None:
        return Principal("guest", "guest", ScopeSet(("ai:*", "model:*"))) if call.header(b"x-guest") else None


class Guests:
    @hookimpl
    def register_identity_sources(self, register: Callable[[str, type], None]) -> None:
        register("guest", Guest)


async def test_sources_of_others_are_left_alone(bridge) -> None:
    gw = bridge(jwt=JWT, guest={}, plugins=(Guests(),))

    replies = [await gw.call(token()), await gw.call("", headers={"x-guest": "yes"})]

    assert [reply.status_code for reply in replies] == [200, 200]
    assert [caller.id for caller in gw.callers] == ["jwt:corp:alice", "guest:guest"]


async def test_gateway_that_stops_ends_the_fetch_that_runs(bridge) -> None:
    gw = bridge(jwt=JWT)
    await gw.client()
    asked, ended = asyncio.Event(), asyncio.Event()

    async def silent(request: object) -> None:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    gw.outside.send = silent
    waiting = asyncio.create_task(gw.call(token()))
    await asked.wait()

    await gw.gateway.stop()

    assert ended.is_set()
    assert (await waiting).status_code == 503


async def test_caller_of_an_issuer_reaches_the_wrapped_app_by_its_scopes(bridge) -> None:
    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gw = bridge(jwt=JWT, app=app)
    shown = [token(scope=scope).decode() for scope in ("service:app:*", "ai:* model:*")]

    statuses = [(await gw.request("GET", "/mine", token=one)).status_code for one in shown]

    assert statuses == [204, 403]
