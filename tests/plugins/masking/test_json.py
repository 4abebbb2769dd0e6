"""Masking JSON: values alone, byte for byte beside them, at any cut; and failing closed."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.masking.conftest import cut, feed, json_masker, mask_json, masked_value

from tollbridge.errors import UpstreamError
from tollbridge_masking.jsonmasker import DEEPEST
from tollbridge_masking.jsonstrings import LONGEST

TELLING = st.sampled_from(
    [
        "joe@example.com",
        "4111 1111 1111 1111",
        "+49 170 1234567",
        "DE89370400440532013000",
        "Adler",
        "ssn",
        "ü€😀",
        '"\\\n',
    ]
)
TEXTS = st.lists(TELLING | st.text(max_size=8), max_size=4).map(" ".join)
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["ssn", "customer", "x"]), inner),
    max_leaves=12,
)
OPTIONS: dict[str, Any] = {"fields": ("customer.ssn", "x"), "words": ("Adler",)}


def broken(written: str | bytes, **options: Any) -> str:
    """Mask what cannot be; gives why not."""
    with pytest.raises(UpstreamError) as caught:
        mask_json(written, **options)
    assert (caught.value.status, caught.value.code, caught.value.retry) == (502, "answer_not_masked", False)
    return caught.value.message


class TestStrings:
    """What strings say is masked; all else passes as it is written."""

    def test_value_is_masked_and_the_rest_passes_byte_for_byte(self) -> None:
        written = (
            '{ "to" : "joe@example.com",\r\n\t"n": 1.50e+3, "e": "\\u00e4\\/", "l": [ ], "o":{} , "b":[true,null]}\n'
        )

        assert mask_json(written) == written.replace("joe@", "j***@")

    @pytest.mark.parametrize(
        "written",
        [
            r"\u006a\u006f\u0065\u0040example.com",
            r"joe\u0040example\u002Ecom",
            r"\n\ud83d\ude00\"joe@example.com\"\udbff\udfff",
        ],
    )
    def test_escapes_hide_nothing(self, written: str) -> None:
        masked = mask_json(f'["\\u00e4 {written} \\u00e4"]')

        assert "j***@example.com" in masked
        assert masked.startswith('["\\u00e4 ')
        assert masked.endswith(' \\u00e4"]')
        assert json.loads(masked)[0] == json.loads(f'"\\u00e4 {written} \\u00e4"').replace("joe@", "j***@")

    def test_half_of_a_surrogate_pair_passes_as_it_is(self) -> None:
        assert mask_json(r'["\ud83d joe@example.com \ude00"]') == r'["\ud83d j***@example.com \ude00"]'

    def test_names_of_members_and_numbers_are_left_alone(self) -> None:
        written = '{"joe@example.com": 4111111111111111, "x": {"4111 1111 1111 1111": -0.5}}'

        assert mask_json(written) == written

    def test_json_within_a_string_stays_json(self) -> None:
        arguments = json.dumps({"to": "joe@example.com", "card": "4111 1111 1111 1111"})

        (masked,) = masked_value([arguments])

        assert json.loads(masked) == {"to": "j***@example.com", "card": "**** **** **** 1111"}

    def test_text_alone_is_json_too(self) -> None:
        assert mask_json(' "joe@example.com" ') == ' "j***@example.com" '

    def test_byte_order_mark_passes(self) -> None:
        assert mask_json("\ufeff" + '{"a": "joe@example.com"}') == "\ufeff" + '{"a": "j***@example.com"}'

    def test_nothing_is_no_fault(self) -> None:
        assert mask_json("") == ""

    def test_each_line_is_masked(self) -> None:
        masked = mask_json('{"a": "joe@example.com"}\n{"a": 1}\n\n"x@y.de"\n', many=True)

        assert masked == '{"a": "j***@example.com"}\n{"a": 1}\n\n"***@y.de"\n'

    def test_what_is_masked_is_counted(self) -> None:
        masker = json_masker(**OPTIONS)

        feed(masker, [b'{"a": "joe@example.com, x@y.de", "x": 5, "b": ["Adler", "+49 170 1234567"]}'])

        assert masker.counts == {"email": 2, "field": 1, "word": 1, "phone": 1}


class TestFields:
    """Members that are masked whole."""

    @pytest.mark.parametrize("value", ["x", 5, -1.5e3, True, None, [1, {"a": "]"}], {"a": {"b": '"}'}}, {}, []])
    def test_whatever_it_holds_is_masked(self, value: object) -> None:
        written = json.dumps({"a": 1, "ssn": value, "b": "x"})

        assert mask_json(written, fields=("ssn",)) == '{"a": 1, "ssn": "***", "b": "x"}'

    @pytest.mark.parametrize(
        ("path", "value", "masked"),
        [
            ("ssn", {"a": [{"ssn": 1}], "ssn": 2}, {"a": [{"ssn": "***"}], "ssn": "***"}),
            ("customer.email", {"customer": {"email": 1}, "email": 2}, {"customer": {"email": "***"}, "email": 2}),
            ("customer.email", {"o": {"customer": {"email": 1}}}, {"o": {"customer": {"email": "***"}}}),
            ("customer.email", {"customer": [{"email": 1}, 2]}, {"customer": [{"email": "***"}, 2]}),
            ("customer.email", {"customer": {"x": {"email": 1}}}, {"customer": {"x": {"email": 1}}}),
            ("*.ssn", {"ssn": 1, "a": {"ssn": 2}}, {"ssn": 1, "a": {"ssn": "***"}}),
            ("a.*.c", {"a": {"b": {"c": 1}, "c": 2}, "b": {"c": 3}}, {"a": {"b": {"c": "***"}, "c": 2}, "b": {"c": 3}}),
            ("a.*", {"a": {"b": [1], "c": {}}, "b": 1}, {"a": {"b": "***", "c": "***"}, "b": 1}),
        ],
    )
    def test_path_names_members_at_any_depth(self, path: str, value: object, masked: object) -> None:
        assert masked_value(value, fields=(path,)) == masked

    def test_name_is_found_however_it_is_written(self) -> None:
        assert mask_json(r'{"\u0073sn": 1, "\u0073sn": [2]}', fields=("ssn",)) == (
            r'{"\u0073sn": "***", "\u0073sn": "***"}'
        )

    def test_name_that_is_too_long_to_be_meant_is_none(self) -> None:
        written = json.dumps({"x" * LONGEST * 2: {"ssn": 1}, "a": 1})

        assert mask_json(written, fields=("ssn",)) == written.replace('"ssn": 1', '"ssn": "***"')


class TestFailingClosed:
    """What cannot be read is not sent."""

    @pytest.mark.parametrize(
        "written",
        [
            *("{", "[1", '{"a":1', '["joe', '{"a"', '{"a":', "[1,]", '{"a":1,}', "{,}", "[,1]", '{"a" 1}', "{1:2}"),
            *("[1 2]", "1 2", "]", "{]", "[}", '{"a":}', '{"a"}', "nul", "tru", "True", "01", "1.", ".5", "+1", "1e"),
            *("-", "NaN", "[Infinity]", "'a'", "[\x00]", '["\x01"]', '["\n"]', r'["\x"]', r'["\u12"]', r'["\u12g4"]'),
            *("{}{}", "[1][2]", "<html>", "data: {}\n\n", "/* */ 1", ":1", ",", '["a"x]', "9" * 400, "9" * 2000),
            *('{"a":1]', '["a"}', '"a', '"\\', '"\\u12'),
        ],
    )
    def test_broken_json_is_refused(self, written: str) -> None:
        assert "is none that can be read" in broken(written)
        with pytest.raises(UpstreamError):
            feed(json_masker(), cut(written.encode(), range(len(written))))

    @pytest.mark.parametrize("written", [b'["\xff"]', b'["\xc3', '{"a": 1}'.encode("utf-16")])
    def test_other_bytes_than_utf_8_are_refused(self, written: bytes) -> None:
        assert "is none that can be read" in broken(written)

    def test_lines_are_refused_where_one_text_is_said_to_be(self) -> None:
        broken('{"a": 1}\n{"a": 2}\n')

    def test_too_deep_is_refused(self) -> None:
        written = "[" * DEEPEST + "]" * DEEPEST

        assert mask_json(written) == written
        assert "deeper than 10,000" in broken(f"[{written}]")

    @pytest.mark.parametrize("size", [11, 70_000, 10**7])
    def test_long_text_is_refused(self, size: int) -> None:
        text = "a b " * (LONGEST // 4)
        assert masked_value([text]) == [text]

        written = json.dumps([f"{text}."]).encode()
        with pytest.raises(UpstreamError, match=r"a text of more than 262,144 characters"):
            feed(json_masker(), cut(written, range(0, len(written), size)))

    @pytest.mark.parametrize("size", [11, 70_000, 10**7])
    @pytest.mark.parametrize("before", ["", "data:image/png;base64,"])
    def test_long_base64_passes(self, size: int, before: str) -> None:
        written = json.dumps({"b64_json": before + "QUJD/+ab" * (LONGEST // 4), "x": "joe@example.com"}).encode()

        masked = feed(json_masker(), cut(written, range(0, len(written), size)))

        assert masked == written.replace(b"joe@", b"j***@")

    @pytest.mark.parametrize("size", [11, 70_000, 10**7])
    def test_long_text_that_only_begins_as_base64_is_refused(self, size: int) -> None:
        written = json.dumps({"b64_json": "QUJD/+ab" * (LONGEST // 4) + " joe@example.com"}).encode()

        with pytest.raises(UpstreamError):
            feed(json_masker(), cut(written, range(0, len(written), size)))

    def test_long_text_in_a_member_that_is_masked_is_no_hindrance(self) -> None:
        assert masked_value({"note": "a b " * LONGEST, "x": 1}, fields=("note",)) == {"note": "***", "x": 1}


@settings(max_examples=300)
@given(
    value=VALUES,
    places=st.lists(st.integers(0, 2000), max_size=8),
    ascii_only=st.booleans(),
    indent=st.none() | st.just(1),
)
def test_cuts_change_nothing_and_json_stays_json(
    value: Any, places: list[int], ascii_only: bool, indent: int | None
) -> None:
    written = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    whole = json_masker(**OPTIONS)
    try:
        masked = feed(whole, [written])
    except UpstreamError:
        with pytest.raises(UpstreamError):
            feed(json_masker(**OPTIONS), cut(written, places))
        return

    for chunks in (cut(written, places), cut(written, range(len(written)))):
        masker = json_masker(**OPTIONS)
        assert feed(masker, chunks) == masked
        assert masker.counts == whole.counts
    assert same_shape(value, json.loads(masked), hidden=())


def same_shape(value: Any, masked: Any, *, hidden: tuple[str, ...]) -> bool:
    """Whether two values differ in texts and in the members that are masked whole alone."""
    if isinstance(value, dict):
        return (
            isinstance(masked, dict)
            and [*value] == [*masked]
            and all(
                masked[name] == "***"
                if name == "x" or (name == "ssn" and hidden[-1:] == ("customer",))
                else same_shape(value[name], masked[name], hidden=(*hidden, name))
                for name in value
            )
        )
    if isinstance(value, list):
        return len(value) == len(masked) and all(
            same_shape(one, other, hidden=hidden) for one, other in zip(value, masked, strict=True)
        )
    return isinstance(masked, str) and "joe@" not in masked if isinstance(value, str) else bool(value == masked)


@settings(max_examples=300)
@given(written=st.text('{}[]:,"\\ua1-.e \n', max_size=12), places=st.lists(st.integers(0, 20), max_size=6))
def test_only_what_python_reads_as_json_passes(written: str, places: list[int]) -> None:
    try:
        json.loads(written)
        reads = True
    except ValueError:
        reads = not written.strip()

    try:
        passed = feed(json_masker(), cut(written.encode(), places)) == written.encode()
    except UpstreamError:
        passed = False

    assert passed == reads
