"""Requests but for their blocks and tools: what is said of the answer wanted, and the order of messages."""

from decimal import Decimal
from typing import Any

import pytest
from tests.providers.bedrock.samples import (
    CLAUDE_45,
    CODEC,
    NOVA_2,
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
    Format,
    FormatKind,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Role,
    ServerTool,
    State,
    Text,
    Tool,
)
from tollbridge.testing.conversation_contract import notes

HI = said_by(Role.USER, Text(text="hi"))
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
GPT, LLAMA, OLD_CLAUDE = "openai.gpt-oss-120b-1:0", "meta.llama3-70b-v1:0", "anthropic.claude-3-haiku-20240307-v1:0"
TOOLS = (Tool(name="f", schema=SCHEMA), Tool(name="g", description="", schema=None))


def config_of(left: Any = None, **more: Any) -> Any:
    return written(foreign(HI, **{"tools": TOOLS, **more}), left).get("toolConfig")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": []},
        {"messages": [], "system": []},
        {
            "messages": [],
            "system": [{"text": "a"}, {"cachePoint": {"type": "default"}}, {"guardContent": {"text": {"text": "b"}}}],
        },
        {"messages": [], "inferenceConfig": {}},
        {"messages": [], "inferenceConfig": {"stopSequences": [], "temperature": 1, "topP": 0.90, "more": 1}},
        {"messages": [], "inferenceConfig": {"maxTokens": 5, "temperature": None}},
        {"messages": [], "toolConfig": {}},
        {"messages": [], "toolConfig": {"tools": []}},
        {"messages": [], "toolConfig": {"toolChoice": {"auto": {}}, "more": [1]}},
        {"messages": [], "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1", "trace": "enabled"}},
        {"messages": [], "promptVariables": {"a": {"text": "b"}}},
        {"messages": [], "additionalModelResponseFieldPaths": ["/stop_sequence"]},
        {"messages": [], "requestMetadata": {"team": "a"}},
        {"messages": [], "performanceConfig": {"latency": "optimized"}},
        {"messages": [], "serviceTier": {"type": "flex", "more": 1}},
        {"messages": [], "serviceTier": {}},
        {"messages": [], "serviceTier": {"type": None}},
        {"messages": [], "projectIdentifier": "p"},
        {"messages": [], "outputConfig": {}},
        {"messages": [], "outputConfig": {"effort": "low"}},
        {
            "messages": [],
            "outputConfig": {"effort": "a", "b": 1},
            "additionalModelRequestFields": {"reasoning_effort": "c"},
        },
        {"messages": [], "outputConfig": {"effort": "a"}, "additionalModelRequestFields": {"reasoningConfig": {}}},
        {"messages": [], "outputConfig": {"textFormat": {"type": "other", "structure": {}}}},
        {"messages": [], "unknown": {"a": None}, "system": None},
        {"messages": [], "additionalModelRequestFields": {}},
        {"messages": [], "additionalModelRequestFields": {"anthropic_beta": ["x"], "thinking": 5, "top_k": "no"}},
        {"messages": [{"role": "user", "content": [{"text": "a"}]}, {"role": "user", "content": [{"text": "b"}]}]},
        {"messages": [{"role": "system", "content": [{"text": "a"}], "more": {"b": 1}}]},
    ],
)
def test_request_is_written_as_it_was(body: dict[str, Any]) -> None:
    same(body)


def test_what_was_asked_is_read_in_everybodys_words() -> None:
    request = same(
        {
            "messages": [{"role": "user", "content": [{"text": "hi"}]}],
            "system": [{"text": "be kind"}],
            "inferenceConfig": {"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["x"]},
            "requestMetadata": {"team": "a"},
            "serviceTier": {"type": "priority"},
        }
    )

    assert [(message.role, message.apart) for message in request.messages] == [(Role.SYSTEM, True), (Role.USER, False)]
    assert (request.max_output, request.temperature, request.top_p) == (9, Decimal("0.5"), Decimal("0.9"))
    assert (request.stop, request.metadata, request.tier) == (("x",), {"team": "a"}, "priority")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": 3}, "messages"),
        ({"messages": [{"content": []}]}, "messages[0].role"),
        ({"messages": [{"role": "tool", "content": []}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "hi"}]}, "messages[0].content"),
        ({"system": "hi"}, "system"),
        ({"inferenceConfig": {"stopSequences": [3]}}, "inferenceConfig.stopSequences"),
        ({"toolConfig": {"tools": [{"toolSpec": {}}]}}, "toolConfig.tools[0].toolSpec.name"),
        (
            {"outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "{"}}}}},
            "outputConfig.textFormat.structure.jsonSchema.schema",
        ),
    ],
)
def test_field_that_is_wrong_is_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(body)

    assert caught.value.param == param


