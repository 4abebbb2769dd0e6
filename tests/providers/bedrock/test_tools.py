"""`toolConfig`, both ways."""

from typing import Any

import pytest
from tests.providers.bedrock.samples import (
    CLAUDE_45,
    NOVA_2,
    foreign,
    said_by,
    same,
    written,
)

from tollbridge.formats import (
    CacheMark,
    ChoiceMode,
    Role,
    ServerTool,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tollbridge.testing.conversation_contract import notes

HI = said_by(Role.USER, Text(text="hi"))
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
GPT, LLAMA, OLD_CLAUDE = "openai.gpt-oss-120b-1:0", "meta.llama3-70b-v1:0", "anthropic.claude-3-haiku-20240307-v1:0"
TOOLS = (Tool(name="f", schema=SCHEMA), Tool(name="g", description="", schema=None))


def config_of(left: Any = None, **more: Any) -> Any:
    return written(foreign(HI, **{"tools": TOOLS, **more}), left).get("toolConfig")


CALLED = (
    HI,
    said_by(Role.ASSISTANT, ToolCall(id="t", name="f", arguments="{}")),
    said_by(Role.TOOL, ToolResult(call_id="t", content=(Text(text="x"),))),
)


def test_tools_are_read_in_everybodys_words() -> None:
    request = same(
        {
            "messages": [],
            "toolConfig": {
                "tools": [
                    {"cachePoint": {"type": "default"}},
                    {"toolSpec": {"name": "f", "description": "", "inputSchema": {"json": SCHEMA}, "strict": True}},
                    {"cachePoint": {"type": "default", "ttl": "1h"}},
                    {"toolSpec": {"name": "g", "inputSchema": {"json": {}, "more": 1}, "new": 2}, "beside": 3},
                    {"toolSpec": {"name": "h"}},
                    {"toolSpec": {"name": "i", "inputSchema": {}}},
                    {"systemTool": {"name": "nova_code_interpreter"}},
                    {"cachePoint": {"type": "default"}},
                    {"somethingNew": 3},
                ],
                "toolChoice": {"tool": {"name": "f", "more": 1}, "beside": 2},
            },
        }
    )

    assert request.tools is not None
    assert request.tools[1] == Tool(name="f", description="", schema=SCHEMA, strict=True, cache=CacheMark("1h"))
    assert [tool.tool for tool in request.tools if isinstance(tool, ServerTool)] == ["", "code_execution", "", ""]
    assert request.choice is not None
    assert (request.choice.mode, request.choice.names) == (ChoiceMode.NAMED, ("f",))


@pytest.mark.parametrize(
    ("choice", "mode"),
    [
        ({"auto": {}}, ChoiceMode.AUTO),
        ({"any": {"more": 1}}, ChoiceMode.REQUIRED),
        ({"tool": {}}, ChoiceMode.AUTO),
        ({}, ChoiceMode.AUTO),
        ({"new": {"a": 1}}, ChoiceMode.AUTO),
    ],
)
def test_choice_is_read_and_written_as_it_was(choice: dict[str, Any], mode: ChoiceMode) -> None:
    request = same({"messages": [], "toolConfig": {"toolChoice": choice}})

    assert request.choice is not None
    assert request.choice.mode is mode


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (None, None),
        (ToolChoice(mode=ChoiceMode.AUTO), {"auto": {}}),
        (ToolChoice(mode=ChoiceMode.REQUIRED), {"any": {}}),
        (ToolChoice(mode=ChoiceMode.NAMED, names=("f",)), {"tool": {"name": "f"}}),
    ],
)
def test_choice_of_another_dialect_is_said(choice: ToolChoice | None, told: Any) -> None:
    assert config_of(notes(strict=True), choice=choice).get("toolChoice") == told


def test_tools_of_another_dialect_have_a_schema_of_an_object() -> None:
    tools = config_of(notes(strict=True))["tools"]

    assert [tool["toolSpec"] for tool in tools] == [
        {"name": "f", "inputSchema": {"json": SCHEMA}},
        {"name": "g", "inputSchema": {"json": {"type": "object", "properties": {}}}},
    ]


@pytest.mark.parametrize(
    ("model", "strict", "told", "dropped"),
    [
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", True, True, ("tools[].schema.minimum",)),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", False, None, ()),
        (LLAMA, True, None, ("tools[].strict",)),
        (LLAMA, False, None, ()),
    ],
)
def test_strict_tool_is_told_to_models_that_keep_to_its_schema(
    model: str, strict: bool, told: Any, dropped: tuple[str, ...]
) -> None:
    left = notes()
    schema = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}}

    (tool,) = config_of(left, tools=(Tool(name="f", schema=schema, strict=strict),), model=model)["tools"]

    assert tool["toolSpec"].get("strict") == told
    assert ("additionalProperties" in tool["toolSpec"]["inputSchema"]["json"]) == bool(told)
    assert left.dropped == dropped


def test_narrowed_choice_leaves_the_other_tools_out() -> None:
    config = config_of(choice=ToolChoice(mode=ChoiceMode.REQUIRED, names=("g",)))

    assert [tool["toolSpec"]["name"] for tool in config["tools"]] == ["g"]


