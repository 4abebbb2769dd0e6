"""Budgets of tokens, as the pages show them: of several that hold for one token, the fullest."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from tollbridge.stores.base import BudgetUse
from tollbridge.tokens.model import Token

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway


async def fullest(gateway: "Gateway", tokens: Iterable[Token]) -> Mapping[str, BudgetUse | None]:
    """Give the fullest budget of each token by its id; None for a token that has none."""
    budgets = gateway.budgets
    owned = {f"token:{token.id}": (token.budget,) if token.budget else budgets.token for token in tokens}
    uses = await gateway.store.budget_uses(owned)
    return {owner.partition(":")[2]: max(found, key=filled, default=None) for owner, found in uses.items()}


def filled(use: BudgetUse) -> Fraction:
    """Give which part of a budget is spent; a budget of nothing is full with the first thing spent."""
    return Fraction(use.spent, use.amount) if use.amount else Fraction(min(use.spent, 1))


def level(use: BudgetUse | None) -> str:
    """Say whether a budget is `over` or `near` its end; else empty."""
    return "" if use is None else use.level
