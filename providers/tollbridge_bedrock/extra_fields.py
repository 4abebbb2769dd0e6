"""`additionalModelRequestFields`: what a model takes that Converse has no word for, both ways.

Thinking and `top_k` are said in the words of each family of models (see `models`); the rest stays as it is.
"""

from collections.abc import Callable, Mapping

from tollbridge.formats import JSON, Fields, Notes, Request, Thinking, add_extras, present
from tollbridge_bedrock.models import (
    claude_version,
    is_claude,
    is_gpt,
    is_nova,
    is_nova_2,
    thinks_adaptively,
    thinks_by_budget,
)

FIELD = "additionalModelRequestFields"
TOP_K, NOVA_TOP_K, EMPTY = "top_k", "inferenceConfig.topK", FIELD
_OFF = "disabled"
_WITH_EFFORT = ("reasoningConfig", "reasoning_effort")
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


class Extra:
    """What was read of these fields, or is to be written of them."""

    def __init__(self) -> None:
        self.thinking: Thinking | None = None
        self.top_k: int | None = None
        self.spelling: list[str] = []
        self.rest: dict[str, JSON] = {}

    @property
    def has_effort(self) -> bool:
        """Whether these fields have a word of their own for how hard to think."""
        return self.thinking is not None and self.thinking.spelling.partition(":")[0] in _WITH_EFFORT


def read_extra(found: Fields) -> Extra:
    """Take the fields; `rest` are those nobody else knows."""
    extra = Extra()
    given = found.inner(FIELD)
    if given is None:
        return extra
    if not given.rest():
        extra.spelling.append(EMPTY)
    place = next((name for name in _SPELT if _fits(name, given.peek(name))), "")
    if place:
        extra.thinking = _SPELT[place][0](given, place)
    top_k = given.peek(TOP_K)
    if isinstance(top_k, int) and not isinstance(top_k, bool):
        extra.top_k = given.whole(TOP_K)
        extra.spelling.append(TOP_K)
    elif _nova_top_k(given.peek("inferenceConfig")):
        inner = given.members("inferenceConfig") or {}
        extra.top_k = inner["topK"]
        extra.spelling.append(NOVA_TOP_K)
        others = {name: value for name, value in inner.items() if name != "topK"}
        if others:
            given.put_back("inferenceConfig", others)
    extra.rest = given.rest()
    return extra


def _nova_top_k(inner: JSON) -> bool:
    top_k = inner.get("topK") if isinstance(inner, dict) else None
    return isinstance(top_k, int) and not isinstance(top_k, bool)


def _fits(name: str, value: JSON) -> bool:
    return isinstance(value, str) if name == "reasoning_effort" else isinstance(value, dict)


def _read_budget(given: Fields, place: str) -> Thinking:
    inner = Fields(given.members(place), wrong=None)
    kind, budget = inner.text("type"), inner.whole("budget_tokens")
    enabled = None if kind is None else kind != _OFF
    return Thinking(enabled=enabled, budget=budget, spelling=f"{place}:{kind or ''}", extras=inner.rest())


def _read_nova(given: Fields, place: str) -> Thinking:
    inner = Fields(given.members(place), wrong=None)
    kind, effort = inner.text("type"), inner.text("maxReasoningEffort")
    enabled = None if kind is None else kind != _OFF
    return Thinking(enabled=enabled, effort=effort, spelling=f"{place}:{kind or ''}", extras=inner.rest())


def _read_effort(given: Fields, place: str) -> Thinking:
    return Thinking(effort=given.text(place), spelling=f"{place}:")


def _own_budget(thinking: Thinking, kind: str) -> JSON:
    return {**present(type=kind or None, budget_tokens=thinking.budget), **thinking.extras}


def _own_nova(thinking: Thinking, kind: str) -> JSON:
    return {**present(type=kind or None, maxReasoningEffort=thinking.effort), **thinking.extras}


def _own_effort(thinking: Thinking, kind: str) -> JSON:
    return thinking.effort


_SPELT: Mapping[str, tuple[Callable[[Fields, str], Thinking], Callable[[Thinking, str], JSON]]] = {
    "thinking": (_read_budget, _own_budget),
    "reasoning_config": (_read_budget, _own_budget),
    "reasoningConfig": (_read_nova, _own_nova),
    "reasoning_effort": (_read_effort, _own_effort),
}


def write_own(request: Request) -> JSON:
    """Give the fields as they were, but for those in the request's `extras`."""
    members: dict[str, JSON] = {}
    thinking = request.thinking
    place, _, kind = (thinking.spelling if thinking is not None else "").partition(":")
    if thinking is not None and place in _SPELT:
        members[place] = _SPELT[place][1](thinking, kind)
    if request.top_k is not None:
        nova = NOVA_TOP_K in request.spelling
        add_extras(members, {"inferenceConfig": {"topK": request.top_k}} if nova else {TOP_K: request.top_k})
    return members if members or EMPTY in request.spelling else None


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


def _top_k_of(model: str) -> Callable[[int], dict[str, JSON]] | None:
    if is_claude(model):
        return lambda top_k: {TOP_K: top_k}
    return (lambda top_k: {"inferenceConfig": {"topK": top_k}}) if is_nova(model) else None


def _thinking(thinking: Thinking, request: Request, notes: Notes) -> dict[str, JSON]:
    notes.drop_extras(thinking.extras, "thinking")
    notes.drop_given("thinking", summary=thinking.summary)
    if thinking.enabled is False or thinking.effort == "none" or thinking.budget == 0:
        return {}
    if thinking.enabled is None and thinking.effort is None and thinking.budget is None:
        notes.drop_given("thinking", shown=thinking.shown or None)
        return {}
    write = next((write for takes, write in _FAMILIES if takes(request.model)), None)
    if write is None:
        notes.drop("thinking")
        return {}
    return write(thinking, request, notes)


def _adaptive(thinking: Thinking, request: Request, notes: Notes) -> dict[str, JSON]:
    if thinking.budget is not None and thinking.budget > 0:
        notes.drop("thinking.budget")
    effort = _ADAPTIVE.get(thinking.effort or "")
    if effort == "xhigh" and claude_version(request.model) < (4, 7):
        effort = "high"
    if thinking.effort is not None and effort != thinking.effort:
        notes.drop("thinking.effort")
    shown = "summarized" if thinking.shown else None
    told = {"thinking": present(type="adaptive", display=shown)}
    return {**told, "output_config": {"effort": effort}} if effort is not None else told


def _budgeted(thinking: Thinking, request: Request, notes: Notes) -> dict[str, JSON]:
    budget = thinking.budget if thinking.budget is not None and thinking.budget > 0 else None
    if budget is None:
        budget = _BUDGETS.get(thinking.effort or "medium", _BUDGETS["medium"])
    budget = max(budget, _LEAST_BUDGET)
    if request.max_output is not None and budget >= request.max_output:
        budget = request.max_output // 2
        if budget < _LEAST_BUDGET:
            notes.drop("thinking")
            return {}
        notes.drop("thinking.budget")
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


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
