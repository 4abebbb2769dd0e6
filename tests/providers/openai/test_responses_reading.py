"""Requests of callers of the Responses API: what is read of them, and that all of it is written again."""

from typing import Any

import pytest
from tests.providers.openai.responses_support import SEAL, again, notes, read, written

from tollbridge import BadRequest
from tollbridge.formats import (
    CacheMark,
    ChoiceMode,
    Envelope,
    FormatKind,
    Location,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Refusal,
    Role,
    ServerCall,
    ServerTool,
    State,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    carry,
    pack_thinking,
)
from tollbridge_openai.responses_codec import RESPONSES_CODEC

CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": '{"a": 1}', "status": "x"}
RESULT = {"type": "function_call_output", "call_id": "call_1", "output": "done"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
SAID = {
    "type": "message",
    "id": "msg_1",
    "status": "completed",
    "role": "assistant",
    "phase": "final_answer",
    "content": [
        {"type": "output_text", "text": "hi", "annotations": [], "logprobs": []},
        {"type": "refusal", "refusal": "no"},
    ],
}
LOGPROBS = [{"token": "a", "logprob": -1, "bytes": [97], "top_logprobs": []}]
URL_CITATION = {"type": "url_citation", "url": "https://a", "title": "A", "start_index": 0, "end_index": 2}


def items(*given: Any) -> list[Any]:
    """Read these items and write them for a provider of the same dialect."""
    found: list[Any] = again(input=list(given))["input"]
    return found


def parts(*given: Any) -> list[Any]:
    return [part for message in read(input=list(given)).messages for part in message.parts]


@pytest.mark.parametrize(
    "members",
    [
        {"input": "hi"},
        {"input": ""},
        {"input": []},
        {"input": None, "previous_response_id": "resp_1"},
        {"instructions": "be kind", "input": "hi"},
        {"instructions": None},
        {"input": [{"role": "user", "content": "hi"}]},
        {"input": [{"role": "user", "content": []}]},
        {"input": [{"role": "user", "content": None}]},
        {"input": [{"type": "message", "role": "developer", "content": "hi", "id": None, "x": {"y": 1}}]},
        {"input": [SAID, THOUGHT, CALL, RESULT]},
        {"include": []},
        {"include": ["a", "reasoning.encrypted_content", "b", "message.output_text.logprobs"]},
        {"text": {}},
        {"text": {"format": {"type": "text"}, "verbosity": "low", "x": 1}},
        {"text": {"format": {"type": "json_object", "x": None}}},
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": None}}},
        {"reasoning": {}},
        {"reasoning": {"effort": "high", "summary": "auto", "context": "all_turns"}},
        {"reasoning": {"effort": None, "generate_summary": "concise"}},
        {"tools": []},
        {"tool_choice": "none"},
        {"tool_choice": {"type": "function", "name": "f"}},
        {"tool_choice": {"type": "custom", "name": "f", "x": 1}},
        {"tool_choice": {"type": "web_search_preview"}},
        {"tool_choice": {"type": "mcp", "server_label": "a", "name": None}},
        {"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]}},
        {"tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [{"type": "mcp", "server_label": "a"}]}},
        {"store": False, "truncation": "auto", "background": False, "max_tool_calls": 3, "service_tier": "flex"},
        {"metadata": {"a": "b"}, "user": "u", "safety_identifier": "s", "prompt_cache_key": "k"},
        {"safety_identifier": "s", "stream_options": {"include_obfuscation": False}, "stream": True},
        {"temperature": 0.5, "top_p": 1.0, "top_logprobs": 3, "max_output_tokens": 5, "parallel_tool_calls": False},
        {"prompt": {"id": "pmpt_1", "version": "2"}, "prompt_cache_options": {"mode": "explicit", "ttl": "30m"}},
        {"never_heard_of": [1, {"a": None}]},
    ],
)
def test_request_is_written_as_it_was_read(members: dict[str, Any]) -> None:
    assert again(**members) == {"model": "m", "input": "hi", **members}


def test_input_may_be_left_out() -> None:
    request = RESPONSES_CODEC.read_request(b'{"model":"m","prompt":{"id":"p"}}', Envelope("m"), notes())

    assert written(request) == {"model": "m", "prompt": {"id": "p"}}
    assert request.messages == ()


@pytest.mark.parametrize(
    "item",
    [
        THOUGHT,
        {**THOUGHT, "content": [], "status": "completed"},
        {**THOUGHT, "encrypted_content": None, "content": None},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}]},
        {**THOUGHT, "summary": [{"type": "summary_text", "text": text} for text in ("a\n\nb", "", "c")]},
        {**THOUGHT, "summary": [{"type": "summary_text", "text": ""}]},
        {**THOUGHT, "summary": [{"type": "summary_text", "text": "a", "x": 1}]},
        {**THOUGHT, "content": [{"type": "reasoning_text", "text": "long"}], "summary": [{"type": "x"}, 3]},
        CALL,
        {**CALL, "namespace": "ns", "caller": {"type": "program"}},
        {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "words"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "words"},
        RESULT,
        {**RESULT, "output": []},
        {**RESULT, "output": None, "name": "f", "id": "x", "status": "completed"},
        {**RESULT, "output": [{"type": "input_text", "text": "a"}, {"type": "input_file", "file_id": "f"}]},
        {"type": "item_reference", "id": "msg_9"},
        {"id": "msg_9"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
        {"type": "mcp_approval_response", "approval_request_id": "a", "approve": True},
        {"type": "shell_call_output", "call_id": "c", "output": [{"stdout": "x"}]},
        {"type": "compaction", "encrypted_content": "gAAA"},
        {"type": "additional_tools", "role": "developer", "tools": [{"type": "function", "name": "f"}]},
        {"type": "never_heard_of", "x": [1]},
        SAID,
        {"role": "user", "content": [{"type": "output_text", "text": "quoted", "annotations": [URL_CITATION, "x"]}]},
        {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]},
        {"role": "user", "content": [{"type": "input_image", "image_url": "https://a/b.png", "detail": "low"}]},
        {"role": "user", "content": [{"type": "input_image", "file_id": "file_1", "image_url": None}]},
        {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/svg+xml,<svg/>"}]},
        {"role": "user", "content": [{"type": "input_file", "file_data": "AAAA", "filename": "a.pdf"}]},
        {"role": "user", "content": [{"type": "input_file", "file_data": "data:text/plain;base64,AAAA"}]},
        {"role": "user", "content": [{"type": "input_file", "file_data": "data:text/plain,AAAA", "file_url": "u"}]},
        {"role": "user", "content": [{"type": "input_file", "file_url": "https://a/b.pdf", "detail": "high"}]},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AA", "format": "mp3", "x": 1}}]},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": None}]},
        {"role": "user", "content": [{"type": "computer_screenshot", "image_url": "u"}]},
        {**SAID, "content": [{"type": "output_text", "text": "a", "logprobs": LOGPROBS}]},
        {**SAID, "content": [*SAID["content"], {"type": "output_text", "text": "b", "logprobs": []}, {"type": "odd"}]},
        {**SAID, "content": [{"type": "output_text", "text": "a", "annotations": None}], "annotations": []},
        {**THOUGHT, "status": "completed", "content": []},
        {
            "role": "user",
            "content": [{"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}, "x": 1}],
        },
    ],
)
def test_item_is_written_as_it_was_read(item: dict[str, Any]) -> None:
    assert items(item) == [item]


