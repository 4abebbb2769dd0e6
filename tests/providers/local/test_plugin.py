import asyncio
import json
import os
import signal

import pytest
from tests.support.requires import requires
from tests.support.waiting import until

import tollbridge_local
from tollbridge import Gateway, SetupError, load_config
from tollbridge.testing import FixedClock
from tollbridge.testing.gateway import NOON, GatewayUnderTest
from tollbridge_local import LocalModelError, process

CONFIG = {"providers": {"local": {}}, "models": {"small": {"targets": ["local/smollm2-135m-instruct"]}}}


@pytest.fixture
async def gateway(tmp_path):
    """Give `gateway(config)`: a whole gateway with the real network beneath it, stopped after the test."""
    made = []

    def make(config):
        loaded = load_config(config, {"TOLLBRIDGE_DATA": str(tmp_path / "data")})
        gateway = Gateway(loaded, clock=FixedClock(NOON))
        made.append(gateway)
        return GatewayUnderTest(gateway, None, gateway.clock)

    yield make
    for each in made:
        await each.stop()


@pytest.fixture(scope="module")
async def running(anyio_backend, tmp_path_factory):
    """One such gateway for the tests that only call it."""
    data = str(tmp_path_factory.mktemp("running"))
    gateway = Gateway(load_config(CONFIG, {"TOLLBRIDGE_DATA": data}), clock=FixedClock(NOON))
    running = GatewayUnderTest(gateway, None, gateway.clock)
    yield running
    await running.close()


@requires("local")
@pytest.mark.parametrize("model", ["small", "local/smollm2-135m-instruct"])
async def test_a_call_crosses_to_the_real_model_and_costs_nothing(running, model):
    reply = await running.chat(model, max_tokens=4)

    assert reply.status_code == 200
    assert reply.json()["usage"]["completion_tokens"] == 4
    assert reply.headers["x-tollbridge-provider"] == "local"
    assert reply.headers["x-tollbridge-cost-usd"] == "0"  # a known price of zero, so not absent


@requires("local")
async def test_every_dialect_crosses(running):
    question = [{"role": "user", "content": "Say hi"}]
    bodies = {
        "/v1/chat/completions": {"messages": question, "max_tokens": 4},
        "/v1/completions": {"prompt": "Once", "max_tokens": 4},
        "/v1/messages": {"messages": question, "max_tokens": 4},
        "/v1/messages/count_tokens": {"messages": question, "max_tokens": 4},
        "/v1/embeddings": {"input": "hi"},
    }

    replies = {
        path: await running.request("POST", path, json={"model": "small", **body}) for path, body in bodies.items()
    }

    assert {path: reply.status_code for path, reply in replies.items()} == dict.fromkeys(bodies, 200)


@requires("local")
async def test_a_stream_crosses_with_its_usage(running):
    reply = await running.chat("small", max_tokens=4, stream=True, stream_options={"include_usage": True})

    chunks = [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: {")]
    assert chunks[-1]["usage"]["completion_tokens"] == 4


@requires("local")
async def test_calls_go_on_after_the_model_was_killed(running):
    assert (await running.chat("small", max_tokens=1)).status_code == 200
    before = running.gateway.routes.resolve("small")[0].base_urls
    pid = json.loads((running.gateway.config.data / "local-model.json").read_text())["pid"]

    os.kill(pid, signal.SIGKILL)
    await until(lambda: running.gateway.routes.resolve("small")[0].base_urls != before, "the move")

    assert (await running.chat("small", max_tokens=1)).status_code == 200


@requires("local")
async def test_the_model_ends_with_the_gateway(gateway, alive):
    gw = gateway(CONFIG)
    await gw.client()
    pid = json.loads((gw.gateway.config.data / "local-model.json").read_text())["pid"]
    assert alive(pid)

    await gw.close()

    assert not alive(pid)


@requires("local")
def test_a_gateway_started_anew_in_another_event_loop_runs_a_model_of_its_own(tmp_path, alive):
    pids = []
    gateway = Gateway(load_config(CONFIG, {"TOLLBRIDGE_DATA": str(tmp_path)}))

    async def begin():
        await gateway.start()
        pids.append(json.loads((tmp_path / "local-model.json").read_text())["pid"])

    async def end():
        await begin()
        await gateway.stop()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin())
    asyncio.run(end())
    loop.run_until_complete(asyncio.sleep(0))
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))
    loop.close()

    assert pids[0] != pids[1]
    assert not alive(pids[0])
    assert not alive(pids[1])


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"providers": {"local": {"base_url": "http://127.0.0.1:1/v1", "allow_private": True}}},
        {"providers": {"local": {"base_urls": {"openai-chat": "http://127.0.0.1:1/v1"}, "allow_private": True}}},
    ],
)
async def test_no_model_runs_for_a_configuration_that_does_not_ask_for_ours(gateway, config):
    gw = gateway(config)

    await gw.client()

    assert not (gw.gateway.config.data / "local-model.lock").exists()


async def test_a_model_that_does_not_start_stops_the_gateways_start_with_its_sentence(gateway, monkeypatch):
    def missing():
        raise LocalModelError("the weights are not installed; run: tollbridge local install")

    monkeypatch.setattr(process, "find_weights", missing)

    with pytest.raises(SetupError, match=r"^the weights are not installed; run: tollbridge local install$"):
        await gateway(CONFIG).client()


async def test_a_target_without_its_section_says_to_add_it(gateway):
    with pytest.raises(SetupError, match=r"needs a section \[providers.local\]"):
        gateway({"models": CONFIG["models"]})


async def test_the_model_is_listed_with_its_context(gateway):
    entries = {entry.id: entry.context for entry in gateway(CONFIG).gateway.models()}

    assert entries["local/smollm2-135m-instruct"] == 8192


def test_commands_are_offered():
    offered = {}

    tollbridge_local.register_commands(register=offered.__setitem__)

    assert list(offered) == ["local"]
