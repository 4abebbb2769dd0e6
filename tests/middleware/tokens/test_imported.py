"""Tokens whose secrets another system made, known by the hashes it kept."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tollbridge.errors import BadRequest, Denied
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.blank import lay_database
from tollbridge.testing.samples import sample_key
from tollbridge.tokens.foreign import ForeignHashes
from tollbridge.tokens.peppers import OnePepper
from tollbridge.tokens.service import TokenService

SECRET = b"sk-1234-of-another-gateway"
HASH = f"sha256:{hashlib.sha256(SECRET).hexdigest()}"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[TokenService]:
    clock = FixedClock()
    store = SqliteStore(lay_database(tmp_path / "t.db"), clock)
    await store.open()
    foreign = ForeignHashes(["sha256"])
    yield TokenService(store, store, OnePepper(b"p" * 32), clock, audit_key=sample_key, foreign=foreign)
    await store.close()


async def test_secret_opens_here_as_it_did_there(service: TokenService) -> None:
    brought = await service.foreign(HASH, name="shop", scopes=("ai:chat",))
    (token,) = await service.bring([brought])

    found = await service.identify(SECRET)
    assert token is not None
    assert found is not None
    assert (found.id, found.name, token.hint) == (token.id, "shop", "imported")
    assert service.recall(SECRET) == found
    assert service.recall(b"sk-another") is await service.identify(b"sk-another") is None


async def test_one_that_is_there_is_not_made_again(service: TokenService) -> None:
    await service.bring([await service.foreign(HASH, name="shop")])

    assert await service.bring([await service.foreign(HASH, name="again")]) == [None]
    found = await service.identify(SECRET)
    assert found is not None
    assert found.name == "shop"


async def test_nobody_brings_one_that_may_do_more_than_they(service: TokenService) -> None:
    issued = await service.issue(name="minter", scopes=("ai:chat",))
    minter = await service.identify(issued.secret.encode())

    with pytest.raises(Denied):
        await service.foreign(HASH, name="shop", scopes=("ai:*",), minter=minter)
    brought = await service.foreign(HASH, name="shop", scopes=("ai:chat",), minter=minter)
    assert brought.token.parent == issued.token.id


@pytest.mark.parametrize("known_as", ["md5:00", HASH[:-1], HASH.replace("sha256", "hmac:old")])
async def test_hash_that_cannot_be_used_is_named(service: TokenService, known_as: str) -> None:
    with pytest.raises(BadRequest) as refused:
        await service.foreign(known_as, name="shop")

    assert refused.value.param == "hash"
    assert HASH[10:-1] not in refused.value.message
