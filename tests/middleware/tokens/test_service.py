"""Issuing, finding and revoking tokens, on a real store."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tollbridge.errors import BadRequest
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.tokens.service import TokenService

PEPPER = b"p" * 32


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[TokenService]:
    clock = FixedClock()
    store = SqliteStore(tmp_path / "t.db", clock)
    await store.open()
    yield TokenService(store, store, PEPPER, clock)
    await store.close()


async def test_issued_token_is_found_by_its_secret_until_it_is_revoked(service: TokenService) -> None:
    issued = await service.issue(name=" laptop ", owner=" me ")
    secret = issued.secret.encode()

    found = await service.identify(secret)
    revoked = await service.revoke(issued.token.id)

    assert found is not None
    assert (found.id, found.name, found.owner) == (issued.token.id, "laptop", "me")
    assert revoked is not None
    assert await service.identify(secret) is None


async def test_secret_is_in_no_repr(service: TokenService) -> None:
    issued = await service.issue(name="laptop")

    assert issued.secret not in repr(issued)


async def test_malformed_secret_costs_no_look_up(service: TokenService) -> None:
    issued = await service.issue(name="laptop")
    asked: list[bytes] = []

    class Counting:
        async def find_principal(self, digest: bytes) -> None:
            asked.append(digest)

        def recall_principal(self, digest: bytes) -> None:
            """Remember nothing."""

    counting = TokenService(Counting(), Counting(), PEPPER, FixedClock())  # type: ignore[arg-type]  # only looked up
    flipped = issued.secret[:-1] + ("0" if issued.secret[-1] != "0" else "1")

    assert await counting.identify(flipped.encode()) is None
    assert counting.recall(flipped.encode()) is None
    assert asked == []
    assert await counting.identify(issued.secret.encode()) is None
    assert len(asked) == 1


async def test_token_of_another_pepper_is_unknown(service: TokenService, tmp_path: Path) -> None:
    issued = await service.issue(name="laptop")
    store = SqliteStore(tmp_path / "t.db", FixedClock())
    await store.open()

    found = await TokenService(store, store, b"q" * 32, FixedClock()).identify(issued.secret.encode())
    await store.close()

    assert found is None


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a", "scopes": ()}, "scopes"),
        ({"name": "a", "scopes": ("chat",)}, "scopes"),
        ({"name": "a", "expires_at": FixedClock().now() - timedelta(days=1)}, "expires_at"),
    ],
)
async def test_what_cannot_be_a_token_is_refused_by_field(service: TokenService, options, param) -> None:
    with pytest.raises(BadRequest) as caught:
        await service.issue(**options)

    assert caught.value.param == param


async def test_unknown_token_cannot_be_revoked(service: TokenService) -> None:
    assert await service.revoke("tok_none") is None


@pytest.mark.parametrize("pepper", [b"", b"short"])
def test_short_pepper_is_refused(pepper: bytes) -> None:
    with pytest.raises(ValueError, match="shorter than 32 bytes"):
        TokenService(None, None, pepper, FixedClock())  # type: ignore[arg-type]  # refused before they are used


async def test_secret_is_recalled_once_it_was_found(service: TokenService) -> None:
    issued = await service.issue(name="laptop")
    secret = issued.secret.encode()

    before, found, after = service.recall(secret), await service.identify(secret), service.recall(secret)

    assert before is None
    assert found is not None
    assert after == found
