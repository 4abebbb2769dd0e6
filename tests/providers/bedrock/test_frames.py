"""Frames of AWS's event stream, at every cut."""

import struct
from typing import Any
from uuid import UUID
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.requires import requires

from tollbridge import UpstreamError
from tollbridge_bedrock.frames import MOST_HEADERS, MOST_PAYLOAD, FrameCutter, write_event, write_exception, write_frame

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(lambda name: len(name.encode()) <= 255)
VALUES = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.binary(max_size=50)
    | st.text(st.characters(codec="utf-8"), max_size=50)
    | st.uuids()
)
FRAMES = st.tuples(st.dictionaries(NAMES, VALUES, max_size=5), st.binary(max_size=200))
# The smallest frame, as in the test data of the AWS SDKs.
EMPTY = bytes.fromhex("000000100000000005c248eb7d98c8ff")


def framed(head: bytes, payload: bytes = b"") -> bytes:
    """Make a frame by hand."""
    sizes = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    frame = sizes + struct.pack(">I", crc32(sizes)) + head + payload
    return frame + struct.pack(">I", crc32(frame))


@given(st.lists(FRAMES, max_size=4), st.integers(1, 70))
def test_frames_are_read_as_they_were_written_at_any_cut(frames: list[tuple[dict[str, Any], bytes]], size: int) -> None:
    stream = b"".join(write_frame(headers, payload) for headers, payload in frames)
    cutter = FrameCutter()

    found = [frame for begin in range(0, len(stream), size) for frame in cutter.feed(stream[begin : begin + size])]

    assert [(frame.headers, frame.payload) for frame in found] == frames
    assert b"".join(frame.raw for frame in found) == stream
    assert not cutter.torn


def test_stream_is_cut_the_same_in_every_two_pieces() -> None:
    stream = write_event("messageStart", b"{}") + EMPTY + write_exception("throttlingException", b'{"message":"no"}')

    for place in range(len(stream) + 1):
        cutter = FrameCutter()
        found = cutter.feed(stream[:place]) + cutter.feed(stream[place:])
        assert [frame.name for frame in found] == ["messageStart", "", "throttlingException"]


def test_smallest_frame_has_neither_headers_nor_payload() -> None:
    (frame,) = FrameCutter().feed(EMPTY)

    assert (frame.headers, frame.payload, frame.kind) == ({}, b"", "")
    assert write_frame({}, b"") == EMPTY


def test_every_type_of_header_is_read() -> None:
    number = UUID("01234567-89ab-cdef-0123-456789abcdef")
    values = (
        b"\x00",
        b"\x01",
        b"\x02\xff",
        b"\x03\x01\x00",
        b"\x04\xff\xff\xff\xfe",
        b"\x05" + (2**40).to_bytes(8, "big"),
        b"\x06\x00\x02\x00\xff",
        b"\x07\x00\x03\xe2\x82\xac",
        b"\x08" + (1_700_000_000_123).to_bytes(8, "big"),
        b"\x09" + number.bytes,
    )
    head = b"".join(b"\x01" + name.encode() + value for name, value in zip("abcdefghij", values, strict=True))

    (frame,) = FrameCutter().feed(framed(head))

    assert list(frame.headers.values()) == [
        True,
        False,
        -1,
        256,
        -2,
        2**40,
        b"\x00\xff",
        "€",
        1_700_000_000_123,
        number,
    ]


@pytest.mark.parametrize("bit", range(0, 8 * len(EMPTY), 5))
def test_no_changed_bit_goes_unnoticed(bit: int) -> None:
    stream = bytearray(write_event("metadata", b'{"usage":{}}'))
    for place in range(0, len(stream), 7):
        broken = bytearray(stream)
        broken[place] ^= 1 << bit % 8
        with pytest.raises(UpstreamError, match=r"^the provider's stream is damaged$"):
            FrameCutter().feed(bytes(broken) + bytes(MOST_HEADERS))


@pytest.mark.parametrize(
    "head",
    [
        b"\x01",
        b"\x05abc",
        b"\x01a",
        b"\x01a\x07",
        b"\x01a\x07\x00\x05abc",
        b"\x01a\x0a\x00",
        b"\x01a\x05\x00",
        b"\x01a\x09" + bytes(15),
        b"\x01\xff\x00",
        b"\x01a\x07\x00\x01\xff",
    ],
)
def test_headers_that_cannot_be_read_are_damage(head: bytes) -> None:
    with pytest.raises(UpstreamError) as caught:
        FrameCutter().feed(framed(head))

    assert "headers" in (caught.value.detail or "")


@pytest.mark.parametrize(
    ("total", "headers"),
    [(15, 0), (16, 1), (16 + MOST_PAYLOAD + 1, 0), (MOST_HEADERS + 17, MOST_HEADERS + 1), (2**32 - 1, 0)],
)
def test_frame_that_claims_to_be_too_long_is_refused_before_it_is_held(total: int, headers: int) -> None:
    sizes = struct.pack(">II", total, headers)

    with pytest.raises(UpstreamError):
        FrameCutter().feed(sizes + struct.pack(">I", crc32(sizes)))


def test_what_is_no_frame_is_told_at_its_first_twelve_bytes() -> None:
    cutter = FrameCutter()
    assert cutter.feed(b"<html><head") == []

    with pytest.raises(UpstreamError):
        cutter.feed(b">")


def test_frame_that_breaks_off_is_torn() -> None:
    cutter = FrameCutter()

    assert cutter.feed(EMPTY[:-1]) == []
    assert cutter.torn


@pytest.mark.parametrize(
    ("headers", "payload"),
    [
        ({"": "a"}, b""),
        ({"a" * 256: "a"}, b""),
        ({"a": "b" * 32_768}, b""),
        ({"a": 2**63}, b""),
        ({f"{number:04}": "b" * 32_000 for number in range(5)}, b""),
        ({}, bytes(MOST_PAYLOAD + 1)),
    ],
)
def test_what_does_not_fit_into_a_frame_is_not_written(headers: dict[str, Any], payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"header|limits"):
        write_frame(headers, payload)


def test_error_frame_names_its_code() -> None:
    (frame,) = FrameCutter().feed(write_frame({":message-type": "error", ":error-code": "InternalError"}, b""))

    assert (frame.kind, frame.name) == ("error", "InternalError")


@requires("python-sdks")
@given(st.lists(FRAMES, max_size=4), st.integers(1, 70))
def test_botocore_reads_what_is_written(frames: list[tuple[dict[str, Any], bytes]], size: int) -> None:
    from botocore.eventstream import EventStreamBuffer

    buffer = EventStreamBuffer()
    found = []
    stream = b"".join(write_frame(*frame) for frame in frames)
    for begin in range(0, len(stream), size):
        buffer.add_data(stream[begin : begin + size])
        found += [(event.headers, event.payload) for event in buffer]

    assert found == [
        ({name: value.bytes if isinstance(value, UUID) else value for name, value in headers.items()}, payload)
        for headers, payload in frames
    ]
