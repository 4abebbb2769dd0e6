from decimal import Decimal
from typing import Any

import pytest
from tests.plugins.prompts.speaking import JSON_OUT, USAGE, defined, said, words

from tollbridge import BadRequest
from tollbridge.formats import (
    CacheMark,
    ChoiceMode,
    Format,
    FormatKind,
    KeyedSeal,
    Media,
    MediaKind,
    Message,
    Notes,
    Request,
    Role,
    Stop,
    Text,
    Thinking,
    Tool,
    ToolChoice,
)
from tollbridge_prompts.asmodel import answered_as_model, asked_as_model, leave_out
from tollbridge_prompts.bounds import BODY
from tollbridge_prompts.prompt import Prompt
from tollbridge_prompts.running import Result

TWO = {"text": {"type": "string"}, "n": {"type": "integer"}}


def asked(*messages: Message | str, definition: Any = None, **members: Any) -> Request:
    whole = tuple(said(Role.USER, one) if isinstance(one, str) else one for one in messages)
    request = Request(origin="openai", model="api/it", messages=whole, **members)
    return asked_as_model(Prompt(definition or defined()), request)


def test_words_are_the_value_of_the_only_text_that_is_required() -> None:
    definition = defined(
        system="S", user="<{{text}}{{n}}>", variables={"text": {"type": "string"}, "n": {"default": 1}}
    )

    request = asked('{"text": "{{n}}"}', definition=definition)

    assert words(request) == [(Role.SYSTEM, "S"), (Role.USER, '<{"text": "{{n}}"}1>')]
    assert request.model == "small"


def test_words_are_an_object_of_variables_else() -> None:
    definition = defined(user="{{text}}:{{n}}", variables=TWO)

    assert words(asked('{"n": 2, "text": "a"}', definition=definition)) == [(Role.USER, "a:2")]


def test_several_parts_of_text_are_one_text() -> None:
    parts = (Text(text="a"), Text(text="b"))

    assert words(asked(Message(role=Role.USER, parts=parts))) == [(Role.USER, "a\nb")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello", r"a JSON object of this model's variables \(text, n\): it is no JSON"),
        ("[1]", r"a JSON object of this model's variables \(text, n\)$"),
        ('{"text": "s3cret"}', "does not fit: /n: it is needed"),
        ('{"text": "s3cret", "n": "s3cret"}', "/n: it must be an integer"),
    ],
)
def test_words_that_do_not_fit_are_refused_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why) as caught:
        asked(text, definition=defined(user="{{text}}{{n}}", variables=TWO))

    assert caught.value.param == "messages"
    assert "s3cret" not in caught.value.message
    assert caught.value.status == 400


def test_value_is_held_against_its_schema() -> None:
    with pytest.raises(BadRequest, match="at most 1000 characters"):
        asked("a" * 1001)


def test_message_is_bounded() -> None:
    with pytest.raises(BadRequest) as caught:
        asked("a" * (BODY + 1))

    assert caught.value.status == 413


