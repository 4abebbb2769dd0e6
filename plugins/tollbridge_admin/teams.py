"""Teams: listed, made, changed, switched and ended.

A caller with a team sees that one alone, and changes what it is called.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from msgspec import UNSET

from tollbridge import Denied, Gateway, NotFound
from tollbridge.administering import Team, TeamChange
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.bounds import changed_bounds, new_bounds
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of
from tollbridge_admin.teamshapes import PASSING, NewTeamWish, TeamPatch, TeamsAsked, TeamShown, TeamsShown, shown

READ, WRITE = "admin:teams:read", "admin:teams:write"
_LIST = "teams"
_ONE = "/teams/{name}"


class Teams:
    """Answers for teams."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        write: dict[str, Any] = {"scope": WRITE, "also": (409,)}
        acting: dict[str, Any] = {**write, "may_be_bare": True, "tagged": True}
        one: dict[str, Any] = {"takes": Nothing, "gives": TeamShown}
        return (
            route("GET", "/teams", self.list_teams, takes=TeamsAsked, gives=TeamsShown, scope=READ),
            route("POST", "/teams", self.create_team, takes=NewTeamWish, gives=TeamShown, status=201, **write),
            route("GET", _ONE, self.get_team, **one, scope=READ, tagged=True),
            route("PATCH", _ONE, self.change_team, takes=TeamPatch, gives=TeamShown, tagged=True, **write),
            route("POST", f"{_ONE}/disable", self.disable_team, **one, **acting),
            route("POST", f"{_ONE}/enable", self.enable_team, **one, **acting),
            route("POST", f"{_ONE}/end", self.end_team, **one, **acting),
        )

    async def list_teams(self, asked: Asked, query: TeamsAsked) -> Answer:
        """List teams by their names."""
        teams, own = self._gateway.people.teams, asked.caller.team
        after = read_cursor(_LIST, query.after) or ""
        if own:
            team, part = await teams.get(own) if after < own else None, query.q.lower()
            fits = [team] if team is not None and (part in own or part in team.title.lower()) else []
            return Answer(TeamsShown(await self._shown(fits), None))
        found = await teams.list(limit=query.limit + 1, after=after, search=query.q)
        page = found[: query.limit]
        following = cursor(_LIST, page[-1].name) if len(found) > len(page) else None
        return Answer(TeamsShown(await self._shown(page), following))

    async def create_team(self, asked: Asked, wish: NewTeamWish) -> Answer:
        """Make a team; tokens that had its name for a team are its own from then on."""
        if asked.caller.team:
            raise Denied("a token with a team makes no other one", code="out_of_reach")
        said = {"title": wish.title, "description": wish.description, "rotate_days": wish.rotate_days}
        scopes = {} if wish.scopes is UNSET else {"scopes": wish.scopes}
        more = {**said, **scopes, **new_bounds(wish), "giver": asked.minter, "by": asked.actor}
        team = await self._gateway.people.teams.add(wish.name, **more)
        (found,) = await self._shown([team])
        return Answer(found, 201, tag_of(found, *PASSING), {"location": f"teams/{team.name}"})

    async def get_team(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one team."""
        return await self._one(await self._see(asked))

    async def change_team(self, asked: Asked, patch: TeamPatch) -> Answer:
        """Change a team, and what all in it may do, at once: what is not there stays, null takes away (RFC 7396)."""
        name = (await self._see(asked)).name

        def change(team: Team) -> TeamChange:
            asked.check_match(tag_of(shown(team), *PASSING))
            return TeamChange(
                title=patch.title,
                description=patch.description,
                scopes=patch.scopes if patch.scopes is UNSET else tuple(patch.scopes),
                rotate_days=patch.rotate_days,
                **changed_bounds(team, patch),
            )

        teams = self._gateway.people.teams
        return await self._one(there(await teams.change(name, change, giver=asked.minter, by=asked.actor)))

    async def disable_team(self, asked: Asked, nothing: Nothing) -> Answer:
        """Switch a team and all in it off, at once, until it is enabled."""
        return await self._act(asked, self._gateway.people.teams.disable)

    async def enable_team(self, asked: Asked, nothing: Nothing) -> Answer:
        """Switch a team on again, and what was disabled with it."""
        return await self._act(asked, self._gateway.people.teams.enable)

    async def end_team(self, asked: Asked, nothing: Nothing) -> Answer:
        """End a team, its memberships and all of its tokens, at once and for good."""
        return await self._act(asked, self._gateway.people.teams.end)

    async def _act(self, asked: Asked, act: Callable[..., Awaitable[Team | None]]) -> Answer:
        team = await self._see(asked)
        asked.check_match(tag_of(shown(team), *PASSING))
        return await self._one(there(await act(team.name, giver=asked.minter, by=asked.actor)))

    async def _shown(self, teams: Sequence[Team]) -> Sequence[TeamShown]:
        counts = await (await self._gateway.store.overviews()).of_teams([team.name for team in teams])
        return [shown(team, counts[team.name]) for team in teams]

    async def _one(self, team: Team) -> Answer:
        (found,) = await self._shown([team])
        return Answer(found, tag=tag_of(found, *PASSING))

    async def _see(self, asked: Asked) -> Team:
        """Find the team of the path; raises `NotFound`, also for one that is not the caller's."""
        name = asked.named["name"]
        found = await self._gateway.people.teams.get(name) if asked.caller.team in ("", name) else None
        return there(found)


def there(team: Team | None) -> Team:
    """Give what was found; raises `NotFound` where it was not."""
    if team is None:
        raise NotFound("there is no such team")
    return team
