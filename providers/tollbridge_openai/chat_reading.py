"""Reading a chat request (https://platform.openai.com/docs/api-reference/chat/create, read 2026-11)."""

from collections.abc import Mapping

from tollbridge.formats import (
    AnyPart,
    Fields,
    Format,
    FormatKind,
    Message,
    Notes,
    Reasoning,
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
from tollbridge_openai.chat_content import BARE, NAME, has_bare_images, read_cache, read_content
from tollbridge_openai.chat_thought import read_thought, recalled
from tollbridge_openai.chat_tools import read_choice, read_tools

_FORMATS: Mapping[str, FormatKind] = {"text": FormatKind.TEXT, "json_object": FormatKind.JSON}
_SPELT = ("tools", "functions", "max_tokens")


def read_request(body: bytes, notes: Notes) -> Request:
    """Read a request; raises `BadRequest` naming the field that is wrong."""
    found = Fields(decode_json(body))
    spelling = [name for name in _SPELT if name in found]
    messages = found.each("messages")
    if messages is None:
        raise found.error("messages", "is missing")
    stop = found.peek("stop")
    if isinstance(stop, str):
        found.put_back("stop", [stop])
        spelling.append("stop")
    stops = found.items("stop")
    if not all(isinstance(item, str) for item in stops or ()):
        raise found.error("stop", "must be a text or a list of texts")
    options = found.inner("stream_options")
    limit = found.whole("max_completion_tokens")
    older = found.whole("max_tokens") if limit is None else None
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
        max_output=older if limit is None else limit,
        temperature=found.number("temperature"),
        top_p=found.number("top_p"),
        top_k=found.whole("top_k"),
        frequency_penalty=found.number("frequency_penalty"),
        presence_penalty=found.number("presence_penalty"),
        seed=found.whole("seed"),
        stop=tuple(stops) if stops is not None else None,
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
        spelling=tuple(spelling),
        extras=found.rest(),
    )


def _read_messages(messages: list[Fields], notes: Notes) -> tuple[Message, ...]:
    read: list[Message] = []
    called = ""
    for found in messages:
        message = _read_message(found, called, notes)
        if message.spelling == "function" and message.role is Role.ASSISTANT:
            called = next(part.id for part in message.parts if isinstance(part, ToolCall))
        read.append(message)
    return tuple(read)


def _read_message(found: Fields, called: str, notes: Notes) -> Message:
    said = found.need("role", found.text("role"))
    if said in ("tool", "function"):
        return _read_result(found, said, called, notes)
    try:
        role = Role(said)
    except ValueError:
        raise found.error("role", f"cannot be {said[:40]!r}") from None
    parts: list[AnyPart] = []
    spelling = BARE if has_bare_images(found.peek("content")) else ""
    if role is Role.ASSISTANT:
        thought = read_thought(found, notes)
        if thought and all(_is_foreign(part) for part in thought):
            found.text("reasoning_content")  # the same words, as they were shown
        parts += thought
    content = found.take("content")
    if content is not None:
        parts += read_content(content, found)
    if role is Role.ASSISTANT:
        declined = found.text("refusal")
        if declined is not None:
            parts.append(Refusal(text=declined, extras={"in": "message"}))
        parts += read_calls(found)
        call = _read_function_call(found)
        if call is not None:
            parts.append(call)
            spelling = "function"
    return Message(
        role=role,
        parts=recalled(parts, notes),
        name=found.text("name"),
        listed=isinstance(content, list),
        spelling=spelling,
        extras=found.rest(),
    )


def _is_foreign(part: Reasoning) -> bool:
    return part.state is not None and part.state.dialect != NAME


def _read_function_call(found: Fields) -> ToolCall | None:
    """Take the older `function_call`, which has no id: the message with its result follows at once."""
    call = found.inner("function_call")
    if call is None:
        return None
    name = call.need("name", call.text("name"))
    return ToolCall(id=f"function_{name}", name=name, arguments=call.text("arguments") or "", extras=call.rest())


def _read_result(found: Fields, said: str, called: str, notes: Notes) -> Message:
    content = found.take("content")
    parts = () if content is None else read_content(content, found)
    id_ = called if said == "function" else found.need("tool_call_id", found.text("tool_call_id"))
    name, cache = found.text("name"), read_cache(found)
    result = ToolResult(
        call_id=split_id(id_, notes.seal)[0],
        content=parts,
        name=name,
        cache=cache,
        listed=isinstance(content, list),
    )
    return Message(
        role=Role.TOOL, parts=(result,), spelling="function" if said == "function" else "", extras=found.rest()
    )


def _read_format(found: Fields) -> Format | None:
    given = found.inner("response_format")
    if given is None:
        return None
    kind = given.need("type", given.text("type"))
    if kind == "json_schema":
        inner = given.inner("json_schema")
        if inner is not None:
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
