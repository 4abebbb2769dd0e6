"""Running a gateway under uvicorn."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client import values

from tollbridge import Gateway, SetupError, load_config
from tollbridge.cli.worker import make_app
from tollbridge.errors import ConfigError
from tollbridge.metrics import prepare_multiprocess
from tollbridge.server.http1 import Http1
from tollbridge.serving import announce, base_url, bind, configure_logs, run_server, serve_one, uvicorn_config

pytestmark = pytest.mark.usefixtures("restored_logging")
DEADLINE_S = 60


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a configuration with a free port; gives its path."""
    for name in ("TOLLBRIDGE_CONFIG", "TOLLBRIDGE_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tollbridge.toml"
    path.write_text("[server]\nport = 0\nshutdown_grace_s = 1.0\n[plugins]\ndisabled = ['dashboard']\n")
    return path


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_address_is_taken_and_told() -> None:
    with bind("127.0.0.1", 0) as listener:
        assert base_url(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_address_open_to_the_network_is_told_by_one_that_can_be_opened() -> None:
    with bind("0.0.0.0", 0) as listener:
        assert base_url(listener).startswith("http://127.0.0.1:")


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["::1", "::"])
def test_address_may_be_ipv6(host) -> None:
    with bind(host, 0) as listener:
        assert base_url(listener) == f"http://[::1]:{listener.getsockname()[1]}"


@pytest.mark.parametrize("host", ["192.0.2.1", "999.1.1.1", "no-such-host.invalid", "a" * 70 + ".example"])
def test_address_that_is_not_ours_is_refused_in_one_sentence(host) -> None:
    with pytest.raises(
        ConfigError, match=f"^cannot listen on {host}:1: .+; choose an address of this machine with --host, [^\\n]+$"
    ):
        bind(host, 1)


def test_port_is_refused_to_the_second_from_the_moment_the_first_has_it() -> None:
    with bind("127.0.0.1", 0) as taken, pytest.raises(ConfigError, match="choose another with --port"):
        bind("127.0.0.1", taken.getsockname()[1])


def test_server_speaks_our_http_within_the_bounds_of_the_configuration() -> None:
    settings = uvicorn_config(None, load_config({"server": {"head_timeout_s": 2.5, "max_header_bytes": 1_000}}, {}))

    assert isinstance(settings.http, Http1)
    assert vars(settings.http) == {"_head_timeout_s": 2.5, "_max_head_bytes": 2_000, "_site": None}


def test_server_trusts_no_forwarded_headers_and_does_not_name_itself() -> None:
    settings = uvicorn_config(None, load_config({"server": {"shutdown_grace_s": 0.2}}, {}))

    assert (settings.proxy_headers, settings.server_header, settings.access_log) == (False, False, False)
    assert (settings.lifespan, settings.timeout_graceful_shutdown) == ("on", 1)


class Beside:
    """Asks the server for its health beside it, then ends it as Ctrl-C would; or hangs until it is ended."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.health: object = None
        self.cancelled = False
        self._hangs = hangs

    async def __call__(self, base: str) -> None:
        async with httpx2.AsyncClient(trust_env=False) as client:
            self.health = (await client.get(f"{base}/healthz")).json()
        os.kill(os.getpid(), signal.SIGINT)
        if self._hangs:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise


@pytest.mark.parametrize("terminal", [True, False])
def test_what_is_secret_is_printed_on_a_terminal_alone(config, capsys, monkeypatch, terminal) -> None:
    gateway = Gateway(config)
    gateway.announce(lambda base: ("way in", "secret"), kept=lambda base: ("way in", "elsewhere"))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)

    with bind("127.0.0.1", 0) as listener:
        announce(gateway, listener)

    printed = capsys.readouterr().err
    assert ("secret" in printed, "elsewhere" in printed) == (terminal, not terminal)


@pytest.mark.parametrize("hangs", [False, True])
def test_one_process_serves_says_where_and_ends_what_runs_beside_it(config, capsys, hangs) -> None:
    gateway = Gateway(config)
    gateway.announce(lambda base: ("dashboard", f"{base}/pages"))
    beside = Beside(hangs=hangs)

    with bind("127.0.0.1", 0) as listener:
        base = base_url(listener)
        with pytest.raises(KeyboardInterrupt):
            serve_one(gateway, listener, ready=beside)

    assert beside.health == {"status": "ok"}
    assert beside.cancelled is hangs
    assert not gateway.started
    assert f"tollbridge  listening  {base}\ntollbridge  dashboard  {base}/pages\n" in capsys.readouterr().err


def test_signal_reaches_a_handler_of_the_programs_own_once_everything_is_settled(config, kept_environment) -> None:
    heard: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    gateway = Gateway(config)

    with bind("127.0.0.1", 0) as listener:
        serve_one(gateway, listener, ready=Beside())

    assert (heard, gateway.started) == ([signal.SIGINT], False)


def test_start_that_fails_is_raised_in_one_sentence_and_not_logged(config, caplog) -> None:
    (config.parent / ".tollbridge").mkdir()
    (config.parent / ".tollbridge" / "pepper").write_text("short")

    with bind("127.0.0.1", 0) as listener, pytest.raises(SetupError, match="pepper"):
        serve_one(Gateway(config), listener)

    assert [record.getMessage() for record in caplog.records] == []


def test_start_that_fails_by_a_fault_of_ours_says_where_to_look(config) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with bind("127.0.0.1", 0) as listener, pytest.raises(SetupError, match="did not start; its log says why"):
        serve_one(Gateway(config, app=app), listener)


@contextmanager
def ended_when_it_answers(port: int) -> Iterator[list[str]]:
    """Ask for metrics until there is an answer, then end this process's server as Ctrl-C would; gives the answer."""
    answers: list[str] = []

    def ask() -> None:
        with httpx2.Client(trust_env=False, timeout=DEADLINE_S) as client:
            while not answers:
                try:
                    answers.append(client.get(f"http://127.0.0.1:{port}/metrics").text)
                except httpx2.ConnectError:
                    continue
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=ask)
    thread.start()
    yield answers
    thread.join(DEADLINE_S)


