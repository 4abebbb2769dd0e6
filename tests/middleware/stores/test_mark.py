import stat
import subprocess
import sys

import pytest

from tollbridge.stores.mark import TokenMark

TURN = """
import sys
from pathlib import Path
from tollbridge.stores.mark import TokenMark
with TokenMark(Path(sys.argv[1])).changing():
    pass
"""


def test_mark_turns_before_a_change_and_after_it(tmp_path):
    mark, other = TokenMark(tmp_path / "t.db"), TokenMark(tmp_path / "t.db")
    before = other.read()

    with mark.changing():
        during = other.read()

    assert len({before, during, other.read()}) == 3
    assert other.read() == other.read() == mark.read()


def test_mark_turns_also_where_the_change_fails(tmp_path):
    mark = TokenMark(tmp_path / "t.db")
    seen = [mark.read()]

    def change() -> None:
        with mark.changing():
            seen.append(mark.read())
            raise KeyError

    with pytest.raises(KeyError):
        change()

    assert mark.read() not in seen


def test_another_process_turns_the_mark_here(tmp_path):
    mark = TokenMark(tmp_path / "t.db")
    before = mark.read()

    subprocess.run([sys.executable, "-c", TURN, str(tmp_path / "t.db")], check=True)

    assert mark.read() != before


def test_mark_is_private_and_stays_over_a_restart(tmp_path):
    mark = TokenMark(tmp_path / "t.db")
    with mark.changing():
        pass
    before = mark.read()
    mark.close()

    assert TokenMark(tmp_path / "t.db").read() == before
    assert stat.S_IMODE((tmp_path / "t.db-mark").stat().st_mode) == 0o600


def test_mark_that_cannot_be_made_is_an_error(tmp_path):
    with pytest.raises(OSError):
        TokenMark(tmp_path / "nowhere" / "t.db")
