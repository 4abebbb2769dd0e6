"""Writing requests of other dialects for Gemini, feature by feature; the examples are invented."""

from typing import Any

import pytest
from tests.providers.gemini.support import asked, dropped, notes, write

from tollbridge import GatewayError, Quirks, UpstreamError
from tollbridge.formats import (
    AnyPart,
    CacheMark,
    ChoiceMode,
    Citation,
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
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    new_call_id,
)
from tollbridge_gemini.names import NAME
from tollbridge_gemini.signatures import STAND_IN

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
F = Tool(name="f", schema=SCHEMA)


def messages(*told: Message, **fields: Any) -> Request:
    return asked(messages=told, **fields)


def user(*parts: AnyPart, **fields: Any) -> Message:
    return Message(role=Role.USER, parts=parts or (Text(text="Hi"),), **fields)


def says(*parts: AnyPart) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def gave(*parts: ToolResult) -> Message:
    return Message(role=Role.TOOL, parts=parts)


def refused(request: Request) -> str:
    with pytest.raises(GatewayError) as raised:
        write(request)
    return raised.value.param or ""


def test_least_of_requests_is_one_content() -> None:
    assert write(asked()) == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


def test_system_messages_are_hoisted_and_one_in_the_middle_is_told() -> None:
    system = Message(role=Role.SYSTEM, parts=(Text(text="a"),))
    developer = Message(role=Role.DEVELOPER, parts=(Text(text="b"),))

    first, middle = messages(system, developer, user()), messages(system, user(), developer)

    for request in (first, middle):
        assert write(request)["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "b"}]}
    assert dropped(first) == ()
    assert dropped(middle) == ("messages[].role",)


def test_system_message_alone_is_what_the_user_says() -> None:
    request = messages(Message(role=Role.SYSTEM, parts=(Text(text="a"),)))

    assert write(request) == {"contents": [{"role": "user", "parts": [{"text": "a"}]}]}
    assert dropped(request) == ("messages[].role",)


def test_what_the_model_says_at_once_is_one_content() -> None:
    request = messages(user(), says(Text(text="a")), says(Text(text="b")), user(Text(text="c")))

    assert write(request)["contents"][1:] == [
        {"role": "model", "parts": [{"text": "a"}, {"text": "b"}]},
        {"role": "user", "parts": [{"text": "c"}]},
    ]


def test_messages_without_words_are_left_out() -> None:
    request = messages(user(), says(Text(text="")), user(Text(text="")), says(Text(text="b")))

    assert [content["role"] for content in write(request)["contents"]] == ["user", "model"]


def test_results_of_tools_have_the_names_of_their_calls_and_stand_together() -> None:
    request = messages(
        user(),
        says(ToolCall(id="1", name="f", arguments='{"a":1.50}'), ToolCall(id="2", name="g")),
        gave(ToolResult(call_id="1", content=(Text(text="x"), Text(text="y")))),
        gave(ToolResult(call_id="2", content=(Text(text="no"),), error=True)),
    )

    assert write(request)["contents"][1:] == [
        {
            "role": "model",
            "parts": [
                {"functionCall": {"id": "1", "name": "f", "args": {"a": 1.5}}},
                {"functionCall": {"id": "2", "name": "g", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "1", "name": "f", "response": {"output": "x\ny"}}},
                {"functionResponse": {"id": "2", "name": "g", "response": {"error": "no"}}},
            ],
        },
    ]


def test_user_message_that_goes_on_after_results_is_one_content_with_them() -> None:
    request = messages(
        says(ToolCall(id="1", name="f")),
        gave(ToolResult(call_id="1", content=(Text(text="x"),))),
        user(Text(text="And?"), joined=True),
    )

    assert [len(content["parts"]) for content in write(request)["contents"]] == [1, 2]


def test_result_of_a_call_nobody_made_is_refused() -> None:
    assert refused(messages(gave(ToolResult(call_id="1")))) == "messages[].tool_call_id"


def test_ids_the_bridge_made_are_left_out_again() -> None:
    made = new_call_id("some call", 3)
    request = messages(says(ToolCall(id=made, name="f")), gave(ToolResult(call_id=made)))

    assert [content["parts"] for content in write(request)["contents"]] == [
        [{"functionCall": {"name": "f", "args": {}}}],
        [{"functionResponse": {"name": "f", "response": {"output": ""}}}],
    ]


@pytest.mark.parametrize("text", ["{broken", "[1]", "1", "null"])
def test_arguments_that_are_no_object_are_told_as_they_are(text: str) -> None:
    request = messages(says(ToolCall(id="1", name="f", arguments=text)))

    assert write(request)["contents"][0]["parts"][0]["functionCall"]["args"] == {"INVALID_JSON": text}


def test_gemini_3_gets_a_signature_for_the_first_call_of_each_turn_where_there_is_none() -> None:
    calls = (ToolCall(id="1", name="f"), ToolCall(id="2", name="f"))
    for model, signed in (
        ("gemini-3-pro-preview", [STAND_IN, None]),
        ("gemini-flash-latest", [STAND_IN, None]),
        ("gemini-2.5-pro", [None, None]),
        ("gemma-3-27b-it", [None, None]),
    ):
        [content] = write(messages(says(*calls), model=model))["contents"]

        assert [part.get("thoughtSignature") for part in content["parts"]] == signed


def test_geminis_own_state_goes_back_to_it() -> None:
    own = State(NAME, {"signature": "c2ln"})
    request = messages(
        says(Reasoning(text="Hm.", state=own), Text(text="a", state=own), ToolCall(id="1", name="f", state=own)),
        model="gemini-3-pro",
    )

    [content] = write(request)["contents"]

    assert content["parts"] == [
        {"text": "Hm.", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "a", "thoughtSignature": "c2ln"},
        {"functionCall": {"id": "1", "name": "f", "args": {}}, "thoughtSignature": "c2ln"},
    ]
    assert dropped(request) == ()


def test_state_of_another_provider_is_left_out_and_told() -> None:
    other = State("anthropic-messages", {"signature": "x"})
    request = messages(
        says(Reasoning(text="Hm.", state=other), Text(text="a", state=other), ToolCall(id="1", name="f", state=other))
    )

    assert write(request)["contents"][0]["parts"] == [
        {"text": "a"},
        {"functionCall": {"id": "1", "name": "f", "args": {}}},
    ]
    assert dropped(request) == (
        "messages[].content[].reasoning",
        "messages[].content[].state",
        "messages[].tool_calls[].state",
    )


def test_reasoning_that_nobody_signed_is_a_thought() -> None:
    assert write(messages(says(Reasoning(text="Hm."))))["contents"][0]["parts"] == [{"text": "Hm.", "thought": True}]


def test_refusal_in_the_history_is_text() -> None:
    assert write(messages(says(Refusal(text="No."))))["contents"][0]["parts"] == [{"text": "No."}]


def test_data_is_inline_and_text_documents_are_data() -> None:
    request = asked(
        Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/png"),
        Media(kind=MediaKind.AUDIO, data="BBBB"),
        Media(kind=MediaKind.FILE, text="Hä"),
    )

    assert write(request)["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"inlineData": {"mimeType": "audio/mpeg", "data": "BBBB"}},
        {"inlineData": {"mimeType": "text/plain", "data": "SMOk"}},
    ]


@pytest.mark.parametrize(
    ("part", "mime"),
    [
        (Media(kind=MediaKind.IMAGE, url="https://e.test/a.PNG?x=1#y"), "image/png"),
        (Media(kind=MediaKind.IMAGE, url="https://e.test/a"), "image/jpeg"),
        (Media(kind=MediaKind.IMAGE, url="https://e.test/a.png", mime="image/webp"), "image/webp"),
        (Media(kind=MediaKind.FILE, url="https://e.test/a"), "application/pdf"),
        (Media(kind=MediaKind.FILE, url="gs://b/a.csv"), "text/csv"),
    ],
)
def test_file_by_url_is_fetched_by_gemini(part: Media, mime: str) -> None:
    assert write(asked(part))["contents"][0]["parts"] == [{"fileData": {"mimeType": mime, "fileUri": part.url}}]


@pytest.mark.parametrize(
    ("part", "model", "field"),
    [
        (Media(kind=MediaKind.IMAGE, url="http://e.test/a.png"), "gemini-3-pro", "messages[].content[].url"),
        (Media(kind=MediaKind.IMAGE, url="https://e.test/a.png"), "gemini-2.0-flash", "messages[].content[].url"),
        (Media(kind=MediaKind.IMAGE, file_id="file-1"), "gemini-3-pro", "messages[].content[].file_id"),
    ],
)
def test_file_that_gemini_cannot_fetch_is_refused(part: Media, model: str, field: str) -> None:
    assert refused(asked(part, model=model)) == field


def test_film_of_youtube_is_fetched_by_older_models_too() -> None:
    part = Media(kind=MediaKind.VIDEO, url="https://youtu.be/x")

    [written] = write(asked(part, model="gemini-2.0-flash"))["contents"][0]["parts"]

    assert written["fileData"]["fileUri"] == "https://youtu.be/x"


def test_pictures_in_a_result_go_inside_or_beside_by_model() -> None:
    picture = Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/png")
    told = (
        says(ToolCall(id="1", name="f")),
        gave(ToolResult(call_id="1", content=(Text(text="see"), picture), listed=True)),
    )
    inline = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    result = {"id": "1", "name": "f", "response": {"output": "see"}}

    new, old = (write(messages(*told, model=model))["contents"][1] for model in ("gemini-3-flash", "gemini-2.5-flash"))

    assert new["parts"] == [{"functionResponse": {**result, "parts": [inline]}}]
    assert old["parts"] == [{"functionResponse": result}, inline]


def test_what_is_said_about_parts_and_gemini_has_no_place_for_is_told() -> None:
    request = messages(
        user(
            Text(text="a", cache=CacheMark(), extras={"odd": 1, "nothing": None}),
            Media(
                kind=MediaKind.FILE,
                data="AAAA",
                mime="application/pdf",
                name="n",
                detail="high",
                context="c",
                citations=True,
            ),
            Opaque(kind="strange", raw={}),
            name="Ann",
            extras={"more": 1},
        ),
        says(Text(text="b", citations=(Citation(url="https://e.test"),)), ServerCall(tool="web_search", raw={})),
    )

    assert set(dropped(request)) == {
        "messages[].content[].cache",
        "messages[].content[].odd",
        "messages[].content[].name",
        "messages[].content[].detail",
        "messages[].content[].context",
        "messages[].content[].citations",
        "messages[].content[].strange",
        "messages[].content[].server_tool",
        "messages[].name",
        "messages[].more",
    }


def test_tools_are_declared_with_json_schema() -> None:
    request = asked(tools=(F, Tool(name="g", description="Does g.")))

    assert write(request)["tools"] == [
        {
            "functionDeclarations": [
                {"name": "f", "parametersJsonSchema": SCHEMA},
                {"name": "g", "description": "Does g."},
            ]
        }
    ]


def test_schema_loses_what_gemini_does_not_count_and_that_is_told() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "x+", "const": "xx"}}}

    request = asked(tools=(Tool(name="f", schema=schema),), format=Format(kind=FormatKind.SCHEMA, schema=schema))

    lowered = {"type": "object", "properties": {"a": {"type": "string", "enum": ["xx"]}}}
    body = write(request)
    assert body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"] == lowered
    assert body["generationConfig"]["responseJsonSchema"] == lowered
    assert dropped(request) == ("tools[].parameters.pattern", "format.schema.pattern")


