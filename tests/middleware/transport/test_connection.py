"""One HTTP/1.1 connection: every cut of the bytes, interim answers, and what ends it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.errors import UpstreamError, UpstreamTruncated
from tollbridge.transport import connection as connection_module
from tollbridge.transport.connection import Connection

OK = b"HTTP/1.1 200 OK\r\n"
SIZED = OK + b"content-length: 5\r\nX-One:  a \r\n\r\nhello"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nx-trailer: 1\r\n\r\n"


class Wire(asyncio.Transport):
    """What asyncio hands to a protocol: remembers what was written, and whether it was aborted or paused."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = self.paused = False
        self.unsent = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def get_write_buffer_size(self) -> int:
        return self.unsent


def asked() -> tuple[Connection, Wire]:
    connection, wire = Connection("127.0.0.1"), Wire()
    connection.connection_made(wire)
    connection.ask(b"POST / HTTP/1.1\r\n\r\n", b"{}")
    return connection, wire


async def taken(connection: Connection) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    await connection.head()
    body = b""
    while chunk := await connection.next_chunk():
        body += chunk
    return connection.status, connection.headers, body


@given(
    st.sampled_from(
        [
            SIZED,
            CHUNKED,
            b"HTTP/1.1 100 Continue\r\n\r\n" + SIZED,
            b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\ncontent-length: 3\r\n\r\n" + CHUNKED,
            OK + b"content-length: 0\r\nx-empty:\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        ]
    ),
    st.data(),
)
def test_answer_cut_anywhere_is_the_answer_uncut(answer: bytes, data: st.DataObject) -> None:
    places = sorted(data.draw(st.sets(st.integers(1, len(answer) - 1), max_size=12)))
    pieces = [answer[start:end] for start, end in zip([0, *places], [*places, len(answer)], strict=True)]
    found = []
    for row in ([answer], pieces):
        connection, _ = asked()
        for piece in row:
            connection.data_received(piece)
        found.append((asyncio.run(taken(connection)), connection.reusable))

    assert found[0] == found[1]
    assert found[0][0][2] in (b"hello", b"")


def test_headers_are_given_in_small_letters_and_without_spaces_around() -> None:
    connection, _ = asked()
    connection.data_received(SIZED)

    assert connection.headers == [(b"content-length", b"5"), (b"x-one", b"a")]
    assert connection.reusable


def test_headers_of_an_interim_answer_are_not_those_of_the_answer() -> None:
    connection, _ = asked()
    connection.data_received(
        b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\ncontent-length: 3\r\n\r\n" + OK + b"a: b\r\n\r\nx"
    )
    connection.connection_lost(None)

    assert connection.headers == [(b"a", b"b")]
    assert asyncio.run(taken(connection))[2] == b"x"  # no length was said, so its end is the connection's


@pytest.mark.parametrize("more", [OK + b"x: y\r\n\r\nbody", SIZED + SIZED, b"x", b"\r\n\r\nGET"])
@pytest.mark.parametrize("together", [True, False])
def test_connection_that_says_more_than_its_answer_is_not_used_again(more: bytes, together: bool) -> None:
    connection, wire = asked()
    for piece in [SIZED + more] if together else [SIZED, more, more]:
        connection.data_received(piece)

    assert asyncio.run(taken(connection)) == (200, [(b"content-length", b"5"), (b"x-one", b"a")], b"hello")
    assert wire.aborted
    assert not connection.reusable


def test_trailer_is_no_header() -> None:
    connection, _ = asked()
    connection.data_received(CHUNKED)

    assert connection.headers == [(b"transfer-encoding", b"chunked")]


def test_connection_that_speaks_unasked_is_closed() -> None:
    connection, wire = asked()
    connection.data_received(SIZED)
    connection.rest(1.0)

    connection.data_received(SIZED)

    assert wire.aborted
    assert not connection.open


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"SSH-2.0-x\r\n",
        OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        OK + b"content-length: -1\r\n\r\n",
        OK + b"bad name: x\r\n\r\n",
    ],
)
def test_what_is_no_answer_ends_the_connection_with_an_error(answer: bytes) -> None:
    connection, wire = asked()
    connection.data_received(answer)

    assert wire.aborted
    with pytest.raises(UpstreamError):
        asyncio.run(taken(connection))


