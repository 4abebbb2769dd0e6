"""Provider keys kept encrypted."""

import io
import os
import pty
import select
import subprocess
import sys
import termios
import time

import pytest


def test_secret_is_kept_encrypted_listed_by_name_and_used(tollbridge, config, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-stored-secret\n"))

    stored = tollbridge("secret", "set", "mine")

    assert (stored.code, stored.out) == (0, 'stored; use it with: api_key = "stored:mine"\n')
    assert tollbridge("secret", "list").out == "mine\n"
    assert tollbridge("secret", "list", "--json").json == ["mine"]
    kept = [path.read_bytes() for path in (tmp_path / ".tollbridge").rglob("*") if path.is_file()]
    assert not [content for content in kept if b"sk-stored-secret" in content]
    config.write_text(config.read_text().replace("env:MOCK_KEY", "stored:mine"))
    assert tollbridge("check").code == 0


def test_secret_is_stored_and_told_as_json(tollbridge, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-1\n"))

    assert tollbridge("secret", "set", "mine", "--json").json == {"name": "mine", "api_key": "stored:mine"}


def test_secret_is_removed_once(tollbridge, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-1\n"))
    tollbridge("secret", "set", "mine")

    removed, again = tollbridge("secret", "remove", "mine"), tollbridge("secret", "remove", "mine")

    assert (removed.code, removed.out) == (0, "removed\n")
    assert (again.code, again.err) == (3, "tollbridge: no secret 'mine' is stored\n")
    assert tollbridge("secret", "list").out == "Nothing is stored.\n"


@pytest.mark.parametrize("given", ["", "\n", "  \n"])
def test_empty_secret_is_wrong_usage(tollbridge, monkeypatch, given) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(given))

    ran = tollbridge("secret", "set", "mine")

    assert ran.code == 2
    assert "the secret is empty" in ran.err


def test_name_that_could_leave_the_folder_is_refused(tollbridge, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-1\n"))

    ran = tollbridge("secret", "set", "../pepper")

    assert ran.code == 1
    assert "is no name for a secret" in ran.err


def read_until(text: bytes, terminal: int) -> bytes:
    """Read what a program writes to its terminal up to this text, for at most 30 seconds."""
    seen = b""
    while text not in seen:
        ready, _, _ = select.select([terminal], [], [], 30)
        assert ready, seen
        seen += os.read(terminal, 1000)
    return seen


def test_secret_typed_at_a_terminal_is_not_shown(tollbridge, config) -> None:
    typing, terminal = pty.openpty()
    command = [sys.executable, "-m", "tollbridge", "secret", "set", "typed"]
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True, cwd=config.parent
    ) as process:
        os.close(terminal)
        seen = read_until(b"typed:", typing)
        deadline = time.monotonic() + 30
        while termios.tcgetattr(typing)[3] & termios.ECHO:  # what is typed before that is thrown away
            assert time.monotonic() < deadline
            os.sched_yield()
        os.write(typing, b"sk-typed-secret\n")
        seen += read_until(b"stored; use it with", typing)
    os.close(typing)

    assert process.returncode == 0
    assert b"sk-typed-secret" not in seen
    assert tollbridge("secret", "list").out == "typed\n"
