"""Running a model, as it passes."""

import json

import pytest

import tollbridge_cloudflare
from tollbridge import Provider, Quirks, Usage
from tollbridge.errors import BadRequest, RateLimited
from tollbridge.formats import Dialect, Envelope, ModelEntry
from tollbridge.formats.ways import upstream_url
from tollbridge_cloudflare.dialect import RunDialect

DIALECT: Dialect = RunDialect()
(OPERATION,) = DIALECT.operations
PATH = "/cloudflare/run/@cf/meta/llama-3.1-8b-instruct"
BODY = b'{"prompt":"Hi","stream":true,"max_tokens":9}'


def test_model_is_read_from_the_path() -> None:
    envelope = DIALECT.read_envelope(OPERATION, PATH, BODY)

    assert (envelope.model, envelope.stream, envelope.max_output) == ("@cf/meta/llama-3.1-8b-instruct", True, 9)
    assert envelope.input_bound > 0


@pytest.mark.parametrize("body", [b"", b"[]", b'{"max_tokens":0}', b'{"max_tokens":"1"}', b'{"stream":1}'])
def test_body_that_does_not_fit_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        DIALECT.read_envelope(OPERATION, PATH, body)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"prompt":"a","max_tokens":9,"max_tokens":1}', "max_tokens"),
        (b'{"prompt":"a","max_tokens":9,"max_tok\\u0065ns":1}', "max_tokens"),
        (b'{"stream":true,"prompt":"a","stream":false}', "stream"),
        (b'{"input":"a","max_output_tokens":9,"input":null}', "input"),
    ],
)
def test_member_that_matters_and_stands_there_twice_is_refused(body: bytes, param: str) -> None:
    with pytest.raises(BadRequest, match="twice") as refused:
        DIALECT.read_envelope(OPERATION, PATH, body)
    assert refused.value.param == param


def test_member_that_stands_once_in_each_of_two_objects_passes() -> None:
    body = b'{"messages":[{"role":"user","content":"a"}],"max_tokens":9,"x":{"messages":[],"stream":1,"max_tokens":2}}'

    assert DIALECT.read_envelope(OPERATION, PATH, body).max_output == 9


def test_body_passes_untouched_but_for_a_limit() -> None:
    envelope = DIALECT.read_envelope(OPERATION, PATH, BODY)

    assert DIALECT.readdress(BODY, envelope, model="x", max_output=None, quirks=Quirks()) == BODY
    assert DIALECT.readdress(BODY, envelope, model="x", max_output=5, quirks=Quirks(drop=("prompt",))) == (
        b'{"stream":true,"max_tokens":5}'
    )


def test_model_stands_in_the_path_with_its_slashes() -> None:
    found: list[Provider] = []
    tollbridge_cloudflare.register_providers(found.append)

    (provider,) = found
    assert upstream_url(provider.base_urls["cloudflare-run"], OPERATION, "@cf/meta/llama", stream=True) == (
        "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/run/@cf/meta/llama"
    )
    assert next(iter(provider.base_urls)) == "openai-chat"
    assert provider.base_urls["openai-chat"].endswith("/ai/v1")


def test_dialect_is_registered() -> None:
    found: list[Dialect] = []
    tollbridge_cloudflare.register_dialects(found.append)

    assert [dialect.name for dialect in found] == ["cloudflare-run"]


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        (b'{"result":{"response":"a","usage":{"prompt_tokens":1,"completion_tokens":2}},"success":true}', 3),
        (b'{"result":{"response":"a"},"success":true}', None),
        (b'{"result":[1],"success":true}', None),
    ],
)
def test_usage_is_read_as_an_answer_passes(body: bytes, tokens: int | None) -> None:
    reader = DIALECT.answer_reader(DIALECT.read_envelope(OPERATION, PATH, BODY), streamed=False)

    assert reader.feed(body) == [body]
    assert (None if reader.usage is None else reader.usage.total) == tokens


STREAM = (
    b'data: {"response":"Hi"}\n\ndata: {"response":"","usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n'
    b'data: {"usage" x\n\ndata: [DONE]\n\n'
)


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_stream_passes_and_its_usage_is_read(size: int) -> None:
    reader = DIALECT.answer_reader(DIALECT.read_envelope(OPERATION, PATH, BODY), streamed=True)

    passed = [piece for at in range(0, len(STREAM), size) for piece in reader.feed(STREAM[at : at + size])]
    passed += reader.feed(b"")

    assert b"".join(passed) == STREAM
    assert reader.usage is not None
    assert (reader.usage.total, reader.finished, reader.failed) == (3, True, False)
    assert reader.pieces == 4


def test_stream_that_broke_off_is_not_finished() -> None:
    reader = DIALECT.answer_reader(DIALECT.read_envelope(OPERATION, PATH, BODY), streamed=True)

    reader.feed(b'data: {"response":"a"}\n\ndata: {"resp')
    assert reader.feed(b"") == []
    assert not reader.finished


def test_mark_that_was_never_terminated_ends_a_stream() -> None:
    reader = DIALECT.answer_reader(DIALECT.read_envelope(OPERATION, PATH, BODY), streamed=True)

    reader.feed(b"data: [DONE]")
    assert reader.feed(b"") == [b"data: [DONE]"]
    assert reader.finished


