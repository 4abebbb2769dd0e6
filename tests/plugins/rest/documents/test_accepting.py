"""What a caller would rather have is understood."""

import time

import pytest

from tollbridge import BadRequest
from tollbridge_rest.documents import Preferred, read_prefer
from tollbridge_rest.documents.accepting import accepted
from tollbridge_rest.documents.model import Media

CONTENT = tuple(Media(kind, kind) for kind in ("application/json", "text/plain", "image/*"))


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/plain", "text/plain"),
        ("TEXT/Plain; charset=utf-8", "text/plain"),
        ("text/*", "text/plain"),
        ("text/html, text/plain;q=0.1", "text/plain"),
        ("application/json;q=0.5, text/plain;q=0.6", "text/plain"),
        ("application/json;q=0.5, */*;q=0.4", "application/json"),
        ("application/json;q=0, */*", "text/plain"),
        ("image/png", "image/*"),
        ("text/html", None),
        ("*/*;q=0", None),
        ("application/json; q=0.000", None),
        ("application/json;q=nonsense", "application/json"),
        (",,", None),
    ],
)
def test_the_media_type_that_is_wanted_most(accept: str, kind: str | None) -> None:
    found = accepted(CONTENT, accept)

    assert (found.type if found else None) == kind


def test_nothing_can_be_accepted_where_there_is_nothing() -> None:
    assert accepted((), "") is None
    assert accepted((), "*/*") is None


@pytest.mark.parametrize(
    ("values", "preferred"),
    [
        ([], Preferred()),
        (["code=404"], Preferred(404)),
        (["code=404, example=dog"], Preferred(404, "dog")),
        (["code=404", "example=dog"], Preferred(404, "dog")),
        (['example="a dog"; code="404"'], Preferred(404, "a dog")),
        (["dynamic=true"], Preferred(made=True)),
        (["dynamic=false"], Preferred()),
        (["respond-async, Code=404, code=500"], Preferred(404)),
        (["code"], Preferred()),
    ],
)
def test_wishes_are_those_of_prism(values: list[str], preferred: Preferred) -> None:
    assert read_prefer(values) == preferred


@pytest.mark.parametrize("value", ["code=101", "code=100", "code=600", "code=4O4", "code=-1", "code=404.5", "code=40"])
def test_a_wish_for_what_is_no_status_is_refused(value: str) -> None:
    with pytest.raises(BadRequest, match="is no status"):
        read_prefer([value])


def test_long_headers_do_not_take_long() -> None:
    before = time.process_time()

    accepted(CONTENT, "a/b;q=" * 100_000 + "," * 100_000)
    read_prefer(["=" * 100_000, 'code="' * 100_000])

    assert time.process_time() - before < 1
