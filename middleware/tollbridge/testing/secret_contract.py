"""What every store promises of keys of providers, as tests.  Subclass `SecretContract` as `StoreContract` says."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tollbridge.errors import BadRequest
from tollbridge.sealing.places import PROVIDER_KEY, Place
from tollbridge.stores.base import Store
from tollbridge.stores.sealed import Sealed
from tollbridge.stores.storedsecrets import StoredSecret
from tollbridge.testing.samples import ACT, NOON, act

HOUR = timedelta(hours=1)
_OLD, _NEW = b"\x02\x00\x00\x00\x01", b"\x02\x00\x00\x00\x2a"
FIRST = StoredSecret("openai", 1, "openai", "abcd", "", _OLD + b"first", NOON)
SECOND = replace(FIRST, version=2, hint="efgh", sealed=_OLD + b"second")
THIRD = replace(SECOND, version=3, sealed=_OLD + b"third")


class SecretContract:
    """Tests of `SecretStore` and of `stored_secrets`."""

    async def test_key_comes_back_as_it_was_kept_and_is_recorded(self, store: Store) -> None:
        whole = replace(FIRST, known_as="key-7", expires_at=NOON + HOUR)

        assert await (await store.secrets()).add(whole, ACT, "hmac:0") == [whole]

        assert await store.stored_secrets() == [whole]
        (record,) = await store.list_audit()
        assert (record.action, record.target, record.before) == ("provider_key.set", "openai", "null")
        assert record.after == (
            '{"ends_at":"2026-01-05T13:00:00+00:00","key":"hmac:0","provider":"openai","version":1}'
        )

    async def test_keys_are_read_by_name_and_the_newest_version_first(self, store: Store) -> None:
        secrets = await store.secrets()
        assert await store.stored_secrets() == []
        await secrets.add(FIRST, ACT, "")
        await secrets.rotate(SECOND, NOON + HOUR, ACT, "")
        await secrets.add(replace(FIRST, name="azure", provider="azure"), ACT, "")

        found = [(one.name, one.version) for one in await store.stored_secrets()]

        assert found == [("azure", 1), ("openai", 2), ("openai", 1)]

    async def test_second_first_version_is_refused_while_one_is_live(self, store: Store) -> None:
        secrets = await store.secrets()
        await secrets.add(replace(FIRST, expires_at=NOON + HOUR), ACT, "")

        with pytest.raises(BadRequest, match="rotate it, or remove it first") as refused:
            await secrets.add(SECOND, ACT, "")
        assert (refused.value.status, refused.value.code) == (409, "already_exists")
        await secrets.add(SECOND, act(NOON + HOUR), "")

        assert await store.stored_secrets() == [SECOND]

    async def test_one_of_many_first_versions_at_once_is_kept(self, store: Store) -> None:
        secrets = await store.secrets()

        tried = await asyncio.gather(*(secrets.add(FIRST, ACT, "") for _ in range(8)), return_exceptions=True)

        assert sum(isinstance(one, BadRequest) for one in tried) == 7
        assert len(await store.list_audit()) == 1

    async def test_rotation_ends_the_older_one_in_time_and_a_third_is_refused_until_then(self, store: Store) -> None:
        secrets = await store.secrets()
        await secrets.add(FIRST, ACT, "")
        kept = await secrets.rotate(SECOND, NOON + HOUR, ACT, "hmac:1")

        assert kept == await store.stored_secrets() == [SECOND, replace(FIRST, expires_at=NOON + HOUR)]
        with pytest.raises(BadRequest, match="two versions of this key are live") as refused:
            await secrets.rotate(THIRD, NOON + 2 * HOUR, ACT, "")
        assert (refused.value.status, refused.value.code) == (409, "rotating")
        assert len(await store.stored_secrets()) == 2
        assert await secrets.rotate(THIRD, NOON + 2 * HOUR, act(NOON + HOUR), "")

        assert await store.stored_secrets() == [THIRD, replace(SECOND, expires_at=NOON + 2 * HOUR)]
        assert '"others_end_at":"2026-01-05T14:00:00+00:00"' in (await store.list_audit())[0].after

    async def test_rotation_without_overlap_leaves_the_new_one_alone(self, store: Store) -> None:
        secrets = await store.secrets()
        await secrets.add(FIRST, ACT, "")

        assert await secrets.rotate(SECOND, NOON, ACT, "") == [SECOND]

        assert await store.stored_secrets() == [SECOND]

    async def test_rotation_without_overlap_ends_both_versions_at_once_and_says_that_it_does(
        self, store: Store
    ) -> None:
        secrets = await store.secrets()
        await secrets.add(FIRST, ACT, "")
        await secrets.rotate(SECOND, NOON + HOUR, ACT, "")
        with pytest.raises(BadRequest, match=r"no overlap \(--overlap now\).*remove --version 1\)"):
            await secrets.rotate(THIRD, NOON + HOUR, ACT, "")

        assert await secrets.rotate(THIRD, NOON, ACT, "") == [THIRD]

        assert await store.stored_secrets() == [THIRD]
        assert '"others_end_at":"2026-01-05T12:00:00+00:00"' in (await store.list_audit())[0].after

    async def test_rotation_prolongs_no_end_and_keeps_what_is_to_be_removed_elsewhere(self, store: Store) -> None:
        secrets = await store.secrets()
        early = replace(FIRST, known_as="key-1", expires_at=NOON + HOUR)
        await secrets.add(early, ACT, "")
        await secrets.rotate(SECOND, NOON + 5 * HOUR, ACT, "")
        assert await store.stored_secrets() == [SECOND, early]

        await secrets.rotate(THIRD, NOON + 5 * HOUR, act(NOON + 2 * HOUR), "")

        assert [(one.version, one.known_as) for one in await store.stored_secrets()] == [(3, ""), (2, ""), (1, "key-1")]

    async def test_nothing_live_is_not_rotated(self, store: Store) -> None:
        secrets = await store.secrets()
        assert not await secrets.rotate(SECOND, NOON, ACT, "")
        await secrets.add(replace(FIRST, expires_at=NOON + HOUR), ACT, "")

        assert not await secrets.rotate(SECOND, NOON + HOUR, act(NOON + HOUR), "")
        assert len(await store.list_audit()) == 1

    @pytest.mark.parametrize(
        ("change", "words"), [({"version": 3}, "changed meanwhile"), ({"provider": "azure"}, "another provider's")]
    )
    async def test_version_that_does_not_follow_is_refused_and_changes_nothing(
        self, store: Store, change: dict[str, object], words: str
    ) -> None:
        secrets = await store.secrets()
        await secrets.add(FIRST, ACT, "")

        with pytest.raises(BadRequest, match=words) as refused:
            await secrets.rotate(replace(SECOND, **change), NOON + HOUR, ACT, "")

        assert refused.value.status == 409
        assert await store.stored_secrets() == [FIRST]
        assert len(await store.list_audit()) == 1

    async def test_end_of_a_live_version_is_moved_and_taken_away(self, store: Store) -> None:
        secrets = await store.secrets()
        await secrets.add(FIRST, ACT, "")
        assert await secrets.expire("openai", 1, NOON + HOUR, ACT) == [replace(FIRST, expires_at=NOON + HOUR)]
        assert await store.stored_secrets() == [replace(FIRST, expires_at=NOON + HOUR)]
        assert await secrets.expire("openai", 1, None, ACT)

        assert await store.stored_secrets() == [FIRST]
        record = (await store.list_audit())[0]
        assert record.before == '{"ends_at":"2026-01-05T13:00:00+00:00","version":1}'
        assert record.after == '{"ends_at":null,"version":1}'
        await secrets.expire("openai", 1, NOON + HOUR, ACT)
        for name, version, at in (("openai", 2, NOON), ("azure", 1, NOON), ("openai", 1, NOON + HOUR)):
            assert not await secrets.expire(name, version, None, act(at))

    async def test_one_version_or_all_are_removed(self, store: Store) -> None:
        secrets = await store.secrets()
        await secrets.add(FIRST, ACT, "")
        await secrets.rotate(SECOND, NOON + HOUR, ACT, "")

        assert await secrets.remove("openai", ACT, 2) == [2]
        assert await secrets.remove("openai", ACT, 2) == []
        await secrets.rotate(THIRD, NOON + HOUR, ACT, "")
        assert await secrets.remove("openai", ACT) == [1, 3]
        assert await secrets.remove("openai", ACT) == []

        assert await store.stored_secrets() == []
        removed = [record.before for record in await store.list_audit(action="provider_key.remove")]
        assert removed == ['{"versions":[1,3]}', '{"versions":[2]}']

    async def test_number_of_a_version_is_never_used_again(self, store: Store) -> None:
        secrets = await store.secrets()
        assert await secrets.newest("openai") == 0
        await secrets.add(FIRST, ACT, "")
        await secrets.rotate(SECOND, NOON + HOUR, ACT, "")
        await secrets.remove("openai", ACT, 2)
        with pytest.raises(BadRequest, match="changed meanwhile") as refused:
            await secrets.rotate(SECOND, NOON + HOUR, ACT, "")
        assert refused.value.status == 409
        await secrets.remove("openai", ACT)

        for used in (FIRST, SECOND, replace(FIRST, provider="azure"), replace(FIRST, version=4)):
            with pytest.raises(BadRequest, match="changed meanwhile"):
                await secrets.add(used, ACT, "")
        assert await secrets.newest("openai") == 2
        await secrets.add(replace(FIRST, name="azure", provider="azure"), ACT, "")
        await secrets.add(replace(THIRD, provider="azure"), ACT, "")

        assert [(one.name, one.version) for one in await store.stored_secrets()] == [("azure", 1), ("openai", 3)]
        assert (await secrets.newest("azure"), await secrets.newest("openai")) == (1, 3)

    async def test_uses_are_noted_and_only_go_forward(self, store: Store) -> None:
        secrets = await store.secrets()
        await secrets.add(FIRST, ACT, "")
        await secrets.note_uses({("openai", 1): NOON + HOUR, ("gone", 7): NOON})
        await secrets.note_uses({("openai", 1): NOON})

        assert await store.stored_secrets() == [replace(FIRST, last_used_at=NOON + HOUR)]
        assert len(await store.list_audit()) == 1

    async def test_warning_is_recorded_once_until_the_end_is_moved(self, store: Store) -> None:
        secrets = await store.secrets()
        await secrets.add(FIRST, ACT, "")
        assert not await secrets.warn("openai", 1, ACT)
        await secrets.expire("openai", 1, NOON + HOUR, ACT)

        told = await asyncio.gather(*(secrets.warn("openai", 1, ACT) for _ in range(4)))

        assert sorted(told) == [False, False, False, True]
        assert (await store.stored_secrets())[0].warned_at == NOON
        (record,) = await store.list_audit(action="provider_key.ending")
        assert record.after == '{"ends_at":"2026-01-05T13:00:00+00:00","provider":"openai","version":1}'
        await secrets.expire("openai", 1, NOON + 2 * HOUR, ACT)
        assert await secrets.warn("openai", 1, ACT)
        assert not await secrets.warn("openai", 2, ACT)

    async def test_every_version_is_sealed_anew_in_its_own_place(self, store: Store) -> None:
        secrets = await store.secrets()
        await secrets.add(FIRST, ACT, "")
        await secrets.rotate(replace(SECOND, sealed=_NEW + b"second"), NOON + HOUR, ACT, "")
        await secrets.add(replace(FIRST, name="azure", provider="azure", sealed=_OLD + b"azure"), ACT, "")

        values = [value for value in await store.sealed_otherwise(_NEW) if value.place.kind == PROVIDER_KEY]

        assert values == [
            Sealed(Place(PROVIDER_KEY, "azure", "azure", 1), _OLD + b"azure"),
            Sealed(Place(PROVIDER_KEY, "openai", "openai", 1), _OLD + b"first"),
        ]
        assert [value.place for value in values] == [
            one.place for one in await store.stored_secrets() if one.version == 1
        ]
        assert await store.reseal(values, [_NEW + b"a", _NEW + b"b"]) == 2
        assert [one.sealed for one in await store.stored_secrets()] == [_NEW + b"a", _NEW + b"second", _NEW + b"b"]
