"""Bytes of a caller: every cut of them, what is no request, whose turn it is, and when a connection is closed."""

import asyncio
import gc
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.http1 import GET, Answers, Echo, Steps, Talk, answering, part, start

from tollbridge.server import connection as connection_module

CLOSE = b"GET /last HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
CHUNKED = (
    b"POST /chunked HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
    b"2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nx-trailer: 1\r\n\r\n"
)
UPGRADE = b"connection: upgrade\r\nupgrade: h2c\r\n"
WHOLE = {
    "get": GET,
    "sized": b"POST /sized HTTP/1.1\r\nHost: h\r\ncontent-length: 5\r\n\r\nhello",
    "chunked": CHUNKED,
    "absolute form": b"GET http://h/a?b HTTP/1.1\r\nhost: h\r\nx-long: " + b"a" * 100 + b"\r\n\r\n",
    "after an empty line": b"\r\n" + GET,
}
LAST = {
    "close": CLOSE,
    "HTTP/1.0": b"GET /old HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
    "upgrade": b"POST /up HTTP/1.1\r\nhost: h\r\n" + UPGRADE + b"content-length: 5\r\n\r\nhello",
    "chunked upgrade": CHUNKED.replace(b"host: h\r\n", b"host: h\r\n" + UPGRADE),
    "upgrade without a body": b"GET /up HTTP/1.1\r\nhost: h\r\n" + UPGRADE + b"\r\n",
}


def code(body: bytes) -> str:
    found: str = json.loads(body)["error"]["code"]
    return found


def cut(data: bytes, places: list[int]) -> list[bytes]:
    return [data[begin:end] for begin, end in zip([0, *places], [*places, len(data)], strict=True)]


async def read(pieces: list[bytes], *, between: bool) -> tuple[list[object], bytes, bool]:
    """Give the requests an app gets of these pieces, all that is written, and whether the connection was closed."""
    app = Echo()
    talk = Talk(app)
    for piece in pieces:
        talk.say(piece)
        if between:
            await talk.turn()
    await talk.turn(60)
    return [(scope["path"], scope["headers"], body) for scope, body in app.seen], talk.wire.written, talk.wire.closed


@pytest.mark.parametrize("name", [*WHOLE, *LAST])
def test_request_cut_at_every_byte_is_the_request_uncut(name) -> None:
    data = {**WHOLE, **LAST}[name]
    whole = asyncio.run(read([data], between=True))
    assert len(whole[0]) == 1

    for place in range(1, len(data)):
        assert asyncio.run(read(cut(data, [place]), between=place % 2 == 0)) == whole
    assert asyncio.run(read([bytes([byte]) for byte in data], between=False)) == whole


@given(
    st.lists(st.sampled_from(list(WHOLE)), min_size=1, max_size=6),
    st.sampled_from([None, *LAST]),
    st.booleans(),
    st.data(),
)
def test_requests_one_after_another_cut_anywhere_are_answered_in_their_order(names, last, between, draw) -> None:
    requests = [WHOLE[name] for name in names] + ([LAST[last]] if last else [])
    data = b"".join(requests)
    places = sorted(draw.draw(st.sets(st.integers(1, len(data) - 1), max_size=12)))
    alone = [asyncio.run(read([request], between=True)) for request in requests]

    seen, written, closed = asyncio.run(read(cut(data, places), between=between))

    assert seen == [request for each, _, _ in alone for request in each]
    assert written == b"".join(answer for _, answer, _ in alone)
    assert closed is (last is not None)


async def test_requests_that_came_together_are_answered_one_at_a_time() -> None:
    app = Steps(start(), part(b"", more=False))
    talk = Talk(app)
    await talk.ask(GET + GET)
    assert (len(talk.state.tasks), talk.wire.paused) == (1, True)

    for gate in app.gates:
        gate.set()
    await talk.turn()

    assert Answers(talk.wire.written).complete == 2
    assert (talk.state.total_requests, talk.wire.paused) == (2, False)


