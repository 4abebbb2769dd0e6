"""The messages of a chat, both ways (https://docs.ollama.com/api/chat, read 2026-11).

A message's content is one text, its pictures stand beside it, and a tool's result is a message of its own. Two ways to
write the same are told apart by the message's `spelling`: the role as it was written, and what was there but empty.
"""

from collections.abc import Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    Fields,
    Media,
    Message,
    Notes,
    Opaque,
    Reasoning,
    Refusal,
    Request,
    Role,
    ServerCall,
    Text,
    ToolCall,
    ToolResult,
    add_extras,
    in_turns,
    new_call_id,
    present,
    split_id,
)
from tollbridge_ollama.calls import UNNAMED, OpenCalls, read_asked, recalled, write_asked
from tollbridge_ollama.media import read_media, write_media
from tollbridge_ollama.thought import read_thought

_EMPTY: Sequence[tuple[str, JSON]] = (("content", ""), ("thinking", ""), ("images", []), ("tool_calls", []))
_NAMED = "name"
"""In a `spelling`: the tool's name is where older examples have it, in `name`."""


def read_messages(messages: Sequence[Fields], notes: Notes) -> tuple[Message, ...]:
    """Read the messages; raises `BadRequest`.  A result without an id answers the first open call that fits."""
    read: list[Message] = []
    calls = OpenCalls()
    for found in messages:
        spelt, role = _read_role(found)
        if role is Role.TOOL:
            message = _read_result(found, spelt, calls, notes)
        else:
            message = _read_message(found, role, spelt, calls.count, notes)
            for part in message.parts:
                if isinstance(part, ToolCall):
                    calls.add(part)
        read.append(message)
    return tuple(read)


def _read_role(found: Fields) -> tuple[list[str], Role]:
    """Take the role, in any case; and begin the spelling with it where it is not the plain word."""
    said = found.need("role", found.text("role"))
    try:
        role = Role(said.lower())
    except ValueError:
        raise found.error("role", f"cannot be {said[:40]!r}") from None
    return ["" if said == role.value else said], role


def take_empty(found: Fields, names: Sequence[str]) -> list[str]:
    """Take those members that are there and empty; gives their names."""
    taken = []
    for name, empty in _EMPTY:
        if name in names and type(found.peek(name)) is type(empty) and found.peek(name) == empty:
            found.take(name)
            taken.append(name)
    return taken


def _read_message(found: Fields, role: Role, spelt: list[str], count: int, notes: Notes) -> Message:
    answered = role is Role.ASSISTANT
    names = ("content", "images", *(("thinking", "tool_calls") if answered else ()))
    spelt = spelt + take_empty(found, names)
    parts: list[AnyPart] = list(read_thought(found, notes)) if answered else []
    parts += read_said(found)
    parts += read_asked(found, notes, earlier=count) if answered else ()
    return Message(role=role, parts=recalled(parts, notes), spelling=_spelling(spelt), extras=found.rest())


def read_said(found: Fields) -> list[AnyPart]:
    """Take `content` and `images`."""
    content, images = found.text("content"), found.items("images")
    if not all(isinstance(image, str) for image in images or ()):
        raise found.error("images", "must be a list of base64 texts")
    parts: list[AnyPart] = [] if content is None else [Text(text=content)]
    return parts + [read_media(image) for image in images or ()]


def _read_result(found: Fields, spelt: list[str], calls: OpenCalls, notes: Notes) -> Message:
    spelt = spelt + take_empty(found, ("content", "images"))
    given, name = found.text("tool_call_id"), found.text("tool_name")
    if name is None and isinstance(found.peek("name"), str):
        name = found.text("name")
        spelt.append(_NAMED)
    if given is not None:
        id_ = split_id(given, notes.seal)[0]
        calls.answer("id", id_)
    else:
        call = calls.answer("name", name) if name else calls.answer()
        id_ = call.id if call is not None else new_call_id(notes.call_id, 1_000_000)
    marks: dict[str, JSON] = {UNNAMED: None} if given is None else {}
    result = ToolResult(call_id=id_, content=tuple(read_said(found)), name=name, extras=marks)
    return Message(role=Role.TOOL, parts=(result,), spelling=_spelling(spelt), extras=found.rest())


def _spelling(spelt: Sequence[str]) -> str:
    return ",".join(spelt) if any(spelt) else ""


