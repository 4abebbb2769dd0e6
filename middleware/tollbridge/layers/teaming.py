"""Callers from outside who say of which team they are: the team bounds them as it bounds its tokens."""

from collections.abc import Awaitable, Callable
from functools import lru_cache

from msgspec.structs import replace

from tollbridge.errors import Unauthenticated
from tollbridge.tokens.model import Above, Principal
from tollbridge.tokens.scopes import ScopeSet


class Teaming:
    """Puts callers below their teams.  `team_holder` gives the holder of a team that is or was, `find` a live token."""

    def __init__(
        self,
        team_holder: Callable[[str], Awaitable[str | None]],
        find: Callable[[str], Awaitable[Principal | None]],
    ) -> None:
        self._team_holder = team_holder
        self._find = find

    async def bound(self, principal: Principal) -> Principal:
        """Give a caller as their team bounds them; a name that no team here has is a name alone.

        Raises `Unauthenticated` where the team is disabled or has ended.
        """
        holder = await self._team_holder(principal.team) if principal.team else None
        if holder is None:
            return principal
        team = await self._find(holder)
        if team is None:
            raise Unauthenticated(f"the team {principal.team[:63]!r} of this caller is disabled, or has ended")
        return replace(
            principal,
            scopes=_within(principal.scopes, team.scopes),
            conditions=(*principal.conditions, *team.conditions),
            above=(*principal.above, Above(team.id, team.limits, team.budget), *team.above),
        )


@lru_cache(maxsize=1024)
def _within(own: ScopeSet, team: ScopeSet) -> ScopeSet:
    """Make a set, which remembers its answers, once for all callers alike."""
    return ScopeSet(own.scopes, (*own.bounds, team))
