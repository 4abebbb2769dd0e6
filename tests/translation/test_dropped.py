"""What is left behind is told by the same names, whatever dialect it is written in; what need not be stays."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from tests.translation.dialects import DIALECTS

from tollbridge.errors import Untranslatable
from tollbridge.formats import (
    CONVERSATION,
    Begin,
    CacheMark,
    Choice,
    ChoiceEnd,
    ChoiceMode,
    Conversation,
    Delta,
    Detail,
    End,
    Envelope,
    Message,
    PartBegin,
    PartEnd,
    Reasoning,
    Request,
    Response,
    Role,
    State,
    Stop,
    Text,
    Tool,
    ToolChoice,
    fold,
    unfold,
)
from tollbridge.testing.conversation_contract import notes

ELSE = "another"
CACHED = Message(role=Role.USER, parts=(Text(text="Hi", cache=CacheMark()),))
TOOLS = (Tool(name="get", schema={"type": "object", "properties": {}}, cache=CacheMark()),)
PLAIN = {"messages": (Message(role=Role.USER, parts=(Text(text="Hi"),)),)}
ASKED = Request(origin=ELSE, model="m", messages=(CACHED,))
TWO = Response(
    origin=ELSE,
    id="1",
    model="m",
    choices=tuple(Choice(index=at, parts=(Text(text=f"say {at}"),), stop=Stop.END) for at in range(2)),
)


def codecs() -> Iterator[Any]:
    for dialect in DIALECTS.values():
        for operation in dialect.operations:
            codec: Any = operation.codec
            if codec is not None and codec.kind == CONVERSATION:
                yield pytest.param(codec, id=f"{dialect.name} {operation.label}")


def codec_of(name: str) -> Any:
    return DIALECTS[name].operations[0].codec


each = pytest.mark.parametrize("codec", list(codecs()))


@each
@pytest.mark.parametrize(
    ("marked", "name"),
    [
        ({"messages": (CACHED,)}, "messages[].content[].cache"),
        ({"tools": TOOLS}, "tools[].cache"),
        ({"cache": CacheMark()}, "cache"),
    ],
)
def test_cache_mark_is_written_or_left_behind_by_one_name(codec: Conversation, marked: Any, name: str) -> None:
    told = notes()
    try:
        written = codec.write_request(Request(**{"origin": ELSE, "model": "claude-opus-4-8", **PLAIN, **marked}), told)
    except Untranslatable:  # what takes no tools
        assert "tools" in marked
        return

    assert told.dropped == (() if b"cache" in written else (name,))


@pytest.mark.parametrize(
    ("caller", "names"),
    [
        ("openai-chat", ("messages[].content[].cache_control", "tools[].cache_control")),
        ("anthropic-messages", ("messages[].content[].cache_control", "tools[].cache_control")),
        ("bedrock-converse", ("messages[].content[].cachePoint", "toolConfig.tools[].cachePoint")),
        ("openai-responses", ("input[].content[].prompt_cache_breakpoint", "tools[].cache")),
    ],
)
def test_caller_is_told_its_own_word_for_a_cache_mark(caller: str, names: tuple[str, ...]) -> None:
    told = replace(notes(), spelled=codec_of(caller).spelled)

    codec_of("mistral-chat").write_request(Request(origin=ELSE, model="m", messages=(CACHED,), tools=TOOLS), told)

    assert set(told.dropped) == set(names)


@each
@pytest.mark.parametrize("mode", list(ChoiceMode))
def test_choice_that_only_its_own_dialect_knows_is_left_behind_by_one_name(codec: Conversation, mode: Any) -> None:
    told = notes()
    tools = (Tool(name="get", schema={"type": "object", "properties": {}}),)
    asked = Request(origin=ELSE, model="m", **PLAIN, tools=tools, choice=ToolChoice(mode=mode, raw={"type": "odd"}))
    try:
        plain = codec.write_request(replace(asked, choice=None), notes())
        written = codec.write_request(asked, told)
    except Untranslatable:  # what takes no tools
        return

    assert (told.dropped, written) == (("choice",), plain)


@each
@pytest.mark.parametrize("streamed", [False, True])
def test_answers_that_have_no_place_have_one_name(codec: Conversation, streamed: bool) -> None:
    told = notes()
    if streamed:
        writer = codec.stream_writer(ASKED, told)
        written = b"".join(writer.write(event) for event in unfold(TWO))
    else:
        written = codec.write_response(TWO, ASKED, told)

    assert b"say 0" in written
    assert told.dropped == (() if b"say 1" in written else ("choices",))


@pytest.mark.parametrize(
    "asked",
    ["openai-chat", "anthropic-messages", "gemini-generate-content", "bedrock-converse", "mistral-chat", "cohere-v2"],
)
def test_answer_that_a_client_of_responses_sends_back_loses_nothing(asked: str) -> None:
    words = {"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}
    call = {"type": "function_call", "call_id": "call_1", "name": "get", "arguments": "{}"}
    given = [
        {"role": "user", "content": "Hi"},
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [words]},
        {**call, "id": "fc_1", "status": "completed"},
        {"type": "function_call_output", "id": "fco_1", "call_id": "call_1", "output": "done", "status": "completed"},
    ]
    tools = [{"type": "function", "name": "get", "parameters": {"type": "object", "properties": {}}}]
    body = json.dumps({"model": "m", "input": given, "tools": tools}).encode()
    request = codec_of("openai-responses").read_request(body, Envelope("m"), notes())

    told = replace(notes(), strict=True)
    codec_of(asked).write_request(request, told)

    assert told.dropped == ()


@each
def test_state_that_comes_in_pieces_is_all_there(codec: Conversation) -> None:
    first, second = State(ELSE, {"id": "1"}), State(ELSE, {"signature": "s"})

    def heard(begun: State | None, later: State) -> Any:
        part = PartBegin(part=Reasoning(state=begun), index=0)
        thought = [part, Delta(text="Hm.", index=0), Detail(index=0, state=later), PartEnd(index=0)]
        said = [PartBegin(part=Text(text="Yes."), index=1), PartEnd(index=1), ChoiceEnd(stop=Stop.END), End()]
        writer, reader = codec.stream_writer(ASKED, notes()), codec.stream_reader(notes())
        written = b"".join(writer.write(event) for event in [Begin(origin=ELSE, id="1", model="m"), *thought, *said])
        return fold([*reader.feed(written), *reader.feed(b"")]).choices

    assert heard(first, second) == heard(None, State(ELSE, {"id": "1", "signature": "s"}))
