"""Answers that are kept (RFC 9111), over real sockets and a clock that stands still."""

import asyncio
import re
from typing import Any

import httpx2
import pytest
from tests.plugins.rest.conftest import RawNode, World, define, head, route, upstream

from tollbridge import Principal, ScopeSet, Unavailable
from tollbridge.testing import FixedClock


class Shop:
    """Answers with how often it was asked; headers are the test's own."""

    def __init__(self, *headers: str, status: int = 200) -> None:
        self.headers = headers
        self.status = status
        self.count = 0
        self.node: RawNode | None = None

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.count += 1
        assert self.node is not None
        if b'if-none-match: "v1"' in self.node.heads[-1]:
            writer.write(
                b"HTTP/1.1 304 X\r\nx-new: 1\r\n" + "".join(f"{h}\r\n" for h in self.headers).encode() + b"\r\n"
            )
        else:
            writer.write(head(self.status, *self.headers, body=b"%d" % self.count))


async def shop(world: World, clock: FixedClock, *headers: str, status: int = 200, **cache: Any) -> Any:
    app = Shop(*headers, status=status)
    app.node = await world.raw(app)
    definition = define({"main": upstream(app.node.url)}, [route(cache={"ttl_s": 60, **cache})])
    live = await world.serve(definition, clock=clock)
    return app, live


async def test_answer_is_given_again_while_it_is_fresh(world: World, clock: FixedClock) -> None:
    app, live = await shop(world, clock)

    first, second = await live.client.get("/a"), await live.client.get("/a")
    clock.advance(59)
    third, other = await live.client.get("/a"), await live.client.get("/b")
    clock.advance(2)
    fourth = await live.client.get("/a")
    head_only = await live.client.head("/a")

    assert [answer.text for answer in (first, second, third, other, fourth)] == ["1", "1", "1", "2", "3"]
    assert "cache-status" not in first.headers
    assert (third.headers["age"], third.headers["cache-status"]) == ("59", "tollbridge; hit")
    assert (head_only.headers["content-length"], head_only.content) == ("1", b"")
    assert app.count == 3


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("cache-control: max-age=10", 10),
        ("cache-control: private, max-age=10", 10),
        ("cache-control: s-maxage=99, max-age=10", 10),
        ("cache-control: no-store", 0),
        ("cache-control: no-cache", 0),
        ("cache-control: max-age=0", 0),
        ("cache-control: max-age=nonsense", 0),
        ("expires: Mon, 05 Jan 2026 12:00:10 GMT", 10),
        ("expires: 0", 0),
        ("vary: *", 0),
        ("set-cookie: a=1", 0),
        ("x: y", 60),
    ],
)
async def test_what_an_answer_says_goes_before_what_the_route_says(
    world: World, clock: FixedClock, said: str, seconds: int
) -> None:
    app, live = await shop(world, clock, said)

    await live.client.get("/")
    clock.advance(max(0, seconds - 1))
    await live.client.get("/")
    before = app.count
    clock.advance(2)
    await live.client.get("/")

    assert (before, app.count) == ((1, 2) if seconds else (2, 3))


async def test_answer_that_can_neither_be_given_again_nor_asked_about_takes_no_room(
    world: World, clock: FixedClock
) -> None:
    _, live = await shop(world, clock, "cache-control: no-cache")

    await live.client.get("/")

    assert live.served._shelf.bytes == 0


@pytest.mark.parametrize(
    ("said", "kept"),
    [("cache-control: private, max-age=10", False), ("cache-control: s-maxage=10, max-age=0", True), ("x: y", True)],
)
async def test_shared_answers_are_everybodys_and_private_ones_are_not_kept(
    world: World, clock: FixedClock, said: str, kept: bool
) -> None:
    app, live = await shop(world, clock, said, shared=True)

    await live.client.get("/")
    live.front.principal = Principal("tok_2", "other", ScopeSet(["service:*"]))
    await live.client.get("/")

    assert app.count == (1 if kept else 2)


