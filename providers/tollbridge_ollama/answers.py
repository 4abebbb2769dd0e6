"""Whole answers of chat and generate, both ways (https://docs.ollama.com/api/chat, read 2026-11)."""

from collections.abc import Mapping, Sequence

from tollbridge import UpstreamError
from tollbridge.formats import (
    JSON,
    AnyPart,
    Choice,
    Fields,
    Logprob,
    Media,
    MediaKind,
    Notes,
    Opaque,
    Reasoning,
    Refusal,
    Request,
    Response,
    ServerCall,
    Stop,
    Text,
    ToolCall,
    add_extras,
    decode_json,
    encode_json,
    present,
)
from tollbridge_ollama.calls import read_answered, write_answered
from tollbridge_ollama.errors import read_error_line
from tollbridge_ollama.media import read_media
from tollbridge_ollama.shapes import Shape
from tollbridge_ollama.thought import read_thought, write_signature
from tollbridge_ollama.times import read_time, write_time
from tollbridge_ollama.usage import take_counts, write_counts

_STOPS: Mapping[str, Stop] = {
    "stop": Stop.END,
    "length": Stop.LENGTH,
    "load": Stop.OTHER,
    "unload": Stop.OTHER,
    "content_filter": Stop.FILTER,
    "refusal": Stop.REFUSAL,
    "pause": Stop.PAUSE,
    "broken_call": Stop.BROKEN_CALL,
}
"""Ollama says the first four (its `llm/server.go` and `server/routes.go`, 2026-08).

The others are said to its callers in the place of what would be lost: no client minds a word it does not know there.
"""
_SAID: Mapping[Stop, str] = {
    Stop.LENGTH: "length",
    Stop.CONTEXT: "length",
    Stop.FILTER: "content_filter",
    Stop.REFUSAL: "refusal",
    Stop.PAUSE: "pause",
    Stop.BROKEN_CALL: "broken_call",
}


def stop_of(said: str | None, *, called: bool) -> Stop:
    """Give the reason; servers of 2023 said none, and calls of tools are an end like any other."""
    stop = Stop.END if said is None else _STOPS.get(said, Stop.OTHER)
    return Stop.TOOL_CALLS if called and stop is Stop.END else stop


def reason_of(stop: Stop | None, said: str | None, *, native: bool) -> str | None:
    """Give the `done_reason`."""
    if native:
        return said
    return "stop" if stop is None else _SAID.get(stop, "stop")


def read_response(shape: Shape, body: bytes, notes: Notes) -> Response:
    """Read a whole answer; raises `UpstreamError` for what is none."""
    value = decode_json(body, wrong=UpstreamError, what="the provider's answer")
    found = Fields(value, wrong=None)
    if found.peek("error") is not None:
        raise read_error_line(value)
    inner = shape.of(found)
    if inner is None or not (shape.words in inner or shape.inside or "done" in found):
        raise UpstreamError(f"the provider's answer holds no {shape.words!r}")
    model, said = found.text("model") or "", found.text("done_reason")
    found.flag("done")
    created = found.peek("created_at")
    usage, wire = take_counts(found)
    tokens, odd = read_logprobs(found.items("logprobs"))
    parts = _read_parts(inner, notes, shape)
    parts, unplaced = _with_logprobs(parts, tokens, odd)
    return Response(
        origin=shape.name,
        model=model,
        created=read_time(created if isinstance(created, str) else None),
        choices=(
            Choice(
                parts=parts,
                stop=stop_of(said, called=any(isinstance(part, ToolCall) for part in parts)),
                said=said,
                extras={**told_rest(inner, shape), **present(logprobs=unplaced or None)},
            ),
        ),
        usage=usage,
        wire_usage=wire,
        extras={name: value for name, value in found.rest().items() if value is not None},
    )


def told_rest(inner: Fields, shape: Shape) -> dict[str, JSON]:
    """Give what a message holds besides what is known, by the message's own name."""
    rest = {name: value for name, value in inner.rest().items() if value is not None} if shape.inside else {}
    return {shape.inside: rest} if rest else {}


def _read_parts(inner: Fields, notes: Notes, shape: Shape) -> tuple[AnyPart, ...]:
    if shape.inside and inner.peek("role") == "assistant":
        inner.take("role")
    parts: list[AnyPart] = list(read_thought(inner, notes))
    text = inner.text(shape.words)
    parts += [Text(text=text)] if text else []
    parts += read_pictures(inner)
    return (*parts, *read_answered(inner, notes))


def read_pictures(inner: Fields) -> list[AnyPart]:
    """Take `images`, or the `image` of generate."""
    images = inner.items("images")
    if not all(isinstance(image, str) for image in images or ()):
        inner.put_back("images", images)
        images = None
    single = inner.text("image")
    return [read_media(image) for image in (*(images or ()), *((single,) if single else ()))]


