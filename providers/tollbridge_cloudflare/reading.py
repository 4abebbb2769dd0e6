"""Reading a request to run a model (https://developers.cloudflare.com/workers-ai/models, read 2026-11)."""

from collections import deque
from collections.abc import Mapping, Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    AnyTool,
    ChoiceMode,
    Envelope,
    Fields,
    Format,
    FormatKind,
    Media,
    MediaKind,
    Message,
    Notes,
    Opaque,
    Reasoning,
    Request,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    decode_json,
    new_call_id,
    read_url,
    split_id,
)
from tollbridge_cloudflare.calls import BARE, EMPTY, FLAT, NAME, SILENT, UNTYPED, read_call, recalled, spelling_of
from tollbridge_cloudflare.thought import read_signed

_ROLES = {role.value: role for role in Role}
_MODES = {"auto": ChoiceMode.AUTO, "none": ChoiceMode.NONE, "required": ChoiceMode.REQUIRED}
_FORMATS: Mapping[str, FormatKind] = {
    "text": FormatKind.TEXT,
    "json_object": FormatKind.JSON,
    "json_schema": FormatKind.SCHEMA,
}
_ESSENTIAL = ("input", "instructions", "lora", "functions")
"""What only this host understands; `input` and `instructions` of models that can be asked with `messages` as well."""


def read_request(body: bytes, envelope: Envelope, notes: Notes) -> Request:
    """Read a request; raises `BadRequest` naming the field that is wrong."""
    found = Fields(decode_json(body))
    responding = "messages" not in found and "input" in found
    prompted = "messages" not in found and not responding
    if responding:
        messages: tuple[Message, ...] = ()
    elif prompted:
        prompt = found.need("prompt", found.text("prompt"))
        messages = (Message(role=Role.USER, parts=(Text(text=prompt),)),)
    else:
        messages = _Messages(notes).read(found.each("messages") or [])
    effort = found.text("reasoning_effort")
    tools = found.each("tools")
    return Request(
        origin=NAME,
        model=envelope.model,
        messages=messages,
        stream=found.flag("stream"),
        max_output=found.whole("max_tokens"),
        temperature=found.number("temperature"),
        top_p=found.number("top_p"),
        top_k=found.whole("top_k"),
        frequency_penalty=found.number("frequency_penalty"),
        presence_penalty=found.number("presence_penalty"),
        seed=found.whole("seed"),
        tools=None if tools is None else tuple(map(_read_tool, tools)),
        choice=_read_choice(found),
        format=_read_format(found),
        thinking=None if effort is None else Thinking(effort=effort),
        essential=tuple(name for name in _ESSENTIAL if name in found),
        spelling=("input",) if responding else ("prompt",) if prompted else (),
        extras=found.rest(),
    )


class _Waiting:
    """The calls of a message that wait for results without an id."""

    def __init__(self, calls: Sequence[ToolCall]) -> None:
        self._ids: list[str | None] = [call.id for call in calls]
        self._all = deque(range(len(calls)))
        self._named: dict[str | None, deque[int]] = {}
        for place, call in enumerate(calls):
            self._named.setdefault(call.name, deque()).append(place)

    def take(self, name: str | None) -> str | None:
        """Give the id of the first of this name that waits, else of the first; None where none does."""
        for places in (self._named.get(name, deque()), self._all):
            while places:
                place = places.popleft()
                id_, self._ids[place] = self._ids[place], None
                if id_ is not None:
                    return id_
        return None


