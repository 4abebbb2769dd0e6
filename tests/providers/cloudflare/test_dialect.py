"""Running a model, as it passes."""

import json

import pytest

import tollbridge_cloudflare
from tollbridge import Provider, Quirks
from tollbridge.errors import BadRequest, RateLimited
from tollbridge.formats import Dialect, ModelEntry
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
