"""What docs/migrating.md and the report say is done, to its end: by the program itself, on a real database."""

import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.middleware.cli.conftest import Ran
from tests.plugins.migrate.test_apipark import PROMPT, ROUTE, SERVICE, UPSTREAM, WHOLE
from tests.plugins.migrate.test_litellm import CONFIG, KEY
from tests.plugins.migrate.test_oneapi import CHANNEL, TOKEN, USER, write

from tollbridge.cli.app import run
from tollbridge.cli.places import Where
from tollbridge_admin import way_to

BARE = {**SERVICE, "id": "s2", "name": "Bare", "prefix": "/bare"}
EXPORT = {
    **WHOLE,
    "service": [SERVICE, BARE],
    "api": [ROUTE, PROMPT, {**ROUTE, "service": "s2", "path": "/bare/*"}],
    "upstream": [UPSTREAM],
    "subscribe": [*WHOLE["subscribe"], {"id": "y", "service": "s2", "subscriber": "a1"}],
}
PORTKEY = {
    "strategy": {"mode": "fallback"},
    "targets": [
        {"virtual_key": "mine", "override_params": {"model": "gpt-4o"}},
        {"provider": "anthropic", "api_key": "sk-ant-in-clear", "override_params": {"model": "claude"}},
    ],
}
Follow = Callable[..., Path]


@pytest.fixture
def follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Follow:
    """Give a function that migrates, and does each step that the report names, as it stands there."""
    monkeypatch.chdir(tmp_path)
    for name in ("TOLLBRIDGE_URL", "TOLLBRIDGE_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TOLLBRIDGE_CONFIG", str(tmp_path / "mine.toml"))
    monkeypatch.setenv("TOLLBRIDGE_DATA", str(tmp_path / "data"))
    (tmp_path / "mine.toml").write_text("")

    def did(*arguments: object) -> Ran:
        capsys.readouterr()
        code = run([*map(str, arguments)])
        return Ran(code, *capsys.readouterr())

    def follow(system: str, *arguments: object) -> Path:
        folder = tmp_path / "moved"
        made = did("migrate", system, *arguments, "-o", folder, "--with-secrets", "--json")
        assert made.code == 0, made.err
        config = folder / "tollbridge.toml"
        said = config.read_text("utf-8") if config.exists() else ""
        (tmp_path / "mine.toml").write_text(f'{said}\n[tokens]\nimported = ["sha256"]\n')
        for one in made.json["missing_secrets"]:
            monkeypatch.setenv(one["name"], "https://x.example" if one["name"].endswith("_BASE") else "word")
        monkeypatch.chdir(folder)
        for name, value in sourced(folder).items():
            monkeypatch.setenv(name, value)
        for command in steps(folder):
            ran = did(*shlex.split(command)[1:])
            assert ran.code == (1 if command.startswith("tollbridge diff") else 0), (command, ran)
        return folder

    return follow


def steps(folder: Path) -> list[str]:
    said = (folder / "report.md").read_text("utf-8").partition("## What is to be done")[2].partition("\n## ")[0]
    return re.findall("`(tollbridge [^`]+)`", said)


def sourced(folder: Path) -> Mapping[str, str]:
    """Load the secrets as the report says, in a shell; what is stored is stored by the program."""
    if not (folder / "secrets.env").exists():
        return {}
    way = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    ran = subprocess.run(
        ["bash", "-ec", "set -a; . ./secrets.env >&2; env -0"],
        cwd=folder,
        env={**os.environ, "PATH": way},
        capture_output=True,
        check=True,
    )
    said = (line.partition("=") for line in ran.stdout.decode().split("\0"))
    return {name: value for name, _, value in said if name not in ("PATH", "_", "SHLVL", "PWD", "OLDPWD", "")}


def there(path: str) -> list[Any]:
    with way_to(Where()) as api:
        return list(api.items(path))


def test_a_gateway_is_as_litellm_was(follow: Follow, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "keys.json").write_text(json.dumps([{**KEY, "models": ["gpt-4o"]}]))

    follow("litellm", tmp_path / "config.yaml", "--keys", tmp_path / "keys.json")

    assert [(one["name"], one["scopes"]) for one in there("/tokens")] == [("shop", ["ai:*", "model:gpt-4o"])]


def test_a_gateway_is_as_one_api_was(follow: Follow, tmp_path: Path) -> None:
    write(tmp_path / "one-api.db", {"channels": [CHANNEL], "tokens": [TOKEN], "users": [USER]})

    follow("one-api", tmp_path / "one-api.db")

    assert [one["name"] for one in there("/tokens")] == ["laptop"]


def test_a_gateway_is_as_portkey_was(follow: Follow, tmp_path: Path) -> None:
    (tmp_path / "main.json").write_text(json.dumps(PORTKEY))

    folder = follow("portkey", tmp_path / "main.json", "--virtual-key", "mine=openai")

    assert not (folder / "documents").exists()


def test_a_gateway_is_as_apipark_was_and_subscriptions_wait_for_their_services(follow: Follow, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as file:
        for name, rows in EXPORT.items():
            file.writestr(f"{name}.json", json.dumps(rows))

    follow("apipark", tmp_path / "export.zip")

    assert [one["name"] for one in there("/teams")] == ["blue-team"]
    assert [one["name"] for one in there("/applications")] == ["shop"]
    assert {one["slug"]: one["state"] for one in there("/services")} == {
        **{"weather": "draft", "weather-rest": "draft", "bare": "draft"},
    }
    assert [one["version"] for one in there("/services/weather-rest/releases")] == ["1"]
    assert there("/services/bare/releases") == []  # nothing says where it is: it stays a draft
    assert there("/subscriptions") == []


def test_once_a_service_is_published_its_subscription_is_asked_for(follow: Follow, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as file:
        for name, rows in {**EXPORT, "api": [ROUTE], "service": [SERVICE]}.items():
            file.writestr(f"{name}.json", json.dumps(rows))
    follow("apipark", tmp_path / "export.zip")

    published = run(["service", "publish", "weather", "1"])
    again = run(["apply", "-f", "documents"])

    assert (published, again) == (0, 0)
    assert [one["state"] for one in there("/subscriptions")] == ["asked"]
