"""One call of a prompt API: ask, look at the answer, and ask again where it does not fit."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from tollbridge import NotFound, UpstreamError, Usage
from tollbridge.formats import AnyEvent, Delta, Fold, PartBegin, Ping, Replaced, Request, Response, Stop, Text, words_of
from tollbridge_prompts import jsontext
from tollbridge_prompts.asking import Answered, Asking, Paid, Spent
from tollbridge_prompts.bounds import ANSWER, PROBLEMS
from tollbridge_prompts.outputs import stop_of, text_of
from tollbridge_prompts.prompt import Prompt
from tollbridge_prompts.refusals import BadAnswer, Declined, TooSlow

_DECLINED = (Stop.REFUSAL, Stop.FILTER)
_CUT = (Stop.LENGTH, Stop.CONTEXT, Stop.PAUSE)


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave: `value` is the answer, a text or JSON, and `text` the same as a text.

    `usage` and `cost` are of all attempts together, the cost in nano-dollars and None where that of one is not known.
    `dropped` are fields that a model could not be told, by their canonical names.
    """

    value: Any
    text: str
    attempts: int
    usage: Usage
    cost: int | None
    stop: Stop | None = None
    model: str = ""
    is_text: bool = True
    dropped: tuple[str, ...] = ()

    @property
    def cut(self) -> bool:
        """Whether the model stopped before it had said all."""
        return self.stop in _CUT


class Listener(Protocol):
    """Who hears of an answer while it comes."""

    async def piece(self, text: str) -> bool:
        """Hear the next words; gives whether any were passed on."""
        ...

    async def void(self, wrong: tuple[str, ...]) -> None:
        """Hear that all words so far are void, and why; the model is asked again."""
        ...

    async def alive(self) -> None:
        """Hear that the model is still at it."""
        ...


async def run(prompt: Prompt, request: Request, asking: Asking, listener: Listener | None = None) -> Result:
    """Ask until there is an answer that fits; with a listener, the answer is asked for as a stream.

    Raises `BadAnswer` where none does within the retries of the definition, `Declined` where the model wants to give
    none, `TooSlow` where its time is over, and what the gateway refuses with.
    """
    limit = prompt.definition.timeout_s
    try:
        async with asyncio.timeout(limit) as timer:
            return await _Run(prompt, asking, listener).result(request)
    except TimeoutError:
        if not timer.expired():
            raise
        raise TooSlow(f"there was no answer within {limit:g} s") from None


async def answered(prompt: Prompt, request: Request, asking: Asking, listener: Listener | None = None) -> Result:
    """Do as `run` does, for somebody who called: that its model is not offered is no matter of theirs."""
    try:
        return await run(prompt, request, asking, listener)
    except NotFound as exc:
        raise UpstreamError(
            "the model behind this is not offered now; tell its owner", code="model_unavailable", detail=exc.message
        ) from exc


class _Run:
    """The attempts of one call."""

    def __init__(self, prompt: Prompt, asking: Asking, listener: Listener | None) -> None:
        self._outputs = prompt.outputs
        self._most = prompt.definition.output.retries + 1
        self._asking = asking
        self._listener = listener
        self._usage = Usage()
        self._cost: int | None = 0
        self._dropped: dict[str, None] = {}

    async def result(self, request: Request) -> Result:
        attempt = 1
        while True:
            response = await self._answer(request)
            text, stop = text_of(response), stop_of(response)
            if stop in _DECLINED:
                raise Declined("the model declined to answer this", spent=self._spent(attempt))
            read = self._outputs.read(text, stop)
            if not read.wrong:
                said = jsontext.write(read.value) if self._outputs.is_json else read.value
                is_text = not self._outputs.is_json
                about = (self._usage, self._cost, stop, response.model, is_text, tuple(self._dropped))
                return Result(read.value, said, attempt, *about)
            if attempt >= self._most:
                times = "once" if attempt == 1 else f"{attempt} times"
                raise BadAnswer(
                    f"the model was asked {times} and its answer does not fit: {'; '.join(read.wrong[:PROBLEMS])}",
                    spent=self._spent(attempt),
                )
            if self._listener is not None:
                await self._listener.void(read.wrong)
            request = self._outputs.repair(request, text, read.wrong)
            attempt += 1

    def _spent(self, attempts: int) -> Spent:
        return Spent(attempts, self._usage, self._cost)

    async def _answer(self, request: Request) -> Response:
        listener = self._listener
        answered = await (self._asking.ask(request) if listener is None else self._heard(request, listener))
        self._usage = added(self._usage, answered.response.usage)
        self._cost = None if self._cost is None or answered.cost is None else self._cost + answered.cost
        self._dropped.update(dict.fromkeys(answered.dropped))
        return answered.response

    async def _heard(self, request: Request, listener: Listener) -> Answered:
        """Pass an answer on while it comes, and fold it."""
        folding, words, paid = Fold(), _Words(), Paid(None)
        async with aclosing(self._asking.stream(msgspec.structs.replace(request, stream=True))) as events:
            async for event in events:
                if isinstance(event, Paid):
                    paid = event
                    continue
                folding.add(event)
                if isinstance(event, Ping):
                    await listener.alive()
                elif text := words.of(event):
                    await listener.piece(text)
        return Answered(folding.response(), paid.cost, paid.dropped)


class _Words:
    """Finds the words of the first answer among the events of a stream.  Raises `BadAnswer` for too many."""

    def __init__(self) -> None:
        self._texts: set[int] = set()
        self._length = 0

    def of(self, event: AnyEvent) -> str:
        """Give the words an event adds, empty for none."""
        if isinstance(event, PartBegin) and event.choice == 0 and isinstance(event.part, Text):
            self._texts.add(event.index)
            return self._counted(words_of(event.part))
        if isinstance(event, Delta) and event.choice == 0:
            return self._counted(event.text if event.index in self._texts else "", len(event.text))
        if isinstance(event, Replaced) and event.index in self._texts:
            raise BadAnswer("the provider took back words that were passed on already")
        return ""

    def _counted(self, text: str, length: int = 0) -> str:
        self._length += max(length, len(text))
        if self._length > ANSWER:
            raise BadAnswer(f"the model's answer has more than {ANSWER} characters")
        return text


def added(one: Usage, other: Usage | None) -> Usage:
    """Add what two calls used."""
    if other is None:
        return one
    return Usage(*map(sum, zip(msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True)))
