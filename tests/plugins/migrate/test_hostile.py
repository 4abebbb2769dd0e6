"""A file that is not what it should be is refused in one sentence, by each reader, and nothing is written."""

import json
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plugins.migrate.conftest import Migrated
from tests.plugins.migrate.test_apipark import ROUTE, SERVICE, TEAM, UPSTREAM
from tests.plugins.migrate.test_oneapi import CHANNEL, TOKEN, USER, write

from tollbridge import SetupError

MARK = "sk-quartz-lamp-0123456789"
READERS = {"litellm": ".yaml", "portkey": ".json", "apipark": ".zip", "one-api": ".db"}
Migrate = Callable[..., Migrated]


def laughs(*, merged: bool) -> bytes:
    """Give a list, or an object, that holds the one before it ten times, and so on."""
    lines = [f"a0: &a0 {{key: {MARK}}}"]
    for n in range(1, 12):
        many = ", ".join([f"*a{n - 1}"] * 10)
        lines.append(f"a{n}: &a{n} {{<<: [{many}], k{n}: [{many}]}}" if merged else f"a{n}: &a{n} [{many}]")
    return "\n".join([*lines, "model_list: *a11", ""]).encode()


CONTENTS = {
    "empty": b"",
    "zeros": bytes(4096),
    "binary": bytes(range(256)) * 20,
    "utf-16": f'{{"model_list": "{MARK}"}}'.encode("utf-16"),
    "latin-1": b"model_list: [{model_name: caf\xe9}]\n",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "digits": b'{"model_list": ' + b"9" * 5_000 + b"}",
    "surrogate": b'{"model_list": ["\\ud800"]}',
    "laughs": laughs(merged=False),
    "merged laughs": laughs(merged=True),
    "tag": f"model_list: !!python/object/apply:os.system ['touch {MARK}']\n".encode(),
    "sqlite alone": b"SQLite format 3\0" + bytes(84),
    "sqlite cut": b"SQLite format 3\0\x10\x00\x01\x01\x00\x40\x20\x20" + bytes(4072),
    "zip cut": b"PK\x03\x04" + bytes(60),
    "another object": f'{{"some": "{MARK}"}}'.encode(),
    "a number": b"7",
}


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_none_of_its_files_is_refused_and_nothing_of_it_is_said(
    migrate: Migrate, tmp_path: Path, reader: str, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"given{READERS[reader]}"
    path.write_bytes(CONTENTS[content])

    ran = migrate(reader, path, fails=True)

    assert_refused(ran)
    assert sorted(one.name for one in tmp_path.iterdir()) == [path.name]


@pytest.mark.parametrize(
    "what", ["missing", "folder", "pipe", "link to itself", "link to nothing", "too large", "device"]
)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_file_of_that_size_is_refused_at_once(
    migrate: Migrate, tmp_path: Path, reader: str, what: str
) -> None:
    path = tmp_path / f"given{READERS[reader]}"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "link to itself":
        path.symlink_to(path)
    elif what == "link to nothing":
        path.symlink_to(tmp_path / "nothing")
    elif what == "device":
        path.symlink_to("/dev/zero")
    elif what == "too large":
        with path.open("wb") as file:
            file.truncate(65 * 1024**3)  # takes no room: it has a hole

    ran = migrate(reader, path, fails=True)

    assert_refused(ran)


@pytest.mark.parametrize("content", [name for name in CONTENTS if name not in ("empty", "a number")])
def test_a_table_of_keys_that_is_none_is_refused(migrate: Migrate, tmp_path: Path, content: str) -> None:
    config, keys = tmp_path / "config.yaml", tmp_path / "keys.json"
    config.write_text("model_list: []\n")
    keys.write_bytes(CONTENTS[content])

    ran = migrate("litellm", config, "--keys", keys, fails=True)

    if ran.failed is None:  # one object a line is a table, of a key that is none
        assert content == "another object"
        assert "its token is no SHA-256" in ran.report
        assert MARK not in ran.everything
        return
    assert_refused(ran)


def test_a_link_that_leads_to_a_file_is_that_file(migrate: Migrate, tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o}}]\n")
    (tmp_path / "given.yaml").symlink_to(tmp_path / "real.yaml")

    assert migrate("litellm", tmp_path / "given.yaml").targets("a") == ["openai/gpt-4o"]


