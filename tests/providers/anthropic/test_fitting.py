"""What becomes of what a request of another dialect asks for: said, dropped by name, or refused."""

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.providers.anthropic.asking import CODEC, HI, SIGNED, assistant, request, user, written

from tollbridge.errors import Untranslatable
from tollbridge.formats import (
    CacheMark,
    ChoiceMode,
    Format,
    FormatKind,
    KeyedSeal,
    Location,
    Message,
    Notes,
    Reasoning,
    Role,
    ServerTool,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
)
from tollbridge_anthropic.codec import CountCodec


def test_request_always_has_a_limit() -> None:
    assert written(request()) == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "hi"}],
    }
    assert written(request(max_output=7))["max_tokens"] == 7


def test_what_both_can_say_is_said() -> None:
    found = written(request(stream=True, top_k=4, stop=("END",), user="u-1", cache=CacheMark(ttl="1h"), tier="default"))

    assert (found["stream"], found["top_k"], found["stop_sequences"]) == (True, 4, ["END"])
    assert found["metadata"] == {"user_id": "u-1"}
    assert found["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert found["service_tier"] == "standard_only"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("answers", 2),
        ("frequency_penalty", 1),
        ("presence_penalty", 1),
        ("seed", 7),
        ("logprobs", True),
        ("top_logprobs", 3),
        ("verbosity", "low"),
        ("metadata", {"a": "b"}),
        ("cache_key", "k"),
        ("store", True),
        ("tier", "flex"),
        ("stop", (" ",)),
    ],
)
def test_what_has_no_word_is_dropped_by_its_name(field: str, value: Any) -> None:
    assert set(written(request(**{field: value}), field)) == {"model", "max_tokens", "messages"}


def test_what_says_nothing_is_dropped_in_silence() -> None:
    assert set(written(request(answers=1, logprobs=False, store=False, stream_usage=True, stop=()))) == {
        "model",
        "max_tokens",
        "messages",
    }


def test_members_of_another_dialect_are_dropped_and_a_null_says_nothing() -> None:
    asked = request(
        Message(
            role=Role.USER,
            parts=(Text(text="hi", extras={"a": 1}),),
            name="Ann",
            extras={"b": 2, "nothing": None},
        ),
        extras={"c": 3, "nothing": None},
        tools=(Tool(name="t", extras={"d": 4}),),
    )

    written(asked, "c", "messages[].b", "messages[].name", "messages[].content[].a", "tools[].d")


def test_what_is_essential_is_refused() -> None:
    with pytest.raises(Untranslatable) as caught:
        written(request(essential=("previous_response_id",), extras={"previous_response_id": "r"}))

    assert caught.value.param == "previous_response_id"


def test_tools_are_said() -> None:
    schema = {"properties": {"n": {"type": "integer", "minimum": 1}}}
    found = written(
        request(
            tools=(
                Tool(name="look", description="Looks.", schema=schema, cache=CacheMark(), strict=False, spelling="x"),
                Tool(name="list"),
            )
        )
    )

    assert found["tools"] == [
        {
            "name": "look",
            "description": "Looks.",
            "input_schema": {"type": "object", **schema},
            "cache_control": {"type": "ephemeral"},
        },
        {"name": "list", "input_schema": {"type": "object", "properties": {}}},
    ]


def test_strict_tool_has_a_schema_it_can_be_held_to() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}
    found = written(request(tools=(Tool(name="t", schema=schema, strict=True),)), "tools[].schema.minimum")

    assert found["tools"][0] == {
        "name": "t",
        "strict": True,
        "input_schema": {
            "type": "object",
            "properties": {"n": {"type": "integer"}},
            "additionalProperties": False,
        },
    }


