"""Answers that are kept (RFC 9111), over real sockets and a clock that stands still."""

import asyncio
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
