"""A segment of a path fits a template or does not."""

import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_rest.documents.templates import Template, encode_segment, fit, split_path


def fitted(template: str, raw: str) -> list[str] | None:
    values = fit(Template(f"/{template}").segments[0], raw)
    return None if values is None else list(values)


@pytest.mark.parametrize(
    ("template", "raw", "values"),
    [
        ("{id}", "7", ["7"]),
        ("{id}", "a%2Fb", ["a%2Fb"]),
        ("{id}", "", None),
        ("{id}.json", "7.json", ["7"]),
        ("{id}.json", "a.json.json", ["a.json"]),
        ("{id}.json", ".json", None),
        ("{id}.json", "7%2ejson", ["7"]),
        ("{id}.json", "7.jsox", None),
        ("v{n}", "v1", ["1"]),
        ("v{n}", "w1", None),
        ("{a}-{b}", "1-2", ["1", "2"]),
        ("{a}-{b}", "1-2-3", ["1", "2-3"]),
        ("{a}-{b}", "--", None),
        ("{a}-{b}", "---", ["-", "-"]),
        ("{a}-{b}", "%2D-x", ["%2D", "x"]),
        ("{a}{b}", "xyz", ["x", "yz"]),
        ("{a}{b}", "x", None),
        ("({a},{b})", "(1,2)", ["1", "2"]),
        ("aXa{b}aXa", "aXa", None),
        ("é{a}", "%C3%A9x", ["x"]),
        ("%C3%A9{a}", "%c3%a9x", ["x"]),
        ("{a}é", "%FF%C3%A9", ["%FF"]),
        ("plain", "plain", []),
        ("plain", "plainer", None),
    ],
)
def test_values_are_what_the_literals_leave(template: str, raw: str, values: list[str] | None) -> None:
    assert fitted(template, raw) == values


@given(
    st.lists(st.sampled_from(["{x}", "a", "b", "-"]), min_size=1, max_size=5),
    st.text(alphabet="ab-", max_size=8),
)
def test_a_segment_fits_where_a_regular_expression_does(pieces: list[str], text: str) -> None:
    template = "".join(piece.replace("x", f"p{at}") for at, piece in enumerate(pieces))
    pattern = re.sub(r"\\\{p\d\\\}", ".+", re.escape(template))

    values = fitted(template, text)

    assert (values is not None) == bool(re.fullmatch(pattern, text))
    if values is not None:
        names = re.findall(r"\{p\d\}", template)
        for name, value in zip(names, values, strict=True):
            template = template.replace(name, value)
        assert template == text
        assert all(values)


def test_long_segments_do_not_take_long() -> None:
    template = "".join(f"{{p{n}}}a" for n in range(100))

    assert fitted(template, "a" * 8_000) is not None
    assert fitted(template, "a" * 8_000 + "b") is None


@pytest.mark.parametrize(
    "path",
    ["", "a", "/..", "/a/../b", "/.", "/%2e%2e", "/%2E.", "/a/%2e", "/é", "/%", "/%2", "/%zz", "/" * 101],
)
def test_a_path_that_leads_elsewhere_or_is_none_has_no_segments(path: str) -> None:
    assert split_path(path) is None


def test_slashes_are_kept_as_they_were_written() -> None:
    assert split_path("/a//b/") == ["a", "", "b", ""]
    assert split_path("/a%2Fb") == ["a%2Fb"]
    assert split_path("/...") == ["..."]


@given(st.text(alphabet="a%/+ é:@!.", max_size=10))
def test_encoding_a_decoded_segment_keeps_what_it_says(text: str) -> None:
    assert unquote(encode_segment(text.replace("/", ""))) == text.replace("/", "")
    assert encode_segment("é") == quote("é")


def test_templates_that_differ_in_names_have_the_same_shape() -> None:
    assert Template("/a/{x}/{y}.z").shape == Template("/a/{p}/{q}.z").shape
    assert Template("/a/{x}").shape != Template("/a/{x}/").shape
    assert Template("/a/{x}b").shape != Template("/a/{x}").shape
