"""What only some models take: thinking in the words of each family, and what they refuse of chance."""

from decimal import Decimal
from typing import Any

import pytest
from tests.providers.bedrock.samples import (
    CLAUDE,
    CLAUDE_47,
    NOVA_2,
    foreign,
    said_by,
    same,
    written,
)

from tollbridge.formats import (
    ChoiceMode,
    Reasoning,
    Role,
    State,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tollbridge.testing.conversation_contract import notes

CLAUDE_46 = "anthropic.claude-opus-4-6-v1"
LEAST = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
LITTLE = {"output_config": {"effort": "low"}}
ADAPTIVE = {"thinking": {"type": "adaptive"}}
NOVA_MEDIUM = {"type": "enabled", "maxReasoningEffort": "medium"}
HI = said_by(Role.USER, Text(text="hi"))
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
GPT, LLAMA, OLD_CLAUDE = "openai.gpt-oss-120b-1:0", "meta.llama3-70b-v1:0", "anthropic.claude-3-haiku-20240307-v1:0"
TOOLS = (Tool(name="f", schema=SCHEMA), Tool(name="g", description="", schema=None))


@pytest.mark.parametrize(
    ("fields", "thinking", "top_k"),
    [
        (
            {"thinking": {"type": "enabled", "budget_tokens": 1024}, "top_k": 5},
            Thinking(enabled=True, budget=1024, spelling="thinking:enabled"),
            5,
        ),
        ({"thinking": {"type": "disabled"}}, Thinking(enabled=False, spelling="thinking:disabled"), None),
        (
            {"thinking": {"type": "adaptive", "display": "omitted"}},
            Thinking(enabled=True, shown=False, spelling="thinking:adaptive"),
            None,
        ),
        (
            {"thinking": {"type": "enabled", "display": "later"}},
            Thinking(enabled=True, spelling="thinking:enabled", extras={"display": "later"}),
            None,
        ),
        ({"thinking": {"type": "between_tools"}}, Thinking(enabled=False, spelling="thinking:between_tools"), None),
        (
            {"reasoning_config": {"budget_tokens": 9}, "inferenceConfig": {"topK": 3, "more": 1}},
            Thinking(budget=9, spelling="reasoning_config:"),
            3,
        ),
        (
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}, "inferenceConfig": {"topK": 3}},
            Thinking(enabled=True, effort="low", spelling="reasoningConfig:enabled"),
            3,
        ),
        ({"reasoning_effort": "high", "x": 1}, Thinking(effort="high", spelling="reasoning_effort:"), None),
        (
            {"thinking": {"type": 3}, "reasoning_effort": "low"},
            Thinking(spelling="thinking:", extras={"type": 3}),
            None,
        ),
    ],
)
def test_additional_fields_are_read_in_everybodys_words(
    fields: dict[str, Any], thinking: Thinking, top_k: int | None
) -> None:
    request = same({"messages": [], "additionalModelRequestFields": fields})

    assert (request.thinking, request.top_k) == (thinking, top_k)


def test_effort_of_the_output_is_how_hard_to_think() -> None:
    request = same(
        {
            "messages": [],
            "outputConfig": {"effort": "low"},
            "additionalModelRequestFields": {"thinking": {"type": "adaptive"}},
        }
    )

    assert request.thinking == Thinking(enabled=True, effort="low", spelling="thinking:adaptive")