def test_no_tool_wanted_is_no_tool_told() -> None:
    assert config_of(notes(strict=True), choice=ToolChoice(mode=ChoiceMode.NONE)) is None


def test_no_tool_wanted_where_tools_were_used_is_said_to_be_lost() -> None:
    left = notes()

    config = written(foreign(*CALLED, tools=TOOLS, choice=ToolChoice(mode=ChoiceMode.NONE)), left)["toolConfig"]

    assert (len(config["tools"]), "toolChoice" in config) == (2, False)
    assert left.dropped == ("choice",)


def test_tools_that_were_used_are_told_where_the_request_does_not() -> None:
    assert written(foreign(*CALLED))["toolConfig"] == {
        "tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object", "properties": {}}}}}]
    }


def test_result_alone_makes_a_tool_too() -> None:
    (tool,) = written(foreign(CALLED[2]))["toolConfig"]["tools"]

    assert tool["toolSpec"]["name"] == "tool"


def test_own_request_without_tool_config_stays_without() -> None:
    same({"messages": [{"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "f", "input": {}}}]}]})


def test_tools_bedrock_has_not_are_left_behind() -> None:
    left = notes()
    tools = (
        Tool(name="f", schema=SCHEMA, cache=CacheMark(), extras={"x": 1}),
        ServerTool(tool="web_search"),
        ServerTool(tool=""),
    )

    config = config_of(left, tools=tools, model=LLAMA)

    assert len(config["tools"]) == 1
    assert left.dropped == (
        "tools[].x",
        "tools[].cache",
        "tools[].web_search",
        "tools[].server_tool",
    )


def test_tool_marked_for_the_cache_is_marked_here() -> None:
    tools = config_of(tools=(Tool(name="f", schema=SCHEMA, cache=CacheMark("1h")),), model=CLAUDE_45)["tools"]

    assert tools[1] == {"cachePoint": {"type": "default", "ttl": "1h"}}


def test_nova_refuses_a_cache_point_among_its_tools_and_gets_none() -> None:
    left = notes()

    config = config_of(left, tools=(Tool(name="f", schema=SCHEMA, cache=CacheMark()),), model=NOVA_2)

    assert [next(iter(tool)) for tool in config["tools"]] == ["toolSpec"]
    assert left.dropped == ("tools[].cache",)


@pytest.mark.parametrize(("model", "marked"), [(CLAUDE_45, True), (NOVA_2, False)])
def test_nova_refuses_a_cache_point_behind_what_a_tool_gave_and_gets_none(model: str, marked: bool) -> None:
    left, right = notes(), notes()
    gave = said_by(Role.TOOL, ToolResult(call_id="t", content=(Text(text="x"),), cache=CacheMark()))

    part = written(foreign(*CALLED[:2], gave, model=model), left)["messages"][2]["content"]
    whole = written(foreign(*CALLED, cache=CacheMark(), model=model), right)["messages"][2]["content"]

    assert [len(part), len(whole)] == [2 if marked else 1] * 2
    assert (left.dropped, right.dropped) == (((), ()) if marked else (("messages[].content[].cache",), ("cache",)))


@pytest.mark.parametrize(
    ("choice", "dropped"),
    [
        (ToolChoice(mode=ChoiceMode.REQUIRED), ("choice",)),
        (ToolChoice(mode=ChoiceMode.NAMED, names=("f",)), ("choice",)),
        (ToolChoice(mode=ChoiceMode.AUTO, names=("z",)), ("choice",)),
        (ToolChoice(mode=ChoiceMode.AUTO), ()),
    ],
)
def test_choice_without_a_tool_to_choose_is_left_behind(choice: ToolChoice, dropped: tuple[str, ...]) -> None:
    left = notes()

    assert config_of(left, tools=TOOLS if "z" in choice.names else (), choice=choice) is None
    assert left.dropped == dropped


@pytest.mark.parametrize(
    ("model", "told", "dropped"),
    [
        ("anthropic.claude-opus-5-5", {"auto": {}}, ("choice",)),
        ("anthropic.claude-sonnet-5-5", {"auto": {}}, ("choice",)),
        ("us.anthropic.claude-fable-5-1", {"auto": {}}, ("choice",)),
        ("anthropic.claude-fable-5", {"any": {}}, ()),
        ("anthropic.claude-haiku-5-5", {"any": {}}, ()),
        ("anthropic.claude-opus-5", {"any": {}}, ()),
        (NOVA_2, {"any": {}}, ()),
    ],
)
def test_claude_that_cannot_be_forced_to_a_tool_chooses_itself(model: str, told: Any, dropped: tuple[str, ...]) -> None:
    left = notes()

    config = config_of(left, choice=ToolChoice(mode=ChoiceMode.REQUIRED), model=model)

    assert config["toolChoice"] == told
    assert left.dropped == dropped


def test_results_of_tools_come_first_in_a_turn() -> None:
    body = written(foreign(*CALLED[:2], said_by(Role.USER, Text(text="and")), CALLED[2]))

    assert [next(iter(block)) for block in body["messages"][2]["content"]] == ["toolResult", "text"]
