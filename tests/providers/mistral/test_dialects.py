"""Mistral's dialects as bodies pass: envelope, address, usage, errors, models; and its SDK."""

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.providers.mistral.shared import CODEC, asked, chunk, notes, read, sse
from tests.support.requires import requires

import tollbridge_mistral
from tollbridge import BadRequest, Provider, Quirks, RateLimited, Usage
from tollbridge.errors import ModelNotFound, UpstreamError
from tollbridge.formats import Choice, Envelope, ModelEntry, Reasoning, Response, State, Stop, Text, ToolCall, unfold
from tollbridge_mistral.dialects import ChatDialect, EmbeddingsDialect
from tollbridge_mistral.errors import read_error

CHAT = ChatDialect()
LAST = chunk({"content": ""}, "stop", usage={"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7})


def test_package_registers_its_dialects_and_its_host() -> None:
    dialects: list[Any] = []
    providers: list[Provider] = []

    tollbridge_mistral.register_dialects(dialects.append)
    tollbridge_mistral.register_providers(providers.append)

    assert [(dialect.name, dialect.base) for dialect in dialects] == [
        ("mistral-chat", "mistral-chat"),
        ("mistral-embeddings", "mistral-chat"),
    ]
    assert providers[0].base_urls == {"mistral-chat": "https://api.mistral.ai/v1"}


def test_envelope_holds_what_the_bridge_must_know() -> None:
    body = b'{"model": "m", "stream": true, "max_tokens": 9, "n": 2}'
    chat = CHAT.read_envelope(CHAT.operations[0], "", body)
    embeddings = EmbeddingsDialect().read_envelope(EmbeddingsDialect().operations[0], "", body)

    assert (chat.stream, chat.max_output, chat.answers, chat.asks_usage) == (True, 18, 2, True)
    assert (embeddings.max_output, embeddings.outputs_tokens) == (0, False)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{", None),
        (b"{}", "model"),
        (b'{"model": ""}', "model"),
        (b'{"model": "m", "stream": 3}', "stream"),
        (b'{"model": "m", "max_tokens": -1}', "max_tokens"),
        (b'{"model": "m", "n": 0}', "n"),
        (b'{"model": "m", "model": "n"}', "model"),
        (b"\xff", None),
    ],
)
def test_what_is_wrong_with_a_body_is_named(body: bytes, param: str | None) -> None:
    with pytest.raises(BadRequest) as wrong:
        CHAT.read_envelope(CHAT.operations[0], "", body)

    assert wrong.value.param == param


def test_only_model_and_limit_of_a_body_are_changed() -> None:
    body = b'{"model": "m",  "top_p": 0.50, "max_tokens": 9}'
    found = CHAT.read_envelope(CHAT.operations[0], "", body)
    quirks = Quirks(rename={"top_p": "p"}, drop=("max_tokens",))

    def sent(model: str, limit: int | None, quirks: Quirks = Quirks()) -> bytes:  # noqa: B008 - frozen
        return CHAT.readdress(body, found, model=model, max_output=limit, quirks=quirks)

    assert sent("m", None) == body
    assert sent("n", None) == b'{"model": "n",  "top_p": 0.50, "max_tokens": 9}'
    assert sent("n", 5) == b'{"model": "n",  "top_p": 0.50, "max_tokens": 5}'
    assert json.loads(sent("m", None, quirks)) == {"model": "m", "p": 0.5}


def test_stream_is_counted_and_its_cost_is_written_beside() -> None:
    reader = CHAT.answer_reader(Envelope("m"), streamed=True, cost=lambda usage: "0.5")

    passed = b"".join([*reader.feed(sse(chunk({"content": "usage"}), LAST)), *reader.feed(b"")])

    assert (reader.finished, reader.failed, reader.usage) == (True, False, Usage(3, output=4))
    assert json.loads(passed.splitlines()[2][6:])["usage"]["cost"] == 0.5


def test_signs_of_life_behind_the_end_of_a_stream_change_nothing() -> None:
    reader = CHAT.answer_reader(Envelope("m"), streamed=True)

    for block in (sse(chunk({"content": "a"})), *[b": keep-alive\n\n"] * 9, b""):
        reader.feed(block)

    assert reader.finished


@pytest.mark.parametrize(
    ("stream", "finished", "failed"),
    [
        (b"", False, False),
        (sse(chunk({"content": 'a"usage"'}), done=False), False, False),
        (sse(chunk({}, "stop"), done=False)[:-2], True, False),
        (sse(chunk({}, "error")), False, True),
        (sse({"object": "error", "message": "x"}, done=False), False, True),
        (b'data: {"error":', False, True),
        (b'data: {"usage": {"prompt_tokens": 3]}\n\n', False, False),
        (b'data: {"usage": {"prompt_tokens": "x"}}\n\n', False, False),
    ],
)
def test_stream_without_its_end_is_not_finished(stream: bytes, finished: bool, failed: bool) -> None:
    reader = CHAT.answer_reader(Envelope("m"), streamed=True, cost=lambda usage: None)

    passed = b"".join([*reader.feed(stream), *reader.feed(b"")])

    assert (reader.finished, reader.failed, reader.usage) == (finished, failed, None)
    assert passed == stream


@pytest.mark.parametrize(
    ("status", "body", "kind", "message", "param"),
    [
        (400, {"object": "error", "message": "no", "param": "n", "code": "3051"}, BadRequest, "no", "n"),
        (422, {"detail": [{"loc": ["body", "n"], "msg": "too big"}]}, BadRequest, "n: too big", "n"),
        (422, {"message": {"detail": [{"msg": "too big"}]}}, BadRequest, "too big", None),
        (401, {"message": "Unauthorized", "request_id": "1"}, UpstreamError, "", None),
        (404, {"detail": "not found"}, ModelNotFound, "not found", None),
        (429, {"error": {"message": "slow down"}}, RateLimited, "slow down", None),
        (500, [], UpstreamError, "answered 500", None),
        (503, "down", Exception, "down", None),
        (400, {"message": {"detail": [{"loc": 3}]}}, BadRequest, "answered 400", None),
    ],
)
def test_refusal_keeps_its_class_and_its_message(
    status: int, body: Any, kind: type[Exception], message: str, param: str | None
) -> None:
    error = read_error(status, json.dumps(body).encode())

    assert isinstance(error, kind)
    assert message in error.message
    assert error.param == param
    assert error.status == (502 if status == 401 else status)


def test_errors_and_models_are_written_as_mistral_writes_them() -> None:
    error = BadRequest("too bad", param="model")
    models = [ModelEntry("a", "mistral", context=5), ModelEntry("b", "x")]

    assert json.loads(CHAT.write_error(error, "req_1")).items() >= {"object": "error", "param": "model"}.items()
    assert CHAT.write_error_event(error, "req_1") == b"data: %b\n\n" % CHAT.write_error(error, "req_1")
    assert [model["id"] for model in json.loads(CHAT.write_models(models, {}))["data"]] == ["a", "b"]
    assert json.loads(CHAT.write_model(models[0]))["max_context_length"] == 5
    assert not CHAT.claims({})


ANSWER = Response(
    origin="another",
    id="a1",
    model="m",
    choices=(
        Choice(
            parts=(
                Reasoning(text="Hm.", state=State("another", {"signature": "s"})),
                Text(text="Hot."),
                ToolCall(id="c1", name="f", arguments='{"a":1}'),
            ),
            stop=Stop.TOOL_CALLS,
        ),
    ),
    usage=Usage(3, output=4),
)


@requires("python-sdks")
def test_official_sdk_reads_a_whole_answer() -> None:
    from mistralai.client import models

    body = CODEC.write_response(ANSWER, read(asked()), notes())

    answer = models.ChatCompletionResponse.model_validate_json(body)

    message = answer.choices[0].message
    assert answer.usage.total_tokens == 7
    assert [item.type for item in message.content] == ["thinking", "text"]
    assert message.tool_calls[0].function.arguments == '{"a":1}'
    sent_back = message.model_dump(mode="json", by_alias=True)
    (again,) = read(asked(messages=[sent_back])).messages
    thought, *rest = again.parts
    assert thought == replace(ANSWER.choices[0].parts[0], extras={"closed": None})
    assert tuple(rest) == (ANSWER.choices[0].parts[1], replace(ANSWER.choices[0].parts[2], extras={"index": None}))


@requires("python-sdks")
def test_official_sdk_reads_a_whole_answer_nobody_counted() -> None:
    from mistralai.client import models

    body = CODEC.write_response(replace(ANSWER, usage=None), read(asked()), notes())

    assert models.ChatCompletionResponse.model_validate_json(body).usage.total_tokens == 0


@requires("python-sdks")
def test_official_sdk_reads_a_stream() -> None:
    from mistralai.client import models

    writer = CODEC.stream_writer(read(asked()), notes())
    stream = b"".join(writer.write(event) for event in unfold(ANSWER))
    lines = [line[6:] for line in stream.splitlines() if line.startswith(b"data: {")]

    chunks = [models.CompletionChunk.model_validate_json(line) for line in lines]

    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    assert chunks[-1].usage is not None
    assert "".join(c.choices[0].delta.content for c in chunks if isinstance(c.choices[0].delta.content, str)) == "Hot."


@requires("python-sdks")
def test_official_sdk_reads_the_models() -> None:
    from mistralai.client import models

    listed = models.ModelList.model_validate_json(CHAT.write_models([ModelEntry("a", "mistral")], {}))

    assert listed.data[0].id == "a"


@requires("python-sdks")
def test_official_sdk_takes_what_is_written_for_mistral() -> None:
    from mistralai.client import models

    request = {**asked(), "messages": [{"role": "user", "content": "Hi"}]}

    assert models.ChatCompletionRequest.model_validate(json.loads(CODEC.write_request(read(request), notes())))
