"""Calls that are taken through the phases together fare as each by itself."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp
from tests.middleware.layers.crossing_support import AsModelCall, Exchange, Ready, hello, http_scope

from tollbridge.call import Call, ResponseHead
from tollbridge.errors import Denied
from tollbridge.layers.layer import Layer


class Mixed(Layer):
    """A layer whose phases wait, fail, refuse or just do as each call's path says: `/1.head.waits,3.feed.fails`."""

    feeds_services = True

    def __init__(self, app: ASGIApp, *, label: str, notes: list[str]) -> None:
        super().__init__(app)
        self.label = label
        self.notes = notes

    def _do(self, call: Call, phase: str) -> Any:
        self.notes.append(f"{call.client} {self.label}.{phase}")
        if f"{self.label}.{phase}.fails" in call.path:
            raise RuntimeError("broken")
        if f"{self.label}.{phase}.refuses" in call.path:
            raise Denied("not today", code="closed")
        return self._wait(call, phase) if f"{self.label}.{phase}.waits" in call.path else None

    async def _wait(self, call: Call, phase: str) -> None:
        await asyncio.sleep(0)
        self.notes.append(f"{call.client} {self.label}.{phase} waited")
        if f"{self.label}.{phase}.waits and refuses" in call.path:
            raise Denied("not today", code="closed")

    def head(self, call: Call) -> Any:
        return self._do(call, "head")

    def body(self, call: Call) -> Any:
        return self._do(call, "body")

    def response_head(self, call: Call, head: ResponseHead) -> Any:
        head.headers.append((b"x-seen", self.label.encode()))
        return self._do(call, "response_head")

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        waiting = self._do(call, "feed")
        if waiting is not None:
            waiting.close()  # this phase cannot wait
        return [chunk + self.label.encode()] if chunk else []


DEEDS = ("", "waits", "fails", "refuses", "waits and refuses")


PHASES = ("head", "body", "response_head", "feed")


PATHS = st.lists(st.tuples(st.sampled_from("123"), st.sampled_from(PHASES), st.sampled_from(DEEDS)), max_size=3).map(
    lambda deeds: "/" + ",".join(".".join(deed) for deed in deeds)
)


async def crossed(
    paths: Sequence[str], *, together: bool, ready: bool = False, model: bool = False
) -> tuple[list[list[Any]], dict[str, list[str]]]:
    """Give what was sent and noted for each request, all of them at once or one after another."""
    notes: list[str] = []
    app: ASGIApp = hello
    for label in "321":
        app = Mixed(app, label=label, notes=notes)
    if model:
        app = AsModelCall(app)
    exchanges = [Ready() if ready else Exchange() for _ in paths]
    running = [
        exchange.run(app, http_scope(path=path, client=(str(number), 1)))
        for number, (exchange, path) in enumerate(zip(exchanges, paths, strict=True))
    ]
    if together:
        await asyncio.gather(*running)
    else:
        for one in running:
            await one
    await asyncio.sleep(0)
    own = {str(number): [note for note in notes if note.startswith(f"{number} ")] for number in range(len(paths))}
    sent = [[(message["type"], message.get("status"), message.get("body")) for message in e.sent] for e in exchanges]
    return sent, own


@given(st.lists(PATHS, min_size=1, max_size=6), st.booleans(), st.booleans())
def test_calls_that_go_abreast_fare_as_each_by_itself(paths: list[str], ready: bool, model: bool) -> None:
    with structlog.testing.capture_logs():
        abreast = asyncio.run(crossed(paths, together=True, ready=ready, model=model))
        assert abreast == asyncio.run(crossed(paths, together=False, model=model))


@pytest.mark.parametrize("waits", ["1.head.waits", "1.response_head.waits", "nothing waits"])
async def test_call_that_is_cancelled_among_others_disturbs_none_of_them(waits: str) -> None:
    notes: list[str] = []
    tasks: list[asyncio.Task[None]] = []

    class Canceller(Mixed):
        """Cancels the first call when it comes to the last."""

        def _do(self, call: Call, phase: str) -> Any:
            if call.client == "3" and phase in ("head", "response_head"):
                tasks[0].cancel()
            return super()._do(call, phase)

    app = Canceller(hello, label="1", notes=notes)
    exchanges = [Exchange() for _ in range(4)]
    tasks += [
        asyncio.create_task(exchange.run(app, http_scope(path=f"/{waits}", client=(str(number), 1))))
        for number, exchange in enumerate(exchanges)
    ]

    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(result) for result in results] == [asyncio.CancelledError, *[type(None)] * 3]
    assert [exchange.body for exchange in exchanges[1:]] == [b"hi1"] * 3
