"""Reading plain answers at once; what is in them is said in `answers`, which reads all others."""

from decimal import Decimal

import msgspec
from msgspec import UNSET

from tollbridge.formats import JSON, UNREADABLE, Choice, Notes, Response, ToolCall
from tollbridge_gemini.answers import created_at, stop_of, tier_of
from tollbridge_gemini.call_ids import CallIds
from tollbridge_gemini.names import NAME
from tollbridge_gemini.parts_in import PartReader
from tollbridge_gemini.plain import UNSAID, Plain, PlainHead, PlainPart
from tollbridge_gemini.usage import read_usage


class _Content(Plain):
    parts: list[PlainPart]
    role: str = "model"


class _Candidate(Plain):
    content: _Content
    finish_reason: str = UNSAID
    index: int = UNSAID
    avg_logprobs: JSON = UNSET
    finish_message: JSON = UNSET
    safety_ratings: JSON = UNSET


class _PlainAnswer(PlainHead, kw_only=True):
    candidates: list[_Candidate]


_decode = msgspec.json.Decoder(_PlainAnswer, float_hook=Decimal).decode
_KEPT = {"avg_logprobs": "avgLogprobs", "finish_message": "finishMessage", "safety_ratings": "safetyRatings"}


def read_plain_response(body: bytes, notes: Notes) -> Response | None:
    """Read an answer, None for one that is not plain."""
    try:
        found = _decode(body)
    except UNREADABLE:
        return None
    for candidate in found.candidates:
        content = candidate.content
        if content.role != "model" or not content.parts or not all([part.clear for part in content.parts]):
            return None
    reader = PartReader(notes, CallIds(notes.call_id))
    choices = [_choice(candidate, place, reader) for place, candidate in enumerate(found.candidates)]
    wire = found.usage_metadata
    return Response(
        origin=NAME,
        id=found.response_id or "",
        model=found.model_version or "",
        created=created_at(found.create_time),
        choices=tuple(choices),
        usage=read_usage(wire),
        wire_usage=wire,
        tier=tier_of(wire),
        extras={} if found.create_time is None else {"createTime": found.create_time},
    )


def _choice(found: _Candidate, place: int, reader: PartReader) -> Choice:
    parts = reader.plain(found.content.parts)
    return Choice(
        index=place if found.index is None else found.index,
        parts=parts,
        stop=stop_of(found.finish_reason, calls=any([isinstance(part, ToolCall) for part in parts])),
        said=found.finish_reason,
        extras={kept: value for name, kept in _KEPT.items() if (value := getattr(found, name)) is not UNSET},
    )
