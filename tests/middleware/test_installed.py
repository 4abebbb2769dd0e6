import os
from pathlib import Path

import pytest

from tollbridge.installed import installed_plugins


def install(folder: Path, name: str) -> None:
    info = folder / f"tollbridge_sample_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tollbridge-sample-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[tollbridge]\n{name} = tollbridge_sample_{name}\n")


def names() -> set[str]:
    return {entry.name for entry in installed_plugins()}


def test_plugins_that_come_with_the_gateway_are_found() -> None:
    assert {"openai", "admin"} <= names()


def test_what_was_found_is_not_read_again() -> None:
    assert installed_plugins() is installed_plugins()


def test_plugin_that_is_installed_later_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    os.utime(tmp_path, ns=(1, 1))
    assert "curfew" not in names()

    install(tmp_path, "curfew")

    assert "curfew" in names()


def test_folder_that_is_not_there_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path / "gone")

    assert "openai" in names()
