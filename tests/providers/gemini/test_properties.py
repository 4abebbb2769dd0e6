"""Laws of the codec, over generated messages."""

import contextlib
import itertools
import json
from base64 import b64encode
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.gemini.support import CODEC, ELSE, asked, by_json_names, events_of, notes, written

from tollbridge import GatewayError, Usage
from tollbridge.formats import (
    AnyPart,
    Choice,
    Citation,
    End,
    Envelope,
    Logprob,
    Media,
    MediaKind,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Request,
    Response,
    Role,
    ServerCall,
    State,
    Stop,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    decode_json,
    encode_json,
    fold,
    unfold,
)
from tollbridge_gemini.counting import CountCodec
from tollbridge_gemini.embedding import EmbedCodec
from tollbridge_gemini.names import NAME

WORDS = st.text(st.characters(codec="utf-8"), max_size=8)
NAMES = st.sampled_from(("lookup", "get_weather", "f"))
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS
JSONS = st.recursive(
    SCALARS | st.decimals(-1000, 1000, places=2).map(lambda number: number + Decimal("0.001")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(WORDS, JSONS, max_size=3)
UNKNOWN = st.dictionaries(st.sampled_from(("fresh", "newField")), JSONS.filter(lambda value: value is not None))
SIGNED = st.dictionaries(st.just("thoughtSignature"), st.binary(min_size=1, max_size=9).map(lambda b: b.hex() * 4))
DATA = st.binary(min_size=1, max_size=8).map(lambda data: b64encode(data).decode())


def part(**members: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Make a part: its own member, a signature and what is unknown."""
    return st.builds(
        lambda own, signed, more: {**own, **signed, **more}, st.fixed_dictionaries(members), SIGNED, UNKNOWN
    )


def held(optional: dict[str, Any] | None = None, **members: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(members, optional=optional or {})


MEDIA = part(
    inlineData=held(mimeType=st.sampled_from(("image/png", "audio/wav", "application/pdf")), data=DATA)
) | part(
    fileData=held({"mimeType": st.just("video/mp4")}, fileUri=st.sampled_from(("gs://b/o", "https://e.test/a.png")))
)
USER = st.lists(
    part(text=WORDS)
    | MEDIA
    | part(
        functionResponse=held(
            {"id": WORDS.filter(bool), "parts": st.lists(MEDIA, min_size=1, max_size=2)}, name=NAMES, response=OBJECTS
        )
    ),
    min_size=1,
    max_size=4,
)
MODEL = st.lists(
    part(text=WORDS)
    | part(text=WORDS, thought=st.just(True))
    | part(functionCall=held({"id": WORDS.filter(bool), "args": OBJECTS}, name=NAMES))
    | part(executableCode=held(language=st.just("PYTHON"), code=WORDS))
    | part(codeExecutionResult=held(outcome=st.just("OUTCOME_OK"), output=WORDS))
    | part(toolCall=held(toolType=st.just("URL_CONTEXT"), id=WORDS, args=OBJECTS)),
    min_size=1,
    max_size=4,
)
CONTENTS = st.lists(
    st.builds(lambda parts, more: {"role": "user", "parts": parts, **more}, USER, UNKNOWN)
    | st.builds(lambda parts, more: {"role": "model", "parts": parts, **more}, MODEL, UNKNOWN),
    max_size=4,
)
SCHEMAS = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(("STRING", "string", "Integer", "NULL", "x"))},
        optional={"nullable": st.booleans(), "enum": st.lists(WORDS, max_size=2), "maxItems": st.just("4")},
    ),
    lambda inner: (
        st.fixed_dictionaries({"type": st.just("OBJECT"), "properties": st.dictionaries(WORDS, inner, max_size=2)})
        | st.fixed_dictionaries({"type": st.just("ARRAY"), "items": inner})
        | st.fixed_dictionaries({"anyOf": st.lists(inner, max_size=2)}, optional={"any_of": st.just([])})
    ),
    max_leaves=4,
)
FUNCTION = st.fixed_dictionaries({"name": NAMES}, optional={"description": WORDS, "parameters": SCHEMAS}) | st.builds(
    lambda name, schema, more: {"name": name, "parametersJsonSchema": schema, **more}, NAMES, OBJECTS, UNKNOWN
)
TOOLS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "functionDeclarations": st.lists(FUNCTION, max_size=3),
            "googleSearch": st.just({}) | st.just({"excludeDomains": ["a.test"]}),
            "codeExecution": st.just({}),
            "fresh": OBJECTS,
        },
    ),
    max_size=3,
)
CONFIG = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.integers(0, 2) | st.none(),
        "topP": st.just(0.5),
        "topK": st.integers(1, 40),
        "candidateCount": st.integers(1, 4),
        "maxOutputTokens": st.integers(1, 9),
        "stopSequences": st.lists(WORDS, max_size=2),
        "seed": st.integers(0, 9),
        "responseLogprobs": st.booleans(),
        "logprobs": st.integers(0, 5),
        "responseMimeType": st.sampled_from(("application/json", "text/plain", "text/x.enum")),
        "responseSchema": SCHEMAS,
        "responseModalities": st.lists(st.sampled_from(("TEXT", "IMAGE")), max_size=2),
        "thinkingConfig": st.fixed_dictionaries(
            {},
            optional={
                "thinkingBudget": st.integers(-1, 9),
                "thinkingLevel": st.sampled_from(("LOW", "high", "FRESH")),
                "includeThoughts": st.booleans(),
            },
        ),
        "fresh": JSONS.filter(lambda value: value is not None),
    },
)
CHOICE = st.fixed_dictionaries(
    {},
    optional={
        "functionCallingConfig": st.fixed_dictionaries(
            {},
            optional={
                "mode": st.sampled_from(("AUTO", "any", "NONE", "VALIDATED")),
                "allowedFunctionNames": st.lists(NAMES, max_size=2),
            },
        ),
        "retrievalConfig": OBJECTS,
    },
)
BODIES = st.fixed_dictionaries(
    {"contents": CONTENTS},
    optional={
        "systemInstruction": WORDS
        | st.builds(lambda parts: {"parts": parts}, st.lists(part(text=WORDS), max_size=2))
        | st.just({"parts": {"text": "one"}, "role": "system"}),
        "tools": TOOLS,
        "toolConfig": CHOICE,
        "generationConfig": CONFIG,
        "safetySettings": st.just([{"category": "x", "threshold": "y"}]),
        "cachedContent": st.just("cachedContents/1"),
        "serviceTier": st.sampled_from(("FLEX", "standard", "fresh")),
        "store": st.booleans(),
        "fresh": JSONS,
    },
)


@settings(max_examples=150, deadline=None)
@given(BODIES)
def test_request_is_the_same_when_read_and_written(body: dict[str, Any]) -> None:
    text = encode_json(body)

    request = CODEC.read_request(text, Envelope("gemini-3-flash"), notes())

    assert by_json_names(decode_json(CODEC.write_request(request, notes()))) == by_json_names(decode_json(text))


KEYS = st.sampled_from(
    (
        *("contents", "parts", "role", "text", "thought", "thoughtSignature", "functionCall", "args", "name", "id"),
        *("functionResponse", "response", "inlineData", "data", "mimeType", "fileData", "fileUri", "tools", "mode"),
        *("functionDeclarations", "toolConfig", "functionCallingConfig", "allowedFunctionNames", "generationConfig"),
        *("thinkingConfig", "thinkingLevel", "responseSchema", "type", "properties", "systemInstruction", "content"),
        *("candidates", "finishReason", "groundingMetadata", "groundingChunks", "groundingSupports", "segment"),
        *("web", "uri", "startIndex", "endIndex", "groundingChunkIndices", "logprobsResult", "chosenCandidates"),
        *("token", "topCandidates", "usageMetadata", "promptTokenCount", "promptTokensDetails", "promptFeedback"),
        *("blockReason", "error", "code", "status", "details", "partialArgs", "jsonPath", "willContinue"),
        *("stringValue", "citationMetadata", "citations", "urlContextMetadata", "urlMetadata", "retrievedUrl"),
        *("executableCode", "toolCall", "requests", "embedding", "embeddings", "values", "index", "function_call"),
        *("file_data", "stop_sequences", "stopSequences", "createTime", "responseId", "modelVersion", "parameters"),
    )
)
SHAPES = st.recursive(
    SCALARS | st.sampled_from(("user", "model", "STOP", "OBJECT", "$.a[0].b", "$.a", "LOW", "ANY", 3.5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
INSIDE = st.lists(st.dictionaries(KEYS, SHAPES, max_size=3), max_size=3)


@settings(max_examples=250, deadline=None)
@given(SHAPES | st.builds(lambda parts: {"contents": [{"parts": parts}]}, INSIDE))
def test_nothing_but_a_gateway_error_comes_of_any_request(body: Any) -> None:
    for codec in (CODEC, CountCodec(), EmbedCodec(batch=True), EmbedCodec(batch=False)):
        try:
            request = codec.read_request(encode_json(body), Envelope("gemini-3-pro"), notes())
        except GatewayError:
            continue

        assert codec.write_request(request, notes())  # type: ignore[arg-type]  # of its own kind


@settings(max_examples=250, deadline=None)
@given(
    SHAPES
    | st.builds(
        lambda candidate, more: {"candidates": [candidate], **more},
        st.dictionaries(KEYS, SHAPES, max_size=4) | st.builds(lambda parts: {"content": {"parts": parts}}, INSIDE),
        st.dictionaries(KEYS, SHAPES, max_size=2),
    )
)
def test_nothing_but_a_gateway_error_comes_of_any_answer(body: Any) -> None:
    text = encode_json(body)
    for codec in (CODEC, CountCodec(), EmbedCodec(batch=True)):
        try:
            response = codec.read_response(text, notes())
        except GatewayError:
            continue
        assert codec.write_response(response, asked(), notes())  # type: ignore[arg-type]  # of its own kind
    assert isinstance(CODEC.read_error(400, text), GatewayError)
    with contextlib.suppress(GatewayError):
        written(unfold(fold(events_of(b"data: " + text + b"\n\n", 7))))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.integers(1, 9))
def test_nothing_but_a_gateway_error_comes_of_garbage(data: bytes, size: int) -> None:
    for text in (data, b"data: " + data + b"\n\n", b'data: {"candidates":' + data):
        for read in (
            lambda text: CODEC.read_request(text, Envelope("m"), notes()),
            lambda text: CODEC.read_response(text, notes()),
            lambda text: events_of(text, size),
        ):
            with contextlib.suppress(GatewayError):
                read(text)
        assert isinstance(CODEC.read_error(500, text), GatewayError)


@pytest.mark.parametrize("opening", ["[", '{"contents":[{"parts":[{"functionResponse":{"parts":', '{"x":'])
def test_nesting_without_end_is_refused(opening: str) -> None:
    for depth in (300, 900, 5000):
        text = (opening * depth + "0").encode()
        closed = (opening * depth + "0" + "]" * depth).encode()
        for body in (text, closed):
            with pytest.raises(GatewayError):
                CODEC.read_request(body, Envelope("m"), notes())
            with pytest.raises(GatewayError):
                CODEC.read_response(body, notes())


STATES = st.none() | st.builds(State, st.sampled_from(("a", "b")), OBJECTS)
CITATIONS = st.lists(
    st.builds(
        Citation,
        url=st.none() | st.just("https://e.test"),
        title=st.none() | WORDS,
        cited=st.none() | WORDS,
        start=st.none() | st.integers(0, 9),
        end=st.none() | st.integers(0, 9),
    ),
    max_size=2,
).map(tuple)
TOKENS = st.none() | st.lists(st.builds(Logprob, WORDS, st.integers(-9, 0)), min_size=1, max_size=2).map(tuple)
PARTS: st.SearchStrategy[AnyPart] = (
    st.builds(Text, text=WORDS, state=STATES, citations=CITATIONS)
    | st.builds(Refusal, text=WORDS)
    | st.builds(Reasoning, text=WORDS, state=STATES, summary=st.booleans())
    | st.builds(
        ToolCall,
        id=WORDS.filter(bool),
        name=NAMES,
        arguments=OBJECTS.map(lambda value: encode_json(value).decode()) | st.just("") | st.just("{broken"),
        state=STATES,
    )
    | st.builds(Media, kind=st.just(MediaKind.IMAGE), data=DATA, mime=st.just("image/png"))
    | st.builds(ServerCall, tool=st.just("web_search"), raw=OBJECTS)
    | st.builds(Opaque, kind=st.just("x"), raw=OBJECTS)
)
USAGES = st.none() | st.builds(
    lambda *counts: Usage(*counts, reasoning=min(counts[6], 3)), *(st.integers(0, 9) for _ in range(8))
)
RESPONSES = st.builds(
    Response,
    origin=st.just(ELSE),
    id=WORDS,
    model=WORDS,
    created=st.none() | st.integers(0, 2**33),
    choices=st.lists(
        st.builds(
            Choice, parts=st.lists(PARTS, max_size=5).map(tuple), stop=st.none() | st.sampled_from(Stop), extras=OBJECTS
        ),
        min_size=1,
        max_size=2,
    ).map(lambda choices: tuple(Choice(index=i, parts=c.parts, stop=c.stop) for i, c in enumerate(choices))),
    usage=USAGES,
    tier=st.none() | st.sampled_from(("default", "flex", "scale")),
)


@settings(max_examples=200, deadline=None)
@given(RESPONSES, st.integers(1, 50))
def test_streamed_answer_is_the_answer_whole_at_any_cut(response: Response, size: int) -> None:
    whole = CODEC.read_response(CODEC.write_response(response, asked(), notes()), notes())

    events = events_of(written(unfold(response)), size)

    assert fold(events) == whole
    assert isinstance(events[-1], End)
    if response.usage is not None and whole.usage is not None:
        assert whole.usage.total == response.usage.total


@settings(max_examples=80, deadline=None)
@given(RESPONSES, st.integers(0, 400))
def test_stream_that_is_cut_off_has_no_end(response: Response, kept: int) -> None:
    stream = written(unfold(response))

    events = events_of(stream[: min(kept, len(stream) - 30)])

    assert not any(isinstance(event, End) for event in events)


@settings(max_examples=200, deadline=None)
@given(st.lists(PARTS, max_size=6), st.sampled_from(("gemini-2.0-flash", "gemini-2.5-pro", "gemini-3-pro-preview")))
def test_state_comes_back_to_the_provider_it_is_of(parts: list[AnyPart], model: str) -> None:
    response = Response(origin=ELSE, choices=(Choice(parts=tuple(parts)),))
    content = json.loads(CODEC.write_response(response, asked(), notes()))["candidates"][0].get("content")

    body = {"contents": [content] if content else []}
    request = CODEC.read_request(json.dumps(body).encode(), Envelope(model), notes())

    back = [part for message in request.messages for part in message.parts]
    calls = [part for part in parts if isinstance(part, ToolCall)]
    assert [part.state for part in back if isinstance(part, ToolCall)] == [part.state for part in calls]
    assert [part.id for part in back if isinstance(part, ToolCall)] == [part.id for part in calls]
    thought = [part for part in parts if isinstance(part, Reasoning) and part.state is not None]
    assert [part.state for part in back if isinstance(part, Reasoning) and part.state is not None] == [
        part.state for part in thought
    ]


MESSAGES = st.lists(
    st.builds(
        Message,
        role=st.sampled_from((Role.USER, Role.ASSISTANT, Role.SYSTEM, Role.DEVELOPER)),
        parts=st.lists(PARTS, max_size=3).map(tuple),
        name=st.none() | WORDS,
        joined=st.booleans(),
    )
    | st.builds(
        lambda call, name, content: Message(
            role=Role.TOOL, parts=(ToolResult(call_id=call, name=name, content=content),)
        ),
        WORDS,
        NAMES,
        st.lists(PARTS, max_size=2).map(tuple),
    ),
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(
    MESSAGES,
    st.sampled_from(("gemini-2.0-flash", "gemini-2.5-flash", "gemini-3-pro-preview", "gemma-3")),
    st.builds(
        Thinking,
        enabled=st.none() | st.booleans(),
        budget=st.none() | st.integers(-1, 99_999),
        effort=st.none() | st.sampled_from(("none", "minimal", "low", "medium", "high", "xhigh", "max", "odd")),
        shown=st.none() | st.booleans(),
    ),
    st.lists(st.builds(Tool, name=NAMES, schema=SCHEMAS | st.none(), strict=st.none() | st.booleans()), max_size=2),
)
def test_request_of_another_dialect_is_written_so_that_it_can_be_read(
    messages: list[Message], model: str, thinking: Thinking, tools: list[Tool]
) -> None:
    request = Request(origin=ELSE, model=model, messages=tuple(messages), thinking=thinking, tools=tuple(tools))

    try:
        text = CODEC.write_request(request, notes())
    except GatewayError:
        return

    body = json.loads(text)
    assert CODEC.read_request(text, Envelope(model), notes()).origin == NAME
    assert body["contents"]
    assert all(content["parts"] for content in body["contents"])
    roles = [content["role"] for content in body["contents"]]
    assert ("model", "model") not in list(itertools.pairwise(roles))
