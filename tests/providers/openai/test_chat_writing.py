"""What another dialect's caller asks for, in chat's words."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tollbridge.errors import Untranslatable
from tollbridge.formats import (
    AnyPart,
    CacheMark,
    ChoiceMode,
    Citation,
    Format,
    FormatKind,
    Location,
    Media,
    MediaKind,
    Message,
    Opaque,
    Reasoning,
    Refusal,
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
from tollbridge.testing.conversation_contract import notes
from tollbridge_openai.chat_codec import ChatCodec
from tollbridge_openai.chat_writing import fits_strict

CODEC = ChatCodec()
HI = Message(role=Role.USER, parts=(Text(text="hi"),))


def written(*messages: Message, **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    left = notes()
    request = Request(origin="another", model="m", messages=messages or (HI,), **fields)
    return json.loads(CODEC.write_request(request, left)), left.dropped


def user(*parts: AnyPart) -> Message:
    return Message(role=Role.USER, parts=parts, listed=len(parts) > 1)


def content(*parts: AnyPart) -> Any:
    return written(user(*parts))[0]["messages"][0]["content"]


def test_one_text_is_a_text_and_several_are_a_list() -> None:
    assert content(Text(text="a")) == "a"
    assert content(Text(text="a"), Text(text="b")) == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (
            Media(kind=MediaKind.IMAGE, data="AA==", mime="image/jpeg", detail="low"),
            {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AA==", "detail": "low"}},
        ),
        (
            Media(kind=MediaKind.IMAGE, url="https://h/x.png", detail="ultra"),
            {"type": "image_url", "image_url": {"url": "https://h/x.png"}},
        ),
        (
            Media(kind=MediaKind.AUDIO, data="AA==", mime="audio/mpeg"),
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "mp3"}},
        ),
        (
            Media(kind=MediaKind.AUDIO, data="AA==", mime="audio/flac"),
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "flac"}},
        ),
        (
            Media(kind=MediaKind.FILE, data="AA==", mime="application/pdf", name="x.pdf"),
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "x.pdf"}},
        ),
        (
            Media(kind=MediaKind.FILE, data="AA==", mime="application/pdf"),
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "file"}},
        ),
        (Media(kind=MediaKind.FILE, text="words", mime="text/plain"), {"type": "text", "text": "words"}),
    ],
)
def test_media_are_parts_of_their_kind(part: Media, shown: Any) -> None:
    assert content(part) == [shown]


@pytest.mark.parametrize(
    ("part", "field"),
    [
        (Media(kind=MediaKind.IMAGE, file_id="f"), "messages[].content[].image"),
        (Media(kind=MediaKind.FILE, file_id="f"), "messages[].content[].file_id"),
        (Media(kind=MediaKind.FILE, url="https://h/x.pdf"), "messages[].content[].file.url"),
        (Media(kind=MediaKind.VIDEO, data="AA=="), "messages[].content[].video"),
        (Media(kind=MediaKind.AUDIO, url="https://h/x.mp3"), "messages[].content[].audio"),
    ],
)
def test_media_that_chat_cannot_take_are_refused(part: Media, field: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        written(user(part))
    assert refused.value.param == field


def test_system_messages_stay_where_they_are() -> None:
    system = Message(role=Role.SYSTEM, parts=(Text(text="be brief"),), apart=True, listed=True)
    developer = Message(role=Role.DEVELOPER, parts=(Text(text="and kind"),))

    body, dropped = written(system, HI, developer)

    assert [(message["role"], message["content"]) for message in body["messages"]] == [
        ("system", "be brief"),
        ("user", "hi"),
        ("developer", "and kind"),
    ]
    assert dropped == ()


def test_turn_of_several_pieces_is_one_message() -> None:
    call = ToolCall(id="c1", name="get", arguments='{"a": 1}')
    pieces = (
        Message(role=Role.ASSISTANT, parts=(Reasoning(text="hm"),)),
        Message(role=Role.ASSISTANT, parts=(Text(text="let me see"),), joined=True),
        Message(role=Role.ASSISTANT, parts=(call,), joined=True),
    )

    body, _ = written(HI, *pieces)

    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": "let me see",
            "reasoning_content": "hm",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "get", "arguments": '{"a": 1}'}}],
        }
    ]


def test_thinking_of_another_provider_goes_nowhere() -> None:
    thought = Reasoning(text="secret", state=State("another", {"signature": "x"}))
    call = ToolCall(id="c1", name="get", state=State("another", {"thoughtSignature": "y"}))

    body, dropped = written(Message(role=Role.ASSISTANT, parts=(thought, call)))

    assert "secret" not in json.dumps(body)
    assert body["messages"][0].keys() == {"role", "tool_calls"}
    assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == "{}"
    assert dropped == ("messages[].content[].reasoning", "messages[].tool_calls[].state")


def test_results_of_tools_are_a_message_each_and_what_they_show_is_the_users() -> None:
    picture = Media(kind=MediaKind.IMAGE, data="AA==", mime="image/png")
    results = (
        ToolResult(call_id="c1", content=(Text(text="15"),)),
        ToolResult(call_id="c2", content=(Text(text="see"), picture), error=True, listed=True),
        ToolResult(call_id="c3"),
    )

    body, dropped = written(Message(role=Role.TOOL, parts=results))

    assert body["messages"] == [
        {"role": "tool", "tool_call_id": "c1", "content": "15"},
        {"role": "tool", "tool_call_id": "c2", "content": "see"},
        {"role": "tool", "tool_call_id": "c3", "content": ""},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What the tool call c2 gave:"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            ],
        },
    ]
    assert dropped == ("messages[].content[].is_error",)


def test_id_that_openai_would_refuse_is_another_for_the_call_and_its_result() -> None:
    fits, long = "c" * 40, "chatcmpl-tool-" + "0" * 32
    picture = Media(kind=MediaKind.IMAGE, data="AA==", mime="image/png")
    calls = tuple(ToolCall(id=id_, name="get", arguments="{}") for id_ in (fits, long))
    results = tuple(ToolResult(call_id=id_, content=(picture,)) for id_ in (fits, long))

    body, _ = written(Message(role=Role.ASSISTANT, parts=calls), Message(role=Role.TOOL, parts=results))

    asked, *answered, shown = body["messages"]
    ids = [call["id"] for call in asked["tool_calls"]]
    assert ids == [message["tool_call_id"] for message in answered]
    assert ids[0] == fits
    assert len(ids[1]) <= 40
    assert f"What the tool call {ids[1]} gave:" in [part.get("text") for part in shown["content"]]


def test_refusal_in_the_history_is_a_part() -> None:
    body, _ = written(Message(role=Role.ASSISTANT, parts=(Refusal(text="no"),)))

    assert body["messages"][0]["content"] == [{"type": "refusal", "refusal": "no"}]


@pytest.mark.parametrize(
    ("choice", "shown"),
    [
        (ToolChoice(mode=ChoiceMode.AUTO), "auto"),
        (ToolChoice(mode=ChoiceMode.NONE), "none"),
        (ToolChoice(mode=ChoiceMode.NONE, names=("get",)), "none"),
        (
            ToolChoice(mode=ChoiceMode.AUTO, names=("get",)),
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "get"}}]},
            },
        ),
        (ToolChoice(mode=ChoiceMode.REQUIRED), "required"),
        (ToolChoice(mode=ChoiceMode.NAMED, names=("get",)), {"type": "function", "function": {"name": "get"}}),
        (
            ToolChoice(mode=ChoiceMode.REQUIRED, names=("get",)),
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "get"}}]},
            },
        ),
    ],
)
def test_choice_of_a_tool(choice: ToolChoice, shown: Any) -> None:
    tool = Tool(name="get", description="gets", schema={"type": "object"}, strict=True)

    body, _ = written(tools=(tool,), choice=choice, parallel_tools=False)

    assert body["tools"] == [
        {
            "type": "function",
            "function": {"name": "get", "description": "gets", "parameters": {"type": "object"}, "strict": True},
        }
    ]
    assert body["tool_choice"] == shown
    assert body["parallel_tool_calls"] is False


@pytest.mark.parametrize(
    ("choice", "lost"),
    [
        (ToolChoice(mode=ChoiceMode.AUTO, raw={"type": "file_search"}), "choice"),
        (ToolChoice(mode=ChoiceMode.AUTO, extras={"odd": 1}), "choice.odd"),
    ],
)
def test_choice_that_chat_does_not_know_is_named(choice: ToolChoice, lost: str) -> None:
    body, dropped = written(tools=(Tool(name="get"),), choice=choice)

    assert body.get("tool_choice", "auto") == "auto"
    assert dropped == (lost,)


def test_choice_without_tools_is_not_sent() -> None:
    body, _ = written(tools=(), choice=ToolChoice(mode=ChoiceMode.AUTO), parallel_tools=True)

    assert not {"tools", "tool_choice", "parallel_tool_calls"} & body.keys()


def test_search_of_the_web_is_asked_for_and_other_tools_of_a_provider_are_left_out() -> None:
    search = ServerTool(
        tool="web_search", allowed_domains=("a.org",), max_uses=3, location=Location(city="Bonn"), context_size="low"
    )
    tools = (search, ServerTool(tool="code_execution"), ServerTool(tool="", raw={"type": "memory_1"}))

    body, dropped = written(tools=tools)

    assert body["web_search_options"] == {
        "search_context_size": "low",
        "user_location": {"type": "approximate", "approximate": {"city": "Bonn"}},
    }
    assert "tools" not in body
    assert dropped == (
        "tools[].web_search.allowed_domains",
        "tools[].web_search.max_uses",
        "tools[].code_execution",
        "tools[].memory_1",
    )


CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (CLOSED, True),
        ({**CLOSED, "required": []}, False),
        ({**CLOSED, "additionalProperties": True}, False),
        ({**CLOSED, "properties": {"a": {"type": "object"}}}, False),
        ({**CLOSED, "properties": {"a": {"anyOf": [CLOSED, {"type": "string"}]}}}, True),
        ({**CLOSED, "properties": {"a": {"anyOf": [CLOSED, {"type": "object"}]}}}, False),
        ({**CLOSED, "properties": {"a": {"type": ["object", "null"]}}}, False),
        ({**CLOSED, "properties": {"a": {"oneOf": [{"type": "string"}]}}}, False),
        ({**CLOSED, "properties": {"a": {"properties": {"b": True}}}}, False),
        ({"type": "object", "required": "a", "properties": []}, False),
        ({"type": "object", "additionalProperties": False, "anyOf": [CLOSED]}, False),
        ({"anyOf": [CLOSED]}, False),
        ({"type": "array", "items": CLOSED}, False),
        (True, False),
        ({**CLOSED, "properties": {"a": json.loads("[" * 900 + "]" * 900)}}, True),
    ],
)
def test_schema_is_strict_where_strict_mode_takes_it(schema: Any, strict: bool) -> None:
    body, _ = written(format=Format(kind=FormatKind.SCHEMA, schema=schema))

    assert fits_strict(schema) is strict
    shown = body["response_format"]["json_schema"]
    assert (shown["name"], shown["schema"], shown.get("strict", False)) == ("answer", schema, strict)


def test_json_and_text_are_formats_too() -> None:
    assert written(format=Format(kind=FormatKind.JSON))[0]["response_format"] == {"type": "json_object"}
    assert written(format=Format(kind=FormatKind.TEXT))[0]["response_format"] == {"type": "text"}


@pytest.mark.parametrize(
    ("thinking", "effort", "lost"),
    [
        (Thinking(effort="high"), "high", ()),
        (Thinking(effort="odd"), None, ("reasoning_effort.effort",)),
        (Thinking(enabled=True, budget=500), "low", ("reasoning_effort.budget",)),
        (Thinking(enabled=True, budget=8_000), "medium", ("reasoning_effort.budget",)),
        (Thinking(budget=30_000), "high", ("reasoning_effort.budget",)),
        (Thinking(budget=0), "none", ("reasoning_effort.budget",)),
        (Thinking(budget=-1), None, ()),
        (Thinking(enabled=False), None, ("reasoning_effort.enabled",)),
        (Thinking(effort="low", shown=True, summary="auto"), "low", ("thinking.shown", "thinking.summary")),
    ],
)
def test_thinking_is_an_effort(thinking: Thinking, effort: str | None, lost: tuple[str, ...]) -> None:
    body, dropped = written(thinking=thinking)

    assert body.get("reasoning_effort") == effort
    assert dropped == tuple(name.replace("reasoning_effort", "thinking") for name in lost)


def test_numbers_stops_and_names_are_said() -> None:
    body, dropped = written(
        max_output=10,
        temperature=Decimal("0.70"),
        top_p=1,
        stop=("a", "b"),
        seed=7,
        answers=2,
        logprobs=True,
        top_logprobs=3,
        user="u",
        metadata={"k": "v"},
        tier="flex",
        cache_key="c",
        verbosity="low",
        store=False,
        stream=True,
        stream_usage=True,
    )

    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "max_completion_tokens": 10,
        "temperature": 0.7,
        "top_p": 1,
        "stop": ["a", "b"],
        "seed": 7,
        "n": 2,
        "logprobs": True,
        "top_logprobs": 3,
        "user": "u",
        "metadata": {"k": "v"},
        "service_tier": "flex",
        "prompt_cache_key": "c",
        "verbosity": "low",
        "store": False,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert dropped == ()


def test_picture_of_the_model_and_what_a_file_is_introduced_with_are_named() -> None:
    picture = Media(kind=MediaKind.IMAGE, data="AA==", mime="image/png")
    file = Media(kind=MediaKind.FILE, text="words", context="c", citations=True)

    body, dropped = written(Message(role=Role.ASSISTANT, parts=(Text(text="a"), picture)), user(file))

    assert [message["content"] for message in body["messages"]] == [
        [{"type": "text", "text": "a"}],
        [{"type": "text", "text": "words"}],
    ]
    assert dropped == (
        "messages[].content[].image",
        "messages[].content[].context",
        "messages[].content[].citations",
    )


def test_what_chat_cannot_say_is_named() -> None:
    cached = Text(text="a", cache=CacheMark("1h"), extras={"odd": 1, "null": None})
    _, dropped = written(
        user(cached, Opaque(kind="search_result", raw={})),
        Message(
            role=Role.ASSISTANT, parts=(Text(text="b", citations=(Citation(url="u"),), state=State("another", {})),)
        ),
        top_k=5,
        tier="standard_only",
        extras={"container": "c", "absent": None},
        tools=(Tool(name="get", cache=CacheMark(), extras={"defer_loading": True}),),
    )

    assert dropped == (
        "messages[].content[].cache",
        "messages[].content[].odd",
        "messages[].content[].search_result",
        "messages[].content[].state",
        "messages[].content[].citations",
        "tools[].cache",
        "tools[].defer_loading",
        "top_k",
        "tier",
        "container",
    )


def test_request_that_means_something_else_elsewhere_is_refused() -> None:
    with pytest.raises(Untranslatable, match="previous_response_id"):
        written(extras={"previous_response_id": "r"}, essential=("previous_response_id",))
