"""Lines, times and answers as they pass.  Source: invented."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import Usage
from tollbridge.errors import UpstreamError
from tollbridge_ollama.lines import LineCutter, split_lines
from tollbridge_ollama.readers import LineReader
from tollbridge_ollama.times import read_time, write_time

PIECE = b'{"model":"m","message":{"role":"assistant","content":"x"},"done":false}\n'
LAST = b'{"model":"m","done":true,"prompt_eval_count":3,"eval_count":4}\n'


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", b"\xff"]), max_size=20).map(b"".join), st.data())
def test_no_cut_changes_the_lines(stream, data):
    cutter = LineCutter()
    place = data.draw(st.integers(0, len(stream)))

    blocks = [cutter.feed(stream[:place]), cutter.feed(stream[place:])]

    assert all(not block or block.endswith(b"\n") for block in blocks)
    assert b"".join(blocks) + cutter.end() == stream
    assert cutter.end() == b""


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r\n"]), max_size=9).map(b"".join))
def test_lines_are_split_at_line_feeds_alone(stream):
    lines = split_lines(stream)

    assert b"".join(lines) == stream
    assert all(b"\n" not in line[:-1] for line in lines)


def test_carriage_return_within_a_line_ends_none():
    assert split_lines(b'{"a":\r1}\r\n{}') == [b'{"a":\r1}\r\n', b"{}"]


def test_line_without_an_end_is_not_held_forever():
    cutter = LineCutter(limit=10)
    cutter.feed(b"12345")

    with pytest.raises(UpstreamError, match="over 10 bytes"):
        cutter.feed(b"678901")
    assert cutter.feed(b"ok\n") == b"ok\n"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1),
        ("2023-11-14T22:13:20.123456789Z", 1_700_000_000),
        ("2023-11-14T14:13:20.5-08:00", 1_700_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_time_is_read(text, seconds):
    assert read_time(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1_700_000_000, "2023-11-14T22:13:20Z"), (10**20, "9999-12-31T23:59:59Z")],
)
def test_time_is_written(seconds, text):
    assert write_time(seconds) == text


def passed(reader: LineReader, *chunks: bytes) -> bytes:
    return b"".join(piece for chunk in (*chunks, b"") for piece in reader.feed(chunk))


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_stream_passes_and_is_counted(size):
    reader = LineReader(cost=None)
    stream = PIECE * 3 + b"\n" + LAST

    assert passed(reader, *(stream[at : at + size] for at in range(0, len(stream), size))) == stream
    assert (reader.finished, reader.failed, reader.usage) == (True, False, Usage(input=3, output=4))
    assert reader.pieces >= 4


def test_what_a_model_writes_ends_nothing():
    reader = LineReader(cost=None)
    text = json.dumps({"message": {"content": '"done":true,"error":1', "tool_calls": [{"done": True}]}, "done": False})
    passed(reader, text.encode() + b"\n")

    assert (reader.finished, reader.failed) == (False, False)


def test_last_line_without_an_end_counts_and_half_a_line_does_not_pass():
    whole, half = LineReader(cost=None), LineReader(cost=None)

    assert passed(whole, PIECE, LAST[:-1]) == PIECE + LAST[:-1]
    assert passed(half, PIECE, LAST[:-9]) == PIECE
    assert (whole.finished, half.finished) == (True, False)


def test_error_line_passes_and_is_a_failure():
    reader = LineReader(cost=None)

    assert passed(reader, PIECE, b'{"error":"bad"}\n') == PIECE + b'{"error":"bad"}\n'
    assert (reader.finished, reader.failed) == (False, True)


def test_line_behind_the_last_that_counts_nothing_takes_no_count_back():
    reader = LineReader(cost=None)
    passed(reader, LAST, b'{"done":true}\n')

    assert reader.usage == Usage(input=3, output=4)


def test_count_below_zero_is_none():
    reader = LineReader(cost=None)
    passed(reader, b'{"done":true,"prompt_eval_count":-3,"eval_count":-4}\n')

    assert reader.usage == Usage()


def test_cost_is_written_into_the_last_line():
    reader = LineReader(cost=lambda usage: f"0.{usage.total}")

    lines = passed(reader, PIECE, LAST).splitlines()

    assert json.loads(lines[-1]) == {**json.loads(LAST), "cost": 0.7}
    assert lines[0] + b"\n" == PIECE
    assert passed(LineReader(cost=lambda usage: None), LAST) == LAST
    assert passed(LineReader(cost=lambda usage: "1"), b'{"done":true}\n') == b'{"done":true}\n'


def test_progress_of_a_download_passes_and_ends_with_success():
    reader = LineReader(cost=None)
    stream = b'{"status":"pulling manifest"}\n{"status":"pulling x","total":9,"completed":3}\n{"status":"success"}\n'

    assert passed(reader, stream) == stream
    assert (reader.finished, reader.usage) == (True, None)


@given(st.binary(max_size=60), st.integers(1, 9))
def test_any_bytes_pass(stream, size):
    reader = LineReader(cost=None)

    assert stream.startswith(passed(reader, *(stream[at : at + size] for at in range(0, len(stream), size))))
