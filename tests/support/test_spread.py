"""Tests are spread over processes by their files."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.sources import ROOT
from tests.support.spread import LONG, TOGETHER, piece


def test_file_is_a_piece_and_so_is_a_whole_folder_that_stays_together() -> None:
    assert piece("tests/live/test_edge.py::test_it[a::b]") == "tests/live/test_edge.py"
    assert piece("tests/sdks/test_page.py::test_it") == piece("tests/sdks/test_listing.py::test_it") == "tests/sdks/"


@pytest.mark.parametrize("named", [*LONG, *TOGETHER])
def test_what_is_named_is_there(named: str) -> None:
    assert (ROOT / named).exists()


def test_long_file_is_begun_before_those_of_more_tests(tmp_path: Path) -> None:
    long = tmp_path / LONG[0]
    long.parent.mkdir(parents=True)
    long.write_text("def test_a(): pass\n")
    (tmp_path / "tests" / "test_many.py").write_text("def test_b(): pass\ndef test_c(): pass\n")
    command = [sys.executable, "-m", "pytest", "-v", "-n", "1", "-p", "tests.support.spread", "-p", "no:cacheprovider"]

    done = subprocess.run(
        [*command, f"--rootdir={tmp_path}", str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )

    lines = [line.rpartition("::")[2].strip() for line in done.stdout.splitlines() if "PASSED" in line]
    assert lines == ["test_a", "test_b", "test_c"], done.stdout
