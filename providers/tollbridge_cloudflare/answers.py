"""Answers, both ways: `{"result", "success", "errors", "messages"}` around what a model gave.

A result is `{"response", "tool_calls", "usage"}`, with a response that is an object where JSON was asked for; newer
models give a chat completion instead, or what `responded` reads. Answers are written the first way, which all clients
of this API read.
(https://developers.cloudflare.com/workers-ai/features, cloudflare 5.9.0, workers-ai-provider 4.0.0, read 2026-11.)
"""

from collections.abc import Mapping

import msgspec

from tollbridge import GatewayError, UpstreamError, Usage
from tollbridge.formats import (
    JSON,
    AnyPart,
    Choice,
    Fields,
    FormatKind,
    Notes,
    Reasoning,
    Refusal,
    Request,
    Response,
    Stop,
    Text,
    ToolCall,
    add_extras,
    decode_json,
    encode_json,
    failure,
    json_text,
    new_call_id,
    object_text,
    present,
)
from tollbridge_cloudflare.calls import NAME, answered_calls, read_call
from tollbridge_cloudflare.responded import read_ending, read_output
from tollbridge_cloudflare.thought import read_thought, write_thought

STOPS: Mapping[str, Stop] = {
    "stop": Stop.END,
    "length": Stop.LENGTH,
    "model_length": Stop.LENGTH,
    "tool_calls": Stop.TOOL_CALLS,
    "content_filter": Stop.FILTER,
}
_SAID: Mapping[Stop, str] = {
    Stop.END: "stop",
    Stop.STOP_SEQUENCE: "stop",
    Stop.LENGTH: "length",
    Stop.CONTEXT: "length",
    Stop.TOOL_CALLS: "tool_calls",
    Stop.FILTER: "content_filter",
    Stop.REFUSAL: "content_filter",
}
_TELLING = frozenset(("response", "tool_calls", "choices", "output"))
"""Members of a result that is what a model wrote."""
_CODES: Mapping[int, str] = {3036: "insufficient_quota", 3042: "model_not_found", 5007: "model_not_found"}
"""https://developers.cloudflare.com/workers-ai/platform/errors (read 2026-11)."""


def read_response(body: bytes, notes: Notes) -> Response:
    """Read an answer; raises `UpstreamError` for what is none, or says that it failed."""
    found = Fields(decode_json(body, wrong=UpstreamError, what="the provider's answer"), wrong=None)
    if found.flag("success") is False:
        raise read_errors(found, 502)
    result = found.inner("result")
    if result is None or not result.rest().keys() & _TELLING:
        raise UpstreamError("the provider's answer is no text of a model")
    for name in ("errors", "messages"):
        if found.peek(name) == []:
            found.take(name)
    wire = result.members("usage")
    id_, model, created = result.text("id"), result.text("model"), result.whole("created")
    listed = result.each("choices")
    choices = [_read_native(result, notes)] if listed is None else _read_choices(listed, notes)
    extras = {**found.rest(), **({"result": result.rest()} if result.rest() else {})}
    return Response(
        origin=NAME,
        id=id_ or "",
        model=model or "",
        created=created,
        choices=tuple(choices),
        usage=read_usage(wire),
        wire_usage=wire,
        extras=extras,
    )


def _read_native(result: Fields, notes: Notes) -> Choice:
    output = result.each("output")
    if output is not None:
        said, parts = read_ending(result), read_output(output, notes)
        return Choice(parts=parts, stop=stop_of(said, parts), said=said)
    said = result.text("finish_reason")
    parts = _parts(result, result.take("response"), notes)
    return Choice(parts=parts, stop=stop_of(said, parts), said=said)


def _read_choices(listed: list[Fields], notes: Notes) -> list[Choice]:
    return [_read_choice(choice, place, notes) for place, choice in enumerate(listed)]


def _read_choice(found: Fields, place: int, notes: Notes) -> Choice:
    index, said = found.whole("index"), found.text("finish_reason")
    message = found.inner("message") or Fields({}, wrong=None)
    message.text("role")
    parts = _parts(message, message.take("content"), notes)
    extras = {key: value for key, value in {**found.rest(), **message.rest()}.items() if value is not None}
    return Choice(
        index=place if index is None else index, parts=parts, stop=stop_of(said, parts), said=said, extras=extras
    )


def _parts(found: Fields, said: JSON, notes: Notes) -> tuple[AnyPart, ...]:
    """Take what was thought, said and called."""
    parts: list[AnyPart] = []
    parts += read_thought(found, notes)
    text = words_of_response(said)
    if text:
        parts.append(Text(text=text))
    declined = found.text("refusal")
    if declined:
        parts.append(Refusal(text=declined))
    calls = found.each("tool_calls") or []
    parts += [read_call(call, new_call_id(notes.call_id, place)) for place, call in enumerate(calls)]
    return tuple(parts)


def words_of_response(said: JSON) -> str:
    """Give a response as text: it is an object where JSON was asked for, and a number where a token looked like one."""
    if said is None:
        return ""
    return said if isinstance(said, str) else json_text(said)


