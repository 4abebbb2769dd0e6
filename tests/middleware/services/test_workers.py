"""Two workers on one database: whatever both do to a service, and at once, they serve the same."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.answering import Answering

from tollbridge.errors import GatewayError
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Access, Design, ReleaseState, Service
from tollbridge.testing import GatewayUnderTest
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.gateway import make_gateway

RELEASES = 4
MOVES = ("publish", "beside", "deprecate", "keep", *(move.value for move in Move if move is not Move.PUBLISH))
STEP = st.tuples(st.integers(0, 1), st.sampled_from(MOVES), st.integers(1, RELEASES))
STEPS = st.lists(st.lists(STEP, min_size=1, max_size=3), max_size=12)


async def taken(bridge: GatewayUnderTest, service: Service, move: str, number: int) -> None:
    """Do one thing on a worker; what cannot be done is refused in words, never with a fault."""
    services = bridge.gateway.services
    try:
        if move in ("publish", "beside"):
            await services.publish(service.id, number, beside=move == "beside")
        elif move == "deprecate":
            await services.deprecate(service.id)
        elif move == "keep":
            await services.keep(service.id)
        elif move == "schedule":
            await services.schedule(service.id, number, bridge.clock.now().replace(year=2030))
        else:
            await services.move(service.id, number, Move(move))
    except GatewayError as exc:
        if exc.status != 409:
            raise


async def check_same(workers: list[GatewayUnderTest], service: Service) -> None:
    """Check that what each worker serves is what the store says, and that it hangs together."""
    store = await workers[0].gateway.store.services()
    found = await store.get_service(service.id)
    assert found is not None
    releases = await store.list_releases(service.id)
    live = {one.id for one in releases if one.state is ReleaseState.LIVE}
    assert (found.live in live) == bool(live), "the release that serves who asks for no version is live"
    for worker in workers:
        entry = (await worker.gateway.books.current()).entries.get("weather")
        served = set() if entry is None else {one.release.id for one in entry.versions.values()}
        assert served == (live if found.live else set())
        if entry is not None and entry.live is not None:
            assert entry.live.release.id == found.live
            answer = await worker.request("POST", "/v1/apis/weather")
            assert answer.json()["version"] == entry.live.release.version


async def run(folder: Path, steps: list[list[Any]]) -> None:
    """Do steps on two workers, those of one group at once."""
    clock = FixedClock()
    workers = [make_gateway({}, data=folder, clock=clock, plugins=(Answering(),)) for _ in range(2)]
    for worker in workers:
        await worker.client()
    try:
        draft = Design(name="Weather", access=Access.SCOPE, definition={"text": "rain"})
        service = await workers[0].gateway.services.add("weather", "answering", draft=draft)
        for number in range(1, RELEASES + 1):
            await workers[0].gateway.services.release(service.id, version=str(number))
        for group in steps:
            await asyncio.gather(*(taken(workers[at], service, move, number) for at, move, number in group))
            await check_same(workers, service)
    finally:
        for worker in workers:
            await worker.close()


@given(steps=STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_workers_serve_the_same_whatever_is_done_on_both_at_once(steps: list[list[Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), steps))
