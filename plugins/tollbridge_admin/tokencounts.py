"""How many tokens there are, as the API says it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tollbridge.stores.base import TokenCounts
from tollbridge_admin.tokenshapes import Wish


class CountsAsked(Wish, frozen=True):
    """Which tokens are counted."""

    team: Annotated[str, Meta(max_length=100, description="Only those of this team.")] = ""


class TokenCountsShown(msgspec.Struct, frozen=True, rename="kebab"):
    """How many tokens are in each `state` that the list can be asked for, by its name.

    `ending`, `near-budget`, `over-budget` and `unused` are of those that are `active`, and one may be in several.
    """

    active: int = 0
    disabled: int = 0
    expired: int = 0
    revoked: int = 0
    ending: int = 0
    near_budget: int = 0
    over_budget: int = 0
    unused: int = 0


def counts_shown(counts: TokenCounts) -> TokenCountsShown:
    """Give counts as they are shown."""
    return TokenCountsShown(
        active=counts.active,
        disabled=counts.disabled,
        expired=counts.expired,
        revoked=counts.revoked,
        ending=counts.expiring,
        near_budget=counts.near_budget,
        over_budget=counts.over_budget,
        unused=counts.unused,
    )
