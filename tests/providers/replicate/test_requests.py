"""Requests for predictions: invented, after the schemas that `families` names."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollbridge.errors import BadRequest, Untranslatable
from tollbridge.formats import (
    CacheMark,
    ChoiceMode,
    Citation,
    Envelope,
    Format,
    FormatKind,
    KeyedSeal,
    Media,
    MediaKind,
    Message,
    Notes,
    Opaque,
    Reasoning,
    Refusal,
    Request,
    Role,
    State,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    decode_json,
)
from tollbridge_replicate.codec import PREDICTIONS_CODEC

CODEC = PREDICTIONS_CODEC
LLAMA, GPT, CLAUDE, GEMINI = (
    "meta/meta-llama-3.1-405b-instruct",
    "openai/gpt-5.1",
    "anthropic/claude-4-sonnet",
    "google/gemini-2.5-flash",
)


def notes(*, strict: bool = False) -> Notes:
    return Notes(KeyedSeal(b"k"), strict=strict)


def read(given: Any, **more: Any) -> Request:
    return CODEC.read_request(json.dumps({"input": given, **more}).encode(), Envelope(LLAMA), notes())


def written(request: Request, told: Notes | None = None) -> Any:
    return json.loads(CODEC.write_request(request, told or notes()))


def asked(*messages: Message, model: str = LLAMA, **more: Any) -> Request:
    return Request(origin="other", model=model, messages=messages or (said("Hi"),), **more)


def said(text: str, role: Role = Role.USER) -> Message:
    return Message(role=role, parts=(Text(text=text),))


WHOLE = {
    "prompt": "Hi",
    "system_prompt": "Be brief.",
    "max_tokens": 8,
    "temperature": 0.5,
    "top_p": 0.9,
    "top_k": 40,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.2,
    "seed": 7,
    "stop_sequences": "a,b",
    "min_tokens": 2,
    "prompt_template": None,
}


@pytest.mark.parametrize(
    "given",
    [
        WHOLE,
        {"prompt": "Hi", "max_completion_tokens": 8, "image_input": ["https://e.com/a.png"], "verbosity": "low"},
        {"prompt": "Hi", "reasoning_effort": "low", "messages": [], "image_input": []},
        {
            "prompt": "Hi",
            "image": "data:image/jpeg;base64,AAAA",
            "extended_thinking": True,
            "thinking_budget_tokens": 9,
        },
        {"prompt": "Hi", "system_instruction": "s", "max_output_tokens": 8, "thinking_budget": 0, "images": []},
        {"prompt": "Hi", "thinking_level": "high", "dynamic_thinking": True, "image": "data:;base64,AA"},
        {"prompt": "Hi", "max_tokens": 1, "max_new_tokens": 2, "stop_sequences": "", "system_prompt": ""},
        {"prompt": "", "stop_sequences": None, "extended_thinking": False},
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "Hi"}], "max_tokens": 1},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}], "prompt": "x"},
        {"messages": [{"role": "user", "content": "Hi"}], "prompt": "x", "system_prompt": "y"},
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "tool", "content": "x"}]},
        {"messages": [{"role": "user", "content": ["Hi"]}]},
    ],
)
def test_request_is_written_as_it_was_read(given: dict[str, Any]) -> None:
    body = {"input": given, "stream": True, "webhook": "https://e.com/hook", "version": None}

    assert written(read(given, **{key: body[key] for key in ("stream", "webhook", "version")})) == body


def test_every_input_is_read() -> None:
    request = read(WHOLE)

    assert request.model == LLAMA
    assert [(message.role, message.apart) for message in request.messages] == [(Role.SYSTEM, True), (Role.USER, False)]
    assert (request.max_output, request.top_k, request.seed, request.stop) == (8, 40, 7, ("a", "b"))
    assert request.extras == {"input.min_tokens": 2, "input.prompt_template": None}


def test_images_stand_before_the_prompt() -> None:
    (message,) = read({"prompt": "Hi", "images": ["data:image/png;base64,AA", "https://e.com/a.png"]}).messages

    assert message.parts == (
        Media(kind=MediaKind.IMAGE, data="AA", mime="image/png"),
        Media(kind=MediaKind.IMAGE, url="https://e.com/a.png"),
        Text(text="Hi"),
    )


def test_webhook_and_odd_messages_are_for_replicate_alone() -> None:
    odd = [{"role": "user", "content": ["x"]}]

    assert read({"prompt": "Hi"}, webhook="https://e.com").essential == ("webhook",)
    assert read({"prompt": "Hi", "messages": odd}).essential == ("input.messages",)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": {}}, "input.prompt"),
        ({"input": {"prompt": 1}}, "input.prompt"),
        ({"input": {"prompt": "a", "max_tokens": "x"}}, "input.max_tokens"),
        ({"input": {"prompt": "a", "images": [1]}}, "input.images"),
    ],
)
def test_wrong_field_is_named(body: Any, param: str) -> None:
    with pytest.raises(BadRequest) as refused:
        CODEC.read_request(json.dumps(body).encode(), Envelope(LLAMA), notes())

    assert refused.value.param == param


def test_single_message_is_the_prompt_as_it_is() -> None:
    assert written(asked(said("Hi"))) == {"input": {"prompt": "Hi"}}


def test_what_the_system_says_has_an_input_of_its_own() -> None:
    conversation = (said("One.", Role.SYSTEM), said("Two.", Role.DEVELOPER), said("Hi"))

    assert written(asked(*conversation)) == {"input": {"prompt": "Hi", "system_prompt": "One.\n\nTwo."}}
    assert written(asked(*conversation, model=GEMINI))["input"]["system_instruction"] == "One.\n\nTwo."
    assert written(asked(*conversation, model="deepseek-ai/deepseek-r1")) == {"input": {"prompt": "One.\n\nTwo.\n\nHi"}}


def test_conversation_becomes_a_transcript() -> None:
    conversation = (said("Hi"), said("Hello.", Role.ASSISTANT), said("Who are you?"))

    prompt = written(asked(*conversation))["input"]["prompt"]

    assert prompt == "User: Hi\n\nAssistant: Hello.\n\nUser: Who are you?\n\nAssistant:"


def test_beginning_of_the_answer_ends_the_transcript() -> None:
    prompt = written(asked(said("Hi"), said("He", Role.ASSISTANT)))["input"]["prompt"]

    assert prompt == "User: Hi\n\nAssistant: He"


def test_inputs_have_the_names_of_their_family() -> None:
    picture = Message(
        role=Role.USER, parts=(Text(text="See"), Media(kind=MediaKind.IMAGE, data="AA", mime="image/gif"))
    )
    limits = {"max_output": 9, "temperature": 1}

    assert written(asked(picture, model=GPT, max_output=9))["input"] == {
        "prompt": "See",
        "image_input": ["data:image/gif;base64,AA"],
        "max_completion_tokens": 9,
    }
    assert written(asked(picture, model=CLAUDE, max_output=2000))["input"] == {
        "prompt": "See",
        "image": "data:image/gif;base64,AA",
        "max_tokens": 2000,
    }
    assert written(asked(picture, model=GEMINI, **limits))["input"] == {
        "prompt": "See",
        "images": ["data:image/gif;base64,AA"],
        "max_output_tokens": 9,
        "temperature": 1,
    }


@pytest.mark.parametrize(
    ("model", "thinking", "inputs", "dropped"),
    [
        (GPT, Thinking(effort="low"), {"reasoning_effort": "low"}, ()),
        (GPT, Thinking(budget=100), {}, ("thinking",)),
        (GEMINI, Thinking(budget=0), {"thinking_budget": 0}, ()),
        (GEMINI, Thinking(budget=-1), {}, ("thinking",)),
        (CLAUDE, Thinking(budget=2000), {"extended_thinking": True, "thinking_budget_tokens": 2000}, ()),
        (CLAUDE, Thinking(enabled=False), {"extended_thinking": False}, ()),
        (CLAUDE, Thinking(enabled=True, budget=-1), {"extended_thinking": True}, ()),
        (CLAUDE, Thinking(enabled=True, effort="low"), {"extended_thinking": True}, ("thinking.effort",)),
        (GPT, Thinking(effort="low", budget=9), {"reasoning_effort": "low"}, ("thinking.budget",)),
        (GEMINI, Thinking(budget=9, effort="low"), {"thinking_budget": 9}, ("thinking.effort",)),
        (GEMINI, Thinking(budget=9, summary="auto"), {"thinking_budget": 9}, ("thinking.summary",)),
        (LLAMA, Thinking(effort="high"), {}, ("thinking",)),
    ],
)
def test_thinking_is_asked_for_where_a_family_can(
    model: str, thinking: Thinking, inputs: dict[str, Any], dropped: tuple[str, ...]
) -> None:
    told = notes()

    assert written(asked(model=model, thinking=thinking), told) == {"input": {"prompt": "Hi", **inputs}}
    assert told.dropped == dropped


def test_what_says_the_same_as_silence_is_no_loss() -> None:
    strict = Notes(KeyedSeal(b"k"), strict=True)
    picture = Media(kind=MediaKind.IMAGE, url="https://e.com/a.png", detail="auto")
    message = Message(role=Role.USER, parts=(Text(text="Hi"), picture))
    request = asked(
        message, model=CLAUDE, answers=1, logprobs=False, parallel_tools=True, top_p=1, frequency_penalty=0, store=False
    )

    assert written(request, strict) == {"input": {"prompt": "Hi", "image": "https://e.com/a.png"}}


def test_what_a_prompt_has_no_input_for_is_dropped_by_name() -> None:
    told = notes()
    message = Message(
        role=Role.USER,
        name="ann",
        extras={"x": 1},
        parts=(
            Text(text="Hi", cache=CacheMark(), extras={"y": 1}, citations=(Citation(url="https://e.com"),)),
            Media(kind=MediaKind.IMAGE, url="https://e.com/a.png", detail="low", extras={"z": 1}),
            Media(kind=MediaKind.FILE, text=" there", context="a letter", citations=True),
        ),
    )
    request = asked(
        message,
        Message(role=Role.ASSISTANT, parts=(Reasoning(text="hm", state=State("other", {})), Refusal(text="No."))),
        answers=2,
        logprobs=True,
        top_logprobs=2,
        parallel_tools=False,
        metadata={"a": "b"},
        user="u",
        tier="flex",
        cache_key="c",
        store=True,
        stop=("a,b",),
        choice=ToolChoice(mode=ChoiceMode.NONE),
        tools=(Tool(name="f"),),
        format=Format(kind=FormatKind.TEXT),
        extras={"logit_bias": {}, "nothing": None},
    )

    prompt = written(request, told)["input"]["prompt"]

    assert prompt == "User: Hi there\n\nAssistant: No."
    assert told.dropped == (
        "answers",
        "logprobs",
        "top_logprobs",
        "parallel_tools",
        "metadata",
        "user",
        "tier",
        "cache_key",
        "store",
        "logit_bias",
        "messages[].name",
        "messages[].x",
        "messages[].content[].cache",
        "messages[].content[].y",
        "messages[].content[].citations",
        "messages[].content[].z",
        "messages[].content[].detail",
        "messages[].content[].context",
        "messages[].content[].reasoning",
        "stop",
    )


CALLED = Message(role=Role.ASSISTANT, parts=(ToolCall(id="c", name="f"),))
ANSWERED = Message(role=Role.TOOL, parts=(ToolResult(call_id="c"),))


@pytest.mark.parametrize(
    "request_",
    [
        asked(tools=(Tool(name="f"),)),
        asked(format=Format(kind=FormatKind.JSON)),
        asked(format=Format(kind=FormatKind.SCHEMA, schema={})),
        asked(essential=("previous_response_id",)),
        asked(CALLED),
        asked(ANSWERED),
        asked(Message(role=Role.USER, parts=(Opaque(kind="x", raw={}),))),
        asked(Message(role=Role.USER, parts=(Media(kind=MediaKind.AUDIO, data="AA"),))),
        asked(Message(role=Role.USER, parts=(Media(kind=MediaKind.IMAGE, file_id="f"),))),
        asked(Message(role=Role.USER, parts=(Media(kind=MediaKind.IMAGE, data="AA"),) * 2)),
        asked(
            Message(role=Role.USER, parts=(Media(kind=MediaKind.IMAGE, data="AA"),)), model="deepseek-ai/deepseek-r1"
        ),
    ],
)
def test_what_would_mean_something_else_is_refused(request_: Request) -> None:
    with pytest.raises(Untranslatable):
        written(request_)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
INPUT = st.dictionaries(
    st.sampled_from((*WHOLE, "messages", "images", "image", "thinking_budget", "reasoning_effort", "x")), ANY
).map(lambda given: {"prompt": "Hi", **given})


@settings(max_examples=150)
@given(st.fixed_dictionaries({"input": INPUT}, optional={"webhook": ANY}) | ANY)
def test_any_request_that_is_read_is_written_the_same(body: Any) -> None:
    with suppress(BadRequest):
        text = json.dumps(body).encode()
        request = CODEC.read_request(text, Envelope(LLAMA), notes())

        assert decode_json(CODEC.write_request(request, notes())) == decode_json(text)
