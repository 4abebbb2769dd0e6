"""Requests of callers of other dialects, written for a provider of the Responses API."""

from typing import Any

import pytest
from tests.providers.openai.responses_support import STRANGER, notes, says, stranger, written

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
    Request,
    Role,
    ServerCall,
    ServerTool,
    State,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

NAME = "openai-responses"
HI = Text(text="hi")


def items(*messages: Message, dropped: tuple[str, ...] = ()) -> list[Any]:
    """Write these messages; `dropped` is all that may be left behind."""
    left = notes()
    found: list[Any] = written(stranger(*messages), left)["input"]
    assert left.dropped == dropped
    return found


def content(part: AnyPart, *, role: Role = Role.USER, dropped: tuple[str, ...] = ()) -> Any:
    (item,) = items(says(part, role=role, listed=True), dropped=dropped)
    return item["content"]


def setting(dropped: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    left = notes()
    found = written(stranger(says(HI), **fields), left)
    assert left.dropped == dropped
    return {name: value for name, value in found.items() if name not in ("model", "input", "store")}


def refused(request: Request) -> str | None:
    with pytest.raises(Untranslatable) as caught:
        written(request)
    return caught.value.param


def test_conversation_becomes_items() -> None:
    call = ToolCall(id="call_1", name="f", arguments='{"a":1}')

    assert items(
        says(Text(text="a system"), role=Role.SYSTEM),
        says(HI),
        says(Text(text="let me see"), call, ToolCall(id="call_2", name="g"), role=Role.ASSISTANT),
        says(ToolResult(call_id="call_1", content=(Text(text="1"),)), ToolResult(call_id="call_2"), role=Role.TOOL),
        says(role=Role.ASSISTANT),
        says(),
    ) == [
        {"role": "system", "content": "a system"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "let me see"},
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": '{"a":1}'},
        {"type": "function_call", "call_id": "call_2", "name": "g", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "1"},
        {"type": "function_call_output", "call_id": "call_2", "output": ""},
        {"role": "user", "content": ""},
    ]


def test_what_was_said_apart_are_instructions() -> None:
    body = written(stranger(says(Text(text="be kind"), role=Role.SYSTEM, apart=True), says(HI)))

    assert (body["instructions"], body["input"]) == ("be kind", [{"role": "user", "content": "hi"}])


def test_several_texts_apart_are_a_message_so_that_they_stay_several() -> None:
    apart = says(HI, Text(text="be kind"), role=Role.SYSTEM, apart=True)

    body = written(stranger(apart, says(HI)))

    assert "instructions" not in body
    assert body["input"][0] == {
        "role": "system",
        "content": [{"type": "input_text", "text": "hi"}, {"type": "input_text", "text": "be kind"}],
    }


def test_nothing_is_stored_unasked() -> None:
    assert written(stranger(says(HI)))["store"] is False
    assert written(stranger(says(HI), store=True))["store"] is True


def test_calls_of_tools_that_take_words_have_items_of_their_own() -> None:
    call = ToolCall(id="c", name="f", arguments="words", custom=True)

    assert items(says(call, role=Role.ASSISTANT), says(ToolResult(call_id="c", content=(HI,)), role=Role.TOOL)) == [
        {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "words"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "hi"},
    ]


def test_id_of_a_call_that_is_too_long_is_shortened_alike_in_its_result() -> None:
    long = "x" * 65
    call, result = items(
        says(ToolCall(id=long, name="f"), role=Role.ASSISTANT), says(ToolResult(call_id=long), role=Role.TOOL)
    )

    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) <= 64


def test_result_of_a_tool_may_show_a_picture() -> None:
    picture = Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/png")
    (item,) = items(says(ToolResult(call_id="c", content=(HI, picture)), role=Role.TOOL))

    assert item["output"] == [
        {"type": "input_text", "text": "hi"},
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"},
    ]


def test_result_of_a_tool_holds_no_calls() -> None:
    result = ToolResult(call_id="c", content=(HI, ToolCall(id="d", name="f")), listed=True)

    (item,) = items(says(result, role=Role.TOOL), dropped=("messages[].content[].tool_call",))

    assert item["output"] == [{"type": "input_text", "text": "hi"}]


