"""How long secrets open: by their token's own rule, else by its team's, else by the organisation's."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tollbridge.stores.people import TeamStore

ROTATION_DAYS = 90
"""How long a secret opens where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """The rules of one gateway: `days` is the organisation's, 0 for ever; `teams` know their own, if there are any."""

    days: int = ROTATION_DAYS
    teams: Callable[[], Awaitable[TeamStore]] | None = None

    async def days_of(self, own: int | None, team: str) -> int:
        """Give how many days a secret opens, 0 for ever; `own` is the token's rule, None where it has none."""
        if own is None and team and self.teams is not None:
            own = await (await self.teams()).rotation_of(team)
        return self.days if own is None else own


def end_of(days: int, now: datetime) -> datetime | None:
    """Give when a secret ends that is made now, None for never."""
    return now + timedelta(days=days) if days else None
