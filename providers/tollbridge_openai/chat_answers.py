"""Whole chat answers, both ways (https://platform.openai.com/docs/api-reference/chat/object, read 2026-11)."""

from collections.abc import Mapping, Sequence

import msgspec

from tollbridge import BadRequest, UpstreamError, Usage
from tollbridge.formats import (
    JSON,
    AnyPart,
    Choice,
    Citation,
    Fields,
    Logprob,
    Media,
    MediaKind,
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
    decode_json,
    encode_json,
    json_text,
    present,
)
from tollbridge_openai.chat_calls import asks_functions, read_calls, write_calls, write_function_call
from tollbridge_openai.chat_content import NAME, read_content
from tollbridge_openai.chat_thought import read_thought, write_thought
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


def read_response(body: bytes, notes: Notes) -> Response:
    """Read a whole answer; raises `UpstreamError` for what is none."""
    value = decode_json(body, wrong=UpstreamError, what="the provider's answer")
    found = Fields(value, wrong=None)
    choices = found.each("choices")
    if choices is None:
        raise UpstreamError("the provider's answer is no chat completion")
    found.text("object")
    wire = found.members("usage")
    return Response(
        origin=NAME,
        id=found.text("id") or "",
        model=found.text("model") or "",
        created=found.whole("created"),
        choices=tuple(_read_choice(choice, place, notes) for place, choice in enumerate(choices)),
        usage=read_usage(wire),
        wire_usage=wire,
        tier=found.text("service_tier"),
        extras=found.rest(),
    )


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
        stop=None if said is None else STOPS.get(said, Stop.OTHER),
        said=said,
        extras={**extras, **({"message": rest} if rest else {})},
    )


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
    if said and isinstance(said[-1], Text) and (citations or tokens):
        said = (*said[:-1], Text(text=said[-1].text, citations=citations, logprobs=tokens or None))
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


def read_pictures(found: Fields) -> list[AnyPart]:
    """Take `images` (https://openrouter.ai/docs/features/multimodal/image-generation, read 2026-11)."""
    pictures: list[AnyPart] = []
    for item in found.each("images") or ():
        inner = item.inner("image_url")
        url = (inner.text("url") if inner is not None else None) or ""
        head, comma, data = url.partition(";base64,")
        if comma and head.startswith("data:"):
            pictures.append(Media(kind=MediaKind.IMAGE, data=data, mime=head[5:]))
        elif url:
            pictures.append(Media(kind=MediaKind.IMAGE, url=url))
    return pictures


def read_citations(found: Fields) -> tuple[Citation, ...]:
    """Take `annotations`; those of a kind that nobody else knows keep their whole text."""
    citations = []
    listed = found.each("annotations")
    if listed == []:
        found.put_back("annotations", [])
    for item in listed or ():
        raw = dict(item.rest())
        told = item.inner("url_citation") or Fields({}, wrong=None)
        citations.append(
            Citation(
                url=told.text("url"),
                title=told.text("title"),
                start=told.whole("start_index"),
                end=told.whole("end_index"),
                raw=raw,
            )
        )
    return tuple(citations)


def read_logprobs(tokens: list[JSON] | None) -> tuple[Logprob, ...]:
    """Read the probabilities of tokens; what does not fit is left out."""
    return tuple(_read_logprob(Fields(token, wrong=None)) for token in tokens or () if isinstance(token, dict))


def _read_logprob(found: Fields) -> Logprob:
    token, chance, raw = found.text("token") or "", found.number("logprob"), found.items("bytes")
    top = read_logprobs(found.items("top_logprobs"))
    return Logprob(token, chance if chance is not None else 0, raw, top)


def write_logprobs(tokens: Sequence[Logprob]) -> list[JSON]:
    """Write the probabilities of tokens."""
    return [
        {
            "token": token.token,
            "logprob": token.logprob,
            "bytes": token.bytes,
            "top_logprobs": [
                {"token": other.token, "logprob": other.logprob, "bytes": other.bytes} for other in token.top
            ],
        }
        for token in tokens
    ]


