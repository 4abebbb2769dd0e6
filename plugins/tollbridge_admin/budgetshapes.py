"""How budgets stand, as the API says it."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.tokenshapes import Wish

Of = Literal["bridge", "team", "token"]
Level = Literal["near", "over"]


class BudgetsAsked(Wish, frozen=True):
    """Whose budgets are listed; `team` is one team's own, or those of its tokens."""

    of: Of = "bridge"
    team: Annotated[str, Meta(max_length=100, description="Only those of this team.")] = ""
    level: Annotated[Level | UnsetType, Meta(description="Only those that are so.")] = UNSET
    limit: Limit = 50
    after: Cursor = ""


class BudgetStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A budget in the period that runs now.

    `id` is the token's, or what the team's stand below; null for the bridge's. `own`: it is said for this one, and not
    by the configuration for every token. `level`: nine tenths are spent, or all of it; null for less.
    """

    of: Of
    id: str | None
    name: str
    team: str
    usd: str
    period: str
    spent_usd: str
    own: bool
    level: Level | None


class BudgetsStanding(msgspec.Struct, frozen=True):
    """A page of budgets; `next` is the cursor of the page behind it."""

    items: Sequence[BudgetStanding]
    next: str | None
