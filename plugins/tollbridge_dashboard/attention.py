"""What Home says needs somebody: budgets, tokens that end, what fails, what has no price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tollbridge import Gateway, Token
from tollbridge.screens.budgets import fullest, level
from tollbridge.screens.waits import NAMED
from tollbridge.stores.base import BudgetUse, TokenCounts, TokenView
from tollbridge.stores.reporting import Health
from tollbridge.stores.usages import Figures as Sums

FAILING = 0.01
"""The share of failed calls from which Home says so."""


@dataclass(frozen=True, slots=True)
class Attention:
    """Everything that needs somebody at one time."""

    counts: TokenCounts
    over: Sequence[tuple[Token, BudgetUse]]
    near: Sequence[tuple[Token, BudgetUse]]
    ending: Sequence[Token]
    bridge: Sequence[BudgetUse]
    failing: Sequence[Health]
    day: Sums

    @property
    def has_failed(self) -> bool:
        """Whether the day's failures are worth saying, when nothing fails right now."""
        return not self.failing and is_failing(self.day)

    @property
    def size(self) -> int:
        """How many things need somebody; a token over its budget that also ends soon is two."""
        tokens = self.counts.over_budget + self.counts.near_budget + self.counts.expiring
        return tokens + len(self.bridge) + len(self.failing) + bool(self.day.unpriced) + self.has_failed


def is_failing(calls: Sums | Health) -> bool:
    """Whether so many calls failed that somebody should know."""
    return bool(calls.failed) and calls.failed >= FAILING * calls.calls


async def look(
    gateway: Gateway, counts: TokenCounts, day: Sums, health: Sequence[Health], bridge: Sequence[BudgetUse]
) -> Attention:
    """Find what needs somebody; asks the store for names only where there are some."""
    over = await _named(gateway, TokenView.OVER_BUDGET) if counts.over_budget else []
    near = await _named(gateway, TokenView.NEAR_BUDGET) if counts.near_budget else []
    ending = await _named(gateway, TokenView.ENDING) if counts.expiring else []
    uses = await fullest(gateway, [*over, *near])
    return Attention(
        counts=counts,
        over=_with(over, uses),
        near=_with(near, uses),
        ending=ending,
        bridge=[use for use in bridge if level(use)],
        failing=[one for one in health if is_failing(one)],
        day=day,
    )


async def _named(gateway: Gateway, view: TokenView) -> Sequence[Token]:
    return await gateway.store.list_tokens(limit=NAMED, state=view, budgets=gateway.budgets.token)


def _with(tokens: Sequence[Token], uses: Mapping[str, BudgetUse | None]) -> list[tuple[Token, BudgetUse]]:
    return [(token, use) for token in tokens if (use := uses[token.id]) is not None]