@pytest.mark.parametrize("name", ["guardrailConfig", "promptVariables"])
def test_what_a_request_means_nothing_without_is_never_left_behind(name: str) -> None:
    request = read({"messages": [], name: {"a": "b"}})

    assert request.essential == (name,)
    with pytest.raises(Untranslatable) as caught:
        written(foreign(HI, essential=request.essential))
    assert caught.value.param == name


@pytest.mark.parametrize("schema", ['{"type":"object"}', '{ "type": "object", "b": 1.0 }'])
def test_schema_of_an_answer_keeps_its_own_text(schema: str) -> None:
    shape = {"schema": schema, "name": "n", "description": "d", "more": 1}
    request = same(
        {"messages": [], "outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": shape}}}}
    )

    assert request.format is not None
    assert (request.format.kind, request.format.name, request.format.schema["type"]) == (
        FormatKind.SCHEMA,
        "n",
        "object",
    )


def test_schema_of_another_dialect_is_closed_and_written_as_text() -> None:
    form = Format(kind=FormatKind.SCHEMA, schema=SCHEMA, name="n", strict=True)

    shape = written(foreign(HI, format=form))["outputConfig"]["textFormat"]["structure"]["jsonSchema"]

    assert shape["name"] == "n"
    assert shape["schema"] == '{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}'


def test_json_without_a_schema_is_left_behind() -> None:
    left = notes()

    assert "outputConfig" not in written(foreign(HI, format=Format(kind=FormatKind.JSON)), left)
    assert left.dropped == ("format",)
    assert "outputConfig" not in written(foreign(HI, format=Format(kind=FormatKind.TEXT)), notes(strict=True))


def test_name_bedrock_refuses_is_refused_here() -> None:
    with pytest.raises(Untranslatable) as caught:
        config_of(tools=(Tool(name="a.b"),))

    assert caught.value.param == "tools[].name"


def test_nova_searches_and_runs_code_itself() -> None:
    left = notes()
    tools = (ServerTool(tool="web_search", max_uses=3), ServerTool(tool="code_execution"))

    config = config_of(left, tools=tools, model=NOVA_2)

    assert config["tools"] == [
        {"systemTool": {"name": "nova_grounding"}},
        {"systemTool": {"name": "nova_code_interpreter"}},
    ]
    assert left.dropped == ("tools[].web_search.max_uses",)


def test_messages_alternate_and_begin_with_the_user() -> None:
    body = written(
        foreign(
            said_by(Role.SYSTEM, Text(text="be kind"), apart=True),
            said_by(Role.ASSISTANT, Text(text="hello")),
            said_by(Role.USER, Text(text="a")),
            said_by(Role.USER, Text(text=" ")),
            said_by(Role.ASSISTANT, Text(text="")),
            said_by(Role.USER, Text(text="b")),
        ),
        notes(strict=True),
    )

    assert body["system"] == [{"text": "be kind"}]
    assert [(turn["role"], [block["text"] for block in turn["content"]]) for turn in body["messages"]] == [
        ("user", ["Continue."]),
        ("assistant", ["hello"]),
        ("user", ["a", "b"]),
    ]


def test_conversation_in_which_nobody_spoke_begins_with_the_user() -> None:
    body = written(foreign(said_by(Role.SYSTEM, Text(text="be kind"), apart=True)))

    assert body["messages"] == [{"role": "user", "content": [{"text": "Continue."}]}]


def test_answer_to_go_on_with_ends_without_a_space() -> None:
    begun = said_by(Role.ASSISTANT, Text(text="first "), Text(text=" 1, 2, \n"))

    body = written(foreign(HI, begun))

    assert body["messages"][1]["content"] == [{"text": "first "}, {"text": " 1, 2,"}]