@pytest.mark.parametrize(
    ("more", "got"),
    [({"host": "pass"}, ["1", "2", "2"]), ({"forwarded": True}, ["1", "2", "2"]), ({}, ["1", "1", "1"])],
)
async def test_what_a_caller_says_of_the_host_is_no_others_answer(
    world: World, clock: FixedClock, more: dict[str, Any], got: list[str]
) -> None:
    app = Shop()
    app.node = await world.raw(app)
    definition = define({"main": upstream(app.node.url, **more)}, [route(cache={"ttl_s": 60, "shared": True})])
    live = await world.serve(definition, clock=clock)

    said = [await live.client.get("/", headers={"host": host}) for host in ("evil.example", "gw.example", "GW.example")]

    assert [answer.text for answer in said] == got


async def test_answer_that_varies_by_what_the_gateway_tells_is_kept_for_each_value(
    world: World, clock: FixedClock
) -> None:
    app = Shop("vary: x-forwarded-for")
    app.node = await world.raw(app)
    routes = [route(cache={"ttl_s": 60, "shared": True})]
    live = await world.serve(define({"main": upstream(app.node.url, forwarded=True)}, routes), clock=clock)
    elsewhere = httpx2.AsyncHTTPTransport(local_address="127.0.0.2")
    async with httpx2.AsyncClient(base_url=live.client.base_url, transport=elsewhere) as other:
        got = [(await client.get("/")).text for client in (live.client, other, live.client, other)]

    assert got == ["1", "2", "1", "2"]


async def test_answers_are_kept_for_each_token_on_its_own(world: World, clock: FixedClock) -> None:
    _, live = await shop(world, clock)

    mine = await live.client.get("/")
    live.front.principal = Principal("tok_2", "other", ScopeSet(["service:*"]))
    theirs = await live.client.get("/")
    live.front.principal = None
    nobodys = await live.client.get("/")

    assert (mine.text, theirs.text, nobodys.text) == ("1", "2", "3")


@pytest.mark.parametrize(
    ("headers", "count"),
    [
        ({"cache-control": "no-cache"}, 2),
        ({"pragma": "no-cache"}, 2),
        ({"cache-control": "max-age=5"}, 2),
        ({"cache-control": "min-fresh=55"}, 2),
        ({"cache-control": "max-age=30, min-fresh=10"}, 1),
        ({"cache-control": "no-store"}, 2),
        ({"range": "bytes=0-1"}, 2),
        ({}, 1),
    ],
)
async def test_caller_may_ask_for_more_than_what_is_kept(
    world: World, clock: FixedClock, headers: dict[str, str], count: int
) -> None:
    app, live = await shop(world, clock)
    await live.client.get("/")
    clock.advance(10)

    await live.client.get("/", headers=headers)

    assert app.count == count


async def test_caller_may_want_what_is_kept_or_nothing(world: World, clock: FixedClock) -> None:
    app, live = await shop(world, clock)

    nothing = await live.client.get("/", headers={"cache-control": "only-if-cached"})
    await live.client.get("/")
    kept = await live.client.get("/", headers={"cache-control": "only-if-cached"})

    assert (nothing.status_code, nothing.json()["code"]) == (504, "nothing_kept")
    assert (kept.text, app.count) == ("1", 1)
    assert [type(error) for error in live.front.errors] == [Unavailable]  # which takes no toll


async def test_stale_answer_is_asked_about_and_given_again(world: World, clock: FixedClock) -> None:
    app, live = await shop(world, clock, 'etag: "v1"', "cache-control: max-age=10")
    await live.client.get("/")
    clock.advance(11)

    again = await live.client.get("/")
    clock.advance(9)
    fresh = await live.client.get("/", headers={"if-none-match": 'W/"v1"'})

    assert (again.status_code, again.text, again.headers["x-new"]) == (200, "1", "1")
    assert (fresh.status_code, fresh.content, fresh.headers["etag"]) == (304, b"", '"v1"')
    assert app.count == 2


async def test_answer_that_varies_is_kept_for_each_value(world: World, clock: FixedClock) -> None:
    _, live = await shop(world, clock, "vary: Accept-Language", vary=["x-tier"])

    got = [
        (await live.client.get("/", headers={"accept-language": language, "x-tier": tier})).text
        for language, tier in (("de", "1"), ("en", "1"), ("de", "2"), ("de", "1"), ("en", "1"))
    ]

    assert got == ["1", "2", "3", "1", "2"]


