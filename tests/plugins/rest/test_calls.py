"""Calls that cross to real nodes and back."""

import asyncio
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.plugins.rest.conftest import World, define, head, route, upstream


async def echo(request: Request) -> Response:
    """Say what came."""
    body = await request.body()
    return JSONResponse(
        {
            "method": request.method,
            "path": request.scope["raw_path"].decode(),
            "query": request.scope["query_string"].decode(),
            "headers": [[name.decode(), value.decode()] for name, value in request.scope["headers"]],
            "body": body.decode(),
        }
    )


ECHO = Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])])


async def test_call_arrives_as_it_was_sent_and_its_answer_comes_back(world: World) -> None:
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, [route()]))

    answer = await live.client.post("/orders/a%20b?x=1&y=%C3%A4", content=b"hello", headers={"x-own": "1"})

    said = answer.json()
    headers = dict(said["headers"])
    assert answer.status_code == 200
    assert (said["method"], said["path"], said["query"]) == ("POST", "/orders/a%20b", "x=1&y=%C3%A4")
    assert said["body"] == "hello"
    assert headers["x-own"] == "1"
    assert headers["content-length"] == "5"
    assert headers["via"] == "1.1 tollbridge"


async def test_path_is_rewritten_below_the_path_of_the_node(world: World) -> None:
    url = await world.app(ECHO)
    definition = define(
        {"main": upstream(f"{url}/base/")}, [route("/orders/{id}/{rest*}", rewrite="/v2/{id}.json/{rest*}")]
    )
    live = await world.serve(definition)

    answer = await live.client.get("/orders/7/lines/1")

    assert answer.json()["path"] == "/base/v2/7.json/lines/1"


async def test_no_credential_of_the_caller_goes_up_whatever_header_it_came_in(world: World) -> None:
    token = "tb_" + "a" * 38
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, [route()]))
    sent = {
        **{"authorization": f"Bearer {token}", "x-api-key": token, "x-goog-api-key": token, "x-anything": token},
        **{"cookie": f"tollbridge_session=1; a={token}", "x-tollbridge-identity": "forged", "proxy-authorization": "1"},
        **{"x-forwarded-for": "1.2.3.4", "x-forwarded-host": "evil", "forwarded": "for=1", "x-real-ip": "1.2.3.4"},
    }

    answer = await live.client.get("/", headers=sent)

    names = {name for name, _ in answer.json()["headers"]}
    assert not names & set(sent)
    assert token not in answer.text


async def test_token_in_the_url_is_refused(world: World) -> None:
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, [route()]))

    secret = "a" * 38
    answers = [await live.client.get(url) for url in (f"/?key=tb_{secret}", f"/?key=tb%5F{secret}", f"/tb_{secret}/a")]

    assert [answer.status_code for answer in answers] == [400] * 3
    assert all("a token stands in the URL" in answer.json()["message"] for answer in answers)


async def test_upstream_is_shown_the_gateways_own_credential(world: World) -> None:
    more = {"headers": {"x-tenant": "env:TENANT", "x-fixed": "f"}, "auth": {"key": "stored:api"}}
    definition = define({"main": upstream(await world.app(ECHO), **more)}, [route()])
    live = await world.serve(definition, keys={"env:TENANT": "t1", "stored:api": "s3cret"})

    answer = await live.client.get("/", headers={"x-tenant": "mine", "x-fixed": "mine", "x_fixed": "mine"})

    headers = [tuple(pair) for pair in answer.json()["headers"]]
    assert ("authorization", "Bearer s3cret") in headers
    assert [value for name, value in headers if name == "x-tenant"] == ["t1"]
    assert [value for name, value in headers if name in ("x-fixed", "x_fixed")] == ["f"]


