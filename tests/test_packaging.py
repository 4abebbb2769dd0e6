"""What is installed is what lies in the repository, and nothing of it is known to be broken."""

import importlib
import importlib.metadata
import re
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.support.setup import EVERYTHING, EXTRAS, FLOORS, FORBIDDEN, REQUIRED, SETUP, lines, table
from tests.support.sources import CORE, FOLDERS, ROOT, sources

import tollbridge

NOT_IMPORTED = {
    "tzdata": "zoneinfo reads it where the system has no time zones",
}
"""Required all the same, each with its reason."""

BROUGHT_ALONG = {
    "rich": "Typer's",
    "markupsafe": "Jinja's",
    "pydantic": "FastAPI's",
    "mcp-types": "the types of MCP's SDK",
}
"""Imported without a line of its own, because what we require cannot do without it either."""

OPTIONAL = {
    "asyncpg": "postgres",
    "botocore": "bedrock",
    "http_message_signatures": "signed",
    "http_sf": "signed",
    "fastapi": "demo",
    "google": "vertex",
    "hypothesis": "test",
    "mcp": "mcp",
    "pytest": "test",
}
"""Import names that only an extra brings."""


PACKAGES = lines("options", "packages")
FOLDER_OF = table("options", "package_dir")
PLUGINS = table("options.entry_points", CORE)


def folder(package: str) -> Path:
    """Say where a package lies, as setuptools finds it: by its own line, or below the nearest one with a line."""
    head, dot, tail = package.rpartition(".")
    if package in FOLDER_OF:
        return ROOT / FOLDER_OF[package]
    assert dot, f"{package} has no line in package_dir"
    return folder(head) / tail


def on_disk() -> dict[str, Path]:
    found = {f"{CORE}.conf": ROOT / "conf"}
    for root in FOLDERS:
        for file in (ROOT / root).rglob("__init__.py"):
            found[".".join(file.parent.relative_to(ROOT / root).parts)] = file.parent
    return found


def test_packages_of_the_setup_are_those_on_disk() -> None:
    assert {package: folder(package) for package in PACKAGES} == on_disk()
    assert len(PACKAGES) == len(set(PACKAGES))


def test_every_python_file_is_in_a_package() -> None:
    stray = [source.path for source in sources() if not (source.path.parent / "__init__.py").is_file()]

    assert stray == []


def test_no_name_but_ours_comes_to_the_top() -> None:
    tops = {package.partition(".")[0] for package in PACKAGES}

    assert [name for name in tops if name != CORE and not name.startswith(f"{CORE}_")] == []
    assert {path.name for root in FOLDERS for path in (ROOT / root).iterdir() if path.name != "__pycache__"} == tops


@pytest.mark.parametrize("package", [name for name in FOLDER_OF if name != f"{CORE}.conf"])
def test_folder_is_named_as_it_is_imported_and_says_it_is_typed(package: str) -> None:
    assert folder(package).name == package
    assert (folder(package) / "py.typed").is_file()


def test_every_other_file_of_a_package_is_installed_too() -> None:
    patterns = [pattern.strip() for pattern in SETUP["options.package_data"]["*"].split(",")]
    folders = {folder(package) for package in PACKAGES}
    left_out = []
    for path in (path for root in (*FOLDERS, "conf") for path in (ROOT / root).rglob("*")):
        if path.is_dir() or path.suffix in (".py", ".pyc"):
            continue
        package = next((parent for parent in path.parents if parent in folders), ROOT)
        if not any(fnmatch(str(path.relative_to(package)), pattern) for pattern in patterns):
            left_out.append(path.relative_to(ROOT))

    assert left_out == []


def test_nothing_runs_at_the_start_of_an_interpreter() -> None:
    assert [path for root in (*FOLDERS, "conf") for path in (ROOT / root).rglob("*.pth")] == []


def test_version_is_the_same_in_both_places() -> None:
    assert SETUP["metadata"]["version"] == tollbridge.__version__
    assert str(Version(tollbridge.__version__)) == tollbridge.__version__


