"""Whole chat answers, both ways (https://platform.openai.com/docs/api-reference/chat/object, read 2026-11)."""

from collections.abc import Mapping, Sequence

import msgspec

from tollbridge import BadRequest, GatewayError, Usage
from tollbridge.formats import (
    JSON,
    AnyPart,
    Choice,
    ChoicesFormat,
    Fields,
    Logprob,
    Media,
    Notes,
    Reasoning,
    Refusal,
    Request,
    Response,
    Stop,
    Text,
    ToolCall,
    add_extras,
    carry,
    json_text,
    present,
)
from tollbridge_openai.chat_calls import asks_functions, read_calls, write_calls, write_function_call
from tollbridge_openai.chat_content import NAME, is_foreign, read_content
from tollbridge_openai.chat_details import (
    read_citations,
    read_logprobs,
    read_pictures,
    write_citations,
    write_logprobs,
    write_pictures,
)
from tollbridge_openai.chat_errors import read_error_object
from tollbridge_openai.chat_thought import read_thought, write_thought
from tollbridge_openai.errors import write_error
from tollbridge_openai.usage import WireUsage

STOPS: Mapping[str, Stop] = {
    "stop": Stop.END,
    "length": Stop.LENGTH,
    "tool_calls": Stop.TOOL_CALLS,
    "function_call": Stop.TOOL_CALLS,
    "content_filter": Stop.FILTER,
}
_SAID: Mapping[Stop, str] = {
    Stop.LENGTH: "length",
    Stop.CONTEXT: "length",
    Stop.TOOL_CALLS: "tool_calls",
    Stop.FILTER: "content_filter",
    Stop.REFUSAL: "content_filter",
}


def read_usage(wire: JSON) -> Usage | None:
    """Read `usage`; None where it says nothing or makes no sense."""
    if not isinstance(wire, dict):
        return None
    try:
        return msgspec.convert(wire, WireUsage).read()
    except msgspec.ValidationError:
        return None


def write_usage(usage: Usage) -> dict[str, JSON]:
    """Write usage from its buckets."""
    prompt, completion = usage.input_total, usage.output_total
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": usage.audio_input},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": usage.audio_output},
    }


def read_piece_error(piece: dict[str, JSON]) -> GatewayError | None:
    """Read the error that a piece of a stream is, None for one that is none.

    Groq tells in `x_groq` why it stopped early (the types of groq-python, read 2026-11).
    """
    error, groq = piece.get("error"), piece.get("x_groq")
    if error is None and isinstance(groq, dict):
        error = groq.get("error")
    return None if error is None else read_error_object(error)


FORMAT = ChoicesFormat(
    origin=NAME,
    what="chat completion",
    whole="chat.completion",
    piece="chat.completion.chunk",
    prefix="chatcmpl-",
    tier="service_tier",
    padding="obfuscation",
    read_usage=read_usage,
    write_usage=write_usage,
    read_error=read_piece_error,
    write_error=write_error,
)


def read_response(body: bytes, notes: Notes) -> Response:
    """Read a whole answer; raises `UpstreamError` for what is none."""
    return FORMAT.read(body, lambda choice, place: _read_choice(choice, place, notes))


def _read_choice(found: Fields, place: int, notes: Notes) -> Choice:
    index = found.whole("index")
    said = found.text("finish_reason")
    message = found.inner("message") or Fields({}, wrong=None)
    logprobs = found.inner("logprobs")
    tokens = read_logprobs(logprobs.items("content")) if logprobs is not None else ()
    if logprobs is not None and any(value is not None for value in logprobs.rest().values()):
        found.put_back("logprobs", logprobs.rest())
    parts = _read_parts(message, tokens, notes)
    rest = {key: value for key, value in message.rest().items() if value is not None}
    extras = {key: value for key, value in found.rest().items() if value is not None}
    return Choice(
        index=place if index is None else index,
        parts=parts,
        stop=stop_of(said, calls=any(isinstance(part, ToolCall) for part in parts)),
        said=said,
        extras={**extras, **({"message": rest} if rest else {})},
    )


def stop_of(said: str | None, *, calls: bool) -> Stop | None:
    """Say why an answer stopped; where a host leaves its reason empty, by whether it called tools.

    Snowflake's Cortex does so for Claude, as recorded in 2026.
    """
    if said == "":
        return Stop.TOOL_CALLS if calls else Stop.END
    return None if said is None else STOPS.get(said, Stop.OTHER)


