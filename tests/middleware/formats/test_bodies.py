"""The few fields that matter are read, and a body is readdressed as its host wants it."""

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.errors import BadRequest
from tollbridge.formats.bodies import read_fields, read_named, readdressed, written_body
from tollbridge.formats.notes import Notes
from tollbridge.formats.seal import KeyedSeal
from tollbridge.providers import Quirks
from tollbridge_bedrock.dialect import ConverseDialect
from tollbridge_cohere.dialects import ChatDialect as CohereDialect
from tollbridge_openai.responses_dialect import ResponsesDialect

pytestmark = pytest.mark.traced


class Body(msgspec.Struct):
    model: str
    limit: int | None = None


class Options(msgspec.Struct):
    limit: int | None = None


class Nested(msgspec.Struct):
    options: Options | None = None


DECODE = msgspec.json.Decoder(Body).decode
DECODE_NESTED = msgspec.json.Decoder(Nested).decode
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


def test_body_that_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(BadRequest, match="nested too deep"):
        read_named(b'{"model":"a","x":%b%b}' % (b"[" * 100_000, b"]" * 100_000), DECODE, WEIGHTY)


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        (b"{}", None),
        (b'{"options":null}', None),
        (b'{"options":{"limit":3},"limit":4,"x":{"limit":5}}', 3),
        (b'{"options":{"limit":3},"x":{"limit":4,"limit":5}}', 3),
    ],
)
def test_fields_within_an_object_are_read(body: bytes, limit: int | None) -> None:
    found = read_fields(body, DECODE_NESTED, WEIGHTY, inside=("options",))

    assert (found.options.limit if found.options else None) == limit


@pytest.mark.parametrize(
    "body", [b'{"options":{"limit":3,"limit":4}}', b'{"options":{"limit":3,"\\u006cimit":4},"x":"limit"}']
)
def test_field_that_is_twice_within_an_object_is_named(body: bytes) -> None:
    with pytest.raises(BadRequest, match="twice") as refused:
        read_fields(body, DECODE_NESTED, WEIGHTY, inside=("options",))
    assert refused.value.param == "limit"


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


@pytest.mark.parametrize("said", [b'"float"', b'"\\u0066loat"', b"true", b"[1]"])
def test_member_is_left_out_where_it_has_a_value_that_its_host_refuses(said: bytes) -> None:
    quirks = Quirks(drop_values={"shape": ('"float"', "true", "[1]"), "other": ("1",)})

    sent = readdressed(b'{"model": "m", "sh\\u0061pe": %b, "input": "float"}' % said, {}, quirks)

    assert sent == b'{"model": "m","input": "float"}'


@pytest.mark.parametrize("said", [b'"base64"', b"1", b"null", b'"FLOAT"'])
def test_member_with_another_value_stays_as_it_is(said: bytes) -> None:
    body = b'{"model": "m",  "shape": %b }' % said

    assert readdressed(body, {}, Quirks(drop_values={"shape": ('"float"', "true")})) == body


def test_member_that_is_left_out_for_its_value_is_not_renamed() -> None:
    quirks = Quirks(rename={"shape": "form"}, drop_values={"shape": ('"float"',)})

    assert json.loads(readdressed(b'{"shape":"float"}', {}, quirks)) == {}
    assert json.loads(readdressed(b'{"shape":"base64"}', {}, quirks)) == {"form": "base64"}


KEYS = st.sampled_from("abcdef")
QUIRKS = st.builds(
    lambda drop, rename, add, values: Quirks(drop=tuple(drop), rename=rename, add=add, drop_values=values),
    st.lists(KEYS, max_size=2),
    st.sampled_from([{}, {"a": "b"}, {"a": "c", "d": "e"}]),
    st.dictionaries(KEYS, st.sampled_from(["1.50", '{"x":[null]}']), max_size=2),
    st.dictionaries(KEYS, st.sampled_from([('"x"', "0"), ("1",)]), max_size=2),
)


@given(st.dictionaries(KEYS, st.integers(0, 2) | st.sampled_from("xy") | st.text()), QUIRKS)
def test_body_is_written_as_it_would_be_readdressed(said: dict[str, object], quirks: Quirks) -> None:
    notes = Notes(KeyedSeal(b"k"), quirks=quirks)

    written = written_body(said, notes)

    assert json.loads(written) == json.loads(readdressed(json.dumps(said).encode(), {}, quirks))
    assert notes.addressed
