"""Counting tokens."""

import json

import pytest
from tests.providers.bedrock.samples import ASKED, foreign, said_by

from tollbridge import BadRequest, UpstreamError
from tollbridge.errors import Untranslatable
from tollbridge.formats import CountResponse, Envelope, Request, Role, Text
from tollbridge.testing.conversation_contract import notes
from tollbridge_bedrock.counting import CountCodec

CODEC = CountCodec()


def read(body: object) -> Request:
    return CODEC.read_request(json.dumps(body).encode(), Envelope("m"), notes())


def test_what_is_counted_of_another_dialect_is_its_conversation() -> None:
    request = foreign(
        said_by(Role.SYSTEM, Text(text="be kind"), apart=True), said_by(Role.USER, Text(text="hi")), max_output=9
    )

    assert json.loads(CODEC.write_request(request, notes())) == {
        "input": {
            "converse": {
                "messages": [{"role": "user", "content": [{"text": "hi"}]}],
                "system": [{"text": "be kind"}],
            }
        }
    }


def test_body_in_a_models_own_words_is_for_bedrock_alone() -> None:
    request = read({"input": {"invokeModel": {"body": "e30="}}})

    assert json.loads(CODEC.write_request(request, notes(strict=True))) == {"input": {"invokeModel": {"body": "e30="}}}
    with pytest.raises(Untranslatable):
        CODEC.write_request(foreign(essential=request.essential), notes())


@pytest.mark.parametrize("body", [{}, {"input": 3}, {"input": {"converse": {"messages": 3}}}])
def test_request_that_is_wrong_is_refused(body: object) -> None:
    with pytest.raises(BadRequest):
        read(body)


def test_count_is_read_and_written() -> None:
    counted = CODEC.read_response(b'{"inputTokens":5,"new":1}', notes())

    assert counted == CountResponse(origin="bedrock-converse", tokens=5, extras={"new": 1})
    assert json.loads(CODEC.write_response(counted, ASKED, notes())) == {"inputTokens": 5, "new": 1}


def test_count_of_another_dialect_is_written() -> None:
    left = notes()

    assert CODEC.write_response(CountResponse(origin="another", tokens=5, extras={"x": 1}), ASKED, left) == (
        b'{"inputTokens":5}'
    )
    assert left.dropped == ("x",)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<", b'{"inputTokens":-1}'])
def test_what_is_no_count_is_told(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())


def test_refusal_keeps_its_words() -> None:
    assert CODEC.read_error(400, b'{"message":"no"}').message == "no"
