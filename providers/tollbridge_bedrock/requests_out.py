"""Writing requests; what Converse or the model behind it cannot take is noted."""

from tollbridge.formats import JSON, Format, Notes, Request, add_extras, encode_json, json_text, present
from tollbridge_bedrock.blocks_out import BlockWriter
from tollbridge_bedrock.extra_fields import FIELD, write_own
from tollbridge_bedrock.extra_out import thinks, write_extra
from tollbridge_bedrock.models import is_claude, takes_no_chance
from tollbridge_bedrock.requests_in import EFFORT
from tollbridge_bedrock.settings_out import (
    settled,
    while_thinking,
    write_format,
    write_inference,
    write_metadata,
    write_tier,
)
from tollbridge_bedrock.tools import ToolWriter
from tollbridge_bedrock.turns_out import write_messages, write_system
from tollbridge_bedrock.words import NAME, WIRE_ROLES


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request; raises `Untranslatable` for what would mean something else without a field."""
    return encode_json(conversation(request, notes))


def conversation(request: Request, notes: Notes) -> dict[str, JSON]:
    """Give the members of a request."""
    return _own(request, notes) if request.origin == NAME else _foreign(request, notes)


def _own(request: Request, notes: Notes) -> dict[str, JSON]:
    writer = BlockWriter(notes, native=True, answer=False)
    members: dict[str, JSON] = {}
    apart = [part for message in request.messages if message.apart for part in message.parts]
    if apart or "system" in request.spelling:
        members["system"] = writer.blocks(apart)
    if "messages" not in request.spelling:
        members["messages"] = _own_messages(request, writer)
    thinking = request.thinking
    effort = thinking.effort if thinking is not None and EFFORT in request.spelling else None
    members.update(
        present(
            inferenceConfig=_told(
                request,
                "inferenceConfig",
                maxTokens=request.max_output,
                temperature=request.temperature,
                topP=request.top_p,
                stopSequences=None if request.stop is None else list(request.stop),
            ),
            toolConfig=ToolWriter(request, notes, native=True).config(),
            additionalModelRequestFields=write_own(request),
            requestMetadata=request.metadata,
            serviceTier=None if request.tier is None else {"type": request.tier},
            outputConfig=_told(request, "outputConfig", textFormat=_own_format(request.format), effort=effort),
        )
    )
    return add_extras(members, request.extras)


def _told(request: Request, name: str, **members: JSON) -> JSON:
    """Give an object of what was said, None where it was not there at all."""
    found = present(**members)
    return found if found or name in request.spelling else None


def _own_messages(request: Request, writer: BlockWriter) -> list[JSON]:
    written: list[dict[str, JSON]] = []
    for message in request.messages:
        if message.apart:
            continue
        blocks = writer.blocks(message.parts)
        if message.joined and written:
            written[-1]["content"] += blocks
        else:
            role = message.spelling or WIRE_ROLES[message.role]
            written.append(add_extras({"role": role, "content": blocks}, message.extras))
    return list(written)


def _own_format(form: Format | None) -> JSON:
    if form is None:
        return None
    schema = present(schema=form.spelling or json_text(form.schema), name=form.name, description=form.description)
    return add_extras({"type": "json_schema", "structure": {"jsonSchema": schema}}, form.extras)


def _foreign(request: Request, notes: Notes) -> dict[str, JSON]:
    for name in request.essential:
        notes.refuse(name)
    if request.answers is not None and request.answers > 1:
        notes.refuse("answers", "Bedrock gives one answer to a call; ask several times")
    writer = BlockWriter(notes, native=False, answer=False, model=request.model)
    system = write_system(request, writer)
    members: dict[str, JSON] = {"messages": write_messages(request, writer)}
    request = settled(request, notes)
    config = ToolWriter(request, notes, native=False).config()
    extra = write_extra(request, notes, sampled=not takes_no_chance(request.model))
    if is_claude(request.model) and thinks(extra):
        request = while_thinking(request, extra, config, notes)
    members.update(
        present(
            system=system or None,
            inferenceConfig=write_inference(request, notes) or None,
            toolConfig=config,
            **{FIELD: extra},
            requestMetadata=write_metadata(request.metadata, notes),
            serviceTier=write_tier(request.tier, notes),
            outputConfig=write_format(request.format, notes),
        )
    )
    notes.drop_given(
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
        seed=request.seed,
        logprobs=request.logprobs,
        top_logprobs=request.top_logprobs,
        parallel_tools=request.parallel_tools,
        verbosity=request.verbosity,
        user=request.user,
        cache_key=request.cache_key,
        store=request.store,
    )
    notes.drop_extras(request.extras)
    return members
