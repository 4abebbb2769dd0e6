"""Writing how an answer is to be, and fitting what another dialect asks for to what a model takes."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    ChoiceMode,
    Format,
    FormatKind,
    Message,
    Notes,
    Reasoning,
    Request,
    Role,
    Thinking,
    ToolCall,
    lower,
    present,
)
from tollbridge_anthropic.models import (
    BUDGETS,
    LEAST_BUDGET,
    Traits,
    effort_of,
    nearest_effort,
)
from tollbridge_anthropic.tools_out import KEYWORDS

_DISPLAY = {True: "summarized", False: "omitted"}
_ROOM_TO_ANSWER = 4_096
_TIERS: Mapping[str, str] = {
    "auto": "auto",
    "default": "standard_only",
    "standard": "standard_only",
    "standard_only": "standard_only",
}


def write_thinking(thinking: Thinking | None) -> JSON:
    """Write `thinking`, None where nothing but an effort was said."""
    if thinking is None or not thinking.spelling:
        return None
    budget = thinking.budget if thinking.budget is not None and thinking.budget >= 0 else None
    display = None if thinking.shown is None else _DISPLAY[thinking.shown]
    return present(type=thinking.spelling, budget_tokens=budget, display=display) | dict(thinking.extras)


def write_format(found: Format | None) -> JSON:
    """Write a format, in either place."""
    return None if found is None else {"type": "json_schema", "schema": found.schema, **found.extras}


def fit_format(found: Format | None, notes: Notes) -> Format | None:
    """Fit a format: a schema is said, JSON without one has no word here."""
    if found is None or found.kind is FormatKind.TEXT:
        return None
    notes.drop_extras(found.extras, "format")
    if found.kind is FormatKind.JSON or not isinstance(found.schema, dict):
        notes.drop("format")
        return None
    schema = lower(found.schema, KEYWORDS, notes, "format.schema")
    if found.description and "description" not in schema:
        schema = {**schema, "description": found.description}
    return Format(kind=FormatKind.SCHEMA, schema=schema, spelling="output_config")


def fit_thinking(request: Request, traits: Traits, notes: Notes) -> Request:
    """Fit thinking and the limit of the answer, which it counts against; a request always has a limit here."""
    if request.thinking is None:
        return request if request.max_output is not None else replace(request, max_output=traits.room)
    thinking = _thinking(request, traits, notes)
    budget = thinking.budget if thinking is not None and thinking.budget is not None else 0
    most = request.max_output
    if most is None:
        most = max(traits.room, budget + _ROOM_TO_ANSWER) if budget > 0 else traits.room
    return replace(request, thinking=thinking, max_output=most)


def _thinking(request: Request, traits: Traits, notes: Notes) -> Thinking | None:
    asked = request.thinking
    if asked is None:
        return None
    notes.drop_extras(asked.extras, "thinking")
    if asked.summary not in (None, "auto"):
        notes.drop("thinking.summary")
    if asked.enabled is False or asked.effort == "none" or asked.budget == 0:
        return _off(traits, notes)
    if not traits.thinks:
        notes.drop("thinking")
        return None
    if traits.adaptive and not (traits.manual and (asked.budget or 0) > 0):
        return _adaptive(asked, traits, notes)
    return _manual(asked, request, traits, notes)


def _off(traits: Traits, notes: Notes) -> Thinking | None:
    if traits.off or not traits.thinks:
        return Thinking(enabled=False, spelling=traits.off) if traits.off else None
    notes.drop("thinking.enabled")
    return Thinking(effort=traits.efforts[0])


def _adaptive(asked: Thinking, traits: Traits, notes: Notes) -> Thinking:
    effort = asked.effort
    if (asked.budget or 0) > 0:
        notes.drop("thinking.budget")
        effort = effort or effort_of(asked.budget or 0)
    return Thinking(enabled=True, effort=_effort(effort, traits, notes), shown=asked.shown, spelling="adaptive")


def _effort(effort: str | None, traits: Traits, notes: Notes) -> str | None:
    if effort is None or not traits.efforts:
        return None
    fitted = nearest_effort(effort, traits.efforts)
    if fitted != effort:
        notes.drop("thinking.effort")
    return fitted


def _manual(asked: Thinking, request: Request, traits: Traits, notes: Notes) -> Thinking | None:
    """Think with a budget below the limit of the answer; not where a tool is forced, or thinking is missing before."""
    forced = request.choice is not None and request.choice.mode in (ChoiceMode.REQUIRED, ChoiceMode.NAMED)
    most = request.max_output
    if forced or (most is not None and most <= LEAST_BUDGET) or _interrupted(request.messages):
        notes.drop("thinking")
        return None
    given = asked.budget if asked.budget is not None and asked.budget > 0 else None
    budget = given or BUDGETS.get(asked.effort or "medium", BUDGETS["medium"])
    if most is not None:
        budget = min(budget, most - 1 if given else most * 3 // 4)
    budget = max(budget, LEAST_BUDGET)
    if given is not None and budget != given:
        notes.drop("thinking.budget")
    return Thinking(
        enabled=True,
        budget=budget,
        effort=_effort(asked.effort, traits, notes),
        shown=asked.shown,
        spelling="enabled",
    )


def _interrupted(messages: tuple[Message, ...]) -> bool:
    """Whether the answer goes on from tool calls that no signed thinking stands before."""
    last = next((message for message in reversed(messages) if message.role is Role.ASSISTANT), None)
    if last is None or not any(isinstance(part, ToolCall) for part in last.parts):
        return False
    return not isinstance(last.parts[0], Reasoning)


def fit_sampling(request: Request, traits: Traits, notes: Notes) -> Request:
    """Fit what steers chance."""
    thinks = request.thinking is not None and request.thinking.enabled is True
    temperature, top_p, top_k = request.temperature, request.top_p, request.top_k
    if temperature is None and top_p is None and top_k is None:
        return request
    if thinks or not traits.sampling:
        notes.drop_given(temperature=temperature, top_p=top_p, top_k=top_k)
        return replace(request, temperature=None, top_p=None, top_k=None)
    if temperature is not None and not 0 <= temperature <= 1:
        notes.drop("temperature")
        temperature = min(max(temperature, Decimal(0)), Decimal(1))
    if temperature is not None and top_p is not None and not traits.both:
        notes.drop("top_p")
        top_p = None
    return replace(request, temperature=temperature, top_p=top_p, top_k=top_k)


def fit_stop(stop: tuple[str, ...] | None, notes: Notes) -> tuple[str, ...] | None:
    """Fit stop sequences: Anthropic refuses those of white space alone."""
    if stop is None:
        return None
    kept = tuple(text for text in stop if text.strip())
    if len(kept) < len(stop):
        notes.drop("stop")
    return kept or None


def fit_tier(tier: str | None, notes: Notes) -> str | None:
    """Fit the tier of service that is asked for."""
    if tier is not None and tier not in _TIERS:
        notes.drop("tier")
    return _TIERS.get(tier or "")
