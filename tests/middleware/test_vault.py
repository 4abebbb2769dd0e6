"""Secrets at rest."""

import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tollbridge.data import DataFolder
from tollbridge.errors import SetupError
from tollbridge.vault import Box, Vault

KEY = "sk-proj-0123456789abcdef"


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


@pytest.fixture
def vault(data: DataFolder) -> Vault:
    return Vault(data)


def test_stored_secret_comes_back(vault: Vault) -> None:
    vault.put("openai", KEY)

    assert vault.get("openai") == KEY


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True), value=st.text(max_size=50))
def test_any_text_under_any_name_comes_back(vault: Vault, name: str, value: str) -> None:
    vault.put(name, value)

    assert vault.get(name) == value
    assert name in vault.names()


def test_secret_is_found_again_by_the_next_process(vault: Vault, data: DataFolder) -> None:
    vault.put("openai", KEY)

    assert Vault(DataFolder(data.path)).get("openai") == KEY


def test_second_secret_of_a_name_takes_the_place_of_the_first(vault: Vault) -> None:
    vault.put("openai", "old")
    vault.put("openai", "new")

    assert vault.get("openai") == "new"
    assert vault.names() == ["openai"]


def test_names_are_sorted_and_drafts_are_not_among_them(vault: Vault, data: DataFolder) -> None:
    assert vault.names() == []

    vault.put("b", KEY)
    vault.put("a", KEY)
    (data.path / "vault" / ".a.1f2e3d4c").write_bytes(b"half")

    assert vault.names() == ["a", "b"]


def test_nothing_on_disk_holds_the_secret_or_a_part_of_it(vault: Vault, data: DataFolder) -> None:
    vault.put("openai", KEY)

    stored = b"".join(path.read_bytes() for path in data.path.rglob("*") if path.is_file())

    assert not any(KEY[at : at + 8].encode() in stored for at in range(len(KEY) - 7))


def test_same_secret_twice_is_not_told_by_its_bytes(vault: Vault, data: DataFolder) -> None:
    vault.put("a", KEY)
    vault.put("b", KEY)

    one, other = ((data.path / "vault" / name).read_bytes() for name in ("a", "b"))

    assert one[1:13] != other[1:13]
    assert one[13:] != other[13:]


def test_folder_and_files_are_private(vault: Vault, data: DataFolder) -> None:
    vault.put("openai", KEY)

    assert stat.S_IMODE((data.path / "vault").stat().st_mode) == 0o700
    assert stat.S_IMODE((data.path / "vault" / "openai").stat().st_mode) == 0o600


def test_secret_copied_over_another_does_not_decrypt(vault: Vault, data: DataFolder) -> None:
    vault.put("cheap", "sk-cheap")
    vault.put("dear", "sk-dear")
    (data.path / "vault" / "cheap").write_bytes((data.path / "vault" / "dear").read_bytes())

    with pytest.raises(
        SetupError, match=r"'cheap' does not decrypt .*store it again with: tollbridge secret set cheap"
    ):
        vault.get("cheap")


def test_other_key_does_not_decrypt(vault: Vault, data: DataFolder) -> None:
    vault.put("openai", KEY)
    (data.path / "kek").write_text("ab" * 32)

    with pytest.raises(SetupError, match=r"'openai' does not decrypt with the key in .*kek"):
        vault.get("openai")


def test_every_changed_byte_is_noticed(vault: Vault, data: DataFolder) -> None:
    vault.put("openai", KEY)
    path = data.path / "vault" / "openai"
    sealed = path.read_bytes()

    for place in range(len(sealed)):
        path.write_bytes(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :])
        with pytest.raises(SetupError, match="does not decrypt"):
            vault.get("openai")


def test_every_shortened_file_is_noticed(vault: Vault, data: DataFolder) -> None:
    vault.put("openai", KEY)
    path = data.path / "vault" / "openai"
    sealed = path.read_bytes()

    for length in range(len(sealed)):
        path.write_bytes(sealed[:length])
        with pytest.raises(SetupError, match="does not decrypt"):
            vault.get("openai")


def test_key_of_another_length_is_refused_both_ways(vault: Vault, data: DataFolder) -> None:
    vault.put("openai", KEY)
    (data.path / "kek").write_text("ab" * 40)

    for attempt in (lambda: vault.put("openai", KEY), lambda: vault.get("openai")):
        with pytest.raises(SetupError, match=r"the key in .*kek must be 32 bytes, 64 hexadecimal digits"):
            attempt()


def test_secret_that_is_not_there_is_none(vault: Vault) -> None:
    assert vault.get("openai") is None


def test_removed_secret_is_gone_and_cannot_be_removed_twice(vault: Vault) -> None:
    vault.put("openai", KEY)

    assert vault.remove("openai")
    assert vault.get("openai") is None
    assert not vault.remove("openai")


@pytest.mark.parametrize("name", ["", ".", "..", "../kek", "a/b", "a b", ".hidden", "-x", "é", "a\n", "a" * 65])
def test_name_that_could_lead_elsewhere_is_refused(vault: Vault, name: str) -> None:
    for attempt in (lambda: vault.put(name, KEY), lambda: vault.get(name), lambda: vault.remove(name)):
        with pytest.raises(SetupError, match="is no name for a secret"):
            attempt()


def test_file_in_place_of_the_folder_is_a_setup_error(vault: Vault, data: DataFolder) -> None:
    data.create()
    (data.path / "vault").write_text("")

    with pytest.raises(SetupError, match=r"the secret 'openai' cannot be stored in .*vault: File exists"):
        vault.put("openai", KEY)
    with pytest.raises(SetupError, match="the stored secret 'openai' cannot be read: Not a directory"):
        vault.get("openai")
    assert vault.names() == []


def test_secret_that_cannot_be_put_in_place_leaves_no_draft(vault: Vault, data: DataFolder) -> None:
    (data.path / "vault" / "openai").mkdir(parents=True)

    with pytest.raises(SetupError, match="the secret 'openai' cannot be stored"):
        vault.put("openai", KEY)

    assert [path.name for path in (data.path / "vault").iterdir()] == ["openai"]


def test_box_opens_what_it_shut_and_only_in_its_place(data: DataFolder) -> None:
    box = Box(data)

    sealed = box.shut(b"what was said", b"answer 1")

    assert b"what was said" not in sealed
    assert box.open(sealed, b"answer 1") == b"what was said"
    assert box.shut(b"what was said", b"answer 1") != sealed
    for wrong, place in ((sealed, b"answer 2"), (sealed[:-1], b"answer 1"), (b"", b"answer 1"), (b"\x01", b"answer 1")):
        with pytest.raises(ValueError, match="does not open"):
            box.open(wrong, place)
