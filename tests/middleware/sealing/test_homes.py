"""Where a key ring is."""

import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.disk import disk_with_room_for
from tests.support.rings import NEW, OLD, write_secret

from tollbridge.data import DataFolder
from tollbridge.errors import SetupError
from tollbridge.sealing.homes import RingFile, RingVariable
from tollbridge.sealing.text import Entry

ADD = """
import sys
from pathlib import Path
from tollbridge.data import DataFolder
from tollbridge.sealing.homes import RingFile
from tollbridge.sealing.text import Entry
place = RingFile(Path(sys.argv[1]) / "kek", DataFolder(Path(sys.argv[1])))
sys.stdin.readline()
for number in range(25):
    place.change(lambda entries: (*entries, Entry(f"{sys.argv[2]}{number:x}", None, "", bytes(range(32)))))
"""
FIRST = Entry("1", None, "", bytes.fromhex(OLD))
SECOND = Entry("2a", None, "", bytes.fromhex(NEW))


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


@pytest.fixture
def own(folder: DataFolder) -> RingFile:
    return RingFile(folder.path / "kek", folder)


def test_ring_of_ours_is_begun_once_and_private(own: RingFile, folder: DataFolder) -> None:
    assert own.read() is None

    own.begin(FIRST)
    own.begin(SECOND)

    path = folder.path / "kek"
    assert [entry.id for entry in own.read() or ()] == ["1"]
    assert path.read_text() == f"{OLD}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_key_that_does_not_say_its_time_is_as_old_as_the_file(own: RingFile, folder: DataFolder) -> None:
    own.begin(FIRST)
    made = datetime(2026, 1, 5, 12, tzinfo=UTC)
    os.utime(folder.path / "kek", (made.timestamp(), made.timestamp()))

    own.change(lambda entries: (*entries, SECOND))

    first, second = own.read() or ()
    assert first == replace(FIRST, made_at=made)
    assert second.made_at is not None
    assert second.made_at > made


def test_changed_ring_is_private_and_leaves_no_draft(own: RingFile, folder: DataFolder) -> None:
    own.change(lambda entries: (*entries, SECOND))

    assert [path.name for path in folder.path.iterdir()] == ["kek"]
    assert stat.S_IMODE((folder.path / "kek").stat().st_mode) == 0o600


def test_processes_that_add_keys_at_once_lose_none(own: RingFile, folder: DataFolder) -> None:
    command = [sys.executable, "-c", ADD, str(folder.path)]
    workers = [
        subprocess.Popen([*command, letter], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for letter in "abcd"
    ]

    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    errors = [worker.communicate(timeout=60)[1] for worker in workers]

    assert errors == [""] * 4
    assert len({entry.id for entry in own.read() or ()}) == 100


def test_ring_that_others_can_read_is_refused(own: RingFile, folder: DataFolder) -> None:
    own.begin(FIRST)
    (folder.path / "kek").chmod(0o640)

    with pytest.raises(SetupError, match=r"the secret .*kek can be read by others \(mode 0640\); run: chmod 600"):
        own.read()


def test_ring_elsewhere_may_be_read_by_its_group_and_nobody_else(tmp_path: Path) -> None:
    path = write_secret(tmp_path / "mounted" / "keys", OLD, 0o440)

    assert [entry.id for entry in RingFile(path).read() or ()] == ["1"]

    path.chmod(0o444)
    with pytest.raises(SetupError, match=r"can be read by others \(mode 0444\)"):
        RingFile(path).read()


def test_ring_elsewhere_is_the_operators_to_bring(tmp_path: Path) -> None:
    place = RingFile(tmp_path / "keys")

    place.begin(FIRST)

    with pytest.raises(SetupError, match=r"there is no key file .*keys; write one key of 64 hexadecimal digits .*0600"):
        place.read()
    assert list(tmp_path.iterdir()) == []


def test_link_to_a_ring_stays_a_link(tmp_path: Path) -> None:
    path = write_secret(tmp_path / "volume" / "keys", OLD)
    (tmp_path / "keys").symlink_to(path)

    RingFile(tmp_path / "keys").change(lambda entries: (*entries, SECOND))

    assert (tmp_path / "keys").is_symlink()
    assert [entry.id for entry in RingFile(path).read() or ()] == ["1", "2a"]


def test_who_could_read_a_ring_still_can_once_it_is_changed(tmp_path: Path) -> None:
    path = write_secret(tmp_path / "mounted" / "keys", OLD, 0o640)
    if not os.geteuid():
        os.chown(path, 12, 34)
    before = path.stat()

    RingFile(path).change(lambda entries: (*entries, SECOND))

    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino


def test_ring_that_cannot_be_written_stays_as_it_was(own: RingFile, folder: DataFolder) -> None:
    own.begin(FIRST)

    with disk_with_room_for(10), pytest.raises(SetupError, match=r"kek cannot be written \(File too large\); check"):
        own.change(lambda entries: (*entries, SECOND))

    assert (folder.path / "kek").read_text() == f"{OLD}\n"
    assert [path.name for path in folder.path.iterdir()] == ["kek"]


def test_ring_in_a_variable_is_read_and_only_the_operator_changes_it() -> None:
    place = RingVariable("RING", {"RING": f"2a {NEW},{OLD}"})

    assert place.read() == (SECOND, FIRST)
    place.begin(FIRST)
    with pytest.raises(SetupError, match=r"the keys are in the environment variable RING, which only you can change"):
        place.change(lambda entries: entries)
    assert place.read() == (SECOND, FIRST)


def test_variable_that_is_not_set_or_empty_is_named() -> None:
    with pytest.raises(SetupError, match=r"the environment variable RING is not set; write one key"):
        RingVariable("RING", {}).read()
    with pytest.raises(SetupError, match=r"the environment variable RING is empty or too short"):
        RingVariable("RING", {"RING": ""}).read()
