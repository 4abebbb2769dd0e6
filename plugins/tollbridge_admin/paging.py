"""Pages by key: a cursor stands for the last thing of a page, and means nothing to whoever holds it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from msgspec import Meta

from tollbridge_admin.problems import FieldsRefused, refused

LARGEST_PAGE = 200
Limit = Annotated[int, Meta(ge=1, le=LARGEST_PAGE, description="How many at most.")]
Cursor = Annotated[str, Meta(max_length=200, description="The `next` of the page before.")]


def cursor(kind: str, last: object) -> str:
    """Give the cursor of a page that ends with this."""
    return urlsafe_b64encode(f"{kind}:{last}".encode("ascii")).decode("ascii").rstrip("=")


def read_cursor(kind: str, text: str) -> str | None:
    """Give what a page ended with, None for the first; raises `FieldsRefused` for a cursor of another list."""
    if not text:
        return None
    try:
        said, _, last = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii").partition(":")
    except ValueError:
        said = last = ""
    if said != kind or not last:
        raise no_cursor()
    return last


def read_number(kind: str, text: str) -> int | None:
    """Give the number that a page ended with, None for the first; raises `FieldsRefused` as `read_cursor`."""
    last = read_cursor(kind, text)
    if last is None:
        return None
    if not last.isdecimal() or len(last) > 18:
        raise no_cursor()
    return int(last)


def no_cursor() -> FieldsRefused:
    """Refuse what is no cursor of a list."""
    return refused("after", "it is no cursor of this list; take the `next` of a page")
