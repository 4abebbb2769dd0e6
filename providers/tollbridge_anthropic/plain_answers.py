"""Reading plain answers at once; what is in them is said in `answers_in`, which reads all others."""

from typing import Literal

from msgspec import UNSET, UnsetType

from tollbridge.formats import JSON, UNSAID, Choice, Plain, Response, Seal, plain_decoder
from tollbridge_anthropic.answers_in import stop_of, tier_of
from tollbridge_anthropic.plain import PlainCall, PlainText, PlainThinking, read_answered
from tollbridge_anthropic.usage import read_usage
from tollbridge_anthropic.words import NAME


class _PlainAnswer(Plain):
    content: list[PlainText | PlainThinking | PlainCall]
    stop_reason: str
    id: str = ""
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    model: str = ""
    stop_sequence: str | UnsetType | None = UNSET
    stop_details: UnsetType | None = UNSET
    usage: dict[str, JSON] = UNSAID


_decode = plain_decoder(_PlainAnswer)


def read_plain_response(body: bytes, seal: Seal) -> Response | None:
    """Read an answer, None for one that is not plain."""
    found = _decode(body)
    if found is None:
        return None
    sequence, wire, said = found.stop_sequence, found.usage, found.stop_reason
    extras: dict[str, JSON] = {}
    if sequence is None:
        extras["stop_sequence"] = None
    if found.stop_details is None:
        extras["stop_details"] = None
    choice = Choice(
        parts=read_answered(found.content, seal),
        stop=stop_of(said),
        said=said,
        sequence=None if sequence is UNSET else sequence,
        extras=extras,
    )
    return Response(
        origin=NAME,
        id=found.id,
        model=found.model,
        choices=(choice,),
        usage=None if wire is None else read_usage(wire),
        wire_usage=wire,
        tier=tier_of(wire),
    )
