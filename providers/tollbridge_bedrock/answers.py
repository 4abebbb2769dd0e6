"""Whole answers, both ways.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_ResponseSyntax,
read 2026-11. An answer has no id and does not name its model.
"""

from tollbridge import UpstreamError
from tollbridge.formats import (
    JSON,
    Choice,
    Fields,
    Notes,
    Request,
    Response,
    Role,
    Stop,
    add_extras,
    decode_json,
    encode_json,
    present,
)
from tollbridge_bedrock.blocks_in import BlockReader
from tollbridge_bedrock.blocks_out import BlockWriter
from tollbridge_bedrock.usage import is_search, read_usage, write_usage
from tollbridge_bedrock.words import NAME, STOPS, said_of

OF_CHOICE = "additionalModelResponseFields"
NO_METRICS: JSON = {"latencyMs": 0}
"""AWS's SDKs promise their users this member; how long another provider took is not told here."""


def read_response(body: bytes, notes: Notes) -> Response:
    """Read a whole answer; raises `UpstreamError` for what is none."""
    value = decode_json(body, wrong=UpstreamError, what="the provider's answer")
    found = Fields(value, wrong=None)
    output = found.inner("output")
    message = output.inner("message") if output is not None else None
    if output is None or message is None:
        raise UpstreamError("the provider's answer is no Converse answer")
    role = message.text("role")
    content = message.items("content")
    parts = BlockReader(notes, answer=True).read(content or (), "output.message.content", Role.ASSISTANT)
    if role not in (None, "assistant"):
        message.put_back("role", role)
    if message.rest():
        output.put_back("message", message.rest())
    said = found.text("stopReason")
    extras = {OF_CHOICE: found.take(OF_CHOICE)} if OF_CHOICE in found else {}
    choice = Choice(
        parts=tuple(parts), stop=stop_of(said), said=said, sequence=met_sequence(extras.get(OF_CHOICE)), extras=extras
    )
    wire = found.members("usage")
    usage = read_usage(wire, sum(map(is_search, content or ())))
    tier = take_tier(found)
    rest = {**found.rest(), **({"output": output.rest()} if output.rest() else {})}
    return Response(origin=NAME, choices=(choice,), usage=usage, wire_usage=wire, tier=tier, extras=rest)


def stop_of(said: str | None) -> Stop | None:
    """Give the reason in our words."""
    return None if said is None else STOPS.get(said, Stop.OTHER)


def met_sequence(fields: JSON) -> str | None:
    """Find the stop sequence that was met, where a caller asked for it by `additionalModelResponseFieldPaths`."""
    found = fields if isinstance(fields, dict) else {}
    inner = found.get("delta")
    met = found.get("stop_sequence") or (inner.get("stop_sequence") if isinstance(inner, dict) else None)
    return met if isinstance(met, str) else None


def take_tier(found: Fields) -> str | None:
    """Take `serviceTier`; what else it says stays."""
    inner = found.inner("serviceTier")
    if inner is None:
        return None
    tier = inner.text("type")
    if inner.rest() or tier is None:
        found.put_back("serviceTier", inner.rest())
    return tier


def write_response(response: Response, _: Request, notes: Notes) -> bytes:
    """Write a whole answer for a caller."""
    native = response.origin == NAME
    choice = response.choices[0] if response.choices else Choice()
    if len(response.choices) > 1:
        notes.drop("choices")
    writer = BlockWriter(notes, native=native, answer=True)
    message = {"role": "assistant", "content": writer.blocks(choice.parts)}
    said = said_of(choice.stop, choice.said, native=native)
    members: dict[str, JSON] = {"output": {"message": message}, **present(stopReason=said)}
    add_extras(members, end_of(response, notes))
    if native:
        return encode_json(add_extras(members, choice.extras))
    notes.drop_given(stop_sequence=choice.sequence)
    notes.drop_extras(choice.extras)
    return encode_json(members)


def end_of(response: Response, notes: Notes) -> dict[str, JSON]:
    """Give the members of an answer as a whole: in a stream, those of its last event."""
    native = response.origin == NAME
    usage: JSON = response.wire_usage if native else None
    if usage is None and response.usage is not None:
        usage = write_usage(response.usage)
    tier = None if response.tier is None or not native else {"type": response.tier}
    members = present(usage=usage, serviceTier=tier, metrics=None if native else NO_METRICS)
    if native:
        return add_extras(members, response.extras)
    notes.drop_given(tier=response.tier)
    notes.drop_extras(response.extras)
    return members
