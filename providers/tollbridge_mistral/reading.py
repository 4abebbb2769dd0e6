"""Reading a request of Mistral's (https://docs.mistral.ai/api, types of mistralai 3.7, read 2026-11)."""

from collections.abc import Mapping

from tollbridge.formats import (
    AnyPart,
    Envelope,
    Fields,
    Format,
    FormatKind,
    Message,
    Notes,
    Request,
    Role,
    Thinking,
    ToolResult,
    decode_json,
    split_id,
)
from tollbridge_mistral.calls import read_calls, recalled
from tollbridge_mistral.content import NAME, read_content
from tollbridge_mistral.tools import MUST, read_choice, read_tools

NO_PREFIX = "prefix"
"""The spelling of a message that says it is no prefix, as the SDK does with each."""
_FORMATS: Mapping[str, FormatKind] = {"text": FormatKind.TEXT, "json_object": FormatKind.JSON}


def read_request(body: bytes, _: Envelope, notes: Notes) -> Request:
    """Read a request; raises `BadRequest` naming the field that is wrong."""
    found = Fields(decode_json(body))
    listed = found.each("messages")
    if listed is None:
        raise found.error("messages", "is missing")
    spelling: tuple[str, ...] = ()
    if isinstance(found.peek("stop"), str):
        found.put_back("stop", [found.peek("stop")])
        spelling = ("stop",)
    if found.peek("tool_choice") == MUST:
        spelling = (*spelling, MUST)
    stops = found.items("stop")
    if not all(isinstance(item, str) for item in stops or ()):
        raise found.error("stop", "must be a text or a list of texts")
    tools, choice, form = read_tools(found), read_choice(found), _read_format(found)
    effort = found.text("reasoning_effort")
    return Request(
        origin=NAME,
        model=found.need("model", found.text("model")),
        messages=tuple(_read_message(message, notes) for message in listed),
        stream=found.flag("stream"),
        max_output=found.whole("max_tokens"),
        temperature=found.number("temperature"),
        top_p=found.number("top_p"),
        top_k=found.whole("top_k"),
        frequency_penalty=found.number("frequency_penalty"),
        presence_penalty=found.number("presence_penalty"),
        seed=found.whole("random_seed"),
        stop=tuple(stops) if stops is not None else None,
        answers=found.whole("n"),
        logprobs=found.flag("logprobs"),
        top_logprobs=found.whole("top_logprobs"),
        tools=tools,
        choice=choice,
        parallel_tools=found.flag("parallel_tool_calls"),
        format=form,
        thinking=None if effort is None else Thinking(effort=effort),
        metadata=found.members("metadata"),
        cache_key=found.text("prompt_cache_key"),
        spelling=spelling,
        extras=found.rest(),
    )


def _read_message(found: Fields, notes: Notes) -> Message:
    said = found.need("role", found.text("role"))
    if said == "tool":
        return _read_result(found, notes)
    try:
        role = Role(said)
    except ValueError:
        raise found.error("role", f"cannot be {said[:40]!r}; use system, user, assistant or tool") from None
    content = found.take("content")
    parts: tuple[AnyPart, ...] = () if content is None else read_content(content, found, notes)
    spelling = ""
    if role is Role.ASSISTANT:
        parts = recalled((*parts, *read_calls(found)), notes)
        if found.peek("prefix") is False:
            found.take("prefix")
            spelling = NO_PREFIX
    return Message(role=role, parts=parts, listed=isinstance(content, list), spelling=spelling, extras=found.rest())


def _read_result(found: Fields, notes: Notes) -> Message:
    content, id_ = found.take("content"), found.text("tool_call_id") or ""
    result = ToolResult(
        call_id=split_id(id_, notes.seal)[0],
        content=() if content is None else read_content(content, found, notes),
        name=found.text("name"),
        listed=isinstance(content, list),
    )
    return Message(role=Role.TOOL, parts=(result,), extras=found.rest())


def _read_format(found: Fields) -> Format | None:
    given = found.inner("response_format")
    if given is None:
        return None
    kind = given.text("type") or "text"
    inner = given.inner("json_schema") if kind == "json_schema" else None
    if inner is not None:
        name, schema = inner.text("name"), inner.take("schema")
        description, strict = inner.text("description"), inner.flag("strict")
        extras = {**given.rest(), **({"json_schema": inner.rest()} if inner.rest() else {})}
        return Format(
            kind=FormatKind.SCHEMA, schema=schema, name=name, description=description, strict=strict, extras=extras
        )
    known = _FORMATS.get(kind)
    if known is None:
        raise given.error("type", f"cannot be {kind[:40]!r}; use text, json_object or json_schema")
    return Format(kind=known, extras=given.rest())
