"""`generationConfig` (https://ai.google.dev/api/generate-content#generationconfig, read 2026-11)."""

from collections.abc import Mapping
from typing import Any

from tollbridge.formats import EFFORTS, JSON, Format, FormatKind, Notes, Request, Thinking, present
from tollbridge_gemini.models import thinking_config
from tollbridge_gemini.names import Members, marks, spelt
from tollbridge_gemini.schemas import lowered, read_schema, write_schema

CONFIG = "generationConfig"
ESSENTIAL = ("responseFormat", "responseModalities")
"""What changes the very kind of answer."""
_JSON_TYPE = "application/json"
_WORDS_ONLY = ["TEXT"]


def read_config(found: Members) -> tuple[dict[str, Any], dict[str, JSON], dict[str, str]]:
    """Take `generationConfig`: fields of a request, what no other dialect has, and how it was spelled."""
    config = found.inner(CONFIG)
    if config is None:
        return {}, {}, {}
    spelling = {} if config.rest() else {"config": ""}
    fields: dict[str, Any] = {
        "temperature": config.number("temperature"),
        "top_p": config.number("topP"),
        "top_k": config.whole("topK"),
        "answers": config.whole("candidateCount"),
        "max_output": config.whole("maxOutputTokens"),
        "seed": config.whole("seed"),
        "presence_penalty": config.number("presencePenalty"),
        "frequency_penalty": config.number("frequencyPenalty"),
        "logprobs": config.flag("responseLogprobs"),
        "top_logprobs": config.whole("logprobs"),
        "stop": _stop(config),
        "format": _format(config),
        "thinking": _thinking(config),
    }
    if config.peek("responseModalities") == _WORDS_ONLY:
        config.take("responseModalities")
        spelling["words"] = ""
    return fields, config.rest(), spelling


def _stop(config: Members) -> tuple[str, ...] | None:
    stop = config.items("stopSequences")
    if stop is not None and not all(isinstance(word, str) for word in stop):
        raise config.error("stopSequences", "must be a list of texts")
    return None if stop is None else tuple(stop)


def _format(config: Members) -> Format | None:
    """Take what the answer must look like; `spelling` says the media type, and which schema it was."""
    mime = config.text("responseMimeType")
    spelling = {} if mime is None else {"mime": mime}
    schema = None
    if "responseJsonSchema" in config:
        schema = config.take("responseJsonSchema")
    elif "responseSchema" in config:
        schema, spelling["schema"] = read_schema(config.members("responseSchema"))
    elif mime is None:
        return None
    kind = FormatKind.JSON if mime == _JSON_TYPE else FormatKind.TEXT
    return Format(kind=FormatKind.SCHEMA if schema is not None else kind, schema=schema, spelling=_noted(spelling))


def _noted(spelling: dict[str, str]) -> str:
    """Write the note with the schema last, which may be a text of any kind."""
    schema = spelling.pop("schema", None)
    return spelt(spelling) + (f"\n{schema}" if schema is not None else "")


def _thinking(config: Members) -> Thinking | None:
    inner = config.inner("thinkingConfig")
    if inner is None:
        return None
    if not inner.rest():
        config.put_back("thinkingConfig", {})
        return None
    level = inner.text("thinkingLevel")
    effort = level.lower() if level is not None else None
    if level is not None and effort not in EFFORTS:
        inner.put_back("thinkingLevel", level)
        level = effort = None
    budget = inner.whole("thinkingBudget")
    return Thinking(
        enabled=None if budget is None else budget != 0,
        budget=budget,
        effort=effort,
        shown=inner.flag("includeThoughts"),
        spelling=level if level is not None and effort is not None and level != effort.upper() else "",
        extras=inner.rest(),
    )


def write_config(request: Request, notes: Notes, spelling: Mapping[str, str]) -> dict[str, JSON]:
    """Give `generationConfig`, without what only its own dialect knows."""
    native = spelling is not _FOREIGN
    members = present(
        temperature=request.temperature,
        topP=request.top_p,
        topK=request.top_k,
        candidateCount=request.answers,
        maxOutputTokens=request.max_output,
        stopSequences=None if request.stop is None else list(request.stop),
        seed=request.seed,
        presencePenalty=request.presence_penalty,
        frequencyPenalty=request.frequency_penalty,
        responseLogprobs=request.logprobs,
        logprobs=request.top_logprobs,
        responseModalities=_WORDS_ONLY if "words" in spelling else None,
    )
    if request.format is not None:
        members.update(_own_format(request.format) if native else _foreign_format(request.format, notes))
    if request.thinking is not None:
        thinking = request.thinking
        told = _own_thinking(thinking) if native else thinking_config(thinking, request.model, notes)
        members.update(present(thinkingConfig=told or None))
    return members


_FOREIGN: Mapping[str, str] = {"foreign": ""}


def write_foreign_config(request: Request, notes: Notes) -> dict[str, JSON]:
    """Give `generationConfig` for a request of another dialect."""
    return write_config(request, notes, _FOREIGN)


def _own_format(form: Format) -> dict[str, JSON]:
    head, line, schema = form.spelling.partition("\n")
    members = present(responseMimeType=marks(head).get("mime"))
    if line:
        members["responseSchema"] = write_schema(form.schema, schema)
    elif form.schema is not None:
        members["responseJsonSchema"] = form.schema
    return members


def _foreign_format(form: Format, notes: Notes) -> dict[str, JSON]:
    """Ask for text, for JSON, or for JSON of a schema, which Gemini always holds to."""
    notes.drop_extras(form.extras, "format")
    if form.kind is FormatKind.TEXT:
        return {}
    notes.drop_given("format", name=form.name, description=form.description)
    schema = lowered(form.schema, notes, "format.schema") if form.kind is FormatKind.SCHEMA else None
    return present(responseMimeType=_JSON_TYPE, responseJsonSchema=schema)


def _own_thinking(thinking: Thinking) -> dict[str, JSON]:
    level = thinking.spelling or (thinking.effort.upper() if thinking.effort is not None else None)
    told = present(thinkingBudget=thinking.budget, thinkingLevel=level, includeThoughts=thinking.shown)
    return {**told, **thinking.extras}
