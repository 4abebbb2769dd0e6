"""Reading a request (https://ai.google.dev/api/generate-content#request-body, read 2026-11)."""

from dataclasses import dataclass
from itertools import groupby

from tollbridge.formats import JSON, NO_EXTRAS, AnyPart, AnyTool, Envelope, Message, Notes, Request, Role, ToolResult
from tollbridge_gemini.call_ids import CallIds
from tollbridge_gemini.config import CONFIG, ESSENTIAL, read_config
from tollbridge_gemini.names import NAME, Members, spelt
from tollbridge_gemini.parts_in import PartReader
from tollbridge_gemini.tools import read_choice, read_tools

_ROLES = {"user": Role.USER, "model": Role.ASSISTANT, "function": Role.USER, "tool": Role.USER}
_TIERS = {"standard": "default", "flex": "flex", "priority": "priority"}
_MEANT = ("cachedContent", "continuationToken")
"""Members that stand for a part of the conversation which is kept elsewhere."""


@dataclass(slots=True)
class Said:
    """What is said in a conversation, with which tools, and how that was spelled."""

    messages: list[Message]
    tools: tuple[AnyTool, ...] | None
    spelling: dict[str, str]


def read_request(found: Members, envelope: Envelope, notes: Notes) -> Request:
    """Read what is asked; raises `BadRequest`."""
    reader = PartReader(notes, CallIds(notes.call_id))
    spelling: dict[str, str] = {}
    messages: list[Message] = []
    if "systemInstruction" in found:
        messages.append(_system(found, reader))
    given = "contents" in found
    objects, single = found.one_or_each("contents")
    if single or (given and not objects):
        spelling["contents"] = "one" if single else "none"
    for item in objects:
        messages += _messages(item, reader)
    tools, spelling["tools"] = read_tools(found)
    return asked(found, envelope, Said(messages, tools, spelling))


def asked(found: Members, envelope: Envelope, said: Said) -> Request:
    """Make the request of what was said, and of the members that are left; raises `BadRequest`."""
    choice, tool_config, mode = read_choice(found)
    fields, config, marked = read_config(found)
    model, tier = found.text("model"), found.text("serviceTier")
    told = {**said.spelling, "mode": mode, "model": model or "", "tier": tier or ""}
    spelling = {**marked, **{name: value for name, value in told.items() if value}}
    extras = found.rest()
    extras.update({f"{CONFIG}.{name}": value for name, value in config.items()})
    extras.update({f"toolConfig.{name}": value for name, value in tool_config.items()})
    named = (*_MEANT, *(f"{CONFIG}.{name}" for name in ESSENTIAL))
    return Request(
        origin=NAME,
        model=envelope.model,
        messages=tuple(said.messages),
        stream=envelope.stream or None,
        tools=said.tools,
        choice=choice,
        tier=_TIERS.get(tier.lower(), tier) if tier is not None else None,
        store=found.flag("store"),
        essential=tuple(name for name in named if extras.get(name) is not None),
        spelling=tuple(f"{name}:{value}" for name, value in spelling.items()),
        extras=extras,
        **fields,
    )


def _system(found: Members, reader: PartReader) -> Message:
    """Read `systemInstruction`: a content, or a text."""
    if isinstance(found.peek("systemInstruction"), str):
        text = found.text("systemInstruction")
        parts = reader.content([Members({"text": text}, found.path("systemInstruction"))])
        return Message(role=Role.SYSTEM, parts=parts, apart=True)
    content = found.inner("systemInstruction")
    if content is None:
        raise found.error("systemInstruction", "must be a content")
    role = content.text("role")
    parts, spelling = _parts(content, reader)
    if role is not None:
        spelling["role"] = role
    return Message(
        role=Role.SYSTEM, parts=parts, apart=True, listed=True, spelling=spelt(spelling), extras=content.rest()
    )


def _messages(content: Members, reader: PartReader) -> list[Message]:
    """Read one content: as one message, or as several where results of tools and other parts are mixed."""
    said = content.text("role")
    role = _ROLES.get(said or "user")
    if role is None:
        raise content.error("role", "must be 'user' or 'model'")
    parts, spelling = _parts(content, reader)
    if said not in ("user", "model"):
        spelling["role"] = said or ""
    return in_runs(Message(role=role, parts=parts, listed=True, spelling=spelt(spelling), extras=content.rest()))


def in_runs(whole: Message) -> list[Message]:
    """Cut a message where results of tools and other parts meet."""
    if not any([isinstance(part, ToolResult) for part in whole.parts]):
        return [whole]
    messages: list[Message] = []
    for results, run in groupby(whole.parts, lambda part: isinstance(part, ToolResult)):
        role, joined = Role.TOOL if results else whole.role, bool(messages)
        spelling, extras = ("", NO_EXTRAS) if joined else (whole.spelling, whole.extras)
        parts = tuple(run)
        messages.append(Message(role=role, parts=parts, listed=True, joined=joined, spelling=spelling, extras=extras))
    return messages


def _parts(content: Members, reader: PartReader) -> tuple[tuple[AnyPart, ...], dict[str, str]]:
    spelling: dict[str, str] = {}
    if "parts" not in content:
        spelling["parts"] = "none"
    items, single = content.one_or_each("parts")
    if single:
        spelling["parts"] = "one"
    parts = reader.content(items)
    return parts, {**spelling, **spelling_in(reader)}


def spelling_in(reader: PartReader) -> dict[str, str]:
    """Give how the parts that were read last were spelled."""
    spelling: dict[str, str] = {}
    if reader.url_safe:
        spelling["data"] = "url"
    if reader.bare:
        spelling["bare"] = ",".join(map(str, reader.bare))
    return spelling


def spelling_of(request: Request) -> dict[str, JSON]:
    """Give how a request of this dialect was spelled."""
    pairs = (mark.partition(":") for mark in request.spelling)
    return {name: value for name, _, value in pairs}
