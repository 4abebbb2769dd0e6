"""Tokens in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Row, case, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from tollbridge.clock import Clock
from tollbridge.errors import BadRequest
from tollbridge.metering.budgets import budget_id
from tollbridge.stores.base import BudgetUse, NewToken, TokenCounts, TokenView
from tollbridge.stores.engine import answering
from tollbridge.stores.rows import micros, moment
from tollbridge.stores.tables import budget, secret, token
from tollbridge.stores.views import token_views
from tollbridge.tokens.model import Token, TokenBudget, TokenKind, TokenLimits, TokenState

_AT_ONCE = 500
"""Budgets asked about in one statement."""
_COUNTED = (
    TokenState.ACTIVE,
    TokenView.ENDING,
    TokenState.REVOKED,
    TokenState.EXPIRED,
    TokenView.NEAR_BUDGET,
    TokenView.OVER_BUDGET,
)
"""What `TokenCounts` counts, in the order of its fields."""


class SqlAdmin:
    """The administrator's side of tokens."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def add_token(self, new: NewToken) -> Token:
        """Write a token and its secret's digest; raises `BadRequest` (409) if its id or secret is there already."""
        created_at = micros(new.created_at)
        values = {
            "id": new.id,
            "name": new.name,
            "kind": new.kind.value,
            "owner": new.owner,
            "team": new.team,
            "scopes": " ".join(new.scopes),
            "hint": new.hint,
            "created_at": created_at,
            "expires_at": None if new.expires_at is None else micros(new.expires_at),
            "requests_per_minute": new.limits.requests_per_minute,
            "tokens_per_minute": new.limits.tokens_per_minute,
            "concurrency": new.limits.concurrency,
            "budget_amount": None if new.budget is None else new.budget.amount,
            "budget_period": None if new.budget is None else new.budget.period,
        }
        with answering():
            try:
                async with self._engine.begin() as connection:
                    await connection.execute(insert(token).values(values))
                    await connection.execute(
                        insert(secret).values(
                            digest=new.digest, token_id=new.id, pepper_id=new.pepper_id, created_at=created_at
                        )
                    )
                    row = (await connection.execute(select(token).where(token.c.id == new.id))).one()
            except IntegrityError as exc:
                raise BadRequest(
                    "a token with this id or secret exists already", code="already_exists", status=409
                ) from exc
        return self._token(row)

    async def revoke_token(self, token_id: str, at: datetime) -> Token | None:
        """Revoke; committed when this returns, and every look-up reads the newest commit."""
        with answering():
            async with self._engine.begin() as connection:
                await connection.execute(
                    update(token)
                    .where(token.c.id == token_id, token.c.revoked_at.is_(None))
                    .values(revoked_at=micros(at))
                )
                row = (await connection.execute(select(token).where(token.c.id == token_id))).one_or_none()
        return None if row is None else self._token(row)

    async def get_token(self, token_id: str) -> Token | None:
        with answering():
            async with self._engine.connect() as connection:
                row = (await connection.execute(select(token).where(token.c.id == token_id))).one_or_none()
        return None if row is None else self._token(row)

    async def list_tokens(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        search: str = "",
        state: str = "",
        budgets: Sequence[TokenBudget] = (),
    ) -> Sequence[Token]:
        """List tokens, newest first; the search does not tell upper from lower case (ASCII).

        Raises `ValueError` for an unknown state, or a limit below 1.
        """
        if limit < 1:
            raise ValueError(f"limit {limit} is below 1")
        wanted = select(token).order_by(token.c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(token.c.id < before)
        if search:
            named = (token.c.name, token.c.owner, token.c.id)
            wanted = wanted.where(or_(*(column.icontains(search, autoescape=True) for column in named)))
        if state:
            views = token_views(self._clock.now(), budgets)
            if state not in views:
                raise ValueError(f"state {state!r} is unknown; known: {', '.join(views)}")
            wanted = wanted.where(views[state])
        with answering():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(wanted)).all()
        return [self._token(row) for row in rows]

    async def count_tokens(self, *, budgets: Sequence[TokenBudget] = ()) -> TokenCounts:
        views = token_views(self._clock.now(), budgets)
        counted = select(*(func.count(case((views[name], 1))) for name in _COUNTED))
        with answering():
            async with self._engine.connect() as connection:
                found = (await connection.execute(counted)).one()
        active, expiring, revoked, expired, near, over = map(int, found)
        return TokenCounts(active, expiring, revoked, expired, near_budget=near, over_budget=over)

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

    def _token(self, row: Row[tuple[object, ...]]) -> Token:
        found = row._mapping
        expires_at = _moment(found["expires_at"])
        if found["revoked_at"] is not None:
            state = TokenState.REVOKED
        elif expires_at is not None and expires_at <= self._clock.now():
            state = TokenState.EXPIRED
        else:
            state = TokenState.ACTIVE
        amount = found["budget_amount"]
        return Token(
            id=found["id"],
            name=found["name"],
            kind=TokenKind(found["kind"]),
            scopes=tuple(found["scopes"].split()),
            hint=found["hint"],
            created_at=moment(found["created_at"]),
            state=state,
            owner=found["owner"],
            team=found["team"],
            expires_at=expires_at,
            revoked_at=_moment(found["revoked_at"]),
            last_used_at=_moment(found["last_used_at"]),
            limits=TokenLimits(found["requests_per_minute"], found["tokens_per_minute"], found["concurrency"]),
            budget=None if amount is None else TokenBudget(amount, found["budget_period"]),
        )


def _moment(us: int | None) -> datetime | None:
    return None if us is None else moment(us)
