"""Keys and peppers that are not those of the database are refused, and nothing is made then."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.rings import NEW, NOON, OLD, Lockbox, rings, write_secret

from tollbridge.errors import SetupError, StoreError
from tollbridge.ownkeys import AUDIT
from tollbridge.proving import accept, begin, prove, prove_keys
from tollbridge.sealing.rings import Rings
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.blank import lay_database
from tollbridge.testing.samples import ACT, TOKEN


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(lay_database(tmp_path / "t.db"), FixedClock(NOON))
    await store.open()
    yield store
    await store.close()


def ring(folder: Path, **options: Any) -> Rings:
    folder.mkdir(mode=0o700, exist_ok=True)
    return rings(folder, FixedClock(NOON), **options)


async def started(store: SqliteStore, these: Rings) -> None:
    """Do with an open store what a start does."""
    these.peppers.load()
    await prove(store, these)
    await begin(store, these)


def of_pepper(folder: Path, text: str, kek: Path) -> Path:
    """Make a data folder with the keys of another one and a pepper of its own."""
    write_secret(folder / "kek", kek.read_text())
    if text:
        write_secret(folder / "pepper", text)
    return folder


async def test_what_is_missing_is_made_for_a_new_database_and_proved_from_then_on(store, tmp_path) -> None:
    await started(store, ring(tmp_path / "data"))

    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["kek", "pepper"]
    assert set(await store.own_keys()) == {AUDIT, "pepper 1"}
    await started(store, ring(tmp_path / "data"))


async def test_many_that_start_at_once_agree(store, tmp_path) -> None:
    await asyncio.gather(*(started(store, ring(tmp_path / "data")) for _ in range(8)))

    await prove(store, ring(tmp_path / "data"))


async def test_of_two_machines_that_start_at_once_only_one_has_the_keys(store, tmp_path) -> None:
    one, other = ring(tmp_path / "one"), ring(tmp_path / "other")
    for each in (one, other):
        await prove(store, each)

    await begin(store, one)
    with pytest.raises(StoreError, match=r"own key 'audit' does not open: .* restore the secret .*/other/kek from"):
        await begin(store, other)


async def test_of_two_machines_with_the_same_keys_that_start_at_once_one_has_the_pepper(store, tmp_path) -> None:
    one = of_pepper(tmp_path / "one", OLD, write_secret(tmp_path / "kek", NEW))
    other = of_pepper(tmp_path / "other", "ab" * 31 + "cd", tmp_path / "kek")

    await begin(store, ring(one))
    with pytest.raises(SetupError, match=r"the pepper 1 in the secret .*/other/pepper is another one"):
        await begin(store, ring(other))


@pytest.mark.parametrize(("text", "said"), [("", "the secret .* is not there"), (f"2a {NEW}", "none of that id")])
async def test_pepper_that_secrets_need_is_missed_and_none_is_made(store, tmp_path, text, said) -> None:
    await started(store, ring(tmp_path / "data"))
    await store.add_token(TOKEN, ACT)
    other = of_pepper(tmp_path / "other", text, tmp_path / "data" / "kek")
    before = {path.name: path.read_bytes() for path in other.iterdir()}

    with pytest.raises(
        SetupError, match=rf"^1 secret is hashed with the pepper 1, and .*{said}; restore it from a backup"
    ):
        await started(store, ring(other))

    assert {path.name: path.read_bytes() for path in other.iterdir()} == before


async def test_other_pepper_of_the_same_id_is_told_from_that_of_the_database(store, tmp_path) -> None:
    await started(store, ring(tmp_path / "data"))
    other = of_pepper(tmp_path / "other", NEW, tmp_path / "data" / "kek")

    with pytest.raises(SetupError, match=r"the pepper 1 in the secret .*/other/pepper is another one than the secrets"):
        await started(store, ring(other))


@pytest.mark.parametrize("text", ["", f"2a {NEW}"])
async def test_database_that_has_a_pepper_takes_no_other_before_it_has_a_secret(store, tmp_path, text) -> None:
    await started(store, ring(tmp_path / "data"))
    other = of_pepper(tmp_path / "other", text, tmp_path / "data" / "kek")

    with pytest.raises(SetupError, match=r"the database belongs to the pepper 1, and the secret"):
        await started(store, ring(other))


async def test_old_pepper_that_is_lost_is_missed_while_something_needs_it(store, tmp_path) -> None:
    await started(store, ring(tmp_path / "data"))
    await store.add_token(TOKEN, ACT)
    await started(store, both := ring(tmp_path / "data"))
    made = both.peppers.rotate()
    await started(store, both)
    pepper = tmp_path / "data" / "pepper"
    pepper.write_text(pepper.read_text().splitlines()[1])

    with pytest.raises(SetupError, match=r"hashed with the pepper 1, and the secret .* has none of that id"):
        await started(store, ring(tmp_path / "data"))
    await store.revoke_token(TOKEN.id, ACT)
    await started(store, ring(tmp_path / "data"))
    assert set(await store.own_keys()) == {AUDIT, "pepper 1", f"pepper {made.id}"}


async def test_pepper_is_the_same_under_another_id(store, tmp_path) -> None:
    await started(store, ring(tmp_path / "data", env={"SALT": f"2a {OLD}"}, pepper="env:SALT"))
    await store.add_token(replace(TOKEN, pepper_id="2a"), ACT)

    await started(store, ring(tmp_path / "data", env={"SALT": f"1 {OLD}"}, pepper="env:SALT"))


async def test_pepper_of_a_database_from_before_is_taken_as_it_is_and_noted(store, tmp_path) -> None:
    await store.add_token(TOKEN, ACT)
    write_secret(tmp_path / "data" / "pepper", OLD)

    await started(store, ring(tmp_path / "data"))

    write_secret(tmp_path / "data" / "pepper", NEW)
    with pytest.raises(SetupError, match="another one"):
        await started(store, ring(tmp_path / "data"))


async def test_no_pepper_is_made_for_a_database_from_before_that_has_secrets(store, tmp_path) -> None:
    await store.add_token(TOKEN, ACT)

    with pytest.raises(SetupError, match=r"1 secret is hashed with the pepper 1, and the secret .* is not there"):
        await started(store, ring(tmp_path / "data"))

    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "it was sealed with the key 1, and the secret .* has none of that id"), (NEW, "does not open with its key")],
)
async def test_keys_that_do_not_open_what_is_sealed_are_refused_and_none_is_made(store, tmp_path, text, said) -> None:
    await started(store, ring(tmp_path / "data"))
    (tmp_path / "data" / "kek").unlink()
    if text:
        write_secret(tmp_path / "data" / "kek", text)

    with pytest.raises(
        StoreError, match=rf"own key .* does not open: .*{said}.*restore the secret .*/kek from a backup"
    ):
        await started(store, ring(tmp_path / "data"))

    assert (tmp_path / "data" / "kek").exists() is bool(text)


async def test_keys_of_a_source_prove_themselves(store, tmp_path) -> None:
    kept = {"keys": "lockbox", "pepper": "lockbox", "offered": {"lockbox": Lockbox}}
    these = ring(tmp_path / "data", **kept)
    await started(store, these)
    await store.add_token(replace(TOKEN, pepper_id=these.peppers.current().id), ACT)

    await started(store, ring(tmp_path / "data", **kept))
    with pytest.raises(SetupError):
        await started(store, ring(tmp_path / "other", **kept))
    assert list((tmp_path / "other").iterdir()) == []


async def test_check_values_are_moved_to_a_new_key_and_hide_the_pepper(store, tmp_path) -> None:
    these = ring(tmp_path / "data")
    await started(store, these)

    sealed = (await store.own_keys())["pepper 1"]
    opened = (await prove_keys(store, these.keys))["pepper 1"]

    pepper = these.peppers.current().content
    assert pepper not in sealed
    assert len(opened) == 32
    assert opened != pepper


# going on without a pepper


async def test_pepper_in_the_place_of_a_lost_one_is_accepted_and_made_where_there_is_none(store, tmp_path) -> None:
    await started(store, ring(tmp_path / "data"))
    await store.add_token(TOKEN, ACT)
    (tmp_path / "data" / "pepper").unlink()

    assert await accept(store, ring(tmp_path / "data")) == []

    await started(store, ring(tmp_path / "data"))


async def test_pepper_that_is_given_up_is_missed_no_more_until_it_is_back(store, tmp_path) -> None:
    await started(store, ring(tmp_path / "data"))
    await store.add_token(TOKEN, ACT)
    other = of_pepper(tmp_path / "other", f"2a {NEW}", tmp_path / "data" / "kek")

    assert await accept(store, ring(other)) == ["1"]

    await started(store, ring(other))
    with pytest.raises(SetupError, match=r"the pepper 1 in .* is another one"):
        await started(store, ring(tmp_path / "data"))
    assert await accept(store, ring(tmp_path / "data")) == []
    await started(store, ring(tmp_path / "data"))


async def test_peppers_are_accepted_only_with_the_keys_of_the_database(store, tmp_path) -> None:
    await started(store, ring(tmp_path / "data"))
    before = await store.own_keys()

    with pytest.raises(StoreError, match="does not open"):
        await accept(store, ring(tmp_path / "other"))

    assert await store.own_keys() == before