def write_citations(text: Text, before: int, notes: Notes, *, native: bool) -> list[JSON]:
    """Write the citations of a text that has `before` characters of the message before it."""
    if native:
        return [citation.raw for citation in text.citations]
    written = []
    for citation in text.citations:
        if citation.url is None:
            notes.drop("citations")
            continue
        start = before + (citation.start or 0)
        end = before + (len(text.text) if citation.end is None else citation.end)
        told = {"start_index": start, "end_index": end, "url": citation.url, "title": citation.title or ""}
        written.append({"type": "url_citation", "url_citation": told})
    return written


def said_of(stop: Stop | None, said: str | None, *, native: bool) -> str | None:
    """Give the `finish_reason`."""
    if native:
        return said
    return None if stop is None else _SAID.get(stop, "stop")


def write_response(response: Response, request: Request, notes: Notes) -> bytes:
    """Write a whole answer for the caller of `request`."""
    native = response.origin == NAME
    older = asks_functions(request)
    usage: JSON = response.wire_usage if native else None
    if usage is None and response.usage is not None:
        usage = write_usage(response.usage)
    members: dict[str, JSON] = {
        "id": response.id if native or response.id else f"chatcmpl-{notes.call_id}",
        "object": "chat.completion",
        "created": notes.now if response.created is None else response.created,
        "model": response.model if native else response.model or request.model,
        "choices": [_write_choice(choice, notes, native=native, older=older) for choice in response.choices],
        **present(usage=usage, service_tier=response.tier if native else None),
    }
    if native:
        add_extras(members, response.extras)
    else:
        notes.drop_extras(response.extras)
    return encode_json(members)


def _write_choice(choice: Choice, notes: Notes, *, native: bool, older: bool) -> JSON:
    message, tokens = _write_message(choice.parts, notes, native=native)
    said = said_of(choice.stop, choice.said, native=native)
    if older and "tool_calls" in message:
        calls = [part for part in choice.parts if isinstance(part, ToolCall)]
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
    notes.drop_given(stop_sequence=choice.sequence)
    notes.drop_extras(choice.extras)
    return members


def _write_message(
    parts: Sequence[AnyPart], notes: Notes, *, native: bool
) -> tuple[dict[str, JSON], list[Logprob] | None]:
    texts = [part for part in parts if isinstance(part, Text)]
    calls = [part for part in parts if isinstance(part, ToolCall)]
    thought = [part for part in parts if isinstance(part, Reasoning)]
    declined = "".join(part.text for part in parts if isinstance(part, Refusal))
    pictures = [part for part in parts if isinstance(part, Media)]
    content, annotations, tokens = "", [], None
    for text in texts:
        annotations += write_citations(text, len(content), notes, native=native)
        content += text.text
        if text.logprobs is not None:
            tokens = [*(tokens or ()), *text.logprobs]
    members: dict[str, JSON] = {
        "role": "assistant",
        "content": content or None,
        "refusal": declined or None,
        **write_thought(thought, notes, answer=True),
        **present(annotations=annotations or None, images=write_pictures(pictures, notes)),
    }
    ids = call_ids(calls, thought, notes)
    members.update(present(tool_calls=write_calls(calls, ids, notes, native=native)))
    for part in parts:
        if not isinstance(part, Text | ToolCall | Reasoning | Refusal | Media):
            notes.drop("choices[].message.server_tools")
    return members, tokens


def write_pictures(pictures: Sequence[Media], notes: Notes) -> JSON:
    """Give `images`, None where there are none."""
    for picture in pictures:
        if picture.kind is not MediaKind.IMAGE:
            notes.drop(f"choices[].message.{picture.kind}")
    urls = [
        f"data:{part.mime or 'image/png'};base64,{part.data}" if part.data is not None else part.url
        for part in pictures
        if part.kind is MediaKind.IMAGE
    ]
    return [{"type": "image_url", "image_url": {"url": url}} for url in urls] or None


def call_ids(calls: Sequence[ToolCall], thought: Sequence[Reasoning], notes: Notes) -> list[str]:
    """Give the ids callers see: what must come back with a call is behind it, the thinking behind the first."""
    foreign = [part for part in thought if part.state is not None and part.state.dialect != NAME]
    ids = []
    for place, call in enumerate(calls):
        own = call.state if call.state is not None and call.state.dialect != NAME else None
        ids.append(carry(call.id, own, foreign if place == 0 else (), notes.seal))
    return ids
