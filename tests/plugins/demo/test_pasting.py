"""What the demo prints for another terminal can be pasted there as it is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tollbridge_demo import pasting, running


@pytest.fixture
def served(tmp_path, monkeypatch) -> Path:
    """Stand in an empty folder, with a `curl` of our own; gives the data folder of a demo, odd signs and all."""
    monkeypatch.chdir(tmp_path)
    for name in ("TOLLBRIDGE_CONFIG", "TOLLBRIDGE_DATA"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "bin").mkdir()
    curl = tmp_path / "bin" / "curl"
    curl.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    curl.chmod(0o700)
    monkeypatch.setenv("PATH", str(curl.parent), prepend=":")
    data = tmp_path / "it's a $data folder"
    data.mkdir(0o700)
    return data


def test_lines_run_in_a_shell_and_make_a_token_for_the_model_and_the_service(served) -> None:
    script = "\n".join(["set -eu", *pasting.to_paste("http://127.0.0.1:8800", served), "env | grep -E '_API_KEY|_URL'"])

    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)

    called, *environment = done.stdout.splitlines()
    url, _, shown, *_, order = json.loads(called)
    token = shown.removeprefix("Authorization: Bearer ")
    assert url == "http://127.0.0.1:8800/orders"
    assert token.startswith("tb_")
    assert json.loads(order)["item"] == "lantern"
    assert {
        "OPENAI_BASE_URL=http://127.0.0.1:8800/v1",
        f"OPENAI_API_KEY={token}",
        "ANTHROPIC_BASE_URL=http://127.0.0.1:8800",
        f"ANTHROPIC_API_KEY={token}",
    } <= set(environment)
    assert (served / "tollbridge.db").exists()
    listed = subprocess.run(
        [sys.executable, "-m", "tollbridge", "token", "list", "--json"],
        env={**os.environ, "TOLLBRIDGE_DATA": str(served)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [made["scopes"] for made in json.loads(listed.stdout)] == [["ai:*", "model:*", "service:orders:*"]]


@pytest.mark.parametrize(
    ("beside", "found", "command"),
    [(True, True, "tollbridge"), (True, False, "{bin}/tollbridge"), (False, False, "{bin}/python -m tollbridge")],
)
def test_program_is_named_so_that_the_other_terminal_finds_it(tmp_path, monkeypatch, beside, found, command) -> None:
    if beside:
        (tmp_path / "tollbridge").write_text("#!/bin/sh\n")
        (tmp_path / "tollbridge").chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path) if found else "/nowhere")

    assert pasting.program() == command.format(bin=tmp_path)


def test_missing_extra_is_named_for_a_checkout_too(monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "tollbridge_demo.service", None)

    with pytest.raises(running.SetupError, match=r"\(in a checkout: pip install '\.\[demo,local\]'\)$"):
        running.run_demo(0, data=tmp_path, tour_only=True)
