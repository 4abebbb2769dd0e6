"""Grants on a real store, with a client and a holder that can lend."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.support.rings import rings

from tollbridge.audit import Actor
from tollbridge.clock import Clock
from tollbridge.grants.model import Consent, Lent
from tollbridge.grants.service import CodeWish, GrantService
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.blank import lay_database
from tollbridge.testing.client_contract import added
from tollbridge.testing.samples import sample_key
from tollbridge.tokens.peppers import OnePepper
from tollbridge.tokens.service import TokenService
from tollbridge.vault import Box

SCOPES = ("ai:chat", "model:*")
BY = Actor("person_1", "oauth")
WISH = CodeWish(redirect_uri="https://app.example/done", challenge="x", confirmed_at=None, lasts_s=60)


@dataclass
class Lending:
    """What a test has at hand; `holder` lends to `client_7`."""

    store: SqliteStore
    clock: FixedClock
    tokens: TokenService
    grants: GrantService
    box: Box
    holder: str

    @property
    def consent(self) -> Consent:
        return Consent(holder=self.holder, client_id="client_7", scopes=SCOPES, owner="person_1", name="Notes")

    def with_grace(self, seconds: float) -> "Lending":
        hashes = OnePepper(b"p" * 32)
        grants = GrantService(self.store, self.tokens, hashes, box=self.box, clock=self.clock, grace_s=seconds)
        return replace(self, grants=grants)

    async def lent(self) -> Lent:
        """Agree, and give what is lent."""
        grant_id = await self.grants.agree(self.consent, by=BY)
        return Lent(client_id="client_7", grant_id=grant_id, scopes=SCOPES)


@pytest.fixture
async def lending(tmp_path: Path) -> AsyncIterator[Lending]:
    clock = FixedClock()
    kept: Clock = clock
    store = SqliteStore(lay_database(tmp_path / "t.db"), kept)
    await store.open()
    hashes, box = OnePepper(b"p" * 32), Box(rings(tmp_path, clock=clock).keys)
    tokens = TokenService(store, store, hashes, clock, audit_key=sample_key)
    holder = await tokens.issue(name="person", scopes=SCOPES)
    await added(store, 7, scopes=("ai:*", "model:*"))
    grants = GrantService(store, tokens, hashes, box=box, clock=clock)
    yield Lending(store, clock, tokens, grants, box, holder.token.id)
    await store.close()
