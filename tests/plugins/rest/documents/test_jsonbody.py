"""JSON is read strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_rest.documents.jsonbody import BadJson, read_json


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is no JSON"),
        (b"{", "is no JSON"),
        (b"{}x", "is no JSON"),
        (b"NaN", "is no JSON"),
        (b"1e999", "is no JSON"),
        (b'"\xff"', "is no JSON"),
        (b'"\\ud800"', "is no JSON"),
        (b"\xef\xbb\xbf1", "is no JSON"),
        (b"9" * 5_000, "is no JSON"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a":1,"a":2}', "has a field twice in one object"),
        (b'[{"b":{"a":1,"\\u0061":2}}]', "has a field twice in one object"),
    ],
)
def test_what_is_ambiguous_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadJson, match=reason):
        read_json(data)


def test_what_is_json_is_read() -> None:
    assert read_json(b' {"a":[1,2.5,null,true,"\\u00e9"]} ') == {"a": [1, 2.5, None, True, "é"]}


@given(st.binary(max_size=30))
def test_no_bytes_do_anything_but_be_read_or_refused(data: bytes) -> None:
    try:
        read_json(data)
    except BadJson:
        return
