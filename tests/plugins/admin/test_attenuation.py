"""Whatever a token with `admin:tokens:write` does here, no secret it is given may do what it may not itself (T17)."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.testing import FixedClock, GatewayUnderTest
from tollbridge.testing.gateway import make_gateway
from tollbridge.tokens.scopes import covers

SCOPES = ("ai:*", "ai:chat", "model:*", "model:gpt-*", "service:*", "admin:*", "admin:audit:read", "admin:tokens:read")
PROBES = ("ai:chat", "ai:embeddings", "model:gpt-4o", "model:claude", "service:shop:GET:/", "admin:audit:read")
PROBES += ("admin:teams:write", "admin:tokens:read", "admin:tokens:write")
STRANGERS = (("ai:*", "model:*"), ("admin:*",), ("ai:chat",))

some = st.lists(st.sampled_from((*SCOPES, "admin:tokens:write")), min_size=1, max_size=3, unique=True)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("mint"), some, st.integers(0, 5)),
        st.tuples(st.just("patch"), some, st.integers(0, 5)),
        st.tuples(st.sampled_from(("rotate", "enable", "disable")), some, st.integers(0, 5)),
        st.tuples(st.just("act as"), some, st.integers(0, 5)),
    ),
    max_size=8,
)


async def act(under: GatewayUnderTest, own: Sequence[str], doing: Sequence[tuple[str, list[str], int]]) -> set[str]:
    """Do it all with one token and those it makes, and give the probes that any secret it was given opens."""
    me = await an_admin(under, *own)
    ids = [me.id, *[(await an_admin(under, *scopes)).id for scopes in STRANGERS]]
    mine = [me]
    given: list[str] = [me.secret]
    for what, scopes, number in doing:
        actor, target = mine[number % len(mine)], ids[number % len(ids)]
        match what:
            case "mint":
                reply = await actor.post("/tokens", {"name": "m", "scopes": scopes})
            case "patch":
                reply = await actor.patch(f"/tokens/{target}", {"scopes": scopes})
            case "act as":
                mine = mine[1:] + mine[:1]
                continue
            case _:
                reply = await actor.post(f"/tokens/{target}/{what}")
        assert reply.status_code < 500, reply.text
        made: dict[str, Any] = reply.json()
        if "token" in made:
            given.append(made["token"])
            ids.append(made["id"])
            mine.append(Admin(under, made["token"], made["id"]))
    found = [await under.gateway.tokens.identify(secret.encode()) for secret in given]
    return {probe for one in found if one is not None for probe in PROBES if probe in one.scopes}


@settings(max_examples=25)
@given(own=some.map(lambda scopes: [*scopes, "admin:tokens:write"]), doing=steps)
def test_no_secret_does_more_than_the_token_that_asked_for_it(
    own: list[str], doing: list[tuple[str, list[str], int]]
) -> None:
    async def run() -> set[str]:
        with tempfile.TemporaryDirectory() as folder:
            config = {"logging": {"access": False}}
            under = make_gateway(config, data=Path(folder) / "data", clock=FixedClock())
            try:
                return await act(under, own, doing)
            finally:
                await under.close()

    opened = asyncio.run(run())

    assert opened == {probe for probe in PROBES if any(covers(scope, probe) for scope in own)}