def test_program_is_there() -> None:
    (program,) = table("options.entry_points", "console_scripts").items()
    module, _, function = program[1].partition(":")

    assert program[0] == CORE
    assert callable(getattr(importlib.import_module(module), function))


def test_every_package_beside_the_core_is_a_plugin_of_its_own_name() -> None:
    assert {
        package.removeprefix(f"{CORE}_"): package
        for package in PACKAGES
        if package.startswith(f"{CORE}_") and "." not in package
    } == PLUGINS


@pytest.mark.parametrize("requirement", [item for group in EVERYTHING for item in group.values()], ids=str)
def test_requirement_has_a_floor_that_is_above_what_is_known_to_be_broken(requirement: Requirement) -> None:
    name = canonicalize_name(requirement.name)
    floors = [Version(clause.version) for clause in requirement.specifier if clause.operator == ">="]

    assert name not in FORBIDDEN
    assert len(floors) == 1
    assert floors[0] >= Version(FLOORS.get(name, "0"))


@pytest.mark.parametrize("name", ["starlette", "h11", "authlib", "joserfc"])
def test_what_stands_at_the_edge_has_its_floor(name: str) -> None:
    assert name in REQUIRED


def test_package_that_is_required_twice_has_one_floor() -> None:
    floors: dict[str, set[str]] = {}
    for group in EVERYTHING:
        for name, requirement in group.items():
            floors.setdefault(name, set()).add(str(requirement.specifier))

    assert {name: found for name, found in floors.items() if len(found) > 1} == {}


@cache
def imported_names() -> Mapping[str, set[str]]:
    """Give what each of our packages imports of others, at any place: the first part of its name."""
    found: dict[str, set[str]] = {}
    for source in sources():
        names = {item.module.partition(".")[0] for item in source.imports() if not item.typing}
        found.setdefault(source.package, set()).update(names)
    return {
        package: {name for name in names if name not in sys.stdlib_module_names and not name.startswith(CORE)}
        for package, names in found.items()
    }


@cache
def installed() -> Mapping[str, Sequence[str]]:
    """Say which distributions bring what can be imported here."""
    return importlib.metadata.packages_distributions()


def distributions(name: str) -> set[str]:
    return {canonicalize_name(found) for found in installed().get(name, [name])}


@pytest.mark.parametrize("package", sorted({name.partition(".")[0] for name in PACKAGES}))
def test_everything_that_is_imported_is_required(package: str) -> None:
    missing = {
        name
        for name in imported_names()[package]
        if name not in OPTIONAL and not distributions(name) & (REQUIRED.keys() | BROUGHT_ALONG.keys())
    }

    assert missing == set()


@pytest.mark.parametrize(("name", "extra"), OPTIONAL.items())
def test_everything_optional_is_in_its_extra(name: str, extra: str) -> None:
    wanted = {canonicalize_name(name), *distributions(name)}

    assert wanted & EXTRAS[extra].keys()


def test_everything_that_is_required_is_imported() -> None:
    used = {found for names in imported_names().values() for name in names for found in distributions(name)}

    assert REQUIRED.keys() - used == NOT_IMPORTED.keys()


def test_every_requirement_says_in_the_decisions_what_it_beat() -> None:
    page = (ROOT / "docs" / "decisions" / "README.md").read_text("utf-8")
    rows = " ".join(re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)).lower()
    told = {canonicalize_name(name) for name in re.findall(r"[\w-]+", re.sub(r"\[\w+\]", "", rows))}

    assert REQUIRED.keys() - told - {"h11"} == set()


def test_every_extra_that_is_named_to_users_is_there() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", *(source.path for source in sources())]
    named = {extra for page in pages for extra in re.findall(r"tollbridge\[([a-z]+)\]", page.read_text("utf-8"))}

    assert named - EXTRAS.keys() == set()


def test_what_is_installed_here_is_no_older_than_the_floors() -> None:
    found = {name: importlib.metadata.version(name) for name in REQUIRED}

    assert {
        name: version
        for name, version in found.items()
        if not REQUIRED[name].specifier.contains(version, prereleases=True)
    } == {}
