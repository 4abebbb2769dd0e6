"""Embeddings at Vertex, asked for in every dialect that knows them, as Google's own SDK asks for them.

A single text of another dialect goes as a batch of one, where the SDK has a path of its own for it: Google's discovery
document of Vertex asks for no more than the list (google-api-python-client 2.202, `BatchEmbedContentsRequest`).
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from google.genai import Client, types
from google.oauth2.credentials import Credentials

import tollbridge_vertex
from tollbridge import Config, Provider, Usage
from tollbridge.formats import EMBEDDINGS, Dialect, KeyedSeal, Operation
from tollbridge.formats.translation import Translator
from tollbridge.formats.ways import Ways, upstream_url
from tollbridge.plugins import Plugins
from tollbridge.providers import Target
from tollbridge.routes import ModelRoutes
from tollbridge.testing.upstream import ScriptedUpstream

MODELS = {"vertex-global": "gemini-embedding-2", "vertex-predict": "text-embedding-005"}
MODEL = MODELS["vertex-global"]
DIALECTS = Plugins().register_all().dialects
PREDICT = "/v1beta1/projects/p/locations/global/publishers/google/models/m:predict"
Asked = Mapping[str, tuple[str, Mapping[str, object]]]
SEVERAL: Asked = {
    "cohere-embed": (
        "/v2/embed",
        {"model": "m", "texts": ["a", "b"], "output_dimension": 8, "input_type": "search_document"},
    ),
    "huggingface-features": (
        "/huggingface/hf-inference/models/m/pipeline/feature-extraction",
        {"inputs": ["a", "b"], "dimensions": 8},
    ),
    "mistral-embeddings": ("/mistral/v1/embeddings", {"model": "m", "input": ["a", "b"], "output_dimension": 8}),
    "ollama-embed": ("/api/embed", {"model": "m", "input": ["a", "b"], "dimensions": 8}),
    "openai-embeddings": ("/v1/embeddings", {"model": "m", "input": ["a", "b"], "dimensions": 8}),
}
OF_GOOGLE: Asked = {
    "gemini-generate-content": (
        "/v1beta/models/m:batchEmbedContents",
        {"requests": [{"content": {"parts": [{"text": text}]}, "outputDimensionality": 8} for text in "ab"]},
    ),
    "vertex-predict": (
        PREDICT,
        {"instances": [{"content": text} for text in "ab"], "parameters": {"outputDimensionality": 8}},
    ),
}
SINGLE: Asked = {
    "cohere-embed": ("/v2/embed", {"model": "m", "texts": ["a"], "input_type": "search_document"}),
    "gemini-generate-content": ("/v1beta/models/m:embedContent", {"content": {"parts": [{"text": "a"}]}}),
    "huggingface-features": ("/huggingface/hf-inference/models/m/pipeline/feature-extraction", {"inputs": "a"}),
    "mistral-embeddings": ("/mistral/v1/embeddings", {"model": "m", "input": "a"}),
    "ollama-embed": ("/api/embed", {"model": "m", "input": "a"}),
    "ollama-embed, older": ("/api/embeddings", {"model": "m", "prompt": "a"}),
    "openai-embeddings": ("/v1/embeddings", {"model": "m", "input": "a"}),
    "vertex-predict": (PREDICT, {"instances": [{"content": "a"}]}),
}
GEMINI = DIALECTS["gemini-generate-content"]
SAID = [{"values": [0.5, -0.25]}, {"values": [1.0, 0.0]}]


def operation_of(dialect: Dialect, path: str) -> Operation:
    """Find the operation for embeddings that is asked for at a path."""
    tail = path.rpartition("/")[2].rpartition(":")[2]
    found = [each for each in dialect.operations if each.codec is not None and each.codec.kind == EMBEDDINGS]
    return next(each for each in found if each.path.endswith(tail))


def target(provider: str = "vertex-global") -> Target:
    found: list[Provider] = []
    tollbridge_vertex.register_providers(found.append)
    env = {"GOOGLE_CLOUD_PROJECT": "p", "GOOGLE_CLOUD_LOCATION": "global", "GOOGLE_APPLICATION_CREDENTIALS": "/key"}
    providers = {provider.name: provider for provider in found}
    routes = ModelRoutes(Config(), providers, DIALECTS, env=env, read_key=lambda reference, _: env[reference[4:]])
    [only] = routes.resolve(f"{provider}/{MODELS[provider]}")
    return only


async def of_google(texts: list[str], model: str = MODEL, **config: Any) -> tuple[str, Any]:
    """Ask for embeddings with Google's SDK; gives the end of the path and the body that it sent."""
    answer = {"embeddings": SAID[: len(texts)]} if len(texts) > 1 else {"embedding": SAID[0]}
    contents = [types.Content(parts=[types.Part(text=text)]) for text in texts]

    def embed(url: str) -> None:
        with Client(
            vertexai=True,
            project="p",
            location="global",
            credentials=Credentials("token"),
            http_options=types.HttpOptions(base_url=url),
        ) as client:
            client.models.embed_content(model=model, contents=contents, config=types.EmbedContentConfig(**config))

    async with ScriptedUpstream() as upstream:
        upstream.answer(answer if "gemini" in model else predicted(len(texts)))
        await asyncio.to_thread(embed, upstream.url)
        (sent,) = upstream.requests
    return sent.path.partition("/projects/")[2], sent.json()


