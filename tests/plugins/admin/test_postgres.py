"""The API on PostgreSQL, where several gateways share one store."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.support.postgres import PostgresServer
from tests.support.requires import requires

from tollbridge.testing import FixedClock
from tollbridge.testing.gateway import make_gateway

pytestmark = requires("postgres")

WISH = {"name": "x", "scopes": ["ai:chat"]}


@pytest.fixture
async def admins(
    postgres_server: PostgresServer, postgres_database: str, tmp_path: Path
) -> AsyncIterator[tuple[Admin, Admin]]:
    """Give the same administrator at two gateways."""
    config = {"store": {"url": postgres_server.url(postgres_database)}}
    clock = FixedClock()
    both = [make_gateway(config, data=tmp_path / "data", clock=clock) for _ in range(2)]
    one = await an_admin(both[0])
    await both[1].client()
    yield one, Admin(both[1], one.secret, one.id)
    for under in both:
        await under.close()


async def test_request_with_a_key_is_done_once_whichever_gateway_is_asked(admins: tuple[Admin, Admin]) -> None:
    async with asyncio.timeout(60):
        replies = await asyncio.gather(
            *(admins[number % 2].post("/tokens", WISH, idempotency_key='"k"') for number in range(10))
        )
        again = await admins[1].post("/tokens", WISH, idempotency_key='"k"')

    made = [reply.json() for reply in (*replies, again) if reply.status_code == 201]
    assert {reply.status_code for reply in replies} <= {201, 409}
    assert len({(one["id"], one["token"]) for one in made}) == 1
    assert again.headers["idempotency-replayed"] == "true"
    actions = [record.action for record in await admins[0].records()]
    assert actions == ["token.issue", "token.issue"]


async def test_life_of_a_token_is_the_same_there(admins: tuple[Admin, Admin]) -> None:
    here, there = admins
    made = await here.make(team="blue", budget={"usd": "1.5"}, metadata={"a": "é"})
    path = f"/tokens/{made['id']}"

    changed = (await there.patch(path, {"metadata": {"a": None, "b": "x"}, "team": "red"})).status_code
    assert changed == 422
    tag = (await here.get(path)).headers["etag"]
    assert (await there.patch(path, {"metadata": {"a": None, "b": "x"}}, if_match=tag)).json()["metadata"] == {"b": "x"}
    assert (await here.post(f"{path}/revoke", if_match=tag)).status_code == 412
    assert (await here.post(f"{path}/revoke")).json()["state"] == "revoked"
    assert [token["id"] for token in (await there.get("/tokens?team=blue&state=revoked")).json()["items"]] == [
        made["id"]
    ]
    assert (await there.get("/tokens?q=%25")).json()["items"] == []
    assert (await there.get("/audit/verify")).json()["breaks"] == []
    assert (await here.get("/tokens/report")).status_code == 200


async def test_text_no_database_takes_is_refused_or_kept_as_json(admins: tuple[Admin, Admin]) -> None:
    here, _ = admins

    replies = [
        await here.post("/tokens", {**WISH, **wish})
        for wish in ({"name": "a\0b"}, {"owner": "a\0b"}, {"metadata": {"a": "b\0"}})
    ]

    assert [reply.status_code for reply in replies] == [422, 422, 201]
    assert replies[2].json()["metadata"] == {"a": "b\0"}
    for query in ("/tokens?q=%01", "/tokens?parent=%F0%9F%98%80", "/audit?target=%C3%A9"):
        assert (await here.get(query)).json()["items"] == []
