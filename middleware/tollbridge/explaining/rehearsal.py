"""One call on its way through the chain, as far as its last step before anybody is sent anything.

It is driven by the very driver of real calls, through the very layers with their own options; what a call would change
has a stand-in.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Message

from tollbridge.call import Call, open_call
from tollbridge.chain import Link
from tollbridge.errors import GatewayError
from tollbridge.explaining.asked import Asked
from tollbridge.explaining.standins import ADMITTING, Estimating, Known, Looking, Uncounted, Voices
from tollbridge.explaining.words import Decided
from tollbridge.layers.abreast import Abreast
from tollbridge.layers.authenticate import Authenticate
from tollbridge.layers.driver import Driver, Steps
from tollbridge.layers.layer import Layer, Plan
from tollbridge.layers.limit import Limit
from tollbridge.layers.meter import Meter
from tollbridge.layers.observe import Observe
from tollbridge.layers.policies import Policies
from tollbridge.layers.vouch import Vouch
from tollbridge.runtime import Parts, dispatch_of, links_of, measured
from tollbridge.tokens.model import Principal

PLUGIN = "plugin"
DISPATCH = "dispatch"


class Rehearsal:
    """A chain for one call.  `live` are layers of plugins as they serve: one of them keeps what it knows.

    `decided` is what each layer made of the call once it was run, in the chain's order, the end of the chain last;
    `within` are the policies that a service and a plan bring along.
    """

    def __init__(self, parts: Parts, app: ASGIApp | None, principal: Principal | None, live: dict[str, Layer]) -> None:
        self.limiter = Looking(parts.limiter)
        self.ledger = Estimating(parts.store)
        self.policies, self.plugins, self.within = (Voices(parts.config.plugins.timeout_s) for _ in range(3))
        self.dispatch = dispatch_of(parts, app)
        self._stand_ins = self._options(parts, principal)
        links = links_of(parts, app)
        self.origins = {link.name: link.origin for link in links} | {DISPATCH: "tollbridge"}
        self.layers = {link.name: self._made(link, live) for link in links}
        self.plan = measured(Plan(list(self.layers.values()), self.dispatch, parts.clock), parts.config)
        self._clock = parts.clock
        self._phases = {name: phases for name in self.layers if (phases := self._asked(name)) is not None}
        self.decided = dict.fromkeys(self.origins, Decided.NOT_REACHED)
        self.error: GatewayError | None = None

    def _options(self, parts: Parts, principal: Principal | None) -> dict[type[Layer], dict[str, Any]]:
        """Give the options that stand in place of a layer's own."""
        policies = [(name, self.policies.stand_in(name, policy)) for name, policy in parts.policies]
        return {
            Observe: {"entered": _nothing},
            Authenticate: {
                "tokens": Known(principal),
                "sources": (),
                "alarm": None,
                "throttle": Uncounted(parts.throttle),
            },
            Limit: {"limiter": self.limiter},
            Meter: {"ledger": self.ledger},
            Policies: {"policies": [pair for pair in policies if pair[1] is not None], "failed": None},
        }

    def _made(self, link: Link, live: dict[str, Layer]) -> Layer:
        if link.name in live:
            return live[link.name]
        return link.layer(self.dispatch, **{**link.options, **self._stand_ins.get(link.layer, {})})

    def _asked(self, name: str) -> dict[str, Callable[[Call], Any]] | None:
        """Give the phases that stand in place of a layer's own; None where its own are run."""
        layer = self.layers[name]
        if isinstance(layer, Vouch):
            return {}  # it signs, and lets everybody pass
        if self.origins[name] != PLUGIN:
            return None
        own = [phase for phase in ADMITTING if getattr(type(layer), phase) is not getattr(Layer, phase)]
        return dict(self.plugins.asked(name, layer, own)) if own else {}

    async def run(self, asked: Asked) -> Call:
        """Take the call as far as it comes; gives what is known of it then, with `error` set where it was refused."""
        scope = asked.scope
        call = open_call(scope, self._clock)
        scope["tollbridge"] = call
        driver = _Driver(self, call, partial(_receive, asked.body))
        try:
            await driver.admit()
            for name, decided in self.decided.items():
                self.decided[name] = Decided.PASSES if decided is Decided.NOT_REACHED else decided
            self.decided[DISPATCH] = Decided.REFUSES
            await self.dispatch.rehearse(call)
            await self._within(call)
            self.decided[DISPATCH] = Decided.PASSES
        except GatewayError as exc:
            self._refused(exc)
        except Exception as exc:
            self._refused(driver.note(exc))
        return call

    async def _within(self, call: Call) -> None:
        """Ask the policies that the service and the plan of a call bring along."""
        guarded = None if call.entered is None else call.entered.guarded()
        if guarded is None:
            return
        asked = [(name, self.within.stand_in(name, policy)) for name, policy in guarded.policies]
        layer = Policies(self.dispatch, policies=[pair for pair in asked if pair[1] is not None])
        for phase in (layer.head, layer.body):
            await phase(call)

    def _refused(self, error: GatewayError) -> None:
        """Keep the refusal; what stands inside the layer that refused had no say in the end."""
        self.error, passed = error, True
        for name, decided in self.decided.items():
            if not passed:
                self.decided[name] = Decided.NOT_REACHED
            passed = passed and decided is not Decided.REFUSES

    async def step(self, layer: Layer, step: Callable[[Call], Awaitable[None] | None], call: Call) -> None:
        """Take one phase of one layer; what it raises refuses the call."""
        phases = self._phases.get(layer.name)
        taken = step if phases is None else phases.get(step.__name__)
        self.decided[layer.name] = Decided.REFUSES
        waiting = None if taken is None else taken(call)
        if waiting is not None:
            await waiting
        unasked = self.plugins.decided.get(layer.name) is Decided.NOT_ASKED
        self.decided[layer.name] = Decided.NOT_ASKED if unasked else Decided.PASSES


class _Driver(Driver):
    """Takes the phases one by one, and says which layer refused."""

    __slots__ = ("_rehearsal",)

    def __init__(self, rehearsal: Rehearsal, call: Call, receive: Callable[[], Awaitable[Message]]) -> None:
        super().__init__(rehearsal.plan, call, receive, _send, opened=True)
        self._rehearsal = rehearsal

    async def go_through(self, together: "Abreast[Driver]", steps: Steps) -> None:
        for _, step in steps:
            layer: Any = getattr(step, "__self__", None)
            await self._rehearsal.step(layer, step, self.call)


async def _receive(body: bytes) -> Message:
    return {"type": "http.request", "body": body, "more_body": False}


async def _send(message: Message) -> None:
    """Nobody is told anything."""


def _nothing() -> None:
    pass
