"""Cohere's dialects as bodies pass: envelope, address, usage, errors, models."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.providers.cohere.shared import CODEC, asked, notes, read, sse
from tests.support.requires import requires

import tollbridge_cohere
from tollbridge import BadRequest, Provider, Quirks, RateLimited, Usage
from tollbridge.errors import Denied, ModelNotFound, UpstreamError
from tollbridge.formats import (
    Choice,
    Dialect,
    Envelope,
    ModelEntry,
    Reasoning,
    Response,
    Stop,
    Text,
    ToolCall,
    unfold,
)
from tollbridge_cohere.dialects import ChatDialect, EmbedDialect, RerankDialect, SharedRerankDialect
from tollbridge_cohere.errors import read_error

CHAT = ChatDialect()
END = {
    "type": "message-end",
    "delta": {"finish_reason": "COMPLETE", "usage": {"billed_units": {"input_tokens": 3, "output_tokens": 4}}},
}


def envelope(dialect: Dialect, **fields: Any) -> Envelope:
    body = json.dumps({"model": "m", **fields}).encode()
    return dialect.read_envelope(dialect.operations[0], dialect.operations[0].path, body)


def test_package_registers_its_dialects_and_its_host() -> None:
    dialects: list[Any] = []
    providers: list[Provider] = []

    tollbridge_cohere.register_dialects(dialects.append)
    tollbridge_cohere.register_providers(providers.append)

    assert [dialect.name for dialect in dialects] == ["cohere-v2", "cohere-embed", "cohere-rerank", "rerank"]
    assert [dialect.base for dialect in dialects] == ["cohere-v2", "cohere-v2", "cohere-v2", "openai-chat"]
    assert providers[0].base_urls == {"cohere-v2": "https://api.cohere.com/v2"}
    assert providers[0].auth.env == ("COHERE_API_KEY", "CO_API_KEY")


def test_envelope_holds_what_the_bridge_must_know() -> None:
    chat = envelope(CHAT, stream=True, max_tokens=9)
    embed = envelope(EmbedDialect(), stream=True, max_tokens=9)

    assert (chat.stream, chat.max_output, chat.asks_usage, chat.outputs_tokens) == (True, 9, True, True)
    assert (embed.stream, embed.max_output, embed.outputs_tokens) == (False, 0, False)
    assert envelope(CHAT).max_output is None


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{", None),
        (b"{}", "model"),
        (b'{"model": ""}', "model"),
        (b'{"model": "m", "stream": 3}', "stream"),
        (b'{"model": "m", "max_tokens": -1}', "max_tokens"),
        (b'{"model": "m", "model": "n"}', "model"),
        (b'{"model": "m", "\\u006dodel": "n"}', "model"),
        (b"\xff", None),
    ],
)
def test_what_is_wrong_with_a_body_is_named(body: bytes, param: str | None) -> None:
    with pytest.raises(BadRequest) as wrong:
        CHAT.read_envelope(CHAT.operations[0], "/v2/chat", body)

    assert wrong.value.param == param


def test_only_model_and_limit_of_a_body_are_changed() -> None:
    body = b'{"model": "m",  "p": 0.50, "max_tokens": 9}'
    found = CHAT.read_envelope(CHAT.operations[0], "/v2/chat", body)
    quirks = Quirks(rename={"p": "top_p"}, drop=("max_tokens",))

    def sent(model: str, limit: int | None, quirks: Quirks = Quirks()) -> bytes:  # noqa: B008 - frozen
        return CHAT.readdress(body, found, model=model, max_output=limit, quirks=quirks)

    assert sent("m", None) == body
    assert sent("n", None) == b'{"model": "n",  "p": 0.50, "max_tokens": 9}'
    assert sent("n", 5) == b'{"model": "n",  "p": 0.50, "max_tokens": 5}'
    assert json.loads(sent("m", None, quirks)) == {"model": "m", "top_p": 0.5}


def test_stream_is_counted_and_its_end_is_seen() -> None:
    stream = sse({"type": "content-delta", "delta": {"message": {"content": {"text": 'message-end"'}}}}, END)
    reader = CHAT.answer_reader(Envelope("m"), streamed=True)

    passed = b"".join([*reader.feed(stream), *reader.feed(b"")])

    assert passed == stream
    assert (reader.finished, reader.failed, reader.pieces) == (True, False, 1)
    assert reader.usage == Usage(3, output=4)


def test_cost_is_written_beside_the_usage() -> None:
    reader = CHAT.answer_reader(Envelope("m"), streamed=True, cost=lambda usage: "0.5")

    (passed,) = reader.feed(sse(END))

    assert json.loads(passed.splitlines()[1][6:])["delta"]["usage"]["cost"] == 0.5


@pytest.mark.parametrize(
    ("rest", "finished", "failed"),
    [
        (b"", False, False),
        (b'event: message-end\ndata: {"type":"message-end"}', True, False),
        (b'event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"ERROR"}}\n\n', False, True),
        (b'event: message-end\ndata: {"type":"message-end","delta":{"error":"x"}}\n\n', False, True),
        (b'event: message-end\ndata: {"type":"message-end"', False, False),
        (b'event: message-end\ndata: {"type":"message-end"]\n\n', False, False),
        (b'event: x\ndata: {"type":"x","y":"message-end"}\n\n', False, False),
        (b': message-end"\n\n', False, False),
    ],
)
def test_stream_without_its_end_is_not_finished(rest: bytes, finished: bool, failed: bool) -> None:
    reader = CHAT.answer_reader(Envelope("m"), streamed=True)

    passed = b"".join([*reader.feed(rest), *reader.feed(b"")])

    assert (reader.finished, reader.failed) == (finished, failed)
    assert passed in (rest, b"")


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (400, b'{"id": "1", "message": "invalid request"}', BadRequest, "invalid request"),
        (401, b'{"message": "invalid api token"}', UpstreamError, ""),
        (403, b'{"message": "no"}', Denied, "no"),
        (404, b'{"message": "model not found"}', ModelNotFound, "model not found"),
        (422, b'{"detail": "too long"}', BadRequest, "too long"),
        (429, b'{"error": {"message": "slow down"}, "code": "x"}', RateLimited, "slow down"),
        (498, b'"blocked"', BadRequest, "blocked"),
        (500, b"[]", UpstreamError, "answered 500"),
        (503, b"<html>", Exception, "answered 503"),
    ],
)
def test_refusal_keeps_its_class_and_its_message(status: int, body: bytes, kind: type[Exception], message: str) -> None:
    error = read_error(status, body)

    assert isinstance(error, kind)
    assert message in error.message
    assert error.status == (502 if status == 401 else status)


def test_errors_and_models_are_written_as_cohere_writes_them() -> None:
    error = BadRequest("too bad", param="model")
    models = [ModelEntry("a", "cohere", context=5), ModelEntry("b", "x")]

    assert json.loads(CHAT.write_error(error, "req_1")) == {"id": "req_1", "message": "too bad"}
    assert b'"finish_reason":"ERROR"' in CHAT.write_error_event(error, "req_1")
    assert [model["name"] for model in json.loads(CHAT.write_models(models, {}))["models"]] == ["a", "b"]
    assert json.loads(CHAT.write_model(models[0]))["context_length"] == 5
    assert CHAT.claims({b"x-fern-sdk-name": b"cohere"})
    assert not CHAT.claims({b"x-fern-sdk-name": b"mistral"})
    assert not CHAT.claims({})


@pytest.mark.parametrize(
    ("dialect", "body", "usage"),
    [
        (RerankDialect(), {"meta": {"billed_units": {"search_units": 1}}}, None),
        (SharedRerankDialect(), {"usage": {"total_tokens": 9}}, Usage(9)),
        (SharedRerankDialect(), {"meta": {"billed_units": {"input_tokens": 2}}}, Usage(2)),
        (EmbedDialect(), {"meta": {"billed_units": {"input_tokens": 2.0}}}, Usage(2)),
    ],
)
def test_whole_answer_is_counted(dialect: Dialect, body: Any, usage: Usage | None) -> None:
    reader = dialect.answer_reader(Envelope("m"), streamed=False)
    reader.feed(json.dumps(body).encode())

    assert reader.usage == usage


ANSWER = Response(
    origin="another",
    id="a1",
    choices=(
        Choice(
            parts=(
                Reasoning(text="Hm."),
                Text(text="Hot."),
                ToolCall(id="c1", name="f", arguments='{"a":1}'),
            ),
            stop=Stop.TOOL_CALLS,
        ),
    ),
    usage=Usage(3, output=4),
)


def asked_through_the_sdk(answer: Callable[[httpx.Request], httpx.Response]) -> Any:
    import cohere

    transport = httpx.MockTransport(answer)
    return cohere.ClientV2(base_url="https://gateway.test", api_key="k", httpx_client=httpx.Client(transport=transport))


@requires("python-sdks")
def test_official_sdk_reads_a_whole_answer() -> None:
    body = CODEC.write_response(ANSWER, read(asked()), notes())
    client = asked_through_the_sdk(lambda request: httpx.Response(200, content=body))

    answer = client.chat(model="m", messages=[{"role": "user", "content": "Hi"}])

    assert answer.finish_reason == "TOOL_CALL"
    assert [item.type for item in answer.message.content] == ["thinking", "text"]
    assert answer.message.tool_calls[0].function.arguments == '{"a":1}'
    assert answer.usage.billed_units.input_tokens == 3


@requires("python-sdks")
def test_official_sdk_reads_a_stream() -> None:
    writer = CODEC.stream_writer(read(asked()), notes())
    body = b"".join(writer.write(event) for event in unfold(ANSWER))
    headers = {"content-type": "text/event-stream"}
    client = asked_through_the_sdk(lambda request: httpx.Response(200, content=body, headers=headers))

    events = list(client.chat_stream(model="m", messages=[{"role": "user", "content": "Hi"}]))

    assert events[-1].delta.finish_reason == "TOOL_CALL"
    assert events[-1].delta.usage.billed_units.output_tokens == 4
    words = [e.delta.message.content for e in events if e.type == "content-delta"]
    assert [(word.thinking, word.text) for word in words] == [("Hm.", None), (None, "Hot.")]
    (start,) = [event for event in events if event.type == "tool-call-start"]
    assert start.delta.message.tool_calls.function.name == "f"


@requires("python-sdks")
def test_official_sdk_raises_its_own_error() -> None:
    from cohere.errors import NotFoundError

    body = CHAT.write_error(ModelNotFound("no such model"), "req_1")
    client = asked_through_the_sdk(lambda request: httpx.Response(404, content=body))

    with pytest.raises(NotFoundError) as raised:
        client.chat(model="m", messages=[{"role": "user", "content": "Hi"}])

    assert raised.value.body["message"] == "no such model"