def test_what_clients_send_back_and_nobody_else_misses_is_no_loss() -> None:
    words = {"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}
    said = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [words]}
    result = {**RESULT, "id": "fco_1", "status": "completed"}
    thought = {**THOUGHT, "status": "completed", "content": []}

    read = parts(said, CALL, result, thought)

    assert [part.extras for part in read] == [{}] * 4
    assert items(said, CALL, result, thought) == [said, CALL, result, thought]


def test_items_of_a_turn_continue_one_another() -> None:
    messages = read(input=[{"role": "user", "content": "hi"}, THOUGHT, SAID, CALL, RESULT, RESULT, SAID]).messages

    assert [(message.role, message.joined) for message in messages] == [
        (Role.USER, False),
        (Role.ASSISTANT, False),
        (Role.ASSISTANT, True),
        (Role.ASSISTANT, True),
        (Role.TOOL, False),
        (Role.TOOL, True),
        (Role.ASSISTANT, False),
    ]


def test_instructions_are_a_message_apart() -> None:
    (system, user) = read(instructions="be kind").messages

    assert (system.role, system.apart, system.parts) == (Role.SYSTEM, True, (Text(text="be kind"),))
    assert user.parts == (Text(text="hi"),)


def test_ids_and_states_of_items_are_nobody_elses_business() -> None:
    request = read(input=[CALL, {**SAID, "phase": None}])

    assert not any(value for message in request.messages for value in message.extras.values())
    assert parts(CALL)[0].extras == {}


