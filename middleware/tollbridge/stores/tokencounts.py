"""How many tokens are in each state and view: `views` says which, and here each is read from an index of its own.

Of a hundred thousand tokens few end, are off or revoked: those are counted, and the active ones are what is left.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.stores.base import SOON, UNUSED_FOR, TokenCounts, TokenView
from tollbridge.stores.rows import micros, storable
from tollbridge.stores.tables import token
from tollbridge.stores.views import drawn_tokens, token_views
from tollbridge.tokens.model import HOLDERS, TokenBudget, TokenKind, TokenState

_t = token.c
_SHOWN = [kind for kind in TokenKind if kind not in HOLDERS]


async def count_tokens(
    connection: AsyncConnection, now: datetime, budgets: Sequence[TokenBudget], team: str
) -> TokenCounts:
    """Count those of a team, or all; `budgets` hold for each token without one of its own."""
    numbers = _numbers(now, team)
    asked = select(*(number.label(name) for name, number in numbers.items()))
    found = {name: int(number) for name, number in (await connection.execute(asked)).one()._mapping.items()}
    of, views = drawn_tokens(now, budgets)
    each = (TokenView.NEAR_BUDGET, TokenView.OVER_BUDGET)
    active = token_views(now)[TokenState.ACTIVE]
    drawn = select(*(func.count().filter(views[view]) for view in each)).select_from(of).where(_own(team), active)
    near, over = tuple((await connection.execute(drawn)).one())
    return TokenCounts(
        active=found["all"] - found["revoked"] - found["expired"] - found["disabled"],
        expiring=found["expiring"],
        revoked=found["revoked"],
        expired=found["expired"],
        near_budget=near,
        over_budget=over,
        disabled=found["disabled"],
        unused=found["unused"] + found["never_used"],
    )


def _numbers(now: datetime, team: str) -> dict[str, ColumnElement[Any]]:
    at, since = micros(now), micros(now - UNUSED_FOR)
    own, live, on, off = _own(team), _t.revoked_at.is_(None), _t.disabled_at.is_(None), _t.disabled_at.is_not(None)
    lasts = or_(_t.expires_at.is_(None), _t.expires_at > at)
    return {
        "all": _all(team),
        "revoked": _count(own, _t.revoked_at.is_not(None)),
        "expired": _count(own, live, _t.expires_at <= at),
        "disabled": _count(own, live, off, lasts),
        "expiring": _count(own, live, on, _t.expires_at > at, _t.expires_at <= micros(now + SOON)),
        "unused": _count(own, live, on, lasts, _t.last_used_at <= since),
        "never_used": _count(own, live, on, lasts, _t.last_used_at.is_(None), _t.created_at <= since),
    }


def _own(team: str) -> ColumnElement[bool]:
    """Say it so that no database takes it for what its search should begin with."""
    shown = _t.kind.not_in(HOLDERS)
    return and_(shown, _t.team == storable(team)) if team else shown


def _all(team: str) -> ColumnElement[Any]:
    """Count all: a database knows best how many rows there are of anything."""
    if team:
        return _count(_t.kind.in_(_SHOWN), _t.team == storable(team))
    return select(func.count()).select_from(token).scalar_subquery() - _count(_t.kind.in_(HOLDERS))


def _count(*which: ColumnElement[bool]) -> ScalarSelect[Any]:
    return select(func.count()).select_from(token).where(*which).scalar_subquery()
