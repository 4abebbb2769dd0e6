"""The Responses dialect as a caller's request passes: what is read of it, what is changed, how errors are written."""

import json
from typing import Any

import pytest
from tests.providers.openai.responses_support import lines

from tollbridge import BadRequest, Quirks, RateLimited
from tollbridge.errors import ModelNotFound
from tollbridge.formats import Envelope, ModelEntry
from tollbridge_openai.responses_dialect import ResponsesDialect

DIALECT = ResponsesDialect()
OPERATION, COUNTING, COMPACTING, *ABOUT = DIALECT.operations
PLAIN = Quirks()


def envelope(body: bytes) -> Envelope:
    return DIALECT.read_envelope(OPERATION, OPERATION.path, body)


def body_of(**members: Any) -> bytes:
    return json.dumps({"model": "gpt-5", "input": "hi", **members}).encode()


def test_operation_is_the_one_that_makes_an_answer() -> None:
    assert (OPERATION.method, OPERATION.path, OPERATION.upstream) == ("POST", "/v1/responses", "/responses")
    assert (OPERATION.scope, OPERATION.label) == ("ai:chat", "responses")


def test_dialect_shares_a_base_url_with_no_other() -> None:
    assert DIALECT.base == DIALECT.name == "openai-responses"


def test_envelope_holds_the_model_the_limit_and_whether_it_streams() -> None:
    found = envelope(body_of(stream=True, max_output_tokens=99))

    assert (found.model, found.stream, found.max_output, found.answers) == ("gpt-5", True, 99, 1)
    assert found.asks_usage
    assert found.input_bound > 0


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"input":"hi"}', "model"),
        (b'{"model":7}', "model"),
        (b'{"model":""}', "model"),
        (b'{"model":"m","max_output_tokens":0}', "max_output_tokens"),
        (b'{"model":"m","max_output_tokens":"many"}', "max_output_tokens"),
        (b'{"model":"m","stream":"yes"}', "stream"),
        (b'{"model":"m","background":true}', "background"),
        (b'{"model":"m","model":"n"}', "model"),
        (b'{"model":"m","max_output_tokens":1,"max_output_tok\\u0065ns":2}', "max_output_tokens"),
        (b"[]", None),
        (b"{", None),
        (b"\xff", None),
    ],
)
def test_body_that_does_not_fit_is_refused_by_the_field(body: bytes, param: str | None) -> None:
    with pytest.raises(BadRequest) as refused:
        envelope(body)

    assert refused.value.param == param


def test_answer_in_the_background_may_be_streamed() -> None:
    assert envelope(body_of(background=True, stream=True)).stream


@pytest.mark.parametrize(("background", "pieces"), [(True, 0), (False, 1), (None, 1)])
def test_what_passed_of_an_answer_in_the_background_says_nothing_of_its_cost(
    background: bool | None, pieces: int
) -> None:
    reader = DIALECT.answer_reader(envelope(body_of(background=background, stream=True)), streamed=True)

    reader.feed(b'data: {"type":"response.output_text.delta","delta":"a"}\n\n')

    assert reader.pieces == pieces


def test_stream_of_a_request_nobody_has_read_is_counted() -> None:
    reader = DIALECT.answer_reader(Envelope("m"), streamed=True)

    reader.feed(b'data: {"type":"response.output_text.delta","delta":"a"}\n\n')

    assert reader.pieces == 1


def test_request_passes_untouched() -> None:
    body = b' { "model" : "gpt-5", "input":"\\u00e9", "x": 1.50 }'

    assert DIALECT.readdress(body, envelope(body), model="gpt-5", max_output=None, quirks=PLAIN) == body


def test_only_model_and_limit_of_a_request_are_changed() -> None:
    body = b'{"model": "alias", "input": "hi", "top_p": 1.0}'

    renamed = DIALECT.readdress(body, envelope(body), model="gpt-5", max_output=None, quirks=PLAIN)
    limited = DIALECT.readdress(body, envelope(body), model="gpt-5", max_output=50, quirks=PLAIN)

    assert renamed == b'{"model": "gpt-5", "input": "hi", "top_p": 1.0}'
    assert json.loads(limited) == {"model": "gpt-5", "input": "hi", "top_p": 1.0, "max_output_tokens": 50}


def test_quirks_of_a_host_rename_and_drop() -> None:
    body = body_of(user="ann", max_output_tokens=9)
    quirks = Quirks(rename={"max_output_tokens": "max_tokens"}, drop=("user",))

    sent = json.loads(DIALECT.readdress(body, envelope(body), model="gpt-5", max_output=7, quirks=quirks))

    assert sent == {"model": "gpt-5", "input": "hi", "max_tokens": 7}


def test_error_is_written_in_openais_words() -> None:
    told = json.loads(DIALECT.write_error(ModelNotFound("no model 'x'", param="model"), "req_1"))

    assert told == {
        "error": {
            "message": "no model 'x'",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }
    }


def test_error_in_a_stream_has_the_members_of_the_schema_and_those_the_sdks_look_for() -> None:
    written = DIALECT.write_error_event(RateLimited("slow down"), "req_1")

    (told,) = lines(written)
    assert written.startswith(b"event: error\n")
    assert (told["type"], told["code"], told["message"], told["param"]) == (
        "error",
        "rate_limit_exceeded",
        "slow down",
        None,
    )
    assert told["error"]["message"] == "slow down"
    assert told["sequence_number"] == 0


def test_models_are_listed_as_in_chat() -> None:
    entry = ModelEntry("gpt-5", "openai")

    assert json.loads(DIALECT.write_models([entry], {}))["data"] == [json.loads(DIALECT.write_model(entry))]
    assert not DIALECT.claims({b"anthropic-version": b"x"})
