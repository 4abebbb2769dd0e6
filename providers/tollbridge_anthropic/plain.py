"""What is common to plain requests and plain answers; the other readers are `requests_in` and `answers_in`."""

from typing import Annotated, Literal

import msgspec

from tollbridge.formats import (
    JSON,
    NO_EXTRAS,
    UNSAID,
    AnyPart,
    CacheMark,
    Media,
    MediaKind,
    Plain,
    Reasoning,
    Seal,
    Text,
    ToolCall,
    carried,
    json_text,
)
from tollbridge_anthropic.content_in import signed_state
from tollbridge_anthropic.recalled import Recalled


class PlainCache(Plain):
    type: Literal["ephemeral"]
    ttl: Annotated[str, msgspec.Meta(min_length=1)] = ""


class PlainText(Plain, tag_field="type", tag="text"):
    text: str
    cache_control: PlainCache = UNSAID


class PlainSource(Plain):
    type: Literal["base64"]
    media_type: str
    data: str


class PlainImage(Plain, tag_field="type", tag="image"):
    source: PlainSource
    cache_control: PlainCache = UNSAID


class PlainThinking(Plain, tag_field="type", tag="thinking"):
    thinking: str
    signature: str


class PlainCall(Plain, tag_field="type", tag="tool_use"):
    """A call; `caller` says what of Anthropic's called."""

    id: str
    name: str
    input: dict[str, JSON]
    cache_control: PlainCache = UNSAID
    caller: dict[str, JSON] = UNSAID


def read_cache(found: PlainCache | None) -> CacheMark | None:
    """Read a cache mark."""
    return None if found is None else CacheMark(found.ttl)


def read_text(found: PlainText) -> Text:
    """Read a text."""
    cache = found.cache_control
    return Text(text=found.text) if cache is None else Text(text=found.text, cache=CacheMark(cache.ttl))


def read_image(found: PlainImage) -> Media:
    """Read a picture that is all here."""
    source = found.source
    return Media(kind=MediaKind.IMAGE, data=source.data, mime=source.media_type, cache=read_cache(found.cache_control))


def read_answered(blocks: "list[PlainText | PlainThinking | PlainCall]", seal: Seal) -> tuple[AnyPart, ...]:
    """Read what a model said; the reasoning that a call's id holds stands before it, once."""
    parts: list[AnyPart] = []
    recalled = Recalled(parts)
    for block in blocks:
        if isinstance(block, PlainText):
            parts.append(read_text(block))
        elif isinstance(block, PlainThinking):
            state = signed_state(block.thinking, block.signature, seal) if block.signature else None
            parts.append(Reasoning(text=block.thinking, state=state))
        else:
            call, thought = _call(block, seal)
            if thought:
                recalled.put(thought)
            parts.append(call)
    return tuple(parts)


def _call(found: PlainCall, seal: Seal) -> tuple[ToolCall, list[Reasoning]]:
    id_, state, thought = carried(found.id, seal)
    call = ToolCall(
        id=id_,
        name=found.name,
        arguments=json_text(found.input),
        state=state,
        cache=read_cache(found.cache_control),
        extras=NO_EXTRAS if found.caller is None else {"caller": found.caller},
    )
    return call, thought
