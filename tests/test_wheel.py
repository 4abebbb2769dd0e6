"""The wheel: what is in the repository, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.support.setup import SETUP, lines, table
from tests.support.sources import FOLDERS, ROOT

NOT_OURS = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.pyc")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Build it of a copy of the repository, without asking anybody for anything; gives its files."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for folder in (*FOLDERS, "conf", "locks", "docs", "bench"):
        shutil.copytree(ROOT / folder, source / folder, ignore=NOT_OURS)
    for file in ("setup.cfg", "pyproject.toml", "tox.ini", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.iterdir()
    assert path.name == f"tollbridge-{SETUP['metadata']['version']}-py3-none-any.whl"
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def in_the_repository() -> dict[str, bytes]:
    """Give every file of a package by the place it is installed at."""
    found: dict[str, bytes] = {}
    for package, folder in table("options", "package_dir").items():
        root = ROOT / folder
        for path in root.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                found[str(Path(*package.split("."), path.relative_to(root)))] = path.read_bytes()
    return found


def test_wheel_holds_the_files_of_the_repository_and_no_other(wheel: dict[str, bytes]) -> None:
    packed = {name: content for name, content in wheel.items() if ".dist-info/" not in name}

    assert packed.keys() == in_the_repository().keys()
    assert packed == in_the_repository()


def test_wheel_runs_nothing_at_the_start_of_an_interpreter_and_puts_nothing_elsewhere(wheel: dict[str, bytes]) -> None:
    assert [name for name in wheel if name.endswith(".pth") or ".data/" in name] == []
    assert {name.partition("/")[0].partition("-")[0].partition("_")[0] for name in wheel} == {"tollbridge"}


def test_what_is_said_of_the_wheel_is_what_the_setup_says(wheel: dict[str, bytes]) -> None:
    said = {name.rpartition("/")[2]: content.decode() for name, content in wheel.items() if ".dist-info/" in name}

    assert said["METADATA"].count("\nRequires-Dist: ") == sum(
        map(len, [lines("options", "install_requires"), *map(extra, SETUP["options.extras_require"])])
    )
    assert set(table("options.entry_points", "tollbridge")) == set(
        line.partition(" =")[0] for line in said["entry_points.txt"].partition("[tollbridge]\n")[2].split("\n") if line
    )
    assert str(ROOT) not in "".join(said.values())


def extra(name: str) -> list[str]:
    return lines("options.extras_require", name)
