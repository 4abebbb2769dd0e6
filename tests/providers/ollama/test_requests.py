"""A chat request in Ollama's words, feature by feature.  Source: invented."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.ollama.support import CHAT, read, written
from tests.support.growth import assert_linear

from tollbridge import BadRequest
from tollbridge.errors import Untranslatable
from tollbridge.formats import (
    CacheMark,
    ChoiceMode,
    Citation,
    Envelope,
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
    ServerCall,
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
from tollbridge.testing.conversations import SEAL, notes

PNG = "iVBORw0KGgo="
WAV = "UklGRgAAAABXQVZFZm10IA=="
HELLO = (Message(role=Role.USER, parts=(Text(text="hi"),)),)


def asked(**fields) -> Request:
    return Request(**{"origin": "openai-chat", "model": "m", "messages": HELLO, **fields})


def said(*parts, role=Role.USER) -> tuple[Message, ...]:
    return (Message(role=role, parts=parts),)


SAME = {
    "every option": {
        "options": {
            "num_predict": 5,
            "temperature": 0.5,
            "top_k": 3,
            "top_p": 0.9,
            "min_p": 0.05,
            "seed": 1,
            "stop": ["a"],
            "num_ctx": 4096,
            "repeat_penalty": 1.1,
            "presence_penalty": 1,
            "frequency_penalty": 0,
        }
    },
    "limits that are none": {"options": {"num_predict": -1, "top_k": 0, "seed": -1}},
    "nulls": {"stream": None, "format": None, "options": {"temperature": None}, "think": None, "keep_alive": None},
    "no options in options": {"options": {}},
    "an option's name at the top": {"options.min_p": 1},
    "keep alive": {"keep_alive": "10m"},
    "json": {"format": "json"},
    "no format": {"format": ""},
    "a schema": {"format": {"type": "object", "properties": {"b": {"type": "string"}, "a": {}}}},
    "thinking": {"think": True},
    "no thinking": {"think": False},
    "hard thinking": {"think": "max"},
    "probabilities": {"logprobs": True, "top_logprobs": 3},
    "truncation": {"truncate": False, "shift": True},
    "a stream": {"stream": True},
    "no stream": {"stream": False},
    "what nobody knows": {"later": {"on": [1]}},
    "tools": {
        "tools": [
            {
                "type": "function",
                "items": 1,
                "function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "x": 1},
            },
            {"function": {"name": "g"}},
            {"type": "other", "z": 1},
        ]
    },
    "no tools": {"tools": []},
    "messages of all kinds": {
        "messages": [
            {"role": "System", "content": "s"},
            {"role": "user", "content": "", "images": [PNG, WAV], "y": None},
            {"role": "user", "content": "no picture", "images": []},
            {"role": "user"},
            {
                "role": "assistant",
                "content": "",
                "thinking": "hm",
                "tool_calls": [
                    {"function": {"name": "f", "arguments": {"b": 1, "a": 2.50}}},
                    {"id": "c2", "type": "function", "function": {"index": 1, "name": "g", "arguments": {}}},
                    {"id": "c3", "function": {"index": 7, "name": "h"}},
                ],
            },
            {"role": "tool", "content": "1", "tool_name": "f"},
            {"role": "tool", "content": "", "tool_call_id": "c2", "name": "g"},
            {"role": "tool", "content": "3"},
            {"role": "assistant", "content": "done", "thinking": "", "tool_calls": []},
            {"role": "developer", "content": "d"},
        ]
    },
}


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_request_is_written_as_it_was_read(body):
    whole = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **body}
    left = notes(strict=True)

    assert written(read(whole), left) == whole


def test_request_that_only_loads_a_model_says_nothing_else():
    assert written(read({"model": "m"})) == {"model": "m"}


def test_numbers_keep_their_text():
    body = b'{"model":"m","messages":[],"stream":false,"options":{"temperature":1.50}}'
    request = CHAT.read_request(body, None, notes())

    assert CHAT.write_request(request, notes()) == body


def test_stream_is_wanted_where_nothing_is_said():
    assert read({"model": "m", "messages": []}).stream is True


@pytest.mark.parametrize("stream", [None, False])
def test_whole_answer_is_asked_for_expressly(stream):
    assert written(asked(stream=stream))["stream"] is False


def test_options_become_canonical_fields():
    request = read({"model": "m", "messages": [], **SAME["every option"]})

    assert (request.max_output, request.top_k, request.seed, request.stop) == (5, 3, 1, ("a",))
    assert set(request.extras) == {"options.min_p", "options.num_ctx", "options.repeat_penalty"}


def test_canonical_fields_become_options():
    request = asked(max_output=9, temperature=1, top_p=1, top_k=2, seed=3, stop=("x",), frequency_penalty=0)

    assert written(request)["options"] == {
        "num_predict": 9,
        "temperature": 1,
        "top_p": 1,
        "top_k": 2,
        "seed": 3,
        "stop": ["x"],
        "frequency_penalty": 0,
    }


def test_pictures_and_sounds_are_told_apart_by_their_first_bytes():
    (message,) = read({"model": "m", "messages": [{"role": "user", "images": [PNG, WAV, "AAAA"]}]}).messages

    assert [(part.kind, part.mime) for part in message.parts] == [
        (MediaKind.IMAGE, "image/png"),
        (MediaKind.AUDIO, "audio/wav"),
        (MediaKind.IMAGE, None),
    ]


def test_call_without_an_id_gets_one_that_its_result_has_too():
    request = read({"model": "m", **SAME["messages of all kinds"]})
    calls = [part for message in request.messages for part in message.parts if isinstance(part, ToolCall)]
    results = [part for message in request.messages for part in message.parts if isinstance(part, ToolResult)]

    assert [result.call_id for result in results] == [call.id for call in calls]
    assert calls[0].id.startswith("call_")
    assert calls[0].arguments == '{"b":1,"a":2.5}'


def test_results_of_calls_to_one_tool_are_matched_in_order():
    calls = [{"function": {"name": "f", "arguments": {}}}] * 2
    results = [{"role": "tool", "content": text, "tool_name": "f"} for text in "ab"]
    request = read({"model": "m", "messages": [{"role": "assistant", "tool_calls": calls}, *results]})

    first, second = request.messages[0].parts
    assert [message.parts[0].call_id for message in request.messages[1:]] == [first.id, second.id]
    assert first.id != second.id


def test_results_find_their_calls_at_once_however_many_there_are():
    def reading(count):
        calls = [{"id": f"c{place}", "function": {"name": "f", "arguments": {}}} for place in range(count)]
        results = [{"role": "tool", "content": "", "tool_call_id": f"c{place}"} for place in reversed(range(count))]
        body = json.dumps({"model": "m", "messages": [{"role": "assistant", "tool_calls": calls}, *results]}).encode()
        return lambda: CHAT.read_request(body, Envelope("m"), notes())

    assert_linear(reading, 400)


def test_result_by_name_passes_over_the_call_that_was_answered_by_its_id():
    calls = [
        {"id": id_, "function": {"name": name, "arguments": {}}} for id_, name in (("a", "f"), ("b", "g"), ("c", "f"))
    ]
    results = [{"tool_call_id": "a"}, {"tool_name": "f"}, {}]
    messages = [
        {"role": "assistant", "tool_calls": calls},
        *({"role": "tool", "content": "x", **each} for each in results),
    ]

    request = read({"model": "m", "messages": messages})

    assert [message.parts[0].call_id for message in request.messages[1:]] == ["a", "c", "b"]


def test_result_without_a_call_is_read_all_the_same():
    (message,) = read({"model": "m", "messages": [{"role": "tool", "content": "x"}]}).messages

    assert message.parts[0].call_id


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "model"),
        ({"model": 1}, "model"),
        ({"messages": {}}, "messages"),
        ({"messages": [1]}, "messages[0]"),
        ({"messages": [{}]}, "messages[0].role"),
        ({"messages": [{"role": "king"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "images": [1]}]}, "messages[0].images"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "messages[0].tool_calls[0].function.name"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}]},
            "messages[0].tool_calls[0].function.arguments",
        ),
        ({"options": []}, "options"),
        ({"options": {"stop": "x"}}, "options.stop"),
        ({"options": {"stop": [1]}}, "options.stop"),
        ({"options": {"temperature": "hot"}}, "options.temperature"),
        ({"options": {"min_p": 1}, "options.min_p": 2}, "options.min_p"),
        ({"format": "xml"}, "format"),
        ({"format": 1}, "format"),
        ({"think": "deeply"}, "think"),
        ({"think": 1}, "think"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
    ],
)
def test_wrong_field_is_named(body, param):
    whole = {**({"model": "m"} if body else {}), "messages": [], **body}
    with pytest.raises(BadRequest) as refused:
        read(whole)

    assert refused.value.param == param


@pytest.mark.parametrize(
    ("thinking", "think"),
    [
        (Thinking(enabled=True), True),
        (Thinking(enabled=False), False),
        (Thinking(effort="none"), False),
        (Thinking(effort="minimal"), "low"),
        (Thinking(effort="medium"), "medium"),
        (Thinking(effort="xhigh"), "max"),
        (Thinking(budget=2048), True),
        (Thinking(budget=0), False),
        (Thinking(effort="wildly"), True),
    ],
)
def test_thinking_of_others_is_said(thinking, think):
    assert written(asked(thinking=thinking))["think"] is think or written(asked(thinking=thinking))["think"] == think


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (Format(kind=FormatKind.JSON), "json"),
        (Format(kind=FormatKind.SCHEMA, schema={"type": "object"}, name="n", strict=True), {"type": "object"}),
        (Format(kind=FormatKind.SCHEMA), "json"),
        (Format(kind=FormatKind.TEXT), None),
    ],
)
def test_formats_of_others_are_said(form, expected):
    assert written(asked(format=form), notes(strict=True)).get("format") == expected


def test_tools_are_written_with_their_references_put_in():
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "$defs": {"A": {"type": "string", "enum": ["x"]}},
    }
    tools = (Tool(name="f", description="d", schema=schema), Tool(name="g"))

    assert written(asked(tools=tools))["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "f",
                "description": "d",
                "parameters": {"type": "object", "properties": {"a": {"type": "string", "enum": ["x"]}}},
            },
        },
        {"type": "function", "function": {"name": "g", "parameters": {"type": "object", "properties": {}}}},
    ]


TOOLS = (Tool(name="f"), Tool(name="g"))


@pytest.mark.parametrize(
    ("choice", "names", "dropped"),
    [
        (ToolChoice(mode=ChoiceMode.AUTO), ["f", "g"], ()),
        (ToolChoice(mode=ChoiceMode.AUTO, names=("g",)), ["g"], ()),
        (ToolChoice(mode=ChoiceMode.NONE), [], ()),
        (ToolChoice(mode=ChoiceMode.REQUIRED), ["f", "g"], ("choice",)),
        (ToolChoice(mode=ChoiceMode.NAMED, names=("f",)), ["f"], ("choice",)),
    ],
)
def test_choice_of_a_tool_narrows_the_tools(choice, names, dropped):
    left = notes()
    body = written(asked(tools=TOOLS, choice=choice), left)

    assert [tool["function"]["name"] for tool in body.get("tools", [])] == names
    assert left.dropped == dropped


def test_texts_of_one_message_become_messages():
    parts = (Text(text="a"), Media(kind=MediaKind.IMAGE, data=PNG), Text(text="b"))

    assert written(asked(messages=said(*parts)))["messages"] == [
        {"role": "user", "content": "a", "images": [PNG]},
        {"role": "user", "content": "b"},
    ]


def test_agents_turn_is_written_with_names_and_ids():
    call = ToolCall(id="c1", name="f", arguments='{"a":1}')
    messages = (
        *said(Text(text="be nice"), role=Role.DEVELOPER),
        *said(Reasoning(text="hm"), Text(text="wait"), call, role=Role.ASSISTANT),
        Message(role=Role.TOOL, parts=(ToolResult(call_id="c1", content=(Text(text="42"),)),)),
        Message(role=Role.USER, parts=(Text(text="so?"),), joined=True),
    )

    assert written(asked(messages=messages))["messages"] == [
        {"role": "system", "content": "be nice"},
        {
            "role": "assistant",
            "content": "wait",
            "thinking": "hm",
            "tool_calls": [{"id": "c1", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}}],
        },
        {"role": "tool", "content": "42", "tool_name": "f", "tool_call_id": "c1"},
        {"role": "user", "content": "so?"},
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"), [("", {}), ("{broken", {"INVALID_JSON": "{broken"}), ("[1]", {"INVALID_JSON": "[1]"})]
)
def test_arguments_are_an_object_whatever_they_were(arguments, expected):
    body = written(asked(messages=said(ToolCall(id="c", name="f", arguments=arguments), role=Role.ASSISTANT)))

    assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == expected


def test_words_that_decline_and_text_documents_are_words():
    document = Media(kind=MediaKind.FILE, text="contents", mime="text/plain")

    assert [
        written(asked(messages=said(part)))["messages"][0]["content"] for part in (Refusal(text="no"), document)
    ] == ["no", "contents"]


STATE = State("anthropic-messages", {"signature": "s"})


@pytest.mark.parametrize(
    ("fields", "dropped"),
    [
        ({"answers": 2}, "answers"),
        ({"parallel_tools": False}, "parallel_tools"),
        ({"verbosity": "low"}, "verbosity"),
        ({"metadata": {"a": "b"}}, "metadata"),
        ({"user": "u"}, "user"),
        ({"tier": "flex"}, "tier"),
        ({"cache_key": "k"}, "cache_key"),
        ({"store": True}, "store"),
        ({"extras": {"logit_bias": {}}}, "logit_bias"),
        ({"thinking": Thinking(budget=5)}, "thinking.budget"),
        ({"thinking": Thinking(effort="wildly")}, "thinking.effort"),
        ({"thinking": Thinking(summary="auto")}, "thinking.summary"),
        ({"format": Format(kind=FormatKind.SCHEMA, schema={}, description="d")}, "format.description"),
        ({"tools": (Tool(name="f", strict=True),)}, "tools[].strict"),
        ({"tools": (ServerTool(tool="web_search"),)}, "tools[].web_search"),
        ({"messages": (Message(role=Role.USER, name="bob"),)}, "messages[].name"),
        ({"messages": said(Opaque(kind="odd", raw={}))}, "messages[].content[].odd"),
        ({"messages": said(ServerCall(tool="web_search"))}, "messages[].content[].web_search"),
        ({"messages": said(Text(text="t", citations=(Citation(url="u"),)))}, "messages[].content[].citations"),
        (
            {"messages": said(Reasoning(text="t", state=STATE), role=Role.ASSISTANT)},
            "messages[].content[].reasoning.state",
        ),
        (
            {"messages": said(ToolCall(id="c", name="f", state=STATE), role=Role.ASSISTANT)},
            "messages[].tool_calls[].state",
        ),
        (
            {"messages": said(ToolResult(call_id="c", error=True), role=Role.TOOL)},
            "messages[].content[].is_error",
        ),
        ({"messages": said(Media(kind=MediaKind.IMAGE, data=PNG, detail="low"))}, "messages[].content[].detail"),
    ],
)
def test_what_cannot_be_said_is_noted_once_and_refused_under_strict(fields, dropped):
    left = notes()
    written(asked(**fields), left)

    assert left.dropped == (dropped,)
    with pytest.raises(Untranslatable):
        written(asked(**fields), notes(strict=True))


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"essential": ("previous_response_id",)}, "previous_response_id"),
        ({"messages": said(Media(kind=MediaKind.IMAGE, url="https://x/y.png"))}, "messages[].content[].image"),
        ({"messages": said(Media(kind=MediaKind.AUDIO, file_id="f"))}, "messages[].content[].audio"),
        ({"messages": said(Media(kind=MediaKind.FILE, data="JVBERg=="))}, "messages[].content[].file"),
    ],
)
def test_what_must_not_be_lost_is_refused(fields, param):
    with pytest.raises(Untranslatable) as refused:
        written(asked(**fields))

    assert refused.value.param == param


def test_seed_of_zero_is_a_seed_and_one_below_is_ollamas_own():
    def body(seed):
        return {"model": "m", "messages": [], "options": {"seed": seed}}

    assert read(body(0)).seed == 0
    assert (read(body(-1)).seed, read(body(-1)).extras) == (None, {"options.seed": -1})


def test_options_that_only_ollama_has_are_told_by_name_elsewhere():
    left = notes()
    left.drop_extras(read({"model": "m", "messages": [], **SAME["every option"]}).extras)

    assert left.dropped == ("options.min_p", "options.num_ctx", "options.repeat_penalty")


def test_prompt_that_is_only_rendered_goes_to_nobody_else():
    assert read({"model": "m", "messages": [], "_debug_render_only": True}).essential == ("_debug_render_only",)


def test_state_behind_an_id_is_found_again():
    thought = Reasoning(text="hm", state=STATE)
    id_ = carry("c1", State("gemini", {"sig": "x"}), [thought], SEAL)
    messages = [
        {
            "role": "assistant",
            "thinking": "other",
            "tool_calls": [{"id": id_, "function": {"name": "f", "arguments": {}}}],
        },
        {"role": "tool", "content": "1", "tool_call_id": id_},
    ]

    first, second = read({"model": "m", "messages": messages}).messages

    assert first.parts[0] == thought
    assert isinstance(first.parts[1], ToolCall)
    assert (first.parts[1].id, first.parts[1].state) == ("c1", State("gemini", {"sig": "x"}))
    assert second.parts[0].call_id == "c1"


members = st.fixed_dictionaries(
    {"role": st.sampled_from(("user", "assistant", "tool", "SYSTEM"))},
    optional={
        "content": st.text(max_size=5) | st.none(),
        "thinking": st.text(max_size=5) | st.none(),
        "images": st.lists(st.sampled_from((PNG, WAV, "")), max_size=2),
        "tool_name": st.sampled_from(("f", "")),
        "name": st.sampled_from(("f", "")),
        "tool_call_id": st.sampled_from(("c1", "")),
        "other": st.none() | st.integers(),
        "tool_calls": st.lists(
            st.fixed_dictionaries(
                {
                    "function": st.fixed_dictionaries(
                        {"name": st.sampled_from(("f", ""))},
                        optional={
                            "arguments": st.none() | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
                            "index": st.none() | st.integers(0, 2),
                            "more": st.integers(),
                        },
                    )
                },
                optional={"id": st.none() | st.sampled_from(("c1", "")), "type": st.just("function")},
            ),
            max_size=2,
        ),
    },
)


@given(st.lists(members, max_size=4))
def test_messages_of_any_shape_are_written_as_they_were_read(messages):
    body = {"model": "m", "messages": messages}

    assert json.loads(json.dumps(written(read(body)))) == body


def test_picture_of_no_base64_is_one_of_no_known_type():
    (message,) = read({"model": "m", "messages": [{"role": "user", "images": ["!"]}]}).messages

    assert message.parts == (Media(kind=MediaKind.IMAGE, data="!"),)


def test_cache_marks_are_noted():
    left = notes()
    written(asked(messages=said(Text(text="a", cache=CacheMark()))), left)

    assert left.dropped == ("messages[].content[].cache",)
