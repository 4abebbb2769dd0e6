"""JSON may be nested deeper than anybody reads: a request is refused, an answer passes and is not counted."""

import sys
from typing import Any

import pytest

from tollbridge.errors import BadRequest, GatewayError
from tollbridge.formats import CONVERSATION, Dialect, Envelope, Operation, UsageSeen
from tollbridge.plugins import Plugins
from tollbridge.testing.conversation_contract import notes
from tollbridge_bedrock.frames import write_event

DIALECTS = Plugins().register_all().dialects
CHUNK = b'data: {"usage":{"prompt_tokens":1,"completion_tokens":1},"finish_reason":"stop","x":%b}\n\n'
DELTA = b'data: {"type":"message_delta","usage":{"output_tokens":1},"x":%b}\n\n'
COMPLETED = b'data: {"type":"response.completed","response":{"usage":{"input_tokens":1},"output":%b}}\n\n'
DRAWN = b'data: {"type":"image_generation.completed","usage":{"input_tokens":1},"x":%b}\n\n'
HEARD = b'data: {"type":"transcript.text.done","usage":{"input_tokens":1,"x":%b}}\n\n'
SPOKEN = b'data: {"type":"speech.audio.done","usage":{"input_tokens":1},"x":%b}\n\n'
SEARCHED = b'data: {"candidates":[{"groundingMetadata":{"webSearchQueries":%b}}]}\n\n'


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def pieces(deep: bytes) -> dict[str, tuple[str, bytes]]:
    """Give pieces of streams that tell usage, or searches, with something in them that is nested."""
    return {
        "anthropic": ("anthropic-messages", DELTA % deep),
        "bedrock": ("bedrock-converse", write_event("metadata", b'{"usage":{"inputTokens":1},"x":%b}' % deep)),
        "bedrock searching": (
            "bedrock-converse",
            write_event("contentBlockStart", b'{"x":["nova_grounding",%b]}' % deep),
        ),
        "cloudflare": ("cloudflare-run", CHUNK % deep),
        "cloudflare responding": ("cloudflare-run", COMPLETED % deep),
        "cohere": ("cohere-v2", b'event: message-end\ndata: {"type":"message-end","x":%b}\n\n' % deep),
        "gemini": ("gemini-generate-content", b'data: {"usageMetadata":{"promptTokenCount":1},"x":%b}\n\n' % deep),
        "gemini searching": ("gemini-generate-content", SEARCHED % deep),
        "mistral": ("mistral-chat", CHUNK % deep),
        "ollama": ("ollama-chat", b'{"done":true,"prompt_eval_count":1,"x":%b}\n' % deep),
        "ollama generating": ("ollama-generate", b'{"done":true,"prompt_eval_count":1,"x":%b}\n' % deep),
        "openai chat": ("openai-chat", CHUNK % deep),
        "openai completions": ("openai-completions", CHUNK % deep),
        "openai responses": ("openai-responses", COMPLETED % deep),
        "openai searching": ("openai-responses", COMPLETED % (b'["web_search_call",%b]' % deep)),
        "openai images": ("openai-images", DRAWN % deep),
        "openai transcripts": ("openai-transcripts", HEARD % deep),
        "openai speech": ("openai-speech", SPOKEN % deep),
        "openai realtime": ("openai-realtime", b'{"type":"response.done","response":{"usage":%b}}' % deep),
    }


DEEP = nested(100_000)
PIECES = pieces(DEEP)
NAMED = ("messages", "input", "inputs", "prompt", "contents", "content", "texts", "query", "tools", "stream")
REQUESTS: dict[str, bytes] = {
    "all of it": DEEP,
    "what nobody names": b'{"x":%b,"model":"m"}' % DEEP,
    **{name: b'{"model":"m","%b":%b}' % (name.encode(), DEEP) for name in NAMED},
}
TOLD = ("x", "usage", "usageMetadata", "metrics", "result", "output")
ANSWERS: dict[str, bytes] = {
    "all of it": DEEP,
    **{name: b'{"%b":%b}' % (name.encode(), DEEP) for name in TOLD},
    "an item": b'{"usage":{"input_tokens":1},"output":[{"type":"web_search_call","x":%b}]}' % DEEP,
    "queries": b'{"usageMetadata":{"promptTokenCount":1},"candidates":[{"webSearchQueries":%b}]}' % DEEP,
    "a message": b'{"usage":{"inputTokens":1},"output":{"x":"nova_grounding","message":%b}}' % DEEP,
}


def asked() -> dict[str, tuple[Dialect, Operation]]:
    """Give the operations that have a body of JSON and a model."""
    return {
        f"{name} {operation.label}": (dialect, operation)
        for name, dialect in DIALECTS.items()
        for operation in dialect.operations
        if operation.method == "POST" and not operation.modelless
    }


