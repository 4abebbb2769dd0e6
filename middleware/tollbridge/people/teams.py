"""Teams: made, changed, switched and ended."""

from collections.abc import Iterable, Sequence

from msgspec import UNSET, structs

from tollbridge.audit import OPERATOR, Actor
from tollbridge.clock import Clock
from tollbridge.ids import new_id
from tollbridge.people.builtin import TEAM_SCOPES
from tollbridge.people.model import Team, TeamChange, TeamEdit
from tollbridge.people.reaching import check_bridge, check_giver, check_not_above, reach_of
from tollbridge.people.wishes import checked_description, checked_line, checked_slug, checked_team_change
from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewToken, change_for
from tollbridge.stores.newpeople import NewTeam
from tollbridge.tokens.conditions import ANYWHERE, Conditions
from tollbridge.tokens.model import Principal, TokenBudget, TokenKind, TokenLimits
from tollbridge.tokens.scopes import ScopeSet
from tollbridge.tokens.service import TokenService
from tollbridge.tokens.wishes import check_within, checked_rotation, checked_scopes

_WITHOUT_RIGHTS = frozenset(("title", "description"))


class Teams:
    """The teams of one gateway.

    What changes them says who does (`by`) and, where somebody does it with a token, with which rights (`giver`): a team
    may do at most what they may.
    """

    def __init__(self, store: Store, tokens: TokenService, clock: Clock) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock

    async def get(self, name: str) -> Team | None:
        """Find a team by its name, one that has ended too."""
        return await (await self._store.people()).get_team(name)

    async def list(self, *, limit: int = 50, after: str = "", search: str = "") -> Sequence[Team]:
        """List teams by their names, those behind `after`; `search` is a plain part of name or title."""
        return await (await self._store.people()).list_teams(limit=limit, after=after, search=search)

    async def add(
        self,
        name: str,
        *,
        title: str = "",
        description: str = "",
        scopes: Iterable[str] = TEAM_SCOPES,
        limits: TokenLimits | None = None,
        budget: TokenBudget | None = None,
        conditions: Conditions = ANYWHERE,
        rotate_days: int | None = None,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Team:
        """Make a team; tokens that had its name for a team are its own from then on, bound by it and ended with it.

        Raises `BadRequest` with `param` for what cannot be used, with status 409 where the name is taken, `Denied`
        (scope_beyond) for a scope the giver does not hold.
        """
        check_bridge(giver)
        wanted = checked_scopes(scopes)
        await check_giver(self._store, giver, wanted)
        slug, now = checked_slug(name), self._clock.now()
        holder = NewToken(
            id=new_id("team", self._clock),
            name=slug,
            digest=b"",
            hint="",
            pepper_id="",
            scopes=wanted,
            created_at=now,
            kind=TokenKind.TEAM,
            team=slug,
            limits=limits or TokenLimits(),
            budget=budget,
            conditions=conditions,
        )
        said = checked_line(title, "title"), checked_description(description)
        new = NewTeam(holder, *said, checked_rotation(rotate_days))
        return await (await self._store.people()).add_team(new, await self._tokens.act(by))

    async def change(
        self, name: str, edit: TeamEdit, *, giver: Principal | None = None, by: Actor = OPERATOR
    ) -> Team | None:
        """Change a team, and what all in it may do, at once.  None if there is no such team.

        Somebody in the team changes its title and description alone. Raises `BadRequest` and `Denied` as `add` does,
        and what the edit raises.
        """
        reach = ScopeSet(()) if giver is None else await reach_of(self._store, giver)

        def changed(team: Team) -> TeamChange:
            checked = checked_team_change(change_for(edit, team))
            if giver is not None and touches_rights(checked):
                check_not_above(giver, team.holder)
                check_within((*team.scopes, *(checked.scopes or ())), reach)
            return checked

        return await (await self._store.people()).change_team(name, changed, await self._tokens.act(by))

    async def disable(self, name: str, *, giver: Principal | None = None, by: Actor = OPERATOR) -> Team | None:
        """Switch a team and all in it off, until it is enabled.  None if there is no such team."""
        team = await self.get(name)
        if team is None:
            return None
        check_not_above(giver, team.holder)
        return await (await self._store.people()).switch_team(name, await self._tokens.act(by), on=False)

    async def enable(self, name: str, *, giver: Principal | None = None, by: Actor = OPERATOR) -> Team | None:
        """Switch a team on again, and what was disabled with it.  None if there is no such team."""
        team = await self.get(name)
        if team is None:
            return None
        await self._check_widens(team, giver)
        return await (await self._store.people()).switch_team(name, await self._tokens.act(by), on=True)

    async def end(self, name: str, *, giver: Principal | None = None, by: Actor = OPERATOR) -> Team | None:
        """End a team, its memberships and all of its tokens, at once and for good.  None if there is no such team."""
        team = await self.get(name)
        if team is None:
            return None
        check_not_above(giver, team.holder)
        return await (await self._store.people()).end_team(name, await self._tokens.act(by))

    async def _check_widens(self, team: Team, giver: Principal | None) -> None:
        """Refuse who is in the team, and who may not do all that it may; raises `Denied`."""
        check_not_above(giver, team.holder)
        await check_giver(self._store, giver, team.scopes)


def touches_rights(change: TeamChange) -> bool:
    """Whether a change may widen what a team may do."""
    return any(value is not UNSET for name, value in structs.asdict(change).items() if name not in _WITHOUT_RIGHTS)
