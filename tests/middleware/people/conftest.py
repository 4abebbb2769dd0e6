"""The people of a real store, with passwords that cost nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from tollbridge.people.passwords import Passwords
from tollbridge.people.service import People
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.blank import lay_database
from tollbridge.testing.samples import sample_key
from tollbridge.tokens.model import Principal
from tollbridge.tokens.peppers import OnePepper
from tollbridge.tokens.service import TokenService

CHEAP = PasswordHasher.from_parameters(CHEAPEST)


@dataclass(frozen=True)
class Bridge:
    """A store, and what administers it."""

    store: SqliteStore
    tokens: TokenService
    people: People
    clock: FixedClock

    async def somebody(self, *scopes: str, **more: str) -> Principal:
        """Give who shows a new token."""
        issued = await self.tokens.issue(name="somebody", scopes=scopes, **more)
        return await self.shown(issued.secret)

    async def shown(self, secret: str) -> Principal:
        """Give who shows a secret, which opens."""
        found = await self.tokens.identify(secret.encode())
        assert found is not None
        return found

    async def person(self, number: int = 1, **roles: str) -> str:
        """Make a person with a role in each of some teams, `bridge` for the whole one, and give the id."""
        made = await self.people.add_person(email=f"p{number}@example.com", name=f"Person {number}")
        for team, role in roles.items():
            await self.people.set_membership(made.id, "" if team == "bridge" else team, role)
        return made.id

    async def holder(self, person_id: str, team: str = "") -> Principal:
        """Give what a person may do in a team."""
        found = await self.people.holder_of(person_id, team)
        assert found is not None
        return found

    async def actions(self) -> list[str]:
        """Give what the audit log has, in order."""
        return [record.action for record in await self.store.follow_audit()]


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    clock = FixedClock()
    store = SqliteStore(lay_database(tmp_path / "t.db"), clock)
    await store.open()
    tokens = TokenService(store, store, OnePepper(b"p" * 32), clock, audit_key=sample_key, teams=store.people)
    yield Bridge(store, tokens, People(store, tokens, clock, passwords=Passwords(CHEAP)), clock)
    await store.close()
