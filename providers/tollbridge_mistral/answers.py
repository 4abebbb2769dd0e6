"""Whole answers of Mistral's, both ways (https://docs.mistral.ai/api and recorded answers, read 2026-11)."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from tollbridge import GatewayError, UpstreamError
from tollbridge.formats import (
    JSON,
    AnyPart,
    Choice,
    ChoicesFormat,
    Fields,
    Logprob,
    Notes,
    Opaque,
    Reasoning,
    Refusal,
    Request,
    Response,
    Stop,
    Text,
    ToolCall,
    add_extras,
    present,
)
from tollbridge_mistral.calls import read_calls, shown_id, write_call
from tollbridge_mistral.content import NAME, is_foreign, own_members, read_part, write_thinking
from tollbridge_mistral.errors import read_error_object, write_error
from tollbridge_mistral.usage import read_usage, write_usage

FAILED = "error"
"""The `finish_reason` of an answer the provider broke off."""
STOPS: Mapping[str, Stop] = {
    "stop": Stop.END,
    "length": Stop.LENGTH,
    "model_length": Stop.CONTEXT,
    "tool_calls": Stop.TOOL_CALLS,
    "content_filter": Stop.FILTER,
}
_SAID: Mapping[Stop, str] = {**{stop: said for said, stop in STOPS.items()}, Stop.REFUSAL: "content_filter"}


def _read_piece_error(piece: dict[str, JSON]) -> GatewayError | None:
    is_error = piece.get("object") == "error" or piece.get("error") is not None
    return read_error_object(piece) if is_error else None


FORMAT = ChoicesFormat(
    origin=NAME,
    what="chat completion",
    whole="chat.completion",
    piece="chat.completion.chunk",
    padding="p",
    read_usage=read_usage,
    write_usage=write_usage,
    read_error=_read_piece_error,
    write_error=write_error,
    untold={},
)
"""Mistral's SDK takes no whole answer without `usage`, and one that says nothing (mistralai 3.7, read 2026-11)."""


def read_response(body: bytes, notes: Notes) -> Response:
    """Read a whole answer; raises `UpstreamError` for what is none, and for one the provider broke off."""
    return FORMAT.read(body, lambda choice, place: _read_choice(choice, place, notes))


def _read_choice(found: Fields, place: int, notes: Notes) -> Choice:
    index, said = found.whole("index"), found.text("finish_reason")
    if said == FAILED:
        raise broken_off()
    message = found.inner("message") or Fields({}, wrong=None)
    parts = _read_parts(message, read_logprobs(found.inner("logprobs")), notes)
    rest = said_members(message)
    return Choice(
        index=place if index is None else index,
        parts=parts,
        stop=stop_of(said),
        said=said,
        extras={**said_members(found), **({"message": rest} if rest else {})},
    )


def broken_off() -> UpstreamError:
    """Make the error for an answer that ended by `error`."""
    return UpstreamError("the provider broke its answer off with an error")


def said_members(found: Fields) -> dict[str, JSON]:
    """Give what was not taken and says something."""
    return {name: value for name, value in found.rest().items() if value is not None and value != []}


def _read_parts(message: Fields, tokens: tuple[Logprob, ...], notes: Notes) -> tuple[AnyPart, ...]:
    message.text("role")
    parts: list[AnyPart] = []
    text = message.text("content")
    if text:
        parts.append(Text(text=text))
    parts += [read_item(item, notes) for item in message.each("content") or ()]
    last = max((place for place, part in enumerate(parts) if isinstance(part, Text)), default=None)
    if last is not None and tokens:
        parts[last] = replace(parts[last], logprobs=tokens)
    return (*parts, *read_calls(message))


def read_item(item: Fields, notes: Notes) -> AnyPart:
    """Read one item of an answer's content; one that does not fit its kind is opaque."""
    kind = item.peek("type")
    if not isinstance(kind, str) or (kind == "text" and not isinstance(item.peek("text"), str)):
        return Opaque(kind=kind if isinstance(kind, str) else "", raw=item.rest())
    return read_part(item, notes)


def stop_of(said: str | None) -> Stop | None:
    """Give the reason in our words."""
    return None if said is None else STOPS.get(said, Stop.OTHER)


