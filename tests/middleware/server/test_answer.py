"""Heads of answers: what is written, and what is no head."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.http1 import Answers

from tollbridge.server import answer
from tollbridge.server.answer import Heads, refusal

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_%!~", min_size=1, max_size=12).map(str.encode)
VALUES = st.binary(max_size=20).map(lambda value: bytes(byte for byte in value if byte >= 0x20 and byte != 0x7F))
OURS = (b"content-length", b"transfer-encoding", b"connection")


@given(st.lists(st.tuples(NAMES, VALUES).filter(lambda pair: pair[0] not in OURS), max_size=20))
def test_headers_are_read_back_as_they_were_sent(headers) -> None:
    heads = Heads()

    for _ in range(2):
        lines, names, length, sized, close = heads.read(200, headers)

        assert lines == b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % pair for pair in headers)
        assert names == {name for name, _ in headers}
        assert (length, sized, close) == (None, False, False)
        (read,) = Answers(lines + b"content-length: 0\r\n\r\n").headers
        assert read[:-1] == [(name, value.lstrip(b" ")) for name, value in headers]


@given(st.integers(0, 3), st.sampled_from(b"\r\n\0\x0b\x1f\x7f"), st.booleans(), st.integers(0, 3))
def test_control_character_is_refused_wherever_it_stands(which, byte, in_name, place) -> None:
    headers = [[b"x-%d" % number, b"abc"] for number in range(4)]
    text = headers[which][0 if in_name else 1]
    headers[which][0 if in_name else 1] = text[:place] + bytes([byte]) + text[place:]

    with pytest.raises(RuntimeError, match="name that is none" if in_name else "control character"):
        Heads().read(200, [(name, value) for name, value in headers])


@pytest.mark.parametrize("name", [b"", b"a b", b"a:", b"\xe9", b"(a)", b"a\tb"])
def test_name_that_is_no_token_is_refused(name) -> None:
    with pytest.raises(RuntimeError, match="name that is none"):
        Heads().read(200, [(b"x", b"1"), (name, b"1")])


def test_header_that_is_no_bytes_is_refused() -> None:
    with pytest.raises(TypeError):
        Heads().read(200, [(b"x", "1")])  # type: ignore[list-item]  # what a careless app sends


def test_capitals_are_written_small() -> None:
    lines, names, length, sized, _ = Heads().read(200, [(b"X-A", b"B"), (b"Content-Length", b"7")])

    assert lines.endswith(b"x-a: B\r\ncontent-length: 7\r\n")
    assert (names, length, sized) == ({b"x-a", b"content-length"}, 7, True)


@pytest.mark.parametrize(
    ("headers", "length", "close"),
    [
        ([(b"transfer-encoding", b"chunked")], None, False),
        ([(b"Transfer-Encoding", b"Chunked"), (b"content-length", b"5")], 5, False),
        ([(b"connection", b"close")], None, True),
        ([(b"connection", b"upgrade, Close"), (b"connection", b"x")], None, True),
        ([(b"connection", b"keep-alive")], None, False),
    ],
)
def test_what_concerns_the_connection_is_taken_out(headers, length, close) -> None:
    read = Heads().read(200, [(b"a", b"1"), *headers])

    assert read == (b"HTTP/1.1 200 OK\r\na: 1\r\n", {b"a"}, length, False, close)


def test_length_is_no_header_of_an_answer_without_content() -> None:
    assert Heads().read(204, [(b"content-length", b"0"), (b"a", b"1")]) == (
        b"HTTP/1.1 204 No Content\r\na: 1\r\n",
        {b"a"},
        None,
        False,
        False,
    )


@pytest.mark.parametrize("value", [b"", b"-1", b"+1", b"1 ", b"0x1", b"1, 1", b"9" * 19, "\u0661".encode()])
@pytest.mark.parametrize("more", [[], [(b"connection", b"x")]], ids=["alone", "with others"])
def test_length_that_is_no_number_is_refused(value, more) -> None:
    with pytest.raises(RuntimeError, match="content-length that is no number"):
        Heads().read(200, [(b"content-length", value), *more])


def test_two_lengths_are_refused() -> None:
    with pytest.raises(RuntimeError, match="two content-lengths"):
        Heads().read(200, [(b"content-length", b"5")] * 2)


def test_other_codings_are_refused() -> None:
    with pytest.raises(RuntimeError, match="transfer-encoding that is not chunked"):
        Heads().read(200, [(b"transfer-encoding", b"gzip, chunked")])


@pytest.mark.parametrize("status", [100, 101, 103, 199, 1000, 0, -1])
def test_status_that_ends_nothing_is_refused(status) -> None:
    with pytest.raises(RuntimeError, match=f"{status} is no status of a final answer"):
        Heads().read(status, [])


def test_status_without_a_word_is_written_without() -> None:
    assert Heads().read(299, [])[0] == b"HTTP/1.1 299 \r\n"


def test_rows_of_names_are_remembered_within_bounds(monkeypatch) -> None:
    monkeypatch.setattr(answer, "_MOST_ROWS", 3)
    heads = Heads()

    for number in range(5):
        heads.read(200, [(b"x-%d" % number, b"1")])
    heads.read(200, [(b"x" * 2_000, b"1")])

    assert set(heads._rows) == {(b"x-3",), (b"x-4",)}


def test_refusal_is_a_whole_answer_in_the_shape_of_the_gateways_own() -> None:
    read = Answers(refusal(400, "bad_request", 'no "such" thing', b"date: today\r\n"))

    assert (read.statuses, read.complete) == ([400], 1)
    assert json.loads(read.bodies[0]) == {"error": {"code": "bad_request", "message": 'no "such" thing'}}
    assert {(b"date", b"today"), (b"connection", b"close"), (b"content-type", b"application/json")} <= set(
        read.headers[0]
    )
