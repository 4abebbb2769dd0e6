"""What is done with an answer: masked, passed as it is, or refused."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tollbridge import ResponseHead
from tollbridge_masking.fields import Fields
from tollbridge_masking.finder import Finder
from tollbridge_masking.jsonmasker import JsonMasker
from tollbridge_masking.mediatypes import is_json, is_lines, is_stream, is_text, passes, read_type
from tollbridge_masking.refusing import AnswerNotMasked
from tollbridge_masking.texts import TextMasker

_OF_OTHER_BYTES = frozenset(
    (b"content-length", b"etag", b"content-md5", b"digest", b"content-digest", b"repr-digest", b"accept-ranges")
)
_NO_BODY = frozenset((204, 205, 304))
_PART = 206
_IN_JSON = frozenset(("", "utf-8", "utf8", "us-ascii"))


class Masker(Protocol):
    """Takes one answer, piece by piece; `counts` is what it has masked."""

    counts: Counter[str]

    def feed(self, chunk: bytes) -> list[bytes]: ...


@dataclass(slots=True)
class Passing:
    """Passes everything."""

    counts: Counter[str] = field(default_factory=Counter)

    def feed(self, chunk: bytes) -> list[bytes]:
        return [chunk] if chunk else []


@dataclass(slots=True)
class Untyped:
    """Takes an answer that needs no type, since it is empty; raises `AnswerNotMasked` for any other."""

    counts: Counter[str] = field(default_factory=Counter)

    def feed(self, chunk: bytes) -> list[bytes]:
        if chunk:
            raise AnswerNotMasked("this answer does not say its type, so it cannot be masked")
        return []


@dataclass(slots=True)
class Bodiless:
    """Takes an answer that has no body, whatever is sent as one: a server would leave it out too."""

    counts: Counter[str] = field(default_factory=Counter)

    def feed(self, chunk: bytes) -> list[bytes]:
        return []


def masker_of(method: str, head: ResponseHead, finder: Finder, fields: Fields, pass_types: Sequence[str]) -> Masker:
    """Give what takes the body of an answer, and take out what its head says of other bytes.

    Raises `AnswerNotMasked` for an answer that cannot be masked.
    """
    said = set(_values(head, b"content-type"))
    kind, charset = read_type(next(iter(said))) if len(said) == 1 else ("", "")
    if kind and passes(kind, pass_types):
        return Passing()
    empty = b"0" in (value for name, value in head.headers if name.lower() == b"content-length")
    head.headers = [pair for pair in head.headers if pair[0].lower() not in _OF_OTHER_BYTES]
    if method == "HEAD" or head.status in _NO_BODY:
        return Bodiless()
    if empty or not said:
        return Untyped()
    _check_form(head)
    if is_json(kind) and charset in _IN_JSON:
        return JsonMasker(finder, fields, many=is_lines(kind))
    if is_text(kind) and charset in TextMasker.CHARSETS:
        return TextMasker(finder, charset)
    if is_stream(kind):
        raise AnswerNotMasked("this answer is an event stream, which cannot be masked; ask without stream")
    shown = ", ".join(sorted(said))[:100]
    raise AnswerNotMasked(f"this answer is of a type that is not masked, {shown!r}, so it is not sent")


def _check_form(head: ResponseHead) -> None:
    """Refuse what is not all of an answer, as it is."""
    encodings = [value for value in _values(head, b"content-encoding") if value.strip().lower() not in ("", "identity")]
    if encodings:
        shown = ", ".join(encodings)[:100]
        raise AnswerNotMasked(
            f"this answer came compressed ({shown}), so it cannot be masked; send accept-encoding: identity"
        )
    if head.status == _PART:
        raise AnswerNotMasked("this is a part of an answer, which cannot be masked; ask without range")


def _values(head: ResponseHead, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in head.headers if name.lower() == wanted]
