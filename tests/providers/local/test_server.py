import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.support.requires import requires
from tests.support.waiting import until

from tollbridge_local import LocalModel, LocalModelError, Place, Settings, process, server

pytestmark = requires("local")

OWNER = Path(__file__).with_name("owner.py")


async def own():
    """Start a process that owns a model; gives it and the server's process id."""
    owner = await asyncio.create_subprocess_exec(sys.executable, str(OWNER), stdout=asyncio.subprocess.PIPE)
    assert owner.stdout is not None
    return owner, int(await owner.stdout.readline())


def key_is_in(path, key):
    return key.encode() in Path(path).read_bytes()


async def test_stopping_ends_the_server_and_a_second_stop_does_nothing(alive):
    model = LocalModel()
    place = await model.start()
    assert await place.answers()

    await model.stop()
    await model.stop()

    assert not alive(place.pid)
    assert not await place.answers()
    with pytest.raises(LocalModelError, match="the local model is not running"):
        _ = model.place


async def test_the_key_is_neither_in_arguments_nor_environment_nor_repr():
    async with LocalModel() as model:
        place = model.place

        assert not key_is_in(f"/proc/{place.pid}/cmdline", place.key)
        assert not key_is_in(f"/proc/{place.pid}/environ", place.key)
        assert place.key not in repr(place)
        assert place.key not in repr(Settings(key=place.key))


async def test_another_key_does_not_find_the_server():
    async with LocalModel() as model:
        assert not await Place(model.place.url, "another", model.place.pid).answers()


async def test_ctrl_c_at_the_terminal_is_not_the_servers_to_hear(alive):
    async with LocalModel() as model:
        place = model.place
        assert os.getsid(place.pid) == place.pid

        os.kill(place.pid, signal.SIGINT)

        assert await place.answers()
        assert alive(place.pid)


async def test_a_server_that_is_killed_comes_back_with_the_same_key(alive):
    places: list[Place] = []
    async with LocalModel(moved=places.append) as model:
        first = model.place

        os.kill(first.pid, signal.SIGKILL)
        await until(lambda: len(places) == 2, "another place")

        assert not alive(first.pid)
        assert model.place == places[1]
        assert places[1].key == first.key
        assert await places[1].answers()
    assert not alive(places[1].pid)


async def test_a_server_with_a_port_of_its_own_comes_back_on_it():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places: list[Place] = []
    async with LocalModel(Settings(port=port), moved=places.append):
        os.kill(places[0].pid, signal.SIGKILL)
        await until(lambda: len(places) == 2, "another place")

        assert places[0].url == places[1].url == f"http://127.0.0.1:{port}"


ENGINE = """
import http.server, threading
from types import SimpleNamespace
llama_pooling_type = SimpleNamespace(LLAMA_POOLING_TYPE_MEAN=1)
def CommonParams():
    return SimpleNamespace(model=SimpleNamespace(), cpuparams=SimpleNamespace(), cpuparams_batch=SimpleNamespace())
class Models(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"smollm2-135m-instruct")
class Server:
    def __init__(self, params):
        server = http.server.HTTPServer(("127.0.0.1", 0), Models)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.listening_address = f"http://127.0.0.1:{server.server_port}"
"""


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """An engine that has no model, and so is there at once, and comes back soon."""
    (tmp_path / "xllamacpp.py").write_text(ENGINE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(server, "FIRST_DELAY_S", 0.05)


async def test_restarts_that_fail_are_tried_again_later_and_later(quick, monkeypatch, alive):
    whole = process.find_weights
    tries: list[float] = []

    def damaged():
        tries.append(asyncio.get_running_loop().time())
        if len(tries) < 3:
            raise LocalModelError("the weights are damaged")
        return whole()

    places: list[Place] = []
    async with LocalModel(moved=places.append):
        monkeypatch.setattr(process, "find_weights", damaged)
        os.kill(places[0].pid, signal.SIGKILL)
        await until(lambda: len(places) == 2, "another place")

    assert tries[1] - tries[0] >= 0.1
    assert tries[2] - tries[1] >= 0.2
    assert not alive(places[1].pid)


@pytest.mark.parametrize(("steady_s", "next_s"), [(60.0, 0.2), (0.0, 0.1)])
async def test_only_a_server_that_was_steady_begins_again_with_the_first_delay(quick, monkeypatch, steady_s, next_s):
    monkeypatch.setattr(server, "STEADY_S", steady_s)
    whole, tries = process.find_weights, list[int]()

    def damaged_once():
        tries.append(1)
        if len(tries) == 3:
            raise LocalModelError("the weights are damaged")
        return whole()

    monkeypatch.setattr(process, "find_weights", damaged_once)
    places: list[Place] = []
    with capture_logs() as logs:
        async with LocalModel(moved=places.append):
            for count in (2, 3):
                os.kill(places[-1].pid, signal.SIGKILL)
                await until(lambda count=count: len(places) == count, "another place")

    assert [line["next_s"] for line in logs if line["event"] == "local_model_not_restarted"] == [next_s]


async def test_stopping_while_it_comes_back_leaves_nothing(alive):
    places: list[Place] = []
    model = LocalModel(moved=places.append)
    await model.start()
    os.kill(places[0].pid, signal.SIGKILL)
    await until(lambda: not alive(places[0].pid), "its end")

    await model.stop()

    assert len(places) == 1


async def test_a_start_that_is_given_up_leaves_nothing(alive, monkeypatch):
    started: list[int] = []
    launch = asyncio.create_subprocess_exec

    async def noticed(*command, **options):
        child = await launch(*command, **options)
        started.append(child.pid)
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noticed)
    task = asyncio.create_task(LocalModel().start())
    await until(lambda: bool(started), "a child")

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not alive(started[0])


