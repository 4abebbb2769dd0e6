"""The laws of translation over generated traffic in Converse's own words."""

import base64
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.providers.bedrock.samples import ASKED, CLAUDE, CODEC, events, rewritten

from tollbridge import GatewayError
from tollbridge.formats import Envelope, decode_json, encode_json, fold, unfold
from tollbridge.testing.conversation_contract import notes
from tollbridge.testing.conversations import bodies, names, objects, scalars, values, words
from tollbridge_bedrock.counting import CountCodec
from tollbridge_bedrock.dialect import ConverseDialect
from tollbridge_bedrock.frames import write_event

blobs = st.binary(min_size=1, max_size=6).map(lambda data: base64.b64encode(data).decode())
strange = st.dictionaries(st.sampled_from(("new", "other")), values, max_size=1)
ids = st.from_regex(r"[a-zA-Z0-9_.:-]{1,20}", fullmatch=True)
marks = st.builds(lambda ttl: {"cachePoint": {"type": "default", **ttl}}, st.sampled_from(({}, {"ttl": "1h"})))


def tagged(kind: str, inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda value, more: {kind: value, **more}, inner, strange)


def made(more: dict[str, st.SearchStrategy[Any]] | None = None, **needed: st.SearchStrategy[Any]) -> Any:
    return st.fixed_dictionaries(needed, optional=more or {})


places = made(uri=st.just("s3://bucket/key"), more={"bucketOwner": st.just("123456789012")})
sources = tagged("bytes", blobs) | tagged("s3Location", places)
texts = tagged("text", words)
images = tagged("image", made(format=st.sampled_from(("png", "jpeg", "gif", "webp", "new")), source=sources))
videos = tagged("video", made(format=st.sampled_from(("mp4", "mpg", "mpeg", "three_gp")), source=sources))
sounds = tagged("audio", made(format=st.sampled_from(("mp3", "mpeg", "mka", "x-aac", "wav")), source=sources))
documents = tagged(
    "document",
    made(
        name=words,
        source=sources | tagged("text", words) | made(content=st.lists(made(text=words), max_size=2)),
        more={
            "format": st.sampled_from(("pdf", "md", "new")),
            "context": words,
            "citations": made(enabled=st.booleans()),
        },
    ),
)
citations = made(
    {
        "title": words,
        "source": words,
        "sourceContent": st.lists(made(text=words), max_size=2),
        "location": made(web=made(url=words)) | made(documentChar=made(documentIndex=st.integers(0, 9))),
    }
)
cited = tagged(
    "citationsContent",
    made(content=st.lists(made(text=words), max_size=2), more={"citations": st.lists(citations, max_size=2)}),
)
thoughts = tagged(
    "reasoningContent",
    made(reasoningText=made(text=words, more={"signature": words})) | made(redactedContent=blobs),
)
calls = tagged("toolUse", made(toolUseId=ids, name=names, input=objects, more={"type": st.just("tool_use")}))
server = tagged(
    "toolUse",
    made(toolUseId=ids, name=st.sampled_from(("nova_grounding", "x")), input=objects, type=st.just("server_tool_use")),
)
found = tagged("searchResult", made(source=words, title=words, content=st.lists(made(text=words), max_size=2)))
guarded = tagged(
    "guardContent",
    made(text=made(text=words, more={"qualifiers": st.just(["query"])}))
    | made(image=made(format=st.just("png"), source=made(bytes=blobs))),
)
results = tagged(
    "toolResult",
    made(
        toolUseId=ids,
        content=st.lists(texts | tagged("json", objects) | images | documents | videos | found, max_size=3),
        more={"status": st.sampled_from(("success", "error", "odd"))},
    ),
)
asked = st.lists(texts | images | documents | videos | sounds | results | guarded | found | marks, max_size=4)
said = st.lists(texts | calls | server | thoughts | cited | results | marks, max_size=4)
messages = st.lists(
    made(role=st.just("user"), content=asked, more={"new": scalars})
    | made(role=st.just("assistant"), content=said)
    | made(role=st.just("system"), content=st.lists(texts, max_size=1)),
    max_size=4,
)
tools = tagged(
    "toolSpec", made(name=names, inputSchema=made(json=objects), more={"description": words, "strict": st.booleans()})
)
numbers = st.integers(0, 1) | st.sampled_from((0.5, 0.25))
requests = made(
    {
        "messages": messages,
        "system": st.lists(texts | marks | guarded, max_size=3),
        "inferenceConfig": made(
            {
                "maxTokens": st.integers(1, 99),
                "temperature": numbers,
                "topP": numbers,
                "stopSequences": st.lists(words, max_size=2),
                "new": values,
            }
        ),
        "toolConfig": made(
            {
                "tools": st.lists(tools | marks | tagged("systemTool", made(name=names)), max_size=3),
                "toolChoice": st.sampled_from(({"auto": {}}, {"any": {}}, {"tool": {"name": "f"}}, {"new": {}})),
            }
        ),
        "additionalModelRequestFields": made(
            {
                "thinking": made({"type": st.just("enabled"), "budget_tokens": st.integers(1, 9), "new": values}),
                "top_k": st.integers(1, 9),
                "inferenceConfig": made({"topK": st.integers(1, 9), "new": scalars}),
                "reasoning_effort": words,
                "reasoningConfig": made({"type": st.just("enabled"), "maxReasoningEffort": names}),
                "new": values,
            }
        ),
        "requestMetadata": st.dictionaries(names, words, max_size=2),
        "serviceTier": made({"type": names}),
        "outputConfig": made({"effort": names, "new": values}),
        "guardrailConfig": objects,
        "promptVariables": objects,
        "new": values,
    }
)
usages = made(
    inputTokens=st.integers(0, 99),
    outputTokens=st.integers(0, 99),
    more={"cacheReadInputTokens": st.integers(0, 9), "cacheWriteInputTokens": st.integers(0, 9)},
)
answers = made(
    output=made(
        message=made(role=st.just("assistant"), content=st.lists(texts | calls | server | thoughts | cited, max_size=4))
    ),
    more={
        "stopReason": st.sampled_from(("end_turn", "tool_use", "new")),
        "usage": usages,
        "metrics": made(latencyMs=st.integers(0, 9)),
        "serviceTier": made(type=names, more={"new": scalars}),
        "additionalModelResponseFields": objects,
        "trace": objects,
    },
)


