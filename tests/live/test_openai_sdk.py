"""The official `openai` SDK against a gateway: what it expects of OpenAI it gets here."""

from collections.abc import Iterator

import openai
import pytest
from tests.live.looking import PROMPT
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import ScriptedUpstream, chat_events, event

MESSAGES = [{"role": "user", "content": PROMPT}]
CHAT = {"model": "gpt-4o-mini", "messages": MESSAGES}
EMBEDDINGS = """
[models.small]
targets = ["mock/text-embedding-3-small"]
price = { input = "0.02", output = "0" }
[models.legacy]
targets = ["mock/gpt-3.5-turbo-instruct"]
price = { input = "1.50", output = "2.00" }
"""


class Sdk:
    """A gateway, its upstream, and clients of the SDK that show a token."""

    def __init__(self, gateway: LiveGateway, upstream: ScriptedUpstream) -> None:
        self.gateway = gateway
        self.upstream = upstream
        self.token = gateway.token()["token"]

    def client(self, token: str = "", **more: object) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.gateway.url}/v1", api_key=token or self.token, timeout=20, **more)

    def lasting(self, token: str = "") -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(base_url=f"{self.gateway.url}/v1", api_key=token or self.token, timeout=20)

    def asked(self) -> int:
        return len(self.upstream.requests)


@pytest.fixture(scope="module")
def sdk(tmp_path_factory) -> Iterator[Sdk]:
    folder = tmp_path_factory.mktemp("sdk")
    with (
        ScriptedUpstream.in_thread() as upstream,
        LiveGateway(folder, mock_config(upstream.url, EMBEDDINGS)) as gateway,
    ):
        yield Sdk(gateway, upstream)


def test_chat_completion_is_an_object_of_the_sdk(sdk) -> None:
    with sdk.client() as client:
        answer = client.chat.completions.create(**CHAT)

    assert answer.choices[0].message.content == "Hello."
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (10, 5)
    sent = sdk.upstream.requests[-1]
    assert sent.header("authorization") == "Bearer sk-upstream-secret"
    assert sent.json()["messages"] == MESSAGES


def test_raw_answer_tells_the_request_id_and_the_cost(sdk) -> None:
    with sdk.client() as client:
        raw = client.chat.completions.with_raw_response.create(**CHAT)

    assert raw.request_id
    assert raw.headers["x-tollbridge-provider"] == "mock"
    assert float(raw.headers["x-tollbridge-cost-usd"]) == pytest.approx((10 * 0.15 + 5 * 0.60) / 1e6)


@pytest.mark.parametrize("usage", [False, True])
def test_stream_is_read_to_its_end(sdk, usage) -> None:
    more = {"stream_options": {"include_usage": True}} if usage else {}
    with sdk.client() as client:
        chunks = list(client.chat.completions.create(**CHAT, stream=True, **more))

    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == "Hello."
    assert (chunks[-1].usage is not None) is usage


async def test_asynchronous_client_chats_and_streams(sdk) -> None:
    async with sdk.lasting() as client:
        answer = await client.chat.completions.create(**CHAT)
        stream = await client.chat.completions.create(**CHAT, stream=True)
        text = "".join([choice.delta.content or "" async for chunk in stream for choice in chunk.choices])
        models = [model.id async for model in client.models.list()]

    assert answer.choices[0].message.content == text == "Hello."
    assert "gpt-4o-mini" in models


def test_embeddings_pass(sdk) -> None:
    vector = {"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    sdk.upstream.answer({"object": "list", "data": [vector], "model": "text-embedding-3-small", "usage": usage})

    with sdk.client() as client:
        answer = client.embeddings.create(model="small", input="a word", encoding_format="float")

    assert answer.data[0].embedding == [0.25, -0.5]
    sent = sdk.upstream.requests[-1]
    assert (sent.path, sent.json()["model"]) == ("/v1/embeddings", "text-embedding-3-small")


def test_completions_pass(sdk) -> None:
    choice = {"index": 0, "text": " there", "finish_reason": "stop", "logprobs": None}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    body = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]}
    sdk.upstream.answer({**body, "usage": usage})

    with sdk.client() as client:
        answer = client.completions.create(model="legacy", prompt="Hello", max_tokens=5)

    assert answer.choices[0].text == " there"
    assert sdk.upstream.requests[-1].path == "/v1/completions"


def test_models_are_listed_and_found(sdk) -> None:
    with sdk.client() as client:
        listed = {model.id for model in client.models.list()}
        one = client.models.retrieve("gpt-4o-mini")
        with pytest.raises(openai.NotFoundError) as caught:
            client.models.retrieve("gpt-99")

    assert {"gpt-4o-mini", "small", "legacy"} <= listed
    assert (one.id, one.object) == ("gpt-4o-mini", "model")
    assert caught.value.code == "model_not_found"


