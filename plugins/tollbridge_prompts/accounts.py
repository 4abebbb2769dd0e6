"""Models asked through the gateway, on the account of whoever made a call."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from tollbridge import Call
from tollbridge.asking import Account, Ask
from tollbridge.asking import Asking as Gate
from tollbridge.formats import AnyEvent, Request
from tollbridge.services.kinds import Running
from tollbridge_prompts.asking import Answered, Asking, Paid

if TYPE_CHECKING:
    from tollbridge import Gateway


class OnAccount:
    """Asks models for one call."""

    def __init__(self, gate: Gate, call: Call) -> None:
        self._gate = gate
        self._call = call

    async def ask(self, request: Request) -> Answered:
        answered = await self._gate.ask(self._call, Ask(model=request.model, request=request))
        return Answered(answered.response, answered.cost, answered.dropped)

    async def stream(self, request: Request) -> AsyncGenerator[AnyEvent | Paid, None]:
        """Ask, and give the events as they come; what it cost comes behind them."""
        async with aclosing(self._gate.stream(self._call, Ask(model=request.model, request=request))) as events:
            async for event in events:
                yield Paid(event.cost, event.dropped) if isinstance(event, Account) else event


def of_gateway(gateway: "Gateway", running: Running) -> Callable[[Call], Asking]:
    """Give what asks for a call; the gateway has it as soon as it serves."""
    return lambda call: OnAccount(gateway.asking, call)
