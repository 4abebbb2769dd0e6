"""Reading plain requests at once; what is in them is said in `chat_reading`, which reads all others."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import UNSET, UnsetType

from tollbridge.formats import (
    JSON,
    NO_EXTRAS,
    UNSAID,
    AnyPart,
    ChoiceMode,
    Message,
    Notes,
    Plain,
    Request,
    Role,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolResult,
    plain_decoder,
    plain_numbers,
    split_id,
)
from tollbridge_openai.chat_content import NAME
from tollbridge_openai.chat_plain import PlainCall, read_plain_call
from tollbridge_openai.chat_thought import recalled

_NULL_CONTENT = {"content": None}


class _Text(Plain):
    type: Literal["text"]
    text: str


class _Spoken(Plain, tag_field="role"):
    content: str | list[_Text]
    name: str = UNSAID


class _System(_Spoken, tag="system"):
    pass


class _Developer(_Spoken, tag="developer"):
    pass


class _User(_Spoken, tag="user"):
    pass


class _Assistant(Plain, tag_field="role", tag="assistant"):
    content: str | list[_Text] | UnsetType | None = UNSET
    tool_calls: list[PlainCall] = UNSAID
    name: str = UNSAID


class _Result(Plain, tag_field="role", tag="tool"):
    content: str | list[_Text]
    tool_call_id: str
    name: str = UNSAID


class _Function(Plain):
    name: str
    description: str = UNSAID
    parameters: dict[str, JSON] = UNSAID
    strict: bool = UNSAID


class _Tool(Plain):
    type: Literal["function"]
    function: _Function


class _StreamOptions(Plain):
    include_usage: bool


class _PlainRequest(Plain):
    model: str
    messages: list[_System | _Developer | _User | _Assistant | _Result]
    stream: bool = UNSAID
    stream_options: _StreamOptions = UNSAID
    max_tokens: int = UNSAID
    max_completion_tokens: int = UNSAID
    temperature: JSON = UNSET
    top_p: JSON = UNSET
    frequency_penalty: JSON = UNSET
    presence_penalty: JSON = UNSET
    seed: int = UNSAID
    stop: str | list[str] = UNSAID
    n: int = UNSAID
    tools: list[_Tool] = UNSAID
    tool_choice: Literal["auto", "none", "required"] = UNSAID
    parallel_tool_calls: bool = UNSAID
    reasoning_effort: str = UNSAID
    metadata: dict[str, JSON] = UNSAID
    user: str = UNSAID
    prompt_cache_key: str = UNSAID
    store: bool = UNSAID


_decode = plain_decoder(_PlainRequest)


def read_plain_request(body: bytes, notes: Notes) -> Request | None:
    """Read a request, None for one that is not plain."""
    found = _decode(body)
    if found is None:
        return None
    numbers = plain_numbers(found.temperature, found.top_p, found.frequency_penalty, found.presence_penalty)
    both_limits = found.max_tokens is not None and found.max_completion_tokens is not None
    if both_limits or numbers is None:
        return None
    limit, options = found.max_completion_tokens, found.stream_options
    choice, effort = found.tool_choice, found.reasoning_effort
    temperature, top_p, frequency, presence = numbers
    return Request(
        origin=NAME,
        model=found.model,
        messages=tuple([_READ[type(message)](message, notes) for message in found.messages]),
        stream=found.stream,
        stream_usage=None if options is None else options.include_usage,
        max_output=found.max_tokens if limit is None else limit,
        temperature=temperature,
        top_p=top_p,
        frequency_penalty=frequency,
        presence_penalty=presence,
        seed=found.seed,
        stop=_stop(found.stop),
        answers=found.n,
        tools=None if found.tools is None else tuple([_tool(tool.function) for tool in found.tools]),
        choice=None if choice is None else ToolChoice(mode=ChoiceMode(choice)),
        parallel_tools=found.parallel_tool_calls,
        thinking=None if effort is None else Thinking(effort=effort),
        metadata=found.metadata,
        user=found.user,
        cache_key=found.prompt_cache_key,
        store=found.store,
        spelling=_spelling(found),
    )


def _stop(said: str | list[str] | None) -> tuple[str, ...] | None:
    if said is None:
        return None
    return (said,) if isinstance(said, str) else tuple(said)


def _spelling(found: _PlainRequest) -> tuple[str, ...]:
    spelling = []
    if found.tools is not None:
        spelling.append("tools")
    if found.max_tokens is not None:
        spelling.append("max_tokens")
    if isinstance(found.stop, str):
        spelling.append("stop")
    return tuple(spelling)


def _tool(found: _Function) -> Tool:
    return Tool(name=found.name, description=found.description, schema=found.parameters, strict=found.strict)


def _parts(content: str | list[_Text]) -> tuple[AnyPart, ...]:
    if isinstance(content, str):
        return (Text(text=content),)
    return tuple([Text(text=item.text) for item in content])


def _spoken(role: Role) -> "Callable[[_Spoken, Notes], Message]":
    def read(found: _Spoken, notes: Notes) -> Message:
        content = found.content
        if type(content) is str:
            return Message(role=role, parts=(Text(text=content),), name=found.name)
        return Message(role=role, parts=_parts(content), name=found.name, listed=True)

    return read


def _assistant(found: _Assistant, notes: Notes) -> Message:
    content = found.content
    said = () if content is None or content is UNSET else _parts(content)
    calls = [read_plain_call(call) for call in found.tool_calls or ()]
    return Message(
        role=Role.ASSISTANT,
        parts=recalled((*said, *calls), notes) if calls else said,
        name=found.name,
        listed=isinstance(content, list),
        spelling="tool_calls" if found.tool_calls == [] else "",
        extras=_NULL_CONTENT if content is None else NO_EXTRAS,
    )


def _result(found: _Result, notes: Notes) -> Message:
    content = found.content
    result = ToolResult(
        call_id=split_id(found.tool_call_id, notes.seal)[0],
        content=_parts(content),
        name=found.name,
        listed=isinstance(content, list),
    )
    return Message(role=Role.TOOL, parts=(result,))


_READ: Mapping[type, Callable[[Any, Notes], Message]] = {
    _System: _spoken(Role.SYSTEM),
    _Developer: _spoken(Role.DEVELOPER),
    _User: _spoken(Role.USER),
    _Assistant: _assistant,
    _Result: _result,
}