def stop_of(said: str | None, parts: tuple[AnyPart, ...]) -> Stop:
    """Say why a model stopped, as far as that is told: older models tell nothing."""
    if said is not None:
        return STOPS.get(said, Stop.OTHER)
    return Stop.TOOL_CALLS if any(isinstance(part, ToolCall) for part in parts) else Stop.END


def said_of(stop: Stop | None, said: str | None, *, native: bool) -> str | None:
    """Give the `finish_reason`."""
    if native:
        return said
    return None if stop is None else _SAID.get(stop, "other")


def read_usage(wire: JSON) -> Usage | None:
    """Read `usage`; None where it says nothing."""
    found = Fields(wire, wrong=None)
    prompt, completion, detailed = found.whole("prompt_tokens"), found.whole("completion_tokens"), "prompt"
    if prompt is None and completion is None:
        prompt, completion, detailed = found.whole("input_tokens"), found.whole("output_tokens"), "input"
    if prompt is None and completion is None:
        return None
    details = found.inner(f"{detailed}_tokens_details")
    given = max(0, prompt or 0)
    cached = min(given, max(0, (details.whole("cached_tokens") if details is not None else None) or 0))
    return Usage(input=given - cached, cache_read=cached, output=max(0, completion or 0))


class _Result(msgspec.Struct):
    usage: dict[str, JSON] | None = None


class _Answer(msgspec.Struct):
    result: _Result | None = None


_decode = msgspec.json.Decoder(_Answer).decode


def answer_usage(body: bytes) -> Usage | None:
    """Read the usage of an answer as it passes; raises msgspec's errors."""
    found = _decode(body).result
    return read_usage(found.usage) if found is not None else None


def write_usage(usage: Usage) -> dict[str, JSON]:
    """Write usage from its buckets."""
    return {
        "prompt_tokens": usage.input_total,
        "completion_tokens": usage.output_total,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
    }


def write_response(response: Response, request: Request, notes: Notes) -> bytes:
    """Write an answer for a caller."""
    native = response.origin == NAME
    choice = response.choices[0] if response.choices else Choice()
    usage: JSON = response.wire_usage if native else None
    if usage is None and response.usage is not None:
        usage = write_usage(response.usage)
    members: dict[str, JSON] = {
        "result": {
            **write_parts(choice, request, notes),
            **present(usage=usage, finish_reason=said_of(choice.stop, choice.said, native=native)),
            **(present(id=response.id or None, model=response.model or None, created=response.created)),
        },
        "success": True,
        "errors": [],
        "messages": [],
    }
    if len(response.choices) > 1:
        notes.drop("choices")
    if native:
        return encode_json(add_extras(members, response.extras))
    drop_untold(response, choice, notes)
    return encode_json(members)


def drop_untold(response: Response, choice: Choice, notes: Notes) -> None:
    """Note what callers of this API cannot be told of another dialect's answer."""
    notes.drop_given(stop_sequence=choice.sequence)
    notes.drop_extras(choice.extras)
    notes.drop_extras(response.extras)
    for part in choice.parts:
        if not isinstance(part, Text | Refusal | Reasoning | ToolCall):
            notes.drop(f"result.{part.__struct_config__.tag}")
        if isinstance(part, Text):
            notes.drop_given("result", citations=part.citations or None, logprobs=part.logprobs)


def write_parts(choice: Choice, request: Request, notes: Notes) -> dict[str, JSON]:
    """Give what was said, thought and called; what was asked for as JSON is an object, if it is one."""
    thought = [part for part in choice.parts if isinstance(part, Reasoning)]
    calls = [part for part in choice.parts if isinstance(part, ToolCall)]
    text = "".join(part.text for part in choice.parts if isinstance(part, Text | Refusal))
    asked = request.format is not None and request.format.kind is not FormatKind.TEXT
    return {
        "response": decode_json(text) if asked and object_text(text) else text,
        **write_thought(thought, notes),
        **present(tool_calls=answered_calls(calls, thought, notes) or None),
    }


def write_error(error: GatewayError) -> bytes:
    """Write an error as an answer, or as the last event of a stream."""
    told = {"code": error.status, "message": error.message}
    return encode_json({"result": None, "success": False, "errors": [told], "messages": []})


def read_error(status: int, body: bytes) -> GatewayError:
    """Read a refusal: the first of `errors`, whose code is Cloudflare's own."""
    try:
        found = Fields(decode_json(body), wrong=None)
    except GatewayError:
        found = Fields({}, wrong=None)
    return read_errors(found, status)


def read_errors(found: Fields, status: int) -> GatewayError:
    """Make the error an answer or an event tells of."""
    errors = found.each("errors") or []
    first = errors[0] if errors else found.inner("error") or found
    code = first.take("code")
    word = _CODES.get(code, str(code)) if isinstance(code, int) and not isinstance(code, bool) else code
    message = first.text("message") or found.text("error") or ""
    return failure(status, message, code=word if isinstance(word, str) else None)
