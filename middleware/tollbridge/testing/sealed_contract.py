"""What every store promises of its sealed values, as tests.  Subclass `SealedContract` as `StoreContract` says."""

from datetime import timedelta

from msgspec.structs import replace

from tollbridge.sealing.places import ANSWER, OWN_KEY, SIGNING_KEY, Place
from tollbridge.stores.base import Store
from tollbridge.stores.sealed import Sealed, StoredKey
from tollbridge.testing.kept_contract import KEPT
from tollbridge.testing.samples import NOON

_OLD, _NEW = b"\x02\x00\x00\x00\x01", b"\x02\x00\x00\x00\x2a"


def _place(id: str) -> Place:
    return Place(ANSWER, "tok_1", id)


async def _all_but(store: Store, head: bytes) -> list[Sealed]:
    """Go through the store as `rewrap` does."""
    found: list[Sealed] = []
    while values := await store.sealed_otherwise(head, found[-1].place if found else None):
        found += values
    return found


class SealedContract:
    """Tests of `SealedStore`."""

    async def test_empty_store_has_nothing_sealed(self, store: Store) -> None:
        store.keep(KEPT, b"")

        assert await store.sealed_heads() == {}
        assert await _all_but(store, _NEW) == []

    async def test_values_are_counted_by_their_heads(self, store: Store) -> None:
        kept = {"a": b"\x01abcdefgh", "b": b"\x01ijklmnop", "c": _OLD + b"xyz", "d": _NEW + b"x", "e": _NEW}
        for id, content in kept.items():
            store.keep(replace(KEPT, id=id), content)

        assert await store.sealed_heads() == {b"\x01": 2, _OLD: 1, _NEW: 2}

    async def test_values_of_other_heads_are_given_once_with_their_places(self, store: Store) -> None:
        for number in range(250):
            store.keep(replace(KEPT, id=f"resp_{number:03}"), _OLD + b"%d" % number)
        store.keep(replace(KEPT, id="resp_new"), _NEW + b"x")
        store.keep(replace(KEPT, id="resp_before", token_id="tok_2"), b"\x01" + bytes(30))

        found = await _all_but(store, _NEW)

        wanted = {Sealed(_place(f"resp_{number:03}"), _OLD + b"%d" % number) for number in range(250)}
        assert len(found) == 251
        assert set(found) == wanted | {Sealed(Place(ANSWER, "tok_2", "resp_before"), b"\x01" + bytes(30))}

    async def test_long_values_come_few_at_a_time(self, store: Store) -> None:
        for number in range(5):
            store.keep(replace(KEPT, id=f"resp_{number}"), _OLD + bytes(7_000_000))

        assert len(await store.sealed_otherwise(_NEW)) == 2
        assert len(await _all_but(store, _NEW)) == 5

    async def test_value_is_replaced_only_where_it_is_still_what_it_was(self, store: Store) -> None:
        store.keep(KEPT, _OLD + b"first")
        store.keep(replace(KEPT, id="resp_2"), _OLD + b"other")
        values = await _all_but(store, _NEW)
        store.keep(KEPT, _OLD + b"second")
        await store.find_answer("resp_1", "tok_1")

        assert await store.reseal(values, [_NEW + b"anew"] * 2) == 1

        assert await store.contents(["resp_1", "resp_2"], "tok_1") == {
            "resp_1": _OLD + b"second",
            "resp_2": _NEW + b"anew",
        }
        assert await store.reseal([], []) == 0

    async def test_own_key_stays_what_it_was_first(self, store: Store) -> None:
        assert await store.own_key("audit") is None
        assert await store.add_own_key("audit", _OLD + b"first") == _OLD + b"first"
        assert await store.add_own_key("audit", _OLD + b"second") == _OLD + b"first"

        assert await store.own_key("audit") == _OLD + b"first"
        assert await store.own_key("other") is None
        assert dict(await store.own_keys()) == {"audit": _OLD + b"first"}

    async def test_values_of_every_kind_are_gone_through_and_replaced(self, store: Store) -> None:
        store.keep(KEPT, _OLD + b"answer")
        await store.add_own_key("audit", _OLD + b"key")
        await store.add_own_key("new", _NEW + b"key")

        values = await _all_but(store, _NEW)

        places = [_place("resp_1"), Place(OWN_KEY, name="audit")]
        assert [value.place for value in values] == places
        assert await store.sealed_heads() == {_OLD: 2, _NEW: 1}
        assert await store.reseal(values, [_NEW + b"a", _NEW + b"b"]) == 2
        assert await store.own_key("audit") == _NEW + b"b"

    async def test_signing_keys_are_added_one_at_a_time_and_listed_newest_first(self, store: Store) -> None:
        day = timedelta(days=1)
        first = StoredKey("key_1", "access", "ES256", NOON, '{"kid":"key_1"}', _OLD + b"1")
        await store.add_signing_key(first, NOON - day)
        await store.add_signing_key(replace(first, kid="key_2"), NOON - day)
        await store.add_signing_key(replace(first, kid="key_3", used_for="assertion"), NOON - day)
        later = replace(first, kid="key_4", made_at=NOON + day)
        await store.add_signing_key(later, NOON)

        assert await store.signing_keys("access") == [later, first]
        assert await store.signing_keys("none") == []
        values = await _all_but(store, _NEW)
        assert Sealed(Place(SIGNING_KEY, "access", "key_1"), first.sealed) in values
        assert await store.reseal(values, [_NEW + b"x"] * 3) == 3
        assert await store.drop_signing_keys("access", NOON + day) == 1
        assert await store.signing_keys("access") == [replace(later, sealed=_NEW + b"x")]
        assert len(await store.signing_keys("assertion")) == 1
