"""A secret in a file: whole, private, in its folder."""

import os
import stat
import threading
from pathlib import Path

import pytest

from tollbridge.rotation.files import write_secret


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_secret_is_there_with_a_line_end_for_its_owner_alone_and_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    path = tmp_path / "shop" / "token"
    path.write_text("older and longer than the new one\n")
    path.chmod(0o644)

    write_secret(tmp_path, "shop/token", "tb_new")

    assert path.read_text() == "tb_new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path / "shop") == ["token"]


def test_umask_and_what_lies_there_open_nothing_to_others(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_secret(tmp_path, "token", "tb_new")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["to a file", "to a folder", "to nothing"])
def test_link_in_the_place_of_the_file_is_replaced_and_not_followed(tmp_path: Path, kind: str) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "secrets"
    outside.mkdir()
    folder.mkdir()
    victim = outside / "victim"
    victim.write_text("untouched")
    (folder / "token").symlink_to({"to a file": victim, "to a folder": outside}.get(kind, outside / "none"))

    write_secret(folder, "token", "tb_new")

    assert not (folder / "token").is_symlink()
    assert (folder / "token").read_text() == "tb_new\n"
    assert (names(outside), victim.read_text()) == (["victim"], "untouched")


def test_link_on_the_way_is_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "secrets"
    outside.mkdir()
    folder.mkdir()
    (folder / "shop").symlink_to(outside)

    with pytest.raises(OSError, match=r"directory|symbolic"):
        write_secret(folder, "shop/token", "tb_new")

    assert names(outside) == []


@pytest.mark.parametrize("path", ["missing/token", "file/token", "folder"])
def test_place_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()

    with pytest.raises(OSError, match="director"):
        write_secret(tmp_path, path, "tb_new")


def test_folder_itself_may_be_a_link_and_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")

    write_secret(tmp_path / "link", "token", "tb_new")
    with pytest.raises(FileNotFoundError):
        write_secret(tmp_path / "gone", "token", "tb_new")

    assert names(tmp_path / "there") == ["token"]


def test_what_a_killed_process_left_half_written_is_removed_and_nothing_else(tmp_path: Path) -> None:
    kept = [".other.0a1b2c3d~", ".token.conf", ".token.conf.0a1b2c3d~", "token~"]
    for name in (".token.0a1b2c3d~", *kept):
        (tmp_path / name).write_text("tb_half")

    write_secret(tmp_path, "token", "tb_new")

    assert names(tmp_path) == sorted([*kept, "token"])


def test_who_reads_meanwhile_sees_a_whole_secret(tmp_path: Path) -> None:
    secrets = {f"tb_{number:040d}\n" for number in range(200)}
    write_secret(tmp_path, "token", min(secrets).strip())
    over, seen = threading.Event(), set()

    def read() -> None:
        while not over.is_set():
            seen.add((tmp_path / "token").read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for secret in sorted(secrets):
        write_secret(tmp_path, "token", secret.strip())
    over.set()
    reader.join()

    assert seen
    assert seen <= secrets