def test_system_that_speaks_later_moves_to_the_front() -> None:
    left = notes()

    body = written(foreign(HI, said_by(Role.DEVELOPER, Text(text="be kind"), name="dev")), left)

    assert body["system"] == [{"text": "be kind"}]
    assert left.dropped == ("messages[].role", "messages[].name")


def test_picture_of_the_systems_is_refused() -> None:
    with pytest.raises(Untranslatable):
        written(foreign(said_by(Role.SYSTEM, Media(kind=MediaKind.IMAGE, data="aa"))))


def test_wish_to_cache_all_is_a_point_behind_the_last_block() -> None:
    left = notes()

    (turn,) = written(foreign(HI, cache=CacheMark("1h"), model=CLAUDE_45))["messages"]

    assert turn["content"][1] == {"cachePoint": {"type": "default", "ttl": "1h"}}
    marked = said_by(Role.USER, Text(text="a", cache=CacheMark()))
    assert len(written(foreign(marked, cache=CacheMark()))["messages"][0]["content"]) == 2
    assert len(written(foreign(HI, cache=CacheMark(), model=LLAMA), left)["messages"][0]["content"]) == 1
    assert left.dropped == ("cache",)


def test_what_bedrock_has_no_word_for_is_left_behind() -> None:
    left = notes()
    more = {
        "frequency_penalty": Decimal("0.1"),
        "presence_penalty": Decimal("0.1"),
        "seed": 1,
        "logprobs": True,
        "top_logprobs": 2,
        "parallel_tools": False,
        "verbosity": "low",
        "user": "u",
        "cache_key": "k",
        "store": True,
    }

    body = written(foreign(HI, **more, extras={"other": 1, "nothing": None}), left)

    assert set(body) == {"messages"}
    assert left.dropped == (*more, "other")


def test_several_answers_are_refused() -> None:
    with pytest.raises(Untranslatable) as caught:
        written(foreign(HI, answers=2))

    assert caught.value.param == "answers"
    written(foreign(HI, answers=1), notes(strict=True))


def test_temperature_is_one_at_most_and_blank_stops_are_none() -> None:
    left = notes()

    body = written(foreign(HI, temperature=Decimal("1.5"), stop=("\n", "x"), max_output=7, model=LLAMA), left)

    assert body["inferenceConfig"] == {"maxTokens": 7, "temperature": 1, "stopSequences": ["x"]}
    assert left.dropped == ("temperature", "stop")


@pytest.mark.parametrize(
    ("metadata", "told", "dropped"),
    [
        ({"a": "b"}, {"a": "b"}, ()),
        ({"a": "b", "c": 3, "d": "ü", "": "e"}, {"a": "b"}, ("metadata",)),
        ({f"k{number}": "v" for number in range(17)}, {f"k{number}": "v" for number in range(16)}, ("metadata",)),
        ({}, None, ("metadata",)),
        ("text", None, ("metadata",)),
        (None, None, ()),
    ],
)
def test_metadata_that_fits_is_kept(metadata: Any, told: Any, dropped: tuple[str, ...]) -> None:
    left = notes()

    assert written(foreign(HI, metadata=metadata), left).get("requestMetadata") == told
    assert left.dropped == dropped


@pytest.mark.parametrize(
    ("tier", "told", "dropped"),
    [
        ("flex", {"type": "flex"}, ()),
        ("priority", {"type": "priority"}, ()),
        ("standard_only", {"type": "default"}, ()),
        ("auto", None, ()),
        ("scale", None, ("tier",)),
        (None, None, ()),
    ],
)
def test_tier_of_another_dialect_is_said(tier: str | None, told: Any, dropped: tuple[str, ...]) -> None:
    left = notes()

    assert written(foreign(HI, tier=tier), left).get("serviceTier") == told
    assert left.dropped == dropped


def test_callers_of_converse_are_told_its_own_names() -> None:
    assert CODEC.spelled["max_output"] == "inferenceConfig.maxTokens"


def test_message_that_only_others_understand_is_no_message() -> None:
    thought = Reasoning(text="hm", state=State("another", {"a": 1}))
    body = written(foreign(HI, said_by(Role.ASSISTANT, thought, Opaque(kind="x", raw=1)), HI))

    assert [turn["role"] for turn in body["messages"]] == ["user"]
    assert len(body["messages"][0]["content"]) == 2