def test_reasoning_holds_its_words_and_what_must_go_back() -> None:
    summary = [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]
    (short,) = parts({**THOUGHT, "summary": summary})
    (whole,) = parts({**THOUGHT, "summary": summary, "content": [{"type": "reasoning_text", "text": "all of it"}]})

    assert (short.text, short.summary) == ("a\n\nb", True)
    assert (whole.text, whole.summary) == ("all of it", False)
    assert short.state == State("openai-responses", {"id": "rs_1", "encrypted_content": "gAAA", "cuts": [1, 1]})


def test_state_of_another_provider_is_unsealed() -> None:
    thought = Reasoning(text="hmm", state=State("stranger", {"signature": "s"}))
    sealed = pack_thinking([thought], SEAL)
    bare = SEAL.pack(State("stranger", {"x": "y"}))

    assert parts({**THOUGHT, "encrypted_content": sealed}) == [thought]
    assert parts({**THOUGHT, "encrypted_content": bare})[0].state == State("stranger", {"x": "y"})


def test_state_behind_the_id_of_a_call_comes_off() -> None:
    state = State("stranger", {"signature": "s"})
    id_ = carry("call_1", state, (), SEAL)

    call, result = parts({**CALL, "call_id": id_}, {**RESULT, "call_id": id_})

    assert (call.id, call.state, result.call_id) == ("call_1", state, "call_1")


def test_calls_and_results_are_read() -> None:
    call, custom, result, listed = parts(
        CALL,
        {"type": "custom_tool_call", "call_id": "c", "name": "g", "input": "words"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "x"},
        {**RESULT, "output": [{"type": "input_text", "text": "a"}]},
    )

    assert call == ToolCall(id="call_1", name="f", arguments='{"a": 1}')
    assert custom == ToolCall(id="c", name="g", arguments="words", custom=True)
    assert result == ToolResult(call_id="c", content=(Text(text="x"),), custom=True)
    assert listed == ToolResult(call_id="call_1", content=(Text(text="a"),), listed=True)


def test_what_a_provider_did_by_itself_stays_whole() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "action": {}}
    found, shell, unknown = parts(search, {"type": "shell_call", "call_id": "c"}, {"type": "unheard_of"})

    assert found == ServerCall(tool="web_search", id="ws_1", raw=search)
    assert shell == ServerCall(tool="", raw={"type": "shell_call", "call_id": "c"})
    assert unknown == Opaque(kind="unheard_of", raw={"type": "unheard_of"})


def test_content_is_read() -> None:
    content = [
        {"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,BBBB", "filename": "b.pdf"},
        {"type": "input_audio", "input_audio": {"data": "CCCC", "format": "mp3"}},
        {"type": "input_file", "file_id": "file_1"},
    ]

    assert parts({"role": "user", "content": content}) == [
        Text(text="a", cache=CacheMark()),
        Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/png", detail="low"),
        Media(kind=MediaKind.FILE, data="BBBB", mime="application/pdf", name="b.pdf"),
        Media(kind=MediaKind.AUDIO, data="CCCC", mime="audio/mpeg"),
        Media(kind=MediaKind.FILE, file_id="file_1"),
    ]


def test_what_a_model_said_is_read_with_its_citations() -> None:
    text = {"type": "output_text", "text": "hi", "annotations": [URL_CITATION]}

    said, declined = parts({**SAID, "content": [text, {"type": "refusal", "refusal": "no"}]})

    (citation,) = said.citations
    assert (citation.url, citation.title, citation.start, citation.end) == ("https://a", "A", 0, 2)
    assert declined == Refusal(text="no")


