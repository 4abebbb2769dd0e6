"""The applications of a real store, beside its teams and people."""

from dataclasses import dataclass

import pytest
from tests.middleware.people.conftest import Bridge, bridge

from tollbridge.applications.model import Application, application_of
from tollbridge.applications.service import Applications
from tollbridge.tokens.model import Principal

__all__ = ["bridge"]

WIDE = ("ai:*", "model:*", "service:*", "admin:*")


@dataclass(frozen=True)
class Calling:
    """A store with the teams blue and red, and what administers its applications."""

    bridge: Bridge
    applications: Applications

    async def admin(self, team: str = "blue") -> Principal:
        """Give somebody who administers a team."""
        number = len(await self.bridge.people.list_people()) + 1
        return await self.bridge.holder(await self.bridge.person(number, **{team: "team-admin"}), team)

    async def shown(self, application: Application, **wish: object) -> Principal:
        """Give who shows a new token of an application."""
        issued = await self.applications.issue(application.id, name="t", **wish)  # type: ignore[arg-type]  # named
        assert issued is not None
        found = await self.bridge.shown(issued.secret)
        assert application_of(found) == application.id
        return found


@pytest.fixture
async def calling(bridge: Bridge) -> Calling:
    for name in ("blue", "red"):
        await bridge.people.teams.add(name, scopes=WIDE)
    return Calling(bridge, Applications(bridge.store, bridge.tokens, bridge.clock))