def said_of(stop: Stop | None, said: str | None, *, native: bool) -> str | None:
    """Give the `finish_reason`."""
    if native:
        return said
    return None if stop is None else _SAID.get(stop, "stop")


def read_logprobs(found: Fields | None) -> tuple[Logprob, ...]:
    """Read the probabilities of tokens, as OpenAI has them."""
    listed = found.items("content") if found is not None else None
    return tuple(_read_logprob(Fields(token, wrong=None)) for token in listed or () if isinstance(token, dict))


def _read_logprob(found: Fields) -> Logprob:
    token, chance, raw = found.text("token") or "", found.number("logprob"), found.items("bytes")
    top = found.items("top_logprobs") or ()
    likely = tuple(_read_logprob(Fields(other, wrong=None)) for other in top if isinstance(other, dict))
    return Logprob(token, 0 if chance is None else chance, raw, likely)


def write_logprobs(tokens: Sequence[Logprob]) -> JSON:
    """Write the probabilities of tokens, None where there are none."""
    return {"content": [{**_told(token), "top_logprobs": [_told(t) for t in token.top]} for token in tokens]}


def _told(token: Logprob) -> dict[str, JSON]:
    return {"token": token.token, "logprob": token.logprob, "bytes": token.bytes}


def write_response(response: Response, request: Request, notes: Notes) -> bytes:
    """Write a whole answer for the caller of `request`."""
    native = response.origin == NAME
    choices = [_write_choice(choice, notes, native=native) for choice in response.choices]
    return FORMAT.write(response, choices, request, notes)


def _write_choice(choice: Choice, notes: Notes, *, native: bool) -> JSON:
    tokens = [token for part in choice.parts if isinstance(part, Text) for token in part.logprobs or ()]
    members: dict[str, JSON] = {
        "index": choice.index,
        "finish_reason": said_of(choice.stop, choice.said, native=native),
        "message": _write_message(choice.parts, notes, native=native),
        **present(logprobs=write_logprobs(tokens) if tokens else None),
    }
    if native:
        return add_extras(members, choice.extras)
    notes.drop_given(stop_sequence=choice.sequence)
    notes.drop_extras(choice.extras)
    return members


def _write_message(parts: Sequence[AnyPart], notes: Notes, *, native: bool) -> dict[str, JSON]:
    calls: list[JSON] = []
    thoughts: list[Reasoning] = []
    said: list[AnyPart] = []
    for part in parts:
        if isinstance(part, ToolCall):
            id_ = shown_id(part, () if calls else thoughts, notes)
            call = write_call(part, id_, len(calls), native=native)
            calls.append(call if native else {**call, "index": len(calls)})
            continue
        said.append(part)
        if isinstance(part, Reasoning):
            thoughts.append(part)
    content: JSON = [item for part in said if (item := write_item(part, notes, native=native)) is not None]
    plain = all(item.keys() == {"type", "text"} and item["type"] == "text" for item in content)
    if plain and (not native or len(content) < 2):
        content = "".join(item["text"] for item in content)
    return {"role": "assistant", "tool_calls": calls or None, "content": content}


def write_item(part: AnyPart, notes: Notes, *, native: bool) -> dict[str, JSON] | None:
    """Write one item of an answer's content, None for what Mistral's callers cannot be told."""
    if isinstance(part, Opaque) and native and isinstance(part.raw, dict):
        return dict(part.raw)
    if isinstance(part, Text | Refusal):
        if isinstance(part, Text) and part.citations:
            notes.drop("message.citations")
        members: dict[str, JSON] = {"type": "text", "text": part.text}
    elif isinstance(part, Reasoning):
        members = write_thinking(part, sealed_state(part, notes))
        members.update({} if native else {"closed": True})
    else:
        notes.drop(f"message.content[].{part.__struct_config__.tag}")
        return None
    return own_members(members, part.extras) if native else members


def sealed_state(part: Reasoning, notes: Notes) -> str | None:
    """Pack the state another dialect put beside a thought, None where there is none."""
    return notes.seal.pack(part.state) if part.state is not None and is_foreign(part) else None
