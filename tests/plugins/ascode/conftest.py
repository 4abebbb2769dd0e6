"""The commands, run in this process on a gateway of the test's own with a kind of service for tests."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from tests.middleware.cli.conftest import CONFIG, Ran
from tests.support.answering import install_answering
from typer.testing import CliRunner

from tollbridge import SetupError
from tollbridge_ascode.commands import apply, bring, diff, export

Code = Callable[..., Ran]
_POLICIES = """
from dataclasses import dataclass
from typing import ClassVar

from tollbridge import Call, hookimpl


@dataclass(frozen=True)
class Stamp:
    for_services: ClassVar[bool] = True
    word: str = ""

    async def head(self, call: Call) -> None:
        pass


@hookimpl
def register_policies(register):
    register("stamp", Stamp)
    register("seal", Stamp)
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a plugin that offers the kind `answering`, and one with policies that let all calls through."""
    folder = install_answering(tmp_path / "site", monkeypatch)
    info = folder / "tollbridge_stamps-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: tollbridge-stamps\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[tollbridge]\nstamps = stamps_plugin\n")
    (folder / "stamps_plugin.py").write_text(_POLICIES)
    monkeypatch.delitem(sys.modules, "stamps_plugin", raising=False)
    return folder


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a configuration into the working directory; gives its path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    for name in ("TOLLBRIDGE_CONFIG", "TOLLBRIDGE_DATA", "TOLLBRIDGE_URL", "TOLLBRIDGE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "tollbridge.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def code(config: Path, site: Path) -> Code:
    """Give `code(*arguments, answer="")`, which runs one of the commands."""
    return make_code()


def make_code() -> Code:
    app = typer.Typer()
    for name, command in (("apply", apply), ("diff", diff), ("export", export), ("import", bring)):
        app.command(name)(command)

    def code(*arguments: object, answer: str = "") -> Ran:
        result = CliRunner().invoke(app, [*map(str, arguments)], input=answer)
        failed = result.exception
        if isinstance(failed, SetupError):
            return Ran(getattr(failed, "exit_code", 1), result.stdout, str(failed))
        if failed is not None and not isinstance(failed, SystemExit):
            raise failed
        return Ran(result.exit_code, result.stdout, result.stderr)

    return code


@pytest.fixture
def repository(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes files of a repository and gives its folder."""

    def repository(**files: str) -> Path:
        folder = tmp_path / "repository"
        for name, text in files.items():
            path = folder / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return folder

    return repository
