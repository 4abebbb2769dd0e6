"""Secrets on disk: made once, private, never replaced."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.disk import disk_with_room_for

from tollbridge.data import DataFolder
from tollbridge.errors import SetupError

MAKE = """
import sys
from pathlib import Path
from tollbridge.data import DataFolder
folder = DataFolder(Path(sys.argv[1]))
sys.stdin.readline()
print(*(folder.secret(f"secret-{number}").hex() for number in range(100)))
"""


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secret_is_made_at_first_use_and_found_ever_after(folder: DataFolder) -> None:
    made = folder.secret("pepper")

    assert len(made) == 32
    assert folder.secret("pepper") == made
    assert DataFolder(folder.path).secret("pepper") == made


def test_each_name_and_each_folder_has_a_secret_of_its_own(folder: DataFolder, tmp_path: Path) -> None:
    other = DataFolder(tmp_path / "other")

    assert len({folder.secret("pepper"), folder.secret("kek"), other.secret("pepper")}) == 3


def test_folder_and_secret_are_private_whatever_the_umask(folder: DataFolder) -> None:
    before = os.umask(0)
    try:
        folder.secret("pepper")
    finally:
        os.umask(before)

    assert mode(folder.path) == 0o700
    assert mode(folder.path / "pepper") == 0o600


def test_nothing_but_the_secret_is_left_in_the_folder(folder: DataFolder) -> None:
    folder.secret("pepper")

    assert [path.name for path in folder.path.iterdir()] == ["pepper"]


def test_processes_that_start_at_once_agree_on_every_secret(folder: DataFolder) -> None:
    command = [sys.executable, "-c", MAKE, str(folder.path)]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()

    answers = [worker.communicate(timeout=30) for worker in workers]

    assert [errors for _, errors in answers] == [""] * 4
    assert {tuple(made.split()) for made, _ in answers} == {
        tuple(folder.secret(f"secret-{number}").hex() for number in range(100))
    }


def test_secret_that_another_process_made_meanwhile_is_taken(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def late(draft: Path, path: Path) -> None:
        path.write_text("cd" + "ab" * 31)
        path.chmod(0o600)
        link(draft, path)

    monkeypatch.setattr(os, "link", late)

    assert folder.secret("pepper") == b"\xcd" + b"\xab" * 31
    assert [path.name for path in folder.path.iterdir()] == ["pepper"]


@pytest.mark.parametrize(
    "text", ["", "\n", "ab", "ab" * 31, "ab" * 31 + "a", "zz" * 32, "AB" * 32, "ab" * 16 + " " * 32]
)
def test_empty_short_or_garbled_secret_refuses_to_start(folder: DataFolder, text: str) -> None:
    folder.create()
    path = folder.path / "pepper"
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(SetupError, match="is empty or too short; restore it from a backup, or delete it") as caught:
        folder.secret("pepper")

    assert path.read_text() == text
    assert not text.strip() or text not in str(caught.value)


@pytest.mark.parametrize("text", ["00" * 32, "ab" * 40])
def test_secret_of_one_byte_over_and_over_refuses_to_start(folder: DataFolder, text: str) -> None:
    folder.create()
    path = folder.path / "pepper"
    path.touch(0o600)
    path.write_text(text)

    with pytest.raises(SetupError, match=r"the secret .*pepper is one byte over and over; restore it from a backup"):
        folder.secret("pepper")


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601])
def test_secret_that_others_can_read_refuses_to_start(folder: DataFolder, bits: int) -> None:
    folder.secret("pepper")
    path = folder.path / "pepper"
    path.chmod(bits)

    with pytest.raises(SetupError, match=rf"can be read by others \(mode 0{bits:o}\); run: chmod 600 {path}"):
        folder.secret("pepper")


def test_secret_brought_by_an_operator_is_taken(folder: DataFolder) -> None:
    folder.create()
    path = folder.path / "pepper"
    path.write_text("0123456789abcdef" * 4 + "\n\n")
    path.chmod(0o400)

    assert folder.secret("pepper") == bytes.fromhex("0123456789abcdef" * 4)


def test_secret_that_is_no_text_refuses_to_start(folder: DataFolder) -> None:
    folder.create()
    (folder.path / "pepper").write_bytes(b"\xff" * 64)
    (folder.path / "pepper").chmod(0o600)

    with pytest.raises(SetupError, match=r"cannot be read .*restore it from a backup"):
        folder.secret("pepper")


def test_folder_in_place_of_a_secret_refuses_to_start(folder: DataFolder) -> None:
    (folder.path / "pepper").mkdir(parents=True)

    with pytest.raises(SetupError, match=r"the secret .*pepper cannot be read"):
        folder.secret("pepper")


def test_link_that_leads_nowhere_is_never_replaced(folder: DataFolder, tmp_path: Path) -> None:
    folder.create()
    (folder.path / "pepper").symlink_to(tmp_path / "unmounted" / "pepper")

    with pytest.raises(SetupError, match=r"the secret .*pepper cannot be read .*restore it from a backup"):
        folder.secret("pepper")


def test_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    with pytest.raises(
        SetupError, match=r"the data folder .*data cannot be created \(File exists\); .*TOLLBRIDGE_DATA"
    ):
        DataFolder(tmp_path / "data").create()


def test_secret_that_cannot_be_written_says_why(folder: DataFolder) -> None:
    with pytest.raises(SetupError, match=r"cannot be written \(File name too long\); .*TOLLBRIDGE_DATA"):
        folder.secret("x" * 300)


def test_full_disk_leaves_no_short_secret_behind(folder: DataFolder) -> None:
    folder.create()

    with (
        disk_with_room_for(10),
        pytest.raises(SetupError, match=r"cannot be written \(File too large\); free the disk"),
    ):
        folder.secret("pepper")

    assert list(folder.path.iterdir()) == []
    assert len(folder.secret("pepper")) == 32


def test_existing_folder_is_used_as_it_is(folder: DataFolder) -> None:
    folder.create()
    folder.create()

    assert folder.path.is_dir()


def test_secret_is_looked_for_without_being_made(folder: DataFolder) -> None:
    assert folder.find("pepper") is None
    assert not folder.path.exists()

    assert folder.secret("pepper") == folder.find("pepper")


def test_folder_above_the_folder_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"there is no folder .*not-mounted; make it, .*TOLLBRIDGE_DATA"):
        DataFolder(tmp_path / "not-mounted" / "data").secret("pepper")

    assert list(tmp_path.iterdir()) == []
