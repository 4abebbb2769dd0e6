"""Which tokens are in which state and in which view, as conditions that SQLite and PostgreSQL share."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, not_, or_

from tollbridge.metering.budgets import PERIODS, period_of
from tollbridge.stores.base import NEAR_PART, SOON, UNUSED_FOR, TokenView
from tollbridge.stores.rows import micros
from tollbridge.stores.tables import budget, token
from tollbridge.tokens.model import TokenBudget, TokenState

_Reached = Callable[[ColumnElement[int] | int], ColumnElement[bool]]


def token_views(now: datetime, budgets: Sequence[TokenBudget]) -> Mapping[str, ColumnElement[bool]]:
    """Give every state and view by its name; `budgets` hold for each token without one of its own."""
    at, ends = micros(now), token.c.expires_at
    last = func.coalesce(token.c.last_used_at, token.c.created_at)
    live = token.c.revoked_at.is_(None)
    going = and_(live, or_(ends.is_(None), ends > at))
    active = and_(going, token.c.disabled_at.is_(None))
    over = _drawn(now.date(), budgets, lambda amount: budget.c.spent >= amount)
    near = _drawn(now.date(), budgets, lambda amount: budget.c.spent >= amount - amount // NEAR_PART)
    return {
        TokenState.ACTIVE: active,
        TokenState.DISABLED: and_(going, token.c.disabled_at.is_not(None)),
        TokenState.EXPIRED: and_(live, ends <= at),
        TokenState.REVOKED: token.c.revoked_at.is_not(None),
        TokenView.ENDING: and_(active, ends <= micros(now + SOON)),
        TokenView.NEAR_BUDGET: and_(active, near, not_(over)),
        TokenView.OVER_BUDGET: and_(active, over),
        TokenView.UNUSED: and_(active, last <= micros(now - UNUSED_FOR)),
    }


def _drawn(day: date, budgets: Sequence[TokenBudget], reached: _Reached) -> ColumnElement[bool]:
    """Whether a budget of the token, its own or a default one, is drawn on so far.  Each is found by its key."""
    periods = {name: period_of(name, day) for name in PERIODS}
    own = case(periods, value=token.c.budget_period)
    by_default = [_is_drawn(literal(periods[each.period]), each.amount, reached) for each in budgets]
    if not budgets:
        return and_(token.c.budget_amount.is_not(None), _is_drawn(own, token.c.budget_amount, reached))
    return case(
        (token.c.budget_amount.is_not(None), _is_drawn(own, token.c.budget_amount, reached)),
        else_=or_(literal(False), *by_default),
    )


def _is_drawn(period: ColumnElement[str], amount: ColumnElement[int] | int, reached: _Reached) -> ColumnElement[bool]:
    id = literal("token:").concat(token.c.id).concat(":").concat(period)
    return exists().where(budget.c.id == id, budget.c.spent > 0, reached(amount)).correlate(token)