def write_messages(request: Request, notes: Notes, *, native: bool) -> list[JSON]:
    """Write the messages for a provider."""
    names = {part.id: part.name for message in request.messages for part in message.parts if isinstance(part, ToolCall)}
    messages = request.messages if native else in_turns(request.messages)
    written: list[JSON] = []
    for message in messages:
        if message.role is Role.TOOL:
            results = [part for part in message.parts if isinstance(part, ToolResult)]
            written += [_write_result(part, message, names, notes, native=native) for part in results]
        else:
            written += _write_message(message, notes, native=native)
    return written


def _write_message(message: Message, notes: Notes, *, native: bool) -> list[JSON]:
    """Write a message: as one for each text of it, as Ollama's own OpenAI endpoint does, the calls in the last."""
    role = Role.SYSTEM if message.role is Role.DEVELOPER and not native else message.role
    groups = [message.parts] if native else _parted(message.parts)
    written: list[dict[str, JSON]] = [
        {"role": role.value, **write_parts(parts, notes, native=native)} for parts in groups
    ]
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    written[-1].update(present(tool_calls=write_asked(calls, notes, native=native) or None))
    return [_finished(members, message, notes, native=native) for members in written]


def _parted(parts: Sequence[AnyPart]) -> list[list[AnyPart]]:
    """Part what a message holds into groups of one text each, with what stands beside it."""
    groups: list[list[AnyPart]] = [[]]
    for part in parts:
        if _is_text(part) and any(map(_is_text, groups[-1])):
            groups.append([])
        groups[-1].append(part)
    return groups


def _is_text(part: AnyPart) -> bool:
    return isinstance(part, Text | Refusal) or (isinstance(part, Media) and part.text is not None)


def _finished(members: dict[str, JSON], message: Message, notes: Notes, *, native: bool) -> JSON:
    if not native:
        members.setdefault("content", "")
        notes.drop_given("messages[]", name=message.name)
        notes.drop_extras(message.extras, "messages[]")
        return members
    spelt, *flags = message.spelling.split(",")
    if spelt:
        members["role"] = spelt
    for name, empty in _EMPTY:
        if name in flags:
            members.setdefault(name, empty)
    if _NAMED in flags:
        members["name"] = members.pop("tool_name", "")
    return add_extras(members, message.extras)


def _write_result(part: ToolResult, message: Message, names: dict[str, str], notes: Notes, *, native: bool) -> JSON:
    members: dict[str, JSON] = {"role": "tool", **write_parts(part.content, notes, native=native)}
    name = part.name if native else part.name or names.get(part.call_id)
    id_ = None if native and UNNAMED in part.extras else part.call_id
    members.update(present(tool_name=name, tool_call_id=id_))
    if not native:
        notes.drop_given("messages[].content[]", is_error=part.error or None, cache=part.cache)
        notes.drop_extras(part.extras, "messages[].content[]")
    return _finished(members, message, notes, native=native)


def write_parts(parts: Sequence[AnyPart], notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give `content`, `images` and `thinking`; the texts of one result are parted by an empty line."""
    data, documents = write_media(parts, notes, native=native)
    texts = [part.text for part in parts if isinstance(part, Text | Refusal)]
    thoughts = [part for part in parts if isinstance(part, Reasoning)]
    if not native:
        texts = [text for text in (*documents, *texts) if text]
        _drop_unsaid(parts, notes)
    thinking = "\n\n".join(part.text for part in thoughts if part.text or native)
    members: dict[str, JSON] = {"content": "\n\n".join(texts)} if texts else {}
    if any(part.state is not None for part in thoughts):
        notes.drop("messages[].content[].reasoning.state")
    return {**members, **present(thinking=thinking or None, images=data or None)}


def _drop_unsaid(parts: Sequence[AnyPart], notes: Notes) -> None:
    """Note what of these parts has no place in a message."""
    for part in parts:
        if isinstance(part, Opaque | ServerCall):
            kind = part.kind if isinstance(part, Opaque) else part.tool or "server_tool"
            notes.drop(f"messages[].content[].{kind}")
        if isinstance(part, Text) and part.citations:
            notes.drop("messages[].content[].citations")
        if part.cache is not None:
            notes.drop("messages[].content[].cache")
        if not isinstance(part, ToolCall | Media):
            notes.drop_extras(part.extras, "messages[].content[]")
