"""What was said so far, in another dialect, as Converse takes it: a system apart, and turns that alternate."""

from collections.abc import Iterable, Sequence

from tollbridge.formats import JSON, AnyPart, CacheMark, Media, MediaKind, Message, Notes, Request, Text, ToolResult
from tollbridge_bedrock.blocks_out import WHERE, BlockWriter, write_mark
from tollbridge_bedrock.models import cached_for, tools_cached_for
from tollbridge_bedrock.words import WIRE_ROLES

_CONTINUE = "Continue."
"""What a user says first where the model did, or nobody: Bedrock refuses such a conversation."""


def write_system(request: Request, writer: BlockWriter) -> list[JSON]:
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


def write_messages(request: Request, writer: BlockWriter) -> list[JSON]:
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
    if not turns or turns[0]["role"] != "user":
        turns.insert(0, {"role": "user", "content": [{"text": _CONTINUE}]})
    if turns[-1]["role"] == "assistant":
        _end_begun(turns[-1]["content"])
    if request.cache is not None:
        turns[-1:] = [_marked(turn, request.cache, request, writer.notes) for turn in turns[-1:]]
    return list(turns)


def _end_begun(content: list[JSON]) -> None:
    """Let an answer that is to be continued end without a space, which Claude refuses."""
    if "text" in content[-1]:
        content[-1] = {"text": content[-1]["text"].rstrip()}


def _turns(messages: Iterable[Message], notes: Notes) -> list[tuple[str, list[AnyPart]]]:
    turns: list[tuple[str, list[AnyPart]]] = []
    for message in messages:
        role = WIRE_ROLES[message.role]
        if role == "system":
            continue
        notes.drop_given("messages[]", name=message.name)
        notes.drop_extras(message.extras, "messages[]")
        if not turns or turns[-1][0] != role:
            turns.append((role, []))
        turns[-1][1].extend(message.parts)
    return [(role, sorted(parts, key=_after_results) if role == "user" else parts) for role, parts in turns]


def _after_results(part: AnyPart) -> bool:
    return not isinstance(part, ToolResult)


def _introduction(parts: Sequence[AnyPart]) -> list[JSON]:
    """Give a text for documents that come without one, which Bedrock refuses."""
    if any(isinstance(part, Text) and part.text.strip() for part in parts):
        return []
    named = [part for part in parts if isinstance(part, Media) and part.kind is MediaKind.FILE]
    return [{"text": (named[0].name or "").strip() or "document"}] if named else []


def _marked(turn: dict[str, JSON], cache: CacheMark, request: Request, notes: Notes) -> dict[str, JSON]:
    content = turn["content"]
    if "cachePoint" in content[-1]:
        return turn
    ttls = tools_cached_for(request.model) if "toolResult" in content[-1] else cached_for(request.model)
    return {**turn, "content": [*content, *write_mark(cache, ttls, notes, "cache")]}
