"""The dialect as the bridge sees it."""

import json
from typing import Any

import pytest

from tollbridge import BadRequest, BudgetExceeded, GatewayError, Quirks, RateLimited, Unauthenticated
from tollbridge.formats import CONVERSATION, COUNT, EMBEDDINGS, Envelope, ModelEntry, Operation
from tollbridge_gemini.dialect import GeminiDialect

DIALECT = GeminiDialect()
BY_LABEL = {operation.label: operation for operation in DIALECT.operations if not operation.lists_models}
GENERATE, STREAM = BY_LABEL["generate_content"], BY_LABEL["stream_generate_content"]


def path_of(operation: Operation, model: str = "gemini-2.5-flash") -> str:
    return operation.path.replace("{model}", model)


def envelope_of(body: Any, operation: Operation = GENERATE) -> Envelope:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return DIALECT.read_envelope(operation, path_of(operation), text)


def readdressed(body: Any, **options: Any) -> Any:
    given = {"model": "other", "max_output": None, "quirks": Quirks(), **options}
    return json.loads(DIALECT.readdress(json.dumps(body).encode(), Envelope("m"), **given))


def test_each_operation_is_served_in_both_versions_and_as_by_vertex() -> None:
    roots = ("/v1beta1/projects/", "/v1/projects/", "/v1beta1/publishers/", "/v1/publishers/")
    assert {operation.path: operation.also for operation in DIALECT.operations} == {
        **{
            f"/v1beta/models/{{model}}:{name}": (
                f"/v1/models/{{model}}:{name}",
                *(f"{root}{{model}}:{name}" for root in roots),
            )
            for name in (
                *("generateContent", "streamGenerateContent", "countTokens", "batchEmbedContents", "embedContent"),
            )
        },
        "/v1beta/models": ("/v1/models",),
        "/v1beta/models/{model}": ("/v1/models/{model}",),
    }


def test_streams_are_asked_for_as_events_by_both_ways_to_generate() -> None:
    for operation in (GENERATE, STREAM):
        assert operation.upstream == "/models/{model}:generateContent"
        assert operation.streamed == "/models/{model}:streamGenerateContent?alt=sse"


def test_first_codec_of_each_kind_takes_what_comes_from_other_dialects() -> None:
    first: dict[str, str] = {}
    for operation in DIALECT.operations:
        if operation.codec is not None:
            first.setdefault(operation.codec.kind, operation.label)

    assert first == {
        CONVERSATION: "generate_content",
        COUNT: "count_tokens",
        EMBEDDINGS: "batch_embed_contents",
    }


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "openai/gpt-4o", "a:b"])
def test_model_is_what_the_path_says(model: str) -> None:
    for version in ("v1beta", "v1"):
        envelope = DIALECT.read_envelope(GENERATE, f"/{version}/models/{model}:generateContent", b"{}")

        assert envelope.model == model


def test_path_without_a_model_is_refused() -> None:
    with pytest.raises(BadRequest) as raised:
        DIALECT.read_envelope(GENERATE, "/v1beta/models/:generateContent", b"{}")
    assert raised.value.param == "model"


def test_streaming_is_what_the_operation_says() -> None:
    assert (envelope_of({}).stream, envelope_of({}, STREAM).stream) == (False, True)


@pytest.mark.parametrize(
    ("config", "limit", "answers"),
    [
        ({}, None, 1),
        ({"generationConfig": {"maxOutputTokens": 5}}, 5, 1),
        ({"generation_config": {"max_output_tokens": 5, "candidate_count": 3}}, 15, 3),
        ({"generationConfig": {"max_output_tokens": 5, "candidateCount": 2}}, 10, 2),
        ({"generationConfig": None}, None, 1),
    ],
)
def test_limit_is_read_by_any_name(config: Any, limit: int | None, answers: int) -> None:
    envelope = envelope_of({"contents": [], **config})

    assert (envelope.max_output, envelope.answers, envelope.asks_usage) == (limit, answers, True)
    assert envelope.input_bound > 0


@pytest.mark.parametrize(
    "body",
    [
        b'{"generationConfig":{"maxOutputTokens":5},"generation_config":{"max_output_tokens":5000}}',
        b'{"generationConfig":{"maxOutputTokens":5,"max_output_tokens":5000}}',
        b'{"generationConfig":{"maxOutputTokens":5,"maxOutputTokens":5000}}',
        b'{"generationConfig":{"maxOutputTokens":5},"generationConfig":{"maxOutputTokens":5000}}',
        b'{"generationConfig":{"maxOutputTokens":5,"max\\u004futputTokens":5000}}',
        b'{"generationConfig":{"maxOutputTokens":"5000"}}',
        b'{"generationConfig":{"maxOutputTokens":0}}',
        b'{"generationConfig":{"candidateCount":-1}}',
        b'{"generationConfig":[]}',
        b"[]",
        b"nonsense",
        b"\xff",
    ],
)
def test_limit_that_could_be_read_in_two_ways_or_not_at_all_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        envelope_of(body)


