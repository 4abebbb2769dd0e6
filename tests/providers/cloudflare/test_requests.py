"""Requests to run a model: invented, after cloudflare 5.9.0 (`types/ai/ai_run_params.py`) and workers-ai-provider."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.growth import assert_linear

from tollbridge.errors import BadRequest, Untranslatable
from tollbridge.formats import (
    CacheMark,
    ChoiceMode,
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
    Request,
    Role,
    ServerTool,
    State,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tollbridge_cloudflare.codec import RUN_CODEC

CODEC = RUN_CODEC
MODEL = "@cf/meta/llama-3.3-70b-instruct-fp8-fast"


def notes(*, strict: bool = False) -> Notes:
    return Notes(KeyedSeal(b"k"), strict=strict, call_id="call")


def read(body: Any) -> Request:
    return CODEC.read_request(json.dumps(body).encode(), Envelope(MODEL), notes())


def written(request: Request, told: Notes | None = None) -> Any:
    return json.loads(CODEC.write_request(request, told or notes()))


def asked(*messages: Message, **more: Any) -> Request:
    hello = Message(role=Role.USER, parts=(Text(text="Hi"),))
    return Request(origin="other", model=MODEL, messages=messages or (hello,), **more)


def hi(**more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "Hi"}], **more}


FUNCTION = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}
SAME: list[Any] = [
    {"prompt": "Hi", "raw": True, "lora": "my-lora", "stream": False},
    hi(
        max_tokens=9,
        temperature=0.5,
        top_p=1,
        top_k=2,
        seed=3,
        frequency_penalty=0,
        presence_penalty=0.1,
        repetition_penalty=1.1,
        stream=True,
        reasoning_effort="low",
        chat_template_kwargs={"thinking": False},
    ),
    hi(reasoning_effort=None, tools=None, messages_=None),
    hi(tools=[{"type": "function", "function": FUNCTION}, FUNCTION, {"function": FUNCTION}], tool_choice="required"),
    hi(tools=[], tool_choice={"type": "function", "function": {"name": "f"}}),
    hi(tool_choice={"type": "other"}, functions=[{"name": "f", "code": "x"}]),
    hi(response_format={"type": "json_schema", "json_schema": {"type": "object"}}),
    hi(response_format={"type": "json_object", "x": 1}),
    {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": ""},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "See", "x": 1},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}},
                    {"type": "image_url", "image_url": {"url": "https://e.com/a.png"}},
                    {"type": "image_url", "image_url": "https://e.com/a.png"},
                    {"type": "video", "video": {}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "reasoning": "hm",
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{ }"}}],
            },
            {"role": "tool", "tool_call_id": "a", "name": "f", "content": "1"},
        ]
    },
    {
        "messages": [
            {"role": "assistant", "content": "", "tool_calls": [{"name": "f", "arguments": {"a": 1}}]},
            {"role": "tool", "name": "f", "content": [{"type": "text", "text": "1"}]},
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}, "id": "x", "y": 1}]},
            {"role": "tool", "content": "2"},
            {"role": "tool", "content": []},
        ]
    },
]


@pytest.mark.parametrize("body", SAME)
def test_request_is_written_as_it_was_read(body: dict[str, Any]) -> None:
    assert written(read(body)) == body


def test_prompt_is_a_message_of_the_users() -> None:
    (message,) = read({"prompt": "Hi"}).messages

    assert (message.role, message.parts) == (Role.USER, (Text(text="Hi"),))


def test_results_without_ids_belong_to_the_calls_before_them() -> None:
    calls = [{"name": "f", "arguments": {}}, {"name": "g", "arguments": {}}]
    results = [{"role": "tool", "name": "g", "content": "1"}, {"role": "tool", "content": "2"}]

    said, *answered = read({"messages": [{"role": "assistant", "content": "", "tool_calls": calls}, *results]}).messages

    first, second = [part for part in said.parts if isinstance(part, ToolCall)]
    ids = [part.call_id for message in answered for part in message.parts if isinstance(part, ToolResult)]
    assert ids == [second.id, first.id]
    assert first.id != second.id


def test_results_without_ids_find_their_calls_once_each() -> None:
    def reading(count: int) -> Callable[[], object]:
        calls = [{"name": f"f{number}", "arguments": {}} for number in range(count)]
        results: list[Any] = [{"role": "tool", "name": call["name"], "content": ""} for call in reversed(calls)]
        body = {"messages": [{"role": "assistant", "tool_calls": calls}, *results]}

        def work() -> None:
            said, *answered = read(body).messages
            ids = [part.id for part in said.parts if isinstance(part, ToolCall)]
            found = [part.call_id for each in answered for part in each.parts if isinstance(part, ToolResult)]
            assert found == ids[::-1]

        return work

    assert_linear(reading, 400)


def test_result_of_a_name_that_waits_no_more_belongs_to_the_first_that_does() -> None:
    calls = [{"name": name, "arguments": {}, "id": id_} for name, id_ in (("f", "a"), ("g", "b"), ("f", "c"))]
    named: list[Any] = [{"role": "tool", "name": name, "content": ""} for name in ("g", "g", "h", "f", "f")]

    _, *answered = read({"messages": [{"role": "assistant", "tool_calls": calls}, *named]}).messages

    ids = [part.call_id for message in answered for part in message.parts if isinstance(part, ToolResult)]
    assert ids[:3] == ["b", "a", "c"]
    assert len(set(ids)) == 5


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": 1}, "prompt"),
        ({"messages": 1}, "messages"),
        ({"messages": [1]}, "messages[0]"),
        ({"messages": [{"content": "a"}]}, "messages[0].role"),
        ({"messages": [{"role": "wizard"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"text": "a"}]}]}, "messages[0].content[0].type"),
        (hi(tools=[{"type": "function", "function": {}}]), "tools[0].function.name"),
        (hi(response_format={"type": "xml"}), "response_format.type"),
        (hi(max_tokens="1"), "max_tokens"),
    ],
)
def test_wrong_field_is_named(body: Any, param: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read(body)

    assert refused.value.param == param


def test_conversation_with_tools_is_written_as_cloudflare_takes_it() -> None:
    request = asked(
        Message(role=Role.DEVELOPER, parts=(Text(text="Be"), Text(text="brief."))),
        Message(role=Role.USER, parts=(Text(text="Go"),)),
        Message(
            role=Role.ASSISTANT,
            parts=(Reasoning(text="hm"), ToolCall(id="a", name="f"), ToolCall(id="b", name="g", arguments='{"x":1}')),
        ),
        Message(role=Role.TOOL, parts=(ToolResult(call_id="a", content=(Text(text="1"),)), ToolResult(call_id="b"))),
        tools=(Tool(name="f"), Tool(name="g", description="d", schema={"type": "object"})),
        choice=ToolChoice(mode=ChoiceMode.NAMED, names=("f",)),
    )

    assert written(request) == {
        "messages": [
            {"role": "system", "content": "Be\nbrief."},
            {"role": "user", "content": "Go"},
            {
                "role": "assistant",
                "content": "",
                "reasoning": "hm",
                "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                    {"id": "b", "type": "function", "function": {"name": "g", "arguments": '{"x":1}'}},
                ],
            },
            {"role": "tool", "content": "1", "tool_call_id": "a"},
            {"role": "tool", "content": "", "tool_call_id": "b"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "f", "description": "", "parameters": {"type": "object", "properties": {}}},
            },
            {"type": "function", "function": {"name": "g", "description": "d", "parameters": {"type": "object"}}},
        ],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
    }


def test_only_tools_that_are_allowed_are_sent() -> None:
    choice = ToolChoice(mode=ChoiceMode.REQUIRED, names=("g",))

    body = written(asked(tools=(Tool(name="f"), Tool(name="g")), choice=choice))

    assert [tool["function"]["name"] for tool in body["tools"]] == ["g"]
    assert body["tool_choice"] == "required"


@pytest.mark.parametrize(
    ("choice", "dropped"),
    [
        (ToolChoice(mode=ChoiceMode.REQUIRED), ("choice",)),
        (ToolChoice(mode=ChoiceMode.AUTO, names=("ghost",)), ("choice",)),
        (ToolChoice(mode=ChoiceMode.AUTO), ()),
    ],
)
def test_choice_among_no_tools_is_not_sent(choice: ToolChoice, dropped: tuple[str, ...]) -> None:
    told = notes()

    body = written(asked(tools=(Tool(name="f"),) if choice.names else (), choice=choice), told)

    assert body.keys().isdisjoint(("tools", "tool_choice"))
    assert told.dropped == dropped


def test_pictures_are_sent_as_urls() -> None:
    parts = (Text(text="See"), Media(kind=MediaKind.IMAGE, data="AA", mime="image/gif"))

    (message,) = written(asked(Message(role=Role.USER, parts=parts)))["messages"]

    assert message["content"] == [
        {"type": "text", "text": "See"},
        {"type": "image_url", "image_url": {"url": "data:image/gif;base64,AA"}},
    ]


def test_document_of_plain_text_is_said() -> None:
    parts = (Media(kind=MediaKind.FILE, text="The file."), Text(text="Sum it up."))

    (message,) = written(asked(Message(role=Role.USER, parts=parts)))["messages"]

    assert message["content"] == [{"type": "text", "text": "The file."}, {"type": "text", "text": "Sum it up."}]


def test_schema_is_bare_with_its_name_inside() -> None:
    told = notes()
    form = Format(kind=FormatKind.SCHEMA, name="n", description="d", schema={"type": "object"}, strict=True)

    body = written(asked(format=form), told)

    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"title": "n", "description": "d", "type": "object"},
    }
    assert told.dropped == ("format.strict",)
    assert written(asked(format=Format(kind=FormatKind.JSON)))["response_format"] == {"type": "json_object"}
    assert "response_format" not in written(asked(format=Format(kind=FormatKind.TEXT)))


@pytest.mark.parametrize(
    ("thinking", "members", "dropped"),
    [
        (Thinking(effort="medium"), {"reasoning_effort": "medium"}, ()),
        (Thinking(effort="none"), {"reasoning_effort": None}, ()),
        (Thinking(effort="minimal"), {"reasoning_effort": "low"}, ("thinking.effort",)),
        (Thinking(effort="max"), {"reasoning_effort": "high"}, ("thinking.effort",)),
        (Thinking(effort="odd"), {}, ("thinking.effort",)),
        (Thinking(enabled=False), {"reasoning_effort": None}, ()),
        (Thinking(enabled=True), {}, ("thinking.enabled",)),
        (Thinking(budget=0), {"reasoning_effort": None}, ()),
        (Thinking(budget=1000), {"reasoning_effort": "low"}, ("thinking.budget",)),
        (Thinking(budget=5000), {"reasoning_effort": "medium"}, ("thinking.budget",)),
        (Thinking(budget=9000), {"reasoning_effort": "high"}, ("thinking.budget",)),
        (
            Thinking(shown=True, summary="auto", extras={"x": 1}),
            {},
            ("thinking.shown", "thinking.summary", "thinking.x"),
        ),
    ],
)
def test_thinking_is_an_effort(thinking: Thinking, members: dict[str, Any], dropped: tuple[str, ...]) -> None:
    told = notes()

    assert written(asked(thinking=thinking), told) == hi(**members)
    assert told.dropped == dropped


def test_what_cloudflare_has_no_field_for_is_dropped_by_name() -> None:
    told = notes()
    foreign = Reasoning(text="hm", state=State("other", {"signature": "x"}))
    call = ToolCall(id="a", name="f", state=State("other", {"x": 1}), extras={"index": 0})
    request = asked(
        Message(role=Role.USER, name="ann", parts=(Text(text="Hi", cache=CacheMark(), extras={"y": 1}),)),
        Message(role=Role.ASSISTANT, parts=(foreign, Opaque(kind="odd", raw={}), call), extras={"audio": {}}),
        Message(role=Role.TOOL, parts=(ToolResult(call_id="a", error=True),)),
        tools=(ServerTool(tool="web_search"), Tool(name="f", strict=True, cache=CacheMark(), extras={"z": 1})),
        parallel_tools=False,
        stop=("x",),
        answers=2,
        logprobs=True,
        top_logprobs=1,
        verbosity="low",
        metadata={},
        user="u",
        tier="flex",
        cache=CacheMark(),
        cache_key="k",
        store=True,
        extras={"logit_bias": {}, "null": None},
    )

    body = written(request, told)

    assert body["messages"][1] == {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    }
    assert told.dropped == (
        "messages[].content[].cache",
        "messages[].content[].y",
        "messages[].name",
        "messages[].content[].odd",
        "messages[].content[].reasoning",
        "messages[].tool_calls[].state",
        "messages[].tool_calls[].index",
        "messages[].audio",
        "messages[].content[].is_error",
        "tools[].web_search",
        "tools[].strict",
        "tools[].cache",
        "tools[].z",
        "parallel_tools",
        "stop",
        "answers",
        "logprobs",
        "top_logprobs",
        "verbosity",
        "metadata",
        "user",
        "tier",
        "cache",
        "cache_key",
        "store",
        "logit_bias",
    )


@pytest.mark.parametrize(
    "request_",
    [
        asked(essential=("previous_response_id",)),
        asked(Message(role=Role.USER, parts=(Media(kind=MediaKind.AUDIO, data="AA"),))),
        asked(Message(role=Role.USER, parts=(Media(kind=MediaKind.FILE, data="AA"),))),
        asked(Message(role=Role.USER, parts=(Media(kind=MediaKind.IMAGE, file_id="f"),))),
    ],
)
def test_what_would_mean_something_else_is_refused(request_: Request) -> None:
    with pytest.raises(Untranslatable):
        written(request_)


def test_lora_and_embedded_functions_are_for_cloudflare_alone() -> None:
    assert read(hi(lora="l", functions=[])).essential == ("lora", "functions")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
CONTENT = st.text(max_size=5) | st.none() | st.lists(st.builds(lambda t: {"type": "text", "text": t}, st.text()))
CALL = st.fixed_dictionaries(
    {"id": st.text(max_size=5).map("id".__add__), "type": st.just("function")},
    optional={"x": ANY},
).flatmap(lambda call: st.text(max_size=5).map(lambda words: {**call, "function": {"name": "f", "arguments": words}}))
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(("system", "user", "assistant"))},
    optional={"content": CONTENT, "tool_calls": st.lists(CALL, max_size=2), "name": ANY},
)
NAMES = ("max_tokens", "stream", "tools", "tool_choice", "response_format", "reasoning_effort", "seed", "x", "prompt")


@settings(max_examples=100)
@given(st.lists(MESSAGE, max_size=4), st.dictionaries(st.sampled_from(("max_tokens", "seed")), st.integers(0, 9)))
def test_any_conversation_is_written_as_it_was_read(messages: list[Any], more: dict[str, Any]) -> None:
    body = {"messages": messages, **more}

    assert written(read(body)) == body


@settings(max_examples=60)
@given(st.fixed_dictionaries({"messages": ANY | st.lists(MESSAGE | ANY)}, optional=dict.fromkeys(NAMES, ANY)) | ANY)
def test_no_request_breaks_the_codec(body: Any) -> None:
    with suppress(BadRequest):
        written(read(body))