async def test_more_requests_than_can_wait_are_refused_after_those_that_can(monkeypatch) -> None:
    monkeypatch.setattr(connection_module, "_MOST_WAITING", 2)
    talk = Talk(answering())

    answers = Answers(await talk.ask(GET * 5))

    assert answers.statuses == [200, 200, 200, 400]
    assert "too many requests" in str(answers.bodies[-1])


async def test_nothing_is_read_behind_a_request_that_closes() -> None:
    app = Echo()
    talk = Talk(app)

    answers = Answers(await talk.ask(CLOSE + GET, GET))

    assert (len(app.seen), answers.statuses) == (1, [200])
    assert (b"connection", b"close") in answers.headers[0]
    assert talk.wire.closed


BROKEN = {
    "garbage": b"\x16\x03\x01\r\n\r\n",
    "no path": b"CONNECT h:80 HTTP/1.1\r\nhost: h:80\r\n\r\nhello",
    "other bytes": b"GET /\xff HTTP/1.1\r\nhost: h\r\n\r\n",
    "header": b"GET / HTTP/1.1\r\nhost : h\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("before", [0, 1, 2])
async def test_what_is_no_request_is_refused_in_its_turn(name, before, caplog) -> None:
    app = Echo()
    talk = Talk(app)

    answers = Answers(await talk.ask(GET * before + BROKEN[name], GET))

    assert answers.statuses == [200] * before + [400]
    assert code(answers.bodies[-1]) == "bad_request"
    assert (b"connection", b"close") in answers.headers[-1]
    assert len(app.seen) == before
    assert talk.wire.half_closed
    assert [record for record in caplog.records if record.exc_info] == []


BAD_CHUNK = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"
BAD_UPGRADE = BAD_CHUNK.replace(b"\r\n", b"\r\n" + UPGRADE, 1)


@pytest.mark.parametrize("data", [BAD_CHUNK, BAD_UPGRADE], ids=["plain", "upgrade"])
async def test_body_that_is_none_is_refused_and_its_app_told(data) -> None:
    app = Steps("receive", start())
    talk = Talk(app)
    for gate in app.gates:
        gate.set()

    answers = Answers(await talk.ask(data))

    assert answers.statuses == [400]
    assert app.received == [{"type": "http.disconnect"}]


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_body_that_is_none_breaks_an_answer_off_that_has_begun(version) -> None:
    app = Steps(start(), "receive")
    talk = Talk(app)
    head, _, chunk = BAD_CHUNK.replace(b"1.1", version).partition(b"zz")
    app.gates[0].set()
    await talk.ask(head)

    await talk.ask(b"zz" + chunk)

    assert Answers(talk.wire.written).statuses == [200]
    assert (talk.wire.closed, talk.wire.aborted) == (True, version == b"1.0")


async def test_body_that_is_none_takes_the_place_of_the_request_that_waited() -> None:
    app = Steps(start(), part(b"", more=False))
    talk = Talk(app)
    await talk.ask(GET + BAD_CHUNK)

    for gate in app.gates:
        gate.set()
    await talk.turn()

    assert Answers(talk.wire.written).statuses == [200, 400]
    assert talk.state.total_requests == 1


async def test_fault_of_ours_is_no_bad_request(monkeypatch) -> None:
    def broken(target: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(connection_module, "read_target", broken)
    talk = Talk(answering())

    with pytest.raises(Exception, match="callback") as raised:
        talk.say(GET)

    assert isinstance(raised.value.__context__, ZeroDivisionError)


GROWING = {
    "target": (b"GET /" + b"a" * 100, b"a" * 100),
    "header": (b"GET / HTTP/1.1\r\nx: ", b"a" * 100),
    "headers": (b"GET / HTTP/1.1\r\n", b"x: y\r\n" * 20),
    "chunk extension": (CHUNKED[:75] + b"5;x=", b"a" * 100),
    "trailer": (CHUNKED[:-16] + b"x: ", b"a" * 100),
    "trailers": (CHUNKED[:-16], b"x: y\r\n" * 20),
    "trailer of an upgrade": (LAST["chunked upgrade"][:-16] + b"x: ", b"a" * 100),
}


@pytest.mark.parametrize("name", GROWING)
async def test_what_never_ends_is_refused_before_it_fills_the_memory(name) -> None:
    begin, more = GROWING[name]
    app = Echo()
    talk = Talk(app)

    answers = Answers(await talk.ask(begin, *[more] * 11))

    assert answers.statuses == [431]
    assert (code(answers.bodies[0]), app.seen) == ("unsafe_request", [])


async def test_long_head_that_came_at_once_is_left_to_the_app() -> None:
    app = Echo()

    await Talk(app).ask(GET[:-2] + b"x: " + b"a" * 5_000 + b"\r\n\r\n")

    assert len(app.seen) == 1


async def test_body_that_nobody_takes_makes_the_caller_wait() -> None:
    app = Steps("receive", "receive", start(204), part(b"", more=False))
    talk = Talk(app)

    await talk.ask(b"POST / HTTP/1.1\r\ncontent-length: 100001\r\n\r\n", b"a" * 65_536)
    assert not talk.wire.paused
    await talk.ask(b"a" * 34_464)
    assert talk.wire.paused
    app.gates[0].set()
    await talk.turn()

    assert not talk.wire.paused
    assert len(app.received[0]["body"]) == 100_000
    for gate in app.gates:
        gate.set()
    await talk.ask(b"a")
    assert (app.received[1]["body"], talk.wire.closed) == (b"a", False)


UNREAD = b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n"


async def test_small_body_that_nobody_read_is_thrown_away_and_the_connection_kept() -> None:
    talk = Talk(answering())

    await talk.ask(UNREAD % 65_540 + b"abcd")
    assert Answers(talk.wire.written).complete == 1
    await talk.ask(b"a" * 60_000, b"a" * 5_536 + GET)

    answers = Answers(talk.wire.written)
    assert (answers.complete, talk.wire.closed, talk.wire.paused) == (2, False, False)
    assert (b"connection", b"close") not in answers.headers[0]


@pytest.mark.parametrize(
    "data",
    [UNREAD % 65_537, CHUNKED[:-30], UNREAD.replace(b"\r\n", b"\r\nexpect: 100-continue\r\n", 1) % 5],
    ids=["large", "chunked", "not asked for"],
)
async def test_other_body_that_nobody_read_costs_the_connection(data) -> None:
    talk = Talk(answering())

    answers = Answers(await talk.ask(data))

    assert answers.bodies == [b"hello"]
    assert (b"connection", b"close") in answers.headers[0]
    assert (talk.wire.half_closed, talk.wire.closed) == (True, False)
    talk.say(*[b"a" * 65_536] * 4)
    assert not talk.wire.closed
    talk.say(b"a")
    assert talk.wire.closed


async def test_connection_that_cannot_be_closed_by_half_is_closed_at_once() -> None:
    talk = Talk(answering())
    talk.wire.half_closes = False

    await talk.ask(UNREAD % 65_537)

    assert talk.wire.closed


async def test_answer_that_is_out_before_its_body_broke_is_not_followed_by_another() -> None:
    app = Steps(start(), part(b"a", more=False))
    talk = Talk(app)
    for gate in app.gates:
        gate.set()
    await talk.ask(UNREAD % 100)

    talk.say(b"a")
    talk.connection._refuse(400, "bad_request", "what a parser of a body of known length never says")
    await talk.turn()

    assert Answers(talk.wire.written).statuses == [200]
    assert talk.wire.closed


async def test_flood_behind_the_last_request_is_not_read_while_it_is_answered() -> None:
    app = Steps(start(), part(b"", more=False))
    talk = Talk(app)
    await talk.ask(CLOSE)

    talk.say(*[b"a" * 65_536] * 4)
    assert not talk.wire.paused
    talk.say(b"a", b"a")
    assert talk.wire.paused
    for gate in app.gates:
        gate.set()
    await talk.turn()

    assert (Answers(talk.wire.written).complete, talk.wire.closed) == (1, True)


async def test_caller_that_closes_its_side_is_gone_though_it_has_not_taken_all() -> None:
    app = Steps(start(), part(b"one"), part(b"two"), "receive")
    talk = Talk(app)
    app.gates[0].set()
    app.gates[1].set()
    await talk.ask(GET + GET)
    talk.connection.pause_writing()
    app.gates[2].set()
    await talk.turn()

    talk.connection.eof_received()
    app.gates[3].set()
    await talk.turn()

    assert app.received == [{"type": "http.disconnect"}]
    assert b"two" not in talk.wire.written
    assert talk.state.tasks == set()


async def test_idle_connection_is_closed_after_the_time_for_keeping_it() -> None:
    talk = Talk(answering(), timeout_keep_alive=5)
    await talk.ask(GET)
    talk.look(4)
    await talk.ask(GET)

    talk.look(5)
    assert not talk.wire.closed
    talk.look(1)

    assert talk.wire.closed


async def test_connection_that_asks_nothing_is_closed_without_a_word() -> None:
    talk = Talk(answering())

    talk.look(3)
    assert not talk.wire.closed
    talk.look(1)

    assert (talk.wire.closed, talk.wire.written) == (True, b"")


@pytest.mark.parametrize("before", [b"", GET])
async def test_head_that_is_not_here_in_time_is_refused(before) -> None:
    talk = Talk(answering())
    await talk.ask(before, GET[:5])

    for _ in range(3):
        talk.look(1)
        talk.say(b"a")
    answers_before = len(talk.wire.writes)
    talk.look(1)

    answers = Answers(talk.wire.written[len(b"".join(talk.wire.writes[:answers_before])) :])
    assert answers.statuses == [408]
    assert code(answers.bodies[0]) == "request_timeout"
    assert talk.wire.half_closed
    talk.look(3)
    assert talk.wire.closed


async def test_body_that_is_thrown_away_must_be_here_in_time_too() -> None:
    talk = Talk(answering(), timeout_keep_alive=1)
    await talk.ask(UNREAD % 5)

    talk.look(3)
    assert not talk.wire.closed
    talk.look(1)

    assert talk.wire.closed


async def test_running_answer_is_never_too_late() -> None:
    talk = Talk(Steps(start()))
    await talk.ask(GET)

    talk.look(1_000)

    assert not talk.wire.closed


async def test_caller_who_takes_its_answer_is_waited_for_and_one_who_does_not_is_given_up() -> None:
    talk = Talk(answering(), timeout_keep_alive=1)
    await talk.ask(GET)
    for talk.wire.unsent in range(300, 100, -1):
        talk.look(30)
    assert not talk.wire.closed

    talk.look(32)  # the first of the thirty before saw that it had taken something

    assert talk.wire.aborted


async def test_idle_connection_is_closed_when_the_server_stops() -> None:
    talk = Talk(answering())
    await talk.ask(GET)

    talk.connection.shutdown()

    assert talk.wire.closed


async def test_running_answer_is_finished_when_the_server_stops_and_no_other_begun() -> None:
    app = Steps(start(), part(b"one", more=False))
    talk = Talk(app)
    await talk.ask(GET + GET)

    talk.connection.shutdown()
    assert not talk.wire.closed
    for gate in app.gates:
        gate.set()
    await talk.turn()

    answers = Answers(talk.wire.written)
    assert (answers.bodies, talk.wire.closed) == ([b"one"], True)
    assert (b"connection", b"close") in answers.headers[0]


async def test_connection_that_is_gone_leaves_nothing_to_the_collector() -> None:
    talk = Talk(answering())
    await talk.ask(GET)
    talk.wire.close()
    await talk.turn()
    gc.collect()
    gc.disable()

    try:
        talk = Talk(answering())
        await talk.ask(GET + GET)
        talk.wire.close()
        await talk.turn()
        site = talk.connection.site
        before = {id(found) for found in gc.get_objects() if isinstance(found, type(talk.connection))}
        talk.wire.protocol = None
        del talk
        after = {id(found) for found in gc.get_objects() if isinstance(found, connection_module.Connection)}
    finally:
        gc.enable()

    assert site.state.connections == set()
    assert len(before - after) == 1