@pytest.fixture
def port() -> int:
    """Find a port that nobody uses."""
    with bind("127.0.0.1", 0) as probe:
        found: int = probe.getsockname()[1]
    return found


def test_server_of_a_configuration_runs_until_a_signal(config, port, capsys) -> None:
    with ended_when_it_answers(port) as answers, pytest.raises(KeyboardInterrupt):
        run_server(config, {"port": port})

    assert "tollbridge_build_info" in answers[0]
    assert f"listening  http://127.0.0.1:{port}" in capsys.readouterr().err


@pytest.fixture
def kept_environment() -> Iterator[None]:
    """Put the environment and the handlers of signals back as they were."""
    before = dict(os.environ)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    os.environ.clear()
    os.environ.update(before)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("written", [True, False])
def test_several_processes_share_one_address_until_a_signal(config, port, capfd, kept_environment, written) -> None:
    if not written:
        config.unlink()
        os.environ["TOLLBRIDGE_PLUGINS__DISABLED"] = "['dashboard']"
        os.environ["TOLLBRIDGE_DATA"] = str(config.parent / "data")

    with ended_when_it_answers(port) as answers:
        run_server(config if written else None, {"port": port, "workers": 2})

    assert "tollbridge_build_info" in answers[0]
    assert capfd.readouterr().err.count(f"listening  http://127.0.0.1:{port}\n") == 1


def test_mistake_is_raised_before_the_address_is_taken(config) -> None:
    config.write_text("[policies.nightly]\n")

    with pytest.raises(ConfigError, match="nightly"):
        run_server(config, {})


@pytest.mark.parametrize("shared", [False, True])
def test_worker_makes_the_app_of_the_configuration_in_its_environment(config, monkeypatch, shared) -> None:
    monkeypatch.setenv("TOLLBRIDGE_CONFIG", str(config))
    monkeypatch.setenv("TOLLBRIDGE_SERVER__WORKERS", "3")
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)  # joining the other workers sets it for good

    with prepare_multiprocess(config.parent / "metrics", 1) if shared else nullcontext():
        app = make_app()

    assert app.gateway.config.path == config
    assert app.gateway.config.server.workers == 3


def test_upgrade_that_is_refused_with_an_http_answer_is_no_error_in_the_log(config) -> None:
    configure_logs(load_config(config))
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign] - one for this test
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(handler)

    logger.error("ASGI callable returned without completing handshake.")
    logger.error("Exception in ASGI application")

    assert heard == ["Exception in ASGI application"]