@pytest.mark.parametrize(
    ("tool", "raw", "dropped"),
    [
        (
            ServerTool(
                tool="web_search",
                raw={"type": "web_search_preview"},
                allowed_domains=("a.org",),
                blocked_domains=("b.org",),
                max_uses=3,
                location=Location(city="Bergen"),
                context_size="low",
            ),
            {
                "type": "web_search_20250305",
                "name": "web_search",
                "max_uses": 3,
                "allowed_domains": ["a.org"],
                "user_location": {"type": "approximate", "city": "Bergen"},
            },
            ("tools[].context_size", "tools[].blocked_domains"),
        ),
        (
            ServerTool(tool="web_search", blocked_domains=("b.org",)),
            {"type": "web_search_20250305", "name": "web_search", "blocked_domains": ["b.org"]},
            (),
        ),
        (ServerTool(tool="web_fetch"), {"type": "web_fetch_20250910", "name": "web_fetch"}, ()),
        (ServerTool(tool="code_execution"), {"type": "code_execution_20250825", "name": "code_execution"}, ()),
    ],
)
def test_tools_that_both_providers_run_are_said(tool: ServerTool, raw: Any, dropped: tuple[str, ...]) -> None:
    assert written(request(tools=(tool,)), *dropped)["tools"] == [raw]


def test_search_among_tools_is_dropped_and_other_tools_of_a_provider_are_refused() -> None:
    assert "tools" not in written(request(tools=(ServerTool(tool="tool_search"),)), "tools[].tool_search")
    for tool, param in (("file_search", "tools[].file_search"), ("", "tools[].type")):
        with pytest.raises(Untranslatable) as caught:
            written(request(tools=(ServerTool(tool=tool),)))
        assert caught.value.param == param


TOOLS = (Tool(name="a"), Tool(name="b"))


@pytest.mark.parametrize(
    ("choice", "parallel", "said"),
    [
        (None, None, None),
        (None, True, {"type": "auto", "disable_parallel_tool_use": False}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice(mode=ChoiceMode.AUTO), None, {"type": "auto"}),
        (ToolChoice(mode=ChoiceMode.REQUIRED), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice(mode=ChoiceMode.NAMED, names=("b",)), None, {"type": "tool", "name": "b"}),
        (ToolChoice(mode=ChoiceMode.NONE), None, {"type": "none"}),
    ],
)
def test_choice_of_tools_is_said(choice: ToolChoice | None, parallel: bool | None, said: Any) -> None:
    assert written(request(tools=TOOLS, choice=choice, parallel_tools=parallel)).get("tool_choice") == said


def test_choice_among_some_tools_offers_only_those() -> None:
    found = written(request(tools=TOOLS, choice=ToolChoice(mode=ChoiceMode.REQUIRED, names=("b",))))

    assert [tool["name"] for tool in found["tools"]] == ["b"]
    assert found["tool_choice"] == {"type": "any"}


@pytest.mark.parametrize("mode", [ChoiceMode.AUTO, ChoiceMode.REQUIRED])
def test_choice_among_none_of_the_tools_offers_none(mode: ChoiceMode) -> None:
    found = written(request(tools=TOOLS, choice=ToolChoice(mode=mode, names=("c",))), "choice")

    assert {"tools", "tool_choice"}.isdisjoint(found)


def test_choice_that_cannot_be_said_is_dropped() -> None:
    forced = ToolChoice(mode=ChoiceMode.REQUIRED)
    none = ToolChoice(mode=ChoiceMode.NONE)
    strange = ToolChoice(mode=ChoiceMode.AUTO, raw={"later": 1}, extras={"more": 1})

    assert written(request(model="claude-opus-5-5", tools=TOOLS, choice=forced), "choice")["tool_choice"] == {
        "type": "auto"
    }
    assert written(request(tools=TOOLS, choice=none, parallel_tools=True), "parallel_tools")["tool_choice"] == {
        "type": "none"
    }
    assert "tool_choice" not in written(request(choice=forced), "choice")
    assert "tool_choice" not in written(request(choice=none, parallel_tools=False))
    assert "tool_choice" not in written(request(tools=TOOLS, choice=strange), "choice")


def test_schema_of_an_answer_is_said_in_the_words_that_are_taken() -> None:
    schema = {
        "$defs": {"n": {"type": "integer", "maximum": 9}},
        "type": "object",
        "properties": {"n": {"$ref": "#/$defs/n"}, "when": {"type": "string", "format": "date"}},
        "required": ["n"],
    }
    answer = Format(kind=FormatKind.SCHEMA, schema=schema, name="found", description="What was found.", strict=True)

    assert written(request(format=answer), "format.schema.maximum")["output_config"] == {
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {"n": {"type": "integer"}, "when": {"type": "string", "format": "date"}},
                "required": ["n"],
                "additionalProperties": False,
                "description": "What was found.",
            },
        }
    }