@pytest.mark.parametrize(
    ("tool", "written"),
    [
        ("web_search", [{"googleSearch": {}}]),
        ("web_fetch", [{"urlContext": {}}]),
        ("code_execution", [{"codeExecution": {}}]),
    ],
)
def test_tools_that_google_has_too_are_asked_for(tool: str, written: Any) -> None:
    request = asked(tools=(ServerTool(tool=tool, max_uses=3, allowed_domains=("a.test",)),))

    assert write(request)["tools"] == written
    assert dropped(request) == (f"tools[].{tool}.allowed_domains", f"tools[].{tool}.max_uses")


def test_tools_that_google_lacks_are_told() -> None:
    request = asked(tools=(ServerTool(tool="file_search"), ServerTool(tool="", raw={"type": "odd"})))

    assert "tools" not in write(request)
    assert dropped(request) == ("tools[].file_search", "tools[].odd")


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice(mode=ChoiceMode.AUTO), {"mode": "AUTO"}),
        (ToolChoice(mode=ChoiceMode.NONE), {"mode": "NONE"}),
        (ToolChoice(mode=ChoiceMode.REQUIRED), {"mode": "ANY"}),
        (ToolChoice(mode=ChoiceMode.NAMED, names=("f",)), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (ToolChoice(mode=ChoiceMode.AUTO, names=("f",)), {"mode": "VALIDATED", "allowedFunctionNames": ["f"]}),
        (ToolChoice(mode=ChoiceMode.REQUIRED, names=("f", "g")), {"mode": "ANY", "allowedFunctionNames": ["f", "g"]}),
    ],
)
def test_choice_of_tools_is_written(choice: ToolChoice, config: Any) -> None:
    assert write(asked(tools=(F,), choice=choice))["toolConfig"] == {"functionCallingConfig": config}


