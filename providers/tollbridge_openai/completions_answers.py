"""Whole completions, both ways (https://platform.openai.com/docs/api-reference/completions/object, read 2026-11)."""

from collections.abc import Mapping, Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    Choice,
    ChoicesFormat,
    Fields,
    Logprob,
    Notes,
    Refusal,
    Request,
    Response,
    Stop,
    Text,
    add_extras,
)
from tollbridge_openai.chat_answers import STOPS, read_piece_error, read_usage, write_usage
from tollbridge_openai.completions_logprobs import read_logprobs, write_logprobs
from tollbridge_openai.completions_prompts import NAME, echoed, prompt_of
from tollbridge_openai.errors import write_error

_SAID: Mapping[Stop, str] = {
    Stop.LENGTH: "length",
    Stop.CONTEXT: "length",
    Stop.FILTER: "content_filter",
    Stop.REFUSAL: "content_filter",
}


FORMAT = ChoicesFormat(
    origin=NAME,
    what="completion",
    whole="text_completion",
    piece="text_completion",
    prefix="cmpl-",
    padding="obfuscation",
    read_usage=read_usage,
    write_usage=write_usage,
    read_error=read_piece_error,
    write_error=write_error,
)


def read_response(body: bytes) -> Response:
    """Read a whole answer; raises `UpstreamError` for what is none."""
    return FORMAT.read(body, _read_choice)


def _read_choice(found: Fields, place: int) -> Choice:
    index, said, words = found.whole("index"), found.text("finish_reason"), found.text("text") or ""
    tokens = read_logprobs(found)
    parts = (Text(text=words, logprobs=tokens or None),) if words or tokens else ()
    extras = {name: value for name, value in found.rest().items() if value is not None}
    return Choice(
        index=place if index is None else index,
        parts=parts,
        stop=read_stop(said),
        said=said,
        extras=extras,
    )


def read_stop(said: str | None) -> Stop | None:
    """Give the reason in our words."""
    return None if said is None else STOPS.get(said, Stop.OTHER)


def write_stop(stop: Stop | None, said: str | None, *, native: bool) -> str | None:
    """Give the `finish_reason`."""
    if native:
        return said
    return None if stop is None else _SAID.get(stop, "stop")


def write_response(response: Response, request: Request, notes: Notes) -> bytes:
    """Write a whole answer for the caller of `request`."""
    native = response.origin == NAME
    choices = [_write_choice(choice, request, notes, native=native) for choice in response.choices]
    return FORMAT.write(response, choices, request, notes)


def _write_choice(choice: Choice, request: Request, notes: Notes, *, native: bool) -> JSON:
    words = "".join(said_by(part, notes) for part in choice.parts)
    tokens = tokens_of(choice.parts)
    members: dict[str, JSON] = {
        "text": words if native else echoed(request) + words,
        "index": choice.index,
        "logprobs": None if tokens is None else write_logprobs(tokens, len(prompt_of(request)), native=native),
        "finish_reason": write_stop(choice.stop, choice.said, native=native),
    }
    if native:
        return add_extras(members, choice.extras)
    notes.drop_given(stop_sequence=choice.sequence)
    return members


def said_by(part: AnyPart, notes: Notes) -> str:
    """Give the words of a part that a completion can hold, and note what it cannot."""
    if not isinstance(part, Text | Refusal):
        notes.drop(f"choices[].{part.__struct_config__.tag}")
        return ""
    if isinstance(part, Text) and part.citations:
        notes.drop("choices[].citations")
    return part.text


def tokens_of(parts: Sequence[AnyPart]) -> list[Logprob] | None:
    """Give the probabilities of the tokens, None where none were told."""
    told = [part.logprobs for part in parts if isinstance(part, Text) and part.logprobs is not None]
    return [token for tokens in told for token in tokens] if told else None
