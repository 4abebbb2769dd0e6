import re
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_portal.patterns import LONGEST, matching

ATOMS = st.sampled_from(
    [
        *("a", "Z", "0", "9", " ", "_", "-", ".", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", r"\.", r"\\", r"\-", r"\n"),
        *(r"\x41", r"\u0041", "[a-f]", "[^a]", "[A-Z0-9_]", r"[\d-]", r"[^\w]", "[-a]", "[a-]", r"[\]]", "[é中]"),
        "[^a-zA-Z0-9 _.-]",
    ]
)
QUANTIFIERS = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{1,3}", "{0,}", "*?", "+?", "{3,}?"])
expressions = st.recursive(
    st.builds(lambda atom, many: atom + many, ATOMS, QUANTIFIERS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.builds(lambda one, other, many: f"({one}|{other}){many}", inner, inner, QUANTIFIERS),
        st.builds(lambda one, many: f"(?:{one}){many}", inner, QUANTIFIERS),
        st.builds(lambda one: f"(?<name>{one})", inner),
    ),
    max_leaves=8,
)


def python(pattern: str) -> str:
    """Write it as Python does, which has another name for groups with one."""
    number = iter(range(1000))
    return re.sub(r"\(\?<name>", lambda _: f"(?P<n{next(number)}>", pattern)


@given(pattern=expressions, anchored=st.booleans())
def test_text_for_an_expression_is_found_by_it(pattern: str, anchored: bool) -> None:
    whole = f"^(?:{pattern})$" if anchored else pattern

    found = list(islice(matching(whole), 5))

    assert found
    assert all(re.search(python(whole), text, re.ASCII) for text in found)


@given(pattern=st.one_of(st.text(max_size=30), st.text(r"ab()[]{}|*+?\^$.,-10dwpx<>:=!", max_size=20)))
def test_anything_is_read_or_gives_nothing(pattern: str) -> None:
    assert all(len(text) <= LONGEST for text in matching(pattern))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^[A-Z]{3}-[0-9]{4}$", "AAA-1111"),
        (r"^\d{5}(-\d{4})?$", "11111"),
        ("^(red|green)$", "red"),
        (r"^\+?[1-9]\d{6,14}$", "1111111"),
        ("^#[0-9a-f]{6}$", "#aaaaaa"),
        (r"^\p{Lu}\p{L}*$", "A"),
        ("^[^@]+@[^@]+[.]com$", "a@a.com"),
    ],
)
def test_first_text_is_a_short_and_plain_one(pattern: str, text: str) -> None:
    assert next(matching(pattern)) == text


def test_texts_grow_and_take_other_alternatives() -> None:
    assert {"a", "bb", "aaaa"} <= set(matching("^(a+|bb)$"))


@pytest.mark.parametrize(
    "pattern",
    [
        *("(?=a)a", "(?!a)b", "(?<=a)b", "(?<!a)b", r"(a)\1", "(", "a)", "[a", "*a", "a**", "a{2", "a{x}", "[z-a]"),
        *(
            r"\p{Greek}",
            r"\PL",
            r"\p{L",
            "\\",
            r"\x4",
            r"\uZZZZ",
            "a{5000}",
            "(a{100}){100}",
            "(" * 40 + "a" + ")" * 40,
        ),
        *("[]", "(?i)a"),
    ],
)
def test_what_is_not_read_gives_nothing(pattern: str) -> None:
    assert list(matching(pattern)) == []
