"""Credentials are made, rotated, removed and opened."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from structlog.testing import capture_logs

from tollbridge.audit import Actor
from tollbridge.credentials.keys import make_pair, public_key
from tollbridge.credentials.service import CredentialWish
from tollbridge.errors import BadRequest, SetupError, Unavailable
from tollbridge.sealing.places import CREDENTIAL, Place
from tollbridge.stores.credentials import CredentialKind
from tollbridge.tokens.model import Environment, TokenKind
from tollbridge.tokens.secret import is_well_formed, make_secret

SIGNATURE = CredentialWish(kind=CredentialKind.SIGNATURE)
SHARED = [CredentialKind.HMAC, CredentialKind.AKSK]
WEEK = timedelta(days=7)


class Held:
    """A gateway with a token, and its credentials."""

    def __init__(self, gw, token) -> None:
        self.gw, self.token, self.id = gw, token, token.id
        self.credentials = gw.gateway.credentials

    async def add(self, wish: CredentialWish = SIGNATURE, **options):
        return await self.credentials.add(self.id, wish, **options)

    async def told(self):
        return [json.loads(one.after) for one in await self.gw.gateway.store.list_audit(action="credential.")]


@pytest.fixture
async def held(gateway):
    gw = gateway(at="2026-01-05T12:00:00+00:00")
    await gw.client()
    issued = await gw.gateway.tokens.issue(name="shop", scopes=["ai:chat"])
    return Held(gw, issued.token)


async def test_private_key_is_made_here_and_given_once(held) -> None:
    made = await held.add()

    opened = await held.credentials.open(made.credential.id)
    private = load_pem_private_key(made.secret.encode(), None)
    assert public_key(opened.credential.public, "ed25519") == private.public_key()
    assert (opened.credential, opened.shared) == (made.credential, b"")
    assert made.credential.algorithm == "ed25519"
    assert await held.credentials.of_token(held.id) == [made.credential]


async def test_key_that_was_brought_is_kept_and_nothing_is_given(held) -> None:
    public, _ = make_pair("ecdsa-p256-sha256")
    wish = CredentialWish(kind=CredentialKind.SIGNATURE, algorithm="ecdsa-p256-sha256", public_key=public)

    made = await held.add(wish)

    assert (made.secret, made.credential.public) == ("", public)


@pytest.mark.parametrize("kind", SHARED)
async def test_shared_secret_is_sealed_and_opens_in_its_place_alone(held, kind) -> None:
    made = await held.add(CredentialWish(kind=kind))
    stored = await (await held.gw.gateway.store.credentials()).find(made.credential.id)

    opened = await held.credentials.open(made.credential.id)

    assert opened.shared == made.secret.encode()
    assert len(made.secret) > 40
    assert made.secret.encode() not in stored.sealed
    assert made.secret not in repr(made) + repr(opened) + repr(stored)


async def test_shared_secret_that_was_copied_to_another_row_does_not_open(held) -> None:
    store = await held.gw.gateway.store.credentials()
    one, other = [await held.add(CredentialWish(kind=CredentialKind.HMAC)) for _ in range(2)]
    sealed = (await store.find(one.credential.id)).sealed
    values = await held.gw.gateway.store.sealed_otherwise(b"", Place(CREDENTIAL))
    (there,) = [value for value in values if value.place.name == other.credential.id]
    await held.gw.gateway.store.reseal([there], [sealed])

    with pytest.raises(Unavailable, match="cannot be used now") as caught:
        await held.credentials.open(other.credential.id)
    assert other.credential.id in caught.value.detail


async def test_test_tokens_have_secrets_that_say_so(held) -> None:
    issued = await held.gw.gateway.tokens.issue(name="t", scopes=["ai:chat"], environment=Environment.TEST)

    made = await held.credentials.add(issued.token.id, CredentialWish(kind=CredentialKind.HMAC))

    assert made.secret.startswith("tb_test_")


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"kind": CredentialKind.SIGNATURE, "algorithm": "hmac-sha256"}, "algorithm"),
        ({"kind": CredentialKind.HMAC, "algorithm": "hmac-sha1"}, "algorithm"),
        ({"kind": CredentialKind.SIGNATURE, "public_key": "no key"}, "public_key"),
        ({"kind": CredentialKind.AKSK, "public_key": "no key"}, "public_key"),
    ],
)
async def test_wish_that_cannot_be_met_names_its_field(held, wish, param) -> None:
    with pytest.raises(BadRequest) as caught:
        await held.add(CredentialWish(**wish))

    assert (caught.value.status, caught.value.param) == (400, param)


async def test_end_that_is_past_is_refused_and_one_ahead_is_kept(held) -> None:
    now = held.gw.clock.now()

    with pytest.raises(BadRequest) as caught:
        await held.add(CredentialWish(kind=CredentialKind.HMAC, ends_at=now))
    made = await held.add(CredentialWish(kind=CredentialKind.HMAC, ends_at=now + WEEK))

    assert caught.value.param == "expires_at"
    assert made.credential.ends_at == now + WEEK


async def test_key_ends_when_a_secret_of_its_token_would(held) -> None:
    gw = held.gw
    forever = await gw.gateway.tokens.issue(name="t", scopes=["ai:chat"], rotate_days=0)

    made = [await held.credentials.add(id, SIGNATURE) for id in (held.id, forever.token.id)]

    assert [one.credential.ends_at for one in made] == [gw.clock.now() + timedelta(days=90), None]


async def test_only_clients_and_bearer_tokens_sign(held) -> None:
    holder = await held.gw.gateway.tokens.issue(name="t", scopes=["ai:chat"], kind=TokenKind.TEAM)

    with pytest.raises(BadRequest, match="kind team signs nothing"):
        await held.credentials.add(holder.token.id, SIGNATURE)
    assert await held.credentials.add("tok_other", SIGNATURE) is None


async def test_rotated_key_goes_on_for_the_overlap(held) -> None:
    first = await held.add()

    second = await held.credentials.rotate(held.id, first.credential.id, WEEK)

    now = held.gw.clock.now()
    assert second.credential.algorithm == first.credential.algorithm
    assert second.secret != first.secret
    ends = {one.id: one.ends_at for one in await held.credentials.of_token(held.id)}
    assert ends[first.credential.id] == now + WEEK
    held.gw.clock.advance(WEEK.total_seconds())
    assert await held.credentials.open(first.credential.id) is None
    assert await held.credentials.open(second.credential.id) is not None


async def test_rotation_of_what_is_not_there_or_too_long_does_nothing(held) -> None:
    made = await held.add()

    for overlap in (timedelta(seconds=-1), timedelta(days=30, seconds=1)):
        with pytest.raises(BadRequest) as caught:
            await held.credentials.rotate(held.id, made.credential.id, overlap)
        assert caught.value.param == "overlap"
    assert await held.credentials.rotate(held.id, "key_none") is None
    assert await held.credentials.rotate("tok_other", made.credential.id) is None
    assert await held.credentials.of_token(held.id) == [made.credential]


async def test_brought_key_is_followed_by_another_of_the_callers(held) -> None:
    first, second = (make_pair("ed25519")[0] for _ in range(2))
    made = await held.add(CredentialWish(kind=CredentialKind.SIGNATURE, public_key=first))

    rotated = await held.credentials.rotate(held.id, made.credential.id, public_key=second)

    assert (rotated.credential.public, rotated.secret) == (second, "")


async def test_key_that_went_meanwhile_is_not_rotated(held, monkeypatch) -> None:
    made, store = await held.add(), await held.gw.gateway.store.credentials()
    rotate = store.rotate

    async def late(*args):
        await held.credentials.remove(held.id, made.credential.id)
        return await rotate(*args)

    monkeypatch.setattr(store, "rotate", late)

    assert await held.credentials.rotate(held.id, made.credential.id) is None
    assert await held.credentials.of_token(held.id) == []


async def test_token_that_went_meanwhile_gets_no_key(held, monkeypatch) -> None:
    async def get_token(token_id: str):
        return replace(held.token, id=token_id)

    monkeypatch.setattr(held.gw.gateway.store, "get_token", get_token)

    assert await held.credentials.add("tok_gone", SIGNATURE) is None


async def test_removed_key_opens_nothing(held) -> None:
    made = await held.add()

    assert await held.credentials.remove(held.id, made.credential.id)
    assert not await held.credentials.remove(held.id, made.credential.id)
    assert await held.credentials.open(made.credential.id) is None


@pytest.mark.parametrize("id", ["", "key_", "key_" + "g" * 28, "tok_" + "0" * 28, "x" * 10_000, "\ud800"])
async def test_what_is_no_id_of_ours_is_not_looked_up(held, id, monkeypatch) -> None:
    monkeypatch.setattr(held.gw.gateway.store, "credentials", None)

    assert await held.credentials.open(id) is None


async def test_records_name_who_did_it_and_hold_no_secret(held) -> None:
    by = Actor("ada", "api", "192.0.2.1", "req_1")
    made = [await held.add(CredentialWish(kind=kind), by=by) for kind in CredentialKind]

    records = await held.gw.gateway.store.list_audit(action="credential.")
    assert {one.actor for one in records} == {by}
    assert [one["secret"].partition(":")[0] for one in await held.told()] == ["hmac", "hmac", "sha256"]
    assert not any(one.secret[8:20] in record.after for one in made for record in records)


async def test_secret_beside_the_id_of_its_token_proves_who_shows_it(held) -> None:
    made = await held.gw.gateway.tokens.issue(name="t", scopes=["ai:chat"], rotate_days=0)
    other = await held.gw.gateway.tokens.issue(name="t", scopes=["ai:chat"])
    prove = held.credentials.prove

    assert (await prove(made.token.id, made.secret)).ends_at is None
    for id, secret in ((made.token.id, other.secret), (other.token.id, made.secret), ("", made.secret)):
        assert await prove(id, secret) is None
    for secret in ("", "tb_", "\ud800", made.secret[:-1]):
        assert await prove(made.token.id, secret) is None


async def test_secret_under_an_older_pepper_moves_to_the_newer_when_it_is_proven(held) -> None:
    made = await held.gw.gateway.tokens.issue(name="t", scopes=["ai:chat"])
    store = held.gw.gateway.store
    await asyncio.to_thread(held.gw.gateway.rings.peppers.rotate)
    held.gw.clock.advance(60)
    before = await store.count_secrets()

    for _ in range(2):
        assert await held.credentials.prove(made.token.id, made.secret) is not None

    after = await store.count_secrets()
    assert (sum(before.values()), len(before), len(after)) == (2, 1, 2)


@pytest.mark.parametrize("kind", SHARED)
async def test_shared_secret_says_whose_it_is_while_its_token_is_live_and_it_signs(held, kind) -> None:
    made, other = await held.add(CredentialWish(kind=kind)), await held.add()
    whose, shown = held.credentials.whose, made.secret.encode()

    principal, key = await whose(shown)
    assert (principal.id, key) == (held.id, made.credential.id)
    assert is_well_formed(shown)
    for strange in (b"", b"x", shown[:-1], make_secret().encode(), other.secret.encode()):
        assert await whose(strange) is None

    await held.gw.gateway.tokens.disable(held.id)
    assert await whose(shown) is None
    await held.gw.gateway.tokens.enable(held.id)
    assert await whose(shown) is not None
    await held.credentials.rotate(held.id, made.credential.id, timedelta(0))
    assert await whose(shown) is None


async def test_shared_secret_under_an_older_pepper_is_found_and_moves_to_the_newer_when_it_signs(held) -> None:
    made = await held.add(CredentialWish(kind=CredentialKind.HMAC))
    gateway, shown = held.gw.gateway, made.secret.encode()
    await asyncio.to_thread(gateway.rings.peppers.rotate)
    held.gw.clock.advance(60)
    before, after = (key.id for key in gateway.rings.peppers.newest_first()[::-1])
    counted = [dict(await gateway.store.count_secrets())]

    assert await held.credentials.whose(shown) is not None
    counted.append(dict(await gateway.store.count_secrets()))
    assert (await held.credentials.open(made.credential.id)).shared == shown
    counted.append(dict(await gateway.store.count_secrets()))

    assert counted == [{before: 2}, {before: 2}, {before: 1, after: 1}]
    assert await held.credentials.whose(shown) is not None


@pytest.mark.parametrize("failure", [Unavailable("no"), SetupError("no pepper")])
async def test_secret_that_cannot_move_to_the_newer_pepper_signs_all_the_same(held, monkeypatch, failure) -> None:
    made = await held.add(CredentialWish(kind=CredentialKind.AKSK))
    store = await held.gw.gateway.store.credentials()

    async def fails(id: str, digest: bytes, pepper_id: str) -> None:
        raise failure

    monkeypatch.setattr(store, "rehash", fails)
    await asyncio.to_thread(held.gw.gateway.rings.peppers.rotate)
    held.gw.clock.advance(60)

    with capture_logs() as lines:
        opened = await held.credentials.open(made.credential.id)

    assert opened.shared == made.secret.encode()
    assert [(line["event"], line["reason"]) for line in lines] == [("secret_not_rehashed", type(failure).__name__)]
