"""What a caller of chat asks for, in everybody's words."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tollbridge.errors import BadRequest
from tollbridge.formats import (
    CacheMark,
    Envelope,
    Media,
    MediaKind,
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
    carry,
    pack_thinking,
)
from tollbridge.formats.conversation import ChoiceMode
from tollbridge.testing.conversations import SEAL, notes
from tollbridge_openai.chat_codec import ChatCodec

CODEC = ChatCodec()
USER = {"role": "user", "content": "hi"}


def read(*messages: Any, **fields: Any) -> Request:
    body = {"model": "m", "messages": list(messages) or [USER], **fields}
    request = CODEC.read_request(json.dumps(body).encode(), Envelope("m"), notes())
    assert json.loads(CODEC.write_request(request, notes(strict=True))) == body
    return request


def part(content: Any, role: str = "user") -> Any:
    return read({"role": role, "content": [content]}).messages[0].parts[0]


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ({"type": "text", "text": "a"}, Text(text="a")),
        (
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            Text(text="a", cache=CacheMark("1h")),
        ),
        (
            {"type": "text", "text": "a", "cache_control": {"type": "odd"}},
            Text(text="a", extras={"cache_control": {"type": "odd"}}),
        ),
        (
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "scope": "x"}},
            Text(text="a", extras={"cache_control": {"type": "ephemeral", "scope": "x"}}),
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "high", "x": 1}},
            Media(kind=MediaKind.IMAGE, data="AA==", mime="image/png", detail="high", extras={"image_url": {"x": 1}}),
        ),
        ({"type": "image_url", "image_url": {"url": "https://h/a"}}, Media(kind=MediaKind.IMAGE, url="https://h/a")),
        (
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "mp3"}},
            Media(kind=MediaKind.AUDIO, data="AA==", mime="audio/mpeg"),
        ),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"}},
            Media(kind=MediaKind.FILE, data="AA==", mime="application/pdf", name="a.pdf"),
        ),
        ({"type": "file", "file": {"file_data": "AA=="}}, Media(kind=MediaKind.FILE, data="AA==")),
        (
            {"type": "file", "file": {"file_data": "https://h/a.pdf"}},
            Media(kind=MediaKind.FILE, url="https://h/a.pdf"),
        ),
        ({"type": "file", "file": {"file_id": "f"}}, Media(kind=MediaKind.FILE, file_id="f")),
        ({"type": "refusal", "refusal": "no"}, Refusal(text="no")),
        ({"type": "odd", "x": 1}, Opaque(kind="odd", raw={"type": "odd", "x": 1})),
        ({"type": "file", "file": "f"}, Opaque(kind="file", raw={"type": "file", "file": "f"})),
    ],
)
def test_part_is_read(shown: Any, meant: Any) -> None:
    assert part(shown) == meant


def test_image_whose_url_stands_without_an_object_is_an_image() -> None:
    (found,) = read({"role": "user", "content": [{"type": "image_url", "image_url": "https://h/a"}]}).messages[0].parts

    assert found == Media(kind=MediaKind.IMAGE, url="https://h/a")


def test_bare_images_of_results_and_beside_others_are_images_too() -> None:
    bare = {"type": "image_url", "image_url": "https://h/a"}
    held = {"type": "image_url", "image_url": {"url": "https://h/b", "detail": "low", "x": 1}}
    read({"role": "tool", "tool_call_id": "c", "content": [bare]})
    body = {"model": "m", "messages": [{"role": "user", "content": [bare, held]}]}

    request = CODEC.read_request(json.dumps(body).encode(), Envelope("m"), notes())

    shown = json.loads(CODEC.write_request(request, notes()))["messages"][0]["content"]
    assert shown == [{"type": "image_url", "image_url": {"url": "https://h/a"}}, held]


def test_what_says_nothing_beside_an_answer_that_is_sent_back_is_no_loss() -> None:
    said = {"role": "assistant", "content": "a", "annotations": [], "tool_calls": [], "reasoning_details": []}

    request = read(USER, said)

    assert request.messages[1].parts == (Text(text="a"),)
    left = notes(strict=True)
    assert "annotations" not in json.loads(CODEC.write_request(replace(request, origin="another"), left))["messages"][1]


@pytest.mark.parametrize("content", [None, "a", [{"type": "refusal", "refusal": "not this"}]])
def test_refusal_beside_the_content_is_a_part_like_any_other(content: Any) -> None:
    request = read(USER, {"role": "assistant", "content": content, "refusal": "no"})

    assert request.messages[1].parts[-1] == Refusal(text="no")
    shown = json.loads(CODEC.write_request(replace(request, origin="another"), notes(strict=True)))["messages"][1]
    assert shown["content"][-1] == {"type": "refusal", "refusal": "no"}


def test_call_and_result_of_a_tool() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "get", "arguments": '{"a":'}}
    said = {"role": "assistant", "content": None, "tool_calls": [call], "refusal": None}

    request = read(USER, said, {"role": "tool", "tool_call_id": "c1", "content": "15"})

    assert request.messages[1].parts == (ToolCall(id="c1", name="get", arguments='{"a":'),)
    assert request.messages[2].role is Role.TOOL
    assert request.messages[2].parts == (ToolResult(call_id="c1", content=(Text(text="15"),)),)


def test_state_in_an_id_is_the_calls_and_the_reasonings_again() -> None:
    thought = Reasoning(text="hm", state=State("anthropic-messages", {"signature": "s"}))
    own = State("gemini-generate-content", {"thoughtSignature": "t"})
    id_ = carry("c1", own, [thought], SEAL)
    call = {"id": id_, "type": "function", "function": {"name": "get", "arguments": "{}"}}
    body = {
        "model": "m",
        "messages": [
            {"role": "assistant", "tool_calls": [call], "reasoning_content": "h"},
            {"role": "tool", "tool_call_id": id_, "content": "15"},
        ],
    }

    request = CODEC.read_request(json.dumps(body).encode(), Envelope("m"), notes())

    assert request.messages[0].parts == (thought, ToolCall(id="c1", name="get", arguments="{}", state=own))
    assert request.messages[1].parts == (ToolResult(call_id="c1", content=(Text(text="15"),)),)


def test_thinking_that_comes_back_twice_is_there_once() -> None:
    thought = Reasoning(text="hm", state=State("anthropic-messages", {"signature": "s"}))
    details = [{"type": "reasoning.encrypted", "data": pack_thinking([thought], SEAL), "format": "tollbridge"}]
    id_ = carry("c1", None, [Reasoning(text="older", state=State("anthropic-messages", {}))], SEAL)
    call = {"id": id_, "type": "function", "function": {"name": "get", "arguments": "{}"}}
    said = {"role": "assistant", "reasoning_content": "hm", "reasoning_details": details, "tool_calls": [call]}
    body = json.dumps({"model": "m", "messages": [said]}).encode()

    (message,) = CODEC.read_request(body, Envelope("m"), notes()).messages

    assert message.parts == (thought, ToolCall(id="c1", name="get", arguments="{}"))
    assert message.extras == {}


def test_signature_of_googles_compatible_api_is_a_state() -> None:
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "get", "arguments": "{}"},
        "extra_content": {"google": {"thought_signature": "s"}},
    }

    (found,) = read({"role": "assistant", "tool_calls": [call]}).messages[0].parts

    assert found.state == State("openai-chat", {"extra_content": {"google": {"thought_signature": "s"}}})


def test_reasoning_is_read_in_any_of_its_places() -> None:
    for place in ("reasoning", "reasoning_content"):
        first = read({"role": "assistant", "content": "a", place: "hm"}).messages[0].parts[0]
        assert isinstance(first, Reasoning)
        assert first.text == "hm"
    assert read({"role": "assistant", "content": "a", "reasoning_content": ""}).messages[0].parts[0] == Reasoning()
    details = [{"type": "reasoning.text", "text": "hm", "signature": "s"}]
    first = read({"role": "assistant", "content": "a", "reasoning_details": details}).messages[0].parts[0]
    assert first.state == State("openai-chat", {"reasoning_details": details})


def test_older_functions_are_tools() -> None:
    request = read(
        USER,
        {"role": "assistant", "content": None, "function_call": {"name": "get", "arguments": "{}"}},
        {"role": "function", "name": "get", "content": "15"},
        functions=[{"name": "get", "parameters": {"type": "object"}}],
        function_call={"name": "get"},
    )

    assert request.tools == (Tool(name="get", schema={"type": "object"}, spelling="functions"),)
    assert request.choice == ToolChoice(mode=ChoiceMode.NAMED, names=("get",))
    call, result = request.messages[1].parts[0], request.messages[2].parts[0]
    assert isinstance(call, ToolCall)
    assert isinstance(result, ToolResult)
    assert call.id == result.call_id


def test_older_calls_are_each_their_own_and_their_results_know_which() -> None:
    function_call = {"name": "get", "arguments": "{}"}
    tool_call = {"id": "c", "type": "function", "function": {"name": "put", "arguments": "{}"}}
    asked = {"role": "assistant", "content": None, "function_call": function_call}
    answered = {"role": "function", "name": "get", "content": "15"}

    request = read(asked, answered, {**asked, "tool_calls": [tool_call]}, answered, functions=[{"name": "get"}])

    calls = [part.id for message in request.messages for part in message.parts if isinstance(part, ToolCall)]
    results = [part.call_id for message in request.messages for part in message.parts if isinstance(part, ToolResult)]
    assert len({*calls}) == 3
    assert results == [calls[0], calls[2]]


@pytest.mark.parametrize(
    "fields",
    [
        {"functions": []},
        {"tools": [], "functions": []},
        {"functions": [{"name": "g"}], "function_call": "auto", "tool_choice": "auto"},
        {"functions": [{"name": "g"}], "tool_choice": "none"},
        {"function_call": "none"},
        {"max_tokens": 5, "max_completion_tokens": 6},
        {"tools": [{"type": "odd", "web_search_options": 1}]},
        {"web_search_options": {"context_size": "low"}},
        {"tool_choice": {"type": "function", "function": {"name": "f", "x": 1}, "y": 2}},
        {"function_call": {"name": "f", "x": 1}},
    ],
)
def test_what_is_said_in_an_odd_way_is_written_as_it_was(fields: Any) -> None:
    read(**fields)


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ("auto", ToolChoice(mode=ChoiceMode.AUTO)),
        ("required", ToolChoice(mode=ChoiceMode.REQUIRED)),
        ("odd", ToolChoice(mode=ChoiceMode.AUTO, raw="odd")),
        ({"type": "custom", "custom": {"name": "c"}}, ToolChoice(mode=ChoiceMode.NAMED, names=("c",), custom=True)),
        ({"type": "odd"}, ToolChoice(mode=ChoiceMode.REQUIRED, raw={"type": "odd"})),
    ],
)
def test_choice_of_a_tool_is_read(shown: Any, meant: ToolChoice) -> None:
    tool = {"type": "custom", "custom": {"name": "c", "description": "d", "format": {"type": "text"}, "x": 1}}

    assert read(tools=[tool], tool_choice=shown).choice == meant


@pytest.mark.parametrize(
    ("said", "mode"), [({"mode": "required"}, ChoiceMode.REQUIRED), ({"mode": "auto"}, ChoiceMode.AUTO)]
)
def test_allowed_tools_narrow_the_choice(said: Any, mode: ChoiceMode) -> None:
    allowed = {**said, "tools": [{"type": "function", "function": {"name": "get"}}]}

    choice = read(tool_choice={"type": "allowed_tools", "allowed_tools": allowed}).choice

    assert choice is not None
    assert (choice.mode, choice.names) == (mode, ("get",))


def test_mark_of_the_cache_on_a_tool_is_read() -> None:
    tool = {"type": "function", "function": {"name": "get"}, "cache_control": {"type": "ephemeral"}}

    assert read(tools=[tool]).tools == (Tool(name="get", cache=CacheMark()),)


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        ({"reasoning_effort": "high"}, Thinking(effort="high")),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 9, "x": 1}},
            Thinking(enabled=True, budget=9, spelling="thinking:enabled", extras={"x": 1}),
        ),
        ({"thinking": {"type": "disabled"}}, Thinking(enabled=False, spelling="thinking:disabled")),
        (
            {"reasoning": {"effort": "low", "exclude": True}},
            Thinking(effort="low", shown=False, spelling="reasoning"),
        ),
    ],
)
def test_thinking_is_read_in_any_of_its_places(fields: Any, meant: Thinking) -> None:
    assert read(**fields).thinking == meant


def test_limit_stop_and_usage_keep_how_they_were_spelt() -> None:
    request = read(max_tokens=5, stop="x", stream=True, stream_options={"include_usage": True, "odd": 1})

    assert (request.max_output, request.stop, request.stream_usage) == (5, ("x",), True)
    assert read(max_completion_tokens=5, stop=["x"], stream_options={}).max_output == 5


def test_what_chat_does_not_name_is_kept_by_name() -> None:
    assert read(logit_bias={"1": -100}, odd=None).extras == {"logit_bias": {"1": -100}, "odd": None}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "m"}, "messages"),
        ({"messages": []}, "model"),
        ({"model": "m", "messages": {}}, "messages"),
        ({"model": "m", "messages": [1]}, "messages[0]"),
        ({"model": "m", "messages": [{"content": "a"}]}, "messages[0].role"),
        ({"model": "m", "messages": [{"role": "king"}]}, "messages[0].role"),
        ({"model": "m", "messages": [{"role": "user", "content": 1}]}, "messages[0].content"),
        ({"model": "m", "messages": [{"role": "user", "content": [{}]}]}, "messages[0].content[0].type"),
        ({"model": "m", "messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"model": "m", "messages": [{"role": "tool", "content": "a"}]}, "messages[0].tool_call_id"),
        ({"model": "m", "messages": [], "temperature": "hot"}, "temperature"),
        ({"model": "m", "messages": [], "stop": [1]}, "stop"),
        ({"model": "m", "messages": [], "response_format": {"type": "xml"}}, "response_format.type"),
        ({"model": "m", "messages": [], "response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        (
            {"model": "m", "messages": [{"role": "assistant", "tool_calls": [{"id": "c", "type": "odd", "odd": {}}]}]},
            "messages[0].tool_calls[0].function",
        ),
        ({"model": "m", "messages": [], "tools": [{"function": {}}]}, "tools[0].type"),
        ({"model": "m", "messages": [], "tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(body: Any, param: str) -> None:
    with pytest.raises(BadRequest) as refused:
        CODEC.read_request(json.dumps(body).encode(), Envelope("m"), notes())
    assert refused.value.param == param
