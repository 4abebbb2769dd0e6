"""The lock files: every file that an operator installs is known by its hash, and none is known to be broken."""

import importlib.metadata
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.support.setup import EXTRAS, FLOORS, FORBIDDEN, REQUIRED
from tests.support.sources import ROOT

FOLDER = ROOT / "locks"
ENTRY = re.compile(
    r"([a-z0-9-]+)==([0-9][0-9a-z.]*)(?: ; ([^\\\n]+))?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n",
)
PLATFORMS = [
    {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{version}.1",
        "python_version": version,
        "sys_platform": "linux",
        "extra": "",
    }
    for machine in ("x86_64", "aarch64")
    for version in ("3.11", "3.12", "3.13")
]
"""Where the files must do."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of a lock file."""

    version: Version
    marker: Marker | None
    hashes: tuple[str, ...]

    def holds_on(self, platform: Mapping[str, str]) -> bool:
        return self.marker is None or self.marker.evaluate(dict(platform))


def read(name: str) -> dict[str, Locked]:
    """Read a lock file; raises `AssertionError` for anything in it that is no package with hashes, nor a comment."""
    text = re.sub(r"^#.*\n", "", (FOLDER / name).read_text("ascii"), flags=re.MULTILINE)
    entries = list(ENTRY.finditer(text))
    assert "".join(entry[0] for entry in entries) == text
    names = [entry[1] for entry in entries]
    assert names == sorted(set(map(canonicalize_name, names)))
    return {
        entry[1]: Locked(
            Version(entry[2]),
            Marker(entry[3]) if entry[3] else None,
            tuple(re.findall(r"sha256:([0-9a-f]{64})", entry[4])),
        )
        for entry in entries
    }


RUNTIME, EVERYTHING = read("runtime.txt"), read("everything.txt")
BUILD = {"setuptools": Requirement((FOLDER / "build.in").read_text("ascii").strip())}
DIRECT = {
    "runtime": (RUNTIME, [REQUIRED, BUILD]),
    "everything": (EVERYTHING, [REQUIRED, BUILD, *EXTRAS.values()]),
}
each = pytest.mark.parametrize("lock", [RUNTIME, EVERYTHING], ids=["runtime", "everything"])


@pytest.mark.parametrize("name", DIRECT)
def test_everything_that_is_required_is_locked_at_its_floor_or_above(name: str) -> None:
    lock, groups = DIRECT[name]
    wanted = [(package, requirement) for group in groups for package, requirement in group.items()]

    assert len(wanted) > 15
    assert [package for package, requirement in wanted if package not in lock] == []
    assert [str(found) for package, found in wanted if not found.specifier.contains(lock[package].version)] == []
    for platform in PLATFORMS:
        assert [package for package, _ in wanted if not lock[package].holds_on(platform)] == []


@each
def test_nothing_that_is_locked_is_known_to_be_broken(lock: dict[str, Locked]) -> None:
    tolerated = {"pyjwt"} if "mcp" in lock else set()  # the SDK's own, for keys of its clients that are none of ours
    assert (FORBIDDEN - tolerated).isdisjoint(lock)
    assert {
        name: str(lock[name].version) for name in FLOORS.keys() & lock if lock[name].version < Version(FLOORS[name])
    } == {}


@each
def test_every_package_has_hashes_and_each_once(lock: dict[str, Locked]) -> None:
    hashes = [hash for locked in lock.values() for hash in locked.hashes]

    assert min(len(locked.hashes) for locked in lock.values()) >= 1
    assert len(hashes) == len(set(hashes))


@each
@pytest.mark.parametrize("compiled", ["cryptography", "greenlet", "httptools", "msgspec", "sqlalchemy", "uvloop"])
def test_package_with_wheels_of_its_own_for_each_platform_has_a_hash_for_each(
    lock: dict[str, Locked], compiled: str
) -> None:
    assert len(lock[compiled].hashes) > len(PLATFORMS)


def test_runtime_is_a_part_of_everything() -> None:
    assert {name: locked.version for name, locked in RUNTIME.items()}.items() <= {
        name: locked.version for name, locked in EVERYTHING.items()
    }.items()
    assert {name: locked.hashes for name, locked in RUNTIME.items()}.items() <= {
        name: locked.hashes for name, locked in EVERYTHING.items()
    }.items()


def needs(name: str) -> Iterator[Requirement]:
    """Give what an installed package requires here, without its extras."""
    for line in importlib.metadata.requires(name) or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


@each
def test_what_the_locked_packages_need_is_locked_too(lock: dict[str, Locked]) -> None:
    installed = {found.name: found.version for found in importlib.metadata.distributions()}
    known = {canonicalize_name(name): Version(version) for name, version in installed.items()}
    same = [name for name, locked in lock.items() if known.get(name) == locked.version]

    missing = [
        f"{name} needs {requirement}"
        for name in same
        for requirement in needs(name)
        if (locked := lock.get(canonicalize_name(requirement.name))) is None
        or not requirement.specifier.contains(locked.version)
    ]

    assert missing == []


def test_build_backend_is_the_one_that_is_locked() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

    assert table["build-system"]["requires"] == [str(BUILD["setuptools"])]
    assert EXTRAS["test"]["setuptools"] == BUILD["setuptools"]


def test_lock_says_how_it_is_made() -> None:
    for path in FOLDER.glob("*.txt"):
        assert path.read_text("ascii").splitlines()[1] == "#    tox run -e lock"
    assert "[testenv:lock]" in (ROOT / "tox.ini").read_text("utf-8")