def test_error_in_a_stream_is_seen() -> None:
    reader = DIALECT.answer_reader(DIALECT.read_envelope(OPERATION, PATH, BODY), streamed=True)

    reader.feed(b'data: {"errors":[{"code":1}],"success":false}\n\n')
    assert (reader.finished, reader.failed) == (False, True)
    reader.feed(b'data: {"usage":{}}\n\ndata: [DONE]\n\n')
    assert (reader.finished, reader.failed) == (False, True)


@pytest.mark.parametrize(
    ("chunk", "failed"),
    [
        (b'{"response":"a","error":"no"}', True),
        (b'{"response":"a","success":false}', True),
        (b'{"success":true,"errors":[],"error":null,"response":"a"}', False),
        (b'{"response":"\\"error\\":1"}', False),
        (b'{"usage":[],"errors":[]}', False),
    ],
)
def test_only_a_chunk_that_tells_of_an_error_is_one(chunk: bytes, failed: bool) -> None:
    reader = DIALECT.answer_reader(DIALECT.read_envelope(OPERATION, PATH, BODY), streamed=True)

    reader.feed(b"data: %b\n\ndata: [DONE]\n\n" % chunk)

    assert (reader.finished, reader.failed) == (not failed, failed)


def test_usage_of_a_stream_is_the_last_that_says_something() -> None:
    reader = DIALECT.answer_reader(DIALECT.read_envelope(OPERATION, PATH, BODY), streamed=True)

    for count in (b'{"prompt_tokens":1}', b'{"prompt_tokens":2}', b"{}"):
        reader.feed(b'data: {"usage":%b}\n\n' % count)

    assert reader.usage == Usage(input=2)


def test_errors_and_models_have_cloudflares_envelope() -> None:
    body = DIALECT.write_error(RateLimited("slow down"), "call")

    assert json.loads(body) == {
        "result": None,
        "success": False,
        "errors": [{"code": 429, "message": "slow down"}],
        "messages": [],
    }
    assert DIALECT.write_error_event(RateLimited("slow down"), "call") == b"data: %b\n\n" % body
    assert json.loads(DIALECT.write_models([ModelEntry("a", "b")], {}))["result"] == [{"name": "a", "source": "b"}]
    assert json.loads(DIALECT.write_model(ModelEntry("a", "b")))["result"] == {"name": "a", "source": "b"}
    assert not DIALECT.claims({})


RESPONDED = (
    b'event: response.created\ndata: {"type":"response.created","response":{"id":"r","usage":null}}\n\n'
    b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"\\"usage\\":"}\n\n'
    b'event: response.completed\ndata: {"type":"response.completed","response":{"usage":{"input_tokens":40,'
    b'"input_tokens_details":{"cached_tokens":8},"output_tokens":9,"total_tokens":49}}}\n\n'
)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_stream_of_a_model_that_was_asked_with_input_passes_and_its_usage_is_read(size: int) -> None:
    reader = RunDialect().answer_reader(Envelope("m"), streamed=True)

    passed = [piece for at in range(0, len(RESPONDED), size) for piece in reader.feed(RESPONDED[at : at + size])]
    passed += reader.feed(b"")

    assert b"".join(passed) == RESPONDED
    assert (reader.finished, reader.failed) == (True, False)
    assert reader.usage == Usage(input=32, cache_read=8, output=9)


@pytest.mark.parametrize("name", ["response.failed", "error"])
def test_stream_of_a_model_that_was_asked_with_input_can_end_with_an_error(name: str) -> None:
    reader = RunDialect().answer_reader(Envelope("m"), streamed=True)

    reader.feed(f'event: {name}\ndata: {{"type":"{name}","response":{{"error":{{}}}}}}\n\n'.encode())
    reader.feed(b"")

    assert (reader.finished, reader.failed) == (False, True)


def test_usage_that_a_model_writes_about_is_none() -> None:
    reader = RunDialect().answer_reader(Envelope("m"), streamed=True)

    reader.feed(b'data: {"response":{"usage":{"input_tokens":7}}}\n\n')
    reader.feed(b'data: {"type":"x","usage":1}\n\ndata: {"type":"x","response":{"usage":[]}}\n\n')

    assert reader.usage is None


def test_limit_of_a_model_that_is_asked_with_input_has_openais_name() -> None:
    dialect, body = RunDialect(), b'{"input":"Hi","max_output_tokens":7}'

    envelope = dialect.read_envelope(dialect.operations[0], "/cloudflare/run/@cf/openai/gpt-oss-20b", body)
    capped = dialect.readdress(b'{"input":"Hi"}', envelope, model="m", max_output=9, quirks=Quirks())
    others = dialect.readdress(b'{"messages":[]}', envelope, model="m", max_output=9, quirks=Quirks())

    assert envelope.max_output == 7
    assert json.loads(capped) == {"input": "Hi", "max_output_tokens": 9}
    assert json.loads(others) == {"messages": [], "max_tokens": 9}
    both = dialect.readdress(b'{"input":"Hi","messages":null}', envelope, model="m", max_output=9, quirks=Quirks())
    assert json.loads(both) == {"input": "Hi", "messages": None, "max_output_tokens": 9}
    with pytest.raises(BadRequest) as caught:
        dialect.read_envelope(dialect.operations[0], "/cloudflare/run/m", b'{"input":"Hi","max_output_tokens":0}')
    assert caught.value.param == "max_output_tokens"
