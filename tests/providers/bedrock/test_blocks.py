"""Content blocks of requests, each read, written as it was, and written for what came in another dialect."""

import base64
from typing import Any

import pytest
from tests.providers.bedrock.samples import (
    CLAUDE,
    CLAUDE_45,
    NOVA_2,
    blocks,
    content_of,
    foreign,
    read,
    said_by,
    same,
    written,
)

from tollbridge import BadRequest
from tollbridge.errors import Untranslatable
from tollbridge.formats import (
    CacheMark,
    Citation,
    Media,
    MediaKind,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Role,
    ServerCall,
    State,
    Text,
    ToolCall,
    ToolResult,
)
from tollbridge.testing.conversations import SEAL, notes

DATA = base64.b64encode(b"data").decode()


def assistant(*parts: Any, left: Any = None) -> Any:
    asked = foreign(said_by(Role.USER, Text(text="a")), said_by(Role.ASSISTANT, *parts), model=CLAUDE)
    messages = written(asked, left)["messages"]
    return messages[1]["content"] if len(messages) > 1 else None


def test_text_is_text() -> None:
    assert blocks({"text": "hi"}) == (Text(text="hi"),)


def test_unknown_member_beside_a_known_block_stays() -> None:
    assert blocks({"text": "hi", "new": {"a": None}, "old": None}) == (
        Text(text="hi", extras={"new": {"a": None}, "old": None}),
    )


def test_unknown_block_stays_whole() -> None:
    addition = {"toolAddition": {"tool": {"type": "tool_reference", "name": "x"}}}

    assert blocks(addition) == (Opaque(kind="toolAddition", raw=addition),)


@pytest.mark.parametrize(
    "block",
    [
        {"image": {"format": "png", "source": {"text": "no"}}},
        {"image": {"format": "png"}},
        {"image": 3},
        {"document": {"name": "a", "source": {"s3Location": {"uri": 3}}}},
        {"reasoningContent": {}},
        {"reasoningContent": {"more": 1}},
        {"citationsContent": {"citations": []}},
        {"json": {"outside": "of a result"}},
        {"guardContent": {"image": {"format": "png"}}},
        {"cachePoint": {"type": "other"}},
        {"cachePoint": {"type": "default", "ttl": "3h"}},
        {"cachePoint": {"type": "default", "ttl": None}},
        {},
    ],
)
def test_block_of_a_shape_nobody_knows_stays_whole(block: dict[str, Any]) -> None:
    (_, part) = blocks({"text": "a"}, block)

    assert isinstance(part, Opaque)
    assert part.raw == block


@pytest.mark.parametrize(
    ("block", "param"),
    [
        ({"text": 3}, "messages[0].content[0].text"),
        ({"toolUse": 3}, "messages[0].content[0].toolUse"),
        ({"toolUse": {"name": "a", "input": {}}}, "messages[0].content[0].toolUse.toolUseId"),
        ({"toolResult": {"content": []}}, "messages[0].content[0].toolResult.toolUseId"),
        ({"toolResult": {"toolUseId": "a", "content": [3]}}, "messages[0].content[0].toolResult.content[0]"),
        ({"guardContent": {"text": {}}}, "messages[0].content[0].guardContent.text.text"),
        (3, "messages[0].content[0]"),
    ],
)
def test_block_that_is_wrong_is_named(block: Any, param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read({"messages": [{"role": "user", "content": [block]}]})

    assert caught.value.param == param


def test_call_is_read_with_the_text_of_its_numbers_and_the_order_of_its_keys() -> None:
    (part,) = blocks({"toolUse": {"toolUseId": "t1", "name": "f", "input": {"b": 1.0, "a": 1e3}}}, role="assistant")

    assert isinstance(part, ToolCall)
    assert (part.id, part.name, part.arguments) == ("t1", "f", '{"b":1.0,"a":1000.0}')


@pytest.mark.parametrize("given", ["text", 5, [1], True, None])
def test_input_that_is_no_object_stays_as_it_was(given: Any) -> None:
    blocks({"toolUse": {"toolUseId": "t1", "name": "f", "input": given}}, role="assistant")


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ("", {}),
        (" ", {}),
        ('{"a":1}', {"a": 1}),
        ("[1]", {"INVALID_JSON": "[1]"}),
        ('{"a":', {"INVALID_JSON": '{"a":'}),
    ],
)
def test_arguments_become_an_object(arguments: str, given: Any) -> None:
    call = ToolCall(id="t1", name="f", arguments=arguments)

    body = written(foreign(said_by(Role.USER, Text(text="a")), said_by(Role.ASSISTANT, call)))

    assert body["messages"][1]["content"][0]["toolUse"]["input"] == given


