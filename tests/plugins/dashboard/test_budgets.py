"""How full a budget is."""

import pytest

from tollbridge.stores.base import BudgetUse
from tollbridge_dashboard.budgets import filled, level


@pytest.mark.parametrize(
    ("amount", "spent", "said"),
    [
        (100, 0, ""),
        (100, 89, ""),
        (100, 90, "near"),
        (95, 85, ""),
        (95, 86, "near"),
        (100, 100, "over"),
        (100, 101, "over"),
        (0, 0, ""),
        (0, 1, "over"),
        (1, 0, ""),
        (10**18, 9 * 10**17 - 1, ""),
        (10**18, 9 * 10**17, "near"),
    ],
)
def test_budget_is_near_its_end_with_a_tenth_left(amount: int, spent: int, said: str) -> None:
    assert level(BudgetUse(amount, "month", spent)) == said


def test_no_budget_is_never_spent() -> None:
    assert level(None) == ""
    assert [filled(BudgetUse(0, "day", spent)) for spent in (0, 5)] == [0, 1]
