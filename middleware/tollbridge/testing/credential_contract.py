"""What every store promises of keys that callers sign with, as tests.  Subclass as `StoreContract` says."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace as replaced
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tollbridge.errors import BadRequest
from tollbridge.sealing.places import CREDENTIAL, Place
from tollbridge.stores.base import Store
from tollbridge.stores.credentials import Credential, CredentialKind, CredentialStore, ShownSecret, StoredCredential
from tollbridge.stores.rows import micros
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON, TOKEN
from tollbridge.tokens.model import SecretUse

KEY = Credential("key_1", "tok_1", CredentialKind.SIGNATURE, "ed25519", '{"kty": "OKP"}', NOON)
SHARED = StoredCredential(
    Credential("ak_1", "tok_1", CredentialKind.AKSK, "hmac-sha256", "", NOON, NOON + timedelta(days=1)),
    b"\x02sealed",
    "hmac:1234",
    b"d" * 32,
    "1",
)


def key(number: int, **fields: object) -> StoredCredential:
    """Give a credential with a public key, numbered."""
    at = NOON + timedelta(seconds=number)
    return StoredCredential(
        replace(KEY, **{"id": f"key_{number}", "created_at": at, **fields}), told=f"sha256:{number}"
    )


async def ids(credentials: CredentialStore, token_id: str = "tok_1") -> Sequence[str]:
    """Give the ids of a token's credentials, in the order of the store."""
    return [one.id for one in await credentials.of_token(token_id)]


