"""Writing whole answers."""

from tollbridge.formats import (
    JSON,
    AnyPart,
    Choice,
    CountResponse,
    Notes,
    Refusal,
    Request,
    Response,
    Stop,
    encode_json,
    present,
)
from tollbridge_anthropic.content_out import write_block
from tollbridge_anthropic.sealing import shown_part
from tollbridge_anthropic.usage import write_usage
from tollbridge_anthropic.words import NAME, SAID


def write_response(response: Response, request: Request, notes: Notes) -> bytes:
    """Write an answer for a caller; of several, the first."""
    own = response.origin == NAME
    if len(response.choices) > 1:
        notes.drop("choices")
    choice = response.choices[0] if response.choices else Choice()
    shown = [shown_part(part, notes, own=own) for part in choice.parts]
    message = message_head(response.id, response.model, notes)
    message["content"] = [write_block(part) for part in shown if part is not None]
    message |= write_stop(choice.stop, choice.said, choice.sequence, own=own, refused=declined(choice.parts))
    if own:
        message |= choice.extras
    message["usage"] = write_usage(response.usage, response.wire_usage if own else None, response.tier)
    if own:
        message |= response.extras
    return encode_json(message)


def write_count(response: CountResponse, request: Request, notes: Notes) -> bytes:
    """Write a count of tokens."""
    return encode_json({"input_tokens": response.tokens, **(response.extras if response.origin == NAME else {})})


def message_head(id_: str, model: str, notes: Notes) -> dict[str, JSON]:
    """Write what stands before the content."""
    return {"id": id_ or f"msg_{notes.call_id}", "type": "message", "role": "assistant", "model": model}


def declined(parts: "tuple[AnyPart, ...]") -> bool:
    """Whether a model declined in words."""
    return any([isinstance(part, Refusal) for part in parts])


def write_stop(
    stop: Stop | None, said: str | None, sequence: str | None, *, own: bool, refused: bool
) -> dict[str, JSON]:
    """Write why an answer ended; one of this dialect's own in its own words."""
    if own:
        return {"stop_reason": said, **present(stop_sequence=sequence)}
    reason = "refusal" if refused and stop in (None, Stop.END) else SAID[stop or Stop.END]
    return {"stop_reason": reason, "stop_sequence": sequence}
