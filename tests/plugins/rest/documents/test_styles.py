"""Texts are taken apart as their style says."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_rest.documents.model import Style
from tollbridge_rest.documents.styles import MAX_PIECES, BadText, read_deep, read_path, read_query, read_simple

LIST = ["blue", "black", "brown"]
MAP = {"R": "100", "G": "200", "B": "150"}


@pytest.mark.parametrize(
    ("style", "explode", "kind", "raw", "value"),
    [  # the rows of the table in OpenAPI 3.2, 4.12.6
        (Style.MATRIX, False, "scalar", ";color=", ""),
        (Style.MATRIX, False, "scalar", ";color", ""),
        (Style.MATRIX, False, "scalar", ";color=blue", "blue"),
        (Style.MATRIX, False, "array", ";color=blue,black,brown", LIST),
        (Style.MATRIX, False, "object", ";color=R,100,G,200,B,150", MAP),
        (Style.MATRIX, True, "array", ";color=blue;color=black;color=brown", LIST),
        (Style.MATRIX, True, "object", ";R=100;G=200;B=150", MAP),
        (Style.LABEL, False, "scalar", ".blue", "blue"),
        (Style.LABEL, False, "array", ".blue,black,brown", LIST),
        (Style.LABEL, False, "object", ".R,100,G,200,B,150", MAP),
        (Style.LABEL, True, "array", ".blue.black.brown", LIST),
        (Style.LABEL, True, "object", ".R=100.G=200.B=150", MAP),
        (Style.LABEL, True, "scalar", ".", ""),
        (Style.SIMPLE, False, "scalar", "blue", "blue"),
        (Style.SIMPLE, False, "array", "blue,black,brown", LIST),
        (Style.SIMPLE, False, "object", "R,100,G,200,B,150", MAP),
        (Style.SIMPLE, True, "object", "R=100,G=200,B=150", MAP),
        (Style.SIMPLE, False, "array", "a%2Cb,c", ["a,b", "c"]),
        (Style.SIMPLE, False, "scalar", "a+b%20c", "a+b c"),
        (Style.SIMPLE, False, "array", "", []),
    ],
)
def test_a_value_of_a_path(style: Style, explode: bool, kind: str, raw: str, value: Any) -> None:
    assert read_path("color", raw, style, kind, explode) == value


@pytest.mark.parametrize(
    ("style", "explode", "kind", "raw", "reason"),
    [
        (Style.MATRIX, False, "scalar", "color=blue", "begin with a semicolon"),
        (Style.MATRIX, False, "scalar", ";size=blue", "name itself"),
        (Style.MATRIX, False, "scalar", ";color=a;color=b", "there once"),
        (Style.LABEL, False, "scalar", "blue", "begin with a full stop"),
        (Style.SIMPLE, False, "object", "R,100,G", "pairs of a field and a value"),
        (Style.SIMPLE, True, "object", "R=100,G", "pairs of a field and a value"),
        (Style.SIMPLE, False, "object", "R,1,R,2", "a field twice"),
        (Style.SIMPLE, False, "scalar", "%FF", "not UTF-8"),
        (Style.SIMPLE, False, "array", "," * MAX_PIECES, "over 10,000 pieces"),
    ],
)
def test_a_text_that_is_written_in_another_way_is_refused(
    style: Style, explode: bool, kind: str, raw: str, reason: str
) -> None:
    with pytest.raises(BadText, match=reason):
        read_path("color", raw, style, kind, explode)


@pytest.mark.parametrize(
    ("style", "explode", "kind", "texts", "value"),
    [
        (Style.FORM, True, "scalar", ["blue+sky%21"], "blue sky!"),
        (Style.FORM, True, "array", ["blue", "black,x", "brown"], ["blue", "black,x", "brown"]),
        (Style.FORM, False, "array", ["blue,black,brown"], LIST),
        (Style.FORM, False, "object", ["R,100,G,200,B,150"], MAP),
        (Style.SPACES, False, "array", ["blue%20black+brown"], LIST),
        (Style.SPACES, False, "object", ["R%20100%20G%20200%20B%20150"], MAP),
        (Style.SPACES, False, "array", ["a,b%20c"], ["a,b", "c"]),
        (Style.PIPES, False, "array", ["blue%7cblack|brown"], LIST),
        (Style.PIPES, False, "object", ["R|100|G|200|B|150"], MAP),
        (Style.PIPES, False, "array", ["a,b|c"], ["a,b", "c"]),
        (Style.PIPES, True, "array", ["a|b", "c"], ["a|b", "c"]),
    ],
)
def test_a_value_of_a_query(style: Style, explode: bool, kind: str, texts: list[str], value: Any) -> None:
    assert read_query(texts, style, kind, explode) == value


@pytest.mark.parametrize("kind", ["scalar", "array", "object"])
@pytest.mark.parametrize("texts", [[], ["a", "b"]])
def test_a_value_that_stands_in_one_place_is_there_once(kind: str, texts: list[str]) -> None:
    with pytest.raises(BadText, match="there once"):
        read_query(texts, Style.FORM, kind, False)


@pytest.mark.parametrize(
    ("pairs", "value"),
    [
        ([("c[R]", "100"), ("c[G]", "2+0")], {"R": "100", "G": "2 0"}),
        ([("c[a][b]", "1"), ("c[a][d]", "2")], {"a": {"b": "1", "d": "2"}}),
        ([("c[a]", "1"), ("c[a]", "2"), ("c[a]", "3")], {"a": ["1", "2", "3"]}),
        ([("c[a][]", "1"), ("c[a][]", "2")], {"a": ["1", "2"]}),
        ([("c[a][0]", "1"), ("c[a][1]", "2")], {"a": {"0": "1", "1": "2"}}),
        ([("c[]", "1")], {"": "1"}),
    ],
)
def test_brackets_make_objects(pairs: list[tuple[str, str]], value: Any) -> None:
    assert read_deep("c", pairs) == value


@pytest.mark.parametrize(
    "pairs",
    [
        [("c[a", "1")],
        [("c[a]x", "1")],
        [("c[a]x[b]", "1")],
        [("c" + "[a]" * 9, "1")],
        [("c[a]", "1"), ("c[a][b]", "2")],
        [("c[a][b]", "1"), ("c[a]", "2")],
        [("c[a]", "1"), ("c[a]", "2"), ("c[a][b]", "3")],
        [("c[a]", "%FF")],
    ],
)
def test_brackets_that_do_not_make_an_object_are_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(BadText):
        read_deep("c", pairs)


@given(st.lists(st.text(max_size=6), min_size=1, max_size=5).filter(lambda values: values != [""]))
def test_what_was_encoded_first_and_joined_then_is_read_back(values: list[str]) -> None:
    raw = ",".join(quote(each, safe="", errors="surrogatepass") for each in values)
    try:
        read = read_simple(raw, "array", False)
    except BadText:  # half a character is no UTF-8
        assert any("\ud800" <= sign <= "\udfff" for each in values for sign in each)
        return
    assert read == values
