"""A revoked token is refused on every connection of every worker, from the moment the revocation returns."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest
from tests.live.looking import chat, held
from tests.support.lending import Lending, administered, lend
from tests.support.live import LiveGateway, mock_config
from tests.support.postgres import PostgresServer
from tests.support.requires import requires
from tests.support.waiting import until

from tollbridge.cli.offline import Offline
from tollbridge.gateway import Gateway
from tollbridge.testing.upstream import ScriptedUpstream

WORKERS = 4
CONNECTIONS = 200
MOST_CONNECTIONS = 400
LEAST_HELD = 10
BEFORE = 2_000
AFTER_EACH = 12
BODY = json.dumps(chat()).encode()


@dataclass(slots=True)
class Load:
    """Callers in a loop, each on a connection of its own; `seen` are the start and the status of every request.

    Every other request calls a model. A caller ends after `AFTER_EACH` requests begun after `revoked_at`.
    """

    port: int
    token: str
    revoked_at: float = float("inf")
    seen: list[tuple[float, int]] = field(default_factory=list)
    served_calls: int = 0
    callers: list[asyncio.Task[None]] = field(default_factory=list)

    def join(self) -> None:
        self.callers.append(asyncio.create_task(self._call()))

    async def _call(self) -> None:
        head = f"Host: h\r\nAuthorization: Bearer {self.token}\r\n"
        look = f"GET /v1/models HTTP/1.1\r\n{head}\r\n".encode()
        call = f"POST /v1/chat/completions HTTP/1.1\r\n{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        after = 0
        for request in itertools.cycle((look, call)):
            begun = time.monotonic()
            writer.write(request)
            status = await _status(reader)
            self.seen.append((begun, status))
            self.served_calls += request is call and status == 200
            after += begun > self.revoked_at
            if after == AFTER_EACH:
                break
        writer.close()
        await writer.wait_closed()


async def _status(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
    return int(head.split(" ", 2)[1])


@asynccontextmanager
async def load(gateway: LiveGateway, token: str) -> AsyncIterator[Load]:
    """Keep at least `CONNECTIONS` callers going, until every worker has `LEAST_HELD` of them."""
    found = Load(gateway.port, token)
    try:
        while len(found.callers) < CONNECTIONS or min(held(gateway), default=0) < LEAST_HELD:
            assert len(found.callers) < MOST_CONNECTIONS, f"the workers hold {held(gateway)} connections"
            for _ in range(8):
                found.join()
            await until(partial(_has_seen, found, len(found.seen) + len(found.callers)), "answers")
        yield found
        await asyncio.gather(*found.callers)
    finally:
        for caller in found.callers:
            caller.cancel()
        await asyncio.gather(*found.callers, return_exceptions=True)


def _has_seen(found: Load, count: int) -> bool:
    return len(found.seen) >= count


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=requires("postgres"))])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the configuration of a store."""
    if request.param == "sqlite":
        yield ""
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.make_database()
    yield f'[store]\nurl = "{server.url(name)}"'
    server.drop_database(name)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, store: str) -> Iterator[tuple[LiveGateway, ScriptedUpstream]]:
    folder = tmp_path_factory.mktemp("revocation")
    with (
        ScriptedUpstream.in_thread() as upstream,
        LiveGateway(folder, mock_config(upstream.url, store), workers=WORKERS) as gateway,
    ):
        yield gateway, upstream


def by_the_program(gateway: LiveGateway, token_id: str) -> float:
    gateway.run("token", "revoke", token_id, "--yes")
    return time.monotonic()


def by_a_store(gateway: LiveGateway, token_id: str) -> float:
    async def revoke() -> float:
        async with Offline(gateway.config) as offline:
            assert await offline.tokens.revoke(token_id) is not None
            return time.monotonic()

    return asyncio.run(revoke())


@pytest.mark.parametrize("revoke", [by_the_program, by_a_store])
async def test_every_request_begun_after_a_revocation_is_refused_by_every_worker(
    live: tuple[LiveGateway, ScriptedUpstream], revoke: Callable[[LiveGateway, str], float]
) -> None:
    gateway, upstream = live
    made = await asyncio.to_thread(gateway.token)
    called = len(upstream.requests)

    async with load(gateway, made["token"]) as found:
        assert len(held(gateway)) == WORKERS
        await until(partial(_has_seen, found, BEFORE), "requests before the revocation")
        found.revoked_at = await asyncio.to_thread(revoke, gateway, made["id"])

    check(found)
    # What was answered is all that was called: no refused request reached the model.
    assert len(upstream.requests) - called == found.served_calls


def check(found: Load) -> None:
    """Look for a thousand requests on either side, none of which was served after the revocation."""
    before = [status for begun, status in found.seen if begun <= found.revoked_at]
    after = [status for begun, status in found.seen if begun > found.revoked_at]
    assert before.count(200) >= 1_000
    assert set(before) <= {200, 401}
    assert len(after) >= 1_000
    assert set(after) == {401}


ENDS: dict[str, Callable[[Gateway, Lending], Awaitable[object]]] = {
    "is dropped": lambda gateway, lent: gateway.grants.drop_access(lent.access.encode()),
    "loses its client": lambda gateway, lent: gateway.clients.disable(lent.client),
    "loses its holder": lambda gateway, lent: gateway.tokens.revoke(lent.holder),
}


@pytest.mark.parametrize("end", ENDS)
async def test_every_request_begun_after_the_end_of_an_access_token_is_refused_by_every_worker(
    live: tuple[LiveGateway, ScriptedUpstream], end: str
) -> None:
    gateway, upstream = live
    number = list(ENDS).index(end) + 1

    async with administered(gateway.config) as office:
        lent = await lend(office, number)
        called = len(upstream.requests)
        async with load(gateway, lent.access) as found:
            await until(partial(_has_seen, found, BEFORE), "requests before the end")
            await ENDS[end](office, lent)
            found.revoked_at = time.monotonic()

    check(found)
    assert len(upstream.requests) - called == found.served_calls
