"""Only what must change is changed."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.errors import BadRequest
from tollbridge.formats import members, object_in, replace_model, splice

KEYS = st.one_of(
    st.sampled_from(
        ["model", "stream", "stream_options", "max_tokens", "messages", "n", "mod\\el", "", "é", "\U0001f600"]
    ),
    st.text(max_size=6),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=6)
SPACES = st.text(alphabet=" \t\n\r", max_size=3)


@st.composite
def written(draw: st.DrawFn, objects: st.SearchStrategy[dict[str, Any]] = OBJECTS) -> tuple[dict[str, Any], bytes]:
    """Give an object and one of the many ways to write it: spaces anywhere, characters escaped or not."""
    found = draw(objects)

    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=draw(st.booleans()))

    def write(value: object) -> str:
        gap = lambda: draw(SPACES)  # noqa: E731  # three letters, used everywhere
        if isinstance(value, dict):
            inner = ",".join(f"{gap()}{text(key)}{gap()}:{gap()}{write(item)}{gap()}" for key, item in value.items())
            return "{" + (inner or gap()) + "}"
        if isinstance(value, list):
            return "[" + (",".join(f"{gap()}{write(item)}{gap()}" for item in value) or gap()) + "]"
        return text(value) if isinstance(value, str) else json.dumps(value)

    return found, f"{draw(SPACES)}{write(found)}{draw(SPACES)}".encode()


@given(written())
def test_members_stand_where_they_are_said_to_stand(example: tuple[dict[str, Any], bytes]) -> None:
    value, body = example
    text = body.decode()

    found = members(text)

    assert {key: json.loads(text[at.start : at.end]) for key, at in found.items()} == value
    assert list(found) == list(value)
    assert {key: json.JSONDecoder().raw_decode(text, at.key)[0] for key, at in found.items()} == {
        key: key for key in value
    }


@given(written(), st.dictionaries(KEYS, VALUES, max_size=3))
def test_splice_changes_what_is_named_and_nothing_else(
    example: tuple[dict[str, Any], bytes], values: dict[str, Any]
) -> None:
    value, body = example

    edited = splice(body, {key: json.dumps(item).encode() for key, item in values.items()})

    assert json.loads(edited) == {**value, **values}
    assert members(edited.decode()).keys() == value.keys() | values.keys()


@given(written())
def test_no_edit_leaves_every_byte(example: tuple[dict[str, Any], bytes]) -> None:
    _, body = example

    assert splice(body, {}) == body
    assert splice(body, {}, rename={"not there": "x"}, drop=("nor this",)) == body


@given(written(OBJECTS.filter(bool)), VALUES, st.data())
def test_bytes_around_a_changed_value_stay(
    example: tuple[dict[str, Any], bytes], fresh: object, data: st.DataObject
) -> None:
    value, body = example
    key = data.draw(st.sampled_from(sorted(value)))
    text = body.decode()
    at = members(text)[key]

    edited = splice(body, {key: json.dumps(fresh).encode()})

    assert edited == (text[: at.start] + json.dumps(fresh) + text[at.end :]).encode()


@given(written())
def test_new_member_goes_to_the_front_and_the_rest_stays(example: tuple[dict[str, Any], bytes]) -> None:
    value, body = example
    begin = body.index(b"{") + 1

    edited = splice(body, {"fresh member": b"[1]"})

    added = b'"fresh member":[1]' + (b"," if value else b"")
    assert edited == body[:begin] + added + body[begin:]


@given(written(), st.lists(KEYS, max_size=3), st.dictionaries(KEYS, KEYS, max_size=2))
def test_dropped_and_renamed_members_are_so_and_the_others_keep_their_texts(
    example: tuple[dict[str, Any], bytes], drop: list[str], rename: dict[str, str]
) -> None:
    value, body = example
    rename = {old: new for new, old in {new: old for old, new in rename.items() if new not in rename}.items()}
    before = members(body.decode())

    edited = splice(body, {}, rename=rename, drop=drop)

    kept = {key: item for key, item in value.items() if key not in drop}
    expected = {key: item for key, item in kept.items() if key not in rename}
    for old, new in rename.items():
        if old in kept and new not in value:
            expected[new] = kept[old]
    assert json.loads(edited) == expected
    for key in expected.keys() & before.keys():
        at, now = before[key], members(edited.decode())[key]
        assert body.decode()[at.start : at.end] == edited.decode()[now.start : now.end]


def test_renamed_member_gives_way_to_one_that_has_the_name_already() -> None:
    body = b'{"max_completion_tokens": 5, "max_tokens": 7}'

    assert splice(body, {}, rename={"max_completion_tokens": "max_tokens"}) == b'{"max_tokens": 7}'


def test_renamed_member_gives_way_to_one_that_is_set() -> None:
    body = b'{"a": 1, "b": 2}'

    assert splice(body, {"c": b"3"}, rename={"a": "c"}) == b'{"c":3,"b": 2}'


def test_renamed_member_keeps_its_value_and_its_place() -> None:
    body = b'{ "model" : "m", "max_completion_tokens" : 5e0 , "x" : 1.0 }'

    edited = splice(body, {}, rename={"max_completion_tokens": "max_tokens"})

    assert edited == b'{"model" : "m","max_tokens":5e0,"x" : 1.0}'


@given(
    written(st.dictionaries(KEYS, VALUES, max_size=4).map(lambda value: {**value, "model": "old"})), st.text(max_size=8)
)
def test_model_is_changed_at_the_top_and_nowhere_else(example: tuple[dict[str, Any], bytes], name: str) -> None:
    value, body = example
    model = json.dumps(name).encode()

    edited = replace_model(body, model)

    assert json.loads(edited) == {**value, "model": name}
    assert edited == splice(body, {"model": model})


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"a"}',
        b'{ "model" :\t"a" , "x": 1.00 }',
        b'{"messages":[{"model":"a"}],"model":"b"}',
        b'{"metadata":{"model":"a"},"model":"b"}',
        b'{"model":"b","metadata":{"model":"a"}}',
        b'{"metadata":{},"model":"b"}',
        b'{"x":"\\"model\\":\\"a\\"","model":"b"}',
        b'{"x":"model","model":"b"}',
        b'{"mod\\u0065l":"b"}',
        b'{"model":5}',
        b'{"model":null,"x":["model"]}',
        b'{"x":"{","model":"b"}',
        '{"x":"é","model":"ü"}'.encode(),
    ],
)
def test_model_is_changed_in_hand_made_bodies(body: bytes) -> None:
    edited = replace_model(body, b'"new"')

    assert json.loads(edited) == {**json.loads(body), "model": "new"}
    assert edited == splice(body, {"model": b'"new"'})


@pytest.mark.parametrize("body", [b'{"metadata":{"model":"a"}}', b'{"x":[{"model":"a"}]}', b"{}", b'{"x":"model"}'])
def test_model_that_is_not_at_the_top_is_put_there(body: bytes) -> None:
    assert json.loads(replace_model(body, b'"new"')) == {**json.loads(body), "model": "new"}


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ('{"model":"a","model":"b"}', "model"),
        ('{"model":"a","mod\\u0065l":"b"}', "model"),
        ('{"":1,"":2}', ""),
        ('{"é":1,"\\u00e9":2}', "é"),
        ('{"x":1,"y":2,"x":1}', "x"),
    ],
)
def test_key_that_comes_twice_is_refused_by_name(body: str, key: str) -> None:
    with pytest.raises(BadRequest, match=re.escape(f"the field {key!r} is in the body twice")) as caught:
        members(body)

    assert caught.value.param == key
    with pytest.raises(BadRequest):
        splice(body.encode(), {"a": b"1"})


def test_same_key_at_different_depths_is_no_duplicate() -> None:
    assert list(members('{"model":{"model":{"model":1}}}')) == ["model"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "it ends too early"),
        ("  ", "it ends too early"),
        ("[]", "it does not begin with {"),
        ('"model"', "it does not begin with {"),
        ("null", "it does not begin with {"),
        ("{", "it ends too early"),
        ('{"a"', "it ends too early"),
        ('{"a":', "it ends too early"),
        ('{"a":1', "it ends too early"),
        ('{"a":1,', "it ends too early"),
        ('{"a', "Unterminated string"),
        ("{a:1}", "a key is missing at character 1"),
        ("{1:1}", "a key is missing at character 1"),
        ("{,}", "a key is missing at character 1"),
        ('{"a" 1}', "a colon is missing at character 5"),
        ('{"a":1 "b":2}', "a comma is missing at character 7"),
        ('{"a":1,}', "it ends with a comma"),
        ('{"a":}', "a value is missing at character 5"),
        ('{"a":x}', "a value is missing at character 5"),
        ('{"a":"\n"}', "Invalid control character"),
        ('{"a":"\\x"}', "escape"),
        ('{"a":[1,}', "a value is missing at character 8"),
        ('{"a":1} x', "something stands behind it at character 8"),
        ('{"a":1}{"a":2}', "something stands behind it at character 7"),
        ('{"a":' + "[" * 100_000, "it is nested too deep"),
        ('\ufeff{"a":1}', "it does not begin with {"),
    ],
)
def test_what_is_no_object_is_refused_with_the_place(body: str, why: str) -> None:
    with pytest.raises(BadRequest, match=f"(?s)^the body is no JSON object: .*{re.escape(why)}"):
        members(body)
    with pytest.raises(BadRequest):
        splice(body.encode(), {"a": b"1"})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"a": {"b" : "ü", "c":1.50} , "b":{}}', '{"b" : "ü", "c":1.50}'),
        ('{"\\u0061":{"b":1}}', '{"b":1}'),
        ('{"a":null}', "{}"),
        ('{"b":{"a":{"c":1}}}', "{}"),
    ],
)
def test_object_in_a_body_is_given_as_it_stands_there(body: str, expected: str) -> None:
    assert object_in(body.encode(), "a") == expected.encode()


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    with pytest.raises(BadRequest, match=r"^the body is no JSON object: .*utf-8"):
        splice(b'{"a":"\xff"}', {"b": b"1"})


@given(st.text(alphabet='{}[]":,\\ua1 \n', max_size=20))
def test_any_text_is_an_object_or_a_bad_request(text: str) -> None:
    try:
        found = members(text)
    except BadRequest:
        return

    assert list(json.loads(text)) == list(found)


def test_members_of_bytes_are_those_of_the_text() -> None:
    text = ' {"é" : "\U0001f600", "b":[1]}'

    assert members(text.encode()) == members(text)


@given(written(), st.integers(0, 10**6))
def test_half_an_object_is_refused(example: tuple[dict[str, Any], bytes], place: int) -> None:
    _, body = example
    text = body.decode().rstrip()
    cut_short = text[: place % len(text)]

    with pytest.raises(BadRequest, match=r"^the body is no JSON object: "):
        members(cut_short)


@pytest.mark.parametrize("number", ["1.0", "1e2", "-0", "12345678901234567890123", "0.1000"])
def test_texts_of_numbers_stay_as_they_were_sent(number: str) -> None:
    body = f'{{"temperature": {number},"model":"a"}}'.encode()

    assert replace_model(body, b'"b"') == body.replace(b'"a"', b'"b"')
    assert splice(body, {"model": b'"b"'}, drop=["x"]) == body.replace(b'"a"', b'"b"')
    assert number.encode() in splice(body, {"n": b"1"}, rename={"model": "name"})


def test_lone_surrogates_pass_as_they_were_escaped() -> None:
    body = b'{"a":"\\ud800","\\udfff":1,"model":"x"}'

    assert splice(body, {"model": b'"y"'}) == body.replace(b'"x"', b'"y"')
    assert splice(body, {}, rename={"\udfff": "z"}) == b'{"a":"\\ud800","z":1,"model":"x"}'
