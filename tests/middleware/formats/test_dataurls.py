"""URLs that hold their data themselves."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.formats import Media, MediaKind, read_url, write_url


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("data:image/png;base64,aGk=", ("aGk=", None, "image/png")),
        ("data:application/vnd.api+json;base64,", ("", None, "application/vnd.api+json")),
        ("https://a.example/data:image/png;base64,aGk=", (None, "https://a.example/data:image/png;base64,aGk=", None)),
        ("data:image/png,hi", (None, "data:image/png,hi", None)),
        ("data:;base64,aGk=", (None, "data:;base64,aGk=", None)),
        ("", (None, "", None)),
    ],
)
def test_data_is_told_from_a_place(url: str, found: tuple[str | None, str | None, str | None]) -> None:
    assert read_url(url) == found


@given(st.from_regex(re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII), fullmatch=True), st.text("abcXYZ019+/="))
def test_data_comes_back_as_it_was(mime: str, data: str) -> None:
    url = write_url(Media(kind=MediaKind.FILE, data=data, mime=mime), "image/png")

    assert url is not None
    assert read_url(url) == (data, None, mime)


def test_type_that_nobody_said_is_the_usual_one() -> None:
    assert write_url(Media(kind=MediaKind.IMAGE, data="aGk="), "image/png") == "data:image/png;base64,aGk="


def test_place_is_given_as_it_is() -> None:
    assert write_url(Media(kind=MediaKind.IMAGE, url="https://a.example/b"), "image/png") == "https://a.example/b"
    assert write_url(Media(kind=MediaKind.IMAGE, file_id="f"), "image/png") is None
