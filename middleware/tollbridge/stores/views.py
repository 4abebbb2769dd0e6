"""Which tokens are in which state and in which view, as conditions that SQLite and PostgreSQL share.

The time is a number of microseconds, or `NOW`: then it is said when a statement runs, which may be made once for all.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    case,
    func,
    literal,
    not_,
    or_,
)

from tollbridge.metering.budgets import PERIODS, period_of
from tollbridge.stores.base import NEAR_PART, SOON, UNUSED_FOR, TokenView
from tollbridge.stores.rows import seconds_to_micros
from tollbridge.stores.tables import budget, token
from tollbridge.tokens.model import TokenBudget, TokenState

At = int | BindParameter[int]
NOW: BindParameter[int] = bindparam("now", type_=BigInteger)
DRAWN = (TokenView.NEAR_BUDGET, TokenView.OVER_BUDGET)
"""The views that `drawn_tokens` tells of."""
UNUSED_US, SOON_US = (seconds_to_micros(length.total_seconds()) for length in (UNUSED_FOR, SOON))


def token_views(at: At) -> Mapping[str, ColumnElement[bool]]:
    """Give every state and view by its name that a token is in by itself; for budgets see `drawn_tokens`."""
    ends, used, unused_since = token.c.expires_at, token.c.last_used_at, at - UNUSED_US
    unused = or_(used <= unused_since, and_(used.is_(None), token.c.created_at <= unused_since))
    live = token.c.revoked_at.is_(None)
    going = and_(live, or_(ends.is_(None), ends > at))
    active = and_(going, token.c.disabled_at.is_(None))
    return {
        TokenState.ACTIVE: active,
        TokenState.DISABLED: and_(going, token.c.disabled_at.is_not(None)),
        TokenState.EXPIRED: and_(live, ends <= at),
        TokenState.REVOKED: token.c.revoked_at.is_not(None),
        TokenView.ENDING: and_(active, ends <= at + SOON_US),
        TokenView.UNUSED: and_(active, unused),
    }


def drawn_tokens(
    at: At, day: date, budgets: Sequence[TokenBudget]
) -> tuple[FromClause, Mapping[str, ColumnElement[bool]]]:
    """Give active tokens that have budgets beside what is spent of these, and which are in the views of budgets.

    `budgets` hold for each token without one of its own. What is spent is found by the keys of the budgets, which have
    the periods that the day is in.
    """
    periods = {name: period_of(name, day) for name in PERIODS}
    amount, own = token.c.budget_amount, budget.alias("own")
    is_own = and_(amount.is_not(None), own.c.id == _id_of(case(periods, value=token.c.budget_period)))
    of: FromClause = token.join(own, is_own, isouter=bool(budgets))
    sums: list[tuple[ColumnElement[int], ColumnElement[int]]] = [(func.coalesce(own.c.spent, 0), amount)]
    for place, each in enumerate(budgets):
        one = budget.alias(f"default_{place}")
        of = of.join(one, and_(amount.is_(None), one.c.id == _id_of(literal(periods[each.period]))), isouter=True)
        sums.append((func.coalesce(one.c.spent, 0), literal(each.amount)))
    active = token_views(at)[TokenState.ACTIVE]
    over = or_(*(and_(spent > 0, spent >= most) for spent, most in sums))
    near = or_(*(and_(spent > 0, spent >= most - most // NEAR_PART) for spent, most in sums))
    return of, {
        TokenView.NEAR_BUDGET: and_(active, near, not_(over)),
        TokenView.OVER_BUDGET: and_(active, over),
    }


def _id_of(period: ColumnElement[str]) -> ColumnElement[str]:
    return literal("token:").concat(token.c.id).concat(":").concat(period)