def test_tools_held_to_their_schemas_are_validated() -> None:
    strict = (Tool(name="f", schema=SCHEMA, strict=True),)

    held, mixed, older = asked(tools=strict), asked(tools=(*strict, F)), asked(tools=strict, model="gemini-2.0-flash")

    assert write(held)["toolConfig"] == {"functionCallingConfig": {"mode": "VALIDATED"}}
    assert dropped(held) == ()
    for request in (mixed, older):
        assert "toolConfig" not in write(request)
        assert dropped(request) == ("tools[].strict",)


def test_choice_without_tools_is_left_out() -> None:
    request = asked(choice=ToolChoice(mode=ChoiceMode.AUTO))

    assert "toolConfig" not in write(request)
    assert dropped(request) == ()


@pytest.mark.parametrize("tools", [(), (F,)])
def test_choice_that_only_another_dialect_knows_is_told(tools: tuple[Tool, ...]) -> None:
    request = asked(tools=tools, choice=ToolChoice(mode=ChoiceMode.REQUIRED, raw={"type": "file_search"}))

    assert "toolConfig" not in write(request)
    assert dropped(request) == ("choice",)


def test_choice_of_a_tool_that_is_not_there_is_told() -> None:
    assert dropped(asked(choice=ToolChoice(mode=ChoiceMode.NAMED, names=("f",)))) == ("choice",)