def test_ids_bedrock_refuses_are_changed_alike_in_call_and_result() -> None:
    call, result = ToolCall(id="über/1", name="f"), ToolResult(call_id="über/1", content=(Text(text="x"),))

    body = written(
        foreign(said_by(Role.USER, Text(text="a")), said_by(Role.ASSISTANT, call), said_by(Role.TOOL, result))
    )

    used = body["messages"][1]["content"][0]["toolUse"]["toolUseId"]
    assert used == body["messages"][2]["content"][0]["toolResult"]["toolUseId"]
    assert used.startswith("call_")


def test_ids_that_bedrock_takes_stay() -> None:
    blocks({"toolUse": {"toolUseId": "a.b:c-d_e", "name": "f", "input": {}}}, role="assistant")


def test_json_of_a_result_is_text_for_others_and_nothing_is_lost() -> None:
    request = read(
        {"messages": [{"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"json": [1]}]}}]}]}
    )
    (part,) = request.messages[0].parts

    assert isinstance(part, ToolResult)
    left = notes(strict=True)
    left.drop_extras(part.content[0].extras)
    assert isinstance(part.content[0], Text)
    assert part.content[0].text == "[1]"


@pytest.mark.parametrize(
    "result",
    [
        {"toolUseId": "t"},
        {"toolUseId": "t", "content": []},
        {"toolUseId": "t", "content": [], "status": "success"},
        {"toolUseId": "t", "content": [], "status": "odd", "more": 1},
        {"toolUseId": "t", "content": [{"text": "a"}, {"cachePoint": {"type": "default"}}]},
    ],
)
def test_result_is_written_as_it_was(result: dict[str, Any]) -> None:
    blocks({"toolResult": result})


def test_results_stand_in_messages_of_their_own_and_come_together_again() -> None:
    first = {"toolResult": {"toolUseId": "t1", "content": [{"text": "a"}], "status": "success"}}
    second = {"toolResult": {"toolUseId": "t2", "content": []}}
    request = same({"messages": [{"role": "user", "content": [first, {"text": "b"}, second], "more": 1}]})

    assert [(message.role, message.joined) for message in request.messages] == [
        (Role.TOOL, False),
        (Role.USER, True),
        (Role.TOOL, True),
    ]


@pytest.mark.parametrize(("error", "status"), [(True, "error"), (False, "success"), (None, None)])
def test_failure_of_a_tool_is_its_status(error: bool | None, status: str | None) -> None:
    (block,) = written(foreign(said_by(Role.TOOL, ToolResult(call_id="t", error=error))))["messages"][0]["content"]

    assert block["toolResult"].get("status") == status
    assert block["toolResult"]["content"] == []


def test_sound_that_a_tool_gave_is_refused() -> None:
    sound = Media(kind=MediaKind.AUDIO, data=DATA, mime="audio/wav")

    with pytest.raises(Untranslatable, match="audio"):
        written(foreign(said_by(Role.TOOL, ToolResult(call_id="t", content=(sound,)))))


def test_what_nova_did_itself_goes_back_whole() -> None:
    use = {"toolUse": {"toolUseId": "t", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}}
    result = {"toolResult": {"toolUseId": "t", "content": [{"text": "a"}], "type": "nova_grounding_result"}}

    assert blocks(use, result, role="assistant") == (
        ServerCall(tool="web_search", id="t", raw=use),
        ServerCall(tool="web_search", id="t", raw=result, result=True),
    )


def test_what_another_providers_tool_did_is_left_behind() -> None:
    left = notes()

    assert content_of(Text(text="a"), ServerCall(tool="web_search", raw={}), left=left) == [{"text": "a"}]
    assert left.dropped == ("messages[].content[].server_tools",)


def test_block_of_another_dialect_is_left_behind() -> None:
    left = notes()

    content_of(Text(text="a", extras={"x": 1}), Opaque(kind="odd", raw={}), Opaque(kind="", raw=3), left=left)

    assert left.dropped == ("messages[].content[].x", "messages[].content[].odd", "messages[].content[].block")


def test_cache_point_marks_the_block_before_it() -> None:
    mark, hour = {"cachePoint": {"type": "default"}}, {"cachePoint": {"type": "default", "ttl": "1h"}}

    first, second = blocks({"text": "a"}, mark, {"text": "b"}, hour)

    assert (first.cache, second.cache) == (CacheMark(), CacheMark("1h"))


def test_cache_point_that_marks_nothing_stays() -> None:
    mark = {"cachePoint": {"type": "default"}}

    assert [type(part) for part in blocks(mark, {"text": "a"}, mark, mark)] == [Opaque, Text, Opaque]


@pytest.mark.parametrize(
    ("model", "hour", "dropped"),
    [
        (CLAUDE_45, {"ttl": "1h"}, ()),
        (CLAUDE, {}, ("messages[].content[].cache.ttl",)),
        (NOVA_2, {}, ("messages[].content[].cache.ttl",)),
    ],
)
def test_cache_is_kept_an_hour_where_the_model_can(model: str, hour: dict[str, str], dropped: tuple[str, ...]) -> None:
    left = notes()
    marked = Text(text="a", cache=CacheMark("1h")), Text(text="b", cache=CacheMark("5m"))

    assert content_of(*marked, left=left, model=model) == [
        {"text": "a"},
        {"cachePoint": {"type": "default", **hour}},
        {"text": "b"},
        {"cachePoint": {"type": "default", "ttl": "5m"}},
    ]
    assert left.dropped == dropped


def test_cache_mark_with_a_lifetime_nobody_has_is_written_without() -> None:
    left = notes()

    written = content_of(Text(text="b", cache=CacheMark("24h")), left=left, model=CLAUDE_45)

    assert written == [{"text": "b"}, {"cachePoint": {"type": "default"}}]
    assert left.dropped == ("messages[].content[].cache.ttl",)


def test_cache_marks_of_others_are_left_behind_for_other_models() -> None:
    left = notes()

    assert content_of(Text(text="a", cache=CacheMark()), left=left, model="meta.llama3-70b-v1:0") == [{"text": "a"}]
    assert left.dropped == ("messages[].content[].cache",)


def test_cache_mark_inside_a_result_stands_behind_it() -> None:
    result = ToolResult(call_id="t", content=(Text(text="a", cache=CacheMark()),))

    content = written(foreign(said_by(Role.TOOL, result)))["messages"][0]["content"]

    assert [next(iter(block)) for block in content] == ["toolResult", "cachePoint"]


def test_reasoning_carries_its_signature_as_state() -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}}
    plain = {"reasoningContent": {"reasoningText": {"text": "hm", "more": 1}}}
    hidden = {"reasoningContent": {"redactedContent": DATA}}

    assert blocks(thought, plain, hidden, role="assistant") == (
        Reasoning(text="hm", state=State("bedrock-converse", {"signature": "sig"})),
        Reasoning(text="hm", extras={"reasoningContent": {"reasoningText": {"more": 1}}}),
        Reasoning(state=State("bedrock-converse", {"redactedContent": DATA})),
    )


def test_reasoning_of_bedrock_goes_back_to_it_through_another_dialect() -> None:
    thought = Reasoning(text="hm", state=State("bedrock-converse", {"signature": "sig"}))

    assert assistant(thought) == [{"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}}]


@pytest.mark.parametrize("state", [None, State("anthropic-messages", {"signature": "sig"})])
def test_reasoning_of_others_is_left_behind(state: State | None) -> None:
    left = notes()

    assert assistant(Reasoning(text="hm", state=state), Text(text="b"), left=left) == [{"text": "b"}]
    assert left.dropped == ("messages[].content[].reasoning",)


def test_packed_state_of_another_provider_is_unpacked() -> None:
    state = State("anthropic-messages", {"signature": "theirs"})
    packed = SEAL.pack(state)
    assert packed is not None

    request = read(
        {
            "messages": [
                {
                    "role": "assistant",
                    "content": [
                        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": packed}}},
                        {"reasoningContent": {"redactedContent": base64.b64encode(packed.encode()).decode()}},
                    ],
                }
            ]
        }
    )

    assert [part.state for part in request.messages[0].parts] == [state, state]


def test_state_of_a_call_is_said_to_be_left_behind() -> None:
    left = notes()

    assistant(ToolCall(id="t", name="f", state=State("gemini", {"thoughtSignature": "x"})), left=left)

    assert left.dropped == ("messages[].content[].state",)


def test_guarded_words_and_images_are_words_and_images() -> None:
    text = {"guardContent": {"text": {"text": "q", "qualifiers": ["query"]}}}
    bare = {"guardContent": {"text": {"text": "q"}}}
    image = {"guardContent": {"image": {"format": "png", "source": {"bytes": DATA}}}}

    first, second, third = blocks(text, bare, image)

    assert isinstance(first, Text)
    assert isinstance(second, Text)
    assert isinstance(third, Media)
    assert (first.text, second.text, third.data) == ("q", "q", DATA)


def test_search_result_is_words_for_others() -> None:
    found = {"searchResult": {"source": "https://a.b", "title": "T", "content": [{"text": "x"}, {"text": "y"}]}}

    (part,) = blocks(found)

    assert isinstance(part, Text)
    assert part.text == "T\nhttps://a.b\nx\ny"


def test_cited_words_are_text_with_citations() -> None:
    raw = {
        "title": "T",
        "source": "https://a.b",
        "sourceContent": [{"text": "said"}],
        "location": {"documentPage": {"documentIndex": 2, "start": 1, "end": 2}},
    }
    web = {"location": {"web": {"url": "https://c.d", "domain": "c.d"}}}
    cited = {"citationsContent": {"content": [{"text": "so"}], "citations": [raw, web]}}

    assert blocks(cited, role="assistant") == (
        Text(
            text="so",
            citations=(
                Citation(url="https://a.b", title="T", cited="said", document=2, raw=raw),
                Citation(url="https://c.d", raw=web),
            ),
        ),
    )


@pytest.mark.parametrize(
    "inner",
    [
        {"content": [{"text": "a"}, {"text": "b"}], "citations": [{"title": "T"}]},
        {"content": [{"text": "a"}], "citations": []},
        {"content": [{"text": "a"}]},
        {"content": []},
        {"content": [{"text": "a"}], "citations": [{"title": 3, "location": 4}], "more": 1},
    ],
)
def test_cited_words_are_written_as_they_were(inner: dict[str, Any]) -> None:
    blocks({"citationsContent": inner}, role="assistant")


def test_citations_of_an_earlier_answer_are_left_behind() -> None:
    left = notes()

    assert assistant(Text(text="a", citations=(Citation(url="u"),), logprobs=()), left=left) == [{"text": "a"}]
    assert left.dropped == ("messages[].content[].citations",)


def test_refusal_is_said_in_words() -> None:
    assert assistant(Refusal(text="no"), Refusal(text=" ")) == [{"text": "no"}]


def test_call_of_a_tool_whose_name_bedrock_would_refuse_has_another() -> None:
    (block,) = assistant(ToolCall(id="t", name="f g", arguments="{}"))

    assert block["toolUse"]["name"].startswith("call_")


def test_message_of_one_block_is_not_more() -> None:
    assert same({"messages": [{"role": "user", "content": []}]}).messages == (
        Message(role=Role.USER, listed=True, spelling="user"),
    )