class CredentialContract:
    """Tests of `CredentialStore`."""

    @pytest.fixture
    async def credentials(self, store: Store) -> CredentialStore:
        await store.add_token(TOKEN, ACT)
        return await store.credentials()

    async def test_credential_comes_back_as_it_was_kept(self, credentials: CredentialStore) -> None:
        assert await credentials.add(SHARED, ACT)
        assert await credentials.add(key(1), ACT)

        assert await credentials.find("ak_1") == replace(SHARED, told="")
        assert await credentials.find("key_1") == replace(key(1), told="")
        assert await credentials.of_token("tok_1") == [key(1).credential, SHARED.credential]
        assert await credentials.find("key_2") is None
        assert await credentials.find("\0") is None
        assert await credentials.of_token("tok_2") == []

    async def test_two_of_a_kind_are_kept_and_no_third(self, credentials: CredentialStore) -> None:
        await credentials.add(SHARED, ACT)
        made = await asyncio.gather(*(credentials.add(key(number), ACT) for number in range(5)), return_exceptions=True)

        refused = [one for one in made if isinstance(one, BadRequest)]
        assert [(one.status, one.code) for one in refused] == [(409, "rotating")] * 3
        assert len(await ids(credentials)) == 3

    async def test_one_that_has_ended_makes_room_and_signs_nothing(
        self, credentials: CredentialStore, clock: FixedClock
    ) -> None:
        soon = NOON + timedelta(seconds=10)
        await credentials.add(key(1, ends_at=soon), ACT)
        await credentials.add(key(2, ends_at=soon), ACT)

        clock.advance(9)
        with pytest.raises(BadRequest, match="two credentials"):
            await credentials.add(key(3), ACT)
        clock.advance(1)

        assert await credentials.find("key_1") is None
        assert await credentials.of_token("tok_1") == []
        assert not await credentials.rotate("key_1", key(3), soon, ACT)
        assert not await credentials.remove("tok_1", "key_1", ACT)
        assert await credentials.add(key(3), ACT)
        assert await ids(credentials) == ["key_3"]

    async def test_rotated_one_ends_in_time_and_never_later_than_it_would_have(
        self, credentials: CredentialStore, clock: FixedClock
    ) -> None:
        soon, late = NOON + timedelta(seconds=10), NOON + timedelta(days=7)
        await credentials.add(key(1), ACT)

        assert await credentials.rotate("key_1", key(2, ends_at=late), soon, ACT)
        assert [one.ends_at for one in await credentials.of_token("tok_1")] == [late, soon]
        with pytest.raises(BadRequest, match="two credentials"):
            await credentials.rotate("key_2", key(3), late + timedelta(days=1), ACT)
        assert [one.ends_at for one in await credentials.of_token("tok_1")] == [late, soon]

        clock.advance(10)
        assert await credentials.rotate("key_2", key(3), late + timedelta(days=1), ACT)
        assert [one.ends_at for one in await credentials.of_token("tok_1")] == [None, late]

    async def test_rotation_at_once_leaves_the_new_one_alone(self, credentials: CredentialStore) -> None:
        await credentials.add(key(1), ACT)
        await credentials.add(key(2), ACT)

        assert await credentials.rotate("key_1", key(3), NOON, ACT)

        assert await ids(credentials) == ["key_3", "key_2"]

    @pytest.mark.parametrize("other", [{"token_id": "tok_2"}, {"kind": CredentialKind.HMAC}])
    async def test_rotation_stays_with_its_token_and_kind(
        self, credentials: CredentialStore, store: Store, other: dict[str, object]
    ) -> None:
        await credentials.add(key(1), ACT)

        assert not await credentials.rotate("key_1", key(2, **other), NOON, ACT)

        assert await ids(credentials) == ["key_1"]
        assert await credentials.find("key_2") is None

    async def test_removed_one_is_gone_and_only_its_token_removes_it(self, credentials: CredentialStore) -> None:
        await credentials.add(key(1), ACT)

        assert not await credentials.remove("tok_2", "key_1", ACT)
        assert await credentials.remove("tok_1", "key_1", ACT)
        assert not await credentials.remove("tok_1", "key_1", ACT)

        assert await credentials.find("key_1") is None

    async def test_token_that_is_not_there_or_has_ended_gets_none(
        self, credentials: CredentialStore, store: Store
    ) -> None:
        await credentials.add(key(1), ACT)
        await store.revoke_token("tok_1", ACT)

        assert not await credentials.add(key(2, token_id="tok_2"), ACT)
        with pytest.raises(BadRequest, match="has ended"):
            await credentials.add(key(2), ACT)
        with pytest.raises(BadRequest, match="has ended"):
            await credentials.rotate("key_1", key(2), NOON, ACT)
        assert await ids(credentials) == ["key_1"]

    async def test_each_change_is_one_record_and_a_refusal_is_none(
        self, credentials: CredentialStore, store: Store
    ) -> None:
        later = NOON + timedelta(days=1)
        await credentials.add(key(1), ACT)
        await credentials.rotate("key_1", key(2), later, ACT)
        with pytest.raises(BadRequest):
            await credentials.add(key(3), ACT)
        await credentials.remove("tok_1", "key_2", ACT)
        await credentials.remove("tok_1", "key_2", ACT)

        found = list(await store.list_audit(action="credential.", target="tok_1"))[::-1]
        assert [one.action for one in found] == ["credential.add", "credential.rotate", "credential.remove"]
        said = {"credential": "key_2", "kind": "signature", "algorithm": "ed25519", "ends_at": None}
        rotated = {**said, "secret": "sha256:2", "other": "key_1", "other_ends_at": later.isoformat()}
        assert [json.loads(one.after) for one in found[1:]] == [rotated, None]
        assert json.loads(found[2].before) == said

    async def test_shared_secret_is_found_to_be_sealed_anew(self, credentials: CredentialStore, store: Store) -> None:
        await credentials.add(SHARED, ACT)
        await credentials.add(key(1), ACT)

        (found,) = await store.sealed_otherwise(b"other")
        assert found.place == Place(CREDENTIAL, "tok_1", "ak_1")
        assert await store.reseal([found], [b"\x02anew"]) == 1

        stored = await credentials.find("ak_1")
        assert stored is not None
        assert stored.sealed == b"\x02anew"

    async def test_shared_secret_is_found_by_its_digest_until_it_ends(
        self, credentials: CredentialStore, clock: FixedClock
    ) -> None:
        await credentials.add(SHARED, ACT)
        await credentials.add(key(1), ACT)

        assert await credentials.find_shared([b"0" * 32, SHARED.digest]) == SHARED.credential
        assert await credentials.find_shared([b"0" * 32]) is None
        assert await credentials.find_shared([]) is None
        clock.advance(86_400)
        assert await credentials.find_shared([SHARED.digest]) is None

    async def test_shared_secret_moves_to_another_pepper_and_no_record_says_so(
        self, credentials: CredentialStore, store: Store
    ) -> None:
        await credentials.add(SHARED, ACT)
        records = await store.follow_audit()

        await credentials.rehash("ak_1", b"e" * 32, "2")

        assert await credentials.find_shared([SHARED.digest]) is None
        assert await credentials.find_shared([b"e" * 32]) == SHARED.credential
        assert await credentials.find("ak_1") == replace(SHARED, told="", digest=b"e" * 32, pepper_id="2")
        assert await store.follow_audit() == records

    async def test_shared_secrets_that_sign_count_among_what_their_pepper_opens(
        self, credentials: CredentialStore, store: Store, clock: FixedClock
    ) -> None:
        await credentials.add(key(1), ACT)
        assert dict(await store.count_secrets()) == {TOKEN.pepper_id: 1}
        await credentials.add(SHARED, ACT)
        await credentials.add(replace(SHARED, credential=replace(SHARED.credential, id="ak_2"), pepper_id="2"), ACT)
        assert dict(await store.count_secrets()) == {"1": 2, "2": 1}
        assert set(await store.peppers()) == {"1", "2"}

        clock.advance(86_400)
        assert dict(await store.count_secrets()) == {"1": 1}
        await store.revoke_token("tok_1", ACT)
        assert dict(await store.count_secrets()) == {}

    @pytest.mark.parametrize("use", [SecretUse.BEARER, SecretUse.CLIENT])
    async def test_secret_is_found_beside_the_id_of_its_own_token_alone(
        self, store: Store, clock: FixedClock, use: SecretUse
    ) -> None:
        ends_at = NOON + timedelta(seconds=10)
        await store.add_token(replaced(TOKEN, use=use, secret_ends_at=ends_at), ACT)
        credentials = await store.credentials()

        found = await credentials.find_secret("tok_1", [b"0" * 32, TOKEN.digest])
        assert found == ShownSecret(TOKEN.digest, TOKEN.pepper_id, ends_at, use, micros(NOON))
        assert await credentials.find_secret("tok_2", [TOKEN.digest]) is None
        assert await credentials.find_secret("tok_1", [b"0" * 32]) is None
        clock.advance(10)
        assert await credentials.find_secret("tok_1", [TOKEN.digest]) is None

    @pytest.mark.parametrize("use", [SecretUse.ACCESS, SecretUse.ELSEWHERE])
    async def test_access_token_is_no_secret_of_its_holder(self, store: Store, use: SecretUse) -> None:
        await store.add_token(replaced(TOKEN, use=use), ACT)

        assert await (await store.credentials()).find_secret("tok_1", [TOKEN.digest]) is None

    async def test_secret_without_an_end_has_none(self, store: Store) -> None:
        await store.add_token(TOKEN, ACT)

        found = await (await store.credentials()).find_secret("tok_1", [TOKEN.digest])
        assert found == ShownSecret(TOKEN.digest, TOKEN.pepper_id, None, made_us=micros(NOON))

    async def test_secret_says_whether_it_only_proves_which_client_it_is_of(self, store: Store) -> None:
        await store.add_token(replaced(TOKEN, use=SecretUse.CLIENT), ACT)

        found = await (await store.credentials()).find_secret("tok_1", [TOKEN.digest])
        assert found == ShownSecret(TOKEN.digest, TOKEN.pepper_id, None, SecretUse.CLIENT, micros(NOON))