@pytest.mark.parametrize(
    ("model", "thinking", "told", "dropped"),
    [
        (CLAUDE, Thinking(budget=2048), {"thinking": {"type": "enabled", "budget_tokens": 2048}}, ()),
        (CLAUDE, Thinking(budget=5), LEAST, ("thinking.budget",)),
        (CLAUDE, Thinking(effort="high"), {"thinking": {"type": "enabled", "budget_tokens": 16384}}, ()),
        (CLAUDE, Thinking(enabled=True, budget=-1), {"thinking": {"type": "enabled", "budget_tokens": 4096}}, ()),
        (CLAUDE, Thinking(effort="odd"), {"thinking": {"type": "enabled", "budget_tokens": 4096}}, ()),
        (CLAUDE, Thinking(enabled=False), None, ()),
        (CLAUDE, Thinking(effort="none"), None, ()),
        (CLAUDE, Thinking(budget=0), None, ()),
        (CLAUDE_47, Thinking(enabled=False), None, ()),
        ("anthropic.claude-opus-5", Thinking(enabled=False), {"thinking": {"type": "disabled"}}, ()),
        ("anthropic.claude-haiku-5-5", Thinking(effort="none"), {"thinking": {"type": "disabled"}}, ()),
        ("anthropic.claude-sonnet-5-5", Thinking(budget=0), {"thinking": {"type": "between_tools"}}, ()),
        ("anthropic.claude-opus-5-5", Thinking(enabled=False), LITTLE, ("thinking.enabled",)),
        ("anthropic.claude-fable-5", Thinking(enabled=False), LITTLE, ("thinking.enabled",)),
        (CLAUDE, Thinking(shown=True), None, ("thinking.shown",)),
        (CLAUDE, Thinking(effort="low", summary="auto"), LEAST, ("thinking.summary",)),
        (CLAUDE_47, Thinking(effort="minimal"), {**ADAPTIVE, "output_config": {"effort": "low"}}, ("thinking.effort",)),
        (CLAUDE_47, Thinking(effort="xhigh"), {**ADAPTIVE, "output_config": {"effort": "xhigh"}}, ()),
        (CLAUDE_46, Thinking(effort="xhigh"), {**ADAPTIVE, "output_config": {"effort": "high"}}, ("thinking.effort",)),
        (CLAUDE_47, Thinking(effort="odd"), ADAPTIVE, ("thinking.effort",)),
        (CLAUDE_47, Thinking(budget=2048), ADAPTIVE, ("thinking.budget",)),
        (CLAUDE_47, Thinking(shown=True, budget=-1), {"thinking": {"type": "adaptive", "display": "summarized"}}, ()),
        (CLAUDE_47, Thinking(shown=False, budget=-1), {"thinking": {"type": "adaptive", "display": "omitted"}}, ()),
        (NOVA_2, Thinking(effort="high"), {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}, ()),
        (NOVA_2, Thinking(budget=9), {"reasoningConfig": NOVA_MEDIUM}, ("thinking.budget",)),
        (GPT, Thinking(effort="max"), {"reasoning_effort": "high"}, ()),
        (GPT, Thinking(budget=9), {"reasoning_effort": "medium"}, ("thinking.budget",)),
        (LLAMA, Thinking(effort="low"), None, ("thinking",)),
        (OLD_CLAUDE, Thinking(effort="low", extras={"x": 1}), None, ("thinking.x", "thinking")),
    ],
)  # fmt: skip
def test_thinking_is_said_in_the_words_of_each_family(
    model: str, thinking: Thinking, told: Any, dropped: tuple[str, ...]
) -> None:
    left = notes()

    assert written(foreign(HI, thinking=thinking, model=model), left).get("additionalModelRequestFields") == told
    assert left.dropped == dropped


@pytest.mark.parametrize(
    ("most", "budget", "dropped"), [(8000, 4000, ("thinking.budget",)), (2047, None, ("thinking",)), (90000, 16384, ())]
)
def test_budget_leaves_room_for_an_answer(most: int, budget: int | None, dropped: tuple[str, ...]) -> None:
    left = notes()

    extra = written(foreign(HI, thinking=Thinking(effort="high"), max_output=most), left).get(
        "additionalModelRequestFields"
    )

    assert (extra or {}).get("thinking", {}).get("budget_tokens") == budget
    assert left.dropped == dropped


OWN = State("bedrock-converse", {"signature": "s"})
CALL = ToolCall(id="t", name="f", arguments="{}")
GAVE = said_by(Role.TOOL, ToolResult(call_id="t", content=(Text(text="x"),)))