def predicted(texts: int) -> dict[str, Any]:
    """Give what Vertex answers at `:predict`."""
    told = {"statistics": {"token_count": 1, "truncated": False}}
    return {"predictions": [{"embeddings": {**one, **told}} for one in SAID[:texts]]}


def translated(name: str, provider: str = "vertex-global", asked: Asked = SEVERAL) -> tuple[Translator, str, Any]:
    """Ask Vertex in a dialect; gives the end of the path and the body that are sent."""
    path, said = asked[name]
    dialect, host, body = DIALECTS[name.partition(",")[0]], target(provider), json.dumps(said).encode()
    operation = operation_of(dialect, path)
    translator = Translator(
        dialect,
        operation.codec,
        dialect.read_envelope(operation, path, body),
        KeyedSeal(b"s" * 32),
        ways=Ways(DIALECTS.values()),
        strict=True,
        now=0,
        call_id="req_1",
    )
    translation = translator.to(host, body, None)
    base = host.base_urls[translation.way.dialect.base]
    url = upstream_url(base, translation.way.operation, host.model, stream=False)
    return translator, url.partition("/projects/")[2], json.loads(translation.written(host))


def come_back(translator: Translator, provider: str, answer: Any) -> tuple[list[Any], Usage | None]:
    """Give the vectors a caller gets for what Vertex answers, and the usage that is metered."""
    reader = translator.to(target(provider), b"", None).reader(streamed=False, tell=lambda dropped: b"")
    (told,) = reader.feed(json.dumps(answer).encode())
    again = translator.codec.read_response(told, translator.notes())
    return [vector.values for vector in again.vectors], reader.usage


def test_every_dialect_of_embeddings_is_asked_in() -> None:
    knows = {
        dialect.name
        for dialect in DIALECTS.values()
        if any(each.codec is not None and each.codec.kind == EMBEDDINGS for each in dialect.operations)
    }

    assert knows == {*SEVERAL, *OF_GOOGLE} == {name.partition(",")[0] for name in SINGLE}


@pytest.mark.parametrize("name", SEVERAL)
async def test_texts_are_sent_as_googles_sdk_sends_them(name: str) -> None:
    task = {"task_type": "RETRIEVAL_DOCUMENT"} if name == "cohere-embed" else {}

    _, path, body = translated(name)

    assert (path, body) == await of_google(["a", "b"], output_dimensionality=8, **task)


@pytest.mark.parametrize("name", [*SEVERAL, *OF_GOOGLE])
async def test_texts_for_an_older_model_are_sent_as_googles_sdk_sends_them(name: str) -> None:
    task = {"task_type": "RETRIEVAL_DOCUMENT"} if name == "cohere-embed" else {}

    _, path, body = translated(name, "vertex-predict", {**SEVERAL, **OF_GOOGLE})

    model = MODELS["vertex-predict"]
    assert (path.partition("/publishers/")[2], body) == (
        f"google/models/{model}:predict",
        (await of_google(["a", "b"], model, output_dimensionality=8, **task))[1],
    )


