"""The program, run in this process on a configuration of the test's own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tollbridge.cli.app import run
from tollbridge.testing.blank import lay_database

CONFIG = """
[providers.mock]
base_url = "https://mock.example/v1"
api_key = "env:MOCK_KEY"
[models.small]
targets = ["mock/tiny-1"]
price = { input = "0.15", output = "0.60" }
context = 1000
[models.unpriced]
targets = ["mock/nobody-prices-this"]
"""


@dataclass(frozen=True)
class Ran:
    """How one command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a configuration into the working directory; gives its path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    for name in ("TOLLBRIDGE_CONFIG", "TOLLBRIDGE_DATA"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "tollbridge.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def laid(tmp_path: Path) -> Path:
    """Leave an empty database where the configuration has it."""
    return lay_database(tmp_path / ".tollbridge" / "tollbridge.db")


@pytest.fixture
def tollbridge(config: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Give `tollbridge(*arguments)`, which runs one command line."""

    def command(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(arguments)
        return Ran(code, *capsys.readouterr())

    return command
