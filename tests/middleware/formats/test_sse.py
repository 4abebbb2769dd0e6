"""Server-sent events at any cut (HTML standard, section 9.2)."""

import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tollbridge.errors import UpstreamError
from tollbridge.formats import EventCutter, event_data, event_name, split_events, write_event

Read = list[tuple[bytes, bytes]]

STREAMS = {
    "two events": b"data: a\n\ndata: b\n\n",
    "named": b"event: ping\ndata: {}\n\n",
    "several data lines": b"data: a\ndata: b\ndata\ndata:\n\n",
    "comment": b": keep-alive\n\ndata: a\n\n",
    "no space": b"data:a\n\n",
    "two spaces": b"data:  a\n\n",
    "other fields": b"id: 7\nretry: 10\ndata: a\nx-data: no\n\n",
    "byte order mark": b"\xef\xbb\xbfdata: a\n\ndata: b\n\n",
    "many blank lines": b"\n\n\ndata: a\n\n\n\ndata: b\n\n",
    "colon in the data": b"data: a: b\n\n",
    "not utf-8": b"data: \xff\xfe\n\n",
    "line separator": "data: a\u2028b\x85c\x0bd\n\n".encode(),
    "never ended": b"data: a\n\ndata: b\n",
    "ended in the middle": b"data: a\n\nda",
    "last name wins": b"event: a\nevent: b\ndata: c\n\n",
    "name without a value": b"event: a\nevent\ndata: c\n\n",
    "name without data": b"event: a\n\ndata: c\n\n",
    "terminal": b'data: {"choices":[]}\n\ndata: [DONE]\n\n',
    "empty": b"",
}
ENDS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}


def by_the_book(stream: bytes) -> Read:
    """Read a whole stream as the standard's algorithm does, line by line; gives name and data of each event."""
    lines = re.split(rb"\r\n|\n|\r", stream.removeprefix(b"\xef\xbb\xbf"))
    found: Read = []
    name, data = b"", list[bytes]()
    for line in lines[:-1]:  # what is behind the last line end is no line yet
        if not line:
            if data:
                found.append((name, b"\n".join(data)))
            name, data = b"", []
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            name = value
        elif field == b"data":
            data.append(value)
    return found


def cut_by_the_book(block: bytes) -> list[bytes]:
    """Cut a block behind each blank line."""
    return re.findall(rb"(?s).*?(?>\r\n|\n|\r)(?:\r\n|\n|\r)|.+", block)


def data_by_the_book(event: bytes) -> bytes | None:
    """Give the data of one event line by line, whether its blank line came or not."""
    lines = re.split(rb"\r\n|\n|\r", event.removeprefix(b"\xef\xbb\xbf"))
    found = [re.fullmatch(rb"(?s)data(?:: ?(.*))?", line) for line in lines]
    values = [match[1] or b"" for match in found if match is not None]
    return b"\n".join(values) if values else None


def cut(chunks: list[bytes]) -> tuple[list[bytes], bytes]:
    """Feed the chunks; gives what came out, and what was left."""
    cutter = EventCutter()
    blocks = [cutter.feed(chunk) for chunk in chunks]
    return blocks, cutter.end()


def read(blocks: list[bytes]) -> Read:
    events = itertools.chain.from_iterable(split_events(block) for block in blocks if block)
    return [(event_name(event), data) for event in events if (data := event_data(event)) is not None]


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(place % (len(stream) + 1) for place in cuts), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(places)]


def ended(stream: bytes) -> bytes:
    """Make sure that no event is held back for the line feed that may follow a last carriage return."""
    return stream + b":\n\n" if stream.endswith(b"\r") else stream


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_known_streams_are_read_by_the_book_at_every_cut(stream: bytes, end: bytes) -> None:
    stream = ended(stream.replace(b"\n", end))
    expected = by_the_book(stream)

    for place in range(len(stream) + 1):
        blocks, rest = cut([stream[:place], stream[place:]])
        assert b"".join(blocks) + rest == stream
        assert read(blocks) == expected


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_known_streams_are_read_by_the_book_byte_by_byte(stream: bytes, end: bytes) -> None:
    stream = ended(stream.replace(b"\n", end))

    blocks, rest = cut([bytes([byte]) for byte in stream])

    assert b"".join(blocks) + rest == stream
    assert read(blocks) == by_the_book(stream)