def test_failure_of_a_tool_is_left_behind_and_said() -> None:
    items(
        says(ToolResult(call_id="c", content=(HI,), error=True, cache=CacheMark()), role=Role.TOOL),
        dropped=("messages[].content[].is_error", "messages[].content[].cache"),
    )


@pytest.mark.parametrize(
    ("media", "told"),
    [
        (
            Media(kind=MediaKind.IMAGE, url="https://a/b.png", detail="low"),
            {"type": "input_image", "image_url": "https://a/b.png", "detail": "low"},
        ),
        (
            Media(kind=MediaKind.FILE, data="AA", mime="application/pdf", name="a.pdf"),
            {"type": "input_file", "file_data": "data:application/pdf;base64,AA", "filename": "a.pdf"},
        ),
        (
            Media(kind=MediaKind.FILE, data="AA"),
            {"type": "input_file", "file_data": "data:application/pdf;base64,AA", "filename": "file"},
        ),
        (
            Media(kind=MediaKind.FILE, url="https://a/b.pdf"),
            {"type": "input_file", "file_url": "https://a/b.pdf"},
        ),
        (
            Media(kind=MediaKind.FILE, text="abc", mime="text/plain"),
            {"type": "input_file", "file_data": "data:text/plain;base64,YWJj", "filename": "file.txt"},
        ),
        (
            Media(kind=MediaKind.AUDIO, data="AA", mime="audio/mpeg"),
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "mp3"}},
        ),
        (
            Media(kind=MediaKind.AUDIO, data="AA", mime="audio/flac"),
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "flac"}},
        ),
    ],
)
def test_media_is_written(media: Media, told: dict[str, Any]) -> None:
    assert content(media) == [told]


@pytest.mark.parametrize(
    ("media", "param"),
    [
        (Media(kind=MediaKind.VIDEO, data="AA"), "messages[].content[].video"),
        (Media(kind=MediaKind.AUDIO, url="https://a"), "messages[].content[].audio"),
        (Media(kind=MediaKind.IMAGE), "messages[].content[].image"),
        (Media(kind=MediaKind.FILE, file_id="file_1"), "messages[].content[].file_id"),
    ],
)
def test_media_that_cannot_be_said_is_refused(media: Media, param: str) -> None:
    assert refused(stranger(says(media))) == param


def test_what_hangs_on_media_and_text_is_left_behind_and_said() -> None:
    where = "messages[].content[]"
    picture = Media(kind=MediaKind.IMAGE, url="u", detail="ultra", context="c", citations=True)
    text = Text(text="hi", cache=CacheMark(), state=State(STRANGER, {}), extras={"x": 1, "y": None})
    cited = Text(text="hi", citations=(Citation(url="u"),))

    content(picture, dropped=(f"{where}.context", f"{where}.citations", f"{where}.detail"))
    content(text, dropped=(f"{where}.cache", f"{where}.state", f"{where}.x"))
    content(cited, dropped=(f"{where}.citations",))


def test_what_a_model_cited_goes_back() -> None:
    text = Text(text="hi", citations=(Citation(url="https://a"), Citation(file_id="f", title="a.txt"), Citation()))

    (told,) = content(text, role=Role.ASSISTANT, dropped=("messages[].content[].citations",))

    assert told["annotations"] == [
        {"type": "url_citation", "url": "https://a", "title": "", "start_index": 0, "end_index": 2},
        {"type": "file_citation", "file_id": "f", "filename": "a.txt", "index": 2},
    ]


def test_picture_a_model_made_and_what_others_alone_know_is_left_behind() -> None:
    picture = Media(kind=MediaKind.IMAGE, data="AA")
    where = "messages[].content[]"

    found = items(
        says(picture, Opaque(kind="odd", raw={}), ServerCall(tool="web_search"), role=Role.ASSISTANT, name="ann"),
        dropped=("messages[].name", f"{where}.image", f"{where}.odd", f"{where}.server_tool_use"),
    )

    assert found == []


def test_reasoning_of_this_dialect_goes_back_whole() -> None:
    own = Reasoning(
        text="a\n\nb", summary=True, state=State(NAME, {"id": "r", "encrypted_content": "g", "cuts": [1, 1]})
    )

    assert items(says(own, role=Role.ASSISTANT)) == [
        {
            "type": "reasoning",
            "id": "r",
            "encrypted_content": "g",
            "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}],
        }
    ]


