"""Moving sealed values to the key in use, and dropping keys."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec.structs import replace
from tests.support.rings import NEW, NOON, OLD, rings, write_secret

from tollbridge.data import DataFolder
from tollbridge.errors import SetupError
from tollbridge.rewrapping import Rewrapped, drop_key, needed, rewrap
from tollbridge.sealing.places import ANSWER, Place
from tollbridge.sealing.ring import GRACE_S, LOOK_S
from tollbridge.sealing.rings import Rings
from tollbridge.stores.sealed import Sealed
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.kept_contract import KEPT
from tollbridge.vault import Box, Vault, key_id_of

KEY = "sk-proj-0123456789abcdef"


class Desk:
    """One process with the data folder: its ring, its vault, its store."""

    def __init__(self, data: Path, clock: FixedClock, store: Any) -> None:
        self.rings: Rings = rings(data, clock)
        self.box = Box(self.rings.keys)
        self.vault = Vault(DataFolder(data), self.box)
        self.store = store

    def keep(self, id: str, content: bytes, *, token_id: str = "tok_1") -> None:
        """Keep an answer."""
        sealed = self.box.shut(content, Place(ANSWER, token_id, id))
        self.store.keep(replace(KEPT, id=id, token_id=token_id), sealed)

    async def opened(self, id: str, *, token_id: str = "tok_1") -> bytes:
        """Open a kept answer."""
        sealed = await self.store.contents([id], token_id)
        return self.box.open(sealed[id], Place(ANSWER, token_id, id))

    async def rewrap(self) -> Rewrapped:
        return await rewrap(self.box, self.vault, self.store)

    async def needed(self) -> dict[str, int]:
        return dict(await needed(self.vault, self.store))

    async def drop(self, id: str) -> None:
        await drop_key(self.rings.keys, id, self.vault, self.store)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_secret(tmp_path / "data" / "kek", OLD)
    return tmp_path / "data"


@pytest.fixture
async def store(tmp_path: Path, clock: FixedClock, anyio_backend: str) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "data" / "x.db", clock)
    (tmp_path / "data").mkdir(exist_ok=True)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def desk(data: Path, clock: FixedClock, store: SqliteStore) -> Desk:
    return Desk(data, clock, store)


async def test_everything_is_moved_once_and_opens_under_the_new_key_alone(desk: Desk, data, clock, store) -> None:
    desk.vault.put("openai", KEY)
    for number in range(5):
        desk.keep(f"resp_{number}", b"turn %d" % number)
    store.keep(replace(KEPT, id="resp_bare"), b"")
    assert await desk.needed() == {"1": 6}
    clock.advance(100)
    made = rings(data, clock).keys.rotate()
    with pytest.raises(SetupError, match="may still seal with the key 1"):
        await desk.drop("1")
    clock.advance(GRACE_S)
    with pytest.raises(
        SetupError, match=r"^6 values need the key 1; move them to the one in use with: tollbridge secret"
    ):
        await desk.drop("1")

    assert await desk.rewrap() == Rewrapped(6, ())
    assert await desk.rewrap() == Rewrapped(0, ())

    assert await desk.needed() == {made.id: 6}
    await desk.drop("1")
    after = Desk(data, clock, store)
    assert [key.id for key in after.rings.keys.newest_first()] == [made.id]
    assert after.vault.get("openai") == KEY
    assert [await after.opened(f"resp_{number}") for number in range(5)] == [b"turn %d" % number for number in range(5)]


async def test_one_value_is_enough_to_keep_a_key(desk: Desk, clock) -> None:
    desk.vault.put("openai", KEY)
    desk.rings.keys.rotate()
    clock.advance(GRACE_S)

    with pytest.raises(SetupError, match=r"^1 value needs the key 1; "):
        await desk.drop("1")


async def test_work_that_was_broken_off_goes_on_where_it_was(desk: Desk, clock, store, monkeypatch) -> None:
    for number in range(450):
        desk.keep(f"resp_{number:03}", b"x")
    desk.rings.keys.rotate()
    reseal, rounds = store.reseal, []

    async def once(values: Any, anew: Any) -> int:
        if rounds:
            raise ConnectionError("cut off")
        rounds.append(len(values))
        return await reseal(values, anew)

    monkeypatch.setattr(store, "reseal", once)
    with pytest.raises(ConnectionError):
        await desk.rewrap()
    monkeypatch.undo()
    (done,) = rounds
    assert (await desk.needed())["1"] == 450 - done

    assert await desk.rewrap() == Rewrapped(450 - done, ())


async def test_value_sealed_meanwhile_with_the_old_key_is_found_too(
    desk: Desk, data, clock, store, monkeypatch
) -> None:
    late = Desk(data, clock, store)
    late.box.load()
    desk.keep("resp_5", b"early")
    made = desk.rings.keys.rotate()
    reseal = store.reseal

    async def meanwhile(values: Any, anew: Any) -> int:
        if not rounds:
            late.keep("resp_1", b"late")
        rounds.append(len(values))
        return await reseal(values, anew)

    rounds: list[int] = []
    monkeypatch.setattr(store, "reseal", meanwhile)

    assert await desk.rewrap() == Rewrapped(2, ())
    assert await desk.needed() == {made.id: 2}
    assert await desk.opened("resp_1") == b"late"


async def test_values_of_the_first_format_are_moved(desk: Desk, data, store) -> None:
    nonce = bytes(range(12))
    sealed = AESGCM(bytes.fromhex(OLD)).encrypt(nonce, b"turn", b"tollbridge answer 1|tok_1|resp_1")
    store.keep(KEPT, b"\x01" + nonce + sealed)
    assert await desk.needed() == {"1": 1}
    assert await desk.opened("resp_1") == b"turn"

    assert await desk.rewrap() == Rewrapped(1, ())

    assert await desk.opened("resp_1") == b"turn"
    assert key_id_of((await store.contents(["resp_1"], "tok_1"))["resp_1"]) == "1"


async def test_what_does_not_open_is_named_and_left_and_the_rest_moved(desk: Desk, data, clock, store) -> None:
    desk.vault.put("good", KEY)
    desk.vault.put("bad", KEY)
    desk.keep("resp_good", b"x")
    desk.keep("resp_from", b"mine")
    copied = (await store.contents(["resp_from"], "tok_1"))["resp_from"]
    store.keep(replace(KEPT, id="resp_to", token_id="tok_2"), copied)
    store.keep(replace(KEPT, id="resp_lost"), b"\x02\x00\x00\x00\xff" + bytes(40))
    (data / "vault" / "bad").write_bytes((data / "vault" / "good").read_bytes())
    made = desk.rings.keys.rotate()

    done = await desk.rewrap()

    assert done.moved == 3
    assert [failure.partition(":")[0] for failure in done.failed] == [
        "the stored secret 'bad' does not decrypt with the keys in the secret " + str(data / "kek"),
        "answer tok_1 resp_lost",
        "answer tok_2 resp_to",
    ]
    assert "sealed with the key ff, and the secret" in done.failed[1]
    assert await desk.needed() == {made.id: 3, "1": 2, "ff": 1}
    with pytest.raises(SetupError, match="in use"):
        await desk.drop(made.id)
    with pytest.raises(ValueError, match="does not open"):
        await desk.opened("resp_to", token_id="tok_2")


async def test_what_is_not_sealed_at_all_is_counted_for_no_key(desk: Desk, store) -> None:
    store.keep(KEPT, b"in the clear")

    assert await desk.needed() == {"": 1}


async def test_order_of_the_keys_in_the_file_says_which_is_in_use(desk: Desk, data, clock) -> None:
    desk.keep("resp_1", b"x")
    (data / "kek").write_text(f"2a {NEW}\n1 {OLD}\n")
    clock.advance(LOOK_S)
    assert await desk.rewrap() == Rewrapped(0, ())

    (data / "kek").write_text(f"1 {OLD}\n2a {NEW}\n")
    clock.advance(LOOK_S)
    assert await desk.rewrap() == Rewrapped(1, ())
    assert await desk.needed() == {"2a": 1}


def test_sealed_value_does_not_hide_its_place() -> None:
    assert Sealed(Place(ANSWER, "tok_1", "resp_1"), b"x").place.name == "resp_1"
