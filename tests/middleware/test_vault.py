"""Secrets at rest."""

import stat
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.disk import disk_with_room_for
from tests.support.rings import NEW, NOON, OLD, Lockbox, rings, write_secret

from tollbridge.data import DataFolder
from tollbridge.errors import SetupError
from tollbridge.sealing.places import ANSWER, Place
from tollbridge.sealing.ring import GRACE_S, LOOK_S
from tollbridge.testing import FixedClock
from tollbridge.vault import HEAD, Box, Vault, head_of, key_id_of

KEY = "sk-proj-0123456789abcdef"
SEALED_BEFORE = bytes.fromhex(
    "01000102030405060708090a0bf26fb76d74884825aafafb20438a94f770f575dcb8944f7baf973245aafeae2b7ac2e688e170fafc"
)
"""`KEY` as the program of before sealed it as the secret `openai` under the key `OLD`."""


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def box(data: DataFolder, clock: FixedClock) -> Box:
    return Box(rings(data.path, clock).keys)


@pytest.fixture
def vault(data: DataFolder, box: Box) -> Vault:
    return Vault(data, box)


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

    assert Vault(data, Box(rings(data.path, FixedClock()).keys)).get("openai") == KEY


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

    assert one[:HEAD] == other[:HEAD] == head_of("1")
    assert one[HEAD : HEAD + 12] != other[HEAD : HEAD + 12]
    assert one[HEAD + 12 :] != other[HEAD + 12 :]


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
    (data.path / "kek").write_text(OLD)

    with pytest.raises(
        SetupError, match=r"'openai' does not decrypt with the keys in .*kek: it does not open with its"
    ):
        Vault(data, Box(rings(data.path, FixedClock()).keys)).get("openai")


def test_secret_without_its_key_says_which_and_makes_none(vault: Vault, data: DataFolder) -> None:
    vault.put("openai", KEY)
    (data.path / "kek").unlink()

    with pytest.raises(
        SetupError, match=r"it was sealed with the key 1, and the secret .*kek has none of that id; store"
    ):
        Vault(data, Box(rings(data.path, FixedClock()).keys)).get("openai")

    assert not (data.path / "kek").exists()


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
    (data.path / "kek").write_text(f"{OLD}ab")
    other = Vault(data, Box(rings(data.path, FixedClock()).keys))

    for attempt in (lambda: other.put("openai", KEY), lambda: other.get("openai")):
        with pytest.raises(SetupError, match="must be 32 bytes"):
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


def test_box_opens_what_it_shut_and_only_in_its_place(box: Box) -> None:
    place = Place(ANSWER, "tok_1", "resp_1")

    sealed = box.shut(b"what was said", place)

    assert b"what was said" not in sealed
    assert box.open(sealed, place) == b"what was said"
    assert box.shut(b"what was said", place) != sealed
    others = [Place(ANSWER, "tok_2", "resp_1"), Place(ANSWER, "tok_1", "resp_2"), Place(ANSWER, "tok_1", "resp_1", 2)]
    spoilt = [sealed[:-1], b"", b"\x01", b"\x02", b"x"]
    for value, where in [*((sealed, other) for other in others), *((value, place) for value in spoilt)]:
        with pytest.raises(ValueError, match="does not open"):
            box.open(value, where)


def test_value_names_its_key(box: Box) -> None:
    assert head_of("2a") == b"\x02\x00\x00\x00\x2a"
    assert key_id_of(head_of("8f3a91c2") + b"rest") == "8f3a91c2"
    assert key_id_of(box.shut(b"", Place("x"))) == "1"
    assert [key_id_of(value) for value in (b"", b"\x02abc", b"\x01", b"\x03" + bytes(30))] == ["", "", "1", ""]


def test_head_cannot_be_changed_to_that_of_another_key_of_the_same_bytes(data: DataFolder, clock: FixedClock) -> None:
    write_secret(data.path / "kek", f"{OLD}\n2a {OLD}")
    box = Box(rings(data.path, clock).keys)
    sealed = box.shut(b"x", Place("x"))

    with pytest.raises(ValueError, match="does not open"):
        box.open(head_of("1") + sealed[HEAD:], Place("x"))


def test_values_of_the_first_format_open_under_the_first_key(data: DataFolder, clock: FixedClock) -> None:
    write_secret(data.path / "kek", f"{OLD}\n2a {NEW}")
    vault = Vault(data, Box(rings(data.path, clock).keys))
    (data.path / "vault").mkdir()
    for name in ("openai", "other"):
        (data.path / "vault" / name).write_bytes(SEALED_BEFORE)

    assert vault.get("openai") == KEY
    with pytest.raises(SetupError, match="'other' does not decrypt"):
        vault.get("other")
    assert vault.reseal("openai")
    assert vault.get("openai") == KEY
    assert (data.path / "vault" / "openai").read_bytes()[:HEAD] == head_of("2a")


def test_secret_is_sealed_anew_once(vault: Vault, box: Box, data: DataFolder, clock: FixedClock) -> None:
    vault.put("openai", KEY)
    assert not vault.reseal("openai")
    made = rings(data.path, clock).keys.rotate()
    clock.advance(LOOK_S)

    assert vault.reseal("openai")
    assert not vault.reseal("openai")
    assert not vault.reseal("nobody")

    assert vault.get("openai") == KEY
    assert (vault.sealed("openai") or b"")[:HEAD] == box.head() == head_of(made.id)
    clock.advance(GRACE_S)
    rings(data.path, clock).keys.drop("1")
    assert Vault(data, Box(rings(data.path, clock).keys)).get("openai") == KEY


def test_secret_that_cannot_be_sealed_anew_stays(vault: Vault, data: DataFolder, clock: FixedClock) -> None:
    vault.put("openai", KEY)
    before = vault.sealed("openai")
    rings(data.path, clock).keys.rotate()
    clock.advance(LOOK_S)

    with disk_with_room_for(10), pytest.raises(SetupError, match=r"'openai' cannot be stored in .*: File too large"):
        vault.reseal("openai")

    assert vault.sealed("openai") == before


async def test_box_meets_keys_before_it_opens_values(data: DataFolder, clock: FixedClock) -> None:
    seen: list[str] = []

    @dataclass(frozen=True)
    class Watched(Lockbox):
        def unwrap(self, wrapped: bytes, label: str) -> bytes:
            seen.append(label)
            return super().unwrap(wrapped, label)

    box = Box(rings(data.path, clock, keys="lockbox", offered={"lockbox": Watched}).keys)
    box.load()
    ring = rings(data.path, clock, keys="lockbox", offered={"lockbox": Lockbox}).keys
    made = ring.rotate()
    sealed = Box(ring).shut(b"x", Place("x"))
    seen.clear()

    await box.meet([sealed, b"", sealed])
    assert seen == [f"kek {made.id}"]
    await box.meet([sealed])

    assert box.open(sealed, Place("x")) == b"x"
    assert seen == [f"kek {made.id}"]


def test_box_and_vault_show_no_key(box: Box, vault: Vault) -> None:
    vault.put("openai", KEY)

    assert KEY not in repr(vault) + repr(box) + repr(vars(box)) + repr(vars(vault))
