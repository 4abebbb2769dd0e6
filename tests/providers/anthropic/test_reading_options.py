"""What the codec reads of how an answer is to be."""

from decimal import Decimal
from typing import Any

import pytest
from tests.providers.anthropic.reading import read

from tollbridge.formats import (
    CacheMark,
    ChoiceMode,
    Format,
    FormatKind,
    Location,
    ServerTool,
    Thinking,
    Tool,
    ToolChoice,
)


def test_everything_that_steers_an_answer_is_read() -> None:
    request = read(
        {
            "stream": True,
            "temperature": 0.25,
            "top_p": 0.5,
            "top_k": 40,
            "stop_sequences": ["END"],
            "metadata": {"user_id": "u-1"},
            "service_tier": "auto",
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        }
    )

    assert (request.model, request.max_output, request.stream) == ("claude-sonnet-4-6", 9, True)
    assert (request.temperature, request.top_p, request.top_k) == (Decimal("0.25"), Decimal("0.5"), 40)
    assert (request.stop, request.user, request.tier, request.cache) == (("END",), "u-1", "auto", CacheMark(ttl="1h"))
    assert request.extras == {}


def test_what_nobody_knows_stays_by_its_name() -> None:
    more = {
        "context_management": {"edits": []},
        "metadata": {"user_id": None, "more": 1},
        "output_config": {"task_budget": 5},
        "temperature": None,
        "later": [1],
    }

    assert read(more).extras == more


@pytest.mark.parametrize("field", ["compaction", "container", "inference_geo", "mcp_servers", "thread"])
def test_what_makes_it_another_request_is_essential(field: str) -> None:
    assert read({field: "x"}).essential == (field,)
    assert read({field: None}).essential == ()


def test_tools_are_read() -> None:
    schema = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "integer"}}}
    custom = {"type": "custom", "name": "look", "description": "Looks.", "input_schema": schema, "strict": True}
    plain = {"name": "list", "input_schema": {"type": "object"}, "defer_loading": True}
    search = {
        "type": "web_search_20250305",
        "name": "web_search",
        "max_uses": 2,
        "allowed_domains": ["example.org"],
        "blocked_domains": None,
        "user_location": {"type": "approximate", "city": "Bergen", "country": "NO"},
        "cache_control": {"type": "ephemeral"},
    }
    tools = read({"tools": [custom, plain, search, {"type": "memory_20250818", "name": "memory"}]}).tools

    assert tools == (
        Tool(name="look", description="Looks.", schema=schema, strict=True, spelling="custom"),
        Tool(name="list", schema={"type": "object"}, extras={"defer_loading": True}),
        ServerTool(
            tool="web_search",
            raw=search,
            max_uses=2,
            allowed_domains=("example.org",),
            location=Location(city="Bergen", country="NO"),
        ),
        ServerTool(tool="", raw={"type": "memory_20250818", "name": "memory"}),
    )


@pytest.mark.parametrize(
    ("raw", "choice", "parallel"),
    [
        ({"type": "auto"}, ToolChoice(mode=ChoiceMode.AUTO), None),
        ({"type": "any", "disable_parallel_tool_use": True}, ToolChoice(mode=ChoiceMode.REQUIRED), False),
        ({"type": "tool", "name": "look"}, ToolChoice(mode=ChoiceMode.NAMED, names=("look",)), None),
        ({"type": "none"}, ToolChoice(mode=ChoiceMode.NONE), None),
        ({"type": "auto", "disable_parallel_tool_use": False}, ToolChoice(mode=ChoiceMode.AUTO), True),
        (
            {"type": "later", "disable_parallel_tool_use": True},
            ToolChoice(mode=ChoiceMode.AUTO, raw={"type": "later", "disable_parallel_tool_use": True}),
            None,
        ),
    ],
)
def test_choice_of_tools_is_read(raw: dict[str, Any], choice: ToolChoice, parallel: bool | None) -> None:
    request = read({"tool_choice": raw})

    assert (request.choice, request.parallel_tools) == (choice, parallel)


@pytest.mark.parametrize(
    ("body", "thinking"),
    [
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2048}},
            Thinking(enabled=True, budget=2048, spelling="enabled"),
        ),
        (
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "xhigh"}},
            Thinking(enabled=True, budget=-1, effort="xhigh", shown=True, spelling="adaptive"),
        ),
        (
            {"thinking": {"type": "adaptive", "display": "omitted"}},
            Thinking(enabled=True, budget=-1, shown=False, spelling="adaptive"),
        ),
        (
            {"thinking": {"type": "adaptive", "display": "updates", "block_binding": {}}},
            Thinking(enabled=True, budget=-1, spelling="adaptive", extras={"display": "updates", "block_binding": {}}),
        ),
        ({"thinking": {"type": "disabled"}}, Thinking(enabled=False, spelling="disabled")),
        ({"thinking": {"type": "between_tools"}}, Thinking(enabled=False, spelling="between_tools")),
        ({"thinking": {"type": "later"}}, Thinking(spelling="later")),
        ({"output_config": {"effort": "low"}}, Thinking(effort="low")),
        ({"thinking": None}, None),
    ],
)
def test_thinking_is_read(body: dict[str, Any], thinking: Thinking | None) -> None:
    assert read(body).thinking == thinking


def test_format_is_read_in_either_place() -> None:
    found = {"type": "json_schema", "schema": {"type": "object"}, "later": 1}
    new, old = read({"output_config": {"format": found, "effort": "low"}}), read({"output_format": found})

    assert new.format == Format(
        kind=FormatKind.SCHEMA, schema={"type": "object"}, spelling="output_config", extras={"later": 1}
    )
    assert new.extras == {}
    assert old.format is not None
    assert old.format.spelling == "output_format"
    assert read({"output_config": {"format": found}, "output_format": found}).extras == {"output_format": found}
    assert read({"output_format": {"type": "later"}}).extras == {"output_format": {"type": "later"}}
