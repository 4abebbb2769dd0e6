"""Set-ups are followed, as they are shown, against a gateway on loopback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.plugins.portal.install import AGENTS, AI_SDK, langchain_folder
from tests.plugins.portal.machine import TOKEN, run
from tests.plugins.portal.shown import Shown
from tests.sdks.install import SDKS
from tests.support.requires import requires

from tollbridge_portal.setups import Block, Setup, setups

SAID = "Hello"
"""What the programs of the set-ups say; the model of the gateway says it back."""

ASKED = "Say the word marmalade."


def setup(name: str, shown: Shown) -> Setup:
    (found,) = [setup for setup in setups(shown.url, "echo", TOKEN) if setup.name == name]
    return found


def blocks(found: Setup, language: str) -> list[Block]:
    return [step.block for step in found.steps if step.block is not None and step.block.language == language]


def environment_of(found: Setup, folder: Path, token: str) -> dict[str, str]:
    """Run the lines that set variables in a shell, and give what they set."""
    (block,) = [block for block in blocks(found, "bash") if "export " in block.code and "read -rs" not in block.code]
    script = f"{block.code}env -0\n"
    printed = run(["bash", "-euc", script], folder, **{TOKEN: token})
    return dict(line.partition("=")[::2] for line in printed.split("\0") if line)


@requires("langchain")
@pytest.mark.parametrize("number", [0, 1])
def test_langchain_speaks_both_dialects(number: int, shown: Shown, tmp_path: Path) -> None:
    block = blocks(setup("langchain", shown), "python")[number]
    (tmp_path / block.file_name).write_text(block.code, "utf-8")
    packages = str(langchain_folder())

    printed = run(
        [sys.executable, block.file_name],
        tmp_path,
        PYTHONPATH=packages,
        LANGSMITH_TRACING="false",
        **{TOKEN: shown.token},
    )

    assert printed == f"{SAID}\n"


@requires("node-ai")
@pytest.mark.parametrize("number", [0, 1, 2])
def test_ai_sdk_speaks_with_each_of_its_providers(number: int, shown: Shown, tmp_path: Path) -> None:
    block = blocks(setup("ai-sdk", shown), "javascript")[number]
    (tmp_path / block.file_name).write_text(block.code, "utf-8")
    (tmp_path / "node_modules").symlink_to(AI_SDK.folder() / "node_modules")

    printed = run(["node", block.file_name], tmp_path, **{TOKEN: shown.token})

    assert printed.endswith(f"{SAID}\n")  # before it there may be a warning of the SDK's


@requires("python-sdks")
@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_python_sdks_are_told_by_the_program_or_by_the_variables_alone(name: str, shown: Shown, tmp_path: Path) -> None:
    found = setup(name, shown)
    (block,) = blocks(found, "python")
    lines = block.code.splitlines(keepends=True)
    bare = "".join(line for line in lines if "base_url=" not in line and "api_key=" not in line)

    env = environment_of(found, tmp_path, shown.token)
    told = run([sys.executable, "-c", block.code], tmp_path, **{TOKEN: shown.token})
    by_variables = run([sys.executable, "-c", bare], tmp_path, **env)

    assert bare != block.code
    assert told == by_variables == f"{SAID}\n"


@requires("node-sdks")
@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_javascript_sdks_are_told_by_the_program_or_by_the_variables_alone(
    name: str, shown: Shown, tmp_path: Path
) -> None:
    found = setup(name, shown)
    (block,) = blocks(found, "javascript")
    lines = block.code.splitlines(keepends=True)
    bare = "".join(line for line in lines if "baseURL:" not in line and "apiKey:" not in line)
    (tmp_path / "node_modules").symlink_to(SDKS.folder() / "node_modules")
    (tmp_path / "told.mjs").write_text(block.code, "utf-8")
    (tmp_path / "bare.mjs").write_text(bare, "utf-8")

    env = environment_of(found, tmp_path, shown.token)
    told = run(["node", "told.mjs"], tmp_path, **{TOKEN: shown.token})
    by_variables = run(["node", "bare.mjs"], tmp_path, **env)

    assert bare != block.code
    assert told == by_variables == f"{SAID}\n"


@requires("node-agents")
def test_codex_answers_through_the_gateway(shown: Shown, tmp_path: Path) -> None:
    (block,) = blocks(setup("codex", shown), "toml")
    home = tmp_path / ".codex"
    home.mkdir()
    (home / "config.toml").write_text(block.code, "utf-8")
    program = str(AGENTS.folder() / "node_modules" / ".bin" / "codex")

    printed = run(
        [program, "exec", "--skip-git-repo-check", ASKED],
        tmp_path,
        HOME=str(tmp_path),
        CODEX_HOME=str(home),
        **{TOKEN: shown.token},
    )

    assert printed.strip() == ASKED


CLAUDE = ("node_modules", "@anthropic-ai", "claude-code", "cli-wrapper.cjs")


@requires("node-agents")
def test_claude_code_answers_through_the_gateway_by_variables(shown: Shown, tmp_path: Path) -> None:
    env = {
        name: value
        for name, value in environment_of_claude(setup("claude-code", shown), tmp_path, shown.token).items()
        if name.startswith("ANTHROPIC_")
    }

    printed = run(["node", str(AGENTS.folder().joinpath(*CLAUDE)), "-p", ASKED], tmp_path, HOME=str(tmp_path), **env)

    assert printed.strip().endswith(ASKED)


def environment_of_claude(found: Setup, folder: Path, token: str) -> dict[str, str]:
    """Run the lines of the set-up with a program called `claude` that tells its environment."""
    (folder / "claude").write_text("#!/bin/sh\nenv -0\n")
    (folder / "claude").chmod(0o755)
    (block,) = [block for block in blocks(found, "bash") if "ANTHROPIC_BASE_URL" in block.code]
    script = f'PATH="{folder}:$PATH"\n{block.code}'
    done = subprocess.run(
        ["bash", "-euc", script],
        env={TOKEN: token, "PATH": "/usr/bin:/bin", "ANTHROPIC_API_KEY": "of somebody else"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.partition("=")[::2] for line in done.stdout.split("\0") if line)


def test_claude_code_is_given_the_token_and_no_other_key(shown: Shown, tmp_path: Path) -> None:
    env = environment_of_claude(setup("claude-code", shown), tmp_path, shown.token)

    assert env["ANTHROPIC_AUTH_TOKEN"] == shown.token
    assert env["ANTHROPIC_BASE_URL"] == shown.url
    assert "ANTHROPIC_API_KEY" not in env


@requires("node-agents")
def test_claude_code_answers_through_the_gateway_by_its_settings(shown: Shown, tmp_path: Path) -> None:
    (block,) = blocks(setup("claude-code", shown), "json")
    assert block.file_name == "~/.claude/settings.json"
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / "settings.json").write_text(block.code, "utf-8")

    printed = run(
        ["node", str(AGENTS.folder().joinpath(*CLAUDE)), "-p", ASKED],
        tmp_path,
        HOME=str(tmp_path),
        **{TOKEN: shown.token},
    )

    assert printed.strip().endswith(ASKED)


@requires("curl")
@pytest.mark.parametrize("name", ["open-webui", "cursor"])
def test_address_that_is_entered_by_hand_lists_the_model_and_answers_chat(
    name: str, shown: Shown, tmp_path: Path
) -> None:
    found = setup(name, shown)
    url = f"{shown.url}/v1"
    said = "".join(step.block.code for step in found.steps if step.block is not None)
    asked = json.dumps({"model": "echo", "messages": [{"role": "user", "content": ASKED}]})
    bearer = ["-H", f"Authorization: Bearer {shown.token}"]

    listed = json.loads(run(["curl", "-sS", f"{url}/models", *bearer], tmp_path))
    kind = ["-H", "Content-Type: application/json"]
    answer = json.loads(run(["curl", "-sS", f"{url}/chat/completions", *bearer, *kind, "-d", asked], tmp_path))

    assert url in said
    assert "echo" in [model["id"] for model in listed["data"]]
    assert answer["choices"][0]["message"]["content"] == ASKED
