"""How deep a body may be nested, and whether it is a form."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.bodysanity import check_json_depth, is_form
from tollbridge.errors import BodyTooLarge, UnsafeRequest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='ab[]{}"\\\n', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='a[{"\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


def depth_of(value: object) -> int:
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 0


@given(JSON, st.integers(0, 6), st.sampled_from([None, 2]))
def test_json_is_refused_just_where_it_is_nested_too_deep(value: object, depth: int, indent: int | None) -> None:
    body = json.dumps(value, indent=indent).encode()

    if depth_of(value) <= depth:
        check_json_depth(body, depth)
    else:
        with pytest.raises(BodyTooLarge, match=f"nested deeper than {depth} levels") as caught:
            check_json_depth(body, depth)
        assert (caught.value.status, caught.value.code) == (400, "body_too_large")


@pytest.mark.parametrize(("levels", "refused"), [(127, False), (128, False), (129, True)])
def test_depth_holds_at_the_limit(levels: int, refused: bool) -> None:
    body = b'{"a":' * levels + b"1" + b"}" * levels

    if refused:
        with pytest.raises(BodyTooLarge):
            check_json_depth(body, 128)
    else:
        check_json_depth(body, 128)


def test_brackets_in_text_are_not_levels() -> None:
    check_json_depth(json.dumps({"content": "[" * 1000 + '\\"{' * 1000}).encode(), 1)


@given(st.binary(max_size=60), st.integers(0, 3))
def test_bytes_that_are_no_json_never_do_harm(body: bytes, depth: int) -> None:
    try:
        check_json_depth(body, depth)
    except BodyTooLarge:
        assert body.count(b"[") + body.count(b"{") > depth


HOSTILE = {
    "opening": b"[" * 1_000_000,
    "backslashes": b'"' + b"\\" * 1_000_000 + b"[" * 200,
    "strings": b'"",' * 300_000 + b"[]" * 200,
    "up and down": (b"[" * 100 + b"]" * 100) * 5_000,
    "quotes": b'"\\"' * 300_000 + b"[" * 200,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_megabyte_does_not_hold_up_the_others(body: bytes) -> None:
    begun = time.thread_time()

    with suppress(BodyTooLarge):
        check_json_depth(body, 128)

    assert time.thread_time() - begun < 0.5  # some 0.03 s to 0.1 s; a match in Python for each bracket took 0.5 s


FORM = b'--b1\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--b1--\r\n'


@pytest.mark.parametrize(
    "kind",
    [
        b"multipart/form-data; boundary=b1",
        b'Multipart/Form-Data;boundary="b1"',
        b"multipart/form-data; charset=utf-8; boundary=b1; a=b ",
        b" multipart/form-data ; BOUNDARY=b1",
    ],
)
def test_form_that_begins_with_its_boundary_is_one(kind: bytes) -> None:
    assert is_form(FORM, kind)


@pytest.mark.parametrize("kind", [None, b"", b"application/json", b"Application/JSON; charset=utf-8"])
def test_json_is_no_form(kind: bytes | None) -> None:
    assert not is_form(b'{"model":"m"}', kind)


@pytest.mark.parametrize(
    "kind",
    [
        b"multipart/form-data; boundary=other",
        b"multipart/form-data; boundary=b",
        b"multipart/form-data; boundary=B1",
        b"multipart/form-data; boundary=b1; boundary=other",
        b"multipart/form-data; boundary=other; boundary=b1",
        b"multipart/form-data; Boundary=other; boundary=b1",
        b"multipart/form-data; boundary*=utf-8''other; boundary=b1",
        b'multipart/form-data; x="; boundary=other; "; boundary=b1',
        b'multipart/form-data; boundary="b1 "',
        b"multipart/form-data; boundary=",
        b"multipart/form-data",
        b"multipart/mixed; boundary=b1",
        b"application/x-www-form-urlencoded",
        b"application/json",
        b"text/plain",
        None,
    ],
)
def test_form_whose_type_says_anything_else_is_refused(kind: bytes | None) -> None:
    with pytest.raises(UnsafeRequest):
        is_form(FORM, kind)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\r\n" + FORM, b"multipart/form-data; boundary=b1"),
        (b"before" + FORM, b"multipart/form-data; boundary=b1"),
        (b'{"model":"m"}', b"multipart/form-data; boundary=b1"),
        (b'{"model":"m","x":"&model=other"}', b"application/x-www-form-urlencoded"),
        (b"--b1 \r\n", b"multipart/form-data; boundary=b1"),
        (b"--b1\n", b"multipart/form-data; boundary=b1"),
    ],
)
def test_body_that_does_not_begin_as_its_type_says_is_refused(body: bytes, kind: bytes) -> None:
    with pytest.raises(UnsafeRequest):
        is_form(body, kind)


@given(st.binary(max_size=80))
def test_any_content_type_is_read_or_refused(tail: bytes) -> None:
    with suppress(UnsafeRequest):
        is_form(FORM, b"multipart/form-data; boundary=b1" + tail)


def test_hostile_content_type_takes_no_time() -> None:
    begun = time.thread_time()

    for kind in (b"multipart/form-data" + b";a=b" * 4_000, b"multipart/form-data" + b"; " * 8_000):
        with suppress(UnsafeRequest):
            is_form(FORM, kind)

    assert time.thread_time() - begun < 0.5