KNOWN_LINES = [b"", b"", b"data: a", b"data", b"event: x", b": c", b"data:b", b"id: 1", b"data: [DONE]"]
LINES = st.one_of(
    st.sampled_from(KNOWN_LINES),
    st.binary(max_size=6).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b"")),
)
TEXTS = st.lists(st.tuples(LINES, st.sampled_from(sorted(ENDS.values()))), max_size=12).map(
    lambda lines: ended(b"".join(line + end for line, end in lines))
)


@given(TEXTS, st.lists(st.integers(0, 10**6), max_size=6))
@example(b"data: a\r\n\r\ndata: b\r\n\r\n", list(range(25)))
@example(b"data: a\n\r\n", [8, 9])
@example(b"data: a\r\rdata: b\n\n", [8])
def test_any_stream_at_any_cut_gives_the_same_events_and_the_same_bytes(stream: bytes, cuts: list[int]) -> None:
    blocks, rest = cut(pieces(stream, cuts))

    assert b"".join(blocks) + rest == stream
    assert read(blocks) == by_the_book(stream)
    assert not by_the_book(rest)


@given(
    st.binary(max_size=40).map(lambda data: data.translate(bytes.maketrans(b"abcd", b"\r\n\r\n"))), st.integers(0, 40)
)
def test_any_bytes_pass_unchanged(stream: bytes, place: int) -> None:
    blocks, rest = cut([stream[:place], stream[place:]])

    assert b"".join(blocks) + rest == stream


@given(TEXTS)
def test_every_block_ends_with_a_whole_event(stream: bytes) -> None:
    blocks, _ = cut([bytes([byte]) for byte in stream])

    assert all(re.search(rb"(?:\r\n|\n|\r)(?:\r\n|\n|\r)\Z", block) for block in blocks if block)


def test_event_is_given_as_soon_as_its_blank_line_is_there() -> None:
    cutter = EventCutter()

    assert cutter.feed(b"data: a\n") == b""
    assert cutter.feed(b"\ndata: b") == b"data: a\n\n"
    assert cutter.feed(b"\n\n") == b"data: b\n\n"
    assert cutter.end() == b""


def test_carriage_return_at_the_end_waits_for_the_line_feed_that_may_follow() -> None:
    cutter = EventCutter()

    assert cutter.feed(b"data: a\r\n\r") == b""
    assert cutter.feed(b"\n") == b"data: a\r\n\r\n"


def test_event_of_the_allowed_size_passes_and_a_byte_more_does_not() -> None:
    fits, over = EventCutter(limit=10), EventCutter(limit=10)

    assert fits.feed(b"data: 1234") == b""
    assert fits.feed(b"\n\n") == b"data: 1234\n\n"
    with pytest.raises(UpstreamError, match=r"^the provider sent an event over 10 bytes$"):
        over.feed(b"data: 12345")
    assert over.end() == b""


def test_end_gives_what_was_held_once() -> None:
    cutter = EventCutter()
    cutter.feed(b"data: a\n\ndata: b\n")

    assert cutter.end() == b"data: b\n"
    assert cutter.end() == b""
    assert cutter.feed(b"\n") == b""


@given(TEXTS.map(lambda stream: stream + b"x" * 40), st.lists(st.integers(0, 10**6), max_size=6), st.integers(0, 60))
def test_what_is_held_is_over_the_limit_exactly_where_it_is_refused(stream: bytes, cuts: list[int], limit: int) -> None:
    bounded, free = EventCutter(limit), EventCutter()
    given_back = taken = 0

    for chunk in pieces(stream, cuts):
        taken += len(chunk)
        events = free.feed(chunk)
        given_back += len(events)
        if taken - given_back > limit:
            with pytest.raises(UpstreamError, match=rf"^the provider sent an event over {limit} bytes$"):
                bounded.feed(chunk)
            return
        assert bounded.feed(chunk) == events


