"""Nothing that a caller sends moves where a request goes (T26), and no name leads to a private address (T27)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.plugins.rest.conftest import FakeGateway, RawNode, World, define, head, route, running, upstream

from tollbridge.transport import pins
from tollbridge.transport.guard import Guard
from tollbridge_rest.kind import RestKind

ROOT = b"/v1/apis/shop"
MOVING = (
    *(b"x-forwarded-host", b"forwarded", b"x-original-url", b"x-rewrite-url", b"x-host", b"base_url", b"x-upstream"),
    *(b"x-portkey-custom-host", b"destination", b"tollbridge-upstream", b"x-forwarded-server"),
)


class Resolver:
    """Says what a test wants, one answer a question, the last one again and again."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def spying() -> AsyncIterator[RawNode]:
    """Listen on loopback, where nothing must ever connect."""
    spy = RawNode(head(200, body=b"canary"))
    server = await asyncio.start_server(spy, "127.0.0.1", 0)
    async with server:
        spy.url = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield spy
    assert spy.connections == 0


async def said_to(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


async def test_no_header_body_or_url_of_a_caller_moves_a_request(world: World) -> None:
    node = await world.raw(head(200, body=b"right"))
    live = await world.serve(define({"main": upstream(node.url)}, [route()]))
    async with spying() as spy:
        there = spy.url.encode()
        told = [b"host: h\r\n%b: %b" % (name, there) for name in MOVING]
        moving = [b"host: " + there, *told]
        answers = [
            await said_to(live.port, b"GET %b/ HTTP/1.1\r\n%b\r\nconnection: close\r\n\r\n" % (ROOT, more))
            for more in moving
        ]
        body = b'{"base_url": "http://%b/", "api_base": "http://%b/", "host": "%b"}' % (there, there, there)
        sent = await live.client.post(f"/?url=http://{spy.url}/&base_url=http://{spy.url}", content=body)
        absolute = await said_to(
            live.port, b"GET http://%b%b/ HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n" % (there, ROOT)
        )

    assert all(answer.endswith(b"right") for answer in answers)
    assert sent.text == "right"
    assert absolute.endswith(b"right") or b" 404 " in absolute.partition(b"\r\n")[0]
    for sent_head in node.heads:
        first, host, *_ = sent_head.split(b"\r\n")
        assert first.split(b" ")[1].partition(b"?")[0] == b"/"
        assert host == b"host: " + node.url.removeprefix("http://").encode()


@pytest.mark.parametrize(
    "path",
    [
        "/@evil/",
        "//evil/",
        "/..//evil",
        "/x/%2e%2e/%2e%2e/admin",
        "/\\evil",
        "/a;b",
        "/%2F%2Fevil/",
        "/http:%2F%2Fevil/",
    ],
)
async def test_path_leads_nowhere_but_below_the_node(world: World, path: str) -> None:
    node = await world.raw(head(200, body=b"right"))
    live = await world.serve(define({"main": upstream(f"{node.url}/base")}, [route()]))

    answer = await said_to(
        live.port, b"GET %b%b HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n" % (ROOT, path.encode())
    )

    status = answer.partition(b"\r\n")[0]
    assert b" 400 " in status or b" 404 " in status or (b" 200 " in status and len(node.heads) == 1)
    for sent in node.heads:
        target = sent.split(b" ")[1]
        assert target.startswith(b"/base/")
        assert b".." not in target
        assert b"//" not in target
        assert b";" not in target
        assert b"\\" not in target


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.0.1", "100.64.0.1", "::1", "fd00::1", "::ffff:127.0.0.1"],
)
async def test_name_that_leads_to_a_private_address_is_not_dialled(world: World, address: str) -> None:
    async with spying() as spy:
        port = spy.url.rpartition(":")[2]
        resolver = Resolver([address])
        definition = define({"main": {"nodes": [{"url": f"https://evil.example:{port}"}]}}, [route()])
        live = await world.serve(definition, guard=Guard(resolver))

        answer = await live.client.get("/")

    assert answer.status_code == 502
    assert "evil.example" not in answer.text
    assert resolver.asked[0] == "evil.example"