EVIL = "x\ntouch evil\n\r\u2028\x1b[2J"
"""A name that would be a line of its own in a file of a shell."""


def written(tmp_path: Path, reader: str) -> Path:
    """Write a file of each reader in which all names are hostile and all secrets stand in clear."""
    path = tmp_path / f"given{READERS[reader]}"
    if reader == "litellm":
        params = {"model": "openai/gpt-4o", "api_key": MARK, EVIL: 1}
        config = {"model_list": [{"model_name": EVIL, "litellm_params": params}]}
        path.write_text(json.dumps({**config, "environment_variables": {EVIL: EVIL, "MINE_KEY": EVIL}}))
    elif reader == "portkey":
        more = {"custom_host": "https://x.example/v1", "override_params": {"model": "m", EVIL: 1}}
        path.write_text(json.dumps({"name": EVIL, "provider": EVIL, "api_key": MARK, EVIL: 1, **more}))
    elif reader == "one-api":
        channel = {**CHANNEL, "name": EVIL, "key": MARK, "models": f"{EVIL},m"}
        write(path, {"channels": [channel], "tokens": [{**TOKEN, "name": EVIL}], "users": [{**USER, "username": EVIL}]})
    else:
        headers = [{"key": "X-Api-Key", "value": f"{MARK}", "opt_type": "ADD"}]
        rows = {
            "team": [{**TEAM, "name": EVIL}],
            "service": [{**SERVICE, "name": EVIL, "prefix": EVIL}],
            "upstream": [{**UPSTREAM, "name": EVIL, "proxy_headers": headers}],
            "api": [{**ROUTE, "name": EVIL, "path": "/weather/*"}],
            "authorization": [{"name": EVIL, "driver": EVIL}],
        }
        with zipfile.ZipFile(path, "w") as file:
            for name, found in rows.items():
                file.writestr(f"{name}.json", json.dumps(found))
    return path


@pytest.mark.parametrize("reader", READERS)
def test_a_shell_that_reads_the_secrets_runs_nothing_of_them(migrate: Migrate, tmp_path: Path, reader: str) -> None:
    ran = migrate(reader, written(tmp_path, reader), "--with-secrets")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "tollbridge").write_text("#!/bin/sh\ncat >/dev/null\n")
    (programs / "tollbridge").chmod(0o700)
    way = os.pathsep.join((str(programs), os.environ["PATH"]))

    shell = subprocess.run(
        ["bash", "-c", "set -a; . ./secrets.env"], cwd=ran.folder, env={"PATH": way}, capture_output=True, check=True
    )

    assert MARK in ran.text("secrets.env")
    assert shell.stderr == b""
    assert not (ran.folder / "evil").exists()


@pytest.mark.parametrize("reader", READERS)
def test_no_name_begins_a_line_of_the_report_or_moves_the_cursor(migrate: Migrate, tmp_path: Path, reader: str) -> None:
    ran = migrate(reader, written(tmp_path, reader))

    assert "touch evil" in ran.report
    assert not [line for line in ran.report.splitlines() if line.startswith("touch")]
    assert not [letter for letter in ran.report + ran.said if letter != "\n" and not letter.isprintable()]


def assert_refused(ran: Migrated) -> None:
    assert isinstance(ran.failed, SetupError), ran.said
    said = str(ran.failed)
    assert 20 < len(said) < 500
    assert "\n" not in said
    assert MARK not in said + ran.said
    assert not ran.folder.exists()
