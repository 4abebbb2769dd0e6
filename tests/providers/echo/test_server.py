"""The echo's server on a socket, and behind a whole gateway.  Source: invented."""

import asyncio
import json
import subprocess
import sys
from importlib.metadata import entry_points

import httpx2
import pytest

import tollbridge_echo
from tollbridge import Gateway, SetupError, load_config
from tollbridge.testing import FixedClock
from tollbridge.testing.gateway import NOON, GatewayUnderTest
from tollbridge_echo.server import EchoServer

CONFIG = {"providers": {"echo": {}}, "models": {"busy": {"targets": ["echo/say?status=429&retry_after=3"]}}}


@pytest.fixture
async def server():
    server = EchoServer()
    server.url = await server.start()
    yield server
    await server.stop()


def client(server, **headers):
    headers = {"authorization": f"Bearer {server.key}", **headers}
    return httpx2.AsyncClient(base_url=server.url, headers=headers, trust_env=False)


def asked(model="say", **fields):
    return {"model": model, "messages": [{"role": "user", "content": "Hello there"}], **fields}


async def test_requests_are_answered_one_after_the_other(server):
    async with client(server) as http:
        first = await http.post("/v1/chat/completions", json=asked())
        second = await http.post("/v1/chat/completions", json=asked(stream=True))
        third = await http.get("/v1/models")

    assert first.json()["choices"][0]["message"]["content"] == "Hello there"
    assert second.headers["content-type"] == "text/event-stream"
    assert second.text.endswith("data: [DONE]\n\n")
    assert third.status_code == 200


async def test_nobody_else_is_answered(server):
    async with client(server, authorization="Bearer other") as http:
        reply = await http.post("/v1/chat/completions", json=asked())

    assert reply.status_code == 401


async def test_truncated_answers_break_the_connection(server):
    async with client(server) as http:
        for stream in (True, False):
            with pytest.raises(httpx2.HTTPError):
                await http.post("/v1/chat/completions", json=asked("say?truncate_after=1", stream=stream))


async def test_waits_are_waited(server):
    loop = asyncio.get_running_loop()
    async with client(server) as http:
        began = loop.time()
        await http.post("/v1/chat/completions", json=asked("say?latency_ms=20&chunk_ms=10", stream=True))

    assert loop.time() - began >= 0.03


@pytest.mark.parametrize("raw", [b"no HTTP at all\r\n\r\n", b"", b"POST /v1/models HTTP/1.1\r\nhost: x\r\n\r\n"])
async def test_what_is_no_request_ends_the_connection(server, raw):
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(raw)
    writer.write_eof()

    await reader.read()

    writer.close()
    await writer.wait_closed()


async def test_request_that_waits_to_be_let_on_is(server):
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/x HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")

    assert (await reader.readline()).startswith(b"HTTP/1.1 100 ")

    writer.write(b"{}")
    assert b"401" in await reader.readuntil(b"no key of mine")
    writer.close()
    await writer.wait_closed()


async def test_body_without_an_end_is_refused(server, monkeypatch):
    monkeypatch.setattr("tollbridge_echo.server._MOST_BYTES", 10)
    async with client(server) as http:
        reply = await http.post("/v1/chat/completions", content=b"x" * 11)

    assert reply.status_code == 413


async def test_connections_end_with_the_server():
    server = EchoServer()
    server.url = await server.start()
    async with client(server) as http:
        waiting = asyncio.ensure_future(http.post("/v1/chat/completions", json=asked("say?latency_ms=60000")))
        while not server._serving:
            await asyncio.sleep(0)

        await server.stop()
        await server.stop()

        with pytest.raises(httpx2.HTTPError):
            await waiting


# behind a gateway


@pytest.fixture
async def gateway(tmp_path):
    """Give `gateway(config)`: a whole gateway with the real network beneath it, stopped after the test."""
    made = []

    def make(config):
        loaded = load_config(config, {"TOLLBRIDGE_DATA": str(tmp_path / "data")})
        known = any(point.name == "echo" for point in entry_points(group="tollbridge"))
        gateway = Gateway(loaded, clock=FixedClock(NOON), plugins=() if known else (tollbridge_echo,))
        made.append(GatewayUnderTest(gateway, None, gateway.clock))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def test_call_crosses_and_costs_nothing(gateway):
    reply = await gateway(CONFIG).chat("echo/say")

    assert reply.json()["choices"][0]["message"]["content"] == "Hello"
    assert reply.headers["x-tollbridge-provider"] == "echo"
    assert reply.headers["x-tollbridge-cost-usd"] == "0"


async def test_stream_crosses_with_its_usage(gateway):
    reply = await gateway(CONFIG).chat("echo/say?usage=10,5", stream=True, stream_options={"include_usage": True})

    found = [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: {")]
    assert found[-1]["usage"]["total_tokens"] == 15


async def test_alias_with_a_script_refuses_as_it_says(gateway):
    reply = await gateway(CONFIG).chat("busy")

    assert (reply.status_code, reply.headers["retry-after"]) == (429, "3")


async def test_slip_in_a_script_is_told_to_the_caller(gateway):
    reply = await gateway(CONFIG).chat("echo/say?colour=red")

    assert reply.status_code == 400
    assert "'colour'" in reply.json()["error"]["message"]


async def test_truncated_stream_is_told_as_one(gateway):
    reply = await gateway(CONFIG).chat("echo/say?truncate_after=1", stream=True)

    assert "upstream_truncated" in reply.text
    assert "[DONE]" not in reply.text


async def test_embeddings_cross(gateway):
    reply = await gateway(CONFIG).request("POST", "/v1/embeddings", json={"model": "echo/embed", "input": "a"})

    assert len(reply.json()["data"][0]["embedding"]) == 8


async def test_gateway_that_stops_leaves_nothing_listening(gateway):
    gw = gateway(CONFIG)
    await gw.chat("echo/say")
    (target,) = gw.gateway.routes.resolve("busy")

    await gw.close()

    async with httpx2.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"{target.base_urls['openai-chat']}/models")


@pytest.mark.parametrize(
    "config", [{}, {"providers": {"echo": {"base_url": "http://127.0.0.1:1/v1", "allow_private": True}}}]
)
async def test_nothing_runs_for_a_configuration_that_does_not_ask_for_it(gateway, config):
    gw = gateway(config)

    await gw.client()

    assert gw.gateway not in tollbridge_echo._running


async def test_target_without_its_section_says_to_add_it(gateway):
    with pytest.raises(SetupError, match=r"needs a section \[providers.echo\]"):
        gateway({"models": CONFIG["models"]})


def test_gateway_started_anew_in_another_event_loop_has_an_echo_of_its_own(tmp_path):
    known = any(point.name == "echo" for point in entry_points(group="tollbridge"))
    gateway = Gateway(
        load_config(CONFIG, {"TOLLBRIDGE_DATA": str(tmp_path)}), plugins=() if known else (tollbridge_echo,)
    )
    urls = []

    async def begin():
        await gateway.start()
        urls.append(gateway.routes.resolve("busy")[0].base_urls["openai-chat"])

    async def end():
        await begin()
        await gateway.stop()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin())
    asyncio.run(end())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))
    loop.close()

    assert len(urls) == 2


def test_package_does_not_load_its_server_at_import():
    code = "import sys, tollbridge_echo; print('tollbridge_echo.server' in sys.modules, 'h11' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert found.stdout.strip() == "False False"
