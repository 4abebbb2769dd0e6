"""JSON that no two readers read differently."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.growth import assert_linear

from tollbridge.jose.strictjson import strict_object


def test_object_is_read_as_it_stands() -> None:
    text = '{"a": [1, -2.5, 1e3, true, null], "é": {"\\u00e9": "\\ud83d\\ude00"}, "": "\u2028"}'

    found = strict_object(text.encode())

    assert found == {"a": [1, -2.5, 1000.0, True, None], "é": {"é": "😀"}, "": "\u2028"}


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"[]", b"1", b'"a"', b"null", b"{}{}", b"{'a':1}", b'{"a":1,}', b"{a:1}", b'{"a":01}'),
        *(b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":1e400}', b'{"a":-1e400}', b'{"a":.5}', b'{"a":+1}'),
        *(b'{"a":"\n"}', b'{"a":"\\x"}'),
        *(b'{"a":1,"a":1}', b'{"a":{"b":1,"\\u0062":2}}', b'[{"a":1,"a":2}]', b'{"a":"\xff"}', b"\xef\xbb\xbf{}"),
        *(b'{"a":"\\ud800"}', b'{"\\udc00":1}', b'{"a":["\\ude00\\ud83d"]}', "{}".encode("utf-16")),
        *(b'{"a":' + b"1" * 33 + b"}", b'{"a":0.' + b"1" * 33 + b"}", b'{"a":' + b"[" * 16 + b"]" * 16 + b"}"),
    ],
)
def test_what_is_no_object_or_could_be_read_in_two_ways_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        strict_object(text)


@given(st.binary(max_size=60) | st.text('{}[]":,\\u0d8eNaI1.-+ \n', max_size=60).map(str.encode))
def test_nothing_raises_anything_else(text: bytes) -> None:
    found: object = {}
    with suppress(ValueError):
        found = strict_object(text)

    assert isinstance(found, dict)


SHAPES: dict[str, Callable[[int], bytes]] = {
    "names": lambda size: b"{" + b",".join(b'"%d":1' % n for n in range(size)) + b"}",
    "brackets": lambda size: b'{"a":' + b"[" * size,
    "escapes": lambda size: b'{"a":"' + b"\\u0041" * size + b'"}',
    "digits": lambda size: b'{"a":' + b"1" * size + b"}",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_reading_takes_time_in_proportion(shape: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        text = SHAPES[shape](size)

        def read() -> None:
            for _ in range(5):
                with suppress(ValueError):
                    strict_object(text)

        return read

    assert_linear(prepare, 4_000)