@pytest.mark.parametrize("name", SINGLE)
async def test_one_text_for_an_older_model_is_sent_as_googles_sdk_sends_it(name: str) -> None:
    task = {"task_type": "RETRIEVAL_DOCUMENT"} if name == "cohere-embed" else {}

    _, _, body = translated(name, "vertex-predict", SINGLE)

    assert body == (await of_google(["a"], MODELS["vertex-predict"], **task))[1]


@pytest.mark.parametrize("name", [name for name in SINGLE if name != GEMINI.name])
async def test_one_text_of_another_dialect_is_sent_as_a_batch_of_one(name: str) -> None:
    _, path, body = translated(name, asked=SINGLE)

    (only,) = body["requests"]
    assert path.endswith(f"/{MODEL}:batchEmbedContents")
    only["content"]["role"] = "user"
    _, wanted = await of_google(["a"], **({"task_type": "RETRIEVAL_DOCUMENT"} if name == "cohere-embed" else {}))
    wanted["content"]["role"] = "user"
    assert only == wanted


@pytest.mark.parametrize("name", SEVERAL)
def test_vectors_come_back_in_the_callers_dialect(name: str) -> None:
    answer = {"embeddings": SAID, "usageMetadata": {"promptTokenCount": 2, "totalTokenCount": 2}}

    vectors, usage = come_back(translated(name)[0], "vertex-global", answer)

    assert vectors == [said["values"] for said in SAID]
    assert usage == Usage(input=2)


@pytest.mark.parametrize("name", [*SEVERAL, *OF_GOOGLE])
def test_predictions_come_back_in_the_callers_dialect(name: str) -> None:
    translator, _, _ = translated(name, "vertex-predict", {**SEVERAL, **OF_GOOGLE})

    vectors, usage = come_back(translator, "vertex-predict", predicted(2))

    assert vectors == [said["values"] for said in SAID]
    assert usage == Usage(input=2)


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("name", SINGLE)
def test_one_vector_comes_back_in_the_callers_dialect(name: str, provider: str) -> None:
    answer = {"embeddings": SAID[:1]} if provider == "vertex-global" else predicted(1)

    vectors, _ = come_back(translated(name, provider, SINGLE)[0], provider, answer)

    assert vectors == [SAID[0]["values"]]


@pytest.mark.parametrize("texts", [["a"], ["a", "b"]])
async def test_what_a_caller_of_the_gemini_api_asks_for_names_no_model_in_the_body(texts: list[str]) -> None:
    items = [{"model": "models/mine", "content": {"role": "user", "parts": [{"text": text}]}} for text in texts]
    tail, body = ("batchEmbedContents", {"requests": items}) if len(texts) > 1 else ("embedContent", items[0])
    path, raw, host = f"/v1beta/models/mine:{tail}", json.dumps(body).encode(), target()
    operation = operation_of(GEMINI, path)
    envelope = GEMINI.read_envelope(operation, path, raw)

    sent = GEMINI.readdress(raw, envelope, model=MODEL, max_output=None, quirks=host.provider.quirks)

    url = upstream_url(host.base_urls[GEMINI.base], operation, MODEL, stream=False)
    theirs, wanted = await of_google(texts)
    for item in wanted.get("requests", [wanted]):
        item["content"]["role"] = "user"
    assert (url.partition("/projects/")[2], json.loads(sent)) == (theirs, wanted)


def test_what_names_no_model_passes_untouched() -> None:
    path, raw = "/v1beta/models/mine:embedContent", b'{ "content": {"parts": [{"text": "\\u0061"}]} }'
    envelope = GEMINI.read_envelope(operation_of(GEMINI, path), path, raw)

    assert GEMINI.readdress(raw, envelope, model=MODEL, max_output=None, quirks=target().provider.quirks) == raw
