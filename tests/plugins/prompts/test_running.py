import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.plugins.prompts.speaking import COST, JSON_OUT, USAGE, Models, Says, defined, words

from tollbridge import GatewayError, RateLimited, Usage
from tollbridge.formats import (
    AnyEvent,
    Begin,
    ChoiceEnd,
    Delta,
    End,
    PartBegin,
    Reasoning,
    Replaced,
    Request,
    Role,
    Stop,
    Text,
)
from tollbridge_prompts.asking import Answered, Paid, Spent
from tollbridge_prompts.bounds import ANSWER
from tollbridge_prompts.prompt import Prompt
from tollbridge_prompts.refusals import BadAnswer, Declined, TooSlow
from tollbridge_prompts.running import Result, added, run


@dataclass
class Ears:
    """Writes down what is heard."""

    heard: list[Any] = field(default_factory=list)

    async def piece(self, text: str) -> bool:
        self.heard.append(text)
        return True

    async def void(self, wrong: tuple[str, ...]) -> None:
        self.heard.append(wrong)

    async def alive(self) -> None:
        self.heard.append("alive")


async def ran(models: Models, listener: Ears | None = None, **members: Any) -> Result:
    prompt = Prompt(defined(**members))
    return await run(prompt, prompt.conversation.request({"text": "x"}), models, listener)


async def test_answer_that_fits_is_given_with_what_it_took() -> None:
    models = Models().says(" hello ")

    result = await ran(models)

    assert result == Result("hello", "hello", 1, USAGE, COST, Stop.END, "real-small", True)
    assert models.asked[0].stream is None


async def test_wrong_answer_is_asked_again_and_all_is_paid_for() -> None:
    models = Models().says("no", "{}", '{"label": "good"}')

    result = await ran(models, output={**JSON_OUT, "retries": 2})

    assert (result.value, result.attempts, result.cost) == ({"label": "good"}, 3, 3 * COST)
    assert (result.usage.input, result.usage.output) == (300, 30)
    assert not result.is_text
    assert result.text == '{"label":"good"}'
    assert [len(one.messages) for one in models.asked] == [1, 3, 5]
    assert words(models.asked[2])[3] == (Role.ASSISTANT, "{}")


@pytest.mark.parametrize(("retries", "times"), [(0, "once"), (1, "2 times"), (5, "6 times")])
async def test_it_is_asked_no_more_often_than_the_definition_says(retries: int, times: str) -> None:
    models = Models().says(*["{}"] * (retries + 1))

    with pytest.raises(
        BadAnswer, match=f"was asked {times} and its answer does not fit: the property 'label'"
    ) as caught:
        await ran(models, output={**JSON_OUT, "retries": retries})

    assert (caught.value.status, caught.value.code) == (502, "invalid_answer")
    assert len(models.asked) == retries + 1


async def test_cost_that_is_not_known_once_is_not_known_at_all() -> None:
    result = await ran(Models().says(Says("{}", cost=None), '{"label":"bad"}'), output=JSON_OUT)

    assert result.cost is None


@pytest.mark.parametrize("said", [Says(refusal="I cannot"), Says("x", stop=Stop.FILTER), Says("x", stop=Stop.REFUSAL)])
async def test_model_that_declines_is_not_asked_again(said: Says) -> None:
    models = Models().says(said)

    with pytest.raises(Declined) as caught:
        await ran(models)

    assert (caught.value.status, caught.value.code) == (422, "model_declined")
    assert caught.value.spent == Spent(1, USAGE, COST)
    assert len(models.asked) == 1


async def test_refusal_of_the_gateway_goes_on_at_once() -> None:
    error = RateLimited("slow down", retry_after_s=3)

    with pytest.raises(RateLimited) as caught:
        await ran(Models().says("", error))

    assert caught.value is error


async def test_text_that_was_cut_off_is_an_answer_that_says_so() -> None:
    cut, whole = await ran(Models().says(Says("a b", stop=Stop.LENGTH))), await ran(Models().says("a b"))

    assert (cut.stop, cut.cut, whole.cut) == (Stop.LENGTH, True, False)


@pytest.mark.parametrize("listener", [None, Ears()])
async def test_fields_that_any_attempt_lost_are_named_once(listener: Ears | None) -> None:
    models = Models().says(Says("", dropped=("seed", "top_k")), Says("a", dropped=("top_k", "stop")))

    assert (await ran(models, listener)).dropped == ("seed", "top_k", "stop")