def test_json_without_a_schema_is_dropped_and_text_is_what_comes_anyway() -> None:
    assert "output_config" not in written(request(format=Format(kind=FormatKind.JSON)), "format")
    assert "output_config" not in written(request(format=Format(kind=FormatKind.TEXT)))
    assert "output_config" not in written(
        request(format=Format(kind=FormatKind.SCHEMA, extras={"x": 1})), "format.x", "format"
    )


@pytest.mark.parametrize(
    ("model", "asked", "thinking", "effort", "limit", "dropped"),
    [
        ("claude-sonnet-4-5", {"effort": "high"}, {"type": "enabled", "budget_tokens": 16384}, None, 20480, ()),
        ("claude-sonnet-4-5", {"effort": "minimal"}, {"type": "enabled", "budget_tokens": 1024}, None, 5120, ()),
        ("claude-sonnet-4-5", {"enabled": True}, {"type": "enabled", "budget_tokens": 8192}, None, 12288, ()),
        ("claude-sonnet-4-5", {"budget": -1}, {"type": "enabled", "budget_tokens": 8192}, None, 12288, ()),
        ("claude-sonnet-4-5", {"budget": 5000}, {"type": "enabled", "budget_tokens": 5000}, None, 9096, ()),
        (
            "claude-sonnet-4-5",
            {"budget": 500},
            {"type": "enabled", "budget_tokens": 1024},
            None,
            5120,
            ("thinking.budget",),
        ),
        (
            "claude-sonnet-4-5",
            {"effort": "low", "shown": True, "summary": "auto"},
            {"type": "enabled", "budget_tokens": 2048, "display": "summarized"},
            None,
            6144,
            (),
        ),
        ("claude-sonnet-4-5", {"effort": "none"}, {"type": "disabled"}, None, 4096, ()),
        ("claude-sonnet-4-5", {"budget": 0}, {"type": "disabled"}, None, 4096, ()),
        ("claude-opus-4-5", {"effort": "low"}, {"type": "enabled", "budget_tokens": 2048}, "low", 6144, ()),
        (
            "claude-opus-4-5",
            {"effort": "max"},
            {"type": "enabled", "budget_tokens": 24576},
            "high",
            28672,
            ("thinking.effort",),
        ),
        ("claude-opus-4-6", {"effort": "xhigh"}, {"type": "adaptive"}, "high", 16384, ("thinking.effort",)),
        ("claude-opus-4-6", {"budget": 2048}, {"type": "enabled", "budget_tokens": 2048}, None, 16384, ()),
        ("claude-opus-4-8", {"effort": "xhigh"}, {"type": "adaptive"}, "xhigh", 16384, ()),
        ("claude-opus-4-8", {"effort": "minimal"}, {"type": "adaptive"}, "low", 16384, ("thinking.effort",)),
        ("claude-opus-4-8", {"budget": 9000}, {"type": "adaptive"}, "medium", 16384, ("thinking.budget",)),
        ("claude-opus-4-8", {"shown": False}, {"type": "adaptive", "display": "omitted"}, None, 16384, ()),
        ("claude-opus-4-8", {"effort": "none"}, {"type": "disabled"}, None, 16384, ()),
        ("claude-sonnet-5-5", {"enabled": False}, {"type": "between_tools"}, None, 16384, ()),
        ("claude-fable-5", {"effort": "none"}, None, "low", 16384, ("thinking.enabled",)),
        ("claude-3-5-sonnet-20240620", {"effort": "high"}, None, None, 4096, ("thinking",)),
        ("claude-3-5-sonnet-20240620", {"effort": "none"}, None, None, 4096, ()),
        (
            "claude-opus-4-8",
            {"summary": "detailed", "extras": {"x": 1}},
            {"type": "adaptive"},
            None,
            16384,
            ("thinking.x", "thinking.summary"),
        ),
    ],
)
def test_thinking_is_asked_for_as_the_model_takes_it(
    model: str, asked: Any, thinking: Any, effort: str | None, limit: int, dropped: tuple[str, ...]
) -> None:
    found = written(request(model=model, thinking=Thinking(**asked)), *dropped)

    assert found.get("thinking") == thinking
    assert found.get("output_config", {}).get("effort") == effort
    assert found["max_tokens"] == limit


