"""Reading a chat request (https://platform.openai.com/docs/api-reference/chat/create, read 2026-11)."""

from collections.abc import Mapping

from tollbridge.formats import (
    AnyPart,
    Fields,
    Format,
    FormatKind,
    Message,
    Notes,
    Refusal,
    Request,
    Role,
    Thinking,
    ToolCall,
    ToolResult,
    decode_json,
    split_id,
)
from tollbridge_openai.chat_calls import read_calls
from tollbridge_openai.chat_content import (
    BARE,
    DECLINED,
    FUNCTION,
    LISTS,
    NAME,
    has_bare_images,
    read_cache,
    read_content,
)
from tollbridge_openai.chat_thought import read_thought, recalled
from tollbridge_openai.chat_tools import read_choice, read_tools

_FORMATS: Mapping[str, FormatKind] = {"text": FormatKind.TEXT, "json_object": FormatKind.JSON}


def read_request(body: bytes, notes: Notes) -> Request:
    """Read a request; raises `BadRequest` naming the field that is wrong."""
    found = Fields(decode_json(body))
    spelling = _spelling(found)
    messages = found.each("messages")
    if messages is None:
        raise found.error("messages", "is missing")
    options = found.inner("stream_options")
    tools, choice = read_tools(found), read_choice(found)
    thinking, form = _read_thinking(found), _read_format(found)
    stream_usage = options.flag("include_usage") if options is not None else None
    if options is not None and (options.rest() or stream_usage is None):
        found.put_back("stream_options", options.rest())
    return Request(
        origin=NAME,
        model=found.need("model", found.text("model")),
        messages=_read_messages(messages, notes),
        stream=found.flag("stream"),
        stream_usage=stream_usage,
        max_output=found.whole("max_tokens" if "max_tokens" in spelling else "max_completion_tokens"),
        temperature=found.number("temperature"),
        top_p=found.number("top_p"),
        top_k=found.whole("top_k"),
        frequency_penalty=found.number("frequency_penalty"),
        presence_penalty=found.number("presence_penalty"),
        seed=found.whole("seed"),
        stop=_read_stop(found),
        answers=found.whole("n"),
        logprobs=found.flag("logprobs"),
        top_logprobs=found.whole("top_logprobs"),
        tools=tools,
        choice=choice,
        parallel_tools=found.flag("parallel_tool_calls"),
        format=form,
        thinking=thinking,
        verbosity=found.text("verbosity"),
        metadata=found.members("metadata"),
        user=found.text("user"),
        tier=found.text("service_tier"),
        cache=read_cache(found),
        cache_key=found.text("prompt_cache_key"),
        store=found.flag("store"),
        spelling=spelling,
        extras=found.rest(),
    )


def _spelling(found: Fields) -> tuple[str, ...]:
    """Name what a caller spelled in the one of two ways that is not ours."""
    spelling = [name for name in ("tools", "functions") if name in found]
    if "max_tokens" in found and "max_completion_tokens" not in found:
        spelling.append("max_tokens")
    if isinstance(found.peek("stop"), str):
        spelling.append("stop")
    if "function_call" in found and "tool_choice" not in found:
        spelling.append("function_call")
    return tuple(spelling)


def _read_stop(found: Fields) -> tuple[str, ...] | None:
    if isinstance(found.peek("stop"), str):
        return (found.text("stop") or "",)
    stops = found.items("stop")
    if not all(isinstance(item, str) for item in stops or ()):
        raise found.error("stop", "must be a text or a list of texts")
    return None if stops is None else tuple(stops)


def _read_messages(messages: list[Fields], notes: Notes) -> tuple[Message, ...]:
    read: list[Message] = []
    called = "function"
    for place, found in enumerate(messages):
        said = found.need("role", found.text("role"))
        if said in ("tool", "function"):
            read.append(_read_result(found, called if said == "function" else None, notes))
            continue
        if found.peek("function_call") is not None:
            called = f"function_{place}"
        read.append(_read_message(found, said, called, notes))
    return tuple(read)