def _read_parts(message: Fields, tokens: tuple[Logprob, ...], notes: Notes) -> tuple[AnyPart, ...]:
    message.text("role")
    parts: list[AnyPart] = list(read_thought(message, notes))
    content = message.take("content")
    said: tuple[AnyPart, ...] = ()
    if isinstance(content, str) and content:
        said = (Text(text=content),)
    elif isinstance(content, dict):  # Cloudflare's, where JSON was asked for
        said = (Text(text=json_text(content)),)
    elif isinstance(content, list) and all(isinstance(item, dict) and "type" in item for item in content):
        said = _read_listed(content, message)
    citations = read_citations(message)
    if citations or tokens:
        text = said[-1].text if said and isinstance(said[-1], Text) else None
        said = (
            *(said if text is None else said[:-1]),
            Text(text=text or "", citations=citations, logprobs=tokens or None),
        )
    parts += said
    declined = message.text("refusal")
    if declined:
        parts.append(Refusal(text=declined))
    parts += read_pictures(message)
    parts += read_calls(message)
    call = message.inner("function_call")
    name = (call.text("name") or "") if call is not None else ""
    if call is not None and name:
        parts.append(ToolCall(id=f"function_{name}", name=name, arguments=call.text("arguments") or ""))
    return tuple(parts)


def _read_listed(content: JSON, message: Fields) -> tuple[AnyPart, ...]:
    try:
        return read_content(content, Fields({}, "message"))
    except BadRequest:
        message.put_back("content", content)
        return ()


def said_of(stop: Stop | None, said: str | None, *, native: bool) -> str | None:
    """Give the `finish_reason`."""
    if native:
        return said
    return None if stop is None else _SAID.get(stop, "stop")


def write_response(response: Response, request: Request, notes: Notes) -> bytes:
    """Write a whole answer for the caller of `request`."""
    native, older = response.origin == NAME, asks_functions(request)
    choices = [_write_choice(choice, notes, native=native, older=older) for choice in response.choices]
    return FORMAT.write(response, choices, request, notes)


def _write_choice(choice: Choice, notes: Notes, *, native: bool, older: bool) -> JSON:
    message, tokens = _write_message(choice.parts, notes, native=native)
    said = said_of(choice.stop, choice.said, native=native)
    if older and "tool_calls" in message:
        calls = [part for part in choice.parts if isinstance(part, ToolCall)]
        if len(calls) > 1:
            notes.drop("choices[].message.tool_calls")
        del message["tool_calls"]
        message["function_call"] = write_function_call(calls[0])
        said = "function_call" if said == "tool_calls" else said
    members: dict[str, JSON] = {
        "index": choice.index,
        "message": message,
        "logprobs": {"content": write_logprobs(tokens), "refusal": None} if tokens is not None else None,
        "finish_reason": said,
    }
    if native:
        return add_extras(members, choice.extras)
    if choice.sequence is not None:
        notes.drop("stop_sequence")
    notes.drop_extras(choice.extras)
    return members


def _write_message(
    parts: Sequence[AnyPart], notes: Notes, *, native: bool
) -> tuple[dict[str, JSON], list[Logprob] | None]:
    content, declined, annotations, tokens = "", "", [], None
    calls, thought, pictures = [], [], []
    for part in parts:
        if isinstance(part, Text):
            place = (len(content), len(content) + len(part.text))
            annotations += write_citations(part.citations, place, notes, native=native)
            content += part.text
            if part.logprobs is not None:
                tokens = [*(tokens or ()), *part.logprobs]
        elif isinstance(part, ToolCall):
            calls.append(part)
        elif isinstance(part, Reasoning):
            thought.append(part)
        elif isinstance(part, Refusal):
            declined += part.text
        elif isinstance(part, Media):
            pictures.append(part)
        else:
            notes.drop("choices[].message.server_tools")
    members: dict[str, JSON] = {"role": "assistant", "content": content or None, "refusal": declined or None}
    members.update(write_thought(thought, notes, answer=True))
    if annotations:
        members["annotations"] = annotations
    if pictures:
        members.update(present(images=write_pictures(pictures, notes)))
    if calls:
        members["tool_calls"] = write_calls(calls, call_ids(calls, thought, notes), notes, native=native)
    return members, tokens


def call_ids(calls: Sequence[ToolCall], thought: Sequence[Reasoning], notes: Notes) -> list[str]:
    """Give the ids callers see: what must come back with a call is behind it, the thinking behind the first."""
    foreign = list(filter(is_foreign, thought))
    ids = []
    for place, call in enumerate(calls):
        own = call.state if is_foreign(call) else None
        ids.append(carry(call.id, own, foreign if place == 0 else (), notes.seal))
    return ids
