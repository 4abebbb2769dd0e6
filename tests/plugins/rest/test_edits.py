"""What routes change of requests and answers, and what the document allows."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.plugins.rest.conftest import World, define, head, route, upstream
from tests.plugins.rest.test_calls import ECHO

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "paths": {
        "/orders": {
            "post": {
                "operationId": "order",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["item"],
                                "properties": {"item": {"type": "string"}, "count": {"type": "integer"}},
                            }
                        }
                    },
                },
                "responses": {
                    "200": {
                        "description": "ok",
                        "content": {
                            "application/json": {
                                "schema": {"type": "object", "required": ["id"]},
                                "example": {"id": 7},
                            }
                        },
                    }
                },
            }
        },
        "/orders/{id}": {
            "get": {
                "operationId": "one",
                "summary": "One order",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10}},
                ],
                "responses": {"200": {"description": "ok"}, "404": {"description": "none"}},
            },
            "trace": {"operationId": "never", "responses": {"200": {"description": "ok"}}},
        },
    },
}
JSON = {"content-type": "application/json"}


async def test_headers_query_and_body_of_a_request_are_changed(world: World) -> None:
    edit = {
        "headers": {"set": {"x-a": "new"}, "add": {"x-b": "more"}, "remove": ["X-C"]},
        "query": {"set": {"page": "1"}, "add": {"tag": "b c"}, "remove": ["secret"]},
        "body": {"set": {"/user/name": "bob", "/items/-": 3, "/big": 2}, "remove": ["/password"]},
    }
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, [route(request=edit)]))
    body = b'{"password":"p","items":[1,2],"price":1.10,"big":1,"huge":123456789012345678901234567890}'

    answer = await live.client.post(
        "/?page=9&secret=1&tag=a&keep=%2F",
        content=body,
        headers={"x-a": "old", "x-b": "first", "x-c": "gone", **JSON},
    )

    said = answer.json()
    headers = [tuple(pair) for pair in said["headers"]]
    assert [pair for pair in headers if pair[0] in ("x-a", "x-b", "x-c")] == [
        ("x-b", "first"),
        ("x-a", "new"),
        ("x-b", "more"),
    ]
    assert said["query"] == "tag=a&keep=%2F&page=1&tag=b+c"
    assert said["body"] == (
        '{"items":[1,2,3],"price":1.10,"big":2,"huge":123456789012345678901234567890,"user":{"name":"bob"}}'
    )
    assert dict(headers)["content-length"] == str(len(said["body"]))


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", JSON, 400),
        (b'{"a":1,"a":2}', JSON, 400),
        (b'{"a":NaN}', JSON, 400),
        (b'{"a":1e99999999999999999999}', JSON, 400),
        (b"[" * 200 + b"]" * 200, JSON, 400),
        (b'{"a":"\xff"}', JSON, 400),
        (b"[1]", JSON, 400),
        (b"a=1", {"content-type": "application/x-www-form-urlencoded"}, 415),
        (b"", {}, 200),
    ],
)
async def test_body_that_cannot_be_changed_is_refused(
    world: World, body: bytes, headers: dict[str, str], status: int
) -> None:
    edit = {"body": {"set": {"/a/b": 1}}}
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, [route(request=edit)]))

    answer = await live.client.post("/", content=body, headers=headers)

    assert answer.status_code == status


async def test_status_headers_and_body_of_an_answer_are_changed(world: World) -> None:
    node = await world.raw(
        head(
            404,
            *("content-type: application/json", "x-gone: 1", "x-set: old", 'etag: "a"', "x-tollbridge-own: 1"),
            *("set-cookie: a=1", "connection: x-hop", "x-hop: 1", "x-request-id: up", "server: secret"),
            body=b'{"secret":1,"ok":true}',
        )
    )
    edit = {
        "headers": {"set": {"x-set": "new"}, "remove": ["x-gone"]},
        "body": {"set": {"/more": [1]}, "remove": ["/secret", "/none"]},
        "status": {"404": 200},
    }
    live = await world.serve(define({"main": upstream(node.url)}, [route(response=edit)]))

    answer = await live.client.get("/", headers={"accept-encoding": "gzip", "range": "bytes=0-1"})

    assert (answer.status_code, answer.content) == (200, b'{"ok":true,"more":[1]}')
    assert answer.headers["x-set"] == "new"
    assert answer.headers["x-tollbridge-upstream-request-id"] == "up"
    assert not {"x-gone", "etag", "x-tollbridge-own", "set-cookie", "x-hop"} & set(answer.headers)
    assert "secret" not in answer.headers.get("server", "")
    assert b"accept-encoding: identity" in node.heads[0]
    assert b"range:" not in node.heads[0]


async def test_compressed_answer_that_a_route_changes_is_refused(world: World) -> None:
    node = await world.raw(head(200, "content-type: application/json", "content-encoding: gzip", body=b"zz"))
    live = await world.serve(define({"main": upstream(node.url)}, [route(response={"body": {"remove": ["/a"]}})]))

    answer = await live.client.get("/")

    assert answer.status_code == 502
    assert "compressed" in answer.json()["message"]


async def test_answer_that_a_route_cannot_change_does_not_get_out(world: World) -> None:
    node = await world.raw(head(200, "content-type: application/problem+json", body=b'{"secret": 1,'))
    live = await world.serve(define({"main": upstream(node.url)}, [route(response={"body": {"remove": ["/secret"]}})]))

    answer = await live.client.get("/")

    assert answer.status_code == 502
    assert "secret" not in answer.text


async def test_cookies_pass_where_the_route_says_so_but_for_the_gateways_own(world: World) -> None:
    node = await world.raw(head(200, "set-cookie: a=1; Path=/", "set-cookie: tollbridge_session=forged"))
    more = {"request": {"cookies": True}, "response": {"cookies": True}}
    live = await world.serve(define({"main": upstream(node.url)}, [route(**more)]))
    sent = {"cookie": "tollbridge_session=1; a=2; __Host-tollbridge_session=3; b=4"}

    answer = await live.client.get("/", headers=sent)

    assert answer.headers.get_list("set-cookie") == ["a=1; Path=/"]
    assert b"\r\ncookie: a=2; b=4\r\n" in node.heads[0]


async def test_request_is_held_against_the_document(world: World) -> None:
    strict = route(validate={"request": "refuse"})
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, [strict], document=DOCUMENT))

    good = await live.client.post("/orders", json={"item": "lamp"})
    bad = await live.client.post("/orders", json={"item": 5, "count": "many"})
    query = await live.client.get("/orders/1?limit=11")
    unknown = await live.client.get("/nothing")
    missing = await live.client.post("/orders")

    assert good.status_code == 200
    assert (bad.status_code, bad.json()["param"]) == (422, "body/item")
    assert "body/count" in bad.json()["message"]
    assert "many" not in bad.json()["message"]
    assert (query.status_code, query.json()["param"]) == (422, "query.limit")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert missing.status_code >= 400


async def test_large_body_is_checked_beside_the_loop_and_one_that_is_too_much_to_check_is_refused_or_warned_of(
    world: World,
) -> None:
    schema = {"type": "array", "items": {"anyOf": [{"const": number} for number in range(300)]}}
    operation = {
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": {"200": {"description": ""}},
    }
    document = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/a": {"post": operation}}}
    main = upstream(await world.app(ECHO))
    refuses, warns = [
        await world.serve(define({"main": main}, [route("/a", validate={"request": how})], document=document))
        for how in ("refuse", "warn")
    ]
    large, huge = [1] * 30_000 + ["x"] + [1] * 3_000, [1] * 140_000
    json_type = {"content-type": "application/json"}

    answers = [
        await each.client.post("/a", content=json.dumps(sent).encode() + b" " * 256 * 1024, headers=json_type)
        for each, sent in ((refuses, large), (refuses, huge), (warns, huge))
    ]

    assert [each.status_code for each in answers] == [422, 413, 200]
    assert answers[1].json()["code"] == "body_too_large"
    assert "body is too large to be checked against its schema" in answers[1].json()["message"]


async def test_request_that_is_only_warned_of_crosses(world: World) -> None:
    lax = route(validate={"request": "warn", "response": "warn"})
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, [lax], document=DOCUMENT))

    answer = await live.client.post("/orders", json={"count": "many"})

    assert answer.json()["body"] == '{"count":"many"}'


async def test_answer_is_held_against_the_document(world: World) -> None:
    good = await world.raw(head(200, "content-type: application/json", body=b'{"id":1}'))
    bad = await world.raw(head(200, "content-type: application/json", body=b'{"no":1}'))
    strict = {"validate": {"response": "refuse"}}
    got = []
    for node in (good, bad):
        live = await world.serve(define({"main": upstream(node.url)}, [route(**strict)], document=DOCUMENT))
        got.append(await live.client.post("/orders", json={"item": "lamp"}))

    assert (got[0].status_code, got[0].json()) == (200, {"id": 1})
    assert (got[1].status_code, got[1].json()["code"]) == (502, "upstream_not_as_described")


async def test_answer_is_made_up_always_or_when_the_upstream_is_down(world: World) -> None:
    node = await world.raw(head(503))
    always = await world.serve(define({}, [route(mock="always", upstream="")], document=DOCUMENT))
    down = await world.serve(define({"main": upstream(node.url)}, [route(mock="when_down")], document=DOCUMENT))
    gone = await world.serve(
        define({"main": upstream("http://127.0.0.1:1")}, [route(mock="when_down")], document=DOCUMENT)
    )

    got = [await live.client.post("/orders", json={"item": "lamp"}) for live in (always, down, gone)]
    preferred = await always.client.get("/orders/1", headers={"prefer": "code=404"})

    assert [(answer.status_code, answer.json(), answer.headers["x-tollbridge-mock"]) for answer in got] == [
        (200, {"id": 7}, "true")
    ] * 3
    assert preferred.status_code == 404


async def test_document_without_routes_serves_each_of_its_operations(world: World) -> None:
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, document=DOCUMENT))

    order, one = await live.client.post("/orders", json={}), await live.client.get("/orders/7?a=b")
    none = await live.client.delete("/orders/7")

    assert (order.json()["path"], one.json()["path"]) == ("/orders", "/orders/7")
    assert none.status_code == 405
    found: Any = live.served.find("GET", "/orders/7", [], b"")
    assert (found.name, found.summary) == ("one", "One order")


async def test_page_of_another_origin_may_ask_and_call(world: World) -> None:
    cors = {"origins": ["https://app.example"], "expose": ["x-total"], "credentials": True, "max_age_s": 60}
    node = await world.raw(head(200, "access-control-allow-origin: *", "x-total: 3"))
    routes = [route("/a", name="a", methods=["GET", "PUT"], cors=cors), route("/b", name="b")]
    live = await world.serve(define({"main": upstream(node.url)}, routes))
    ours = {"origin": "https://app.example"}

    asked = await live.client.options("/a", headers={**ours, "access-control-request-method": "PUT"})
    stranger = await live.client.options(
        "/a", headers={"origin": "https://evil.example", "access-control-request-method": "PUT"}
    )
    called = await live.client.get("/a", headers=ours)
    refused = await live.client.get("/a?tb=tb_" + "a" * 38, headers=ours)
    found: Any = live.served.find(
        "OPTIONS", "/a", [(b"origin", b"https://app.example"), (b"access-control-request-method", b"PUT")], b""
    )

    assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (204, "GET, PUT")
    assert asked.headers["access-control-allow-origin"] == "https://app.example"
    assert asked.headers["access-control-max-age"] == "60"
    assert "access-control-allow-origin" not in stranger.headers
    assert called.headers.get_list("access-control-allow-origin") == ["https://app.example"]
    assert called.headers["access-control-expose-headers"] == "x-total"
    assert called.headers["access-control-allow-credentials"] == "true"
    assert refused.headers["access-control-allow-origin"] == "https://app.example"
    assert (found.public, found.price) == (True, 0)
    assert len(node.heads) == 1


async def test_preflight_of_a_route_without_cors_is_an_ordinary_call(world: World) -> None:
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, [route()]))
    asks = [(b"origin", b"https://app.example"), (b"access-control-request-method", b"GET")]

    found: Any = live.served.find("OPTIONS", "/", asks, b"")

    assert not found.public


async def test_condition_chooses_the_upstream(world: World) -> None:
    old, new = await world.raw(head(200, body=b"old")), await world.raw(head(200, body=b"new"))
    match = [
        {"in": "header", "name": "X-Version", "is": "regex", "value": "^2\\."},
        {"in": "query", "name": "beta", "is": "exists"},
    ]
    routes = [
        route("/a", name="old", upstream="old"),
        route("/a", name="new", upstream="new", match=match),
    ]
    live = await world.serve(define({"old": upstream(old.url), "new": upstream(new.url)}, routes))

    got = [
        (await live.client.get(path, headers={"x-version": version})).text
        for path, version in (("/a?beta", "2.1"), ("/a", "2.1"), ("/a?beta=1", "12.1"))
    ]

    assert got == ["new", "old", "old"]


async def test_running_calls_are_not_disturbed_by_the_end_of_a_service(world: World) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await go_on.wait()
        writer.write(head(200, body=json.dumps("late").encode()))

    live = await world.serve(define({"main": upstream((await world.raw(slow)).url)}, [route()]))
    call = asyncio.create_task(live.client.get("/"))
    await asked.wait()

    await live.served.close()
    go_on.set()

    assert (await call).json() == "late"


async def test_call_that_has_not_reached_its_upstream_yet_outlives_its_service_and_the_last_one_lets_go(
    world: World,
) -> None:
    closed = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b'{"a":'
        await closed.wait()
        yield b"1}"

    edit = {"body": {"set": {"/b": 2}}}
    live = await world.serve(define({"main": upstream(await world.app(ECHO))}, [route(request=edit)]))
    call = asyncio.create_task(live.client.post("/", content=body(), headers={"content-type": "application/json"}))
    later = await live.client.post("/", json={})

    await live.served.close()
    closed.set()
    answers = [await call, await live.client.post("/", json={"c": 3}), later]

    assert [json.loads(each.json()["body"]) for each in answers] == [{"a": 1, "b": 2}, {"c": 3, "b": 2}, {"b": 2}]
    while live.served._running:  # an answer is there a little before its call is through
        await asyncio.sleep(0)
    assert [backend.pool.lines for backend in live.served._backends.values()] == [0]
