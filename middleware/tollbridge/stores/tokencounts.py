"""How many tokens are in each state and view: `views` says which, and here each is read from an index of its own.

Of a hundred thousand tokens few end, are off or revoked: those are counted, and the active ones are what is left.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.stores.base import TokenCounts
from tollbridge.stores.rows import micros, storable
from tollbridge.stores.tables import token
from tollbridge.stores.views import DRAWN, NOW, SOON_US, UNUSED_US, drawn_tokens, token_views
from tollbridge.tokens.model import HOLDERS, TokenBudget, TokenKind, TokenState

_t = token.c
_SHOWN = [kind for kind in TokenKind if kind not in HOLDERS]
_TEAM = bindparam("team", type_=_t.team.type)
_MADE = 16
"""Statements that are made once, and asked again and again."""


async def count_tokens(
    connection: AsyncConnection, now: datetime, budgets: Sequence[TokenBudget], team: str
) -> TokenCounts:
    """Count those of a team, or all; `budgets` hold for each token without one of its own."""
    said = {"now": micros(now), "team": storable(team)}
    numbers = (await connection.execute(_numbers(bool(team)), said)).one()
    found = {name: int(number) for name, number in numbers._mapping.items()}
    drawn = _drawn(now.date(), tuple(budgets), bool(team))
    near, over = tuple((await connection.execute(drawn, said)).one())
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


@lru_cache(_MADE)
def _drawn(day: date, budgets: Sequence[TokenBudget], of_team: bool) -> Select[Any]:
    """Ask how many are in each view of budgets, in the order of `DRAWN`."""
    of, views = drawn_tokens(NOW, day, budgets)
    active = token_views(NOW)[TokenState.ACTIVE]
    numbers: list[ColumnElement[Any]] = [func.count().filter(views[view]) for view in DRAWN]
    return select(*numbers).select_from(of).where(_own(of_team), active)


@lru_cache(_MADE)
def _numbers(of_team: bool) -> Select[Any]:
    """Ask for all other numbers."""
    since, own, live = NOW - UNUSED_US, _own(of_team), _t.revoked_at.is_(None)
    on, off = _t.disabled_at.is_(None), _t.disabled_at.is_not(None)
    lasts = or_(_t.expires_at.is_(None), _t.expires_at > NOW)
    numbers = {
        "all": _all(of_team),
        "revoked": _count(own, _t.revoked_at.is_not(None)),
        "expired": _count(own, live, _t.expires_at <= NOW),
        "disabled": _count(own, live, off, lasts),
        "expiring": _count(own, live, on, _t.expires_at > NOW, _t.expires_at <= NOW + SOON_US),
        "unused": _count(own, live, on, lasts, _t.last_used_at <= since),
        "never_used": _count(own, live, on, lasts, _t.last_used_at.is_(None), _t.created_at <= since),
    }
    return select(*(number.label(name) for name, number in numbers.items()))


def _own(of_team: bool) -> ColumnElement[bool]:
    """Say it so that no database takes it for what its search should begin with."""
    shown = _t.kind.not_in(HOLDERS)
    return and_(shown, _t.team == _TEAM) if of_team else shown


def _all(of_team: bool) -> ColumnElement[Any]:
    """Count all: a database knows best how many rows there are of anything."""
    if of_team:
        return _count(_t.kind.in_(_SHOWN), _t.team == _TEAM)
    return select(func.count()).select_from(token).scalar_subquery() - _count(_t.kind.in_(HOLDERS))


def _count(*which: ColumnElement[bool]) -> ScalarSelect[Any]:
    return select(func.count()).select_from(token).where(*which).scalar_subquery()
