"""All works of one event-loop tick in one transaction, in the order they were asked for, on whatever database.

A commit costs more than the works in it, so they share one, and the next begins when it is done.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

import structlog

from tollbridge.errors import GatewayError, InternalError, Unavailable
from tollbridge.growth import Growth
from tollbridge.stores.files import unavailable

W = TypeVar("W")
"""A work: what one transaction does for one call."""

Outcome = GatewayError | None
Outcomes = list[Outcome]

Waited = tuple[W, "asyncio.Future[None] | None"]
"""A work with what its waiter waits for; None where nobody waits."""

_MOST = 200
"""Works in one transaction; more wait for the next tick, so that the loop is never held for long."""

_TURNS = 8
"""Turns of the event loop that a transaction waits for more to do, for as long as more comes in each."""

PATIENCE_S = 0.005
"""How long a work that nobody waits for may wait for company."""

MOST_KEPT = 100_000
"""Works that nobody waits for and a failing store has not taken yet; some 100 MB.  What comes on top is lost."""

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 10.0
LAST_TRIES_S = 2.0
"""How long closing goes on trying."""

log = structlog.get_logger("tollbridge")


class Ticks(Generic[W]):
    """Group commit.  `do` does some works at once and gives an outcome for each, or a future of that.

    It raises `Unavailable` where the store fails. Whoever waits is told so at once. What was posted is kept, and done
    before anything else in the next transaction that succeeds, tried with each new work and at growing intervals: such
    a work must do nothing the second time. `nothing` is a work that does nothing.
    """

    def __init__(self, do: "Callable[[list[W]], Outcomes | asyncio.Future[Outcomes]]", nothing: W) -> None:
        self._do = do
        self._nothing = nothing
        self._loop = asyncio.get_running_loop()
        self._pending: list[Waited[W]] = []
        self._idle = asyncio.Event()
        self._idle.set()
        self._timer: asyncio.TimerHandle | None = None
        self._retry_s = FIRST_RETRY_S
        self._closed = False
        self._growth = Growth(_TURNS)
        self._last_try = 0.0

    def submit(self, work: W) -> "asyncio.Future[None]":
        """Take a work into this tick's transaction.  It is done whether or not someone still waits for the future.

        The future gets `Unavailable` if the store failed.
        """
        future: asyncio.Future[None] = self._loop.create_future()
        self._take(work, future)
        self._hurry()
        return future

    def post(self, work: W) -> None:
        """Take a work into the next transaction that succeeds; the first begins within `PATIENCE_S`.

        A fault of its own is logged, and so is its loss where more than `MOST_KEPT` wait for a failing store.
        """
        self._take(work, None)
        if self._idle.is_set():
            self._idle.clear()
            self._timer = self._loop.call_later(PATIENCE_S, self._tick)

    async def flush(self) -> None:
        """Wait until everything taken so far is done, or has failed once more."""
        if not self._idle.is_set():
            with suppress(Unavailable):
                await self.submit(self._nothing)

    async def close(self) -> None:
        """Do what is pending, for `LAST_TRIES_S` where the store fails, and take nothing more."""
        self._closed = True
        self._last_try = self._loop.time() + LAST_TRIES_S
        self._retry_s = FIRST_RETRY_S
        if self._pending:
            self._hurry()
        await self._idle.wait()

    def _take(self, work: W, future: "asyncio.Future[None] | None") -> None:
        if self._closed:
            raise unavailable("closed")
        self._pending.append((work, future))

    def _hurry(self) -> None:
        """Begin the next transaction in this tick, unless one is on its way."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        elif not self._idle.is_set():
            return
        self._idle.clear()
        self._loop.call_soon(self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._growth.goes_on(len(self._pending)):
            self._loop.call_soon(self._tick)
            return
        batch, self._pending = self._pending[:_MOST], self._pending[_MOST:]
        try:
            done = self._do([work for work, _ in batch])
        except Unavailable as exc:
            self._fail(batch, exc)
            return
        if isinstance(done, list):
            self._deliver(batch, done)
        else:
            done.add_done_callback(lambda landed: self._land(batch, landed))

    def _land(self, batch: list[Waited[W]], landed: "asyncio.Future[Outcomes]") -> None:
        try:
            outcomes = landed.result()
        except Unavailable as exc:
            self._fail(batch, exc)
        else:
            self._deliver(batch, outcomes)

    def _fail(self, batch: list[Waited[W]], reason: Unavailable) -> None:
        """Tell whoever waits, also behind this batch, and keep the rest for later."""
        failed = batch + self._pending
        kept: list[Waited[W]] = [(work, future) for work, future in failed if future is None]
        for _, future in failed:
            if future is not None and not future.done():
                future.set_exception(type(reason)(reason.message, detail=reason.detail))
        loop = self._loop
        most = 0 if self._closed and loop.time() >= self._last_try else MOST_KEPT
        self._pending = kept[:most]
        if self._pending:
            self._timer = loop.call_later(self._retry_s, self._tick)
            self._retry_s = min(self._retry_s * 2, LONGEST_RETRY_S)
        else:
            self._idle.set()
        log.error("ledger_write_failed", operations=len(failed), kept=len(self._pending), reason=reason.detail)
        if len(kept) > most:
            log.error("settlements_lost", count=len(kept) - most)

    def _deliver(self, batch: list[Waited[W]], outcomes: Outcomes) -> None:
        self._retry_s = FIRST_RETRY_S
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, InternalError):
                log.error("ledger_operation_failed", reason=outcome.detail)
            if future is None or future.done():  # nobody waits, or not any more
                continue
            if outcome is None:
                future.set_result(None)
            else:
                future.set_exception(outcome)
        if self._pending:
            self._loop.call_soon(self._tick)
        else:
            self._idle.set()
