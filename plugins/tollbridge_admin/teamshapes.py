"""Teams as the API says them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import SLUG, OfTeam, Team, show_usd
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.tokenshapes import (
    BoundsPatch,
    BoundsWish,
    Days,
    Label,
    MoneyShown,
    Scopes,
    Wish,
)

Slug = Annotated[str, Meta(extra_json_schema={"pattern": f"^{SLUG}$"}, description="Small letters, digits, hyphens.")]
Text = Annotated[str, Meta(max_length=1000)]


class NewTeamWish(BoundsWish, frozen=True):
    """A team to be made."""

    name: Slug
    title: Label = ""
    description: Text = ""
    scopes: Scopes | UnsetType = UNSET
    rotate_days: Days | None = None


class TeamPatch(BoundsPatch, frozen=True):
    """What is to change of a team (RFC 7396): what is not there stays, null takes away."""

    title: Label | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    rotate_days: Days | UnsetType | None = UNSET


class TeamsAsked(Wish, frozen=True):
    """Which teams are listed."""

    q: Annotated[str, Meta(max_length=200, description="Part of a name or title.")] = ""
    limit: Limit = 50
    after: Cursor = ""


class TeamShown(msgspec.Struct, frozen=True, kw_only=True):
    """A team, and what it may do at most; `holder` is what its tokens stand below, `counts` what it has now."""

    name: str
    holder: str
    title: str
    description: str
    state: str
    scopes: Sequence[str]
    created_at: datetime
    disabled_at: datetime | None
    ended_at: datetime | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrency: int | None
    budget: MoneyShown | None
    networks: Sequence[str] = msgspec.field(name="from")
    hours: str | None
    rotate_days: int | None
    counts: OfTeam


PASSING = ("counts",)
"""What of a team changes without anybody changing it."""
_NONE = OfTeam()


class TeamsShown(msgspec.Struct, frozen=True):
    """A page of teams; `next` is the cursor of the page behind it."""

    items: Sequence[TeamShown]
    next: str | None


def shown(team: Team, counts: OfTeam = _NONE) -> TeamShown:
    """Give a team as it is shown."""
    budget, limits, conditions = team.budget, team.limits, team.conditions
    return TeamShown(
        name=team.name,
        holder=team.holder,
        title=team.title,
        description=team.description,
        state=team.state.value,
        scopes=team.scopes,
        created_at=team.created_at,
        disabled_at=team.disabled_at,
        ended_at=team.ended_at,
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        concurrency=limits.concurrency,
        budget=None if budget is None else MoneyShown(show_usd(budget.amount), budget.period),
        networks=conditions.networks,
        hours=conditions.hours or None,
        rotate_days=team.rotate_days,
        counts=counts,
    )
