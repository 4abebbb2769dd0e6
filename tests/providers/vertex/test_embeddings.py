"""Embeddings at Vertex, asked for in every dialect that knows them, as Google's own SDK asks for them."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from google.genai import Client, types
from google.oauth2.credentials import Credentials

import tollbridge_vertex
from tollbridge import Config, Provider
from tollbridge.formats import EMBEDDINGS, Dialect, KeyedSeal, Operation
from tollbridge.formats.translation import Translator
from tollbridge.formats.ways import Ways, upstream_url
from tollbridge.plugins import Plugins
from tollbridge.providers import Target
from tollbridge.routes import ModelRoutes
from tollbridge.testing.upstream import ScriptedUpstream

MODEL = "gemini-embedding-2"
DIALECTS = Plugins().register_all().dialects
ASKED: Mapping[str, tuple[str, Mapping[str, object]]] = {
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
GEMINI = DIALECTS["gemini-generate-content"]
SAID = [{"values": [0.5, -0.25]}, {"values": [1.0, 0.0]}]


def operation_of(dialect: Dialect, path: str) -> Operation:
    """Find the operation for embeddings that is asked for at a path."""
    tail = path.rpartition("/")[2].rpartition(":")[2]
    found = [each for each in dialect.operations if each.codec is not None and each.codec.kind == EMBEDDINGS]
    return next(each for each in found if each.path.endswith(tail))


def target() -> Target:
    found: list[Provider] = []
    tollbridge_vertex.register_providers(found.append)
    env = {"GOOGLE_CLOUD_PROJECT": "p", "GOOGLE_CLOUD_LOCATION": "global", "GOOGLE_APPLICATION_CREDENTIALS": "/key"}
    providers = {provider.name: provider for provider in found}
    routes = ModelRoutes(Config(), providers, DIALECTS, env=env, read_key=lambda reference, _: env[reference[4:]])
    [only] = routes.resolve(f"vertex-global/{MODEL}")
    return only


async def of_google(texts: list[str], **config: Any) -> tuple[str, Any]:
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
            client.models.embed_content(model=MODEL, contents=contents, config=types.EmbedContentConfig(**config))

    async with ScriptedUpstream() as upstream:
        upstream.answer(answer)
        await asyncio.to_thread(embed, upstream.url)
        (sent,) = upstream.requests
    return sent.path.partition("/projects/")[2], sent.json()


def translated(name: str) -> tuple[Translator, str, Any]:
    """Ask Vertex in a dialect; gives the end of the path and the body that are sent."""
    path, asked = ASKED[name]
    dialect, host, body = DIALECTS[name], target(), json.dumps(asked).encode()
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
    url = upstream_url(host.base_urls[translation.way.dialect.base], translation.way.operation, MODEL, stream=False)
    return translator, url.partition("/projects/")[2], json.loads(translation.written(host))


def test_every_dialect_of_embeddings_is_asked_in() -> None:
    knows = {
        dialect.name
        for dialect in DIALECTS.values()
        if any(each.codec is not None and each.codec.kind == EMBEDDINGS for each in dialect.operations)
    }

    assert knows == {*ASKED, GEMINI.name}


@pytest.mark.parametrize("name", ASKED)
async def test_texts_are_sent_as_googles_sdk_sends_them(name: str) -> None:
    task = {"task_type": "RETRIEVAL_DOCUMENT"} if name == "cohere-embed" else {}

    _, path, body = translated(name)

    assert (path, body) == await of_google(["a", "b"], output_dimensionality=8, **task)


@pytest.mark.parametrize("name", ASKED)
def test_vectors_come_back_in_the_callers_dialect(name: str) -> None:
    translator, _, _ = translated(name)
    host = target()
    translation = translator.to(host, b"", None)
    reader = translation.reader(streamed=False, tell=lambda dropped: None)
    answer = {"embeddings": SAID, "usageMetadata": {"promptTokenCount": 2, "totalTokenCount": 2}}

    (told,) = reader.feed(json.dumps(answer).encode())

    again = translator.codec.read_response(told, translator.notes())
    assert [vector.values for vector in again.vectors] == [said["values"] for said in SAID]
    assert reader.usage is not None
    assert reader.usage.total == 2


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