def _with_logprobs(
    parts: tuple[AnyPart, ...], tokens: list[Logprob], odd: list[JSON]
) -> tuple[tuple[AnyPart, ...], list[JSON]]:
    """Put probabilities to the text they belong to; gives those that have none too."""
    if not tokens or not any(isinstance(part, Text) for part in parts):
        return parts, [*write_logprobs(tokens), *odd]
    placed = (Text(text=part.text, logprobs=tuple(tokens)) if isinstance(part, Text) else part for part in parts)
    return tuple(placed), odd


def read_logprobs(listed: Sequence[JSON] | None) -> tuple[list[Logprob], list[JSON]]:
    """Read the probabilities of tokens; those that have another form come back as they are."""
    tokens: list[Logprob] = []
    odd: list[JSON] = []
    for item in listed or ():
        token = _read_token(item)
        if token is not None and write_logprobs([token]) == [item]:
            tokens.append(token)
        else:
            odd.append(item)
    return tokens, odd


def _read_token(item: JSON) -> Logprob | None:
    if not isinstance(item, dict) or not isinstance(item.get("token"), str) or not _is_listed(item):
        return None
    top = [_read_token(other) for other in item.get("top_logprobs") or ()]
    if None in top:
        return None
    return Logprob(item["token"], item.get("logprob"), item.get("bytes"), tuple(token for token in top if token))


def _is_listed(item: dict[str, JSON]) -> bool:
    numbers, top = item.get("bytes"), item.get("top_logprobs")
    whole = numbers is None or (isinstance(numbers, list) and all(type(number) is int for number in numbers))
    return whole and (top is None or isinstance(top, list))


def write_logprobs(tokens: Sequence[Logprob]) -> list[JSON]:
    """Write the probabilities of tokens."""
    return [
        present(
            token=token.token,
            logprob=token.logprob,
            bytes=token.bytes,
            top_logprobs=write_logprobs(token.top) or None,
        )
        for token in tokens
    ]


def write_response(shape: Shape, response: Response, request: Request, notes: Notes) -> bytes:
    """Write a whole answer for the caller of `request`."""
    native = response.origin == shape.name
    if len(response.choices) > 1:
        notes.drop("choices")
    choice = response.choices[0] if response.choices else Choice()
    note_answer(choice.parts, notes, native=native)
    texts = [part for part in choice.parts if isinstance(part, Text | Refusal)]
    thought = [part for part in choice.parts if isinstance(part, Reasoning)]
    calls = [part for part in choice.parts if isinstance(part, ToolCall)]
    said = present(
        thinking="".join(part.text for part in thought) or None,
        thinking_signature=write_signature(thought, notes),
        images=pictures_of(choice.parts) or None,
        tool_calls=write_answered(calls, thought, notes, native=native) or None,
    )
    tokens = [token for part in texts if isinstance(part, Text) for token in part.logprobs or ()]
    members: dict[str, JSON] = {
        **head_of(response.model or request.model, response.created, notes),
        **shape.wrapped("".join(part.text for part in texts), said),
        "done": True,
        **present(done_reason=reason_of(choice.stop, choice.said, native=native)),
        **((response.wire_usage or {}) if native else write_counts(response.usage)),
        **present(logprobs=write_logprobs(tokens) or None),
    }
    if native:
        add_native(members, choice.extras)
        return encode_json(add_extras(members, response.extras))
    notes.drop_given(stop_sequence=choice.sequence)
    notes.drop_extras(choice.extras)
    notes.drop_extras(response.extras)
    return encode_json(members)


def add_native(members: dict[str, JSON], extras: Mapping[str, JSON]) -> None:
    """Put what only an answer's own dialect knows among the members; probabilities without a text come last."""
    unplaced = extras.get("logprobs") or []
    add_extras(members, {name: value for name, value in extras.items() if name != "logprobs"})
    if unplaced:
        members["logprobs"] = [*members.get("logprobs", ()), *unplaced]


def head_of(model: str, created: int | None, notes: Notes) -> dict[str, JSON]:
    """Give the members that each piece of an answer begins with."""
    return {"model": model, "created_at": write_time(notes.now if created is None else created)}


def pictures_of(parts: Sequence[AnyPart]) -> list[str]:
    """Give the data of the pictures among the parts."""
    return [
        part.data
        for part in parts
        if isinstance(part, Media) and part.kind is MediaKind.IMAGE and part.data is not None
    ]


def note_answer(parts: Sequence[AnyPart], notes: Notes, *, native: bool) -> None:
    """Note what of these parts has no place in an answer."""
    for part in parts:
        if isinstance(part, Opaque | ServerCall):
            notes.drop("message.server_tools")
        elif isinstance(part, Media) and not pictures_of([part]):
            notes.drop(f"message.{part.kind}")
        elif isinstance(part, Text) and part.citations:
            notes.drop("message.citations")
        if not native and not isinstance(part, ToolCall):
            notes.drop_extras(part.extras, "message")
