"""Writing a chat request for a provider."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from tollbridge.formats import (
    EFFORTS,
    JSON,
    Format,
    FormatKind,
    Notes,
    Request,
    Thinking,
    add_extras,
    items_of,
    present,
    written_body,
)
from tollbridge_openai.chat_content import NAME, write_cache
from tollbridge_openai.chat_messages import MessagesWriter
from tollbridge_openai.chat_tools import write_choice, write_tools

_SAID: Mapping[str, str] = {
    "stream": "stream",
    "temperature": "temperature",
    "top_p": "top_p",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "seed": "seed",
    "n": "answers",
    "logprobs": "logprobs",
    "top_logprobs": "top_logprobs",
    "verbosity": "verbosity",
    "metadata": "metadata",
    "user": "user",
    "prompt_cache_key": "cache_key",
    "store": "store",
}
"""What a request may say in one value that is written as it is: its name here, and its canonical one."""
_NAMES, _values = tuple(_SAID), attrgetter(*_SAID.values())
_TIERS = frozenset(("auto", "default", "flex", "scale", "priority"))
_REFUSED_BY_STRICT = frozenset(
    ("allOf", "default", "dependentRequired", "dependentSchemas", "else", "if", "not", "oneOf", "then")
)
_LOW_BUDGET, _MEDIUM_BUDGET = 1_024, 8_192
"""Tokens of thinking that Google counts as low and medium effort (https://ai.google.dev/gemini-api/docs/openai)."""


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request; what chat cannot say is noted."""
    native = request.origin == NAME
    members: dict[str, JSON] = {"model": request.model, "messages": MessagesWriter(request, notes).written()}
    for name, value in zip(_NAMES, _values(request), strict=True):
        if value is not None:
            members[name] = value
    if request.stream_usage is not None:
        members["stream_options"] = {"include_usage": request.stream_usage}
    if request.stop is not None:
        members["stop"] = _stop(request.stop, alone="stop" in request.spelling and native)
    if request.max_output is not None:
        older = native and "max_tokens" in request.spelling
        members["max_tokens" if older else "max_completion_tokens"] = request.max_output
    if request.format is not None:
        members["response_format"] = _format(request.format, notes, native=native)
    if request.tools is not None:
        members.update(write_tools(request, notes, native=native))
    if request.parallel_tools is not None and (native or request.tools):
        members["parallel_tool_calls"] = request.parallel_tools
    if request.choice is not None:
        members.update(write_choice(request, request.choice, notes, native=native))
    if request.thinking is not None:
        members.update(_thinking(request.thinking, notes, native=native))
    _only_here(members, request, notes, native=native)
    return written_body(members, notes)


def _only_here(members: dict[str, JSON], request: Request, notes: Notes, *, native: bool) -> None:
    """Add what only this dialect's own callers may send, or leave it behind."""
    if native:
        members.update(
            present(top_k=request.top_k, service_tier=request.tier, cache_control=write_cache(request.cache))
        )
        add_extras(members, request.extras)
        return
    for name in request.essential:
        notes.refuse(name)
    if request.top_k is not None or request.cache is not None:
        notes.drop_given(top_k=request.top_k, cache=request.cache)
    if request.tier in _TIERS:
        members["service_tier"] = request.tier
    elif request.tier is not None:
        notes.drop("tier")
    notes.drop_extras(request.extras)


def _stop(stop: Sequence[str], *, alone: bool) -> JSON:
    return stop[0] if alone and len(stop) == 1 else list(stop)


def _format(form: Format, notes: Notes, *, native: bool) -> JSON:
    if form.kind is not FormatKind.SCHEMA:
        members: dict[str, JSON] = {"type": "text" if form.kind is FormatKind.TEXT else "json_object"}
    else:
        name, strict = form.name, form.strict
        if not native:
            name = form.name or "answer"
            strict = True if strict is None and fits_strict(form.schema) else strict
        inner = present(name=name, description=form.description, schema=form.schema, strict=strict)
        members = {"type": "json_schema", "json_schema": inner}
    if native:
        return add_extras(members, form.extras)
    notes.drop_extras(form.extras, "format")
    return members


def fits_strict(schema: JSON) -> bool:
    """Whether strict mode takes a schema: an object, each object closed, each property required, nothing it refuses.

    https://platform.openai.com/docs/guides/structured-outputs, read 2026-11. A property by the name of a keyword counts
    as that keyword: what may not fit is not said to be strict.
    """
    if not isinstance(schema, dict) or schema.get("type") != "object" or "anyOf" in schema:
        return False
    pending: list[JSON] = [schema]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            if not _is_closed(value) or not _REFUSED_BY_STRICT.isdisjoint(value):
                return False
            pending += value.values()
    return True


def _is_closed(schema: dict[str, JSON]) -> bool:
    properties, kind = schema.get("properties"), schema.get("type")
    if not isinstance(properties, dict) and kind != "object" and "object" not in items_of(kind):
        return True
    named = properties if isinstance(properties, dict) else {}
    required = {name for name in items_of(schema.get("required")) if isinstance(name, str)}
    return schema.get("additionalProperties") is False and required.issuperset(named)


def _thinking(thinking: Thinking, notes: Notes, *, native: bool) -> dict[str, JSON]:
    if native:
        return _SPELT[thinking.spelling.partition(":")[0]](thinking)
    notes.drop_given("thinking", shown=thinking.shown or None, summary=thinking.summary)
    notes.drop_extras(thinking.extras, "thinking")
    effort = thinking.effort if thinking.effort in EFFORTS else None
    if thinking.effort is not None and effort is None:
        notes.drop("thinking.effort")
    if effort is None and thinking.budget is not None and thinking.budget >= 0 and thinking.enabled is not False:
        notes.drop("thinking.budget")
        effort = "high"
        if thinking.budget <= _MEDIUM_BUDGET:
            effort = "low" if thinking.budget <= _LOW_BUDGET else "medium"
        effort = "none" if thinking.budget == 0 else effort
    if effort is None and thinking.enabled is not None:
        notes.drop("thinking.enabled")
    return present(reasoning_effort=effort)


def _own_thinking(thinking: Thinking) -> dict[str, JSON]:
    _, _, kind = thinking.spelling.partition(":")
    return {"thinking": {**present(type=kind or None, budget_tokens=thinking.budget), **thinking.extras}}


def _own_reasoning(thinking: Thinking) -> dict[str, JSON]:
    exclude = None if thinking.shown is None else not thinking.shown
    told = present(enabled=thinking.enabled, max_tokens=thinking.budget, effort=thinking.effort, exclude=exclude)
    return {"reasoning": {**told, **thinking.extras}}


_SPELT: Mapping[str, Callable[[Thinking], dict[str, JSON]]] = {
    "": lambda thinking: present(reasoning_effort=thinking.effort),
    "thinking": _own_thinking,
    "reasoning": _own_reasoning,
}
