"""Writing a request for a provider (https://platform.openai.com/docs/api-reference/responses/create, read 2026-11)."""

from tollbridge.formats import (
    EFFORTS,
    JSON,
    Format,
    FormatKind,
    Notes,
    Request,
    Thinking,
    add_extras,
    encode_json,
    present,
)
from tollbridge_openai.chat_writing import fits_strict
from tollbridge_openai.responses_content import NAME
from tollbridge_openai.responses_messages import InputWriter
from tollbridge_openai.responses_reading import ENCRYPTED, LOGPROBS, with_included
from tollbridge_openai.responses_tools import write_choice, write_tools

TIERS = frozenset(("auto", "default", "flex", "scale", "priority"))
_LEAST_OUTPUT = 16
"""Tokens; OpenAI refuses a lower limit."""
_LOW_BUDGET, _MEDIUM_BUDGET = 1_024, 8_192
"""Tokens of thinking that Google counts as low and medium effort (https://ai.google.dev/gemini-api/docs/openai)."""
_SUMMARIES = ("auto", "concise", "detailed")


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request; what cannot be said is noted."""
    native = request.origin == NAME
    writer = InputWriter(request, notes)
    items: JSON = writer.items()
    if native and "input" in request.spelling and len(items) == 1:
        items = items[0]["content"]
    members: dict[str, JSON] = {
        "model": request.model,
        **present(
            instructions=writer.instructions(),
            stream=request.stream,
            temperature=request.temperature,
            top_p=request.top_p,
            top_logprobs=request.top_logprobs,
            metadata=request.metadata,
            prompt_cache_key=request.cache_key,
            tools=write_tools(request, notes, native=native),
            tool_choice=write_choice(request, notes, native=native),
            text=write_text_options(request, notes, native=native),
            reasoning=write_thinking(request.thinking, notes, native=native),
        ),
    }
    if items != [] or not native or "input[]" in request.spelling:
        members["input"] = items
    if not native:
        members.update(_others(request, notes))
        return encode_json(members)
    add_extras(members, {**_own(request), **request.extras})
    if any(told.startswith("include:") for told in request.spelling):
        left = request.extras.get("include")
        members["include"] = with_included(left if isinstance(left, list) else [], request.spelling)
    return encode_json(members)


def _own(request: Request) -> dict[str, JSON]:
    """Give what only this dialect's callers may send, or may send as they like."""
    name = "safety_identifier" if "safety_identifier" in request.spelling else "user"
    return present(
        max_output_tokens=request.max_output,
        parallel_tool_calls=request.parallel_tools,
        service_tier=request.tier,
        store=request.store,
        **{name: request.user},
    )


def _others(request: Request, notes: Notes) -> dict[str, JSON]:
    """Give what callers of other dialects said, as far as it can be said here; nothing of theirs is stored unasked."""
    for name in request.essential:
        notes.refuse(name)
    notes.drop_given(
        top_k=request.top_k,
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
        seed=request.seed,
        stop=request.stop,
        cache=request.cache,
    )
    if request.answers is not None and request.answers != 1:
        notes.refuse("answers", "the model behind this name gives one answer; ask it several times")
    limit = request.max_output
    if limit is not None and limit < _LEAST_OUTPUT:
        notes.drop("max_output")
        limit = _LEAST_OUTPUT
    tier = request.tier if request.tier in TIERS else None
    notes.drop_given(tier=request.tier if tier is None else None)
    notes.drop_extras(request.extras)
    include = [LOGPROBS] if request.logprobs else []
    if _thinks(request.thinking):
        include.append(ENCRYPTED)
    return present(
        max_output_tokens=limit,
        parallel_tool_calls=request.parallel_tools if request.tools else None,
        user=request.user,
        service_tier=tier,
        store=bool(request.store),
        include=include or None,
    )


def _thinks(thinking: Thinking | None) -> bool:
    """Whether a model is asked to think; one that cannot refuses to give its thinking, too."""
    if thinking is None or thinking.enabled is False or thinking.effort == "none":
        return False
    return bool(thinking.enabled or thinking.effort or thinking.budget)


def write_text_options(request: Request, notes: Notes, *, native: bool) -> JSON:
    """Give `text`: what an answer must look like, and how long-winded it is."""
    form = None if request.format is None else _format(request.format, notes, native=native)
    return present(format=form, verbosity=request.verbosity) or None


def _format(form: Format, notes: Notes, *, native: bool) -> JSON:
    if form.kind is not FormatKind.SCHEMA or (form.schema is None and not native):
        members: dict[str, JSON] = {"type": "text" if form.kind is FormatKind.TEXT else "json_object"}
    else:
        name, strict = form.name, form.strict
        if not native:
            name = name or "answer"
            strict = True if strict is None and fits_strict(form.schema) else strict
        told = present(name=name, description=form.description, schema=form.schema, strict=strict)
        members = {"type": "json_schema", **told}
    if native:
        return add_extras(members, form.extras)
    notes.drop_extras(form.extras, "format")
    return members


def write_thinking(thinking: Thinking | None, notes: Notes, *, native: bool) -> JSON:
    """Give `reasoning`."""
    if thinking is None:
        return None
    if native:
        name = thinking.spelling or "summary"
        return add_extras(present(effort=thinking.effort, **{name: thinking.summary}), thinking.extras)
    notes.drop_extras(thinking.extras, "thinking")
    effort = _effort(thinking, notes)
    summary: str | None = thinking.summary
    if thinking.summary not in _SUMMARIES:
        summary = "auto" if thinking.shown and thinking.enabled is not False else None
    return present(effort=effort, summary=summary) or None


def _effort(thinking: Thinking, notes: Notes) -> str | None:
    """Give the effort; models differ in whether they can do without thinking, so that alone is not asked for."""
    if thinking.effort in EFFORTS:
        return thinking.effort
    if thinking.effort is not None:
        notes.drop("thinking.effort")
    if thinking.enabled is False:
        notes.drop("thinking.enabled")
        return None
    budget = thinking.budget
    if budget is None or budget < 0:
        return None
    notes.drop("thinking.budget")
    if budget == 0:
        return "none"
    if budget <= _MEDIUM_BUDGET:
        return "low" if budget <= _LOW_BUDGET else "medium"
    return "high"
