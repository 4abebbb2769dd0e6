"""A link of the chain: five phases, free of transport, and an ASGI middleware that drives them.

 1. `head`           before the body is read; may refuse
 2. `body`           the whole body of a model call is in `call.body`; None where a body streams to the wrapped app
 3. `response_head`  status and headers, before they are sent; behind an early opening (`call.early`) they are not
 4. `feed`           a chunk of the answer in, chunks out; `b""` says the answer ended; sync and pure
 5. `finish`         exactly once, with how the call ended, for every layer whose `head` was begun
    `wind_up`        the same for what needs no waiting: after every `finish`, for all calls that ended together

Requests pass the layers outside in, answers inside out. A phase refuses by raising a `GatewayError`; whatever else it
raises becomes an `InternalError`, and the call does not cross. The first three may be `async def` or, where they wait
for nothing, plain: a coroutine that never waits costs more than the work in it.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge.call import Call, Outcome, ResponseHead
from tollbridge.clock import Clock, SystemClock
from tollbridge.layers.abreast import Abreast
from tollbridge.layers.answers import take_answers
from tollbridge.layers.crossing import cross
from tollbridge.layers.driver import Driver, admit_all, take_steps, wind_up
from tollbridge.layers.refusal import WriteRefusal, write_refusal

MAX_BODY = 32 * 1024 * 1024
BODY_TIMEOUT_S = 60.0


class Layer:
    """Base of every link.  Give `app` first and options by keyword; keep nothing of a request on `self`.

    `needs` names layers that must stand before this one, `after` the one a plugin's layer is put behind.
    Layers that wrap each other directly are driven together in one pass.
    """

    name: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    after: ClassVar[str] = ""
    feeds_services: bool = False
    """Whether `feed` wants the answers of the wrapped app too, not only those of models."""
    opens_early: bool = False
    """Whether `response_head` also writes a head that is sent before there is an answer, and may see two of a call."""

    def __init__(self, app: ASGIApp, *, clock: Clock | None = None) -> None:
        self.app = app
        self.clock = clock or SystemClock()
        self._plan: Plan | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.carry(scope, receive, send)

    def carry(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Do the same for those who await it at once: a coroutine less on the way of every message."""
        if scope["type"] in ("http", "websocket"):
            return cross(self._plan or self.plan, scope, receive, send)
        return self.app(scope, receive, send)

    @property
    def plan(self) -> "Plan":
        """This layer and those directly inside it, ready to be driven."""
        if self._plan is None:
            layers: list[Layer] = []
            app: ASGIApp = self
            while isinstance(app, Layer):
                layers.append(app)
                app = app.app
            self._plan = Plan(layers, app, self.clock)
        return self._plan

    def head(self, call: Call) -> Awaitable[None] | None:
        """Decide before the body is read."""

    def body(self, call: Call) -> Awaitable[None] | None:
        """Decide with the body at hand."""

    def response_head(self, call: Call, head: ResponseHead) -> Awaitable[None] | None:
        """Look at or change status and headers of the answer."""

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        """Look at or change a chunk of the answer; `[]` holds back."""
        return [chunk] if chunk else []

    async def finish(self, call: Call, outcome: Outcome) -> None:
        """Put things in order after the call."""

    def wind_up(self, call: Call, outcome: Outcome) -> None:
        """Put things in order after the call, without waiting.

        Done layer by layer for all calls that ended in one turn of the event loop: the same work many times over costs
        half of what it costs in between others.
        """


class Plan:
    """A row of layers, outside in, with only the phases each really has, and the app inside them.

    `answers` pairs what looks at the head of an answer with what takes its body; `service_answers` are those for the
    answers of the wrapped app. `early` writes the head of a stream whose provider is silent.
    """

    def __init__(self, layers: list[Layer], app: ASGIApp, clock: Clock) -> None:
        self.layers = tuple(layers)
        self.app = app
        self.clock = clock
        self.max_body = MAX_BODY
        self.body_timeout_s = BODY_TIMEOUT_S
        self.write_refusal: WriteRefusal = write_refusal
        self.depth = len(layers)
        ranked = list(enumerate(layers, 1))
        self.heads = tuple((depth, layer.head) for depth, layer in ranked if _has(layer, "head"))
        self.bodies = tuple((self.depth, layer.body) for layer in layers if _has(layer, "body"))
        self.admitting = Abreast(admit_all(self.heads, self.bodies, self.depth))
        self.reading = Abreast(take_steps(self.bodies, self.depth))
        outward = [layer for layer in reversed(layers) if _has(layer, "response_head") or _has(layer, "feed")]
        self.answers = tuple((_own(layer, "response_head"), _own(layer, "feed")) for layer in outward)
        self.service_answers = tuple(
            (_own(layer, "response_head"), _own(layer, "feed") if layer.feeds_services else None) for layer in outward
        )
        self.early = tuple(layer.response_head for layer in outward if layer.opens_early)
        self.answering = Abreast(take_answers(self.answers))
        self.service_answering = Abreast(take_answers(self.service_answers))
        self.feeds = tuple(feed for _, feed in self.answers if feed is not None)
        self.service_feeds = tuple(feed for _, feed in self.service_answers if feed is not None)
        inside_out = list(reversed(ranked))
        self.finishes = tuple((depth, layer) for depth, layer in inside_out if _has(layer, "finish"))
        self.wind_ups = tuple((depth, layer) for depth, layer in inside_out if _has(layer, "wind_up"))
        self.ended: list[Driver] = []
        self.settling: set[asyncio.Future[None]] = set()

    async def settled(self) -> None:
        """Wait until every call that was cut off has been put in order."""
        while self.settling:
            await asyncio.wait(set(self.settling))
        wind_up(self)


def _has(layer: Layer, phase: str) -> bool:
    return getattr(type(layer), phase) is not getattr(Layer, phase)


def _own(layer: Layer, phase: str) -> Any:
    return getattr(layer, phase) if _has(layer, phase) else None
