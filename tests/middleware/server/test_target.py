"""Request targets: path and query of each form."""

import pytest
from httptools import parse_url
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.server.target import Unreadable, read_target


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/", ("/", b"/", b"")),
        (b"/a/b?c=d&e", ("/a/b", b"/a/b", b"c=d&e")),
        (b"/a??b", ("/a", b"/a", b"?b")),
        (b"/a?", ("/a", b"/a", b"")),
        (b"/a#b?c", ("/a", b"/a", b"")),
        (b"/a?b#c", ("/a", b"/a", b"b")),
        (b"/a%20b%2Fc%C3%A9", ("/a b/c\u00e9", b"/a%20b%2Fc%C3%A9", b"")),
        (b"/%ff", ("/\ufffd", b"/%ff", b"")),
        (b"//h/a", ("//h/a", b"//h/a", b"")),
        (b"http://h:80/a?b#c", ("/a", b"/a", b"b")),
        (b"http://h", ("/", b"/", b"")),
        (b"http://h?x=1", ("/", b"/", b"x=1")),
        (b"*", ("*", b"*", b"")),
    ],
)
def test_path_and_query_are_read_out_of_a_target(target, expected) -> None:
    assert read_target(target) == expected


@pytest.mark.parametrize("target", [b"h:80", b"a", b"", b"/\xff", b"http://h/\xff"])
def test_target_without_a_path_is_refused(target) -> None:
    with pytest.raises(Unreadable):
        read_target(target)


@given(st.text("ab/?#&=.", max_size=12).map(lambda text: b"/" + text.encode()))
def test_origin_form_is_read_as_llhttp_reads_it(target) -> None:
    parsed = parse_url(target)

    assert read_target(target)[1:] == (parsed.path, parsed.query or b"")
