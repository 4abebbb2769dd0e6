"""Predictions as they pass."""

import json

import pytest

import tollbridge_replicate
from tollbridge import Provider, Quirks
from tollbridge.errors import BadRequest, RateLimited, UpstreamError
from tollbridge.formats import Broken, Dialect, ModelEntry
from tollbridge.formats.ways import upstream_url
from tollbridge.testing.conversation_contract import notes
from tollbridge_replicate.codec import PREDICTIONS_CODEC
from tollbridge_replicate.dialect import PredictionsDialect

DIALECT: Dialect = PredictionsDialect()
(OPERATION,) = DIALECT.operations
PATH = "/replicate/v1/models/meta/llama/predictions"
BODY = b'{"input":{"prompt":"Hi"},"webhook":"https://e.com"}'


def test_model_is_read_from_the_path_and_the_limit_from_the_input() -> None:
    envelope = DIALECT.read_envelope(OPERATION, PATH, b'{"input":{"max_output_tokens":9}}')

    assert (envelope.model, envelope.max_output, envelope.stream) == ("meta/llama", 9, False)
    assert envelope.input_bound > 0


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"input":{"max_tokens":0}}', b'{"input":{"max_tokens":"1"}}'])
def test_body_that_does_not_fit_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        DIALECT.read_envelope(OPERATION, PATH, body)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"input":{"prompt":"a"},"input":{"prompt":"b"}}', "input"),
        (b'{"input":{"max_tokens":9,"max_tokens":1}}', "max_tokens"),
        (b'{"input":{"max_tokens":9,"max_tok\\u0065ns":1}}', "max_tokens"),
        (b'{"input":{"max_new_tokens":9,"prompt":"a","max_new_tokens":1}}', "max_new_tokens"),
    ],
)
def test_member_that_matters_and_stands_there_twice_is_refused(body: bytes, param: str) -> None:
    with pytest.raises(BadRequest, match="twice") as refused:
        DIALECT.read_envelope(OPERATION, PATH, body)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{}", "input"),
        (b'{"input":null}', "input"),
        (b'{"input":[]}', "input"),
        (b'{"input":{"max_tokens":"1"}}', "input.max_tokens"),
    ],
)
def test_member_that_does_not_fit_is_named(body: bytes, param: str) -> None:
    with pytest.raises(BadRequest) as refused:
        DIALECT.read_envelope(OPERATION, PATH, body)
    assert refused.value.param == param


def test_limit_that_is_null_says_nothing() -> None:
    body = b'{"input":{"max_tokens":null,"max_new_tokens":7}}'

    assert DIALECT.read_envelope(OPERATION, PATH, body).max_output == 7


def test_body_passes_untouched() -> None:
    envelope = DIALECT.read_envelope(OPERATION, PATH, BODY)

    assert DIALECT.readdress(BODY, envelope, model="other/model", max_output=None, quirks=Quirks()) == BODY


def test_limit_is_put_among_the_inputs_by_its_familys_name() -> None:
    envelope = DIALECT.read_envelope(OPERATION, PATH, BODY)

    sent = DIALECT.readdress(
        BODY, envelope, model="google/gemini-2.5-flash", max_output=5, quirks=Quirks(drop=("webhook",))
    )

    assert sent == b'{"input":{"max_output_tokens":5,"prompt":"Hi"}}'


@pytest.mark.parametrize("limit", [None, 5])
def test_what_the_host_wants_added_is_added(limit: int | None) -> None:
    envelope = DIALECT.read_envelope(OPERATION, PATH, BODY)

    quirks = Quirks(add={"stream": "false"}, rename={"webhook": "hook"})
    sent = json.loads(DIALECT.readdress(BODY, envelope, model="meta/llama", max_output=limit, quirks=quirks))

    given = {"prompt": "Hi"} if limit is None else {"max_tokens": limit, "prompt": "Hi"}
    assert sent == {"stream": False, "input": given, "hook": "https://e.com"}


def test_usage_is_read_as_the_answer_passes() -> None:
    envelope = DIALECT.read_envelope(OPERATION, PATH, BODY)
    body = b'{"status":"succeeded","metrics":{"input_token_count":2,"output_token_count":3}}'
    reader = DIALECT.answer_reader(envelope, streamed=False)

    assert reader.feed(body) == [body]
    assert reader.usage is not None
    assert (reader.usage.input, reader.usage.output, reader.finished) == (2, 3, True)


@pytest.mark.parametrize("body", [b'{"metrics":null}', b'{"metrics":5}', b"[]"])
def test_answer_without_counts_has_no_usage(body: bytes) -> None:
    reader = DIALECT.answer_reader(DIALECT.read_envelope(OPERATION, PATH, BODY), streamed=False)

    assert reader.feed(body) == [body]
    assert reader.usage is None


def test_answer_that_is_no_json_is_an_upstream_error() -> None:
    with pytest.raises(UpstreamError):
        DIALECT.answer_reader(DIALECT.read_envelope(OPERATION, PATH, BODY), streamed=False).feed(b"<html>")


def test_error_is_a_problem() -> None:
    body = DIALECT.write_error(RateLimited("slow down"), "call")

    assert json.loads(body) == {"title": "Rate limit exceeded", "detail": "slow down", "status": 429}


def test_error_at_the_end_of_a_stream_is_a_prediction_that_failed() -> None:
    (broken,) = PREDICTIONS_CODEC.stream_reader(notes()).feed(DIALECT.write_error_event(RateLimited("slow"), "call"))

    assert isinstance(broken, Broken)
    assert broken.error.message == "slow"


def test_models_have_an_owner_and_a_name() -> None:
    listed = json.loads(DIALECT.write_models([ModelEntry("meta/llama", "replicate"), ModelEntry("fast", "acme")], {}))

    assert listed["results"] == [{"owner": "meta", "name": "llama"}, {"owner": "acme", "name": "fast"}]
    assert json.loads(DIALECT.write_model(ModelEntry("meta/llama", "x"))) == {"owner": "meta", "name": "llama"}
    assert not DIALECT.claims({})


def test_provider_is_asked_to_wait_at_the_models_own_path() -> None:
    found: list[Provider] = []
    tollbridge_replicate.register_providers(found.append)

    (provider,) = found
    assert OPERATION.held == ((b"prefer", b"wait"),)
    assert upstream_url(provider.base_urls[DIALECT.base], OPERATION, "meta/llama", stream=True) == (
        "https://api.replicate.com/v1/models/meta/llama/predictions"
    )


def test_dialect_is_registered() -> None:
    found: list[Dialect] = []
    tollbridge_replicate.register_dialects(found.append)

    assert [dialect.name for dialect in found] == ["replicate-predictions"]
