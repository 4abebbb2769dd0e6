"""Reading plain answers at once; what is in them is said in `answers_in`, which reads all others."""

from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from tollbridge.formats import JSON, Choice, Response, Seal
from tollbridge_anthropic.answers_in import stop_of, tier_of
from tollbridge_anthropic.plain import UNSAID, Plain, PlainCall, PlainText, PlainThinking, read_answered
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


_decode = msgspec.json.Decoder(_PlainAnswer, float_hook=Decimal).decode


def read_plain_response(body: bytes, seal: Seal) -> Response | None:
    """Read an answer, None for one that is not plain."""
    try:
        found = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
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
