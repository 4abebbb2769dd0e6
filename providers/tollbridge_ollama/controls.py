"""What steers an answer beside its options: the format, thinking, whether it streams.  Both ways."""

from collections.abc import Mapping

from tollbridge.formats import JSON, Fields, Format, FormatKind, Notes, Request, Thinking, present

NO_STREAM = "no stream"
"""In a request's `spelling`: whether to stream was not said, which means yes."""

_THINK = ("low", "medium", "high", "max")
"""What `think` takes besides true and false (Ollama's `api/types.go`, 2026-08)."""
_EFFORTS: Mapping[str, JSON] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "max",
    "max": "max",
}
"""As Ollama's own OpenAI endpoint has them (its `openai/openai.go`, 2026-08)."""


def read_stream(found: Fields) -> tuple[bool, tuple[str, ...]]:
    """Take `stream`: true where nothing was said; and the spelling."""
    stream = found.flag("stream")
    return (True, (NO_STREAM,)) if stream is None else (stream, ())


def write_stream(request: Request, *, native: bool) -> dict[str, JSON]:
    """Give `stream`, which must be said where the answer is wanted whole."""
    unsaid = native and NO_STREAM in request.spelling and request.stream
    return {} if unsaid else {"stream": bool(request.stream)}


def read_format(found: Fields) -> Format | None:
    """Take `format`: a schema, `json`, or an empty text, which older clients send for none."""
    given = found.peek("format")
    if isinstance(given, dict):
        return Format(kind=FormatKind.SCHEMA, schema=found.take("format"))
    said = found.text("format")
    if said is None:
        return None
    if said not in ("", "json"):
        raise found.error("format", "must be 'json' or a JSON Schema")
    return Format(kind=FormatKind.JSON if said else FormatKind.TEXT)


def write_format(request: Request, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give the member `format`; the name of a schema says nothing to a model."""
    form = request.format
    if form is None:
        return {}
    if not native:
        notes.drop_given("format", description=form.description)
        notes.drop_extras(form.extras, "format")
    if form.kind is FormatKind.TEXT:
        return {"format": ""} if native else {}
    schema = form.kind is FormatKind.SCHEMA and form.schema is not None
    return {"format": form.schema if schema else "json"}


def read_think(found: Fields) -> Thinking | None:
    """Take `think`; who asks for it reads it, in a place of its own."""
    if isinstance(found.peek("think"), bool):
        enabled = found.flag("think")
        return Thinking(enabled=enabled, shown=enabled or None)
    effort = found.text("think")
    if effort is None:
        return None
    if effort not in _THINK:
        raise found.error("think", f"must be true, false or one of {', '.join(_THINK)}")
    return Thinking(enabled=True, effort=effort, shown=True)


def write_think(request: Request, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give the member `think`."""
    thinking = request.thinking
    if thinking is None:
        return {}
    if native:
        return {"think": thinking.enabled if thinking.effort is None else thinking.effort}
    notes.drop_given("thinking", budget=thinking.budget or None, summary=thinking.summary)
    notes.drop_extras(thinking.extras, "thinking")
    if thinking.effort is not None and thinking.effort not in _EFFORTS:
        notes.drop("thinking.effort")
    if thinking.enabled is False or thinking.budget == 0:
        return {"think": False}
    effort = _EFFORTS.get(thinking.effort or "")
    if effort is None and (thinking.enabled or thinking.budget is not None or thinking.effort is not None):
        effort = True
    return present(think=effort)


def drop_others(request: Request, notes: Notes) -> None:
    """Note what of another dialect's request has no place here; refuses what must not be lost."""
    for name in request.essential:
        notes.refuse(name)
    notes.drop_given(
        answers=request.answers if (request.answers or 1) > 1 else None,
        parallel_tools=request.parallel_tools,
        verbosity=request.verbosity,
        metadata=request.metadata,
        user=request.user,
        tier=request.tier,
        cache=request.cache,
        cache_key=request.cache_key,
        store=request.store,
    )
    notes.drop_extras(request.extras)