def path_of(operation: Operation) -> str:
    return operation.path.replace("{model}", "m")


def fed(reader: Any, answer: bytes) -> Any:
    """Give what a reader makes of an answer, the status of the error where it is refused."""
    try:
        return [*reader.feed(answer), *reader.feed(b"")]
    except GatewayError as refused:
        return refused.status


OPERATIONS = asked()
CODECS: dict[str, Any] = {name: found.codec for name, (_, found) in OPERATIONS.items() if found.codec is not None}
TALKING = {name: codec for name, codec in CODECS.items() if codec.kind == CONVERSATION}


@pytest.mark.parametrize("name", PIECES)
def test_piece_that_is_nested_too_deep_passes_unread(name: str) -> None:
    dialect, piece = PIECES[name]
    reader = DIALECTS[dialect].answer_reader(Envelope("m", stream=True, asks_usage=True), streamed=True)

    assert b"".join([*reader.feed(piece), *reader.feed(b"")]) == piece
    assert reader.usage is None


def test_piece_that_is_nested_as_deep_as_can_just_be_read_or_not_passes() -> None:
    most = sys.getrecursionlimit()

    for depth in range(most - 200, most):
        for dialect, piece in pieces(nested(depth)).values():
            reader = DIALECTS[dialect].answer_reader(Envelope("m", stream=True, asks_usage=True), streamed=True)
            assert b"".join([*reader.feed(piece), *reader.feed(b"")]) == piece


def test_every_dialect_that_streams_has_a_piece() -> None:
    silent = {"replicate-predictions"}  # a prediction comes whole
    streaming = {dialect.name for dialect, found in OPERATIONS.values() if found.codec in TALKING.values()}

    assert streaming - silent <= {dialect for dialect, _ in PIECES.values()}


@pytest.mark.parametrize("shape", ANSWERS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_answer_that_is_nested_too_deep_is_refused_or_not_counted(name: str, shape: str) -> None:
    dialect, _ = OPERATIONS[name]
    reader = dialect.answer_reader(Envelope("m"), streamed=False)

    assert fed(reader, ANSWERS[shape]) in ([ANSWERS[shape]], 502)
    assert reader.usage is None


@pytest.mark.parametrize("shape", REQUESTS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_request_that_is_nested_too_deep_is_refused(name: str, shape: str) -> None:
    dialect, operation = OPERATIONS[name]

    with pytest.raises(BadRequest) as refused:
        dialect.read_envelope(operation, path_of(operation), REQUESTS[shape])
    assert refused.value.status == 400


@pytest.mark.parametrize("shape", REQUESTS)
@pytest.mark.parametrize("name", CODECS)
def test_request_that_is_nested_too_deep_is_not_translated(name: str, shape: str) -> None:
    with pytest.raises(BadRequest) as refused:
        CODECS[name].read_request(REQUESTS[shape], Envelope("m"), notes())
    assert refused.value.status == 400


@pytest.mark.parametrize("shape", ANSWERS)
@pytest.mark.parametrize("name", CODECS)
def test_answer_that_is_nested_too_deep_is_not_translated(name: str, shape: str) -> None:
    with pytest.raises(GatewayError) as refused:
        CODECS[name].read_response(ANSWERS[shape], notes())
    assert refused.value.status == 502


@pytest.mark.parametrize("piece", [piece for _, piece in PIECES.values()], ids=PIECES)
@pytest.mark.parametrize("name", TALKING)
def test_no_piece_that_is_nested_too_deep_breaks_a_translation_but_as_an_error_of_the_provider(
    name: str, piece: bytes
) -> None:
    reader = TALKING[name].stream_reader(notes())

    events = fed(reader, piece)

    assert events == 502 or not any(isinstance(event, UsageSeen) for event in events)


@pytest.mark.parametrize("name", CODECS)
def test_error_that_is_nested_too_deep_is_still_one(name: str) -> None:
    assert CODECS[name].read_error(429, b'{"error":%b}' % DEEP).status == 429


@pytest.mark.parametrize("shape", ANSWERS)
def test_answer_that_is_nested_too_deep_is_neither_kept_nor_asked_for_again(shape: str) -> None:
    found = [operation for _, operation in OPERATIONS.values()]
    keeping = {operation.keeping for operation in found if operation.keeping is not None}
    asking = {operation.unfinished for operation in found if operation.unfinished is not None}

    assert keeping
    assert asking
    assert [each.given(ANSWERS[shape]).id for each in keeping] == [""] * len(keeping)
    assert [unfinished(ANSWERS[shape]) for unfinished in asking] == [None] * len(asking)
