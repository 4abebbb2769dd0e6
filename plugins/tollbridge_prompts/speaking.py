"""A prompt API as the model `api/<slug>`: its answers, whole or as they come."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from tollbridge import Call, Clock
from tollbridge.formats import (
    AnyEvent,
    Begin,
    ChoiceEnd,
    Delta,
    End,
    PartBegin,
    PartEnd,
    Ping,
    Request,
    Text,
    UsageSeen,
)
from tollbridge.services.kinds import MODEL, Left, Said
from tollbridge_prompts.asking import Asking
from tollbridge_prompts.asmodel import answered_as_model, asked_as_model
from tollbridge_prompts.conversation import ORIGIN
from tollbridge_prompts.prompt import Prompt
from tollbridge_prompts.pulse import Pulse
from tollbridge_prompts.refusals import BadAnswer
from tollbridge_prompts.running import Result, answered
from tollbridge_prompts.streams import Trimmed

AHEAD = 16
"""Pieces of an answer that wait to be taken before its model has to."""


class Speaking:
    """Answers the callers of one release in the canonical model.

    A stream shows every `keep_alive_s` seconds in which nothing of it came that the model is still at it; 0 for never.
    """

    def __init__(
        self, prompt: Prompt, slug: str, asking: Callable[[Call], Asking], clock: Clock, *, keep_alive_s: float = 0.0
    ) -> None:
        self._prompt = prompt
        self._model = f"{MODEL}{slug}"
        self._asking = asking
        self._clock = clock
        self._keep_alive_s = keep_alive_s

    async def respond(self, call: Call, request: Request) -> Said:
        """Answer as a whole; raises what the gateway and the prompt API refuse with."""
        result = await answered(self._prompt, asked_as_model(self._prompt, request), self._asking(call))
        return Said(answered_as_model(result, call.id, self._model, self._now()), result.cost, result.dropped)

    async def stream(self, call: Call, request: Request) -> AsyncGenerator[AnyEvent | Left, None]:
        """Answer as events: a text as its words come, JSON once it was held against its schema."""
        asked = asked_as_model(self._prompt, request)
        words = _Words(exact=self._prompt.definition.output.exact, passes=not self._prompt.outputs.is_json)
        asking = asyncio.create_task(self._heard(words, asked, call))
        try:
            said, opened = False, False
            async for text in words.taken():
                if not opened:
                    opened = True
                    yield Begin(origin=ORIGIN, id=call.id, model=self._model, created=self._now())
                if not text:
                    yield Ping()
                    continue
                if not said:
                    said = True
                    yield PartBegin(part=Text(text=""), index=0)
                yield Delta(text=text, index=0)
            result = await asking
            if result.dropped:
                yield Left(result.dropped)
            if not opened:
                yield Begin(origin=ORIGIN, id=call.id, model=self._model, created=self._now())
            for event in _ending(result, said=said):
                yield event
        finally:
            asking.cancel()
            await asyncio.wait({asking})
            if not asking.cancelled():
                asking.exception()  # now it was seen, and nobody logs it as lost

    async def _heard(self, words: "_Words", asked: Request, call: Call) -> Result:
        """Ask, and have the words heard as they come; behind the last of them, that it is."""
        try:
            async with Pulse(words, self._keep_alive_s) as heard:
                return await answered(self._prompt, asked, self._asking(call), heard)
        finally:
            words.end()

    def _now(self) -> int:
        return int(self._clock.time())


class _Words:
    """What is heard of an answer, a `Listener`; `passes`: its words go on as they come, and are not taken back.

    Where they do not, or before there are any, it is only seen that the model is still at it.
    """

    def __init__(self, *, exact: bool, passes: bool) -> None:
        self._trimmed = Trimmed(exact=exact)
        self._passes = passes
        self._said = False
        self._room = asyncio.Semaphore(AHEAD)
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()

    async def piece(self, text: str) -> bool:
        said = self._trimmed.take(text) if self._passes else ""
        if said:
            self._said = True
            await self._bring(said)
        return bool(said)

    async def void(self, wrong: tuple[str, ...]) -> None:
        if self._said:
            raise BadAnswer("the model's answer does not fit, and a part of it was passed on already")

    async def alive(self) -> None:
        await self._bring("")

    async def _bring(self, text: str) -> None:
        await self._room.acquire()
        self._waiting.put_nowait(text)

    def end(self) -> None:
        """Say that nothing comes any more."""
        self._waiting.put_nowait(None)

    async def taken(self) -> AsyncGenerator[str, None]:
        """Give the words as they come, and an empty text for a sign of life."""
        while (text := await self._waiting.get()) is not None:
            self._room.release()
            yield text


def _ending(result: Result, *, said: bool) -> list[AnyEvent]:
    """Give the events that end a stream, with the answer in them where no words of it were given."""
    whole = () if said else (PartBegin(part=Text(text=""), index=0), Delta(text=result.text, index=0))
    return [*whole, PartEnd(index=0), ChoiceEnd(stop=result.stop), UsageSeen(usage=result.usage), End()]