def _read_message(found: Fields, said: str, called: str, notes: Notes) -> Message:
    """Read what is no result; `called` is the id for its `function_call`, which comes without one."""
    try:
        role = Role(said)
    except ValueError:
        raise found.error("role", f"cannot be {said[:40]!r}") from None
    parts: list[AnyPart] = []
    spelling = [BARE] if has_bare_images(found.peek("content")) else []
    if role is Role.ASSISTANT:
        empty = [name for name in LISTS if found.peek(name) == []]
        spelling += [name for name in empty if found.take(name) == []]
        parts += read_thought(found, notes)
    content = found.take("content")
    if content is not None:
        parts += read_content(content, found)
    if role is Role.ASSISTANT:
        declined = found.text("refusal")
        if declined is not None:
            parts.append(Refusal(text=declined))
            spelling.append(DECLINED)
        parts += read_calls(found)
        call = _read_function_call(found, called)
        if call is not None:
            parts.append(call)
            spelling.append(FUNCTION)
    return Message(
        role=role,
        parts=recalled(parts, notes),
        name=found.text("name"),
        listed=isinstance(content, list),
        spelling=" ".join(spelling),
        extras=found.rest(),
    )


def _read_function_call(found: Fields, id_: str) -> ToolCall | None:
    """Take the older `function_call`; the message with its result follows at once."""
    call = found.inner("function_call")
    if call is None:
        return None
    name = call.need("name", call.text("name"))
    return ToolCall(id=id_, name=name, arguments=call.text("arguments") or "", extras=call.rest())


def _read_result(found: Fields, called: str | None, notes: Notes) -> Message:
    """Read the result of a tool, or of the function call whose id is `called`."""
    content = found.take("content")
    spelling = [FUNCTION] if called is not None else []
    spelling += [BARE] if has_bare_images(content) else []
    parts = () if content is None else read_content(content, found)
    id_ = found.need("tool_call_id", found.text("tool_call_id")) if called is None else called
    name, cache = found.text("name"), read_cache(found)
    result = ToolResult(
        call_id=split_id(id_, notes.seal)[0],
        content=parts,
        name=name,
        cache=cache,
        listed=isinstance(content, list),
    )
    return Message(role=Role.TOOL, parts=(result,), spelling=" ".join(spelling), extras=found.rest())


def _read_format(found: Fields) -> Format | None:
    given = found.inner("response_format")
    if given is None:
        return None
    kind = given.need("type", given.text("type"))
    if kind == "json_schema":
        inner = given.inner("json_schema")
        if inner is None:
            raise given.error("json_schema", "is missing")
        name, schema = inner.text("name"), inner.take("schema")
        description, strict = inner.text("description"), inner.flag("strict")
        extras = {**given.rest(), **({"json_schema": inner.rest()} if inner.rest() else {})}
        return Format(
            kind=FormatKind.SCHEMA,
            schema=schema,
            name=name,
            description=description,
            strict=strict,
            extras=extras,
        )
    known = _FORMATS.get(kind)
    if known is None:
        raise given.error("type", f"cannot be {kind[:40]!r}; use text, json_object or json_schema")
    return Format(kind=known, extras=given.rest())


def _read_thinking(found: Fields) -> Thinking | None:
    """Take `reasoning_effort`, or what other hosts have for it: `thinking` and `reasoning`."""
    effort = found.peek("reasoning_effort")
    if isinstance(effort, str):
        found.take("reasoning_effort")
        return Thinking(effort=effort)
    given = found.inner("thinking")
    if given is not None:
        kind, budget = given.text("type"), given.whole("budget_tokens")
        return Thinking(
            enabled=None if kind is None else kind != "disabled",
            budget=budget,
            spelling=f"thinking:{kind}" if kind is not None else "thinking",
            extras=given.rest(),
        )
    given = found.inner("reasoning")
    if given is None:
        return None
    exclude = given.flag("exclude")
    return Thinking(
        enabled=given.flag("enabled"),
        budget=given.whole("max_tokens"),
        effort=given.text("effort"),
        shown=None if exclude is None else not exclude,
        spelling="reasoning",
        extras=given.rest(),
    )