class _Messages:
    """Reads the messages of one request; results without an id belong to the calls before them, in order."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._waiting = _Waiting(())
        self._made = 0

    def read(self, messages: list[Fields]) -> tuple[Message, ...]:
        return tuple(
            self._result(found) if found.peek("role") == "tool" else self._message(found) for found in messages
        )

    def _message(self, found: Fields) -> Message:
        said = found.need("role", found.text("role"))
        role = _ROLES.get(said)
        if role is None:
            raise found.error("role", f"cannot be {said[:40]!r}")
        content = found.take("content")
        parts: list[AnyPart] = []
        spelling = ""
        if role is Role.ASSISTANT:
            parts += self._thought(found)
        silent = role is Role.ASSISTANT and content == "" and bool(found.peek("tool_calls"))
        parts += [] if silent else _read_content(content, found)
        if role is Role.ASSISTANT:
            spelling = f"{self._calls(found, parts)} {SILENT if silent else ''}".strip()
        return Message(
            role=role, parts=tuple(parts), listed=isinstance(content, list), spelling=spelling, extras=found.rest()
        )

    def _thought(self, found: Fields) -> list[AnyPart]:
        signed = read_signed(found, self._notes)
        words = found.text("reasoning")
        return [*signed] if signed or words is None else [Reasoning(text=words)]

    def _calls(self, found: Fields, parts: list[AnyPart]) -> str:
        """Add the calls of a message to its parts; gives how they were spelt."""
        calls = found.each("tool_calls")
        if not calls:
            return "" if calls is None else EMPTY
        spelling = {word for call in calls for word in spelling_of(call)}
        for call in calls:
            self._made += 1
            read, before = recalled(read_call(call, new_call_id(self._notes.call_id, self._made)), self._notes)
            if before and not any(isinstance(part, Reasoning) and part.state is not None for part in parts):
                parts[:] = [*before, *(part for part in parts if not isinstance(part, Reasoning))]
            parts.append(read)
        self._waiting = _Waiting([part for part in parts if isinstance(part, ToolCall)])
        return " ".join(sorted(spelling))

    def _result(self, found: Fields) -> Message:
        found.text("role")
        content = found.take("content")
        parts = tuple(_read_content(content, found))
        name, id_ = found.text("name"), found.text("tool_call_id")
        spelling = BARE if id_ is None else ""
        if id_ is None:
            id_ = self._next(name)
        result = ToolResult(
            call_id=split_id(id_, self._notes.seal)[0], content=parts, name=name, listed=isinstance(content, list)
        )
        return Message(role=Role.TOOL, parts=(result,), spelling=spelling, extras=found.rest())

    def _next(self, name: str | None) -> str:
        """Give the id of the call a result is for, a new one where none waits."""
        id_ = self._waiting.take(name)
        if id_ is None:
            self._made += 1
            return new_call_id(self._notes.call_id, self._made)
        return id_


def _read_content(content: JSON, found: Fields) -> list[AnyPart]:
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(text=content)]
    if not isinstance(content, list):
        raise found.error("content", "must be a text or a list of parts")
    where = found.path("content")
    return [_read_part(Fields(item, f"{where}[{place}]")) for place, item in enumerate(content)]


def _read_part(found: Fields) -> AnyPart:
    kind = found.need("type", found.text("type"))
    if kind == "text":
        return Text(text=found.need("text", found.text("text")), extras=found.rest())
    inner = found.inner("image_url") if kind == "image_url" and isinstance(found.peek("image_url"), dict) else None
    if inner is None:
        return Opaque(kind=kind, raw={"type": kind, **found.rest()})
    data, url, mime = read_url(inner.need("url", inner.text("url")))
    detail = inner.text("detail")
    extras = {**found.rest(), **({"image_url": inner.rest()} if inner.rest() else {})}
    return Media(kind=MediaKind.IMAGE, data=data, url=url, mime=mime, detail=detail, extras=extras)


def _read_tool(found: Fields) -> AnyTool:
    inner = found.inner("function")
    source = found if inner is None else inner
    typed = found.text("type") if found.peek("type") == "function" else None
    name = source.need("name", source.text("name"))
    description, schema = source.text("description"), source.take("parameters")
    extras = source.rest()
    if inner is not None:
        extras = {**found.rest(), **({"function": extras} if extras else {})}
    spelling = f"{FLAT if inner is None else ''} {UNTYPED if typed is None else ''}".strip()
    return Tool(name=name, description=description, schema=schema, spelling=spelling, extras=extras)


def _read_choice(found: Fields) -> ToolChoice | None:
    given = found.peek("tool_choice")
    if isinstance(given, str) and given in _MODES:
        found.take("tool_choice")
        return ToolChoice(mode=_MODES[given])
    name = given.get("function", {}).get("name") if _names_a_tool(given) else None
    if not isinstance(name, str):
        return None
    found.take("tool_choice")
    return ToolChoice(mode=ChoiceMode.NAMED, names=(name,))


def _names_a_tool(given: JSON) -> bool:
    """Whether a choice is one tool, and nothing more is said of it."""
    if not isinstance(given, dict) or given.keys() != {"type", "function"} or given["type"] != "function":
        return False
    return isinstance(given["function"], dict) and given["function"].keys() == {"name"}


def _read_format(found: Fields) -> Format | None:
    given = found.inner("response_format")
    if given is None:
        return None
    kind = _FORMATS.get(given.need("type", given.text("type")))
    if kind is None:
        raise given.error("type", "must be text, json_object or json_schema")
    schema = given.take("json_schema") if kind is FormatKind.SCHEMA else None
    return Format(kind=kind, schema=schema, extras=given.rest())