def test_tools_are_read() -> None:
    search = {
        "type": "web_search",
        "filters": {"allowed_domains": ["a.org"]},
        "user_location": {"type": "approximate", "city": "Bergen", "country": "NO"},
        "search_context_size": "low",
    }
    given = [
        {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True, "defer_loading": True},
        {"type": "custom", "name": "g", "description": "d", "format": {"type": "text"}},
        search,
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "namespace", "name": "n", "tools": []},
    ]

    function, custom, web, code, space = read(tools=given).tools or ()

    assert function == Tool(name="f", schema={"type": "object"}, strict=True, extras={"defer_loading": True})
    assert custom == Tool(name="g", description="d", custom=True, grammar={"type": "text"})
    assert web == ServerTool(
        tool="web_search",
        raw=search,
        allowed_domains=("a.org",),
        location=Location(city="Bergen", country="NO"),
        context_size="low",
    )
    assert (code, space) == (
        ServerTool(tool="code_execution", raw=given[3]),
        ServerTool(tool="", raw=given[4]),
    )
    assert again(tools=given)["tools"] == given


def test_choices_of_a_tool_are_read() -> None:
    named = read(tool_choice={"type": "function", "name": "f"}).choice
    allowed = read(
        tool_choice={"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]}
    ).choice
    hosted = read(tool_choice={"type": "file_search"}).choice

    assert named is not None
    assert allowed is not None
    assert hosted is not None
    assert (named.mode, named.names) == (ChoiceMode.NAMED, ("f",))
    assert (allowed.mode, allowed.names, allowed.raw) == (ChoiceMode.REQUIRED, ("f",), None)
    assert (hosted.mode, hosted.raw) == (ChoiceMode.REQUIRED, {"type": "file_search"})


def test_settings_are_read() -> None:
    request = read(
        max_output_tokens=9,
        service_tier="flex",
        prompt_cache_key="k",
        safety_identifier="s",
        include=["message.output_text.logprobs", "reasoning.encrypted_content"],
        reasoning={"effort": "none"},
        text={"format": {"type": "json_schema", "name": "n", "schema": {}}, "verbosity": "high"},
        parallel_tool_calls=False,
    )

    assert (request.max_output, request.tier, request.cache_key, request.user) == (9, "flex", "k", "s")
    assert (request.logprobs, request.verbosity, request.parallel_tools) == (True, "high", False)
    assert request.thinking == Thinking(enabled=False, effort="none")
    assert request.format is not None
    assert (request.format.kind, request.format.name) == (FormatKind.SCHEMA, "n")
    assert request.extras == {}


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"background": True}, "background"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[].item_reference"),
        ({"input": [{"type": "compaction", "encrypted_content": "x"}]}, "input[].compaction"),
    ],
)
def test_what_only_this_provider_remembers_is_essential(members: dict[str, Any], name: str) -> None:
    assert read(**members).essential == (name,)
    assert read(background=False, previous_response_id=None).essential == ()


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"input": 3}, "input"),
        ({"input": [3]}, "input[0]"),
        ({"input": [{}]}, "input[0].type"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": 3, "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 3}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content[0].text"),
        ({"input": [{"role": "user", "content": [3]}]}, "input[0].content[0]"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_audio", "input_audio": "x"}]}]},
            "input[0].content[0].input_audio",
        ),
        ({"input": [{"type": "function_call", "name": "f", "arguments": "{}"}]}, "input[0].call_id"),
        ({"input": [{**CALL, "arguments": {}}]}, "input[0].arguments"),
        ({"input": [{**RESULT, "output": 3}]}, "input[0].output"),
        ({"instructions": []}, "instructions"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"name": "f"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tool_choice": "any"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"reasoning": {"effort": 3}}, "reasoning.effort"),
        ({"max_output_tokens": "many"}, "max_output_tokens"),
        ({"model": None}, "model"),
    ],
)
def test_field_that_does_not_fit_is_named(members: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read(**members)

    assert refused.value.param == param