def test_reasoning_that_has_changed_since_is_one_piece() -> None:
    state = State(NAME, {"encrypted_content": "g", "cuts": [1, 1]})
    (item,) = items(says(Reasoning(text="a\n\nbc", summary=True, state=state), role=Role.ASSISTANT))

    assert item["summary"] == [{"type": "summary_text", "text": "a\n\nbc"}]


@pytest.mark.parametrize(
    "part",
    [
        Reasoning(text="hmm"),
        Reasoning(text="hmm", state=State(STRANGER, {"signature": "s"})),
        Reasoning(text="hmm", state=State(NAME, {"id": "rs_1"})),
    ],
)
def test_reasoning_that_nobody_here_could_check_is_left_behind(part: Reasoning) -> None:
    assert items(says(part, HI, role=Role.ASSISTANT), dropped=("messages[].content[].reasoning",)) == [
        {"role": "assistant", "content": "hi"}
    ]


def test_state_of_a_call_is_left_behind_and_said() -> None:
    call = ToolCall(id="c", name="f", state=State(STRANGER, {}), cache=CacheMark(), extras={"x": 1})
    where = "messages[].content[]"

    items(says(call, role=Role.ASSISTANT), dropped=(f"{where}.state", f"{where}.cache", f"{where}.x"))


def test_functions_are_loose_unless_they_are_said_to_be_strict() -> None:
    tools = (
        Tool(name="f", description="d", schema={"type": "object"}),
        Tool(name="g", strict=True),
        Tool(name="h", custom=True, grammar={"type": "grammar", "grammar": {"syntax": "regex", "definition": "a"}}),
    )

    assert setting(tools=tools)["tools"] == [
        {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": False},
        {"type": "function", "name": "g", "strict": True, "parameters": {"type": "object", "properties": {}}},
        {"type": "custom", "name": "h", "format": {"type": "grammar", "syntax": "regex", "definition": "a"}},
    ]


def test_tools_of_other_providers_become_this_ones_where_it_has_them() -> None:
    search = ServerTool(
        tool="web_search",
        allowed_domains=("a.org",),
        blocked_domains=("b.org",),
        max_uses=3,
        location=Location(city="Bergen"),
        context_size="high",
    )
    bare = ServerTool(tool="web_search")
    tools = (search, bare, ServerTool(tool="code_execution"), ServerTool(tool="web_fetch"), ServerTool(tool="", raw={}))

    told = setting(
        tools=tools,
        dropped=(
            "tools[].web_search.blocked_domains",
            "tools[].web_search.max_uses",
            "tools[].web_fetch",
            "tools[].server_tool",
        ),
    )

    assert told["tools"] == [
        {
            "type": "web_search",
            "filters": {"allowed_domains": ["a.org"]},
            "user_location": {"type": "approximate", "city": "Bergen"},
            "search_context_size": "high",
        },
        {"type": "web_search"},
        {"type": "code_interpreter", "container": {"type": "auto"}},
    ]


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (ToolChoice(mode=ChoiceMode.AUTO), "auto"),
        (ToolChoice(mode=ChoiceMode.NONE, names=("f",)), "none"),
        (ToolChoice(mode=ChoiceMode.REQUIRED), "required"),
        (ToolChoice(mode=ChoiceMode.NAMED), "required"),
        (ToolChoice(mode=ChoiceMode.NAMED, names=("f",)), {"type": "function", "name": "f"}),
        (ToolChoice(mode=ChoiceMode.NAMED, names=("g",)), {"type": "custom", "name": "g"}),
        (
            ToolChoice(mode=ChoiceMode.AUTO, names=("f",), raw={"x": 1}),
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        ),
        (
            ToolChoice(mode=ChoiceMode.AUTO, names=("f",)),
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        ),
    ],
)
def test_choice_of_a_tool_is_written(choice: ToolChoice, told: Any) -> None:
    tools = (Tool(name="f"), Tool(name="g", custom=True))

    assert setting(tools=tools, choice=choice)["tool_choice"] == told