SOUND = Message(role=Role.USER, parts=(Media(kind=MediaKind.IMAGE, url="http://x"), Text(text="a")))


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([], "the last message must be the user's"),
        ([said(Role.ASSISTANT, "a")], "the last message must be the user's"),
        ([said(Role.SYSTEM, "obey"), "a"], "instructions of its own"),
        ([said(Role.DEVELOPER, "obey"), "a"], "instructions of its own"),
        (["b", said(Role.ASSISTANT, "c"), "a"], "send no earlier turns"),
        ([SOUND], "takes text alone"),
    ],
)
def test_what_does_not_fit_is_refused_and_not_left_out(messages: Any, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        asked(*messages)


def test_earlier_turns_stand_between_examples_and_the_last_message_where_it_is_a_chat() -> None:
    definition = defined(chat=True, system="S", examples=[{"user": "q", "assistant": "a"}], user="<{{text}}>")
    earlier = [said(Role.USER, "{{text}}"), Message(role=Role.ASSISTANT, parts=(Text(text="two"),), extras={"x": 1})]

    request = asked(*earlier, "three", definition=definition)

    assert [text for _, text in words(request)] == ["S", "q", "a", "{{text}}", "two", "<three>"]
    assert request.messages[4].extras == {}


@pytest.mark.parametrize(
    ("earlier", "why"),
    [
        (said(Role.SYSTEM, "obey"), "instructions of its own"),
        (Message(role=Role.TOOL), "role tool"),
        (SOUND, "text alone"),
    ],
)
def test_chat_takes_turns_of_words_alone(earlier: Message, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        asked(earlier, "a", definition=defined(chat=True))


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"tools": (Tool(name="t"),)}, "tools"),
        ({"choice": ToolChoice(mode=ChoiceMode.REQUIRED)}, "choice"),
        ({"choice": ToolChoice(mode=ChoiceMode.AUTO, names=("t",))}, "choice"),
        ({"format": Format(kind=FormatKind.JSON)}, "format"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"answers": 2}, "answers"),
        ({"essential": ("previous_response_id",)}, "previous_response_id"),
    ],
)
def test_what_a_prompt_cannot_take_is_refused(members: Any, param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        asked("a", **members)

    assert caught.value.param == param


@pytest.mark.parametrize(
    "members",
    [
        {"tools": (), "answers": 1, "logprobs": False},
        {"format": Format(kind=FormatKind.TEXT)},
        {"choice": ToolChoice(mode=ChoiceMode.NONE)},
        {"choice": ToolChoice(mode=ChoiceMode.AUTO)},
    ],
)
def test_what_says_nothing_is_not_refused(members: Any) -> None:
    request = asked("a", **members)

    assert (request.tools, request.choice, request.format) == (None, None, None)


def test_what_has_no_use_is_named() -> None:
    part = Text(text="a", cache=CacheMark(), extras={"y": 1})
    request = Request(
        origin="openai",
        model="api/it",
        messages=(Message(role=Role.USER, parts=(part,), name="me", extras={"x": 1}),),
        temperature=1,
        seed=3,
        top_k=5,
        parallel_tools=False,
        metadata={"a": "b"},
        store=True,
        thinking=Thinking(effort="low", summary="auto", shown=True, extras={"z": 1}),
        extras={"logit_bias": {"1": 2}, "nothing": None},
    )
    notes = Notes(KeyedSeal(b"k" * 32))

    leave_out(Prompt(defined(parameters={"temperature": 0, "seed": 3})), request, notes)

    assert notes.dropped == (
        *("temperature", "parallel_tools", "metadata", "store", "thinking.shown", "thinking.summary", "thinking.z"),
        *("messages[].name", "messages[].x", "messages[].content[].cache", "messages[].content[].y", "logit_bias"),
    )


@pytest.mark.parametrize(
    ("parameters", "members", "dropped"),
    [
        ({"thinking": {"effort": "high"}}, {"thinking": Thinking(effort="low", summary="auto")}, ("thinking",)),
        ({"max_output": 5}, {"max_output": 10}, ()),
        ({"temperature": 1}, {"temperature": 1, "parallel_tools": True, "store": False}, ()),
        ({}, {"thinking": Thinking(effort="low")}, ()),
    ],
)
def test_what_holds_or_is_overruled_is_told_as_such(parameters: Any, members: Any, dropped: tuple[str, ...]) -> None:
    request = Request(origin="openai", model="api/it", messages=(said(Role.USER, "a"),), **members)
    notes = Notes(KeyedSeal(b"k" * 32))

    leave_out(Prompt(defined(parameters=parameters)), request, notes)

    assert notes.dropped == dropped


def test_what_is_not_to_be_stored_is_not() -> None:
    assert [asked("a", store=store).store for store in (False, True, None)] == [False, None, None]


def test_parameters_hold_where_the_definition_leaves_them_open() -> None:
    definition = defined(parameters={"temperature": 0, "stop": ["END"]})

    request = asked(
        "a",
        definition=definition,
        temperature=1,
        top_p=Decimal("0.5"),
        seed=4,
        stop=("x",),
        thinking=Thinking(effort="low", spelling="mine", extras={"y": 1}),
    )

    assert (request.temperature, request.top_p, request.seed, request.stop) == (0, Decimal("0.5"), 4, ("END",))
    assert request.thinking == Thinking(effort="low")


@pytest.mark.parametrize(("own", "wanted", "limit"), [(10, 5, 5), (5, 10, 5), (None, 7, 7), (7, None, 7), (None,) * 3])
def test_lower_limit_of_the_answer_holds(own: Any, wanted: Any, limit: Any) -> None:
    definition = defined(parameters={} if own is None else {"max_output": own})

    assert asked("a", definition=definition, max_output=wanted).max_output == limit


def test_what_only_a_dialect_knows_does_not_go_on() -> None:
    request = asked("a", extras={"logit_bias": {"1": 100}}, spelling=("x",), metadata={"a": "b"}, store=True)

    assert (request.extras, request.spelling, request.metadata, request.store) == ({}, (), None, None)
    assert request.origin != "openai"


def test_callers_own_business_goes_on() -> None:
    request = asked("a", user="me", stream=True, stream_usage=True, tier="flex", cache_key="k")

    assert (request.user, request.stream, request.stream_usage) == ("me", True, True)
    assert (request.tier, request.cache_key) == ("flex", "k")


def test_answer_has_the_form_of_the_definition() -> None:
    request = asked("a", definition=defined(output=JSON_OUT))

    assert request.format is not None


def test_answer_is_that_of_the_model_that_was_called() -> None:
    result = Result({"a": 1}, '{"a":1}', 2, USAGE, 5, Stop.END, "real", False)

    response = answered_as_model(result, "r1", "api/it", 1_700_000_000)

    assert (response.id, response.model, response.created) == ("r1", "api/it", 1_700_000_000)
    assert response.usage == USAGE
    assert response.choices[0].parts == (Text(text='{"a":1}'),)
    assert response.choices[0].stop is Stop.END
