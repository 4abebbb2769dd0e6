"""What drives a request through the phases of a plan, whatever carries it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from types import coroutine
from typing import TYPE_CHECKING, Any

import structlog
from starlette.types import Message, Receive, Send

from tollbridge.atonce import body_at_once
from tollbridge.call import Call, Outcome
from tollbridge.errors import (
    BodyTooLarge,
    GatewayError,
    InternalError,
    RequestTimeout,
    UpstreamError,
    UpstreamTruncated,
)
from tollbridge.faults import told
from tollbridge.layers.abreast import Abreast

if TYPE_CHECKING:
    from tollbridge.layers.layer import Plan

Steps = Sequence[tuple[int, Callable[[Call], Awaitable[None] | None]]]
"""Phases of layers with each layer's depth, outside in."""

log = structlog.get_logger("tollbridge")


class ClientGone(Exception):
    """The caller left while its request was being read or answered."""


class Driver:
    """What HTTP and WebSocket have in common: admission, faults, and the one finish.

    `opened`: this driver began the record of the call, and is the one to close it. `read`: the body was here when the
    phases began, and the call was taken through those that judge it too.
    """

    __slots__ = ("_at_hand", "_receive", "_send", "call", "entered", "halted", "opened", "plan", "read", "trouble")

    def __init__(self, plan: "Plan", call: Call, receive: Receive, send: Send, *, opened: bool) -> None:
        self.plan = plan
        self.call = call
        self.entered = 0
        self.opened = opened
        self.read = False
        self.halted: tuple[Steps, int, Awaitable[None]] | None = None
        self.trouble: Exception | None = None
        self._receive = receive
        self._send = send
        self._at_hand = body_at_once(receive)

    async def admit(self) -> None:
        """Run the phases before the app."""
        plan, call = self.plan, self.call
        await self.go_through(plan.admitting, plan.heads)
        if not self.read:
            if self._wants_body():
                call.body = await self.read_body()
            self._check_body()
            if plan.bodies:
                await self.go_through(plan.reading, plan.bodies)
        native = call.native
        if native is not None and native.get("headers") is not call.headers:
            native["headers"] = call.headers

    async def go_through(self, together: "Abreast[Driver]", steps: Steps) -> None:
        """Take the steps, abreast with other calls where there are some; from a step on that waits, alone."""
        begin = 0
        if together.pays():
            await self.keep_pace(together)
            if self.halted is None:
                return
            (steps, place, waiting), self.halted = self.halted, None
            await waiting
            begin = place + 1
        for depth, step in steps[begin:]:
            self.entered = depth
            more = step(self.call)
            if more is not None:
                await more
        self.entered = self.plan.depth

    async def keep_pace(self, together: "Abreast[Any]") -> None:
        """Do abreast with others what they all do; raises what went wrong for this call."""
        try:
            await together.join(self)
        except BaseException:
            if self.halted is not None and isinstance(self.halted[2], Coroutine):
                self.halted[2].close()  # nobody will wait for it
            raise
        if self.trouble is not None:
            raise self.trouble

    def _wants_body(self) -> bool:
        """Whether the layers judge the body: that of a model call, and where it says who calls, once."""
        call, operation = self.call, self.call.operation
        if call.body is not None or call.protocol != "http":
            return False
        return (operation is not None and operation.ai) or call.body_check is not None

    def _check_body(self) -> None:
        """Have the body checked by who asked for that, once, before anything else sees it."""
        call = self.call
        if call.body_check is not None:
            check, call.body_check = call.body_check, None
            check(call.body or b"")

    def take_body(self) -> bool:
        """Have the body, if it is wanted, without waiting; False where it is not all here, or is to be checked."""
        if self.call.body_check is not None:
            return False
        if self._wants_body():
            body = None if self._at_hand is None else self._at_hand(self.plan.max_body)
            if body is None:
                return False
            self.call.body = body
            self.call.bytes_in = len(body)
        self.read = True
        return True

    async def read_body(self) -> bytes:
        """Read the whole body, bounded in bytes and in time."""
        limit = self.plan.max_body
        length = self.call.header(b"content-length")
        if length is not None and int(length) > limit:
            raise BodyTooLarge(f"the body has {int(length)} bytes; at most {limit} are taken")
        message = await self._receive()
        if not message.get("more_body", False) and message["type"] == "http.request":
            body: bytes = message.get("body", b"")
        else:
            body = await self._read_rest(message, limit)
        self.call.bytes_in = len(body)
        if len(body) > limit:
            raise BodyTooLarge(f"the body is over {limit} bytes")
        return body

    async def _read_rest(self, message: Message, limit: int) -> bytes:
        parts, size = [], 0
        try:
            async with asyncio.timeout(self.plan.body_timeout_s):
                while True:
                    if message["type"] == "http.disconnect":
                        raise ClientGone
                    part = message.get("body", b"")
                    size += len(part)
                    if size > limit:
                        raise BodyTooLarge(f"the body is over {limit} bytes")
                    parts.append(part)
                    if not message.get("more_body", False):
                        return b"".join(parts)
                    message = await self._receive()
        except TimeoutError:
            raise RequestTimeout(f"the body was not sent within {self.plan.body_timeout_s:g} s") from None

    def note(self, exc: Exception) -> GatewayError:
        """Turn whatever a phase raised into what the caller may know, and log the rest."""
        if isinstance(exc, GatewayError):
            if exc.detail:
                log.warning("call_failed", call_id=self.call.id, code=exc.code, detail=exc.detail)
            return exc
        log.error("phase_failed", call_id=self.call.id, **told(exc))
        return InternalError("the gateway could not handle this call; its log has the reason under this request's id")

    def finish(self, outcome: Outcome) -> Awaitable[None] | None:
        """Run `finish` of every layer that was entered, once; gives what is to be waited for, if there is anything.

        A server of ours has nothing to do after the call, so it is not kept from going on.
        """
        call, plan = self.call, self.plan
        call.outcome = outcome
        call.duration_s = plan.clock.monotonic() - call.started_s
        if plan.finishes:
            return self._settle(outcome)
        self._end()
        return next_turn() if self._at_hand is None else None

    async def _settle(self, outcome: Outcome) -> None:
        """Let them finish in a task of its own, which no cancellation reaches."""
        plan = self.plan
        settle = asyncio.ensure_future(self._finish(outcome))
        plan.settling.add(settle)
        settle.add_done_callback(plan.settling.discard)
        task = asyncio.current_task()
        if task is None or not task.cancelling():
            await asyncio.shield(settle)

    async def _finish(self, outcome: Outcome) -> None:
        try:
            for depth, layer in self.plan.finishes:
                if depth <= self.entered:
                    try:
                        await layer.finish(self.call, outcome)
                    except Exception as exc:
                        log.error("finish_failed", call_id=self.call.id, layer=layer.name, **told(exc))
        finally:
            self._end()
        await next_turn()

    def _end(self) -> None:
        """Have the call wound up with all others that end in this turn of the event loop."""
        plan = self.plan
        if not plan.ended:
            asyncio.get_running_loop().call_soon(wind_up, plan)
        plan.ended.append(self)


