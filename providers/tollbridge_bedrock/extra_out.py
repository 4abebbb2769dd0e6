"""Writing `additionalModelRequestFields`: thinking and `top_k` of another dialect, in the words of each family."""

from collections.abc import Callable, Mapping
from itertools import dropwhile, takewhile

from tollbridge.formats import JSON, Message, Notes, Reasoning, Request, Role, Thinking, ToolCall, present
from tollbridge_bedrock.extra_fields import DISPLAY, TOP_K
from tollbridge_bedrock.models import (
    claude_version,
    is_claude,
    is_gpt,
    is_nova,
    is_nova_2,
    thinks_adaptively,
    thinks_by_budget,
    word_for_no_thinking,
)
from tollbridge_bedrock.words import NAME

_LEAST_BUDGET = 1_024
_BUDGETS: Mapping[str, int] = {
    "minimal": 1_024,
    "low": 1_024,
    "medium": 4_096,
    "high": 16_384,
    "xhigh": 32_000,
    "max": 32_000,
}
"""Tokens of thinking for an effort, where a model takes only a budget; the least is Anthropic's."""
_LEVELS: Mapping[str, str] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}

_ADAPTIVE: Mapping[str, str] = {
    "minimal": "low",
    **{effort: effort for effort in ("low", "medium", "high", "xhigh", "max")},
}
"""Efforts of a Claude that thinks adaptively; `xhigh` is newer than 4.6 (openrouter.ai/docs, read 2026-11)."""


def write_extra(request: Request, notes: Notes, *, sampled: bool) -> JSON:
    """Give the fields for a request of another dialect; `sampled`: the model takes `top_k`."""
    members: dict[str, JSON] = {}
    if request.top_k is not None:
        write = _top_k_of(request.model) if sampled else None
        if write is None:
            notes.drop("top_k")
        else:
            members.update(write(request.top_k))
    if request.thinking is not None:
        members.update(_thinking(request.thinking, request, notes))
    return members or None


def thinks(extra: JSON) -> bool:
    """Whether these fields ask a Claude to think."""
    told = extra.get("thinking", {}) if isinstance(extra, dict) else {}
    return told.get("type") in ("enabled", "adaptive")


def _top_k_of(model: str) -> Callable[[int], dict[str, JSON]] | None:
    if is_claude(model):
        return lambda top_k: {TOP_K: top_k}
    return (lambda top_k: {"inferenceConfig": {"topK": top_k}}) if is_nova(model) else None


def _thinking(thinking: Thinking, request: Request, notes: Notes) -> dict[str, JSON]:
    notes.drop_extras(thinking.extras, "thinking")
    notes.drop_given("thinking", summary=thinking.summary)
    if thinking.enabled is False or thinking.effort == "none" or thinking.budget == 0:
        return _told_not_to(request.model, notes)
    if thinking.enabled is None and thinking.effort is None and thinking.budget is None:
        notes.drop_given("thinking", shown=thinking.shown or None)
        return {}
    write = next((write for takes, write in _FAMILIES if takes(request.model)), None)
    if write is None:
        notes.drop("thinking")
        return {}
    return write(thinking, request, notes)


def _told_not_to(model: str, notes: Notes) -> dict[str, JSON]:
    """Tell a model not to think that thinks unless told; one that always does is told to think little."""
    word = word_for_no_thinking(model)
    if word == "":
        notes.drop("thinking.enabled")
        return {"output_config": {"effort": "low"}}
    return {} if word is None else {"thinking": {"type": word}}


def _adaptive(thinking: Thinking, request: Request, notes: Notes) -> dict[str, JSON]:
    if thinking.budget is not None and thinking.budget > 0:
        notes.drop("thinking.budget")
    effort = _ADAPTIVE.get(thinking.effort or "")
    if effort == "xhigh" and claude_version(request.model) < (4, 7):
        effort = "high"
    if thinking.effort is not None and effort != thinking.effort:
        notes.drop("thinking.effort")
    display = None if thinking.shown is None else DISPLAY[thinking.shown]
    told = {"thinking": present(type="adaptive", display=display)}
    return {**told, "output_config": {"effort": effort}} if effort is not None else told


def _budgeted(thinking: Thinking, request: Request, notes: Notes) -> dict[str, JSON]:
    if _interrupted(request.messages):
        notes.drop("thinking")
        return {}
    given = thinking.budget if thinking.budget is not None and thinking.budget > 0 else None
    budget = max(given or _BUDGETS.get(thinking.effort or "medium", _BUDGETS["medium"]), _LEAST_BUDGET)
    if given is not None and given < budget:
        notes.drop("thinking.budget")
    if request.max_output is not None and budget >= request.max_output:
        budget = request.max_output // 2
        if budget < _LEAST_BUDGET:
            notes.drop("thinking")
            return {}
        notes.drop("thinking.budget")
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _interrupted(messages: tuple[Message, ...]) -> bool:
    """Whether the answer goes on from calls of tools without Bedrock's own thinking before: Claude refuses to think."""
    behind = dropwhile(lambda message: message.role is not Role.ASSISTANT, reversed(messages))
    turn = takewhile(lambda message: message.role is Role.ASSISTANT, behind)
    parts = [part for message in turn for part in message.parts]
    states = [part.state for part in parts if isinstance(part, Reasoning) and part.state is not None]
    calls = any(isinstance(part, ToolCall) for part in parts)
    return calls and not any(state.dialect == NAME for state in states)


def _nova(thinking: Thinking, request: Request, notes: Notes) -> dict[str, JSON]:
    level = _LEVELS.get(thinking.effort or "medium", "medium")
    if level == "high" and (request.max_output, request.temperature, request.top_p) != (None, None, None):
        # At high effort Nova takes none of these.
        notes.drop("thinking.effort")
        level = "medium"
    notes.drop_given("thinking", budget=thinking.budget if (thinking.budget or 0) > 0 else None)
    return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": level}}


def _gpt(thinking: Thinking, request: Request, notes: Notes) -> dict[str, JSON]:
    notes.drop_given("thinking", budget=thinking.budget if (thinking.budget or 0) > 0 else None)
    return {"reasoning_effort": _LEVELS.get(thinking.effort or "medium", "medium")}


_FAMILIES: tuple[tuple[Callable[[str], bool], Callable[[Thinking, Request, Notes], dict[str, JSON]]], ...] = (
    (thinks_adaptively, _adaptive),
    (thinks_by_budget, _budgeted),
    (is_nova_2, _nova),
    (is_gpt, _gpt),
)
