"""Reading plain requests at once; what is in them is said in `requests_in`, which reads all others."""

from itertools import groupby
from typing import Literal

from msgspec import UNSET

from tollbridge.formats import (
    JSON,
    UNSAID,
    AnyPart,
    Message,
    Plain,
    Request,
    Role,
    Seal,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolResult,
    carried,
    plain_decoder,
    plain_numbers,
)
from tollbridge_anthropic.options_in import ON
from tollbridge_anthropic.plain import (
    PlainCache,
    PlainCall,
    PlainImage,
    PlainText,
    PlainThinking,
    read_answered,
    read_cache,
    read_image,
    read_text,
)
from tollbridge_anthropic.tools_in import MODES
from tollbridge_anthropic.words import NAME


class _Result(Plain, tag_field="type", tag="tool_result"):
    tool_use_id: str
    content: str | list[PlainText | PlainImage] = UNSAID
    is_error: bool = UNSAID
    cache_control: PlainCache = UNSAID


class _User(Plain, tag_field="role", tag="user"):
    content: str | list[PlainText | PlainImage | _Result]


class _Assistant(Plain, tag_field="role", tag="assistant"):
    content: str | list[PlainText | PlainThinking | PlainCall]


class _SystemText(Plain):
    type: Literal["text"]
    text: str
    cache_control: PlainCache = UNSAID


class _Tool(Plain):
    name: str
    input_schema: dict[str, JSON]
    description: str = UNSAID
    strict: bool = UNSAID
    type: Literal["custom"] = UNSAID
    cache_control: PlainCache = UNSAID


class _Choice(Plain):
    type: Literal["auto", "any", "tool", "none"]
    name: str = UNSAID
    disable_parallel_tool_use: bool = UNSAID


class _Thinking(Plain):
    type: Literal["enabled", "adaptive", "disabled"]
    budget_tokens: int = UNSAID


class _Metadata(Plain):
    user_id: str


class _PlainRequest(Plain):
    model: str
    messages: list[_User | _Assistant]
    system: str | list[_SystemText] = UNSAID
    stream: bool = UNSAID
    max_tokens: int = UNSAID
    temperature: JSON = UNSET
    top_p: JSON = UNSET
    top_k: int = UNSAID
    stop_sequences: list[str] = UNSAID
    tools: list[_Tool] = UNSAID
    tool_choice: _Choice = UNSAID
    thinking: _Thinking = UNSAID
    metadata: _Metadata = UNSAID
    service_tier: str = UNSAID
    cache_control: PlainCache = UNSAID


_decode = plain_decoder(_PlainRequest)


def read_plain_request(body: bytes, seal: Seal) -> Request | None:
    """Read a request, None for one that is not plain."""
    found = _decode(body)
    if found is None:
        return None
    numbers = plain_numbers(found.temperature, found.top_p)
    if numbers is None:
        return None
    temperature, top_p = numbers
    messages: list[Message] = []
    if found.system is not None:
        messages.append(_system(found.system))
    for message in found.messages:
        if isinstance(message, _User):
            messages += _user(message.content, seal)
        else:
            messages.append(_assistant(message.content, seal))
    choice, stop, tools, metadata = found.tool_choice, found.stop_sequences, found.tools, found.metadata
    return Request(
        origin=NAME,
        model=found.model,
        messages=tuple(messages),
        stream=found.stream,
        max_output=found.max_tokens,
        temperature=temperature,
        top_p=top_p,
        top_k=found.top_k,
        stop=None if stop is None else tuple(stop),
        tools=None if tools is None else tuple(map(_tool, tools)),
        choice=None if choice is None else _choice(choice),
        parallel_tools=None if choice is None else _parallel(choice),
        thinking=None if found.thinking is None else _thinking(found.thinking),
        user=None if metadata is None else metadata.user_id,
        tier=found.service_tier,
        cache=read_cache(found.cache_control),
    )


def _system(said: str | list[_SystemText]) -> Message:
    if isinstance(said, str):
        return Message(role=Role.SYSTEM, parts=(Text(text=said),), apart=True)
    parts = tuple([Text(text=text.text, cache=read_cache(text.cache_control)) for text in said])
    return Message(role=Role.SYSTEM, parts=parts, apart=True, listed=True)


def _assistant(content: str | list[PlainText | PlainThinking | PlainCall], seal: Seal) -> Message:
    if isinstance(content, str):
        return Message(role=Role.ASSISTANT, parts=(Text(text=content),))
    return Message(role=Role.ASSISTANT, parts=read_answered(content, seal), listed=True)


def _user(content: str | list[PlainText | PlainImage | _Result], seal: Seal) -> list[Message]:
    """Read what a user said; results of tools stand in messages of their own."""
    if isinstance(content, str):
        return [Message(role=Role.USER, parts=(Text(text=content),))]
    messages: list[Message] = []
    for results, run in groupby(content, key=lambda block: isinstance(block, _Result)):
        parts = tuple([_part(block, seal) for block in run])
        role, joined = Role.TOOL if results else Role.USER, bool(messages)
        messages.append(Message(role=role, parts=parts, joined=joined, listed=True))
    return messages or [Message(role=Role.USER, listed=True)]


def _part(block: PlainText | PlainImage | _Result, seal: Seal) -> AnyPart:
    if isinstance(block, PlainText):
        return read_text(block)
    if isinstance(block, PlainImage):
        return read_image(block)
    content = block.content
    said: tuple[AnyPart, ...] = ()
    if isinstance(content, str):
        said = (Text(text=content),)
    elif content is not None:
        said = tuple([_part(inner, seal) for inner in content])
    return ToolResult(
        call_id=carried(block.tool_use_id, seal)[0],
        content=said,
        listed=isinstance(content, list),
        error=block.is_error,
        cache=read_cache(block.cache_control),
    )


def _tool(found: _Tool) -> Tool:
    return Tool(
        name=found.name,
        description=found.description,
        schema=found.input_schema,
        strict=found.strict,
        cache=read_cache(found.cache_control),
        spelling=found.type or "",
    )


def _choice(found: _Choice) -> ToolChoice:
    return ToolChoice(mode=MODES[found.type], names=() if found.name is None else (found.name,))


def _parallel(found: _Choice) -> bool | None:
    alone = found.disable_parallel_tool_use
    return None if alone is None else not alone


def _thinking(found: _Thinking) -> Thinking:
    budget = -1 if found.budget_tokens is None and found.type == "adaptive" else found.budget_tokens
    return Thinking(enabled=ON[found.type], budget=budget, spelling=found.type)
