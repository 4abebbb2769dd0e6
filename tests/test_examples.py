"""The example packages: installed as a stranger would, they work; removed, they are gone."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
NEEDED = 77


def setuptools_version() -> int:
    try:
        return int(version("setuptools").partition(".")[0])
    except PackageNotFoundError:
        return 0


pytestmark = pytest.mark.skipif(
    setuptools_version() < NEEDED, reason=f"setuptools {NEEDED} or newer is not installed; it is in the extra [test]"
)


class Stranger:
    """A place where packages are installed beside ours."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "site"
        self._work = folder / "work"
        self._work.mkdir()
        found = [str(self.site), os.environ.get("PYTHONPATH", "")]
        self._env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, found)), "ACME_API_KEY": "acme-1"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self._work,
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def install(self, name: str) -> None:
        source = self._work / name  # built from a copy: a build writes beside its source
        shutil.copytree(EXAMPLES / name, source)
        options = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet")
        self.run("pip", "install", *options, "--target", str(self.site), str(source))

    def remove(self, module: str) -> None:
        for path in self.site.glob(f"{module}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def plugins(self) -> dict[str, Any]:
        return {row["name"]: row for row in json.loads(self.run("tollbridge", "plugins", "--json").stdout)}


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    place = Stranger(tmp_path_factory.mktemp("stranger"))
    for name in ("tollbridge-acme", "tollbridge-curfew"):
        place.install(name)
    return place


@pytest.mark.parametrize("name", ["tollbridge-acme", "tollbridge-curfew"])
def test_tests_of_the_package_pass(stranger, name) -> None:
    done = stranger.run("pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(EXAMPLES / name / "tests"))

    assert re.search(r"\d+ passed", done.stdout)
    assert "skipped" not in done.stdout


def test_packages_are_listed_used_and_gone_when_they_are_removed(stranger) -> None:
    listed = stranger.plugins()
    models = stranger.run("tollbridge", "models").stdout

    for name, hook in (("acme", "register_providers"), ("curfew", "register_policies")):
        assert (listed[name]["distribution"], listed[name]["version"]) == (f"tollbridge-{name}", "0.1.0")
        assert (listed[name]["hooks"], listed[name]["enabled"]) == ([hook], True)
        assert (stranger.site / f"tollbridge_{name}-0.1.0.dist-info").is_dir()
    assert "acme/acme-large" in models
    assert "0.59 in, 0.79 out" in models

    for name in ("acme", "curfew"):
        stranger.remove(f"tollbridge_{name}")

    assert not {"acme", "curfew"} & stranger.plugins().keys()
    assert "acme" not in stranger.run("tollbridge", "models").stdout
