"""A third party's policy that misbehaves, over the wire: its calls are refused by name, and everybody else goes on."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.live.looking import bearer, chat, eventually, settled
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import ScriptedUpstream

PATH = "/v1/chat/completions"
UNRULY = '''
"""A policy that does what the header x-do asks for, in the phase it names."""

import asyncio
from dataclasses import dataclass

from tollbridge import hookimpl


async def idle() -> None:
    await asyncio.Event().wait()


async def stubborn() -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


async def failing() -> None:
    raise RuntimeError("a task that nobody waits for broke")


def leak(coroutine):
    asyncio.get_running_loop().create_task(coroutine)


@dataclass(frozen=True)
class Unruly:
    async def head(self, call) -> None:
        await do("head", call)

    async def body(self, call) -> None:
        await do("body", call)

    async def response_head(self, call, head) -> None:
        await do("response_head", call)

    def feed(self, call, chunk):
        if call.state["asked"] == "feed raise":
            raise RuntimeError("broken on purpose")
        return [chunk] if chunk else []

    async def finish(self, call, outcome) -> None:
        await do("finish", call)


async def do(phase, call) -> None:
    asked = call.state.setdefault("asked", (call.header(b"x-do") or b"").decode())
    wanted, _, what = asked.partition(" ")
    if wanted != phase:
        return
    if what == "raise":
        raise RuntimeError("broken on purpose")
    if what == "hang":
        await idle()
    if what == "leak":
        leak(idle())
        leak(stubborn())
        leak(failing())
    scope = call.native
    if what == "clear":
        scope.clear()
    if what in ("path", "method", "query_string", "raw_path"):
        scope[what] = "/v1/models"
    if what == "call":
        del scope["tollbridge"]


@hookimpl
def register_policies(register) -> None:
    register("unruly", Unruly)
'''
TWICE = UNRULY + '    register("unruly", Unruly)\n'
BEFORE = [f"{phase} {what}" for phase in ("head", "body") for what in ("raise", "hang")]
MUTATIONS = [
    f"{phase} {what}" for phase in ("head", "body") for what in ("path", "method", "query_string", "clear", "call")
]
AFTER = ["response_head raise", "response_head hang", "feed raise"]


def install(folder: Path, name: str, code: str) -> dict[str, str]:
    """Lay a plugin down as an installed package; gives the environment that finds it."""
    site = folder / f"site-{name}"
    (site / f"{name}-1.0.dist-info").mkdir(parents=True)
    (site / f"{name}-1.0.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (site / f"{name}-1.0.dist-info" / "entry_points.txt").write_text(f"[tollbridge]\n{name} = {name}_plugin\n")
    (site / f"{name}_plugin.py").write_text(code)
    return {"PYTHONPATH": f"{site}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


def unruly(folder: Path, url: str, *, workers: int = 1) -> LiveGateway:
    config = mock_config(url, "[policies.unruly]\n[plugins]\ntimeout_s = 0.3\n[server]\nshutdown_grace_s = 1\n")
    run = folder / "run"
    run.mkdir()
    return LiveGateway(run, config, workers=workers, env=install(folder, "unruly", UNRULY))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveGateway, ScriptedUpstream, str]]:
    folder = tmp_path_factory.mktemp("policies")
    with ScriptedUpstream.in_thread() as upstream, unruly(folder, upstream.url) as gateway:
        yield gateway, upstream, gateway.token()["token"]


def ask(gateway: LiveGateway, token: str, do: str, *, stream: bool = False) -> httpx2.Response:
    headers = bearer(token) | ({"x-do": do} if do else {})
    return httpx2.post(f"{gateway.url}{PATH}", json=chat(stream=stream), headers=headers, timeout=20)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("do", [*BEFORE, *MUTATIONS, *AFTER])
def test_policy_that_misbehaves_lets_no_call_across_and_is_named(live, do, stream) -> None:
    gateway, upstream, token = live
    called = len(upstream.requests)

    answer = ask(gateway, token, do, stream=stream)

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "policy_failed"
    assert "'unruly'" in answer.json()["error"]["message"]
    assert "on purpose" not in answer.text
    assert len(upstream.requests) - called == (do in AFTER)
    eventually(lambda: answer.headers["x-request-id"] in gateway.text, "its line in the log")
    assert ask(gateway, token, "", stream=stream).status_code == 200


@pytest.mark.parametrize("do", ["finish raise", "finish hang"])
def test_policy_that_misbehaves_after_the_answer_hinders_neither_it_nor_the_ledger(live, do) -> None:
    gateway, _, token = live

    answer = ask(gateway, token, do)

    assert answer.status_code == 200
    assert answer.json()["choices"]
    eventually(
        lambda: '"event":"policy_failed_after_the_call","policy":"unruly"' in gateway.text, "its name in the log"
    )
    settled_row = f'"call_id":"{answer.headers["x-request-id"]}"'
    eventually(lambda: any("request_served" in line and settled_row in line for line in gateway.output), "its end")


def test_others_are_served_while_a_policy_hangs(live) -> None:
    gateway, _, token = live
    hung: list[tuple[int, float]] = []

    def hang() -> None:
        hung.append((ask(gateway, token, "head hang").status_code, time.monotonic()))

    threads = [threading.Thread(target=hang) for _ in range(5)]
    for thread in threads:
        thread.start()
    served = [(ask(gateway, token, "").status_code, time.monotonic()) for _ in range(5)]
    for thread in threads:
        thread.join(20)

    assert [status for status, _ in served] == [200] * 5
    assert [status for status, _ in hung] == [503] * 5
    assert served[0][1] < max(at for _, at in hung)


@pytest.mark.parametrize(
    ("workers", "how", "status"),
    [(1, signal.SIGTERM, -signal.SIGTERM), (1, signal.SIGINT, 130), (2, signal.SIGTERM, 0), (2, signal.SIGINT, 0)],
)
def test_leaked_tasks_disturb_neither_the_call_nor_the_end(tmp_path, upstream, workers, how, status) -> None:
    with unruly(tmp_path, upstream.url, workers=workers) as gateway:
        token = gateway.token()["token"]
        answers = [ask(gateway, token, do).status_code for do in ("head leak", "finish leak", "", "body leak")]
        rows = settled(gateway.folder, 4)
        broke = "RuntimeError: a task that nobody waits for broke"
        eventually(lambda: gateway.text.count(broke) == 3, "what the tasks raised")
        signalled = time.monotonic()
        os.killpg(gateway.process.pid, how)  # as a terminal and a service manager do
        ended = gateway.stop(0)
        took = time.monotonic() - signalled

    assert answers == [200] * 4
    assert {row["outcome"] for row in rows} == {"complete"}
    assert took < 20
    assert ended == status
    assert gateway.text.count(broke) == 3
    assert gateway.text.count('"event":"tasks_left_over","count":6,"not_ended":3') == (workers == 1)


def test_policy_registered_twice_stops_the_start(tmp_path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    gateway = LiveGateway(folder, mock_config("http://127.0.0.1:9"), env=install(tmp_path, "twice", TWICE), fresh=True)

    done = gateway.run("serve", "--port", "0", check=False)

    assert done.returncode == 1
    assert "the policy 'unruly' is registered twice" in done.stderr
    assert os.listdir(folder) == ["tollbridge.toml"]