def test_wrong_token_is_an_authentication_error(sdk) -> None:
    before = sdk.asked()
    with sdk.client("tb_wrong") as client, pytest.raises(openai.AuthenticationError) as caught:
        client.chat.completions.create(**CHAT)

    assert (caught.value.status_code, caught.value.code) == (401, "invalid_api_key")
    assert caught.value.request_id
    assert sdk.asked() == before


def test_missing_scope_is_a_permission_error(sdk) -> None:
    token = sdk.gateway.token("--scope", "ai:chat", "--scope", "model:other")["token"]
    with sdk.client(token) as client, pytest.raises(openai.PermissionDeniedError) as caught:
        client.chat.completions.create(**CHAT)

    assert (caught.value.status_code, caught.value.code) == (403, "insufficient_scope")


def test_unknown_model_and_unknown_path_are_not_found(sdk) -> None:
    token = sdk.gateway.token("--scope", "ai:*", "--scope", "model:*")["token"]
    with sdk.client(token) as client, pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(**{**CHAT, "model": "gpt-99"})

    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_request_that_is_wrong_is_a_bad_request(sdk) -> None:
    with sdk.client() as client:
        with pytest.raises(openai.BadRequestError) as ours:
            client.chat.completions.create(model=5, messages=MESSAGES)
        error = {"message": "no such role", "type": "invalid_request_error", "param": "messages", "code": "odd"}
        sdk.upstream.answer({"error": error}, status=400)
        with pytest.raises(openai.BadRequestError) as theirs:
            client.chat.completions.create(**CHAT)

    assert ours.value.param == "model"
    assert (theirs.value.code, theirs.value.param) == ("odd", "messages")


@pytest.mark.parametrize("retries", [0, 3])
def test_spent_budget_is_a_rate_limit_error_that_is_not_retried(sdk, retries) -> None:
    token = sdk.gateway.token("--budget", "0.000001/total")["token"]
    tried = []
    with sdk.client(token, max_retries=retries) as client:
        client._client.event_hooks["response"].append(tried.append)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(**CHAT)

    assert caught.value.code == "insufficient_quota"
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert len(tried) == 1


def test_rate_limit_says_when_to_come_again(sdk) -> None:
    token = sdk.gateway.token("--rpm", "1")["token"]
    with sdk.client(token, max_retries=0) as client:
        client.chat.completions.create(**CHAT)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(**CHAT)

    assert caught.value.code == "rate_limit_exceeded"
    assert "x-should-retry" not in caught.value.response.headers
    assert 0 < int(caught.value.response.headers["retry-after"]) <= 60


def test_failure_of_the_provider_is_retried_by_the_sdk_and_its_own_error_shown(sdk) -> None:
    before = sdk.asked()
    sdk.upstream.answer(
        {"error": {"message": "busy", "type": "server_error"}}, status=503, headers=[("retry-after", "0")]
    )
    with sdk.client(max_retries=1) as client:
        answer = client.chat.completions.create(**CHAT)
    assert answer.choices[0].message.content == "Hello."
    assert sdk.asked() == before + 2

    sdk.upstream.raw(b"")
    with sdk.client(max_retries=0) as client, pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(**CHAT)
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_error")


@pytest.mark.parametrize("how", ["truncated", "said"])
def test_stream_that_fails_raises_the_sdks_error_after_what_came(sdk, how) -> None:
    first = chat_events("Hel")[0]
    error = event({"error": {"message": "overloaded", "type": "server_error", "code": "overloaded"}})
    sdk.upstream.stream([first] if how == "truncated" else [first, error], end=how == "said")

    with sdk.client() as client:
        stream = client.chat.completions.create(**CHAT, stream=True)
        assert next(stream).choices[0].delta.content == "Hel"
        with pytest.raises(openai.APIError) as caught:
            next(stream)

    assert caught.value.code == {"truncated": "upstream_truncated", "said": "overloaded"}[how]


async def test_asynchronous_client_raises_the_same_errors(sdk) -> None:
    async with sdk.lasting("tb_wrong") as client:
        with pytest.raises(openai.AuthenticationError):
            await client.chat.completions.create(**CHAT)
    sdk.upstream.stream([chat_events("Hel")[0]], end=False)
    async with sdk.lasting() as client:
        with pytest.raises(openai.APIError) as caught:
            async for _ in await client.chat.completions.create(**CHAT, stream=True):
                pass

    assert caught.value.code == "upstream_truncated"
