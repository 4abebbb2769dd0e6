"""Whole chat answers of Cohere's, both ways (https://docs.cohere.com/reference/chat, read 2026-11)."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from tollbridge import UpstreamError
from tollbridge.formats import (
    JSON,
    AnyPart,
    Choice,
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
    decode_json,
    encode_json,
    present,
)
from tollbridge_cohere.citations import read_citations, write_citation
from tollbridge_cohere.content import NAME, read_part
from tollbridge_cohere.errors import STOPPED, stopped
from tollbridge_cohere.thought import foreign, is_plan, plan, read_calls, shown_id, write_call
from tollbridge_cohere.usage import read_usage, write_usage

STOPS: Mapping[str, Stop] = {
    "COMPLETE": Stop.END,
    "MAX_TOKENS": Stop.LENGTH,
    "STOP_SEQUENCE": Stop.STOP_SEQUENCE,
    "TOOL_CALL": Stop.TOOL_CALLS,
    "ERROR_LIMIT": Stop.CONTEXT,
    "ERROR_TOXIC": Stop.FILTER,
}
_SAID: Mapping[Stop, str] = {**{stop: said for said, stop in STOPS.items()}, Stop.REFUSAL: "ERROR_TOXIC"}


def read_response(body: bytes, notes: Notes) -> Response:
    """Read a whole answer; raises `UpstreamError` for what is none, and for one the provider broke off."""
    found = Fields(decode_json(body, wrong=UpstreamError, what="the provider's answer"), wrong=None)
    message = found.inner("message")
    if message is None:
        raise UpstreamError("the provider's answer is no chat answer")
    said = found.text("finish_reason")
    if said is not None and said in STOPPED:
        raise stopped(said, "")
    parts = _with_logprobs(_read_parts(message, notes), found.peek("logprobs"))
    rest = {name: value for name, value in message.rest().items() if value is not None and value != []}
    wire = found.members("usage")
    return Response(
        origin=NAME,
        id=found.text("id") or "",
        choices=(Choice(parts=parts, stop=stop_of(said), said=said, extras={"message": rest} if rest else {}),),
        usage=read_usage(wire),
        wire_usage=wire,
        extras={name: value for name, value in found.rest().items() if value is not None},
    )


def stop_of(said: str | None) -> Stop | None:
    """Give the reason in our words."""
    return None if said is None else STOPS.get(said, Stop.OTHER)


def said_of(stop: Stop | None, said: str | None, *, native: bool) -> str | None:
    """Give the `finish_reason`."""
    if native:
        return said
    return None if stop is None else _SAID.get(stop, "COMPLETE")


def _read_parts(message: Fields, notes: Notes) -> tuple[AnyPart, ...]:
    message.text("role")
    contents: list[AnyPart] = []
    text = message.text("content")
    if text:
        contents.append(Text(text=text))
    for item in message.each("content") or ():
        kind = item.peek("type")
        fits = isinstance(kind, str) and (kind not in ("text", "thinking") or isinstance(item.peek(kind), str))
        contents.append(read_part(item, notes) if fits else Opaque(kind=str(kind), raw=item.rest()))
    contents = read_citations(message, contents)
    planned = message.text("tool_plan")
    return (*contents, *((plan(planned),) if planned else ()), *read_calls(message))


def _with_logprobs(parts: Sequence[AnyPart], told: JSON) -> tuple[AnyPart, ...]:
    """Put the probabilities with the last text; their token ids, which only Cohere knows, stay in the extras."""
    tokens = tuple(read_logprob(item) for item in told if isinstance(item, dict)) if isinstance(told, list) else ()
    last = max((place for place, part in enumerate(parts) if isinstance(part, Text)), default=None)
    if not tokens or last is None:
        return tuple(parts)
    return tuple(
        replace(part, logprobs=tokens) if place == last and isinstance(part, Text) else part
        for place, part in enumerate(parts)
    )


def read_logprob(item: JSON) -> Logprob:
    """Read how likely a piece of text was, all its tokens together."""
    found = Fields(item, wrong=None)
    chances = [Fields({"p": value}, wrong=None).number("p") or 0 for value in found.items("logprobs") or ()]
    try:
        return Logprob(found.text("text") or "", sum(chances))
    except ArithmeticError as exc:  # a number JSON can hold, and a sum cannot
        raise UpstreamError("the provider's answer holds a probability that is none") from exc


def write_logprob(token: Logprob, known: JSON) -> JSON:
    """Write how likely a piece of text was; `known` is what Cohere said of it."""
    return {"text": token.token, "token_ids": [], "logprobs": [token.logprob]} if known is None else known


def write_response(response: Response, _: Request, notes: Notes) -> bytes:
    """Write a whole answer for a caller."""
    native = response.origin == NAME
    choice = response.choices[0] if response.choices else Choice()
    if len(response.choices) > 1:
        notes.drop("choices")
    usage: JSON = response.wire_usage if native else None
    if usage is None and response.usage is not None:
        usage = write_usage(response.usage)
    members: dict[str, JSON] = {"id": response.id or notes.call_id}
    message = _write_message(choice.parts, notes, native=native)
    members.update(
        present(finish_reason=said_of(choice.stop, choice.said, native=native), message=message, usage=usage)
    )
    if native:
        return encode_json(add_extras(add_extras(members, choice.extras), response.extras))
    tokens = [token for part in choice.parts if isinstance(part, Text) for token in part.logprobs or ()]
    members.update(present(logprobs=[write_logprob(token, None) for token in tokens] or None))
    notes.drop_given(stop_sequence=choice.sequence)
    notes.drop_extras(choice.extras)
    notes.drop_extras(response.extras)
    return encode_json(members)


def _write_message(parts: Sequence[AnyPart], notes: Notes, *, native: bool) -> dict[str, JSON]:
    contents: list[JSON] = []
    citations: list[JSON] = []
    calls: list[JSON] = []
    thoughts: list[Reasoning] = []
    plans: list[str] = []
    for part in parts:
        if isinstance(part, ToolCall):
            call = write_call(part, shown_id(part, () if calls else thoughts, notes), native=native)
            calls.append(with_own(call, part, native=native))
        elif isinstance(part, Reasoning) and is_plan(part) and native:
            plans.append(part.text)
        elif (item := write_item(part, notes, native=native)) is not None:
            if isinstance(part, Text):
                citations += cited(part, len(contents), notes, native=native)
            contents.append(item)
        if isinstance(part, Reasoning):
            thoughts.append(part)
    message: dict[str, JSON] = {"role": "assistant"}
    if contents or not calls:
        message["content"] = contents
    told = present(tool_plan="\n".join(plans) if plans else None, tool_calls=calls or None)
    return {**message, **told, **present(citations=citations or None)}


def with_own(members: dict[str, JSON], part: AnyPart, *, native: bool) -> dict[str, JSON]:
    """Put the part's extras among its members where they are Cohere's."""
    return add_extras(members, part.extras) if native else members


def cited(part: Text, place: int, notes: Notes, *, native: bool) -> list[JSON]:
    """Write the citations of the text that is the content at this place."""
    written = (write_citation(citation, part.text, place, notes, native=native) for citation in part.citations)
    return [citation for citation in written if citation is not None]


def write_item(part: AnyPart, notes: Notes, *, native: bool) -> JSON:
    """Write one item of an answer's content, None for what Cohere's callers cannot be told."""
    if isinstance(part, Opaque) and native:
        return part.raw
    if isinstance(part, Text | Refusal):
        return with_own({"type": "text", "text": part.text}, part, native=native)
    if isinstance(part, Reasoning):
        sealed = sealed_state([part], notes)
        return with_own({"type": "thinking", "thinking": part.text, **present(signature=sealed)}, part, native=native)
    notes.drop(f"message.content[].{part.__struct_config__.tag}")
    return None


def sealed_state(parts: Iterable[Reasoning], notes: Notes) -> str | None:
    """Pack the state another dialect put beside a thought, None where there is none."""
    state = next((state for part in parts if (state := foreign(part)) is not None), None)
    return None if state is None else notes.seal.pack(state)