async def test_upstream_is_told_who_calls_where_the_route_says_so(world: World) -> None:
    url = await world.app(ECHO)
    routes = [route("/told", name="told", identity=True), route("/untold", name="untold")]
    live = await world.serve(define({"main": upstream(url)}, routes))
    live.front.identity = b"a.b.c"

    told, untold = await live.client.get("/told"), await live.client.get("/untold")

    assert dict(told.json()["headers"])["x-tollbridge-identity"] == "a.b.c"
    assert "x-tollbridge-identity" not in dict(untold.json()["headers"])


async def test_call_without_the_word_that_its_upstream_needs_is_refused(world: World) -> None:
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, [route(identity=True)]))

    refused = await live.client.get("/")
    live.front.principal = None
    public = await live.client.get("/")

    assert (refused.status_code, refused.json()["code"]) == (503, "identity_missing")
    assert public.status_code == 200


async def test_host_is_that_of_the_node_the_callers_or_a_name(world: World) -> None:
    url = await world.app(ECHO)
    routes = [route(f"/{name}", name=name, upstream=name) for name in ("upstream", "pass", "named")]
    upstreams = {
        "upstream": upstream(url),
        "pass": upstream(url, host="pass"),
        "named": upstream(url, host="shop.example"),
    }
    live = await world.serve(define(upstreams, routes))

    said = {
        name: dict((await live.client.get(f"/{name}", headers={"host": "caller.example"})).json()["headers"])["host"]
        for name in upstreams
    }

    assert said == {
        "upstream": url.removeprefix("http://"),
        "pass": "caller.example",
        "named": "shop.example",
    }


async def test_upstream_is_told_where_the_caller_is_only_where_it_says_so(world: World) -> None:
    url = await world.app(ECHO)
    live = await world.serve(define({"main": upstream(url, forwarded=True)}, [route()]))

    answer = await live.client.get("/", headers={"x-forwarded-for": "6.6.6.6"})

    headers = dict(answer.json()["headers"])
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"


async def test_answer_streams_piece_by_piece(world: World) -> None:
    go_on = asyncio.Event()

    async def pieces() -> Any:
        yield b"first"
        await go_on.wait()
        yield b"second"

    async def stream(request: Request) -> Response:
        return StreamingResponse(pieces())

    live = await world.serve(
        define({"main": upstream(await world.app(Starlette(routes=[Route("/", stream)])))}, [route()])
    )

    got = []
    async with live.client.stream("GET", "/") as answer:
        async for chunk in answer.aiter_bytes():
            got.append(chunk)
            go_on.set()

    assert got == [b"first", b"second"]


async def test_upload_streams_while_its_answer_comes_back(world: World) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Send each piece back as it comes."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            await send({"type": "http.response.body", "body": message["body"], "more_body": more})

    live = await world.serve(define({"main": upstream(await world.app(app))}, [route()]))
    came_back = asyncio.Event()

    async def body() -> Any:
        yield b"first"
        await came_back.wait()
        yield b"second"

    got = []
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
    writer.write(b"POST /v1/apis/shop/ HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n")
    writer.write(b"5\r\nfirst\r\n")
    await reader.readuntil(b"\r\n\r\n")
    got.append(await reader.readuntil(b"first\r\n"))
    writer.write(b"6\r\nsecond\r\n0\r\n\r\n")
    got.append(await reader.readuntil(b"0\r\n\r\n"))
    writer.close()

    assert b"second" in got[1]


async def test_upload_of_many_megabytes_arrives_whole(world: World) -> None:
    async def count(request: Request) -> Response:
        size, last = 0, b""
        async for chunk in request.stream():
            size += len(chunk)
            last = chunk or last
        return JSONResponse({"size": size, "length": request.headers.get("content-length"), "last": last[-1:].decode()})

    app = Starlette(routes=[Route("/", count, methods=["POST"])])
    live = await world.serve(define({"main": upstream(await world.app(app))}, [route()]))

    async def body() -> Any:
        for _ in range(64):
            yield b"a" * 1_000_000
        yield b"z"

    known = await live.client.post("/", content=b"a" * 20_000_000 + b"z")
    unknown = await live.client.post("/", content=body())

    assert known.json() == {"size": 20_000_001, "length": "20000001", "last": "z"}
    assert unknown.json() == {"size": 64_000_001, "length": None, "last": "z"}


