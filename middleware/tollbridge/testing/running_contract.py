"""What every store promises about what let running calls in, as tests.  Subclass as `StoreContract` says."""

from dataclasses import replace
from datetime import timedelta

from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewSecret, NewToken
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.credential_contract import SHARED, key
from tollbridge.testing.grant_contract import ACCESS, issue, lend
from tollbridge.testing.samples import ACT, NOON, TOKEN
from tollbridge.tokens.model import SecretUse, Shown


async def shown(store: Store, digest: bytes) -> Shown:
    """Find what a call that shows this secret is let in by."""
    principal = await store.find_principal(digest)
    assert principal is not None
    return principal.shown


class RunningContract:
    """Tests of `HotStore.still_open`."""

    async def test_running_tokens_are_open_until_they_are_revoked_or_expire(
        self, store: Store, clock: FixedClock
    ) -> None:
        await store.add_token(TOKEN, ACT)
        await store.add_token(NewToken("tok_2", "bare", b"2" * 32, "tb_efgh", "1", ("ai:*",), NOON), ACT)
        one, two, three = running = [Shown(f"tok_{number}") for number in (1, 2, 3)]

        assert set(await store.still_open(running)) == {one, two}
        assert set(await store.still_open({one})) == {one}
        assert set(await store.still_open(set())) == set()

        await store.revoke_token("tok_2", ACT)
        assert set(await store.still_open(running)) == {one}

        clock.advance(30 * 86_400 - 1)
        assert set(await store.still_open(running)) == {one}
        clock.advance(1)
        assert set(await store.still_open({one, two, three})) == set()

    async def test_running_secret_is_open_until_it_ends_itself(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(TOKEN, ACT)
        old = await shown(store, TOKEN.digest)
        clock.advance(60)
        await store.rotate_token(
            "tok_1", NewSecret(b"2" * 32, "tb_new", "1", clock.now()), clock.now() + timedelta(hours=1), ACT
        )
        new = await shown(store, b"2" * 32)

        assert old != new
        assert set(await store.still_open({old, new})) == {old, new}
        clock.advance(3600)
        assert set(await store.still_open({old, new, Shown("tok_1")})) == {new, Shown("tok_1")}

    async def test_running_secret_is_open_under_another_pepper(self, store: Store) -> None:
        await store.add_token(TOKEN, ACT)
        running = await shown(store, TOKEN.digest)

        await store.rehash_secret(TOKEN.digest, b"9" * 32, "2")

        assert set(await store.still_open({running})) == {running}
        assert await shown(store, b"9" * 32) == running

    async def test_running_secret_of_a_client_is_open_until_it_is_rotated_away(
        self, store: Store, clock: FixedClock
    ) -> None:
        await store.add_token(replace(TOKEN, use=SecretUse.CLIENT), ACT)
        found = await (await store.credentials()).find_secret("tok_1", [TOKEN.digest])
        assert found is not None
        running = Shown("tok_1", found.made_us)
        assert set(await store.still_open({running})) == {running}

        clock.advance(60)
        await store.rotate_token("tok_1", NewSecret(b"2" * 32, "tb_new", "1", clock.now()), clock.now(), ACT)

        assert set(await store.still_open({running, Shown("tok_1")})) == {Shown("tok_1")}

    async def test_running_key_is_open_until_it_is_removed_or_rotated_away(
        self, store: Store, clock: FixedClock
    ) -> None:
        await store.add_token(TOKEN, ACT)
        await store.add_token(NewToken("tok_2", "bare", b"2" * 32, "tb_efgh", "1", ("ai:*",), NOON), ACT)
        credentials = await store.credentials()
        for one in (key(1), key(2), SHARED):
            await credentials.add(one, ACT)
        first, second, shared = running = [Shown("tok_1", key=id) for id in ("key_1", "key_2", "ak_1")]
        assert set(await store.still_open(running)) == set(running)
        assert set(await store.still_open({Shown("tok_2", key="key_1"), Shown("tok_1", key="key_9")})) == set()

        await credentials.remove("tok_1", "key_2", ACT)
        assert set(await store.still_open(running)) == {first, shared}
        await credentials.rotate("key_1", key(3), clock.now() + timedelta(hours=1), ACT)
        assert set(await store.still_open({first, second})) == {first}

        clock.advance(3600)
        assert set(await store.still_open(running)) == {shared}
        await store.switch_token("tok_1", ACT, on=False)
        assert set(await store.still_open(running)) == set()

    async def test_running_access_token_is_open_until_it_is_dropped_or_expires(
        self, store: Store, clock: FixedClock
    ) -> None:
        await lend(store)
        await issue(store, ACCESS)
        running = await shown(store, ACCESS.digest)
        assert set(await store.still_open({running})) == {running}

        await (await store.grants()).drop_access([ACCESS.digest])

        assert set(await store.still_open({running})) == set()
        assert set(await store.still_open({Shown("grant_1")})) == {Shown("grant_1")}
        await issue(store, ACCESS)
        assert set(await store.still_open({running})) == {running}
        clock.advance(3600)
        assert set(await store.still_open({running})) == set()

    async def test_running_access_token_ends_with_its_client_and_with_its_holder(self, store: Store) -> None:
        await lend(store)
        await issue(store, ACCESS)
        running = await shown(store, ACCESS.digest)

        await store.switch_token("client_7", ACT, on=False)
        assert set(await store.still_open({running})) == set()
        await store.switch_token("client_7", ACT, on=True)
        assert set(await store.still_open({running})) == {running}
        await store.revoke_token("tok_1", ACT)
        assert set(await store.still_open({running})) == set()
