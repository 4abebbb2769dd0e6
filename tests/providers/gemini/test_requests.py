"""Reading requests of Gemini's own, feature by feature; the examples are invented."""

import json
from typing import Any

import pytest
from tests.providers.gemini.support import CODEC, SEAL, notes, read, rewritten

from tollbridge import BadRequest
from tollbridge.formats import (
    ChoiceMode,
    Envelope,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Role,
    ServerCall,
    ServerTool,
    State,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from tollbridge_gemini.names import NAME
from tollbridge_gemini.signatures import pack_call, pack_state, pack_thought

HI = {"role": "user", "parts": [{"text": "Hi"}]}


def contents(*parts: Any, role: str = "user", **more: Any) -> dict[str, Any]:
    return {"contents": [{"role": role, "parts": list(parts)}], **more}


def test_model_and_streaming_come_from_the_path() -> None:
    request = CODEC.read_request(json.dumps(contents()).encode(), Envelope("a/b", stream=True), notes())

    assert (request.origin, request.model, request.stream) == (NAME, "a/b", True)


def test_system_instruction_is_a_message_apart_in_all_its_spellings() -> None:
    for given in ("Be brief.", {"parts": [{"text": "Be brief."}]}, {"role": "user", "parts": {"text": "Be brief."}}):
        body = {**contents(), "systemInstruction": given}

        [system, _] = read(body).messages

        assert (system.role, system.apart, system.parts) == (Role.SYSTEM, True, (Text(text="Be brief."),))
        assert rewritten(body) == body


def test_proto_names_are_read_as_json_names() -> None:
    body = {
        "contents": [{"parts": [{"inline_data": {"mime_type": "image/png", "data": "aa+/"}}]}],
        "system_instruction": "Be brief.",
        "generation_config": {"max_output_tokens": 5, "thinking_config": {"include_thoughts": True}},
        "tool_config": {"function_calling_config": {"allowed_function_names": ["f"], "mode": "ANY"}},
    }

    request = read(body)

    assert request.max_output == 5
    assert request.thinking is not None
    assert request.thinking.shown is True
    assert request.choice is not None
    assert request.choice.names == ("f",)
    assert request.messages[1].parts == (Media(kind=MediaKind.IMAGE, data="aa+/", mime="image/png"),)


def test_arguments_and_schemas_keep_the_names_they_have() -> None:
    call = {"functionCall": {"name": "f", "args": {"user_id": 1, "in_ner": {"a_b": 1.50}}}}
    schema = {"type": "object", "properties": {"user_id": {"type": "string"}}}
    body = contents(
        call, role="model", tools=[{"function_declarations": [{"name": "f", "parameters_json_schema": schema}]}]
    )

    request = read(body)

    assert request.messages[0].parts[0].arguments == '{"user_id":1,"in_ner":{"a_b":1.5}}'  # type: ignore[union-attr]
    assert request.tools == (Tool(name="f", schema=schema),)


@pytest.mark.parametrize(
    ("mime", "kind"),
    [
        ("image/png", MediaKind.IMAGE),
        ("audio/wav", MediaKind.AUDIO),
        ("video/mp4", MediaKind.VIDEO),
        ("application/pdf", MediaKind.FILE),
    ],
)
def test_media_is_what_its_type_says(mime: str, kind: MediaKind) -> None:
    body = contents({"inlineData": {"mimeType": mime, "data": "AAAA", "displayName": "x", "odd": 1}})

    [part] = read(body).messages[0].parts

    assert part == Media(kind=kind, data="AAAA", mime=mime, name="x", extras={"inlineData": {"odd": 1}})
    assert rewritten(body) == body


def test_data_in_the_alphabet_of_urls_is_read_as_other_dialects_read_it() -> None:
    body = contents(
        {"inlineData": {"mimeType": "image/png", "data": "ab-_"}},
        {
            "functionResponse": {
                "id": "1",
                "name": "f",
                "response": {"output": "x"},
                "parts": [{"inlineData": {"mimeType": "image/png", "data": "-_-_"}}],
            }
        },
    )

    user, tool = read(body).messages

    assert user.parts[0].data == "ab+/"  # type: ignore[union-attr]  # media
    assert tool.parts[0].content[1].data == "+/+/"  # type: ignore[union-attr]  # a result with media
    assert rewritten(body) == body


@pytest.mark.parametrize(
    ("uri", "stored"),
    [
        ("https://example.com/a.png", False),
        ("https://youtu.be/x", False),
        ("gs://bucket/a.png", True),
        ("https://generativelanguage.googleapis.com/v1beta/files/abc", True),
    ],
)
def test_files_that_google_keeps_are_no_urls(uri: str, stored: bool) -> None:
    body = contents({"fileData": {"fileUri": uri, "mimeType": "image/png"}, "videoMetadata": {"fps": 2}})

    [part] = read(body).messages[0].parts

    assert isinstance(part, Media)
    assert (part.url, part.file_id) == ((None, uri) if stored else (uri, None))
    assert part.extras == {"videoMetadata": {"fps": 2}}
    assert rewritten(body) == body


def test_thoughts_are_reasoning_with_their_signature() -> None:
    body = contents({"text": "Hm.", "thought": True, "thoughtSignature": "c2ln"}, {"text": "Yes."}, role="model")

    [message] = read(body).messages

    assert message.role is Role.ASSISTANT
    assert message.parts == (
        Reasoning(text="Hm.", summary=True, state=State(NAME, {"signature": "c2ln"})),
        Text(text="Yes."),
    )
    assert rewritten(body) == body


def test_results_stand_in_messages_of_their_own_and_come_together_again() -> None:
    body = contents(
        {"text": "first"},
        {"functionResponse": {"id": "1", "name": "f", "response": {"output": "a"}}},
        {"functionResponse": {"id": "2", "name": "g", "response": {"error": "b"}}},
        {"text": "last"},
    )

    messages = read(body).messages

    assert [(message.role, message.joined) for message in messages] == [
        (Role.USER, False),
        (Role.TOOL, True),
        (Role.USER, True),
    ]
    assert messages[1].parts == (
        ToolResult(call_id="1", name="f", content=(Text(text="a"),)),
        ToolResult(call_id="2", name="g", content=(Text(text="b"),), error=True),
    )
    assert rewritten(body) == body


@pytest.mark.parametrize(
    ("response", "text", "error"),
    [
        ({"output": "x"}, "x", None),
        ({"output": '{"a":1}'}, '{"a":1}', None),
        ({"error": "x"}, "x", True),
        ({"error": {"code": 1}}, '{"error":{"code":1}}', True),
        ({"result": "x"}, '{"result":"x"}', None),
        ({"output": {"b": 1.0, "a": None}}, '{"output":{"b":1.0,"a":null}}', None),
        ({}, "{}", None),
    ],
)
def test_what_a_tool_gave_is_text(response: Any, text: str, error: bool | None) -> None:
    body = contents({"functionResponse": {"id": "1", "name": "f", "response": response}})

    [part] = read(body).messages[0].parts

    assert isinstance(part, ToolResult)
    assert (part.content, part.error) == ((Text(text=text),), error)
    assert rewritten(body) == body


def test_calls_without_ids_get_some_that_their_results_have_too() -> None:
    body = {
        "contents": [
            {
                "role": "model",
                "parts": [{"functionCall": {"name": name, "args": {"n": n}}} for n, name in enumerate("fgf")],
            },
            {
                "role": "user",
                "parts": [{"functionResponse": {"name": name, "response": {}}} for name in "ffgx"],
            },
        ]
    }

    calls, results = (message.parts for message in read(body).messages)

    ids = [part.id for part in calls]  # type: ignore[union-attr]  # calls
    assert len(set(ids)) == 3
    assert [part.call_id for part in results][:3] == [ids[0], ids[2], ids[1]]  # type: ignore[union-attr]  # results
    assert rewritten(body) == body


def test_result_without_an_id_belongs_to_the_call_of_its_name() -> None:
    body = {
        "contents": [
            {"role": "model", "parts": [{"functionCall": {"id": "a", "name": "f", "args": {}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]},
        ]
    }

    calls, results = read(body).messages

    assert calls.parts[0].id == results.parts[0].call_id == "a"  # type: ignore[union-attr]  # a call and a result
    assert rewritten(body) == body


def test_what_google_does_itself_is_a_server_call() -> None:
    parts = [
        {"executableCode": {"id": "1", "language": "PYTHON", "code": "1+1"}, "thoughtSignature": "c2ln"},
        {"codeExecutionResult": {"id": "1", "outcome": "OUTCOME_OK", "output": "2"}},
        {"toolCall": {"id": "2", "tool_type": "GOOGLE_SEARCH_WEB", "args": {"q": 1}}},
        {"toolResponse": {"id": "2", "toolType": "GOOGLE_SEARCH_WEB", "response": {}}},
        {"toolCall": {"toolType": "GOOGLE_MAPS"}},
    ]
    body = contents(*parts, role="model")

    found = read(body).messages[0].parts

    assert [(part.tool, part.id, part.result) for part in found] == [  # type: ignore[union-attr]  # server calls
        ("code_execution", "1", False),
        ("code_execution", "1", True),
        ("web_search", "2", False),
        ("web_search", "2", True),
        ("", "", False),
    ]
    assert isinstance(found[0], ServerCall)
    assert found[0].state == State(NAME, {"signature": "c2ln"})
    assert rewritten(body) == body


def test_parts_nobody_knows_stay_as_they_are() -> None:
    for part in (
        {"newKind": {"a": 1}},
        {"text": "a", "functionCall": {"name": "f"}},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thought": True},
        {"inlineData": {"odd": 1}},
        {},
    ):
        body = contents(part, role="model")

        [found] = read(body).messages[0].parts

        assert isinstance(found, Opaque)
        assert rewritten(body) == body


def test_tools_that_stood_together_do_so_again() -> None:
    body = contents(
        tools=[
            {"functionDeclarations": [{"name": "f", "response": {"type": "STRING"}}, {"name": "g"}]},
            {"googleSearch": {"excludeDomains": ["a.test"]}, "codeExecution": {}},
            {},
            {"mcpServers": [{"name": "m"}]},
            {"googleMaps": {}},
        ]
    )

    tools = read(body).tools

    assert tools is not None
    assert [tool.tool if isinstance(tool, ServerTool) else tool.name for tool in tools] == [
        *("f", "g", "web_search", "code_execution", "mcp", "")
    ]
    assert tools[2].blocked_domains == ("a.test",)  # type: ignore[union-attr]  # a server tool
    assert rewritten(body) == body


@pytest.mark.parametrize(
    ("config", "mode", "names"),
    [
        ({"mode": "AUTO"}, ChoiceMode.AUTO, ()),
        ({"mode": "none"}, ChoiceMode.NONE, ()),
        ({"mode": "ANY"}, ChoiceMode.REQUIRED, ()),
        ({"mode": "ANY", "allowedFunctionNames": ["f"]}, ChoiceMode.NAMED, ("f",)),
        ({"mode": "ANY", "allowedFunctionNames": ["f", "g"]}, ChoiceMode.REQUIRED, ("f", "g")),
        ({"mode": "VALIDATED", "streamFunctionCallArguments": True}, ChoiceMode.AUTO, ()),
        ({"allowedFunctionNames": []}, ChoiceMode.AUTO, ()),
    ],
)
def test_choice_of_tools_is_read(config: Any, mode: ChoiceMode, names: tuple[str, ...]) -> None:
    body = contents(toolConfig={"functionCallingConfig": config, "includeServerSideToolInvocations": True})

    request = read(body)

    assert request.choice is not None
    assert (request.choice.mode, request.choice.names) == (mode, names)
    assert request.extras["toolConfig.includeServerSideToolInvocations"] is True
    assert rewritten(body) == body


def test_state_of_another_provider_comes_out_of_a_signature() -> None:
    """It is base64 of what was packed, in either alphabet, as an SDK may have written it anew."""
    state = State("anthropic-messages", {"signature": "x" * 50})
    call = pack_call(state, (), SEAL)
    thought = pack_thought(Reasoning(text="Hm.", state=state), SEAL)
    text = pack_state(state, SEAL)
    assert call is not None
    assert thought is not None
    assert text is not None
    for signed in (call, call.replace("+", "-").replace("/", "_").rstrip("=")):
        body = contents(
            {"text": "", "thought": True, "thoughtSignature": thought},
            {"text": "a", "thoughtSignature": text},
            {"functionCall": {"id": "1", "name": "f"}, "thoughtSignature": signed},
            role="model",
        )

        assert read(body).messages[0].parts == (
            Reasoning(text="Hm.", state=state),
            Text(text="a", state=state),
            ToolCall(id="1", name="f", state=state),
        )


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], None),
        ({"contents": 1}, "contents"),
        ({"contents": [1]}, "contents[0]"),
        ({"contents": [{"role": "system", "parts": []}]}, "contents[0].role"),
        ({"contents": [{"parts": [{"text": 1}]}]}, "contents[0].parts[0].text"),
        ({"contents": [{"parts": [{"functionCall": 1}]}]}, "contents[0].parts[0].functionCall"),
        ({"contents": [HI], "systemInstruction": 1}, "systemInstruction"),
        ({"contents": [HI], "generationConfig": {"temperature": "hot"}}, "generationConfig.temperature"),
        ({"contents": [HI], "generationConfig": {"stopSequences": [1]}}, "generationConfig.stopSequences"),
        ({"contents": [HI], "generationConfig": {"topK": 1, "top_k": 2}}, "generationConfig.topK"),
        ({"contents": [HI], "tools": [{"functionDeclarations": [{}]}]}, "tools[0].functionDeclarations[0].name"),
        (
            {"contents": [HI], "toolConfig": {"functionCallingConfig": {"mode": 1}}},
            "toolConfig.functionCallingConfig.mode",
        ),
    ],
)
def test_wrong_field_is_named(body: Any, param: str | None) -> None:
    with pytest.raises(BadRequest) as raised:
        read(body)

    assert raised.value.param == param