def test_words_of_a_schema_are_no_limit() -> None:
    schema = {"type": "object", "properties": {"maxOutputTokens": {"type": "string"}}}
    tools = [{"functionDeclarations": [{"name": "f", "parameters": schema}]}]

    assert envelope_of({"tools": tools, "generationConfig": {"maxOutputTokens": 5}}).max_output == 5


def test_counting_and_embedding_put_out_no_tokens() -> None:
    count = envelope_of({"contents": []}, BY_LABEL["count_tokens"])
    embed = envelope_of({"content": {}}, BY_LABEL["embed_content"])

    assert (count.max_output, count.outputs_tokens, count.input_bound) == (0, False, 0)
    assert (embed.max_output, embed.outputs_tokens, embed.input_bound > 0) == (0, False, True)


def test_body_without_a_model_passes_as_it_is() -> None:
    body = b' { "contents" : [ {"parts":[{"text":"\\u00fc 1.50"}]} ] } '

    assert DIALECT.readdress(body, Envelope("m"), model="other", max_output=None, quirks=Quirks()) == body


def test_limit_is_set_where_the_body_has_its_place() -> None:
    assert readdressed({"contents": []}, max_output=5) == {"generationConfig": {"maxOutputTokens": 5}, "contents": []}
    for given in (None, {}, {"topK": 1}):
        body = {"generationConfig": given}
        assert readdressed(body, max_output=5) == {"generationConfig": {"maxOutputTokens": 5, **(given or {})}}
    assert readdressed({"generation_config": {"max_output_tokens": None}}, max_output=5) == {
        "generation_config": {"max_output_tokens": 5}
    }


def test_models_named_in_a_body_are_named_anew() -> None:
    assert readdressed({"requests": [{"model": "models/m", "content": {}}, {"model": "m"}]}) == {
        "requests": [{"model": "models/other", "content": {}}, {"model": "other"}]
    }
    assert readdressed({"generateContentRequest": {"model": "models/m", "contents": []}}) == {
        "generateContentRequest": {"model": "models/other", "contents": []}
    }
    assert readdressed({"model": "models/m"}) == {"model": "models/other"}
    assert readdressed({"contents": [{"parts": [{"text": '"model": "m"'}]}], "tools": [{"model": "x"}]}) == {
        "contents": [{"parts": [{"text": '"model": "m"'}]}],
        "tools": [{"model": "x"}],
    }


def test_body_that_is_no_object_is_refused_when_models_are_named_anew() -> None:
    with pytest.raises(BadRequest):
        readdressed(["model"])


def test_what_a_host_differs_in_is_changed() -> None:
    quirks = Quirks(drop=("labels",), rename={"serviceTier": "tier"})

    assert readdressed({"labels": {}, "serviceTier": "flex"}, quirks=quirks) == {"tier": "flex"}


def test_requests_with_googles_key_are_claimed() -> None:
    assert DIALECT.claims({b"x-goog-api-key": b"tb-x"})
    assert not DIALECT.claims({b"authorization": b"Bearer tb-x"})


def test_models_are_listed_as_google_lists_them() -> None:
    flash = ModelEntry("gemini-2.5-flash", "google", context=1_000, max_output=500)
    models = [flash, ModelEntry("openai/gpt-4o", "openai")]

    listed = json.loads(DIALECT.write_models(models, {}))

    assert listed["models"] == [json.loads(DIALECT.write_model(model)) for model in models]
    assert listed["models"][0] == {
        "name": "models/gemini-2.5-flash",
        "displayName": "gemini-2.5-flash",
        "inputTokenLimit": 1_000,
        "outputTokenLimit": 500,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }
    assert listed["models"][1]["name"] == "models/openai/gpt-4o"


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (BadRequest("no", param="contents"), 400, "INVALID_ARGUMENT"),
        (Unauthenticated(), 401, "UNAUTHENTICATED"),
        (RateLimited("no", retry_after_s=1.2), 429, "RESOURCE_EXHAUSTED"),
        (BudgetExceeded("no"), 429, "RESOURCE_EXHAUSTED"),
        (GatewayError("no", status=502), 502, "UNAVAILABLE"),
        (GatewayError("no", status=418), 418, "INVALID_ARGUMENT"),
        (GatewayError("no", status=599), 599, "INTERNAL"),
    ],
)
def test_error_is_written_in_googles_words(error: GatewayError, code: int, status: str) -> None:
    body = DIALECT.write_error(error, "call-1")

    told = json.loads(body)["error"]
    assert (told["code"], told["message"], told["status"]) == (code, error.message, status)
    assert told["details"][0]["reason"] == error.code.upper()
    assert DIALECT.write_error_event(error, "call-1") == b"data: " + body + b"\n\n"


def test_details_of_an_error_say_which_field_and_when_to_try_again() -> None:
    field = json.loads(DIALECT.write_error(BadRequest("no", param="contents"), "c"))["error"]["details"][1]
    retry = json.loads(DIALECT.write_error(RateLimited("no", retry_after_s=1.2), "c"))["error"]["details"][1]

    assert field["fieldViolations"] == [{"field": "contents", "description": "no"}]
    assert retry == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"}