@pytest.mark.parametrize("start", [OK + b"x-a: ", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_head_without_an_end_is_bounded(start: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_LONGEST_HEAD", 1_000)
    connection, wire = asked()
    for _ in range(100):
        connection.data_received(start)
        start = start if start.startswith(b"HTTP/1.1 100") else b"a" * 100
        if wire.aborted:
            break

    assert wire.aborted
    with pytest.raises(UpstreamError) as caught:
        asyncio.run(connection.head())
    assert "1000 bytes" in (caught.value.detail or "")


def test_provider_waits_for_a_slow_reader_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_MOST_HELD", 100)
    connection, wire = asked()
    connection.data_received(OK + b"content-length: 300\r\n\r\n" + b"a" * 90)
    assert not wire.paused
    connection.data_received(b"b" * 90)
    assert wire.paused
    connection.data_received(b"c" * 60)  # was on its way

    assert asyncio.run(connection.next_chunk()) == b"a" * 90 + b"b" * 90 + b"c" * 60
    assert not wire.paused
    connection.data_received(b"d" * 60)
    assert asyncio.run(connection.next_chunk()) == b"d" * 60
    assert connection.reusable


@pytest.mark.parametrize("exc", [None, ConnectionResetError("reset by peer")])
def test_connection_that_ends_before_its_answer_is_an_error(exc: Exception | None) -> None:
    connection, _ = asked()
    connection.connection_lost(exc)

    with pytest.raises(UpstreamError) as caught:
        asyncio.run(connection.head())
    assert caught.value.detail == ("the connection was closed" if exc is None else "reset by peer")
    assert not connection.open


@pytest.mark.parametrize(
    ("head", "exc", "whole"),
    [
        (b"content-length: 9\r\n", None, False),
        (b"transfer-encoding: chunked\r\n", None, False),
        (b"", ConnectionResetError("reset by peer"), False),
        (b"", None, True),
    ],
)
def test_answer_ends_with_its_connection_only_where_it_said_no_length(
    head: bytes, exc: Exception | None, whole: bool
) -> None:
    connection, _ = asked()
    body = b"5\r\nhello\r\n" if b"chunked" in head else b"hello"
    connection.data_received(OK + head + b"\r\n" + body)
    connection.connection_lost(exc)

    assert asyncio.run(connection.next_chunk()) == b"hello"
    if whole:
        assert asyncio.run(connection.next_chunk()) == b""
        assert not connection.reusable
    else:
        with pytest.raises(UpstreamTruncated):
            asyncio.run(connection.next_chunk())


def test_fault_after_part_of_an_answer_is_told_once_the_part_was_read() -> None:
    connection, wire = asked()
    connection.data_received(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n")
    connection.connection_lost(None)

    assert wire.aborted
    assert asyncio.run(connection.next_chunk()) == b"hello"
    with pytest.raises(UpstreamTruncated):
        asyncio.run(connection.next_chunk())


def test_connection_is_not_used_again_before_its_request_is_out() -> None:
    connection, wire = asked()
    connection.data_received(SIZED)
    wire.unsent = 1

    assert not connection.reusable


def test_large_body_is_written_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_MOST_HELD", 100)
    connection, wire = Connection("127.0.0.1"), Wire()
    connection.connection_made(wire)

    connection.ask(b"head", b"b" * 200)

    assert wire.written == b"head" + b"b" * 200


async def test_reader_that_waits_is_woken_and_one_that_gave_up_is_not_missed() -> None:
    connection, _ = asked()
    waiting = asyncio.create_task(connection.head())
    await asyncio.sleep(0)
    waiting.cancel()
    connection.data_received(OK)  # before the task has heard of its cancellation
    with pytest.raises(asyncio.CancelledError):
        await waiting

    waiting = asyncio.create_task(connection.head())
    await asyncio.sleep(0)
    connection.data_received(b"content-length: 0\r\n\r\n")
    await waiting

    assert connection.status == 200