def test_event_without_an_end_is_refused_at_sixteen_mebibytes_and_read_once() -> None:
    # A cutter that copied what it holds at each chunk would move 16,384 x 8 MiB = 128 GiB here.
    cutter, chunk = EventCutter(), b"x" * 1024
    for _ in range(16 * 1024):
        assert cutter.feed(chunk) == b""

    with pytest.raises(UpstreamError, match=r"^the provider sent an event over 16777216 bytes$"):
        cutter.feed(b"x")


def test_stream_of_any_length_is_bounded_by_the_event() -> None:
    cutter = EventCutter(limit=100)

    passed = [cutter.feed(chunk) for _ in range(1000) for chunk in (b"data: a\n\ndata: b", b"\n\n")]

    assert passed == [b"data: a\n\n", b"data: b\n\n"] * 1000


@pytest.mark.parametrize(
    ("event", "data", "name"),
    [
        (b"data: a\n\n", b"a", b""),
        (b"data: \n\n", b"", b""),
        (b"data:a\r\n\r\n", b"a", b""),
        (b"data: a\r\r", b"a", b""),
        (b"data: a\nb: c\n\n", b"a", b""),
        (b"data: a\ndata: b\n\n", b"a\nb", b""),
        (b"data\n\n", b"", b""),
        (b"event: error\ndata: {}\n\n", b"{}", b"error"),
        (b"event: error\ndata: {}\nid: 1\n\n", b"{}", b"error"),
        (b"event:error\ndata: {}", b"{}", b"error"),
        (b"event\ndata: {}\n\n", b"{}", b""),
        (b": comment\n\n", None, b""),
        (b"\n\n", None, b""),
        (b"", None, b""),
        (b"\xef\xbb\xbfdata: a\n\n", b"a", b""),
        (b"\xef\xbb\xbfevent: x\n\n", None, b"x"),
        (b"data: a\nx", b"a", b""),
    ],
)
def test_data_and_name_of_one_event(event: bytes, data: bytes | None, name: bytes) -> None:
    assert event_data(event) == data
    assert event_name(event) == name


def test_joined_events_are_cut_into_single_ones() -> None:
    assert split_events(b"data: a\n\ndata: b\r\n\r\ndata: c") == [b"data: a\n\n", b"data: b\r\n\r\n", b"data: c"]
    assert split_events(b"") == []


ONE_LINE = st.binary(max_size=20).map(lambda data: data.replace(b"\r", b"").replace(b"\n", b""))


NEARLY_ONE_EVENT = st.builds(
    lambda lines, ends: b"".join(line + end for line, end in zip(lines, ends, strict=False)),
    st.lists(st.sampled_from([*KNOWN_LINES, b"data: ", b"event: ", b"\xef\xbb\xbfdata: a"]), max_size=4),
    st.lists(st.sampled_from([b"\n", b"\n", b"\n", b"\n\n", b"\r\n", b"\r", b""]), min_size=4, max_size=4),
)
BLOCKS = st.one_of(TEXTS, NEARLY_ONE_EVENT)


@given(BLOCKS)
@example(b"")
@example(b"\n")
@example(b"\n\n")
@example(b"\n\n\n")
@example(b"data: a\n\n")
@example(b"data: a\n\nb")
@example(b"data: a\r\n\n\n")
def test_any_block_is_cut_by_the_book(block: bytes) -> None:
    assert split_events(block) == cut_by_the_book(block)


@given(BLOCKS)
@example(b"event: x\ndata: a\n\n")
@example(b"event: x\ndata: a\ndata: b\n\n")
@example(b"event: x\n\ndata: a\n\n")
@example(b"event: x\ndata: a\r\n\n")
@example(b"event: data: a\n\n")
@example(b"data: a\rdata: b\n\n")
@example(b"data: event: x\ndata: a\n\n")
@example(b"data: a\n")
def test_any_block_has_the_data_of_its_lines(block: bytes) -> None:
    assert event_data(block) == data_by_the_book(block)


@given(ONE_LINE, ONE_LINE)
def test_written_event_is_read_back(data: bytes, name: bytes) -> None:
    written = write_event(data, name)

    assert split_events(written) == [written]
    assert event_data(written) == data
    assert event_name(written) == name
