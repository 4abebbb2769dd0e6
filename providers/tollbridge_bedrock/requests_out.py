"""Writing requests; what Converse or the model behind it cannot take is noted."""

import re
from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyPart,
    CacheMark,
    Format,
    FormatKind,
    Media,
    MediaKind,
    Message,
    Notes,
    Request,
    Text,
    ToolResult,
    add_extras,
    encode_json,
    json_text,
    present,
)
from tollbridge_bedrock.blocks_out import WHERE, BlockWriter, write_cache
from tollbridge_bedrock.extra_fields import FIELD, write_extra, write_own
from tollbridge_bedrock.models import caches, is_claude, takes_no_chance, takes_one_chance
from tollbridge_bedrock.requests_in import EFFORT
from tollbridge_bedrock.schemas import enforceable
from tollbridge_bedrock.tools import ToolWriter
from tollbridge_bedrock.words import NAME, WIRE_ROLES

_TIERS = frozenset(("priority", "default", "flex", "reserved"))
_METADATA = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,\-.]{0,256}")
_MOST_METADATA = 16
_CONTINUE = "Continue."
"""What a user says at the beginning of a conversation in which the model spoke first: Bedrock refuses that."""


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
            written[-1]["content"] = written[-1]["content"] + blocks
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
    writer = BlockWriter(notes, native=False, answer=False, caches=caches(request.model))
    system = _system(request, writer)
    members: dict[str, JSON] = {"messages": _messages(request, writer)}
    request = _settled(request, notes)
    config = ToolWriter(request, notes, native=False).config()
    extra = write_extra(request, notes, sampled=not takes_no_chance(request.model))
    if is_claude(request.model) and isinstance(extra, dict) and "thinking" in extra:
        request = _while_thinking(request, extra, config, notes)
    members.update(
        present(
            system=system or None,
            inferenceConfig=_inference(request, notes) or None,
            toolConfig=config,
            **{FIELD: extra},
            requestMetadata=_metadata(request.metadata, notes),
            serviceTier=_tier(request.tier, notes),
            outputConfig=_format(request.format, notes),
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


def _settled(request: Request, notes: Notes) -> Request:
    """Leave behind what the model refuses of how its words are chosen."""
    if takes_no_chance(request.model):
        notes.drop_given(temperature=request.temperature, top_p=request.top_p)
        return replace(request, temperature=None, top_p=None)
    if takes_one_chance(request.model) and request.temperature is not None and request.top_p is not None:
        notes.drop("top_p")
        return replace(request, top_p=None)
    return request


def _while_thinking(request: Request, extra: dict[str, JSON], config: JSON, notes: Notes) -> Request:
    """Leave behind what a Claude refuses while it thinks.

    https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html, read 2026-11.
    """
    if extra.pop("top_k", None) is not None:
        notes.drop("top_k")
    if isinstance(config, dict) and "auto" not in config.get("toolChoice", {"auto": {}}):
        config["toolChoice"] = {"auto": {}}
        notes.drop("choice")
    notes.drop_given(
        temperature=request.temperature if request.temperature != 1 else None,
        top_p=request.top_p if not _nearly_all(request) else None,
    )
    return replace(request, temperature=None, top_p=request.top_p if _nearly_all(request) else None)


def _nearly_all(request: Request) -> bool:
    return request.top_p is not None and Decimal("0.95") <= request.top_p <= 1


def _inference(request: Request, notes: Notes) -> dict[str, JSON]:
    temperature = request.temperature
    if temperature is not None and temperature > 1:
        notes.drop("temperature")
        temperature = 1
    stop = [word for word in request.stop or () if word.strip()]
    if len(stop) < len(request.stop or ()):
        notes.drop("stop")
    return present(
        maxTokens=request.max_output, temperature=temperature, topP=request.top_p, stopSequences=stop or None
    )


def _metadata(metadata: JSON, notes: Notes) -> JSON:
    """Give what fits of the metadata; none at all is more than Bedrock takes."""
    given = metadata if isinstance(metadata, dict) else {}
    fit = [
        (name, value)
        for name, value in given.items()
        if name and isinstance(value, str) and _METADATA.fullmatch(name) and _METADATA.fullmatch(value)
    ]
    kept = dict(fit[:_MOST_METADATA])
    if metadata is not None and (not kept or len(kept) < len(given)):
        notes.drop("metadata")
    return kept or None


def _tier(tier: str | None, notes: Notes) -> JSON:
    if tier in _TIERS:
        return {"type": tier}
    if tier == "standard_only":
        return {"type": "default"}
    notes.drop_given(tier=None if tier == "auto" else tier)
    return None


def _format(form: Format | None, notes: Notes) -> JSON:
    if form is None or form.kind is FormatKind.TEXT:
        return None
    if form.kind is FormatKind.JSON:
        notes.drop("format")
        return None
    notes.drop_extras(form.extras, "format")
    schema = json_text(enforceable(form.schema, notes, "format.schema"))
    told = present(schema=schema, name=form.name, description=form.description)
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": told}}}


def _system(request: Request, writer: BlockWriter) -> list[JSON]:
    """Give all that the system says; what it says later in a conversation moves to the front."""
    spoken = False
    parts: list[AnyPart] = []
    for message in request.messages:
        if WIRE_ROLES[message.role] != "system":
            spoken = True
            continue
        if spoken:
            writer.notes.drop("messages[].role")
        for part in message.parts:
            if isinstance(part, Media):
                writer.notes.refuse(f"{WHERE}.{part.kind}", "Bedrock takes only words from the system")
        parts += message.parts
        writer.notes.drop_given("messages[]", name=message.name)
        writer.notes.drop_extras(message.extras, "messages[]")
    return writer.blocks(parts)


def _messages(request: Request, writer: BlockWriter) -> list[JSON]:
    """Write the messages in turns that alternate and begin with the user's."""
    turns: list[dict[str, JSON]] = []
    for role, parts in _turns(request.messages, writer.notes):
        blocks = writer.blocks(parts)
        if role == "user":
            blocks += _introduction(parts)
        if not blocks:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    if turns and turns[0]["role"] != "user":
        turns.insert(0, {"role": "user", "content": [{"text": _CONTINUE}]})
    if request.cache is not None:
        turns[-1:] = [_marked(turn, request.cache, request, writer.notes) for turn in turns[-1:]]
    return list(turns)


def _turns(messages: Iterable[Message], notes: Notes) -> list[tuple[str, tuple[AnyPart, ...]]]:
    turns: list[tuple[str, tuple[AnyPart, ...]]] = []
    for message in messages:
        role = WIRE_ROLES[message.role]
        if role == "system":
            continue
        notes.drop_given("messages[]", name=message.name)
        notes.drop_extras(message.extras, "messages[]")
        if turns and turns[-1][0] == role:
            turns[-1] = (role, turns[-1][1] + message.parts)
        else:
            turns.append((role, message.parts))
    return [(role, tuple(sorted(parts, key=_after_results)) if role == "user" else parts) for role, parts in turns]


def _after_results(part: AnyPart) -> bool:
    return not isinstance(part, ToolResult)


def _introduction(parts: Iterable[AnyPart]) -> list[JSON]:
    """Give a text for documents that come without one, which Bedrock refuses."""
    parts = list(parts)
    if any(isinstance(part, Text) and part.text.strip() for part in parts):
        return []
    named = [part for part in parts if isinstance(part, Media) and part.kind is MediaKind.FILE]
    return [{"text": named[0].name or "document"}] if named else []


def _marked(turn: dict[str, JSON], cache: CacheMark, request: Request, notes: Notes) -> dict[str, JSON]:
    if not caches(request.model):
        notes.drop("cache")
        return turn
    content = turn["content"]
    if "cachePoint" in content[-1]:
        return turn
    return {**turn, "content": [*content, write_cache(cache, notes)]}
