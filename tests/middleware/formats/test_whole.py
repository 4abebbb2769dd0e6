"""An answer that is one JSON body: its bytes pass, its usage is read."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.errors import UpstreamError
from tollbridge.formats import AnswerReader, WholeReader
from tollbridge.metering.usage import Usage


class Told(msgspec.Struct):
    tokens: int | None = None
    by: str | None = None


DEEP = b'{"x":%b%b}' % (b"[" * 100_000, b"]" * 100_000)


def read_usage(body: bytes) -> Usage | None:
    tokens = msgspec.json.decode(body, type=Told).tokens
    return None if tokens is None else Usage(input=tokens)


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        (b'{"tokens":3}', Usage(input=3)),
        (b'{"tokens":null}', None),
        (b"{}", None),
        (b'{"tokens":"three"}', None),
        (b"[]", None),
        (b"null", None),
    ],
)
def test_body_passes_unchanged_and_what_it_reports_is_read(body: bytes, usage: Usage | None) -> None:
    reader: AnswerReader = WholeReader(read_usage)

    assert reader.feed(body) == [body]
    assert reader.feed(b"") == []
    assert (reader.usage, reader.finished, reader.failed, reader.pieces) == (usage, True, False, 0)


def test_answer_without_a_body_is_not_finished() -> None:
    reader = WholeReader(read_usage)

    assert reader.feed(b"") == []
    assert not reader.finished


@pytest.mark.parametrize("body", [b"<html>", b'{"tokens":3', b'{"tokens":3}}', b'{"by":"\xff"}', b" ", DEEP], ids=len)
def test_body_that_is_no_json_is_the_providers_fault_and_says_so_to_the_operator(body: bytes) -> None:
    reader = WholeReader(read_usage)

    with pytest.raises(UpstreamError, match=r"^the provider's answer is no JSON$") as caught:
        reader.feed(body)
    assert caught.value.detail
    assert not reader.finished


@given(st.binary(min_size=1, max_size=40))
def test_any_bytes_are_an_answer_or_a_named_error(body: bytes) -> None:
    reader = WholeReader(read_usage)

    try:
        assert reader.feed(body) == [body]
    except UpstreamError:
        assert reader.usage is None
