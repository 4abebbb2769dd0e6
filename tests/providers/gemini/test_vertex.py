"""What is asked as Vertex is asked: paths, and bodies to count and embed for hosts of either shape.

Bodies are as google-genai 3.6.1 writes them in Vertex mode, the rest is invented.
"""

import json
from typing import Any

import pytest
from tests.providers.gemini.support import ELSE, notes

from tollbridge import BadRequest, Quirks
from tollbridge.formats import EmbeddingRequest, Envelope, Role, Text
from tollbridge_gemini.counting import CountCodec
from tollbridge_gemini.dialect import GeminiDialect
from tollbridge_gemini.embedding import BATCH_CODEC, EMBED_CODEC

DIALECT = GeminiDialect()
OPERATIONS = {operation.path.rpartition(":")[2]: operation for operation in DIALECT.operations if operation.codec}
GEMINI, VERTEX = Quirks(), Quirks(drop=("serviceTier", "store", "generateContentRequest", "model"))
CONTENTS = [{"parts": [{"text": "Hi"}], "role": "user"}]
SYSTEM = {"parts": [{"text": "Be brief."}], "role": "user"}
TOOLS = [{"functionDeclarations": [{"name": "f"}]}]
COUNTED = {
    "contents": CONTENTS,
    "systemInstruction": SYSTEM,
    "tools": TOOLS,
    "generationConfig": {"responseSchema": {"type": "STRING"}},
}
ASKED = {"taskType": "RETRIEVAL_QUERY", "title": "t", "outputDimensionality": 5, "autoTruncate": False}
EMBEDDED = {"content": CONTENTS[0], "embedContentConfig": ASKED}


def readdressed(body: Any, quirks: Quirks = GEMINI, model: str = "theirs", asked_for: str = "mine") -> Any:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    envelope = Envelope(asked_for, outputs_tokens=False)
    return DIALECT.readdress(text, envelope, model=model, max_output=None, quirks=quirks)


def sent(body: Any, quirks: Quirks = GEMINI, model: str = "theirs") -> Any:
    return json.loads(readdressed(body, quirks, model))