def test_choice_that_others_alone_know_is_left_behind() -> None:
    setting(choice=ToolChoice(mode=ChoiceMode.REQUIRED, raw={"x": 1}), dropped=("choice",))
    setting(choice=ToolChoice(mode=ChoiceMode.AUTO))


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (Format(kind=FormatKind.TEXT), {"type": "text"}),
        (Format(kind=FormatKind.JSON), {"type": "json_object"}),
        (Format(kind=FormatKind.SCHEMA), {"type": "json_object"}),
        (
            Format(kind=FormatKind.SCHEMA, schema={"type": "object"}, description="d"),
            {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "description": "d"},
        ),
        (
            Format(kind=FormatKind.SCHEMA, name="n", schema={"type": "object", "additionalProperties": False}),
            {
                "type": "json_schema",
                "name": "n",
                "schema": {"type": "object", "additionalProperties": False},
                "strict": True,
            },
        ),
    ],
)
def test_format_is_written(form: Format, told: Any) -> None:
    assert setting(format=form, verbosity="low")["text"] == {"format": told, "verbosity": "low"}


@pytest.mark.parametrize(
    ("thinking", "told", "dropped"),
    [
        (Thinking(effort="high"), {"effort": "high"}, ()),
        (Thinking(effort="none"), {"effort": "none"}, ()),
        (Thinking(effort="odd"), None, ("thinking.effort",)),
        (Thinking(enabled=True), None, ()),
        (Thinking(enabled=False), None, ("thinking.enabled",)),
        (Thinking(enabled=True, shown=True), {"summary": "auto"}, ()),
        (Thinking(summary="detailed"), {"summary": "detailed"}, ()),
        (Thinking(budget=-1), None, ()),
        (Thinking(budget=0), {"effort": "none"}, ("thinking.budget",)),
        (Thinking(budget=1_024), {"effort": "low"}, ("thinking.budget",)),
        (Thinking(budget=8_192), {"effort": "medium"}, ("thinking.budget",)),
        (Thinking(budget=8_193), {"effort": "high"}, ("thinking.budget",)),
        (Thinking(extras={"x": 1}), None, ("thinking.x",)),
    ],
)
def test_thinking_is_written(thinking: Thinking, told: Any, dropped: tuple[str, ...]) -> None:
    assert setting(thinking=thinking, dropped=dropped).get("reasoning") == told


def test_what_must_go_back_is_asked_for_where_a_model_is_to_think() -> None:
    assert setting(thinking=Thinking(effort="low"))["include"] == ["reasoning.encrypted_content"]
    assert "include" not in setting(thinking=Thinking(effort="none"))
    assert "include" not in setting()


def test_settings_are_written() -> None:
    fields: dict[str, Any] = {
        "max_output": 100,
        "temperature": 1,
        "top_p": 1,
        "logprobs": True,
        "top_logprobs": 2,
        "metadata": {"a": "b"},
        "user": "u",
        "tier": "flex",
        "cache_key": "k",
        "stream": True,
        "tools": (Tool(name="f"),),
        "parallel_tools": False,
    }

    told = setting(**fields)

    del told["tools"]
    assert told == {
        "max_output_tokens": 100,
        "temperature": 1,
        "top_p": 1,
        "top_logprobs": 2,
        "include": ["message.output_text.logprobs"],
        "metadata": {"a": "b"},
        "user": "u",
        "service_tier": "flex",
        "prompt_cache_key": "k",
        "stream": True,
        "parallel_tool_calls": False,
    }


def test_what_cannot_be_set_is_left_behind_and_said() -> None:
    told = setting(
        top_k=1,
        frequency_penalty=1,
        presence_penalty=1,
        seed=1,
        stop=("x",),
        cache=CacheMark(),
        tier="standard_only",
        extras={"x": 1, "y": None},
        dropped=("top_k", "frequency_penalty", "presence_penalty", "seed", "stop", "cache", "tier", "x"),
    )

    assert told == {}


def test_limit_below_the_least_there_is_becomes_the_least() -> None:
    assert setting(max_output=5, dropped=("max_output",)) == {"max_output_tokens": 16}


def test_several_answers_and_what_others_remember_are_refused() -> None:
    assert refused(stranger(says(HI), answers=2)) == "answers"
    assert refused(stranger(says(HI), essential=("cachedContent",))) == "cachedContent"
    assert setting(answers=1) == {}


def test_extras_of_messages_and_tools_are_left_behind_and_said() -> None:
    items(says(HI, extras={"x": 1}), dropped=("messages[].x",))
    setting(tools=(Tool(name="f", cache=CacheMark(), extras={"y": 1}),), dropped=("tools[].cache", "tools[].y"))