@pytest.mark.parametrize(
    ("asked", "limit", "budget", "dropped"),
    [
        ({"effort": "high"}, 4000, 3000, ()),  # three quarters
        ({"effort": "high"}, 1100, 1024, ()),
        ({"effort": "high"}, 1024, None, ("thinking",)),
        ({"budget": 5000}, 4000, 3999, ("thinking.budget",)),
        ({"budget": 2000}, 4000, 2000, ()),
    ],
)
def test_budget_stays_below_the_limit(asked: Any, limit: int, budget: int | None, dropped: tuple[str, ...]) -> None:
    found = written(request(thinking=Thinking(**asked), max_output=limit), *dropped)

    assert found.get("thinking", {}).get("budget_tokens") == budget
    assert found["max_tokens"] == limit


def test_budget_is_not_given_where_anthropic_would_refuse_it() -> None:
    effort = Thinking(effort="low")
    forced = ToolChoice(mode=ChoiceMode.REQUIRED)
    called = (*HI, assistant(ToolCall(id="c", name="a")), user(Text(text="x")))
    thought = (*HI, assistant(Reasoning(state=SIGNED), ToolCall(id="c", name="a")), user(Text(text="x")))

    assert "thinking" not in written(request(thinking=effort, tools=TOOLS, choice=forced), "thinking")
    assert "thinking" not in written(request(*called, thinking=effort), "thinking")
    assert "thinking" in written(request(*thought, thinking=effort))
    assert "thinking" in written(request(*called, thinking=effort, model="claude-opus-4-6"))


@pytest.mark.parametrize(
    ("model", "asked", "said", "dropped"),
    [
        ("claude-sonnet-4-5", {"temperature": Decimal("0.5")}, {"temperature": 0.5}, ()),
        ("claude-sonnet-4-5", {"temperature": Decimal("1.7")}, {"temperature": 1}, ("temperature",)),
        ("claude-sonnet-4-5", {"temperature": Decimal("-1")}, {"temperature": 0}, ("temperature",)),
        ("claude-sonnet-4-5", {"top_p": Decimal("0.5")}, {"top_p": 0.5}, ()),
        ("claude-sonnet-4-5", {"temperature": 1, "top_p": Decimal("0.5")}, {"temperature": 1}, ("top_p",)),
        ("claude-3-5-haiku", {"temperature": 1, "top_p": Decimal("0.5")}, {"temperature": 1, "top_p": 0.5}, ()),
        ("claude-opus-4-8", {"temperature": 1, "top_k": 4}, {}, ("temperature", "top_k")),
        (
            "claude-sonnet-4-5",
            {"temperature": 0, "top_p": Decimal("0.9"), "thinking": Thinking(effort="low")},
            {},
            ("temperature", "top_p"),
        ),
    ],
)
def test_chance_is_steered_as_far_as_the_model_lets_itself(
    model: str, asked: Any, said: Any, dropped: tuple[str, ...]
) -> None:
    found = written(request(model=model, **asked), *dropped)

    assert {name: found[name] for name in ("temperature", "top_p", "top_k") if name in found} == said


def test_strict_refuses_what_would_be_dropped() -> None:
    with pytest.raises(Untranslatable) as caught:
        CODEC.write_request(request(seed=1), Notes(KeyedSeal(b"k" * 32), strict=True))

    assert caught.value.param == "seed"


def test_request_to_count_holds_only_what_is_counted() -> None:
    asked = request(temperature=1, stream=True, user="u", tools=TOOLS, thinking=Thinking(effort="low"))
    found = json.loads(CountCodec().write_request(asked, Notes(KeyedSeal(b"k" * 32))))

    assert set(found) == {"model", "messages", "tools", "thinking"}