@pytest.mark.parametrize("method", sorted(OPERATIONS))
@pytest.mark.parametrize(
    "place",
    [
        "/v1beta1/projects/p/locations/europe-west4/publishers",
        "/v1/projects/other/locations/global/publishers",
        "/v1beta1/publishers",
        "/v1/publishers",
    ],
)
@pytest.mark.parametrize(
    ("resource", "model"),
    [
        ("google/models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("google/models/openai/gpt-4o", "openai/gpt-4o"),
        ("anthropic/models/claude-sonnet-5", "anthropic/claude-sonnet-5"),
        ("meta/models/a:b@1", "meta/a:b@1"),
        ("x/models/models/y", "x/models/y"),
    ],
)
def test_path_names_a_model_by_its_publisher(method: str, place: str, resource: str, model: str) -> None:
    operation = OPERATIONS[method]

    assert DIALECT.read_envelope(operation, f"{place}/{resource}:{method}", b"{}").model == model


@pytest.mark.parametrize(
    "path",
    [
        "/v1beta1/projects/p/locations/l/endpoints/5:generateContent",
        "/v1beta1/projects/p/locations/l/models/5:generateContent",
        "/v1/projects/google/models/m:generateContent",
        "/v1/publishers/google:generateContent",
        "/v1/publishers/google/models/:generateContent",
    ],
)
def test_path_that_names_no_model_of_a_publisher_is_refused(path: str) -> None:
    with pytest.raises(BadRequest) as refused:
        DIALECT.read_envelope(OPERATIONS["generateContent"], path, b"{}")

    assert refused.value.param == "model"


def test_path_of_the_gemini_api_is_not_taken_for_one_of_vertex() -> None:
    for version in ("v1beta", "v1"):
        path = f"/{version}/models/projects/p/locations/l/publishers/google/models/m:countTokens"

        assert (
            DIALECT.read_envelope(OPERATIONS["countTokens"], path, b"{}").model
            == path[len(f"/{version}/models/") : -12]
        )


def test_vertex_gets_its_own_shapes_untouched() -> None:
    for body in (COUNTED, EMBEDDED, {"requests": [EMBEDDED, EMBEDDED]}, {"requests": [{"content": CONTENTS[0]}]}):
        text = json.dumps(body, indent=1).encode()

        assert readdressed(text, VERTEX) == text


@pytest.mark.parametrize(
    "body",
    [
        {"contents": CONTENTS, "tools": None},
        {"contents": CONTENTS, "tools": TOOLS, "generateContentRequest": {"contents": CONTENTS}},
        {"generateContentRequest": {"model": "models/theirs", "contents": CONTENTS, "tools": TOOLS}},
        {"content": CONTENTS[0], **ASKED},
        {"requests": [{"model": "models/theirs", "content": CONTENTS[0], "taskType": "CLUSTERING"}]},
        {"content": {"parts": [{"text": '"tools": \u00fc, "requests": []'}]}},
    ],
)
def test_gemini_api_gets_its_own_shapes_untouched(body: Any) -> None:
    text = json.dumps(body, indent=1).encode()

    assert readdressed(text, asked_for="theirs") == text


def test_all_that_is_counted_is_a_whole_request_for_the_gemini_api() -> None:
    assert sent(COUNTED) == {"generateContentRequest": {"model": "models/theirs", **COUNTED}}
    for name, member in (("system_instruction", SYSTEM), ("tools", TOOLS), ("generation_config", {})):
        body = {"contents": CONTENTS, name: member}
        assert sent(body) == {"generateContentRequest": {"model": "models/theirs", **body}}


def test_whole_request_is_taken_apart_for_vertex() -> None:
    whole = {"model": "models/mine", **COUNTED, "cachedContent": "c"}
    uncounted = {"toolConfig": {}, "safetySettings": []}, {"tool_config": {}, "safety_settings": []}

    for name, more in zip(("generateContentRequest", "generate_content_request"), uncounted, strict=True):
        assert sent({name: {**whole, **more}, "later": 1}, VERTEX) == {**COUNTED, "cachedContent": "c", "later": 1}


def test_vertex_is_not_told_a_model_by_the_body() -> None:
    for model in ("mine", "theirs"):
        body = {"model": "models/mine", "requests": [{"model": "models/mine", "content": {}}]}

        assert sent(body, VERTEX, model) == {"requests": [{"content": {}}]}


def test_what_is_asked_of_vectors_is_said_plainly_to_the_gemini_api() -> None:
    assert sent(EMBEDDED) == {"content": CONTENTS[0], **ASKED}
    for name in ("embedContentConfig", "embed_content_config"):
        named = {"model": "models/kept", "content": CONTENTS[0], name: ASKED}
        assert json.loads(readdressed({"requests": [named, {"content": {}}]}, asked_for="theirs")) == {
            "requests": [
                {"model": "models/kept", "content": CONTENTS[0], **ASKED},
                {"model": "models/theirs", "content": {}},
            ]
        }


@pytest.mark.parametrize("body", [b'["requests"]', b'{"requests": [', b'"\\u0061"'])
def test_what_is_no_object_is_refused_before_it_is_changed(body: bytes) -> None:
    with pytest.raises(BadRequest):
        readdressed(body)


@pytest.mark.parametrize("body", [{"requests": 1}, {"requests": [1, None]}, {"requests": [{"embedContentConfig": 1}]}])
def test_what_cannot_be_changed_is_left_to_its_host(body: Any) -> None:
    if isinstance(body["requests"], list) and isinstance(body["requests"][0], dict):
        body["requests"][0]["model"] = "models/theirs"

    assert sent(body) == body


def test_members_of_a_body_are_known_by_escaped_names_too() -> None:
    assert json.loads(readdressed(b'{"\\u0065mbedContentConfig":{"taskType":"X"}}')) == {"taskType": "X"}


def test_count_is_read_whole() -> None:
    request = CountCodec().read_request(json.dumps(COUNTED).encode(), Envelope("m"), notes())

    assert [(message.role, message.parts) for message in request.messages] == [
        (Role.SYSTEM, (Text(text="Be brief."),)),
        (Role.USER, (Text(text="Hi"),)),
    ]
    assert request.tools is not None
    assert request.format is not None


@pytest.mark.parametrize(
    "body",
    [
        EMBEDDED,
        {**EMBEDDED, "embedContentConfig": {}},
        {**EMBEDDED, "embedContentConfig": None},
        {**EMBEDDED, "embedContentConfig": {**ASKED, "documentOcr": True, "title": None}, "title": "outer"},
        {"content": CONTENTS[0], **ASKED},
    ],
)
def test_request_for_vectors_is_written_as_it_was_read(body: Any) -> None:
    for codec, whole in ((EMBED_CODEC, body), (BATCH_CODEC, {"requests": [body, body]})):
        request = codec.read_request(json.dumps(whole).encode(), Envelope("m"), notes())

        assert json.loads(codec.write_request(request, notes(strict=True))) == whole


def test_what_is_asked_of_vectors_is_read_in_our_words() -> None:
    request = EMBED_CODEC.read_request(json.dumps(EMBEDDED).encode(), Envelope("m"), notes())

    assert (request.inputs, request.task, request.title) == (("Hi",), "query", "t")
    assert (request.dimensions, request.truncate, request.extras) == (5, "none", {})
    cut = {**EMBEDDED, "embedContentConfig": {"autoTruncate": True}}
    assert EMBED_CODEC.read_request(json.dumps(cut).encode(), Envelope("m"), notes()).truncate == "end"


@pytest.mark.parametrize(
    ("config", "param"),
    [
        (1, "embedContentConfig"),
        ({"taskType": 1}, "embedContentConfig.taskType"),
        ({"autoTruncate": "no"}, "embedContentConfig.autoTruncate"),
        ({"outputDimensionality": 5, "output_dimensionality": 5}, "embedContentConfig.outputDimensionality"),
    ],
)
def test_wrong_field_is_named(config: Any, param: str) -> None:
    body = json.dumps({"content": CONTENTS[0], "embedContentConfig": config}).encode()

    with pytest.raises(BadRequest) as refused:
        EMBED_CODEC.read_request(body, Envelope("m"), notes())

    assert refused.value.param == param


def test_vertex_alone_is_told_not_to_cut_texts() -> None:
    request = EmbeddingRequest(origin=ELSE, model="m", inputs=("a",), truncate="none", extras={"odd": 1, "x": None})
    told, again = notes(), notes(quirks=VERTEX)

    vertex = json.loads(EMBED_CODEC.write_request(request, again))
    gemini = json.loads(EMBED_CODEC.write_request(request, told))

    assert vertex == {"content": {"parts": [{"text": "a"}]}, "embedContentConfig": {"autoTruncate": False}}
    assert gemini == {"content": {"parts": [{"text": "a"}]}, "model": "models/m"}
    assert told.dropped == ("truncate", "odd")
    assert again.dropped == ("odd",)


def test_texts_are_cut_at_their_end_without_a_word() -> None:
    request = EmbeddingRequest(origin=ELSE, model="m", inputs=("a",), truncate="end")

    for quirks in (GEMINI, VERTEX):
        assert b"runcate" not in EMBED_CODEC.write_request(request, notes(strict=True, quirks=quirks))
