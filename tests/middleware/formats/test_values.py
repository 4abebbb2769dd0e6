"""Numbers keep their text, nulls are not absences."""

import pytest

from tollbridge.errors import BadRequest, UpstreamError
from tollbridge.formats.values import (
    add_extras,
    decode_json,
    encode_json,
    items_of,
    json_text,
    object_text,
    present,
)


@pytest.mark.parametrize("text", ["0.70", "1.0", "123456789012345678901234567890", "-0.0", "1E+400", "[1,2.50,null]"])
def test_number_is_written_as_it_was_read(text: str) -> None:
    assert json_text(decode_json(text)) == text


def test_keys_keep_their_order() -> None:
    assert encode_json(decode_json(b'{"b":1,"a":2}')) == b'{"b":1,"a":2}'


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b'"\xff"', b"{'a':1}", b"[" * 100_000, b"9e9999999999999999999"])
def test_what_is_no_json_is_refused_by_name(text: bytes) -> None:
    with pytest.raises(BadRequest, match="the body is no valid JSON"):
        decode_json(text)
    with pytest.raises(UpstreamError, match="the answer is no valid JSON"):
        decode_json(text, wrong=UpstreamError, what="the answer")


def test_answer_that_is_too_deep_to_be_written_is_a_fault_of_the_provider() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(UpstreamError, match="nested too deep"):
        encode_json(deep)


def test_what_was_not_said_is_left_out() -> None:
    assert present(a=1, b=None, type="x", c=0, d="", e=False) == {"a": 1, "type": "x", "c": 0, "d": "", "e": False}


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        *[("", False), ("{", False), ('{"a":1}', True), ("{}", True)],
        *[('{"a":"}', False), ("[]", False), ('"}"', False)],
        ('{"a":9e9999999999999999999}', False),
    ],
)
def test_arguments_are_whole_once_they_are_an_object(text: str, whole: bool) -> None:
    assert object_text(text) is whole


def test_text_nested_too_deep_is_no_whole_object() -> None:
    assert not object_text('{"a":' * 100_000 + "}")


def test_items_of_anything_but_a_list_are_none() -> None:
    assert list(items_of([1])) == [1]
    assert list(items_of("ab")) == []


def test_extras_go_beside_what_is_there_and_into_objects_both_have() -> None:
    members = add_extras({"a": {"x": 1}, "b": 2}, {"a": {"y": 2}, "b": 3, "c": None})

    assert members == {"a": {"x": 1, "y": 2}, "b": 3, "c": None}
