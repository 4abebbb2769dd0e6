"""Tokens in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, Table, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tollbridge.clock import Clock
from tollbridge.metering.budgets import budget_id
from tollbridge.stores.base import BudgetUse, TokenCounts, TokenView
from tollbridge.stores.engine import answering
from tollbridge.stores.granttables import credential, refresh
from tollbridge.stores.rows import micros, storable
from tollbridge.stores.searching import holds
from tollbridge.stores.tables import budget, secret, token
from tollbridge.stores.tokencounts import count_tokens
from tollbridge.stores.tokens import find_tokens
from tollbridge.stores.views import DRAWN, drawn_tokens, token_views
from tollbridge.tokens.model import HOLDERS, Token, TokenBudget, TokenState

_AT_ONCE = 500
"""Budgets asked about in one statement."""
_FEW = 1_000
"""Tokens that are looked at one by one."""


class SqlAdmin:
    """Reads tokens, and how their budgets stand."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def get_token(self, token_id: str) -> Token | None:
        found = await self._find(select(token).where(token.c.id == storable(token_id)))
        return found[0] if found else None

    async def get_tokens(self, token_ids: Collection[str]) -> Mapping[str, Token]:
        ids, found = [storable(id) for id in token_ids], list[Token]()
        for start in range(0, len(ids), _AT_ONCE):
            found += await self._find(select(token).where(token.c.id.in_(ids[start : start + _AT_ONCE])))
        return {one.id: one for one in found}

    async def list_tokens(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        search: str = "",
        state: str = "",
        parent: str = "",
        team: str = "",
        owner: str = "",
        budgets: Sequence[TokenBudget] = (),
    ) -> Sequence[Token]:
        """List tokens, newest first; the search does not tell upper from lower case (ASCII).

        Raises `ValueError` for an unknown state, or a limit below 1.
        """
        if limit < 1:
            raise ValueError(f"limit {limit} is below 1")
        wanted = select(token).where(token.c.kind.not_in(HOLDERS)).order_by(token.c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(token.c.id < storable(before))
        if search:
            found = select(token.c.id).where(holds(search, token.c.name, token.c.owner, token.c.id))
            wanted = wanted.where(token.c.id.in_(found))
        if parent:
            wanted = wanted.where(token.c.parent == storable(parent))
        if team:
            wanted = wanted.where(token.c.team == storable(team))
        if owner:
            wanted = wanted.where(token.c.owner == storable(owner))
        if state:
            wanted = wanted.where(await self._in_state(state, budgets))
        return await self._find(wanted)

    async def _in_state(self, state: str, budgets: Sequence[TokenBudget]) -> ColumnElement[bool]:
        """Say it so that few are found by an index; of many, active or unused ones, a page is soon full without."""
        now = self._clock.now()
        own = token_views(micros(now))
        if state in DRAWN:
            of, drawn = drawn_tokens(micros(now), now.date(), budgets)
            return token.c.id.in_(select(token.c.id).select_from(of).where(drawn[state]))
        if state not in own:
            raise ValueError(f"state {state!r} is unknown; known: {', '.join((*own, *DRAWN))}")
        if state == TokenState.ACTIVE:
            return own[state]
        those = select(token.c.id).where(own[state])
        if state != TokenView.UNUSED:
            return token.c.id.in_(those)
        with answering():
            async with self._engine.connect() as connection:
                found = (await connection.execute(those.limit(_FEW + 1))).scalars().all()
        return token.c.id.in_(found) if len(found) <= _FEW else own[state]

    async def count_tokens(self, *, budgets: Sequence[TokenBudget] = (), team: str = "") -> TokenCounts:
        with answering():
            async with self._engine.connect() as connection:
                return await count_tokens(connection, self._clock.now(), budgets, team)

    async def count_secrets(self) -> Mapping[str, int]:
        counts: Counter[str] = Counter()
        with answering():
            async with self._engine.connect() as connection:
                for whose in _hashed(micros(self._clock.now())):
                    asked = select(whose.c.pepper_id, func.count()).group_by(whose.c.pepper_id)
                    counts.update({pepper_id: count for pepper_id, count in await connection.execute(asked)})
        return counts

    async def tokens_under(self, pepper_id: str, *, limit: int = 5) -> Sequence[str]:
        found: set[str] = set()
        with answering():
            async with self._engine.connect() as connection:
                for whose in _hashed(micros(self._clock.now())):
                    asked = select(whose.c.token_id).distinct().where(whose.c.pepper_id == pepper_id)
                    found.update((await connection.execute(asked.order_by(whose.c.token_id).limit(limit))).scalars())
        return sorted(found)[:limit]

    async def budget_uses(self, owned: Mapping[str, Sequence[TokenBudget]]) -> Mapping[str, Sequence[BudgetUse]]:
        day = self._clock.now().date()
        named = {
            owner: [(budget_id(owner, each.period, day), each) for each in budgets] for owner, budgets in owned.items()
        }
        ids = [id for budgets in named.values() for id, _ in budgets]
        spent: dict[str, int] = {}
        with answering():
            async with self._engine.connect() as connection:
                for start in range(0, len(ids), _AT_ONCE):
                    asked = select(budget.c.id, budget.c.spent).where(budget.c.id.in_(ids[start : start + _AT_ONCE]))
                    spent.update((id, sum) for id, sum in await connection.execute(asked))
        return {
            owner: [BudgetUse(each.amount, each.period, spent.get(id, 0)) for id, each in budgets]
            for owner, budgets in named.items()
        }

    async def _find(self, wanted: Select[Any]) -> Sequence[Token]:
        with answering():
            async with self._engine.connect() as connection:
                return await find_tokens(connection, wanted, self._clock.now())


def _hashed(now: int) -> Sequence[Subquery]:
    """Give the pepper of each secret, shared key and refresh token that is still good, and whose it is."""
    going_on = and_(refresh.c.used_at.is_(None), refresh.c.ends_at > now)
    refreshing = select(refresh.c.pepper_id, refresh.c.grant_id.label("token_id")).where(going_on)
    return tuple(asked.subquery() for asked in (_held(secret, now), _held(credential, now), refreshing))


def _held(of: Table, now: int) -> Select[tuple[str, str]]:
    """Find what opens or signs of secrets, or of keys that share one."""
    return (
        select(of.c.pepper_id, of.c.token_id)
        .join_from(of, token, token.c.id == of.c.token_id)
        .where(
            of.c.pepper_id != "",
            or_(of.c.expires_at.is_(None), of.c.expires_at > now),
            token.c.revoked_at.is_(None),
            or_(token.c.expires_at.is_(None), token.c.expires_at > now),
        )
    )