async def test_name_that_leads_to_both_is_not_dialled(world: World) -> None:
    async with spying() as spy:
        port = spy.url.rpartition(":")[2]
        definition = define({"main": {"nodes": [{"url": f"https://evil.example:{port}"}]}}, [route()])
        live = await world.serve(definition, guard=Guard(Resolver(["93.184.216.34", "127.0.0.1"])))

        answer = await live.client.get("/")

    assert answer.status_code == 502


async def test_name_that_turns_private_later_is_not_dialled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """First public, then loopback: the second answer is judged as the first was."""
    monkeypatch.setattr(pins, "PIN_S", 0.0)
    monkeypatch.setattr(pins, "STALE_S", 0.0)
    loop, dialled = asyncio.get_running_loop(), list[str]()
    connect = loop.create_connection
    async with spying() as spy:
        port = int(spy.url.rpartition(":")[2])

        async def dial(factory: Any, host: Any = None, to: Any = None, **options: Any) -> Any:
            if to != port:  # the caller's own connection to the gateway
                return await connect(factory, host, to, **options)
            dialled.append(host)
            raise ConnectionRefusedError("nobody is there")

        monkeypatch.setattr(loop, "create_connection", dial)
        resolver = Resolver(["93.184.216.34"], ["127.0.0.1"])
        definition = define({"main": {"nodes": [{"url": f"https://evil.example:{port}"}], "retries": 1}}, [route()])
        live = await world.serve(definition, guard=Guard(resolver))

        answers = [await live.client.get("/") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [502, 502]
    assert dialled == ["93.184.216.34"]
    assert len(resolver.asked) >= 2
    assert "not public" in (live.front.errors[-1].detail or "")


async def test_connection_to_an_address_that_is_no_longer_the_names_is_not_used(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "PIN_S", 0.0)
    monkeypatch.setattr(pins, "STALE_S", 0.0)
    old = await world.raw(head(200, body=b"old"))
    port = int(old.url.rpartition(":")[2])
    new = RawNode(head(200, body=b"new"))
    resolver = Resolver(["127.0.0.1"], ["127.0.0.2"])
    async with await asyncio.start_server(new, "127.0.0.2", port):
        definition = define({"main": upstream(f"http://node.example:{port}")}, [route()])
        live = await world.serve(definition, guard=Guard(resolver))

        answers = [(await live.client.get("/")).text for _ in range(2)]

    assert answers == ["old", "new"]


async def test_private_addresses_need_the_operators_word_too(world: World) -> None:
    async with spying() as spy:
        live = await world.serve(define({"main": upstream(f"http://{spy.url}")}, [route()]), private=False)

        answer = await live.client.get("/")

    assert answer.status_code == 502


async def test_public_address_is_not_dialled_without_tls(world: World) -> None:
    definition = define({"main": upstream("http://api.example", connect_timeout_s=0.05)}, [route()])
    live = await world.serve(definition, guard=Guard(Resolver(["93.184.216.34"])))

    answer = await live.client.get("/")

    assert answer.json()["code"] == "upstream_unreachable"
    assert "dialled by https:// alone" in (live.front.errors[0].detail or "")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirect_to_loopback_is_passed_on_and_not_followed(world: World, status: int) -> None:
    async with spying() as spy:
        node = await world.raw(head(status, f"location: http://{spy.url}/"))
        live = await world.serve(define({"main": upstream(node.url)}, [route()]))

        answer = await live.client.get("/")

    assert (answer.status_code, answer.headers["location"]) == (status, f"http://{spy.url}/")


async def test_proxies_of_the_environment_are_not_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    node = await world.raw(head(200, body=b"right"))
    async with spying() as spy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{spy.url}")
        live = await world.serve(define({"main": upstream(node.url)}, [route()]))

        answer = await live.client.get("/")

    assert answer.text == "right"


async def test_check_of_a_nodes_health_goes_nowhere_private_either(world: World) -> None:
    async with spying() as spy:
        port = spy.url.rpartition(":")[2]
        nodes = [{"url": f"https://evil.example:{port}"}]
        definition = define({"main": {"nodes": nodes, "health": {"path": "/"}}}, [route()])
        gateway: Any = FakeGateway()
        call: Any = None

        proof = await RestKind(Guard(Resolver(["127.0.0.1"]))).prove(gateway, running(definition), call)

    problems = proof.problems
    assert [problem.field for problem in problems] == ["upstreams/main/nodes/0/url"]
    assert "not public" in problems[0].message