async def test_change_lets_go_of_what_is_kept_of_its_url(world: World, clock: FixedClock) -> None:
    app, live = await shop(world, clock)
    await live.client.get("/a")
    await live.client.get("/b")

    await live.client.put("/a", content=b"x")
    got = [(await live.client.get(path)).text for path in ("/a", "/b")]

    assert got == ["4", "2"]
    assert app.count == 4


async def test_change_that_failed_lets_go_of_nothing(world: World, clock: FixedClock) -> None:
    app, live = await shop(world, clock)
    await live.client.get("/a")
    app.status = 409

    await live.client.put("/a")
    got = await live.client.get("/a")

    assert got.text == "1"


async def test_change_lets_go_of_what_its_path_gave_whatever_the_route_made_of_it(
    world: World, clock: FixedClock
) -> None:
    app = Shop()
    app.node = await world.raw(app)
    reads = route("/orders", methods=["GET"], cache={"ttl_s": 60}, request={"query": {"set": {"limit": "50"}}})
    writes = route("/orders", methods=["POST"]) | {"name": "make"}
    live = await world.serve(define({"main": upstream(app.node.url)}, [reads, writes]), clock=clock)
    await live.client.get("/orders")

    await live.client.post("/orders", content=b"x")

    assert (await live.client.get("/orders")).text == "3"


async def test_answer_that_was_asked_for_before_a_change_is_not_kept_after_it(world: World, clock: FixedClock) -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()
    count = 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        number = count
        if number == 1:
            asked.set()
            await may_answer.wait()
        writer.write(head(body=b"%d" % number))
        await writer.drain()

    node = await world.raw(slow)
    live = await world.serve(define({"main": upstream(node.url)}, [route(cache={"ttl_s": 60})]), clock=clock)
    old = asyncio.create_task(live.client.get("/a"))
    await asked.wait()
    await live.client.put("/a")
    may_answer.set()

    got = [(await old).text, (await live.client.get("/a")).text]

    assert got == ["1", "3"]


async def test_answer_to_other_cookies_is_no_answer(world: World, clock: FixedClock) -> None:
    app = Shop()
    app.node = await world.raw(app)
    routes = [route(cache={"ttl_s": 60}, request={"cookies": True})]
    live = await world.serve(define({"main": upstream(app.node.url)}, routes), clock=clock)

    got = [(await live.client.get("/", headers={"cookie": f"sid={who}"})).text for who in ("a", "b", "a")]

    assert got == ["1", "2", "1"]


@pytest.mark.parametrize(
    ("said", "count"), [("cache-control: private, max-age=60", 2), ("cache-control: max-age=60", 1)]
)
async def test_private_answer_is_not_kept_where_nobody_is_known(
    world: World, clock: FixedClock, said: str, count: int
) -> None:
    app, live = await shop(world, clock, said)
    live.front.principal = None

    for _ in range(2):
        await live.client.get("/")

    assert app.count == count


async def test_answer_for_who_calls_is_kept_for_all_that_its_upstream_hears_of_them(
    world: World, clock: FixedClock
) -> None:
    app = Shop()
    app.node = await world.raw(app)
    routes = [route(cache={"ttl_s": 60}, identity=True)]
    live = await world.serve(define({"main": upstream(app.node.url)}, routes), clock=clock)
    live.front.identity = b"word"
    ada, bob = (Principal("jwt:1", "t", ScopeSet(["service:*"]), owner=owner) for owner in ("ada", "bob"))
    got = []

    for who in (ada, bob, ada):
        live.front.principal = who
        got.append((await live.client.get("/")).text)

    assert got == ["1", "2", "1"]


async def test_answer_to_a_request_with_a_body_is_not_kept(world: World, clock: FixedClock) -> None:
    app = Shop()

    async def reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = re.search(rb"content-length: (\d+)", node.heads[-1])
        await reader.readexactly(int(length[1]) if length else 0)
        await app(reader, writer)

    app.node = node = await world.raw(reading)
    live = await world.serve(define({"main": upstream(node.url)}, [route(cache={"ttl_s": 60})]), clock=clock)

    got = [(await live.client.request("GET", "/search", content=body)).text for body in (b"evil", b"good", b"", b"")]

    assert got == ["1", "2", "3", "3"]


