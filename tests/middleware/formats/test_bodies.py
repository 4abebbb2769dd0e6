"""The few fields that matter are read, and a body is readdressed as its host wants it."""

import json
import re

import msgspec
import pytest

from tollbridge.errors import BadRequest
from tollbridge.formats.bodies import read_named, readdressed
from tollbridge.providers import Quirks
from tollbridge_bedrock.dialect import ConverseDialect
from tollbridge_cohere.dialects import ChatDialect as CohereDialect
from tollbridge_openai.responses_dialect import ResponsesDialect


class Body(msgspec.Struct):
    model: str
    limit: int | None = None


DECODE = msgspec.json.Decoder(Body).decode
WEIGHTY = re.compile(rb'"(model|limit)"[ \t\n\r]*:')
ASKED = b'{ "model": "mine", "x": 1.50 }'


def test_fields_that_matter_are_read() -> None:
    assert read_named(b'{"limit":3,"model":"m","other":[{"a":"b"}]}', DECODE, WEIGHTY) == Body("m", 3)
    assert read_named(b'{"model":"m","text":"\\u0041"}', DECODE, WEIGHTY) == Body("m")


@pytest.mark.parametrize(
    ("body", "param", "problem"),
    [
        (b"{}", "model", "does not fit"),
        (b'{"model":"m","limit":"x"}', "limit", "does not fit"),
        (b'{"model":""}', "model", "is empty"),
        (b'{"model":"m"', None, "no valid JSON"),
        (b"\xff", None, "no valid JSON"),
        (b'{"model":"a","model":"b"}', "model", "twice"),
        (b'{"model":"a","mode\\u006c":"b"}', "model", "twice"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, param: str | None, problem: str) -> None:
    with pytest.raises(BadRequest, match=problem) as refused:
        read_named(body, DECODE, WEIGHTY)
    assert refused.value.param == param


def test_body_without_a_change_is_the_same() -> None:
    assert readdressed(ASKED, {}, Quirks()) is ASKED


def test_only_what_must_change_does() -> None:
    assert readdressed(ASKED, {}, Quirks(), model="theirs") == b'{ "model": "theirs", "x": 1.50 }'
    assert json.loads(readdressed(ASKED, {"limit": b"3"}, Quirks())) == {"limit": 3, "model": "mine", "x": 1.5}


def test_host_gets_what_its_quirks_say() -> None:
    quirks = Quirks(rename={"x": "y"}, drop=("model",), add={"version": '"2"'})

    assert json.loads(readdressed(ASKED, {}, quirks, model="theirs")) == {"y": 1.5, "version": "2"}
    renamed = Quirks(rename={"x": "y"})
    assert json.loads(readdressed(ASKED, {}, renamed, model="theirs")) == {"model": "theirs", "y": 1.5}
    assert json.loads(readdressed(ASKED, {}, Quirks(add={"x": "2"}))) == {"model": "mine", "x": 2}


@pytest.mark.parametrize("dialect", [ConverseDialect(), CohereDialect(), ResponsesDialect()], ids=lambda it: it.name)
def test_members_that_a_host_wants_are_added_in_every_dialect(dialect) -> None:
    path = dialect.operations[0].path.replace("{model}", "m")
    body = b'{"model":"m","messages":[]}'
    envelope = dialect.read_envelope(dialect.operations[0], path, body)

    sent = dialect.readdress(body, envelope, model="m", max_output=None, quirks=Quirks(add={"extra": "true"}))

    assert json.loads(sent)["extra"] is True
