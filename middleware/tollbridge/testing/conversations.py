"""Conversations and answers for property tests: everything the canonical model holds and several dialects can say."""

import re
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st

from tollbridge.formats.conversation import (
    ChoiceMode,
    Format,
    FormatKind,
    Message,
    Request,
    Role,
    Thinking,
    Tool,
    ToolChoice,
)
from tollbridge.formats.events import AnyEvent
from tollbridge.formats.notes import Notes
from tollbridge.formats.parts import AnyPart, Media, MediaKind, Reasoning, Refusal, State, Text, ToolCall, ToolResult
from tollbridge.formats.response import Choice, Response, Stop
from tollbridge.formats.seal import KeyedSeal
from tollbridge.formats.values import decode_json, encode_json, json_text
from tollbridge.metering.usage import Usage

SEAL = KeyedSeal(b"s" * 32)
STRANGER = "stranger"
"""The origin of what is generated: no dialect's own, so that each writes it as it writes another's."""


def notes(*, strict: bool = False) -> Notes:
    """Make the notes of one translation."""
    return Notes(SEAL, strict=strict, now=1_700_000_000, call_id="req_1")


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40).filter(
    lambda text: bool(text.strip())
)
names = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True)
ids = st.from_regex(r"call_[A-Za-z0-9]{4,12}", fullmatch=True)
numbers = st.integers(0, 200).map(lambda hundredths: Decimal(hundredths) / 100)
scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | words
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))
objects = st.dictionaries(names, values, max_size=4)

schemas = st.dictionaries(names, st.sampled_from(("string", "integer", "boolean")), min_size=1, max_size=3).map(
    lambda fields: {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in fields.items()},
        "required": list(fields),
        "additionalProperties": False,
    }
)

texts = words.map(lambda text: Text(text=text))
pictures = st.binary(min_size=1, max_size=9).map(
    lambda data: Media(kind=MediaKind.IMAGE, data=_base64(data), mime="image/png")
)


def _base64(data: bytes) -> str:
    return str(msgspec.to_builtins(data))


def calls_of(count: int) -> st.SearchStrategy[list[ToolCall]]:
    """Give so many calls with ids of their own."""
    return st.lists(ids, min_size=count, max_size=count, unique=True).flatmap(
        lambda found: st.tuples(*(_call(id_) for id_ in found)).map(list)
    )


def _call(id_: str) -> st.SearchStrategy[ToolCall]:
    return st.builds(
        lambda name, arguments: ToolCall(id=id_, name=name, arguments=json_text(arguments)), names, objects
    )


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Message, ...]:
    """Give messages as an agent's client sends them: system, then turns, with calls of tools and their results."""
    messages: list[Message] = []
    if draw(st.booleans()):
        messages.append(Message(role=Role.SYSTEM, parts=(draw(texts),), apart=True))
    for _ in range(draw(st.integers(1, 3))):
        asked = tuple(draw(st.lists(texts | pictures, min_size=1, max_size=2)))
        messages.append(Message(role=Role.USER, parts=asked, listed=len(asked) > 1))
        calls = draw(calls_of(draw(st.integers(0, 2))))
        said = (draw(texts),) if draw(st.booleans()) or not calls else ()
        messages.append(Message(role=Role.ASSISTANT, parts=(*said, *calls)))
        if calls:
            results = tuple(ToolResult(call_id=call.id, content=(draw(texts),)) for call in calls)
            messages.append(Message(role=Role.TOOL, parts=results))
            messages.append(Message(role=Role.ASSISTANT, parts=(draw(texts),)))
    messages.append(Message(role=Role.USER, parts=(draw(texts),)))
    return tuple(messages)


def _tools(called: frozenset[str]) -> st.SearchStrategy[tuple[Tool, ...] | None]:
    made = st.builds(lambda name, told, schema: Tool(name=name, description=told, schema=schema), names, words, schemas)
    given = st.lists(made, max_size=2, unique_by=lambda tool: tool.name)
    return given.map(
        lambda tools: (
            tuple(tools) + tuple(Tool(name=name, schema={"type": "object"}) for name in sorted(called - _named(tools)))
            or None
        )
    )


