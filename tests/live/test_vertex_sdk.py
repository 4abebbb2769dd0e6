"""Google's own SDK in Vertex mode against a gateway: the models of Vertex, of the Gemini API and of anybody else."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from google.genai import Client, types
from google.genai.errors import ClientError
from google.oauth2.credentials import Credentials
from tests.support.live import LiveGateway

from tollbridge.testing.upstream import DONE, ScriptedUpstream, event

CONFIG = """
[providers.vertex-global]
base_url = "{url}/vertex"
api_key = "env:MOCK_KEY"
auth = "bearer"
allow_private = true
[providers.gemini]
base_url = "{url}/gemini"
api_key = "env:MOCK_KEY"
allow_private = true
[providers.vertex-predict]
base_url = "{url}/predict"
api_key = "env:MOCK_KEY"
auth = "bearer"
allow_private = true
[providers.openai]
base_url = "{url}/openai"
api_key = "env:MOCK_KEY"
allow_private = true
[providers.anthropic]
base_url = "{url}/anthropic"
api_key = "env:MOCK_KEY"
allow_private = true
[models.near]
targets = ["vertex-global/gemini-2.5-flash"]
price = {{ input = "1", output = "2" }}
[models.far]
targets = ["gemini/gemini-2.5-flash"]
price = {{ input = "1", output = "2" }}
[models.gemini-embedding-near]
targets = ["vertex-global/gemini-embedding-2"]
price = {{ input = "1" }}
[models.gemini-embedding-far]
targets = ["gemini/gemini-embedding-2"]
price = {{ input = "1" }}
[models.text-embedding-005]
targets = ["vertex-predict/text-embedding-005"]
price = {{ input = "0.1" }}
"""
USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7}
CONFIGURED = types.GenerateContentConfig(
    system_instruction="Be brief.", labels={"team": "x"}, temperature=0, max_output_tokens=64
)
WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="weather", parameters_json_schema={"type": "object", "properties": {"city": {"type": "string"}}}
        )
    ]
)
LOOKED_UP = [
    {"type": "thinking", "thinking": "Look it up.", "signature": "c2lnbmVk"},
    {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Ulm"}},
]
PREDICTED = {"predictions": [{"embeddings": {"values": [0.5], "statistics": {"token_count": 3, "truncated": False}}}]}
LISTED = {
    "object": "list",
    "model": "text-embedding-3-small",
    "data": [{"object": "embedding", "index": place, "embedding": [0.25]} for place in range(2)],
    "usage": {"prompt_tokens": 2, "total_tokens": 2},
}


def said(*parts: Mapping[str, object], **more: object) -> dict[str, object]:
    content = {"role": "model", "parts": list(parts)}
    return {"candidates": [{"content": content, **more}], "usageMetadata": USAGE, "modelVersion": "gemini-2.5-flash"}


def message(content: list[dict[str, Any]], stop: str) -> dict[str, object]:
    usage = {"input_tokens": 3, "output_tokens": 4}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude"}
    return {**head, "content": content, "stop_reason": stop, "stop_sequence": None, "usage": usage}


class Sdk:
    """A gateway, its upstream, and clients in Vertex mode."""

    def __init__(self, gateway: LiveGateway, upstream: ScriptedUpstream) -> None:
        self.upstream = upstream
        self.url = gateway.url
        self.token = gateway.token()["token"]
        self._clients: dict[str, Client] = {}

    def client(self, name: str = "a project") -> Client:
        """Make a client as the ways of `CLIENTS` are named, or give the one there is."""
        if name not in self._clients:
            self._clients[name] = CLIENTS[name](self)
        return self._clients[name]

    def made(self, **how: Any) -> Client:
        options = {"base_url": self.url, "timeout": 20_000, **how.pop("options", {})}
        return Client(vertexai=True, http_options=types.HttpOptions(**options), **how)

    @property
    def sent(self) -> Any:
        return self.upstream.requests[-1].json()

    @property
    def path(self) -> str:
        return self.upstream.requests[-1].path

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


CLIENTS: Mapping[str, Callable[[Sdk], Client]] = {
    "a project": lambda sdk: sdk.made(project="p", location="europe-west4", credentials=Credentials(sdk.token)),
    "a key": lambda sdk: sdk.made(api_key=sdk.token),
    "a key, v1": lambda sdk: sdk.made(api_key=sdk.token, options={"api_version": "v1"}),
    "a key and a project": lambda sdk: sdk.made(api_key=sdk.token, project="q", location="global"),
    "a header": lambda sdk: sdk.made(
        options={
            "base_url": f"{sdk.url}/v1beta1",
            "base_url_resource_scope": types.ResourceScope.COLLECTION,
            "headers": {"authorization": f"Bearer {sdk.token}"},
        }
    ),
    "no token of ours": lambda sdk: sdk.made(api_key="tb-unknown"),
}


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sdk]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"):
            patch.delenv(name, raising=False)
        folder = tmp_path_factory.mktemp("vertex")
        with (
            ScriptedUpstream.in_thread() as upstream,
            LiveGateway(folder, CONFIG.format(url=upstream.url)) as gateway,
        ):
            sdk = Sdk(gateway, upstream)
            yield sdk
            sdk.close()


@pytest.mark.parametrize("way", [name for name in CLIENTS if name != "no token of ours"])
def test_project_location_and_how_the_token_is_shown_do_not_matter(sdk: Sdk, way: str) -> None:
    sdk.upstream.answer(said({"text": "Four."}, finishReason="STOP"))

    answer = sdk.client(way).models.generate_content(model="near", contents="2 + 2?", config=CONFIGURED)

    assert answer.text == "Four."
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.total_token_count == 7
    assert sdk.path == "/vertex/models/gemini-2.5-flash:generateContent"
    assert sdk.upstream.requests[-1].header("authorization") == "Bearer sk-upstream-secret"
    assert sdk.sent == {
        "contents": [{"parts": [{"text": "2 + 2?"}], "role": "user"}],
        "systemInstruction": {"parts": [{"text": "Be brief."}], "role": "user"},
        "labels": {"team": "x"},
        "generationConfig": {"temperature": 0.0, "maxOutputTokens": 64},
    }


def test_stream_of_vertex_passes(sdk: Sdk) -> None:
    pieces = [said({"text": "Fo"}), said({"text": "ur."}, finishReason="STOP")]
    sdk.upstream.stream([event(piece) for piece in pieces])

    answer = list(sdk.client().models.generate_content_stream(model="near", contents="2 + 2?"))

    assert [piece.text for piece in answer] == ["Fo", "ur."]
    assert sdk.path == "/vertex/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


def test_stream_of_another_provider_is_told_as_vertex_streams(sdk: Sdk) -> None:
    pieces = [{"delta": {"content": word}, "finish_reason": None} for word in ("Fo", "ur.")]
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    chunks: list[dict[str, object]] = [
        {"choices": [{"index": 0, **piece}]} for piece in [*pieces, {"delta": {}, "finish_reason": "length"}]
    ]
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    sdk.upstream.stream([*(event({**head, **chunk}) for chunk in [*chunks, {"choices": [], "usage": usage}]), DONE])

    answer = list(sdk.client("a key").models.generate_content_stream(model="openai/gpt-4o", contents="2 + 2?"))

    assert "".join(piece.text or "" for piece in answer) == "Four."
    (candidate,) = answer[-1].candidates or []
    assert candidate.finish_reason is types.FinishReason.MAX_TOKENS
    assert answer[-1].usage_metadata is not None
    assert answer[-1].usage_metadata.total_token_count == 7
    assert sdk.path == "/openai/chat/completions"


def test_model_behind_a_publisher_calls_a_tool_and_gets_its_own_thinking_back(sdk: Sdk) -> None:
    sdk.upstream.answer(message(LOOKED_UP, "tool_use"))
    sdk.upstream.answer(message([{"type": "text", "text": "Rain."}], "end_turn"))
    config = types.GenerateContentConfig(
        tools=[WEATHER], system_instruction="Be brief.", labels={"team": "x"}, max_output_tokens=2048
    )
    model, models = "anthropic/claude-sonnet-4-5", sdk.client().models

    asked = types.Content(role="user", parts=[types.Part(text="Weather in Ulm?")])
    first = models.generate_content(model=model, contents=[asked], config=config)
    (call,) = first.function_calls or []
    (candidate,) = first.candidates or []
    assert candidate.content is not None
    result = types.Part(
        function_response=types.FunctionResponse(id=call.id, name="weather", response={"output": "rain"})
    )
    second = models.generate_content(
        model=model, contents=[asked, candidate.content, types.Content(role="user", parts=[result])], config=config
    )

    assert (call.name, call.args, second.text) == ("weather", {"city": "Ulm"}, "Rain.")
    assert sdk.sent["messages"][1]["content"] == LOOKED_UP
    assert sdk.sent["messages"][2]["content"][0]["tool_use_id"] == "toolu_1"
    assert sdk.sent["tools"][0]["name"] == "weather"
    assert json.dumps(sdk.sent["system"]).count("Be brief.") == 1
    assert second.sdk_http_response is not None
    assert second.sdk_http_response.headers is not None
    assert second.sdk_http_response.headers["x-tollbridge-dropped"] == "labels"


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("near", "/vertex/models/gemini-2.5-flash:countTokens"),
        ("far", "/gemini/models/gemini-2.5-flash:countTokens"),
    ],
)
def test_all_of_a_request_is_counted(sdk: Sdk, model: str, path: str) -> None:
    sdk.upstream.answer({"totalTokens": 12})
    config = types.CountTokensConfig(system_instruction="Be brief.", tools=[WEATHER])

    counted = sdk.client().models.count_tokens(model=model, contents="2 + 2?", config=config)

    assert counted.total_tokens == 12
    assert sdk.path == path
    counted_there = {"contents", "systemInstruction", "tools"}
    if model == "near":
        assert sdk.sent.keys() == counted_there
    else:
        whole = sdk.sent.pop("generateContentRequest")
        assert whole.pop("model") == "models/gemini-2.5-flash"
        assert whole.keys() == counted_there


def test_tokens_are_counted_by_a_provider_of_another_dialect(sdk: Sdk) -> None:
    sdk.upstream.answer({"input_tokens": 15})
    config = types.CountTokensConfig(system_instruction="Be brief.", tools=[WEATHER])

    counted = sdk.client().models.count_tokens(model="anthropic/claude-sonnet-4-5", contents="2 + 2?", config=config)

    assert counted.total_tokens == 15
    assert json.dumps(sdk.sent["system"]).count("Be brief.") == 1
    assert sdk.sent["tools"][0]["name"] == "weather"


ASKED = types.EmbedContentConfig(task_type="RETRIEVAL_QUERY", output_dimensionality=8)
PLAIN = {"taskType": "RETRIEVAL_QUERY", "outputDimensionality": 8}


@pytest.mark.parametrize(
    ("model", "asked"),
    [("near", {"embedContentConfig": PLAIN}), ("far", {"model": "models/gemini-embedding-2", **PLAIN})],
)
def test_contents_are_embedded_one_by_one_or_at_once(sdk: Sdk, model: str, asked: dict[str, object]) -> None:
    models = sdk.client().models
    contents = [types.Content(role="user", parts=[types.Part(text=text)]) for text in "ab"]
    written = [{"parts": [{"text": text}], "role": "user"} for text in "ab"]
    sdk.upstream.answer({"embedding": {"values": [0.5]}, "usageMetadata": {"promptTokenCount": 3}})
    sdk.upstream.answer({"embeddings": [{"values": [1]}, {"values": [2]}]})

    one = models.embed_content(model=f"gemini-embedding-{model}", contents=contents[:1], config=ASKED)
    single, path = sdk.sent, sdk.path
    both = models.embed_content(model=f"gemini-embedding-{model}", contents=contents, config=ASKED)

    (embedding,) = one.embeddings or []
    assert embedding.values == [0.5]
    assert embedding.statistics is not None
    assert embedding.statistics.token_count == 3
    assert [embedding.values for embedding in both.embeddings or []] == [[1], [2]]
    assert path.endswith("/models/gemini-embedding-2:embedContent")
    assert {"model": "models/gemini-embedding-2", **single} == {
        "content": written[0],
        "model": "models/gemini-embedding-2",
        **asked,
    }
    assert sdk.path.endswith("/models/gemini-embedding-2:batchEmbedContents")
    assert sdk.sent == {"requests": [{"content": content, **asked} for content in written]}


def test_text_is_embedded_at_predict(sdk: Sdk) -> None:
    sdk.upstream.answer(PREDICTED)

    answer = sdk.client().models.embed_content(model="text-embedding-005", contents="a")

    (embedding,) = answer.embeddings or []
    assert embedding.values == [0.5]
    assert embedding.statistics is not None
    assert embedding.statistics.token_count == 3
    assert sdk.path == "/predict/models/text-embedding-005:predict"
    assert sdk.sent == {"instances": [{"content": "a"}]}
    assert sdk.upstream.requests[-1].header("authorization") == "Bearer sk-upstream-secret"


def test_texts_are_embedded_by_another_provider(sdk: Sdk) -> None:
    sdk.upstream.answer(LISTED)

    answer = sdk.client("a key, v1").models.embed_content(
        model="openai/text-embedding-3-small", contents=["a", "b"], config=types.EmbedContentConfig()
    )

    assert [embedding.values for embedding in answer.embeddings or []] == [[0.25], [0.25]]
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.prompt_token_count == 2
    assert sdk.path == "/openai/embeddings"


def test_models_are_listed_by_names_that_can_be_asked_for(sdk: Sdk) -> None:
    names = [model.name or "" for model in sdk.client().models.list()]
    sdk.upstream.answer(said({"text": "Four."}, finishReason="STOP"))

    answer = sdk.client().models.generate_content(
        model=next(name for name in names if name.endswith("/near")), contents="2 + 2?"
    )

    assert answer.text == "Four."
    assert "publishers/google/models/gemini/gemini-2.5-flash" in names


@pytest.mark.parametrize("model", ["near", "anthropic/claude-sonnet-4-5"])
def test_refusal_of_any_provider_is_raised_as_googles(sdk: Sdk, model: str) -> None:
    error = {"code": 400, "message": "too many tokens", "status": "INVALID_ARGUMENT", "type": "invalid_request_error"}
    sdk.upstream.answer({"type": "error", "error": error}, status=400)

    with pytest.raises(ClientError, match="too many tokens") as refused:
        sdk.client().models.generate_content(model=model, contents="a")

    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")


def test_refusal_at_predict_is_raised_as_googles(sdk: Sdk) -> None:
    error = {"code": 400, "message": "too many tokens", "status": "INVALID_ARGUMENT"}
    sdk.upstream.answer({"error": error}, status=400)

    with pytest.raises(ClientError, match="too many tokens") as refused:
        sdk.client().models.embed_content(model="text-embedding-005", contents="a")

    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("way", "model", "code", "status"),
    [
        ("no token of ours", "near", 401, "UNAUTHENTICATED"),
        ("a project", "nowhere/at-all", 404, "NOT_FOUND"),
        ("a key", "projects/p/locations/l/endpoints/5", 400, "INVALID_ARGUMENT"),
    ],
)
def test_refusal_of_the_gateway_is_raised_as_googles(sdk: Sdk, way: str, model: str, code: int, status: str) -> None:
    before = len(sdk.upstream.requests)

    with pytest.raises(ClientError) as refused:
        sdk.client(way).models.generate_content(model=model, contents="a")

    assert (refused.value.code, refused.value.status) == (code, status)
    assert len(sdk.upstream.requests) == before