async def test_a_start_that_takes_too_long_is_ended_and_said(monkeypatch):
    monkeypatch.setattr(process, "START_TIMEOUT_S", 0.05)

    with pytest.raises(LocalModelError, match="the local model did not start: it did not answer in time"):
        await LocalModel().start()


async def test_killing_the_owner_ends_the_server(alive):
    owner, pid = await own()
    assert alive(pid)

    owner.kill()
    await owner.wait()

    await until(lambda: not alive(pid), "the server's end")


async def test_without_the_kernels_help_the_end_of_its_input_ends_the_server(alive, monkeypatch, tmp_path):
    plain = tmp_path / "child.py"
    plain.write_text(process._CHILD.read_text().replace('sys.platform == "linux"', "False"))
    monkeypatch.setattr(process, "_CHILD", plain)
    child = await process.Child.launch(Settings(), lambda line: None)

    assert child._process.stdin is not None
    child._process.stdin.close()

    assert await child.wait() == 0
    await child.stop()


async def test_a_port_in_use_is_one_sentence_and_nothing_is_started():
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(LocalModelError, match="its port is in use; stop what uses it, or choose another"):
            await LocalModel(Settings(port=taken.getsockname()[1]), say=said.append).start()

    assert said == []


async def test_weights_the_engine_cannot_read_are_one_sentence(monkeypatch, tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF and nothing more")
    monkeypatch.setattr(process, "find_weights", lambda: path)

    with pytest.raises(LocalModelError, match="its weights cannot be read; run: tollbridge local install --again"):
        await LocalModel().start()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "raise ImportError('libgomp.so.1 is missing')",
            r"does not load \(libgomp.so.1 is missing\); run: pip install",
        ),
        ("class CommonParams: pass", r"does not load \(.*has no attribute .*\); run: pip install --upgrade"),
        (
            "raise ModuleNotFoundError(\"No module named 'xllamacpp'\")",
            r"needs xllamacpp, which is not installed; run: pip install 'tollbridge\[local\]'",
        ),
        ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", "this processor lacks instructions"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "most likely for want of memory"),
        (
            "import os, sys; print('x' * 200_000, file=sys.stderr); sys.stderr.flush(); os._exit(3)",
            r"it ended with status 3 \(x+\)$",
        ),
    ],
)
async def test_an_engine_that_fails_is_one_sentence_that_says_what_to_do(monkeypatch, tmp_path, code, expected):
    (tmp_path / "xllamacpp.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(LocalModelError, match=expected) as failed:
        await LocalModel().start()

    assert len(str(failed.value)) < 800


STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(1)"
UNREACHED = """
class Any:
    def __setattr__(self, name, value): pass
    def __getattr__(self, name): return Any()
class CommonParams(Any): pass
llama_pooling_type = Any()
class Server:
    def __init__(self, params): pass
    listening_address = "http://127.0.0.1:9"
"""


async def test_a_server_that_does_not_heed_sigterm_is_killed(monkeypatch, tmp_path, alive):
    (tmp_path / "xllamacpp.py").write_text(f"print('pid', __import__('os').getpid(), flush=True)\n{STUBBORN}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(process, "START_TIMEOUT_S", 1.0)
    monkeypatch.setattr(process, "STOP_GRACE_S", 0.1)
    said: list[str] = []

    with pytest.raises(LocalModelError, match="it did not answer in time"):
        await LocalModel(say=said.append).start()

    assert not alive(int(said[0].removeprefix("pid ")))


async def test_a_server_that_listens_and_never_answers_is_ended_and_said(monkeypatch, tmp_path):
    (tmp_path / "xllamacpp.py").write_text(UNREACHED)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(process, "START_TIMEOUT_S", 1.0)

    with pytest.raises(LocalModelError, match="it did not answer in time"):
        await LocalModel().start()


async def test_a_server_that_dies_before_its_first_answer_is_said(monkeypatch, tmp_path):
    dying = "\nimport threading, os\nthreading.Timer(0.3, os._exit, [7]).start()\n"
    (tmp_path / "xllamacpp.py").write_text(UNREACHED + dying)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(LocalModelError, match="it ended with status 7"):
        await LocalModel().start()


async def test_a_server_that_dies_within_its_answer_is_said(monkeypatch, tmp_path):
    (tmp_path / "xllamacpp.py").write_text("import os\nos.write(3, b'{')  # its answer's file\nos._exit(7)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(LocalModelError, match="it ended with status 7"):
        await LocalModel().start()


async def test_an_interpreter_that_cannot_be_run_is_said(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    with pytest.raises(LocalModelError, match="/nowhere/python cannot be run"):
        await LocalModel().start()


@pytest.mark.parametrize("key", ["", "a b", "ä", "a\n"])
def test_a_key_that_no_header_can_carry_is_refused(key):
    with pytest.raises(LocalModelError, match="must be visible ASCII characters without spaces"):
        Settings(key=key)