def _named(tools: list[Tool]) -> frozenset[str]:
    return frozenset(tool.name for tool in tools)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Give a request that says much of what can be said."""
    messages = draw(conversations())
    called = frozenset(part.name for message in messages for part in message.parts if isinstance(part, ToolCall))
    tools = draw(_tools(called))
    choice = None
    if tools:
        modes = st.sampled_from((ChoiceMode.AUTO, ChoiceMode.REQUIRED, ChoiceMode.NONE)).map(
            lambda mode: ToolChoice(mode=mode)
        )
        named = st.just(ToolChoice(mode=ChoiceMode.NAMED, names=(tools[0].name,)))
        choice = draw(st.none() | modes | named)
    form = st.builds(lambda schema, name: Format(kind=FormatKind.SCHEMA, schema=schema, name=name), schemas, names)
    efforts = st.sampled_from(("low", "medium", "high")).map(lambda effort: Thinking(effort=effort))

    def maybe(strategy: st.SearchStrategy[Any]) -> Any:
        return draw(st.none() | strategy)

    return Request(
        origin=STRANGER,
        model="m",
        messages=messages,
        max_output=maybe(st.integers(1, 9_999)),
        temperature=maybe(numbers),
        top_p=maybe(numbers.filter(lambda value: value <= 1)),
        top_k=maybe(st.integers(1, 100)),
        frequency_penalty=maybe(numbers),
        presence_penalty=maybe(numbers),
        seed=maybe(st.integers(0, 2**31 - 1)),
        stop=maybe(st.lists(words, min_size=1, max_size=3).map(tuple)),
        tools=tools,
        choice=choice,
        parallel_tools=maybe(st.booleans()) if tools else None,
        format=maybe(form),
        thinking=maybe(efforts),
        metadata=maybe(st.dictionaries(names, words, max_size=2)),
        user=maybe(names),
    )


usages = st.builds(
    lambda new, read, written, out, thought, searched: Usage(
        input=new,
        cache_read=read,
        cache_write=written,
        output=out,
        reasoning=min(out, thought),
        server_tool_calls=searched,
    ),
    *(st.integers(0, 10_000) for _ in range(6)),
)


@st.composite
def responses(draw: st.DrawFn) -> Response:
    """Give an answer: perhaps some reasoning with a state, perhaps words, perhaps calls."""
    parts: list[AnyPart] = []
    if draw(st.booleans()):
        state = State(STRANGER, draw(st.dictionaries(names, words, min_size=1, max_size=2)))
        parts.append(Reasoning(text=draw(words), state=state))
    calls = draw(calls_of(draw(st.integers(0, 2))))
    if draw(st.booleans()) or not calls:
        parts.append(draw(texts))
    parts += calls
    stop = Stop.TOOL_CALLS if calls else draw(st.sampled_from((Stop.END, Stop.LENGTH)))
    return Response(
        origin=STRANGER,
        id="answer_1",
        model="m",
        created=1_700_000_000,
        choices=(Choice(parts=tuple(parts), stop=stop),),
        usage=draw(st.none() | usages),
    )


def said(response: Response) -> dict[str, Any]:
    """Give what an answer says, the same whatever dialect it went through: words, calls, why it stopped, usage."""
    parts = [part for choice in response.choices for part in choice.parts]
    return {
        "text": "".join(part.text for part in parts if isinstance(part, Text | Refusal)),
        "reasoning": "".join(part.text for part in parts if isinstance(part, Reasoning)),
        "calls": [
            (part.name, part.arguments if part.custom else plain(part.arguments))
            for part in parts
            if isinstance(part, ToolCall)
        ],
        "stop": [choice.stop for choice in response.choices],
    }


def plain(arguments: str) -> Any:
    """Give arguments as a value, so that spaces in them do not count."""
    return decode_json(arguments or "{}")


def bodies() -> st.SearchStrategy[bytes]:
    """Give JSON of any shape, with the names that dialects know in all the wrong places."""
    keys = st.sampled_from(KNOWN) | names
    shapes = st.recursive(
        scalars | st.sampled_from(KNOWN) | numbers,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
        max_leaves=25,
    )
    return st.dictionaries(keys, shapes, max_size=8).map(encode_json)


KNOWN = tuple(
    re.findall(
        r"\w+",
        """models messages role content parts contents text type input input_text output output_text instructions system
        user assistant tool tools function name arguments id call_id tool_calls tool_use tool_result functionCall
        functionResponse args response inlineData mimeType data source image_url url file thinking signature reasoning
        summary choices delta message candidates finishReason finish_reason stop_reason stop usage usageMetadata index
        stream max_tokens metadata generationConfig thinkingConfig systemInstruction toolConfig tool_choice
        response_format json_schema schema content_block event error status detail citations annotations logprobs
        toolUse toolUseId toolResult image format bytes inferenceConfig toolSpec inputSchema json prompt images done
        created_at embedding""",
    )
)
"""Names that mean something to some dialect."""


def events_of(reader: Any, stream: bytes, size: int) -> list[AnyEvent]:
    """Feed a stream in pieces of so many bytes, and its end."""
    events: list[AnyEvent] = []
    for begin in range(0, len(stream), size):
        events += reader.feed(stream[begin : begin + size])
    events += reader.feed(b"")
    return events
