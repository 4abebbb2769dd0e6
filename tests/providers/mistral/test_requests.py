"""Mistral's chat requests, read and written."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from tests.providers.mistral.shared import SEAL, asked, notes, read, written

from tollbridge import BadRequest
from tollbridge.errors import Untranslatable
from tollbridge.formats import (
    CacheMark,
    ChoiceMode,
    Format,
    FormatKind,
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
    carry,
)

CALL = {"id": "abcDEF123", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}, "index": 0}
WHOLE = asked(
    messages=[
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "See"},
                {"type": "image_url", "image_url": "https://x.test/a.png"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD", "detail": "low", "odd": 1}},
                {"type": "document_url", "document_url": "https://x.test/a.pdf", "document_name": "A"},
                {"type": "document_url", "document_url": "data:application/pdf;base64,QUJD"},
                {"type": "file", "file_id": "f1"},
                {"type": "input_audio", "input_audio": "QUJD"},
                {"type": "input_audio", "input_audio": "https://x.test/a.mp3"},
                {"type": "input_audio", "input_audio": "data:audio/wav;base64,QUJD"},
                {"type": "input_audio", "input_audio": {"data": "QUJD"}},
                {"type": "image_url", "image_url": None},
                {"type": "reference", "reference_ids": [1]},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}], "closed": True, "signature": "s"},
                {"type": "thinking", "thinking": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
                {"type": "thinking", "thinking": []},
                {"type": "thinking", "thinking": "later"},
                {"type": "text", "text": "Let me look.", "odd": 1},
            ],
            "tool_calls": [CALL, {"id": "abcDEF124", "function": {"name": "g", "arguments": "{}", "odd": 1}}],
            "prefix": False,
        },
        {"role": "tool", "tool_call_id": "abcDEF123", "name": "f", "content": "1"},
        {"role": "tool", "content": [{"type": "text", "text": "2"}], "odd": None},
        {"role": "assistant", "content": "It", "prefix": True},
    ],
    stream=True,
    max_tokens=9,
    temperature=0.3,
    top_p=0.5,
    top_k=5,
    frequency_penalty=0.1,
    presence_penalty=0.2,
    random_seed=7,
    stop="END",
    n=2,
    logprobs=True,
    top_logprobs=3,
    tools=[
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": True}},
        {"function": {"name": "g", "description": "G", "odd": 1}},
        {"type": "image_generation"},
    ],
    tool_choice="any",
    parallel_tool_calls=False,
    response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True}},
    reasoning_effort="high",
    metadata={"a": "b"},
    prompt_cache_key="k",
    safe_prompt=True,
    prompt_mode="reasoning",
    prediction={"type": "content", "content": "x"},
    newer={"unknown": None},
)


def foreign(*messages: Message, **fields: Any) -> Request:
    first = messages or (Message(role=Role.USER, parts=(Text(text="Hi"),)),)
    return Request(origin="another", model="m", messages=first, **fields)


def user(*parts: Any) -> Message:
    return Message(role=Role.USER, parts=parts)


def assistant(*parts: Any) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def result(*parts: Any, **fields: Any) -> Message:
    return Message(role=Role.TOOL, parts=(ToolResult(call_id="call_1", content=parts, **fields),))


def test_everything_a_request_can_say_comes_back() -> None:
    assert written(read(WHOLE)) == WHOLE


def test_what_is_said_is_understood() -> None:
    request = read(WHOLE)
    _, seen, said, *_ = request.messages

    assert (request.seed, request.answers, request.stop, request.top_k) == (7, 2, ("END",), 5)
    assert request.temperature == Decimal("0.3")
    assert request.thinking == Thinking(effort="high")
    assert request.choice is not None
    assert request.choice.mode is ChoiceMode.REQUIRED
    assert [part.kind for part in seen.parts if isinstance(part, Media)] == ["image"] * 2 + ["file"] * 3 + ["audio"] * 3
    assert [part.kind for part in seen.parts if isinstance(part, Opaque)] == ["input_audio", "image_url", "reference"]
    thoughts = [part for part in said.parts if isinstance(part, Reasoning)]
    assert [thought.text for thought in thoughts] == ["Hm.", "ab", ""]
    assert thoughts[0].state == State("mistral-chat", {"signature": "s"})
    assert [part.arguments for part in said.parts if isinstance(part, ToolCall)] == ['{"a": 1}', "{}"]


@pytest.mark.parametrize(
    "choice", ["auto", "none", "required", {"type": "function", "function": {"name": "f"}}, {"type": "later"}]
)
def test_every_choice_comes_back(choice: Any) -> None:
    assert written(read(asked(tool_choice=choice)))["tool_choice"] == choice


@pytest.mark.parametrize("form", [{"type": "text"}, {"type": "json_object", "odd": 1}])
def test_every_format_comes_back(form: Any) -> None:
    assert written(read(asked(response_format=form)))["response_format"] == form


def test_arguments_that_are_an_object_become_text() -> None:
    call = {"id": "abcDEF123", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}

    (message,) = read(asked(messages=[{"role": "assistant", "tool_calls": [call]}])).messages

    assert message.parts == (ToolCall(id="abcDEF123", name="f", arguments='{"a":1}'),)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "model"),
        ({"model": "m"}, "messages"),
        (asked(messages=[{"role": "king", "content": ""}]), "messages[0].role"),
        (asked(messages=[{"role": "user", "content": 3}]), "messages[0].content"),
        (asked(messages=[{"role": "user", "content": [{"type": "file"}]}]), "messages[0].content[0].file_id"),
        (asked(messages=[{"role": "assistant", "tool_calls": [{}]}]), "messages[0].tool_calls[0].id"),
        (asked(temperature="hot"), "temperature"),
        (asked(stop=[1]), "stop"),
        (asked(response_format={"type": "xml"}), "response_format.type"),
        (asked(tools=[{"type": "function", "function": {}}]), "tools[0].function.name"),
        (asked(tool_choice=3), "tool_choice"),
    ],
)
def test_what_is_wrong_is_named(body: Any, param: str) -> None:
    with pytest.raises(BadRequest) as wrong:
        read(body)

    assert wrong.value.param == param


def test_request_of_another_dialect_is_said_in_mistrals_words() -> None:
    request = foreign(
        Message(role=Role.DEVELOPER, parts=(Text(text="Be brief."),), apart=True),
        user(Text(text="See"), Media(kind=MediaKind.IMAGE, data="QUJD", detail="original")),
        assistant(Text(text=""), ToolCall(id="call_1", name="f", arguments="")),
        result(Text(text="1")),
        seed=7,
        stop=("END",),
        tools=(Tool(name="f"),),
        choice=ToolChoice(mode=ChoiceMode.REQUIRED),
        format=Format(kind=FormatKind.SCHEMA, schema={"type": "object"}),
    )

    sent = written(request, notes(strict=True))

    id_ = sent["messages"][2]["tool_calls"][0].pop("id")
    assert sent["messages"][3].pop("tool_call_id") == id_
    assert (len(id_), id_.isalnum()) == (9, True)
    assert sent == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "See"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
                ],
            },
            {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "content": "1", "name": "f"},
        ],
        "random_seed": 7,
        "stop": ["END"],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
        "tool_choice": "any",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
        },
    }


def test_id_mistral_takes_stays() -> None:
    call = ToolCall(id="abcDEF123", name="f", arguments="{}")

    (sent,) = written(foreign(assistant(call)))["messages"]

    assert sent["tool_calls"][0]["id"] == "abcDEF123"


def roles(*messages: Message, taken: Any = None) -> list[str]:
    return [message["role"] for message in written(foreign(*messages), taken)["messages"]]


def test_user_never_follows_a_tool() -> None:
    call = assistant(ToolCall(id="call_1", name="f"))

    assert roles(call, result(), user(Text(text="a"))) == ["assistant", "tool", "assistant", "user"]


@pytest.mark.parametrize(
    "before", [[assistant(Text(text="a"))], [assistant(ToolCall(id="call_1", name="f")), result()]]
)
def test_system_message_in_the_middle_is_the_users(before: list[Message]) -> None:
    taken = notes()

    assert roles(*before, Message(role=Role.SYSTEM, parts=(Text(text="b"),)), taken=taken)[-1] == "user"
    assert taken.dropped == ("messages[].role",)


def test_words_at_the_end_are_to_be_continued() -> None:
    sent = written(foreign(user(Text(text="a")), assistant(Text(text="b"))))["messages"]

    assert sent[-1] == {"role": "assistant", "content": "b", "prefix": True}


def test_message_of_nothing_is_not_sent_and_an_assistants_is_empty() -> None:
    sent = written(foreign(user(), assistant(), user(Text(text="a"))))["messages"]

    assert [message["content"] for message in sent] == ["", "a"]


@pytest.mark.parametrize(
    "choice", [ToolChoice(mode=ChoiceMode.REQUIRED), ToolChoice(mode=ChoiceMode.AUTO, names=("ghost",))]
)
def test_choice_among_no_tools_is_dropped(choice: ToolChoice) -> None:
    taken = notes()

    body = written(foreign(tools=(Tool(name="f"),) if choice.names else (), choice=choice), taken)

    assert body.keys().isdisjoint(("tools", "tool_choice"))
    assert taken.dropped == ("choice",)


@pytest.mark.parametrize(
    ("said", "data", "url"),
    [
        ("QUJD", "QUJD", None),
        ("data:audio/wav;base64,QUJD", "QUJD", None),
        ("https://x.test/a.mp3", None, "https://x.test/a.mp3"),
    ],
)
def test_sound_is_told_from_the_url_of_one(said: str, data: str | None, url: str | None) -> None:
    content = [{"type": "input_audio", "input_audio": said}]

    (message,) = read(asked(messages=[{"role": "user", "content": content}])).messages

    (sound,) = message.parts
    assert isinstance(sound, Media)
    assert (sound.data, sound.url) == (data, url)


def test_tools_out_of_the_choice_are_left_out() -> None:
    tools = (Tool(name="a"), Tool(name="b"))
    narrowed = written(foreign(tools=tools, choice=ToolChoice(mode=ChoiceMode.AUTO, names=("b",))))
    named = written(foreign(tools=tools, choice=ToolChoice(mode=ChoiceMode.NAMED, names=("b",))))

    assert [tool["function"]["name"] for tool in narrowed["tools"]] == ["b"]
    assert narrowed["tool_choice"] == "auto"
    assert len(named["tools"]) == 2
    assert named["tool_choice"] == {"type": "function", "function": {"name": "b"}}
    assert "tool_choice" not in written(foreign(choice=ToolChoice(mode=ChoiceMode.AUTO)), notes(strict=True))


def test_every_kind_of_file_has_its_place() -> None:
    parts = (
        Media(kind=MediaKind.FILE, data="QUJD", mime="application/pdf", name="A"),
        Media(kind=MediaKind.FILE, url="https://x.test/a.pdf"),
        Media(kind=MediaKind.FILE, text="held", name="Held"),
        Media(kind=MediaKind.AUDIO, data="QUJD", mime="audio/wav"),
        Refusal(text="No."),
    )

    (sent,) = written(foreign(user(*parts)))["messages"]

    assert sent["content"] == [
        {"type": "document_url", "document_url": "data:application/pdf;base64,QUJD", "document_name": "A"},
        {"type": "document_url", "document_url": "https://x.test/a.pdf"},
        {"type": "text", "text": "Held\n\nheld"},
        {"type": "input_audio", "input_audio": "QUJD"},
        {"type": "text", "text": "No."},
    ]


def test_words_of_foreign_thinking_stay_and_its_state_does_not() -> None:
    taken = notes()
    thought = Reasoning(text="Hm.", state=State("another", {"signature": "s"}))
    hidden = Reasoning(state=State("another", {"signature": "s"}))

    sent = written(foreign(assistant(thought, hidden, Text(text="Yes")), user(Text(text="a"))), taken)["messages"][0]

    assert sent["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "Yes"},
    ]
    assert taken.dropped == ("messages[].content[].state",)


def test_own_signature_comes_back_from_another_dialect() -> None:
    thought = Reasoning(text="Hm.", state=State("mistral-chat", {"signature": "s"}))

    sent = written(foreign(assistant(thought), user(Text(text="a"))), notes(strict=True))["messages"][0]

    assert sent["content"][0]["signature"] == "s"


def test_state_of_another_dialect_is_taken_out_of_what_a_caller_sends_back() -> None:
    state = State("another", {"signature": "s"})
    thought = Reasoning(text="Hm.", state=state)
    words = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    call = {"id": carry("c1", state, [thought], SEAL), "type": "function", "function": {"name": "f", "arguments": "{}"}}
    bare = {"role": "assistant", "content": [words], "tool_calls": [call]}
    whole = {"role": "assistant", "content": [{**words, "signature": SEAL.pack(state)}]}
    given = {"role": "tool", "tool_call_id": call["id"], "content": "1"}

    first, second, third = read(asked(messages=[bare, whole, given])).messages

    assert first.parts == (thought, ToolCall(id="c1", name="f", arguments="{}", state=state))
    assert second.parts == (thought,)
    assert isinstance(third.parts[0], ToolResult)
    assert third.parts[0].call_id == "c1"


@pytest.mark.parametrize(
    ("thinking", "effort", "dropped"),
    [
        (Thinking(effort="xhigh"), "xhigh", ()),
        (Thinking(effort="odd"), None, ("thinking.effort",)),
        (Thinking(enabled=False), "none", ()),
        (Thinking(enabled=True), "high", ()),
        (Thinking(budget=0), "none", ()),
        (Thinking(budget=-1), None, ()),
        (Thinking(budget=100), "low", ("thinking.budget",)),
        (Thinking(budget=5_000), "medium", ("thinking.budget",)),
        (Thinking(budget=50_000), "high", ("thinking.budget",)),
        (Thinking(summary="auto"), None, ("thinking.summary",)),
    ],
)
def test_thinking_is_asked_for_in_mistrals_words(
    thinking: Thinking, effort: str | None, dropped: tuple[str, ...]
) -> None:
    taken = notes()

    assert written(foreign(thinking=thinking), taken).get("reasoning_effort") == effort
    assert taken.dropped == dropped


@pytest.mark.parametrize(
    ("request_", "dropped"),
    [
        (foreign(verbosity="low"), "verbosity"),
        (foreign(user="ada"), "user"),
        (foreign(tier="flex"), "tier"),
        (foreign(cache=CacheMark()), "cache"),
        (foreign(store=True), "store"),
        (foreign(extras={"odd": 1}), "odd"),
        (foreign(tools=(ServerTool(tool="web_search"),)), "tools[].web_search"),
        (foreign(tools=(ServerTool(tool="", raw={"type": "x"}),)), "tools[].x"),
        (foreign(tools=(Tool(name="a", cache=CacheMark()),)), "tools[].cache"),
        (foreign(user(Text(text="a", cache=CacheMark()))), "messages[].content[].cache"),
        (foreign(user(Text(text="a", extras={"odd": 1}))), "messages[].content[].odd"),
        (foreign(user(Text(text="a"), Opaque(kind="odd", raw={}))), "messages[].content[].odd"),
        (foreign(Message(role=Role.USER, name="ada", parts=(Text(text="a"),))), "messages[].name"),
        (foreign(result(error=True)), "messages[].content[].is_error"),
        (foreign(format=Format(kind=FormatKind.JSON, extras={"odd": 1})), "format.odd"),
        (
            foreign(user(Media(kind=MediaKind.FILE, text="a", citations=True))),
            "messages[].content[].citations",
        ),
    ],
)
def test_what_mistral_cannot_say_is_told(request_: Request, dropped: str) -> None:
    taken = notes()
    written(request_, taken)

    assert taken.dropped == (dropped,)
    with pytest.raises(Untranslatable):
        written(request_, notes(strict=True))


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (foreign(user(Media(kind=MediaKind.FILE, file_id="f1"))), "messages[].content[].file_id"),
        (foreign(user(Media(kind=MediaKind.IMAGE, file_id="f1"))), "messages[].content[].image"),
        (foreign(user(Media(kind=MediaKind.VIDEO, data="QUJD"))), "messages[].content[].video"),
        (foreign(essential=("previous_response_id",)), "previous_response_id"),
    ],
)
def test_what_would_mean_something_else_is_refused(request_: Request, field: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        written(request_)

    assert refused.value.param == field


def test_request_without_content_goes_to_another_dialect_and_back() -> None:
    body = asked(messages=[{"role": "user"}, {"role": "assistant", "content": None}, {"role": "tool", "content": ""}])

    assert written(read(body)) == body
    assert written(replace(read(body), origin="another"))["messages"][-1]["content"] == ""