async def test_body_over_the_routes_bound_is_refused_with_and_without_a_length(world: World) -> None:
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, [route(max_body_bytes=10)]))

    async def body() -> Any:
        for _ in range(4):
            yield b"12345"

    answers = [await live.client.post("/", content=content) for content in (b"x" * 11, body())]
    taken = await live.client.post("/", content=b"x" * 10)

    assert [answer.status_code for answer in answers] == [413, 413]
    assert taken.status_code == 200


async def test_answer_over_the_routes_bound_is_refused_or_broken_off(world: World) -> None:
    announced = await world.raw(head(200, body=b"x" * 11))
    endless = await world.raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"5\r\n12345\r\n" * 3)
    routes = [
        route("/a", name="a", upstream="a", max_answer_bytes=10),
        route("/b", name="b", upstream="b", max_answer_bytes=10),
    ]
    live = await world.serve(define({"a": upstream(announced.url), "b": upstream(endless.url)}, routes))

    refused = await live.client.get("/a")
    with pytest.raises(httpx2.RemoteProtocolError):
        await live.client.get("/b")

    assert refused.status_code == 502
    assert live.front.broke_off.is_set()


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
)
async def test_answer_that_dies_on_the_way_never_looks_whole(world: World, broken: bytes) -> None:
    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(broken)
        await writer.drain()
        writer.close()

    live = await world.serve(define({"main": upstream((await world.raw(die)).url)}, [route()]))

    with pytest.raises(httpx2.RemoteProtocolError):
        await live.client.get("/")

    await live.front.ended.wait()
    assert live.front.broke_off.is_set()


async def test_answer_that_ends_with_its_connection_is_whole(world: World) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        await writer.drain()
        writer.close()

    live = await world.serve(define({"main": upstream((await world.raw(say)).url)}, [route()]))

    answer = await live.client.get("/")

    assert answer.text == "all of it"
    assert not live.front.broke_off.is_set()


async def test_caller_who_leaves_ends_the_request_of_the_upstream(world: World) -> None:
    asked = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()  # until the other side closes
        raise ConnectionError

    node = await world.raw(wait)
    live = await world.serve(define({"main": upstream(node.url)}, [route()]))
    _, writer = await asyncio.open_connection("127.0.0.1", live.port)
    writer.write(b"GET /v1/apis/shop/ HTTP/1.1\r\nhost: h\r\n\r\n")
    await asked.wait()

    writer.close()

    async with asyncio.timeout(5):
        await node.closed.wait()
        await live.front.ended.wait()
    assert live.front.errors == []


async def test_caller_who_leaves_in_the_middle_of_a_body_ends_the_request_too(world: World) -> None:
    asked = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        raise ConnectionError

    node = await world.raw(wait)
    live = await world.serve(define({"main": upstream(node.url)}, [route()]))
    _, writer = await asyncio.open_connection("127.0.0.1", live.port)
    writer.write(b"POST /v1/apis/shop/ HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\nhalf")
    await asked.wait()

    writer.close()

    async with asyncio.timeout(5):
        await node.closed.wait()
        await live.front.ended.wait()
    assert live.front.errors == []


async def test_interim_answers_and_trailers_do_not_come_through(world: World) -> None:
    node = await world.raw(
        b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-late\r\n\r\n2\r\nhi\r\n0\r\nx-late: 1\r\n\r\n"
    )
    live = await world.serve(define({"main": upstream(node.url)}, [route()]))

    answer = await live.client.get("/")

    assert (answer.status_code, answer.content) == (200, b"hi")
    assert not {"link", "x-late", "trailer"} & set(answer.headers)


