"""Nodes that fail, and what is tried then."""

import asyncio
import socket
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from tests.plugins.rest.conftest import RawNode, World, define, head, route, upstream
from tests.support.waiting import until

from tollbridge import Unavailable, UpstreamError
from tollbridge.testing import FixedClock
from tollbridge.transport.guard import Endpoint, Guard

DOWN = head(503, body=b"down")


def nowhere() -> str:
    """Give a URL where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


async def named(world: World, *names: str) -> list[RawNode]:
    return [await world.raw(head(200, body=name.encode())) for name in names]


async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()
    raise ConnectionError


async def test_weights_are_kept_exactly_over_a_thousand_calls(world: World) -> None:
    a, b, c = await named(world, "a", "b", "c")
    nodes = [{"url": a.url, "weight": 5}, {"url": b.url, "weight": 3}, {"url": c.url, "weight": 2}]
    live = await world.serve(define({"main": {"nodes": nodes, "allow_private": True}}, [route()]))

    got = [(await live.client.get("/")).text for _ in range(1000)]

    assert Counter(got) == {"a": 500, "b": 300, "c": 200}
    assert Counter(got[:10]) == {"a": 5, "b": 3, "c": 2}
    assert "aaa" not in "".join(got)


async def test_node_that_is_not_there_gives_way_to_another_and_then_rests(world: World) -> None:
    (good,) = await named(world, "good")
    more = {"retries": 1, "health": {"fails": 2, "window_s": 60, "rest_s": 60}}
    live = await world.serve(define({"main": upstream(nowhere(), good.url, **more)}, [route()]))

    answers = [await live.client.post("/", content=b"once") for _ in range(10)]

    assert {answer.text for answer in answers} == {"good"}
    (backend,) = live.served._backends.values()
    assert backend.members[0].passive.resting_until > 0


async def test_nothing_that_listens_is_a_502_with_a_problem(world: World) -> None:
    live = await world.serve(define({"main": upstream(nowhere(), retries=2)}, [route()]))

    answer = await live.client.get("/")

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_unreachable")
    assert "127.0.0.1" not in answer.text


async def test_call_that_reached_no_node_is_a_refusal_and_one_that_did_is_the_upstreams_failure(world: World) -> None:
    broken = await world.raw(close)
    once = await world.raw(head(200, "connection: keep-alive"))
    upstreams = {
        "none": upstream(nowhere(), nowhere(), retries=1),
        "one": upstream(broken.url, nowhere(), retries=1),
        "once": upstream(once.url),
    }
    live = await world.serve(define(upstreams, [route(f"/{name}", name=name, upstream=name) for name in upstreams]))

    answers = [(await live.client.get(path)).status_code for path in ("/none", "/one", "/once")]

    assert answers == [502, 502, 200]
    assert [type(error) for error in live.front.errors] == [Unavailable, UpstreamError]


async def test_node_that_went_away_since_its_connection_was_kept_was_not_reached(world: World) -> None:
    server: asyncio.Server | None = None
    asked = []

    async def last(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert server is not None
        server.close()
        writer.write(head(200, body=b"last"))
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        await close(reader, writer)

    node = RawNode(last)
    server = await asyncio.start_server(node, "127.0.0.1", 0)
    node.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    live = await world.serve(define({"main": upstream(node.url)}, [route()]))

    answers = [await live.client.get("/") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 502]
    assert [type(error) for error in live.front.errors] == [Unavailable]
    assert (len(node.heads), len(asked)) == (1, 1)


async def test_time_that_is_up_before_a_node_is_reached_is_a_refusal_too(world: World) -> None:
    class Slow(Guard):
        async def addresses(self, endpoint: Endpoint, **more: bool) -> Sequence[str]:
            await asyncio.Event().wait()
            raise AssertionError

    waits = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await waits.wait()
        writer.close()

    node = await world.raw(hold)
    terms = [route(timeout_s=0.05)]
    unresolved = await world.serve(define({"main": upstream(node.url)}, terms), guard=Slow())
    reached = await world.serve(define({"main": upstream(node.url)}, terms))

    answers = [await each.client.get("/") for each in (unresolved, reached)]
    waits.set()

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(504, "upstream_timeout")] * 2
    assert [type(each.front.errors[0]) for each in (unresolved, reached)] == [Unavailable, UpstreamError]


async def test_node_that_hangs_rests_also_where_the_call_has_less_time_than_it(world: World, clock: FixedClock) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        raise ConnectionError

    hung, (well,) = await world.raw(hang), await named(world, "well")
    main = upstream(hung.url, well.url, health={"fails": 2}, balance="least", retries=0)
    live = await world.serve(define({"main": main}, [route(timeout_s=0.05)]), clock=clock)

    codes = [(await live.client.get("/")).status_code for _ in range(6)]

    assert codes.count(504) == 2
    assert codes[-2:] == [200, 200]


async def test_node_that_waits_for_the_callers_body_has_not_failed(world: World, clock: FixedClock) -> None:
    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        raise ConnectionError

    node = await world.raw(read)
    main = upstream(node.url, health={"fails": 1})
    live = await world.serve(define({"main": main}, [route(timeout_s=0.05)]), clock=clock)
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port)

    writer.write(b"POST /v1/apis/shop/ HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\npart")
    answer = await reader.readline()
    writer.close()
    (backend,) = live.served._backends.values()

    assert answer.startswith(b"HTTP/1.1 504 ")
    assert not backend.members[0].passive.rests(clock.monotonic())


async def test_time_for_a_connection_is_for_finding_its_address_too(world: World) -> None:
    class Slow(Guard):
        async def addresses(self, endpoint: Endpoint, **more: bool) -> Sequence[str]:
            await asyncio.Event().wait()
            raise AssertionError

    main = upstream("http://slow.example", connect_timeout_s=0.05)
    live = await world.serve(define({"main": main}, [route()]), guard=Slow())

    answer = await live.client.get("/")

    assert (answer.status_code, answer.json()["code"]) == (504, "upstream_timeout")
    assert "was not resolved in time" in (live.front.errors[0].detail or "")


async def test_request_that_cannot_be_written_reached_nobody(world: World) -> None:
    (node,) = await named(world, "a")
    main = upstream(node.url, headers={"x-key": "env:KEY"})
    live = await world.serve(define({"main": main}, [route()]), keys={"env:KEY": "a\nb"})

    answer = await live.client.get("/")

    assert (answer.status_code, type(live.front.errors[0])) == (502, Unavailable)
    assert node.heads == []


async def test_node_whose_secret_fits_no_head_is_not_well_and_is_asked_again(world: World) -> None:
    (node,) = await named(world, "a")
    keys = {"env:KEY": "a\nb"}
    turns: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

    async def wait(seconds: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        await turns.put(turn)
        await turn

    main = upstream(node.url, headers={"x-key": "env:KEY"}, health={"path": "/well"})
    live = await world.serve(define({"main": main}, [route()]), keys=keys, wait=wait)
    (await turns.get()).set_result(None)
    again = await turns.get()
    (check,) = live.served._checks

    assert not check.done()
    again.cancel()


async def test_refusals_say_when_a_node_may_be_asked_again(world: World, clock: FixedClock) -> None:
    health = {"fails": 2, "window_s": 60, "rest_s": 30}
    live = await world.serve(define({"main": upstream(nowhere(), health=health)}, [route()]), clock=clock)

    awake, resting = [await live.client.get("/") for _ in range(2)]
    clock.advance(20)
    nearly = await live.client.get("/")

    assert [one.status_code for one in (awake, resting, nearly)] == [502] * 3
    assert [one.headers["retry-after"] for one in (awake, resting, nearly)] == ["1", "30", "10"]


@pytest.mark.parametrize(
    ("method", "all", "tries"), [("GET", False, 3), ("PUT", False, 3), ("POST", False, 1), ("POST", True, 3)]
)
async def test_methods_that_may_be_repeated_are_tried_again(world: World, method: str, all: bool, tries: int) -> None:
    node = await world.raw(DOWN)
    live = await world.serve(define({"main": upstream(node.url, retries=2, retry_all=all)}, [route()]))

    answer = await live.client.request(method, "/", content=b"x")

    assert (answer.status_code, answer.text) == (503, "down")
    assert len(node.heads) == tries


async def test_other_node_answers_for_one_that_says_503(world: World) -> None:
    (good,) = await named(world, "good")
    down = await world.raw(DOWN)
    live = await world.serve(define({"main": upstream(down.url, good.url, retries=1)}, [route()]))

    answers = [(await live.client.get("/")).text for _ in range(4)]

    assert answers == ["good"] * 4
    (backend,) = live.served._backends.values()
    assert len(backend.members[0].passive.failures) == 2
    assert backend.members[1].passive.failures == ()


async def test_backup_is_asked_only_where_nothing_else_can_be(world: World) -> None:
    good, spare = await named(world, "good", "spare")
    both = [{"url": good.url}, {"url": spare.url, "backup": True}]
    gone = [{"url": nowhere()}, {"url": spare.url, "backup": True}]
    upstreams = {
        name: {"nodes": nodes, "allow_private": True, "retries": 1} for name, nodes in (("both", both), ("gone", gone))
    }
    routes = [route("/both", name="both", upstream="both"), route("/gone", name="gone", upstream="gone")]
    live = await world.serve(define(upstreams, routes))

    got = [[(await live.client.get(path)).text for _ in range(3)] for path in ("/both", "/gone")]

    assert got == [["good"] * 3, ["spare"] * 3]


async def test_body_that_cannot_be_sent_again_is_not(world: World) -> None:
    async def read_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3_000_000)
        await close(reader, writer)

    node = await world.raw(read_and_close)
    live = await world.serve(define({"main": upstream(node.url, retries=3)}, [route()]))

    answer = await live.client.put("/", content=b"x" * 3_000_000)

    assert answer.status_code == 502
    assert node.connections == 1


async def test_connection_that_was_closed_meanwhile_is_not_the_nodes_failure(world: World) -> None:
    class Once:
        """Answers each connection once, and closes it when it is asked again."""

        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(head(200, body=b"ok"))
            await reader.readuntil(b"\r\n\r\n")
            await close(reader, writer)

    node = await world.raw(Once())
    live = await world.serve(define({"main": upstream(node.url, retries=0)}, [route()]))

    answers = [await live.client.get("/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    (backend,) = live.served._backends.values()
    assert backend.members[0].passive.failures == ()


async def test_least_goes_where_the_fewest_calls_run(world: World) -> None:
    held = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await held.wait()
        writer.write(head(200, body=b"slow"))

    slow = await world.raw(hold)
    (quick,) = await named(world, "quick")
    live = await world.serve(define({"main": upstream(slow.url, quick.url, balance="least")}, [route()]))
    waiting = asyncio.create_task(live.client.get("/"))
    await until(lambda: bool(slow.heads), "the call")

    got = [(await live.client.get("/")).text for _ in range(5)]
    held.set()

    assert got == ["quick"] * 5
    assert (await waiting).text == "slow"
    (backend,) = live.served._backends.values()
    assert backend.running == {}


async def test_hash_sends_the_same_key_to_the_same_node(world: World) -> None:
    nodes = await named(world, *"abcde")
    more = {"balance": "hash", "hash_header": "X-User"}
    live = await world.serve(define({"main": upstream(*(node.url for node in nodes), **more)}, [route()]))

    got = [
        {(await live.client.get("/", headers={"x-user": f"user{number}"})).text for _ in range(3)}
        for number in range(20)
    ]

    assert all(len(each) == 1 for each in got)
    assert len(set.union(*got)) >= 3


async def test_nodes_that_fail_their_checks_are_not_asked_until_they_pass(world: World) -> None:
    well = asyncio.Event()

    class Sick:
        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(head(200 if well.is_set() else 500, body=b"node"))

    node = await world.raw(Sick())
    health = {"path": "/health?a=1", "every_s": 7, "healthy_after": 2, "unhealthy_after": 2}
    turns: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

    async def wait(seconds: float) -> None:
        assert seconds == 7
        turn = asyncio.get_running_loop().create_future()
        await turns.put(turn)
        await turn

    live = await world.serve(define({"main": upstream(node.url, health=health)}, [route()]), wait=wait)

    async def next_check() -> None:
        (await turns.get()).set_result(None)

    await next_check()
    first = await turns.get()  # two checks were made
    refused = await live.client.get("/")
    well.set()
    first.set_result(None)
    await next_check()
    await turns.get()
    taken = await live.client.get("/")

    assert (refused.status_code, refused.json()["code"]) == (503, "upstream_down")
    assert refused.headers["retry-after"] == "7"
    assert taken.status_code == 200
    assert b"GET /health?a=1 HTTP/1.1" in node.heads[0]


async def test_checks_end_with_the_service(world: World) -> None:
    (node,) = await named(world, "a")
    live = await world.serve(define({"main": upstream(node.url, health={"path": "/"})}, [route()]))
    await until(lambda: bool(node.heads), "the check")
    checks = list(live.served._checks)

    await live.served.close()

    assert [check.cancelled() for check in checks] == [True]
    (backend,) = live.served._backends.values()
    assert backend.pool.lines == 0


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nx: a\x01b\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000,
        b"",
    ],
)
async def test_answer_that_cannot_be_read_is_a_502(world: World, broken: bytes) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(broken)
        await writer.drain()
        await close(reader, writer)

    live = await world.serve(define({"main": upstream((await world.raw(say)).url)}, [route()]))

    answer: Any = await live.client.post("/")

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_error")


async def test_head_that_never_ends_is_given_up_before_it_fills_the_memory(world: World) -> None:
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nx: ")
        while sent < 50_000_000:
            writer.write(b"y" * 10_000)
            await writer.drain()
            sent += 10_000
        await close(reader, writer)

    live = await world.serve(define({"main": upstream((await world.raw(pour)).url)}, [route()]))

    answer = await live.client.post("/")

    assert answer.status_code == 502
    assert "the head of its answer is over" in (live.front.errors[0].detail or "")
    assert sent < 50_000_000


async def test_connection_with_half_a_request_on_it_is_not_used_again(world: World) -> None:
    """The node answers before it has all of the body; the rest would be taken for another request."""

    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(200, body=b"early"))
        await writer.drain()

    node = await world.raw(early)
    live = await world.serve(define({"main": upstream(node.url)}, [route()]))
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
    writer.write(b"POST /v1/apis/shop/ HTTP/1.1\r\nhost: h\r\ncontent-length: 1000000\r\n\r\nbegin")
    await asyncio.wait_for(reader.readuntil(b"early"), 5)
    await asyncio.wait_for(live.front.ended.wait(), 5)
    writer.close()

    await live.client.get("/")

    assert node.connections == 2
