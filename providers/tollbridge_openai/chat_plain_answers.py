"""Reading plain answers at once; what is in them is said in `chat_answers`, which reads all others."""

from msgspec import UNSET, UnsetType

from tollbridge.formats import (
    JSON,
    NO_EXTRAS,
    UNSAID,
    AnyPart,
    Choice,
    Extras,
    Plain,
    Reasoning,
    Refusal,
    Response,
    Text,
    plain_decoder,
)
from tollbridge_openai.chat_answers import read_usage, stop_of
from tollbridge_openai.chat_content import NAME
from tollbridge_openai.chat_plain import PlainCall, read_plain_call

_NO_ANNOTATIONS: Extras = {"message": {"annotations": []}}


class _Message(Plain):
    role: str | None = None
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    annotations: list[JSON] | None = None
    tool_calls: list[PlainCall] | None = None
    audio: None = None
    function_call: None = None


class _Choice(Plain):
    message: _Message
    index: int
    finish_reason: str | None = None
    logprobs: None = None


class _PlainAnswer(Plain):
    choices: list[_Choice]
    id: str = ""
    object: str = ""
    created: int = UNSAID
    model: str = ""
    usage: dict[str, JSON] = UNSAID
    service_tier: str | UnsetType | None = UNSET
    system_fingerprint: str | UnsetType | None = UNSET


_decode = plain_decoder(_PlainAnswer)


def read_plain_response(body: bytes) -> Response | None:
    """Read an answer, None for one that is not plain."""
    found = _decode(body)
    if found is None:
        return None
    if any([choice.message.annotations for choice in found.choices]):
        return None
    extras: dict[str, JSON] = {}
    tier, fingerprint = found.service_tier, found.system_fingerprint
    if tier is None:
        extras["service_tier"] = None
    if fingerprint is not UNSET:
        extras["system_fingerprint"] = fingerprint
    return Response(
        origin=NAME,
        id=found.id,
        model=found.model,
        created=found.created,
        choices=tuple([_choice(choice) for choice in found.choices]),
        usage=read_usage(found.usage),
        wire_usage=found.usage,
        tier=None if tier is UNSET else tier,
        extras=extras,
    )


def _choice(found: _Choice) -> Choice:
    said, message = found.finish_reason, found.message
    return Choice(
        index=found.index,
        parts=_parts(message),
        stop=stop_of(said, calls=bool(message.tool_calls)),
        said=said,
        extras=NO_EXTRAS if message.annotations is None else _NO_ANNOTATIONS,
    )


def _parts(message: _Message) -> tuple[AnyPart, ...]:
    parts: list[AnyPart] = []
    if message.reasoning_content is not None:
        parts.append(Reasoning(text=message.reasoning_content))
    if message.content:
        parts.append(Text(text=message.content))
    if message.refusal:
        parts.append(Refusal(text=message.refusal))
    if message.tool_calls:
        parts += map(read_plain_call, message.tool_calls)
    return tuple(parts)
