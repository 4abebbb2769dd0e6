"""Starting: what is wrong is said in one plain sentence, and nothing is written."""

import io
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from tests.support.live import LiveGateway, mock_config
from tests.support.starts import PATIENCE_S, Try, starts

from tollbridge.cli.app import run
from tollbridge.serving import bind

CONFIG = mock_config("http://127.0.0.1:9")


@pytest.fixture(scope="module")
def attempt() -> Iterator[Try]:
    """Give `attempt(folder, config, *more)`: a start that fails before there is a server."""
    with starts(env={"MOCK_KEY": "sk-upstream-secret"}) as attempt:
        yield attempt


def start(folder: Path, config: str, *more: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    path = folder / "tollbridge.toml"
    path.write_text(config)
    return subprocess.run(
        [sys.executable, "-m", "tollbridge", "serve", "--port", "0", "--config", str(path), *more],
        env={**os.environ, "MOCK_KEY": "sk-upstream-secret", **(env or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
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
        (CONFIG.replace("env:MOCK_KEY", "file:none.txt"), "there is no key file"),
        (CONFIG.replace("mock/gpt", "mokc/gpt"), "names no known provider; did you mean 'mock' or 'moark'?"),
        (CONFIG.replace("openai-chat", "openai-chit"), "unknown dialect 'openai-chit'"),
        (CONFIG + "[policies.nightly]\n", "no installed plugin offers it"),
        (CONFIG + "[plugins]\ndisabled = ['nope']\n", "'nope', which is not installed"),
        (CONFIG + "[store]\nurl = 'mysql://h/d'\n", "nothing installed opens mysql://"),
        (CONFIG + "this is not TOML", "is no valid TOML"),
    ],
)
def test_mistake_in_the_configuration_is_named_and_nothing_is_written(attempt, tmp_path, config, sentence) -> None:
    code, said = attempt(tmp_path, config)

    assert code == 1
    (line,) = said.splitlines()
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


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE alembic_version (version_num)")
        db.execute("INSERT INTO alembic_version VALUES ('9999')")


def of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE notes (text)")


def no_database(path: Path) -> None:
    path.write_bytes(b"only text of some length" * 200)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (newer, "has schema 9999 and this Tollbridge knows up to"),
        (of_another_program, "belongs to another program"),
        (no_database, "is no SQLite database"),
        (Path.mkdir, "is not a file"),
    ],
)
def test_database_that_cannot_be_used_is_one_sentence_and_left_alone(tmp_path, make, sentence, workers) -> None:
    folder = tmp_path / ".tollbridge"
    folder.mkdir(0o700)
    make(folder / "tollbridge.db")
    (tmp_path / "tollbridge.toml").write_text(CONFIG)
    before = everything(tmp_path)

    done = start(tmp_path, CONFIG, "--workers", workers)

    assert done.returncode == 1
    (line,) = (done.stdout + done.stderr).strip().splitlines()
    assert line.startswith("tollbridge: the database ")
    assert sentence in line
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    ("place", "sentence"),
    [("none/of/these/x.db", "there is no folder"), ("tollbridge.toml/x.db", "check the owner and mode of its folder")],
)
def test_folder_of_the_database_that_cannot_be_used_is_one_sentence(tmp_path, place, sentence) -> None:
    config = CONFIG + f"[store]\nurl = 'sqlite:///{place}'\n"

    done = start(tmp_path, config)

    assert done.returncode == 1
    (line,) = (done.stdout + done.stderr).strip().splitlines()
    assert sentence in line
    assert os.listdir(tmp_path) == ["tollbridge.toml"]


def test_plugin_that_fails_at_startup_is_one_sentence(tmp_path) -> None:
    site = tmp_path / "site"
    (site / "late-1.0.dist-info").mkdir(parents=True)
    (site / "late-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: late\nVersion: 1.0\n")
    (site / "late-1.0.dist-info" / "entry_points.txt").write_text("[tollbridge]\nlate = late_plugin\n")
    (site / "late_plugin.py").write_text(
        "from tollbridge import hookimpl\n@hookimpl\ndef startup(): raise OSError('no disk')\n"
    )
    env = {"PYTHONPATH": f"{site}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}

    done = start(tmp_path, CONFIG, env=env)

    assert done.returncode == 1
    (line,) = (done.stdout + done.stderr).strip().splitlines()
    assert line == (
        "tollbridge: plugin 'late' failed in startup: no disk; to start without it: plugins.disabled = ['late']"
    )


def test_of_two_starts_on_one_port_the_second_says_so_and_writes_nothing(tmp_path) -> None:
    with bind("127.0.0.1", 0) as taken:  # as far as the first one is when the second comes
        done = start(tmp_path, CONFIG, "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    (line,) = (done.stdout + done.stderr).strip().splitlines()
    assert "choose another with --port" in line
    assert os.listdir(tmp_path) == ["tollbridge.toml"]


@pytest.mark.parametrize("name", ["pepper", "admin.key", "kek"])
@pytest.mark.parametrize(
    "content", ["", "abcd\n", "not hexadecimal at all, but long enough to be a secret of 64 chars..\n"]
)
def test_empty_or_short_secret_is_refused(tmp_path, monkeypatch, content, name) -> None:
    LiveGateway(tmp_path, CONFIG).token()
    stored = CONFIG.replace("env:MOCK_KEY", "stored:mine")  # what the kek decrypts
    path = tmp_path / ".tollbridge" / name
    if name == "kek":
        monkeypatch.setattr("sys.stdin", io.StringIO("sk-1"))
        assert run(["secret", "set", "mine", "--config", str(tmp_path / "tollbridge.toml")]) == 0
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


def test_limits_that_workers_would_not_share_are_refused_unless_said_out_loud(attempt, tmp_path) -> None:
    limited = CONFIG + "[limits]\nrequests_per_minute = 5\n"

    code, said = attempt(tmp_path, limited, "--workers", "2")

    assert code == 1
    assert "limits.per_process = true" in said


def test_defaults_are_safe(tmp_path) -> None:
    with LiveGateway(tmp_path, CONFIG, fresh=True) as gateway:
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
