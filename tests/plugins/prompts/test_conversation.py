from decimal import Decimal
from typing import Any

import pytest
from tests.plugins.prompts.speaking import JSON_OUT, defined, said, words

from tollbridge import BadRequest
from tollbridge.formats import FormatKind, Role, Thinking
from tollbridge_prompts.bounds import RENDERED
from tollbridge_prompts.prompt import Prompt


def test_messages_stand_in_their_order() -> None:
    prompt = Prompt(
        defined(
            system="Speak {{lang}}.",
            examples=[{"user": "Q {{lang}}", "assistant": "A"}, {"user": "Q2", "assistant": "A2"}],
            user="<{{text}}>",
            variables={"text": {"type": "string"}, "lang": {"default": "en"}},
        )
    )

    request = prompt.conversation.request(prompt.inputs.taken({"text": "{{lang}}"}), [said(Role.USER, "before")])

    assert words(request) == [
        (Role.SYSTEM, "Speak en."),
        (Role.USER, "Q en"),
        (Role.ASSISTANT, "A"),
        (Role.USER, "Q2"),
        (Role.ASSISTANT, "A2"),
        (Role.USER, "before"),
        (Role.USER, "<{{lang}}>"),
    ]
    assert request.model == "small"


@pytest.mark.parametrize("system", ["", "  \n", "{{none}}"])
def test_empty_instructions_are_no_message(system: str) -> None:
    prompt = Prompt(defined(system=system, variables={"text": {}, "none": {"required": False}}))

    assert words(prompt.conversation.request({"text": "x"})) == [(Role.USER, "x")]


@pytest.mark.parametrize(
    "value",
    ["{{7*7}}", "{{__import__('os')}}", "{% raw %}", "!!python/object/apply:os.system [id]", "\\{{text}}", "${7*7}"],
)
def test_value_is_asked_as_it_came_and_in_no_other_message(value: str) -> None:
    prompt = Prompt(defined(system="Be kind.", user="a {{text}} b"))

    assert words(prompt.conversation.request({"text": value})) == [
        (Role.SYSTEM, "Be kind."),
        (Role.USER, f"a {value} b"),
    ]


def test_parameters_are_asked_as_they_are_written() -> None:
    parameters = {
        "temperature": 0.2,
        "top_p": 1.0,
        "top_k": 5,
        "max_output": 7,
        "frequency_penalty": -0.5,
        "presence_penalty": 2,
        "seed": 3,
        "stop": ["x"],
        "verbosity": "low",
        "thinking": {"enabled": True, "budget": -1, "effort": "high"},
    }

    request = Prompt(defined(parameters=parameters)).conversation.request({"text": "x"})

    assert (request.temperature, request.top_p, request.top_k) == (Decimal("0.2"), 1, 5)
    assert (request.max_output, request.frequency_penalty, request.presence_penalty) == (7, Decimal("-0.5"), 2)
    assert (request.seed, request.stop, request.verbosity) == (3, ("x",), "low")
    assert request.thinking == Thinking(enabled=True, budget=-1, effort="high")
    assert isinstance(request.top_p, int)


def test_what_is_not_said_is_left_to_the_model() -> None:
    request = Prompt(defined()).conversation.request({"text": "x"})

    assert (request.temperature, request.stop, request.thinking, request.format) == (None, None, None, None)


@pytest.mark.parametrize(("output", "kind"), [(JSON_OUT, FormatKind.SCHEMA), ({"type": "json"}, FormatKind.JSON)])
def test_json_is_asked_for_as_such(output: Any, kind: FormatKind) -> None:
    request = Prompt(defined(output=output)).conversation.request({"text": "x"})

    assert request.format is not None
    assert request.format.kind is kind
    assert request.format.schema == output.get("schema")


def test_value_in_many_places_cannot_blow_a_prompt_up() -> None:
    prompt = Prompt(defined(user="{{text}}" * 1_000, variables={"text": {"type": "string"}}))
    length = RENDERED // 1_000

    assert len(words(prompt.conversation.request({"text": "a" * length}))[0][1]) == length * 1_000
    with pytest.raises(BadRequest, match="at most 2097152 can be asked") as caught:
        prompt.conversation.request({"text": "a" * (length + 1)})
    assert caught.value.status == 413


def test_all_messages_count_for_the_length() -> None:
    half = "a" * 100_000
    prompt = Prompt(defined(system="{{text}}" * 11, user="{{text}}" * 11, variables={"text": {"type": "string"}}))

    with pytest.raises(BadRequest):
        prompt.conversation.request({"text": half})


def test_earlier_turns_are_within_the_bound() -> None:
    conversation = Prompt(defined()).conversation
    turns = [said(Role.USER, "a" * (RENDERED - 2)), said(Role.ASSISTANT, "b")]

    assert len(conversation.request({"text": "x"}, turns).messages) == 3
    with pytest.raises(BadRequest, match="at most 2097152 can be asked") as caught:
        conversation.request({"text": "xy"}, iter(turns))

    assert (caught.value.status, caught.value.code) == (413, "prompt_too_long")
