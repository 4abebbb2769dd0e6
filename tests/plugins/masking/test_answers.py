"""Which answers are masked, which are passed, and which are refused."""

import pytest
from tests.plugins.masking.conftest import finder

from tollbridge import ResponseHead, UpstreamError
from tollbridge_masking.answers import Bodiless, Masker, Passing, Untyped, masker_of
from tollbridge_masking.fields import Fields
from tollbridge_masking.jsonmasker import JsonMasker
from tollbridge_masking.masking import Masking
from tollbridge_masking.texts import TextMasker

PASSED = Masking().pass_types


def head_of(*headers: tuple[str, str], status: int = 200) -> ResponseHead:
    return ResponseHead(status, [(name.encode(), value.encode("latin-1")) for name, value in headers])


def take(head: ResponseHead, method: str = "GET", passed: tuple[str, ...] = PASSED) -> Masker:
    return masker_of(method, head, finder(), Fields(()), passed)


@pytest.mark.parametrize(
    ("kind", "masker"),
    [
        ("application/json", JsonMasker),
        ("Application/JSON; charset=UTF-8", JsonMasker),
        ("application/problem+json", JsonMasker),
        ("application/x-ndjson", JsonMasker),
        ("application/jsonl", JsonMasker),
        ("text/plain", TextMasker),
        ('text/html; charset="utf-8"', TextMasker),
        ("text/csv;charset=ISO-8859-1", TextMasker),
        ("image/png", Passing),
        ("audio/mpeg", Passing),
    ],
)
def test_type_says_how_an_answer_is_taken(kind: str, masker: type) -> None:
    assert isinstance(take(head_of(("content-type", kind))), masker)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("application/octet-stream", r"a type that is not masked, 'application/octet-stream'"),
        ("application/pdf", "not masked"),
        ("application/json-seq", "not masked"),
        ("multipart/mixed; boundary=x", "not masked"),
        ("application/json; charset=utf-16", "not masked"),
        ("text/plain; charset=utf-16", "not masked"),
        ("text/plain; charset=utf-8; charset=utf-7", "not masked"),
        ("text", "not masked"),
        ("", "not masked"),
        ("text/event-stream", "an event stream, which cannot be masked; ask without stream"),
        ("application/vnd.amazon.eventstream", "an event stream"),
    ],
)
def test_type_that_is_not_masked_is_refused(kind: str, told: str) -> None:
    with pytest.raises(UpstreamError, match=told) as caught:
        take(head_of(("content-type", kind)))

    assert (caught.value.status, caught.value.code) == (502, "answer_not_masked")


def test_two_types_are_none() -> None:
    with pytest.raises(UpstreamError, match="not masked"):
        take(head_of(("content-type", "application/json"), ("Content-Type", "image/png")))


def test_type_that_is_passed_is_the_operators_to_say() -> None:
    assert isinstance(take(head_of(("content-type", "application/pdf")), passed=("application/pdf",)), Passing)
    with pytest.raises(UpstreamError):
        take(head_of(("content-type", "image/png")), passed=())


@pytest.mark.parametrize("encoding", ["gzip", "br, gzip", "aws-chunked"])
def test_compressed_answer_is_refused_with_what_to_do(encoding: str) -> None:
    with pytest.raises(UpstreamError, match=rf"compressed \({encoding}\).*send accept-encoding: identity"):
        take(head_of(("content-type", "application/json"), ("Content-Encoding", encoding)))


def test_answer_that_says_it_is_not_compressed_is_masked() -> None:
    head = head_of(("content-type", "application/json"), ("content-encoding", "identity"))

    assert isinstance(take(head), JsonMasker)


def test_part_of_an_answer_is_refused() -> None:
    with pytest.raises(UpstreamError, match="ask without range"):
        take(head_of(("content-type", "text/plain"), status=206))


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_answer_without_a_body_needs_no_type(method: str, status: int) -> None:
    masker = take(head_of(("content-type", "application/pdf"), status=status), method)

    assert isinstance(masker, Bodiless)
    assert masker.feed(b"joe@example.com") == []


def test_answer_without_a_type_may_only_be_empty() -> None:
    masker = take(head_of())

    assert isinstance(masker, Untyped)
    assert masker.feed(b"") == []
    with pytest.raises(UpstreamError, match="does not say its type"):
        masker.feed(b"x")


def test_empty_answer_may_have_any_type_and_is_held_to_be_empty() -> None:
    masker = take(head_of(("content-type", "application/pdf"), ("content-length", "0")))

    with pytest.raises(UpstreamError):
        masker.feed(b"x")


def test_headers_about_other_bytes_are_taken_out() -> None:
    gone = [
        (name, "x") for name in ("content-length", "ETag", "content-md5", "Digest", "content-digest", "repr-digest")
    ]
    head = head_of(("content-type", "application/json"), *gone, ("accept-ranges", "bytes"), ("x-mine", "1"))

    take(head)

    assert head.headers == [(b"content-type", b"application/json"), (b"x-mine", b"1")]


def test_headers_of_an_answer_that_is_passed_stay() -> None:
    headers = (("content-type", "image/png"), ("etag", '"1"'), ("content-length", "3"), ("content-encoding", "gzip"))
    head = head_of(*headers)

    take(head)

    assert head.headers == head_of(*headers).headers
