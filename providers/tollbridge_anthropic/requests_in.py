"""Reading requests, for an answer and for a count of tokens alike."""

from collections.abc import Iterator
from itertools import groupby

from tollbridge.formats import (
    AnyPart,
    Envelope,
    Fields,
    Message,
    Notes,
    Request,
    Role,
    Seal,
    ToolResult,
    decode_json,
)
from tollbridge_anthropic.content_in import OF_ASSISTANTS, OF_SYSTEM, OF_USERS, read_content, take_cache
from tollbridge_anthropic.options_in import read_format, read_thinking
from tollbridge_anthropic.tools_in import read_choice, read_tools
from tollbridge_anthropic.words import NAME

_ESSENTIAL = ("compaction", "container", "inference_geo", "mcp_servers", "thread")
"""A summary instead of an answer, files that are there, where the data may go, tools that are reached, what was said
before and is kept there: without them it is another request."""
_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_KINDS = {Role.USER: OF_USERS, Role.ASSISTANT: OF_ASSISTANTS, Role.SYSTEM: OF_SYSTEM}


def read_request(body: bytes, envelope: Envelope, notes: Notes) -> Request:
    """Read a request; raises `BadRequest` naming the field that is wrong."""
    fields = Fields(decode_json(body))
    seal = notes.seal
    model = fields.need("model", fields.text("model"))
    messages = (*_system(fields, seal), *_messages(fields, seal))
    thinking, answer_format = read_thinking(fields), read_format(fields)
    choice, parallel = read_choice(fields)
    return Request(
        origin=NAME,
        model=model,
        messages=messages,
        stream=fields.flag("stream"),
        max_output=fields.whole("max_tokens"),
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        top_k=fields.whole("top_k"),
        stop=_stop(fields),
        tools=read_tools(fields),
        choice=choice,
        parallel_tools=parallel,
        format=answer_format,
        thinking=thinking,
        user=_user(fields),
        tier=fields.text("service_tier"),
        cache=take_cache(fields),
        essential=tuple(name for name in _ESSENTIAL if name in fields),
        extras=_rest(fields),
    )


def _rest(fields: Fields) -> dict[str, object]:
    """Give what was not taken; what is left of a place for several things is nothing where it is empty."""
    rest = fields.rest()
    if rest.get("output_config") == {}:
        del rest["output_config"]
    return rest


def _stop(fields: Fields) -> tuple[str, ...] | None:
    found = fields.items("stop_sequences")
    if found is not None and not all(isinstance(text, str) for text in found):
        raise fields.error("stop_sequences", "must be a list of texts")
    return None if found is None else tuple(found)


def _user(fields: Fields) -> str | None:
    inner = fields.inner("metadata")
    if inner is None:
        return None
    user = inner.text("user_id")
    if user is None or inner.rest():
        fields.put_back("metadata", inner.rest())
    return user


def _system(fields: Fields, seal: Seal) -> Iterator[Message]:
    if "system" not in fields:
        return
    parts, listed = read_content(fields, OF_SYSTEM, seal, "system")
    if "system" in fields:
        raise fields.error("system", "must be a text or a list of blocks")
    yield Message(role=Role.SYSTEM, parts=parts, apart=True, listed=listed)


def _messages(fields: Fields, seal: Seal) -> Iterator[Message]:
    found = fields.each("messages")
    if found is None:
        raise fields.error("messages", "is missing")
    for inner in found:
        yield from _message(inner, seal)


def _message(fields: Fields, seal: Seal) -> Iterator[Message]:
    """Read one message; the user's results of tools stand in messages of their own."""
    said = fields.need("role", fields.text("role"))
    role = _ROLES.get(said)
    if role is None:
        raise fields.error("role", f"must be one of {', '.join(_ROLES)}, not {said!r}")
    if "content" not in fields and role is not Role.SYSTEM:
        raise fields.error("content", "is missing")
    parts, listed = read_content(fields, _KINDS[role], seal)
    if "content" in fields:
        raise fields.error("content", "must be a text or a list of blocks")
    extras = fields.rest()
    runs = _runs(parts) if role is Role.USER else [(False, parts)]
    for place, (results, run) in enumerate(runs):
        yield Message(
            role=Role.TOOL if results else role,
            parts=run,
            joined=place > 0,
            listed=listed,
            extras=extras if place == 0 else {},
        )


def _runs(parts: tuple[AnyPart, ...]) -> list[tuple[bool, tuple[AnyPart, ...]]]:
    runs = groupby(parts, key=lambda part: isinstance(part, ToolResult))
    return [(results, tuple(run)) for results, run in runs] or [(False, ())]