class Slow:
    """A model that never answers."""

    async def ask(self, request: Request) -> Answered:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # never comes

    async def stream(self, request: Request) -> AsyncGenerator[AnyEvent | Paid, None]:
        yield Begin(origin="t")
        await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("listener", [None, Ears()])
async def test_time_is_bounded(listener: Ears | None) -> None:
    prompt = Prompt(defined(timeout_s=0.02))

    with pytest.raises(TooSlow, match=r"within 0\.02 s") as caught:
        await run(prompt, prompt.conversation.request({"text": "x"}), Slow(), listener)

    assert caught.value.status == 504


class Failing(Slow):
    async def ask(self, request: Request) -> Answered:
        raise TimeoutError


async def test_timeout_of_somebody_else_is_not_ours() -> None:
    prompt = Prompt(defined())

    with pytest.raises(TimeoutError):
        await run(prompt, prompt.conversation.request({"text": "x"}), Failing())


async def test_pieces_are_heard_as_they_come() -> None:
    ears = Ears()
    models = Models().says(Says(pieces=["a", " ", "b"], pings=2))

    result = await ran(models, ears)

    assert ears.heard == ["alive", "alive", "a", " ", "b"]
    assert (result.value, result.cost, result.usage) == ("a b", COST, USAGE)
    assert models.asked[0].stream is True
    assert models.closed == 1


async def test_words_that_do_not_fit_are_said_to_be_void() -> None:
    ears = Ears()

    result = await ran(Models().says("{}", '{"label":"good"}'), ears, output=JSON_OUT)

    assert ears.heard == ["{}", ("the property 'label' is missing",), '{"label":"good"}']
    assert result.cost == 2 * COST


async def test_stream_that_breaks_is_let_go_of() -> None:
    ears = Ears()
    models = Models().says(Says("hello", breaks=GatewayError("broke")))

    with pytest.raises(GatewayError, match="broke"):
        await ran(models, ears)

    assert ears.heard == ["hello"]
    assert models.closed == 1


class Leaving(Ears):
    """Somebody who hears one piece and goes."""

    async def piece(self, text: str) -> None:
        raise ConnectionError


async def test_stream_that_nobody_hears_is_let_go_of_at_once() -> None:
    models = Models().says(Says(pieces=["a", "b"]))

    with pytest.raises(ConnectionError):
        await ran(models, Leaving())

    assert models.closed == 1


@dataclass
class Playing:
    """Gives these events."""

    events: list[AnyEvent]

    async def ask(self, request: Request) -> Answered:
        raise NotImplementedError

    async def stream(self, request: Request) -> AsyncGenerator[AnyEvent | Paid, None]:
        for event in self.events:
            yield event


async def played(*events: AnyEvent) -> tuple[Ears, Result]:
    ears, prompt = Ears(), Prompt(defined())
    whole = [Begin(origin="t"), *events, ChoiceEnd(stop=Stop.END), End()]
    return ears, await run(prompt, prompt.conversation.request({"text": "x"}), Playing(whole), ears)


async def test_only_words_of_the_first_answer_are_heard() -> None:
    ears, result = await played(
        PartBegin(part=Reasoning(), index=0),
        Delta(text="thinking", index=0),
        PartBegin(part=Text(text="a"), index=1),
        PartBegin(part=Text(text="other"), index=1, choice=1),
        Delta(text="other", index=1, choice=1),
        Delta(text="b", index=1),
        Delta(text="lost", index=7),
        Replaced(part=Reasoning(text="again"), index=0),
    )

    assert ears.heard == ["a", "b"]
    assert (result.value, result.cost) == ("ab", None)


async def test_words_that_were_passed_on_cannot_be_taken_back() -> None:
    with pytest.raises(BadAnswer, match="took back"):
        await played(PartBegin(part=Text(text="a"), index=0), Replaced(part=Text(text="b"), index=0))


@pytest.mark.parametrize("part", [Text(text=""), Reasoning()])
async def test_stream_is_bounded_whatever_it_says(part: Text | Reasoning) -> None:
    piece = "a" * (ANSWER // 4)

    with pytest.raises(BadAnswer, match="more than"):
        await played(PartBegin(part=part, index=0), *[Delta(text=piece, index=0)] * 5)


def test_what_was_used_is_added_bucket_by_bucket() -> None:
    assert added(Usage(input=1, output=2), Usage(input=10, cache_read=5, reasoning=3)) == Usage(
        input=11, cache_read=5, output=2, reasoning=3
    )
    assert added(Usage(input=1), None) == Usage(input=1)
