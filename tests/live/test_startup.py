"""Starting: what is wrong is said in one plain sentence, and nothing is written."""

import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from tests.support.live import LiveGateway, mock_config

CONFIG = mock_config("http://127.0.0.1:9")


def start(folder: Path, config: str, *more: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    path = folder / "tollbridge.toml"
    path.write_text(config)
    return subprocess.run(
        [sys.executable, "-m", "tollbridge", "serve", "--port", "0", "--config", str(path), *more],
        env={**os.environ, "MOCK_KEY": "sk-upstream-secret", **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (CONFIG + "[sever]\n", "unknown section [sever]; did you mean 'server'?"),
        (CONFIG + "[server]\nprot = 1\n", "server: unknown option 'prot'; did you mean 'port'?"),
        (CONFIG + "[server]\nworkers = 0\n", "server: workers must be at least 1"),
        (CONFIG.replace("env:MOCK_KEY", "sk-plain"), "the key itself does not belong in here"),
        (CONFIG.replace("env:MOCK_KEY", "env:NOT_SET"), "the environment variable NOT_SET is not set"),
        (CONFIG.replace("env:MOCK_KEY", "file:none.txt"), "cannot be read"),
        (CONFIG.replace("env:MOCK_KEY", "stored:none"), "tollbridge secret set none"),
        (CONFIG.replace("mock/gpt", "mokc/gpt"), "names no known provider; did you mean 'mock'?"),
        (CONFIG.replace("openai-chat", "openai-chit"), "unknown dialect 'openai-chit'"),
        (CONFIG + "[policies.nightly]\n", "no installed plugin offers it"),
        (CONFIG + "[plugins]\ndisabled = ['nope']\n", "'nope', which is not installed"),
        (CONFIG + "[store]\nurl = 'mysql://h/d'\n", "nothing installed opens mysql://"),
        (CONFIG + "this is not TOML", "is no valid TOML"),
    ],
)
def test_mistake_in_the_configuration_is_named_and_nothing_is_written(tmp_path, config, sentence) -> None:
    done = start(tmp_path, config)

    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("tollbridge: ")
    assert sentence in line
    assert os.listdir(tmp_path) == ["tollbridge.toml"]


def test_missing_configuration_is_said(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tollbridge", "serve", "--config", str(tmp_path / "none.toml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "make one with: tollbridge init" in done.stderr


def test_port_in_use_is_said_and_nothing_is_written(tmp_path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        done = start(tmp_path, CONFIG, "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert "choose another with --port" in done.stderr
    assert os.listdir(tmp_path) == ["tollbridge.toml"]


def test_broken_plugin_stops_the_start_and_the_way_out_works(tmp_path) -> None:
    package = tmp_path / "site"
    (package / "broken-1.0.dist-info").mkdir(parents=True)
    (package / "broken-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (package / "broken-1.0.dist-info" / "entry_points.txt").write_text("[tollbridge]\nbroken = broken_plugin\n")
    (package / "broken_plugin.py").write_text("import nope_not_there\n")
    env = {"PYTHONPATH": f"{package}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    folder = tmp_path / "run"
    folder.mkdir()

    done = start(folder, CONFIG, env=env)

    assert done.returncode == 1
    assert "plugin 'broken' (broken 1.0) did not load: No module named 'nope_not_there'" in done.stderr
    assert "plugins.disabled = ['broken']" in done.stderr
    assert os.listdir(folder) == ["tollbridge.toml"]
    with LiveGateway(folder, CONFIG + "[plugins]\ndisabled = ['broken']\n", env=env) as gateway:
        assert httpx2.get(f"{gateway.url}/healthz").status_code == 200


def test_database_of_a_newer_version_is_refused_and_left_alone(tmp_path) -> None:
    gateway = LiveGateway(tmp_path, CONFIG)
    gateway.token()
    path = tmp_path / ".tollbridge" / "tollbridge.db"
    with sqlite3.connect(path) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    before = path.read_bytes()

    done = start(tmp_path, CONFIG)

    assert done.returncode == 1
    assert "9999" in done.stderr
    assert "newer" in done.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["pepper", "admin.key", "kek"])
@pytest.mark.parametrize(
    "content", ["", "abcd\n", "not hexadecimal at all, but long enough to be a secret of 64 chars..\n"]
)
def test_empty_or_short_secret_is_refused(tmp_path, content, name) -> None:
    LiveGateway(tmp_path, CONFIG).token()
    stored = CONFIG.replace("env:MOCK_KEY", "stored:mine")  # what the kek decrypts
    path = tmp_path / ".tollbridge" / name
    if name == "kek":
        arguments = ["secret", "set", "mine", "--config", str(tmp_path / "tollbridge.toml")]
        subprocess.run(
            [sys.executable, "-m", "tollbridge", *arguments], input="sk-1", text=True, timeout=60, check=True
        )
    path.touch(0o600)
    path.write_text(content)

    done = start(tmp_path, stored if name == "kek" else CONFIG)

    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert str(path) in line


def test_secret_that_others_can_read_is_refused(tmp_path) -> None:
    gateway = LiveGateway(tmp_path, CONFIG)
    gateway.token()
    (tmp_path / ".tollbridge" / "pepper").chmod(0o644)

    done = start(tmp_path, CONFIG)

    assert done.returncode == 1
    assert "chmod 600" in done.stderr


def test_limits_that_workers_would_not_share_are_refused_unless_said_out_loud(tmp_path) -> None:
    limited = CONFIG + "[limits]\nrequests_per_minute = 5\n"

    done = start(tmp_path, limited, "--workers", "2")

    assert done.returncode == 1
    assert "limits.per_process = true" in done.stderr


def test_defaults_are_safe(tmp_path) -> None:
    with LiveGateway(tmp_path, CONFIG) as gateway:
        assert gateway.url.startswith("http://127.0.0.1:")
        folder = tmp_path / ".tollbridge"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.is_file()}
        assert {"pepper", "admin.key", "tollbridge.db"} <= modes.keys()
        assert set(modes.values()) == {0o600}
        with httpx2.Client(base_url=gateway.url) as client:
            public = {path: client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")}
            assert set(public.values()) == {200}
            closed = ["/", "/docs", "/openapi.json", "/v1/models", "/v1/chat/completions/", "/admin"]
            assert {client.get(path).status_code for path in closed} == {401}


def test_end_by_signal_is_clean(tmp_path) -> None:
    with LiveGateway(tmp_path, CONFIG) as gateway:
        status = gateway.stop(signal.SIGTERM)

    assert status == -signal.SIGTERM
    assert not (tmp_path / ".tollbridge" / "tollbridge.db-wal").exists()
