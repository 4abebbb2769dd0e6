"""Reading whole answers."""

from tollbridge import UpstreamError
from tollbridge.formats import JSON, Choice, CountResponse, Fields, Notes, Response, Stop, decode_json
from tollbridge_anthropic.content_in import OF_ASSISTANTS, read_content
from tollbridge_anthropic.errors import read_error_event
from tollbridge_anthropic.usage import read_usage
from tollbridge_anthropic.words import NAME, STOPS

_WHAT = "the provider's answer"


def read_response(body: bytes, notes: Notes) -> Response:
    """Read an answer; raises `UpstreamError` for what is none."""
    value = decode_json(body, wrong=UpstreamError, what=_WHAT)
    fields = Fields(value, wrong=None)
    if fields.peek("type") == "error":
        raise UpstreamError("the provider answered with an error", detail=read_error_event(value).message)
    if not isinstance(fields.peek("content"), list):
        raise UpstreamError("the provider's answer is no message")
    parts, _ = read_content(fields, OF_ASSISTANTS, notes.seal)
    take_constant(fields, "type", "message")
    take_constant(fields, "role", "assistant")
    wire = fields.members("usage")
    said, sequence = fields.text("stop_reason"), fields.text("stop_sequence")
    return Response(
        origin=NAME,
        id=fields.text("id") or "",
        model=fields.text("model") or "",
        choices=(Choice(parts=parts, stop=stop_of(said), said=said, sequence=sequence, extras=take_stops(fields)),),
        usage=None if wire is None else read_usage(wire),
        wire_usage=wire,
        tier=tier_of(wire),
        extras=fields.rest(),
    )


def read_count(body: bytes, notes: Notes) -> CountResponse:
    """Read a count of tokens; raises `UpstreamError` for what is none."""
    fields = Fields(decode_json(body, wrong=UpstreamError, what=_WHAT), wrong=None)
    tokens = fields.whole("input_tokens")
    if tokens is None or tokens < 0:
        raise UpstreamError("the provider's answer is no count of tokens")
    return CountResponse(origin=NAME, tokens=tokens, extras=fields.rest())


def take_constant(fields: Fields, name: str, value: str) -> None:
    """Take a member that always says the same; anything else stays among the rest."""
    if fields.peek(name) == value:
        fields.take(name)


def take_stops(fields: Fields) -> dict[str, JSON]:
    """Take what else is said about the end of an answer, nulls included."""
    rest = fields.rest()
    return {name: rest.pop(name) for name in tuple(rest) if name.startswith("stop_")}


def stop_of(said: str | None) -> Stop | None:
    """Give the reason an answer ended in our words."""
    return None if said is None else STOPS.get(said, Stop.OTHER)


def tier_of(wire: JSON) -> str | None:
    """Give the tier of service that a usage names."""
    tier = wire.get("service_tier") if isinstance(wire, dict) else None
    return tier if isinstance(tier, str) else None
