"""Path templates."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_rest.templates import PathTemplate, Segment, read_template

PIECES = st.text("ab.-_/", max_size=4)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("/", ()),
        ("/a/{id}", ("id",)),
        ("/a/{id}.json", ("id",)),
        ("/{a}-{b}/{c}", ("a", "b", "c")),
        ("/files/{rest*}", ("rest",)),
        ("/{owner id}/x", ("owner id",)),
    ],
)
def test_template_knows_its_parameters(text: str, names: tuple[str, ...]) -> None:
    assert read_template(text).names == names


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a", "begins with '/'"),
        ("/{a}{b}", "side by side"),
        ("/{a}/{a}", "twice"),
        ("/{a}/{a*}", "twice"),
        ("/{a", "brace"),
        ("/a}", "brace"),
        ("/{}", "no name"),
        ("/{rest*}/a", "no name"),
        ("/a//b", "no '//'"),
        ("/a/../b", "no '.' or '..'"),
        ("/a?b", "no '//'"),
        ("/a;b", "no '//'"),
        ("/" + "-".join(f"{{p{n}}}" for n in range(9)), "more than 8"),
        ("/a\nb", "cannot be shown"),
    ],
)
def test_template_that_is_none_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        read_template(text)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"id": "7", "rest": ""}, "/v/7"),
        ({"id": "a b%", "rest": "/x/ä?"}, None),
        ({"id": "a b%", "rest": "/x/ä"}, "/v/a%20b%25/x/%C3%A4"),
        ({"id": "7", "rest": "/../x"}, None),
        ({"id": "..", "rest": ""}, None),
        ({"id": "a/b", "rest": "/c%2Fd/e"}, "/v/a%2Fb/c%2Fd/e"),
        ({"id": "a/../b", "rest": ""}, None),
        ({"id": "../b", "rest": ""}, None),
        ({"id": "a//b", "rest": ""}, None),
        ({"id": "a/", "rest": "/b"}, None),
        ({"id": "7", "rest": "/a%2F..%2Fb"}, None),
        ({"id": "a;b", "rest": ""}, None),
        ({"id": "a\\b", "rest": ""}, None),
        ({"id": "a\nb", "rest": ""}, None),
        ({"id": "a#b", "rest": ""}, None),
        ({"id": "7", "rest": "//evil"}, None),
    ],
)
def test_path_is_written_escaped_and_leads_nowhere_else(values: dict[str, str], path: str | None) -> None:
    template = read_template("/v/{id}/{rest*}")

    if path is not None:
        assert template.expand(values) == path
    else:
        with pytest.raises(ValueError, match="path"):
            template.expand(values)


def test_dots_that_values_make_together_are_refused() -> None:
    with pytest.raises(ValueError, match=r"no '\.' or"):
        read_template("/x/{a}.{b}/y").expand({"a": "", "b": ""})


def pattern(segment: Segment) -> re.Pattern[str]:
    """Give a segment as a regular expression: each parameter takes as little as it can, at least one character."""
    return re.compile("([^/]+?)".join(map(re.escape, segment.texts)), re.DOTALL)


@given(
    st.lists(st.text("a.-", min_size=1, max_size=2), max_size=3),
    st.tuples(PIECES, PIECES),
    st.text("a.-b", max_size=12),
)
def test_segment_matches_as_a_regular_expression_does(middle: list[str], around: tuple[str, str], text: str) -> None:
    first, last = (piece.replace("/", "") for piece in around)
    segment = Segment((first, *middle, last), tuple(f"n{n}" for n in range(len(middle) + 1)))

    found = pattern(segment).fullmatch(text)

    assert segment.match(text) == (None if found is None else found.groups())


@given(st.lists(st.text(min_size=1, max_size=6).filter(lambda text: "/" not in text), min_size=1, max_size=4))
def test_what_is_written_reads_back_or_is_refused(values: list[str]) -> None:
    template = PathTemplate("", tuple(Segment(("", ""), (f"n{n}",)) for n in range(len(values))))

    try:
        path = template.expand({f"n{n}": value for n, value in enumerate(values)})
    except (ValueError, UnicodeError):
        return

    assert [unquote(part) for part in path.split("/")[1:]] == values
    assert path.isascii()
