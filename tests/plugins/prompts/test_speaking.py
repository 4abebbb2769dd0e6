import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
import pytest
from tests.plugins.prompts.speaking import COST, JSON_OUT, USAGE, Models, Says, defined, said, words

from tollbridge import BadRequest, Call, GatewayError, NotFound, RateLimited, Unavailable, UpstreamError
from tollbridge.administering import open_call
from tollbridge.formats import AnyEvent, Begin, Ping, Request, Role, Text, fold
from tollbridge.services.kinds import Left
from tollbridge.testing import FixedClock
from tollbridge_prompts.asking import Answered, Paid
from tollbridge_prompts.prompt import Prompt
from tollbridge_prompts.speaking import AHEAD, Speaking

CLOCK = FixedClock()


def call() -> Call:
    return open_call({"type": "http", "path": "/", "headers": []}, CLOCK)


def asked(text: str = "x", **members: Any) -> Request:
    return Request(origin="openai", model="api/it", messages=(said(Role.USER, text),), **members)


def speaking(models: Any, keep_alive_s: float = 0.0, **members: Any) -> Speaking:
    return Speaking(Prompt(defined(**members)), "it", lambda call: models, CLOCK, keep_alive_s=keep_alive_s)


async def streamed(models: Any, **members: Any) -> list[Any]:
    return [event async for event in speaking(models, **members).stream(call(), asked(stream=True))]


def kinds(events: list[AnyEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


async def test_whole_answer_is_that_of_the_model_and_says_what_it_cost() -> None:
    models = Models().says("{}", '```\n{"label":"good"}\n```')
    outer = call()

    answer = await speaking(models, output=JSON_OUT).respond(outer, asked())

    assert answer.cost == 2 * COST
    assert (answer.response.model, answer.response.id) == ("api/it", outer.id)
    assert answer.response.created == int(CLOCK.time())
    assert answer.response.usage is not None
    assert answer.response.usage.input == 2 * USAGE.input
    assert words(models.asked[0])[0][1] == "x"
    assert models.asked[0].model == "small"


async def test_json_is_given_as_the_json_alone() -> None:
    answer = await speaking(Models().says('Here: \n```json\n{"label": "good"}\n```'), output=JSON_OUT).respond(
        call(), asked()
    )

    assert answer.response.choices[0].parts == (Text(text='{"label":"good"}'),)


async def test_what_does_not_fit_is_refused_before_anything_is_asked() -> None:
    models = Models()

    with pytest.raises(BadRequest):
        await speaking(models).respond(call(), asked("a" * 1001))
    with pytest.raises(BadRequest):
        [event async for event in speaking(models).stream(call(), asked("a" * 1001))]

    assert models.asked == []


async def test_text_streams_as_it_comes() -> None:
    events = await streamed(Models().says(Says(pieces=[" a", " b ", " "], pings=1)))

    assert kinds(events) == [
        *("Begin", "Ping", "PartBegin", "Delta", "Delta", "PartEnd", "ChoiceEnd", "UsageSeen", "End")
    ]
    response = fold(events)
    assert response.choices[0].parts == (Text(text="a b"),)
    assert (response.model, response.usage) == ("api/it", USAGE)


async def test_json_comes_as_a_whole_once_it_fits() -> None:
    events = await streamed(Models().says(Says(pieces=['{"a', '"}']), '{"label": "bad"}'), output=JSON_OUT)

    assert kinds([event for event in events if not isinstance(event, Ping)]) == [
        *("Begin", "PartBegin", "Delta", "PartEnd", "ChoiceEnd", "UsageSeen", "End")
    ]
    assert isinstance(events[0], Begin)
    assert fold(events).choices[0].parts == (Text(text='{"label":"bad"}'),)


async def test_empty_text_is_asked_again_unseen() -> None:
    events = await streamed(Models().says("  ", "a"))

    assert fold(events).choices[0].parts == (Text(text="a"),)


async def test_fields_that_the_model_lost_are_told_with_the_answer() -> None:
    models = Models().says(Says("a", dropped=("top_k",)), Says("a", dropped=("top_k",)))

    whole = await speaking(models).respond(call(), asked())
    events = await streamed(models)

    assert whole.dropped == ("top_k",)
    assert [event for event in events if isinstance(event, Left)] == [Left(("top_k",))]
    assert kinds(events)[-2:] == ["UsageSeen", "End"]


@pytest.mark.parametrize("output", [{}, {"type": "json"}])
async def test_caller_sees_that_the_model_is_at_it_while_nothing_may_be_passed_on(output: Any) -> None:
    models = Mumbling()
    events = speaking(models, keep_alive_s=0.001, output=output).stream(call(), asked())

    seen = [await anext(events) for _ in range(3)]
    models.speaks.set()
    rest = [event async for event in events]

    assert kinds(seen) == ["Begin", "Ping", "Ping"]
    assert kinds([event for event in rest if not isinstance(event, Ping)])[-1] == "End"


class Mumbling(Models):
    """A model that says blanks alone, which are held back, before it is told to say something."""

    def __init__(self) -> None:
        super().__init__()
        self.speaks = asyncio.Event()

    async def stream(self, request: Request) -> AsyncGenerator[AnyEvent | Paid, None]:
        begin, part, delta, *rest = [event async for event in Models().says(Says("1")).stream(request)]
        for event in (begin, part, msgspec.structs.replace(delta, text=" ")):  # type: ignore[type-var]
            yield event
        await self.speaks.wait()
        for event in (delta, *rest):
            yield event


@pytest.mark.parametrize("error", [RateLimited("slow"), Unavailable("down")])
async def test_refusal_is_raised_before_any_event(error: GatewayError) -> None:
    events = speaking(Models().says(error)).stream(call(), asked())

    with pytest.raises(GatewayError) as caught:
        await anext(events)
    assert caught.value is error


async def test_model_that_is_not_offered_is_no_matter_of_the_caller() -> None:
    with pytest.raises(UpstreamError) as caught:
        await speaking(Models().says(NotFound("none"))).respond(call(), asked())

    assert caught.value.code == "model_unavailable"


async def test_fault_is_raised_as_it_is() -> None:
    with pytest.raises(IndexError):
        await streamed(Models())  # which has nothing to say


class Endless:
    """A model that never stops; `said` counts its words."""

    def __init__(self) -> None:
        self.said = 0
        self.closed = False

    async def ask(self, request: Request) -> Answered:
        raise NotImplementedError

    async def stream(self, request: Request) -> AsyncGenerator[AnyEvent | Paid, None]:
        (models,) = [Models().says("a")]
        try:
            events = [event async for event in models.stream(request)]
            yield events[0]
            yield events[1]
            while True:
                self.said += 1
                yield events[2]
        finally:
            self.closed = True


async def test_stream_that_nobody_takes_waits_and_ends_with_who_leaves() -> None:
    models = Endless()
    events = speaking(models).stream(call(), asked())
    taken = [await anext(events) for _ in range(3)]
    for _ in range(AHEAD * 4):
        await asyncio.sleep(0)

    assert kinds(taken) == ["Begin", "PartBegin", "Delta"]
    assert models.said <= AHEAD + 3
    await events.aclose()
    assert models.closed
