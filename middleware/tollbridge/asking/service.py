"""What asks: the links once more, those that stand before a model, and none that asks who calls."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import msgspec

from tollbridge.asking.inside import Heard, InnerCrossing, Listening, Pieces, account_of, never
from tollbridge.asking.model import Account, Answered, Ask
from tollbridge.asking.opening import AskedCall, Opening, open_asked
from tollbridge.call import Call
from tollbridge.formats.events import AnyEvent, End
from tollbridge.layers.layer import Layer, Plan
from tollbridge.layers.limit import Limit
from tollbridge.layers.observe import Observe
from tollbridge.runtime import Parts, limit_link, measured


class Asking:
    """Asks models on the account of whoever made a call.

    What is asked is a call of its own, with an id and a line in the ledger whose `parent` is the outer call's. It is
    limited in tokens, metered, translated and judged by policies as calls from outside are, in their very layers.
    Requests and calls at once were counted with the outer call. No scope is looked for: whoever lets others have the
    answers had it.
    """

    def __init__(self, parts: Parts, chain: Layer) -> None:
        layers, app = chain.plan.layers, chain.plan.app
        limits = limit_link(parts).options
        inner: Sequence[Layer] = (
            *(layer for layer in layers if isinstance(layer, Observe)),
            Opening(app, routes=parts.routes, assume_output=parts.config.budgets.assume_output_tokens),
            Limit(app, **limits, tokens_only=True),
            *_behind_limit(layers),
        )
        self._plan = measured(Plan(list(inner), app, parts.clock), parts.config)

    async def ask(self, outer: Call, ask: Ask) -> Answered:
        """Ask, and wait for the whole answer; raises what the gateway or the provider refuses with.

        Who cancels this has left, as a client may: the provider is not listened to any more, and what was used is
        charged.
        """
        call, heard = self._open(outer, ask, stream=False), Heard()
        await InnerCrossing(self._plan, call, never, heard.send).run(call.native)
        if call.error is not None:
            raise call.error
        return Answered(response=heard.response(), **msgspec.structs.asdict(account_of(call)))

    async def stream(self, outer: Call, ask: Ask) -> AsyncGenerator[AnyEvent | Account, None]:
        """Ask, and give the events of the answer as they come, and behind `End` its account; raises as `ask` does.

        It may raise after some events. Close it to leave early: `contextlib.aclosing` does so whatever happens.
        """
        call, listening = self._open(outer, ask, stream=True), Listening()
        pieces = Pieces(call)
        crossing = InnerCrossing(self._plan, call, never, pieces.send)
        task = asyncio.ensure_future(crossing.run(call.native))
        task.add_done_callback(pieces.end)
        try:
            while (piece := await pieces.take()) is not None:
                for event in listening.hear(piece):
                    yield event
            await task
            listening.check(call.error)
            yield End()
            yield account_of(call)
        finally:
            await _leave(task, crossing)

    async def settled(self) -> None:
        """Wait until every question that was cut off has been put in order."""
        await self._plan.settled()

    def _open(self, outer: Call, ask: Ask, *, stream: bool) -> AskedCall:
        return open_asked(outer, ask, self._plan.clock, stream=stream)


def _behind_limit(layers: Sequence[Layer]) -> Sequence[Layer]:
    """Give what stands inside the limits: the meter, the translation, policies, and what plugins put between."""
    place = next(place for place, layer in enumerate(layers) if isinstance(layer, Limit))
    return layers[place + 1 :]


async def _leave(task: "asyncio.Future[None]", crossing: InnerCrossing) -> None:
    """End a question that nobody waits for any more, and wait until it is settled."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    await asyncio.wait({crossing.settling})
