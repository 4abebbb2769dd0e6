"""How full a budget is."""

import pytest
from tests.support.visiting import Visitor

from tollbridge import TokenBudget
from tollbridge.screens.budgets import filled, fullest, level
from tollbridge.screens.owners import owners
from tollbridge.stores.base import BudgetUse


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


async def test_fullest_of_several_budgets_is_shown_and_the_owner_by_name(visit: Visitor) -> None:
    gateway = visit.under.gateway
    ada = await visit.person()
    mine = (await gateway.tokens.issue(name="a", owner=ada.id, budget=TokenBudget(10**9, "month"))).token
    bare = (await gateway.tokens.issue(name="b")).token

    uses, people = await fullest(gateway, [mine, bare]), await owners(gateway, [mine, bare])

    assert uses[mine.id] == BudgetUse(10**9, "month", 0)
    assert uses[bare.id] is None
    assert people == {ada.id: ada}
