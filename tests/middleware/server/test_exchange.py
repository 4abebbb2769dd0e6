"""A request and its answer, as an app meets them."""

import asyncio
import contextvars
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.http1 import GET, Answers, Echo, Steps, Talk, answering, part, start

pytestmark = pytest.mark.traced

HEAD = b"HEAD / HTTP/1.1\r\nhost: h\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"
SIZED = (b"content-length", b"5")


def said(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Give what the server has told the operator."""
    return [record for record in caplog.records if record.name == "uvicorn.error"]


async def test_app_gets_the_scope_that_asgi_describes() -> None:
    app = Echo()
    talk = Talk(app, root_path="/root")

    await talk.ask(b"POST /a%20b?c=d HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\nx-a:\r\nContent-Length: 2\r\n\r\nhi")

    ((scope, body),) = app.seen
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 80),
        "client": ("192.0.2.1", 4711),
        "scheme": "http",
        "method": "POST",
        "root_path": "/root",
        "path": "/root/a b",
        "raw_path": b"/root/a%20b",
        "query_string": b"c=d",
        "headers": [(b"host", b"h"), (b"x-a", b"1"), (b"x-a", b""), (b"content-length", b"2")],
        "state": {"kept": 1},
    }
    assert scope["state"] is not talk.app_state
    assert body == b"hi"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"sockname": ("::1", 80, 0, 0), "peername": ("::2", 1, 0, 0)}, (("::1", 80), ("::2", 1), "http")),
        ({"sockname": "/run/socket", "peername": ""}, (("/run/socket", None), None, "http")),
        ({"sslcontext": object()}, (None, None, "https")),
    ],
    ids=["IPv6", "Unix", "TLS"],
)
async def test_scope_says_who_talks_to_whom(names, expected) -> None:
    app = Echo()

    await Talk(app, names=names).ask(GET)

    ((scope, _),) = app.seen
    assert (scope["server"], scope["client"], scope["scheme"]) == expected


async def test_head_and_body_leave_in_one_write() -> None:
    talk = Talk(answering(b"hello"))

    await talk.ask(GET)

    assert talk.wire.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ndate: today\r\n\r\nhello"]
    assert talk.state.total_requests == 1
    assert talk.state.tasks == set()


async def test_head_does_not_wait_for_a_body_that_comes_later() -> None:
    app = Steps(start(), part(b"one"), part(b""), part(b"two", more=False))
    talk = Talk(app)
    app.gates[0].set()

    await talk.ask(GET)

    assert talk.wire.writes == [b"HTTP/1.1 200 OK\r\ndate: today\r\ntransfer-encoding: chunked\r\n\r\n"]
    app.gates[1].set()
    await talk.turn()
    assert talk.wire.writes[1:] == [b"3\r\none\r\n"]
    app.gates[2].set()
    await talk.turn()
    assert talk.wire.writes[2:] == []
    app.gates[3].set()
    await talk.turn()
    assert talk.wire.writes[2:] == [b"3\r\ntwo\r\n0\r\n\r\n"]


async def test_large_body_is_written_without_being_copied_behind_its_head() -> None:
    body = b"x" * 70_000
    app = Steps(start(200), part(body), part(body, more=False))
    talk = Talk(app)
    for gate in app.gates:
        gate.set()

    await talk.ask(GET)

    head, *chunks = talk.wire.writes
    assert head.endswith(b"\r\n\r\n")
    assert [len(data) for data in chunks] == [70_000 + 9, 70_000 + 14]  # the size, three ends of lines, the last chunk
    assert Answers(talk.wire.written).bodies == [body * 2]


@given(
    st.sampled_from(["GET", "HEAD"]),
    st.sampled_from(["1.0", "1.1"]),
    st.sampled_from([200, 204, 304, 404, 500]),
    st.lists(st.binary(max_size=6), min_size=1, max_size=5),
    st.sampled_from(["sized", "chunked", "neither"]),
    st.booleans(),
)
def test_answer_is_read_as_the_app_sent_it(method, version, status, pieces, framing, waits) -> None:
    body = b"".join(pieces)
    headers = {"sized": [(b"content-length", b"%d" % len(body))], "chunked": [(b"transfer-encoding", b"chunked")]}
    *first, last = pieces
    messages = [start(status, *headers.get(framing, [])), *map(part, first), part(last, more=False)]

    async def talk_once() -> bytes:
        app = Steps(*messages)
        talk = Talk(app)
        talk.say(b"%b / HTTP/%b\r\nhost: h\r\n\r\n" % (method.encode(), version.encode()))
        for gate in app.gates:
            gate.set()
            await talk.turn(12 if waits else 0)
        await talk.turn()
        assert talk.wire.closed is (version == "1.0")
        return talk.wire.written

    written = asyncio.run(talk_once())

    head, _, rest = written.partition(b"\r\n\r\n")
    empty = method == "HEAD" or status in (204, 304)
    if empty:
        assert rest == b""
        written = head.replace(b"content-length", b"x-length") + b"\r\ncontent-length: 0\r\n\r\n"
    assert version == "1.1" or b"transfer-encoding" not in head
    assert status != 204 or b"content-length" not in head
    answers = Answers(written)
    assert answers.statuses == [status]
    assert answers.bodies == [b"" if empty else body]
    closed_by_the_end = version == "1.0" and b"content-length" not in written
    assert answers.complete == (0 if closed_by_the_end else 1)


async def test_answer_to_head_keeps_the_length_that_the_app_set() -> None:
    talk = Talk(answering(b"", headers=[(b"content-length", b"700")]))

    assert (await talk.ask(HEAD)).count(b"content-length: 700\r\n") == 1
    assert (await talk.ask(HEAD)).count(b"HTTP/1.1 200 OK") == 2


async def test_length_beside_a_coding_is_written_once() -> None:
    talk = Talk(answering(b"hello", headers=[(b"transfer-encoding", b"chunked"), SIZED]))

    assert await talk.ask(GET) == b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 5\r\n\r\nhello"


async def test_date_of_the_app_stands_for_the_usual_one() -> None:
    talk = Talk(answering(headers=[SIZED, (b"date", b"yesterday")]))

    assert b"today" not in await talk.ask(GET)


async def test_app_that_wants_the_connection_closed_has_it_closed() -> None:
    talk = Talk(answering(headers=[SIZED, (b"connection", b"close")]))

    assert (await talk.ask(GET)).count(b"connection: close\r\n") == 1
    assert talk.wire.closed


FAULTS = {
    "raises": (),
    "sends no head": (part(b"a"),),
    "sends an interim head": (start(103),),
    "sends a broken header": (start(200, (b"a", b"b\r\nc: d")),),
    "sends too much": (start(200, SIZED), part(b"too much", more=False)),
    "sends too little": (start(200, SIZED), part(b"a", more=False)),
    "sends a head and no more": (start(200, SIZED),),
    "sends something else": (start(), {"type": "http.response.push"}),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_fault_of_an_app_is_a_500_where_nothing_was_sent(name, caplog) -> None:
    messages = FAULTS[name]
    app = Steps(*messages, *([ValueError("broken")] if not messages else []))
    for gate in app.gates:
        gate.set()
    talk = Talk(app)

    answers = Answers(await talk.ask(GET))

    assert (answers.statuses, answers.complete) == ([500], 1)
    assert json.loads(answers.bodies[0])["error"]["code"] == "internal_error"
    assert (b"connection", b"close") in answers.headers[0]
    assert talk.wire.closed
    (record,) = said(caplog)
    assert record.levelno == logging.ERROR
    assert (record.exc_info is None) == (name == "sends a head and no more")


@pytest.mark.parametrize("how", ["raises", "returns", "sends too much"])
@pytest.mark.parametrize("request_", [GET, OLD], ids=["chunked", "unframed"])
async def test_answer_that_broke_off_ends_without_an_end(how, request_, caplog) -> None:
    last = {"raises": [ValueError("broken")], "returns": [], "sends too much": [start()]}[how]
    app = Steps(start(), part(b"one"), *last)
    talk = Talk(app)
    app.gates[0].set()
    await talk.ask(request_)

    for gate in app.gates:
        gate.set()
    await talk.turn()

    assert Answers(talk.wire.written).complete == 0
    assert talk.wire.closed
    assert talk.wire.aborted is (request_ == OLD)
    assert len(said(caplog)) == 1


async def test_app_that_goes_on_after_its_answer_may_fail_and_harms_nobody(caplog) -> None:
    app = Steps(start(200, SIZED), part(b"hello", more=False), part(b"more"))
    talk = Talk(app)
    for gate in app.gates:
        gate.set()

    await talk.ask(GET)

    assert Answers(talk.wire.written).bodies == [b"hello"]
    assert not talk.wire.closed
    assert "the answer is complete" in str(said(caplog)[0].exc_info)


async def test_app_that_is_cancelled_before_its_answer_says_that_the_server_stops(caplog) -> None:
    app = Steps(start())
    talk = Talk(app)
    await talk.ask(GET)

    (task,) = talk.state.tasks
    task.cancel()
    await talk.turn()

    assert Answers(talk.wire.written).statuses == [503]
    assert (task.cancelled(), talk.wire.closed, said(caplog)) == (True, True, [])


async def test_body_comes_as_it_arrives_and_then_nothing_until_the_answer_is_out() -> None:
    app = Steps("receive", "receive", start(200, SIZED), part(b"hello", more=False), "receive", "receive")
    talk = Talk(app)
    app.gates[0].set()
    app.gates[1].set()

    await talk.ask(b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nab")
    await talk.ask(b"c", b"de")
    for gate in app.gates:
        gate.set()
    await talk.turn()

    assert app.received == [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"cde", "more_body": False},
        {"type": "http.disconnect"},
        {"type": "http.disconnect"},
    ]
    assert not talk.wire.closed


async def test_all_who_wait_are_told_that_the_caller_left() -> None:
    told = []

    async def app(scope, receive, send) -> None:
        async def watch() -> None:
            told.append((await receive())["type"])

        await receive()
        await asyncio.gather(watch(), watch())
        await send(start())
        await send(part(b"nobody reads it"))

    talk = Talk(app)
    await talk.ask(GET)

    talk.wire.close()
    await talk.turn()

    assert told == ["http.disconnect"] * 2
    assert talk.wire.written == b""
    assert (talk.state.connections, talk.state.tasks) == (set(), set())


async def test_caller_that_left_before_its_head_went_out_gets_none() -> None:
    app = Steps(start(), part(b"a"))
    talk = Talk(app)
    await talk.ask(GET)
    talk.wire.close()

    app.gates[0].set()
    await talk.turn()

    assert talk.wire.written == b""


async def test_slow_caller_makes_the_app_wait() -> None:
    app = Steps(start(), part(b"one"), part(b"two"), part(b"three", more=False))
    talk = Talk(app)
    for gate in app.gates:
        gate.set()
    talk.connection.pause_writing()
    talk.connection.resume_writing()
    talk.connection.pause_writing()

    await talk.ask(GET)
    assert talk.wire.written == b""
    talk.connection.resume_writing()
    await talk.turn()

    assert Answers(talk.wire.written).bodies == [b"onetwothree"]


async def test_app_that_waits_for_a_slow_caller_goes_on_when_it_leaves() -> None:
    app = Steps(start(), part(b"one", more=False))
    talk = Talk(app)
    for gate in app.gates:
        gate.set()
    talk.connection.pause_writing()
    await talk.ask(GET)

    talk.wire.close()
    await talk.turn()

    assert (talk.wire.written, talk.state.tasks) == (b"", set())


EXPECTING = b"POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-Continue\r\ncontent-length: 5\r\n\r\n"


async def test_caller_that_waits_to_be_asked_for_its_body_is_asked_once() -> None:
    app = Echo()
    talk = Talk(app)

    await talk.ask(EXPECTING)
    assert talk.wire.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    await talk.ask(b"he", b"llo")

    assert Answers(talk.wire.written).bodies == [b"", b"hello"]


@pytest.mark.parametrize(
    "pieces", [(EXPECTING + b"hello",), (EXPECTING.replace(b"1.1", b"1.0"), b"hello")], ids=["body sent", "HTTP/1.0"]
)
async def test_nobody_else_is_asked_for_a_body(pieces) -> None:
    talk = Talk(Echo())

    for piece in pieces:
        await talk.ask(piece)

    assert Answers(talk.wire.written).bodies == [b"hello"]


async def test_app_that_answers_before_it_reads_asks_for_nothing() -> None:
    app = Steps(start(), "receive")
    talk = Talk(app)
    app.gates[0].set()
    await talk.ask(EXPECTING)

    app.gates[1].set()
    await talk.turn()

    assert b"100" not in talk.wire.written


class Taking:
    """Takes the whole body at once where it can, else as it comes; notes what it got."""

    def __init__(self, *, most: int = 5, first: bool = False) -> None:
        self.most = most
        self.first = first
        self.took: list[bytes | None] = []

    async def __call__(self, scope, receive, send) -> None:
        if self.first:
            self.took.append((await receive())["body"])
        self.took.append(receive.__self__.take_whole(self.most))
        while self.took == [None] and (await receive())["more_body"]:
            pass
        await answering()(scope, receive, send)
        self.took.append(receive.__self__.take_whole(self.most))


SENDING = b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "options", "took"),
    [
        ((SENDING + b"hello",), {}, [b"hello", None]),
        ((SENDING + b"hello",), {"most": 4}, [None, None]),
        ((SENDING + b"hel", b"lo"), {}, [None, None]),
        ((SENDING + b"hello",), {"first": True}, [b"hello", None, None]),
        ((EXPECTING + b"hello",), {}, [b"hello", None]),
        ((GET,), {}, [b"", None]),
    ],
    ids=["whole", "too large", "in part", "taken already", "sent unasked", "empty"],
)
async def test_whole_body_is_taken_at_once_where_it_is_here(pieces, options, took) -> None:
    app = Taking(**options)
    talk = Talk(app)

    for piece in pieces:
        await talk.ask(piece)

    assert app.took == took
    assert Answers(talk.wire.written).bodies == [b"hello"]


async def test_whole_body_taken_at_once_lets_the_next_request_come() -> None:
    app = Taking(most=100_000)
    talk = Talk(app)
    large = SENDING.replace(b" 5", b" 70000") + b"x" * 70_000

    await talk.ask(large + GET)

    assert [None if taken is None else len(taken) for taken in app.took] == [70_000, None, 0, None]
    assert not talk.wire.paused


class Whole:
    """Sends its answers in one piece, and notes whether they were taken."""

    def __init__(self, *answers, first=()) -> None:
        self.answers = answers
        self.first = first
        self.took: list[bool] = []

    async def __call__(self, scope, receive, send) -> None:
        for message in self.first:
            await send(message)
        for status, headers, body in self.answers:
            self.took.append(send.__self__.send_whole(status, headers, body))


async def test_whole_answer_leaves_at_once_and_the_connection_goes_on() -> None:
    app = Whole((201, [(b"x-a", b"1")], b"hello"))
    talk = Talk(app)

    await talk.ask(GET + GET)

    answers = Answers(talk.wire.written)
    assert app.took == [True, True]
    assert (answers.statuses, answers.bodies) == ([201, 201], [b"hello", b"hello"])
    assert answers.headers[0] == [(b"x-a", b"1"), (b"date", b"today"), (b"content-length", b"5")]
    assert len(talk.wire.writes) == 2


@pytest.mark.parametrize("first", [(start(),), (start(), part(b"hi"))], ids=["begun", "complete"])
async def test_whole_answer_is_not_taken_where_one_has_begun(first) -> None:
    app = Whole((200, [], b"hello"), first=first)

    await Talk(app).ask(GET)

    assert app.took == [False]


async def test_whole_answer_is_not_taken_from_a_caller_that_left_or_is_slow() -> None:
    gate = asyncio.Event()
    app = Whole((200, [], b"hello"))

    async def waiting(scope, receive, send) -> None:
        await gate.wait()
        await app(scope, receive, send)

    gone, slow = Talk(waiting), Talk(waiting)
    for talk in (gone, slow):
        await talk.ask(GET)
    gone.connection.connection_lost(None)
    slow.connection.pause_writing()
    gate.set()
    await slow.turn()

    assert app.took == [False, False]
    assert gone.wire.written == b""


async def test_whole_answer_with_a_header_that_is_none_is_a_500(caplog) -> None:
    talk = Talk(Whole((200, [(b"x-a", b"1\r\nx-b: 2")], b"hello")))

    await talk.ask(GET)

    assert Answers(talk.wire.written).statuses == [500]
    assert b"x-b" not in talk.wire.written


async def test_one_request_leaves_no_context_to_the_next() -> None:
    kept: contextvars.ContextVar[int] = contextvars.ContextVar("kept", default=0)
    seen = []

    async def app(scope, receive, send) -> None:
        seen.append(kept.get())
        kept.set(1)
        await answering()(scope, receive, send)

    talk = Talk(app)
    await talk.ask(GET + GET)
    await talk.ask(GET)

    assert seen == [0, 0, 0]
