"""The command, run in this process, and what it wrote."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tollbridge import Gateway
from tollbridge.yamltext import read_yaml
from tollbridge_migrate.commands import app


@dataclass(frozen=True)
class Migrated:
    """A folder that the command wrote, and what it said."""

    folder: Path
    said: str
    failed: BaseException | None

    def text(self, name: str) -> str:
        path = self.folder / name
        return path.read_text("utf-8") if path.is_file() else ""

    @property
    def report(self) -> str:
        return self.text("report.md")

    @property
    def config(self) -> Mapping[str, Any]:
        return tomllib.loads(self.text("tollbridge.toml"))

    @property
    def tokens(self) -> Sequence[Mapping[str, Any]]:
        return [json.loads(line) for line in self.text("tokens.jsonl").splitlines()]

    @property
    def documents(self) -> Mapping[tuple[str, str], Any]:
        each = [read_yaml(path.read_text("utf-8")) for path in sorted((self.folder / "documents").glob("*.yaml"))]
        return {(one["kind"], one["name"]): one["spec"] for one in each}

    @property
    def everything(self) -> str:
        return "".join(path.read_text("utf-8") for path in self.folder.rglob("*") if path.is_file())

    def targets(self, model: str) -> Sequence[str]:
        return self.config["models"][model]["targets"]


@pytest.fixture
def migrate(tmp_path: Path) -> Callable[..., Migrated]:
    """Give a function that runs one of the commands."""

    def migrate(*arguments: object, fails: bool = False) -> Migrated:
        folder = tmp_path / "out"
        result = CliRunner().invoke(app, [*map(str, arguments), "-o", str(folder)])
        failed = None if result.exit_code == 0 else result.exception
        if failed is not None and not fails:
            raise failed
        return Migrated(folder, result.output, failed)

    return migrate


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> Callable[[Migrated], Gateway]:
    """Give a function that makes a gateway of what was written: each model has its targets, each host its section."""

    def starts(migrated: Migrated) -> Gateway:
        monkeypatch.setenv("OPENAI_API_KEY", "x")
        for name in re.findall(r"env:(\w+)|\{([A-Z_]+)\}", migrated.text("tollbridge.toml")):
            monkeypatch.setenv(name[0] or name[1], "https://x.example" if name[1].endswith("_BASE") else "word")
        return Gateway(migrated.config)

    return starts