def take_steps(steps: Steps, last: int) -> Callable[[Sequence[Driver]], None]:
    """Give the work that takes each step for all calls before the next; one that waits or raises goes no further.

    `last` is the depth that is reached when all is done.
    """

    def work(drivers: Sequence[Driver]) -> None:
        going = [(driver, driver.call) for driver in drivers]
        for place, (depth, step) in enumerate(steps):
            stopped = False
            for driver, call in going:
                try:
                    waiting = step(call)
                    if waiting is None:
                        continue
                    driver.halted = (steps, place, waiting)
                except Exception as exc:
                    driver.trouble = exc
                driver.entered = depth
                stopped = True
            if stopped:
                going = [pair for pair in going if pair[0].halted is None and pair[0].trouble is None]
        for driver, _ in going:
            driver.entered = last

    return work


def admit_all(heads: Steps, bodies: Steps, last: int) -> Callable[[Sequence[Driver]], None]:
    """Give the work that takes calls past `heads`, and those whose body is here past `bodies` too."""
    first, second = take_steps(heads, last), take_steps(bodies, last)

    def work(drivers: Sequence[Driver]) -> None:
        first(drivers)
        second([one for one in drivers if one.halted is None and one.trouble is None and one.take_body()])

    return work


@coroutine
def next_turn() -> Generator[None, None, None]:
    """Let the event loop do what is due; what was asked of it before is done when this returns."""
    yield


def wind_up(plan: "Plan") -> None:
    """Let the layers put things in order for all calls that have ended."""
    ended, plan.ended = plan.ended, []
    for depth, layer in plan.wind_ups:
        for driver in ended:
            call = driver.call
            if depth <= driver.entered and call.outcome is not None:
                try:
                    layer.wind_up(call, call.outcome)
                except Exception as exc:
                    log.error("finish_failed", call_id=call.id, layer=layer.name, **told(exc))
    for driver in ended:
        if driver.opened:
            driver.call.native = None  # the scope holds the call: a cycle, left to the collector, costs more than this


def failure(exc: Exception) -> Outcome:
    """Say how a call ended that raised."""
    if isinstance(exc, UpstreamTruncated):
        return Outcome.TRUNCATED
    if isinstance(exc, GatewayError) and not isinstance(exc, UpstreamError):
        return Outcome.REFUSED
    return Outcome.UPSTREAM_FAILED