@pytest.mark.parametrize(
    ("said", "thinks"),
    [
        ((said_by(Role.ASSISTANT, CALL), GAVE), False),
        ((said_by(Role.ASSISTANT, Reasoning(text="a"), CALL), GAVE), False),
        ((said_by(Role.ASSISTANT, Reasoning(text="a", state=State("another", {})), CALL), GAVE), False),
        ((said_by(Role.ASSISTANT, Reasoning(text="a", state=OWN), CALL), GAVE), True),
        ((said_by(Role.ASSISTANT, Reasoning(text="a", state=OWN)), said_by(Role.ASSISTANT, CALL), GAVE), True),
        ((said_by(Role.ASSISTANT, CALL), GAVE, said_by(Role.ASSISTANT, Text(text="b")), HI), True),
    ],
)
def test_claude_does_not_think_behind_calls_it_did_not_think_of(said: Any, thinks: bool) -> None:
    left = notes()

    body = written(foreign(HI, *said, thinking=Thinking(budget=2048), tools=TOOLS), left)

    assert ("additionalModelRequestFields" in body) == thinks
    assert ("thinking" in left.dropped) != thinks


def test_claude_that_is_told_not_to_think_may_still_be_forced_to_a_tool() -> None:
    body = written(
        foreign(
            HI,
            thinking=Thinking(enabled=False),
            tools=TOOLS,
            choice=ToolChoice(mode=ChoiceMode.REQUIRED),
            model="anthropic.claude-opus-5",
        )
    )

    assert body["toolConfig"]["toolChoice"] == {"any": {}}


def test_nova_thinks_less_where_it_is_limited() -> None:
    left = notes()

    body = written(foreign(HI, thinking=Thinking(effort="high"), max_output=9, model=NOVA_2), left)

    assert body["additionalModelRequestFields"]["reasoningConfig"]["maxReasoningEffort"] == "medium"
    assert left.dropped == ("thinking.effort",)


def test_what_a_claude_refuses_while_it_thinks_is_left_behind() -> None:
    left = notes()
    request = foreign(
        HI,
        thinking=Thinking(budget=2048),
        temperature=Decimal("0.5"),
        top_k=5,
        tools=TOOLS,
        choice=ToolChoice(mode=ChoiceMode.REQUIRED),
    )

    body = written(request, left)

    assert body["toolConfig"]["toolChoice"] == {"auto": {}}
    assert body["additionalModelRequestFields"] == {"thinking": {"type": "enabled", "budget_tokens": 2048}}
    assert "inferenceConfig" not in body
    assert left.dropped == ("top_k", "choice", "temperature")


@pytest.mark.parametrize(("top_p", "kept"), [(Decimal("0.99"), True), (Decimal("0.5"), False)])
def test_a_thinking_claude_takes_nearly_all_chances_or_none(top_p: Decimal, kept: bool) -> None:
    body = written(foreign(HI, thinking=Thinking(budget=2048), temperature=1, top_p=top_p))

    assert ("topP" in body.get("inferenceConfig", {})) == kept
    assert "temperature" not in body.get("inferenceConfig", {})


@pytest.mark.parametrize(
    ("model", "told", "extra", "dropped"),
    [
        (CLAUDE, {"temperature": 0.5, "topP": 0.9}, {"top_k": 5}, ()),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", {"temperature": 0.5}, {"top_k": 5}, ("top_p",)),
        (CLAUDE_47, None, None, ("temperature", "top_p", "top_k")),
        ("anthropic.claude-sonnet-5", None, None, ("temperature", "top_p", "top_k")),
        ("anthropic.claude-mythos-preview", None, None, ("temperature", "top_p", "top_k")),
        (NOVA_2, {"temperature": 0.5, "topP": 0.9}, {"inferenceConfig": {"topK": 5}}, ()),
        (LLAMA, {"temperature": 0.5, "topP": 0.9}, None, ("top_k",)),
    ],
)
def test_each_family_is_told_what_it_takes_of_chance(
    model: str, told: Any, extra: Any, dropped: tuple[str, ...]
) -> None:
    left = notes()

    body = written(foreign(HI, temperature=Decimal("0.5"), top_p=Decimal("0.9"), top_k=5, model=model), left)

    assert body.get("inferenceConfig") == told
    assert body.get("additionalModelRequestFields") == extra
    assert left.dropped == dropped