async def test_head_has_no_body_and_its_connection_serves_again(world: World) -> None:
    node = await world.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    live = await world.serve(define({"main": upstream(node.url)}, [route()]))

    answers = [await live.client.head("/") for _ in range(3)]

    assert [(answer.headers["content-length"], answer.content) for answer in answers] == [("1000", b"")] * 3
    assert node.connections == 1
    assert all(sent.startswith(b"HEAD / HTTP/1.1\r\n") for sent in node.heads)


@pytest.mark.parametrize("status", [204, 304])
async def test_answer_without_a_body_passes(world: World, status: int) -> None:
    node = await world.raw(f'HTTP/1.1 {status} X\r\netag: "a"\r\n\r\n'.encode())
    live = await world.serve(define({"main": upstream(node.url)}, [route()]))

    answers = [await live.client.get("/") for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(status, b"")] * 2
    assert answers[0].headers["etag"] == '"a"'
    assert node.connections == 1


async def test_upgrade_that_nobody_asked_for_is_an_error(world: World) -> None:
    node = await world.raw(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")
    live = await world.serve(define({"main": upstream(node.url)}, [route()]))

    answer = await live.client.get("/")

    assert answer.status_code == 502


async def test_upstream_that_answers_before_the_body_is_through_is_heard(world: World) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(413, "connection: close", body=b"too much"))
        await writer.drain()

    live = await world.serve(define({"main": upstream((await world.raw(refuse)).url)}, [route()]))
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
    writer.write(b"POST /v1/apis/shop/ HTTP/1.1\r\nhost: h\r\ncontent-length: 1000000\r\n\r\nbegin")

    answer = await asyncio.wait_for(reader.readuntil(b"too much"), 5)
    writer.close()

    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_slow_upstream_is_given_up_with_504(world: World) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        raise ConnectionError

    node = await world.raw(never)
    upstreams = {"head": upstream(node.url, first_byte_timeout_s=0.05), "all": upstream(node.url)}
    routes = [route("/head", name="h", upstream="head"), route("/all", name="a", upstream="all", timeout_s=0.05)]
    live = await world.serve(define(upstreams, routes))

    answers = [await live.client.get(path) for path in ("/head", "/all")]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(504, "upstream_timeout")] * 2
    assert [answer.headers["retry-after"] for answer in answers] == ["1", "1"]


async def test_upstream_that_falls_silent_in_its_answer_is_broken_off(world: World) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
        await reader.read()
        raise ConnectionError

    live = await world.serve(define({"main": upstream((await world.raw(half)).url, idle_timeout_s=0.05)}, [route()]))

    with pytest.raises(httpx2.RemoteProtocolError):
        await live.client.get("/")


async def test_answer_that_has_begun_when_time_is_up_is_broken_off_and_never_ended(world: World) -> None:
    """An error that was raised then would be the end of a body that looks whole."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        await reader.read()
        raise ConnectionError

    live = await world.serve(define({"main": upstream((await world.raw(half)).url)}, [route(timeout_s=0.3)]))

    with pytest.raises(httpx2.RemoteProtocolError):
        await live.client.get("/")

    await live.front.ended.wait()
    assert live.front.errors == []
    assert live.front.broke_off.is_set()


async def test_websocket_is_refused_in_a_sentence(world: World) -> None:
    live = await world.serve(define({"main": upstream("http://127.0.0.1:1")}, [route()]))
    receive: Any = None

    with pytest.raises(Exception, match="speaks HTTP and no WebSockets"):
        await live.served({"type": "websocket", "path": "/"}, receive, receive)


async def test_methods_and_paths_that_no_route_has_are_told_apart(world: World) -> None:
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, [route("/a", methods=["GET"])]))

    wrong, none, trace = (
        await live.client.post("/a"),
        await live.client.get("/b"),
        await live.client.request("TRACE", "/a"),
    )

    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD")
    assert none.status_code == 404
    assert trace.status_code == 405
