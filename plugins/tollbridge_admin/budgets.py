"""Budgets and how they stand: those of the whole bridge, of teams, and of tokens.

Not each team or token has one, so that a page may hold fewer than were asked for, or none, and not be the last. Whoever
has a team sees its own, and those of its tokens.
"""

from collections.abc import Mapping, Sequence

from msgspec import UNSET

from tollbridge import Gateway, Token, TokenBudget
from tollbridge.administering import Team, show_usd
from tollbridge.stores.base import BudgetUse, TokenView
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.budgetshapes import BudgetsAsked, BudgetsStanding, BudgetStanding, Of
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.routes import Route, route

READ = "admin:tokens:read"
_TEAMS, _TOKENS = "budgets-of-teams", "budgets-of-tokens"
_BRIDGE = "bridge"
_VIEWS = {"near": TokenView.NEAR_BUDGET, "over": TokenView.OVER_BUDGET}


class Budgets:
    """Answers with them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        return (route("GET", "/budgets", self.list_budgets, takes=BudgetsAsked, gives=BudgetsStanding, scope=READ),)

    async def list_budgets(self, asked: Asked, query: BudgetsAsked) -> Answer:
        """List budgets and what is spent of each in its period: of the bridge, of teams, or of tokens."""
        own = asked.caller.team
        if own and (query.of == "bridge" or query.team not in ("", own)):
            return Answer(BudgetsStanding((), None))
        if query.of == "bridge":
            found = {_BRIDGE: self._gateway.budgets.bridge}
            uses = await self._gateway.store.budget_uses(found)
            return Answer(BudgetsStanding(_fitting(query, [_shown("bridge", one) for one in uses[_BRIDGE]]), None))
        if query.of == "team":
            return Answer(await self._of_teams(query, own or query.team))
        return Answer(await self._of_tokens(query, own or query.team))

    async def _of_teams(self, query: BudgetsAsked, only: str) -> BudgetsStanding:
        teams = self._gateway.people.teams
        if only:
            one = await teams.get(only)
            page: Sequence[Team] = [] if one is None else [one]
            following = None
        else:
            found = await teams.list(limit=query.limit + 1, after=read_cursor(_TEAMS, query.after) or "")
            page = found[: query.limit]
            following = cursor(_TEAMS, page[-1].name) if len(found) > len(page) else None
        with_one = [team for team in page if team.budget is not None]
        uses = await self._uses({team.holder: (team.budget,) for team in with_one if team.budget is not None})
        items = [
            _shown("team", use, id=team.holder, name=team.name, team=team.name)
            for team in with_one
            for use in uses[team.holder]
        ]
        return BudgetsStanding(_fitting(query, items), following)

    async def _of_tokens(self, query: BudgetsAsked, team: str) -> BudgetsStanding:
        otherwise = self._gateway.budgets.token
        found = await self._gateway.store.list_tokens(
            limit=query.limit + 1,
            before=read_cursor(_TOKENS, query.after),
            state="" if query.level is UNSET else _VIEWS[query.level],
            team=team,
            budgets=otherwise,
        )
        page = found[: query.limit]
        following = cursor(_TOKENS, page[-1].id) if len(found) > len(page) else None
        uses = await self._uses({token.id: _budgets_of(token, otherwise) for token in page})
        items = [
            _shown("token", use, id=token.id, name=token.name, team=token.team, own=token.budget is not None)
            for token in page
            for use in uses[token.id]
        ]
        return BudgetsStanding(_fitting(query, items), following)

    async def _uses(self, budgets: Mapping[str, Sequence[TokenBudget]]) -> Mapping[str, Sequence[BudgetUse]]:
        """Say how budgets stand, by the id of the token that they are drawn on."""
        uses = await self._gateway.store.budget_uses({f"token:{id}": held for id, held in budgets.items()})
        return {owner.partition(":")[2]: found for owner, found in uses.items()}


def _budgets_of(token: Token, otherwise: Sequence[TokenBudget]) -> Sequence[TokenBudget]:
    return otherwise if token.budget is None else (token.budget,)


def _fitting(query: BudgetsAsked, items: Sequence[BudgetStanding]) -> Sequence[BudgetStanding]:
    return [one for one in items if query.level in (UNSET, one.level)]


def _shown(
    of: Of, use: BudgetUse, *, id: str | None = None, name: str = "", team: str = "", own: bool = True
) -> BudgetStanding:
    return BudgetStanding(
        of=of,
        id=id,
        name=name,
        team=team,
        usd=show_usd(use.amount),
        period=use.period,
        spent_usd=show_usd(use.spent),
        own=own,
        level=use.level or None,
    )