def test_options_that_all_share_are_written() -> None:
    request = asked(
        temperature=1,
        top_p=1,
        top_k=5,
        answers=2,
        max_output=9,
        stop=("a",),
        seed=3,
        presence_penalty=1,
        frequency_penalty=1,
        logprobs=True,
        top_logprobs=2,
        format=Format(kind=FormatKind.JSON),
        tier="flex",
        stream=True,
        stream_usage=True,
    )

    body = write(request)

    assert body["generationConfig"] == {
        "temperature": 1,
        "topP": 1,
        "topK": 5,
        "candidateCount": 2,
        "maxOutputTokens": 9,
        "stopSequences": ["a"],
        "seed": 3,
        "presencePenalty": 1,
        "frequencyPenalty": 1,
        "responseLogprobs": True,
        "logprobs": 2,
        "responseMimeType": "application/json",
    }
    assert body["serviceTier"] == "flex"
    assert dropped(request) == ()


def test_options_that_gemini_lacks_are_told() -> None:
    request = asked(
        tools=(F,),
        parallel_tools=False,
        verbosity="low",
        metadata={"a": "b"},
        user="u",
        cache=CacheMark(),
        cache_key="k",
        store=True,
        tier="scale",
        format=Format(kind=FormatKind.SCHEMA, schema=SCHEMA, name="n", description="d", extras={"x": 1}),
        extras={"odd": 1},
    )

    assert set(dropped(request)) == {
        *("parallel_tools", "verbosity", "metadata", "user", "cache", "cache_key", "store", "tier", "odd"),
        *("format.name", "format.description", "format.x"),
    }


def test_plain_text_and_the_automatic_tier_need_no_word() -> None:
    request = asked(format=Format(kind=FormatKind.TEXT), tier="auto")

    assert write(request).keys() == {"contents"}
    assert dropped(request) == ()


def test_host_without_service_tiers_is_not_asked_for_one() -> None:
    told = notes(quirks=Quirks(drop=("serviceTier",)))

    assert "serviceTier" not in write(asked(tier="flex"), told)
    assert told.dropped == ("tier",)


def test_request_that_rests_on_something_kept_elsewhere_is_refused() -> None:
    assert refused(asked(essential=("previous_response_id",))) == "previous_response_id"


def test_strict_callers_get_a_refusal_instead_of_a_loss() -> None:
    with pytest.raises(GatewayError) as raised:
        write(asked(user="u"), notes(strict=True))

    assert (raised.value.param, isinstance(raised.value, UpstreamError)) == ("user", False)