@given(requests)
def test_request_is_written_as_it_was_and_nothing_is_dropped(body: dict[str, Any]) -> None:
    left = notes(strict=True)
    text = encode_json(body)

    written = CODEC.write_request(CODEC.read_request(text, Envelope("m"), left), left)

    assert decode_json(written) == decode_json(text)


@settings(max_examples=60)
@given(requests, st.sampled_from(("m", CLAUDE, "us.amazon.nova-2-lite-v1:0")))
def test_request_of_converse_can_be_written_as_anothers(body: dict[str, Any], model: str) -> None:
    request = CODEC.read_request(encode_json(body), Envelope(model), notes())

    with suppress(GatewayError):
        again = decode_json(CODEC.write_request(replace(request, origin="another"), notes()))
        roles = [message["role"] for message in again["messages"]]
        assert roles == [("user", "assistant")[place % 2] for place in range(len(roles))]


@settings(max_examples=25)
@given(requests)
def test_request_to_count_is_written_as_it_was(body: dict[str, Any]) -> None:
    text, codec = encode_json({"input": {"converse": body, "new": 1}, "beside": None}), CountCodec()

    written = codec.write_request(codec.read_request(text, Envelope("m"), notes()), notes(strict=True))

    assert decode_json(written) == decode_json(text)


@given(answers)
def test_answer_is_written_as_it_was_and_nothing_is_dropped(body: dict[str, Any]) -> None:
    left = notes(strict=True)
    text = encode_json(body)

    written = CODEC.write_response(CODEC.read_response(text, left), ASKED, left)

    assert decode_json(written) == decode_json(text)


@given(answers, st.integers(1, 99))
def test_answer_that_is_streamed_folds_to_itself_at_any_cut(body: dict[str, Any], size: int) -> None:
    response = CODEC.read_response(encode_json(body), notes())

    assert fold(events(rewritten(unfold(response), notes(strict=True)), size)) == response


EVENTS = ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata", "x")
kinds = st.sampled_from(("text", "toolUse", "toolResult", "reasoningContent", "citation", "image", "new"))
pieces = st.dictionaries(kinds, values | st.dictionaries(st.sampled_from(("text", "input", "signature")), values))
payloads = st.fixed_dictionaries(
    {},
    optional={
        "contentBlockIndex": st.integers(-1, 2) | values,
        "delta": pieces | values,
        "start": pieces | values,
        "stopReason": values,
        "usage": values | usages,
        "role": values,
        "serviceTier": values,
    },
)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(EVENTS), payloads), max_size=8))
def test_no_events_make_it_fail(happened: list[tuple[str, dict[str, Any]]]) -> None:
    stream = b"".join(write_event(name, encode_json(payload)) for name, payload in happened)

    read = events(stream, 40)
    rewritten(read)

    assert read == events(stream, 1)


@given(bodies())
def test_no_body_makes_the_dialect_or_counting_fail(body: bytes) -> None:
    dialect, codec = ConverseDialect(), CountCodec()
    for operation in dialect.operations[:3]:
        with suppress(GatewayError):
            dialect.read_envelope(operation, "/model/m" + operation.path.rpartition("}")[2], body)
    with suppress(GatewayError):
        codec.write_request(codec.read_request(body, Envelope("m"), notes()), notes())
    with suppress(GatewayError):
        codec.read_response(body, notes())
    codec.read_error(400, body)
