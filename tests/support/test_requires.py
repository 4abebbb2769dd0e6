import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import requires as needs
from tests.support.requires import promised, requires

ROOT = Path(__file__).parents[2]
MODULE = """
from tests.support.requires import requires

@requires("mitmproxy")
def test_that_needs_it():
    pass

def test_that_needs_nothing():
    pass
"""


def run(folder, *, required="", blocked=True):
    """Run the module in a pytest of its own, where mitmproxy cannot be found."""
    (folder / "test_it.py").write_text(MODULE)
    found = "None" if blocked else "True"
    (folder / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        f"u.find_spec = lambda name, *more: {found} if name == 'mitmproxy' else find(name, *more)"
    )
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.requires", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", needs.VARIABLE: required},
        capture_output=True,
        text=True,
    ).stdout


def test_what_is_missing_skips_its_test_and_says_how_to_get_it(tmp_path):
    said = run(tmp_path)

    assert "1 passed, 1 skipped" in said
    assert "skipped 1: mitmproxy: the module mitmproxy is missing; pip install 'tollbridge[mitmproxy]'" in said


def test_what_is_missing_though_promised_fails_its_test_alone(tmp_path):
    said = run(tmp_path, required="mitmproxy")

    assert "1 passed, 1 error" in said
    assert "promises 'mitmproxy': the module mitmproxy is missing" in said


def test_what_is_there_lets_its_test_run(tmp_path):
    assert "2 passed" in run(tmp_path, required="mitmproxy", blocked=False)


def test_a_name_nobody_knows_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="'floppy' is no known need; known: chromium, curl, go, granian, java, lan"):
        requires("floppy")


def test_a_promise_nobody_knows_is_refused():
    with pytest.raises(pytest.UsageError, match="names floppy, tape; known: chromium"):
        promised({needs.VARIABLE: "local, tape,floppy,"})


def test_no_promise_is_an_empty_one():
    assert promised({}) == frozenset()