async def test_304_that_says_nothing_leaves_what_the_answer_said(world: World, clock: FixedClock) -> None:
    count = 0

    async def node(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        once = count == 1
        writer.write(head(200, 'etag: "v"', "cache-control: no-cache", body=b"1") if once else head(304))
        await writer.drain()

    raw = await world.raw(node)
    live = await world.serve(define({"main": upstream(raw.url)}, [route(cache={"ttl_s": 60})]), clock=clock)

    got = [(await live.client.get("/")).text for _ in range(3)]

    assert (got, count) == (["1"] * 3, 3)


@pytest.mark.parametrize("name", ["if-match", "if-unmodified-since"])
async def test_request_with_a_condition_on_what_is_there_goes_to_the_upstream(
    world: World, clock: FixedClock, name: str
) -> None:
    app, live = await shop(world, clock)
    await live.client.get("/")

    await live.client.get("/", headers={name: '"v2"'})

    assert app.count == 2


async def test_compressed_answer_is_not_for_those_who_take_none(world: World, clock: FixedClock) -> None:
    app, live = await shop(world, clock, "content-encoding: x-mine")

    for takes in ("x-mine", "identity", "x-mine"):
        await live.client.get("/", headers={"accept-encoding": takes})

    assert app.count == 2


async def test_caches_on_the_way_hear_that_an_answer_is_the_callers_alone(world: World, clock: FixedClock) -> None:
    _, live = await shop(world, clock)
    said = [await live.client.get("/") for _ in range(2)]
    live.front.principal = None
    said.append(await live.client.get("/nobody"))

    assert [answer.headers.get("vary") for answer in said] == [*["authorization, x-api-key, x-goog-api-key"] * 2, None]


async def test_changed_answer_has_one_age(world: World, clock: FixedClock) -> None:
    node = await world.raw(head(200, "content-type: application/json", "age: 5", body=b'{"a":1,"b":2}'))
    changed = route(cache={"ttl_s": 60}, response={"body": {"remove": ["/a"]}})
    live = await world.serve(define({"main": upstream(node.url)}, [changed]), clock=clock)

    got = [await live.client.get("/") for _ in range(2)]

    assert [answer.headers.get_list("age") for answer in got] == [["5"], ["5"]]


async def test_half_an_answer_is_not_kept(world: World, clock: FixedClock) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    node = await world.raw(half)
    live = await world.serve(define({"main": upstream(node.url)}, [route(cache={"ttl_s": 60})]), clock=clock)

    for _ in range(2):
        with pytest.raises(Exception, match=r"peer closed|without"):
            await live.client.get("/")

    assert len(node.heads) == 2


async def test_changed_answer_is_kept_as_it_was_changed(world: World, clock: FixedClock) -> None:
    body = b'{"secret":1,"a":2}'
    node = await world.raw(head(200, "content-type: application/json", "x-secret: 1", 'etag: "v1"', body=body))
    edit = {"headers": {"remove": ["x-secret"]}, "body": {"remove": ["/secret"]}}
    live = await world.serve(
        define({"main": upstream(node.url)}, [route(cache={"ttl_s": 60}, response=edit)]), clock=clock
    )

    got = [await live.client.get("/") for _ in range(2)]

    assert [answer.content for answer in got] == [b'{"a":2}'] * 2
    assert all("x-secret" not in answer.headers and "etag" not in answer.headers for answer in got)
    assert len(node.heads) == 1


async def test_header_that_the_route_removes_does_not_come_back_with_a_304(world: World, clock: FixedClock) -> None:
    app = Shop('etag: "v1"', "cache-control: max-age=10")
    app.node = await world.raw(app)
    edit = {"headers": {"remove": ["x-new"]}}
    live = await world.serve(
        define({"main": upstream(app.node.url)}, [route(cache={"ttl_s": 60}, response=edit)]), clock=clock
    )
    await live.client.get("/")
    clock.advance(11)

    again = await live.client.get("/")

    assert (again.text, app.count) == ("1", 2)
    assert "x-new" not in again.headers
