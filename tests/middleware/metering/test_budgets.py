"""Which budgets a call draws on."""

from datetime import UTC, datetime, timedelta

import pytest

from tollbridge.call import Call
from tollbridge.metering.budgets import PERIODS, Budgets, budget_id, period_of, quota_line
from tollbridge.metering.ledger import BudgetLine
from tollbridge.services.entrance import Entered
from tollbridge.services.subscribing import CallQuota, Subscribed
from tollbridge.tokens.model import Above, Principal, TokenBudget
from tollbridge.tokens.scopes import ScopeSet

AT = datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)
BRIDGE = (TokenBudget(500, "day"), TokenBudget(9000, "month"))


def call_of(principal: Principal | None) -> Call:
    call = Call("req_1", AT, 0.0, "http", "POST", "/v1/messages", [])
    call.principal = principal
    return call


def principal(budget: TokenBudget | None = None) -> Principal:
    return Principal("tok_1", "ci", ScopeSet(), budget=budget)


@pytest.mark.parametrize(("period", "name"), [("day", "2026-11-24"), ("month", "2026-11"), ("total", "total")])
def test_period_is_named_by_its_day_or_month_in_utc(period: str, name: str) -> None:
    assert period_of(period, AT) == name


def test_next_second_may_be_the_next_day() -> None:
    assert period_of("day", datetime(2026, 11, 25, tzinfo=UTC)) == "2026-11-25"
    assert period_of("month", datetime(2026, 12, 1, tzinfo=UTC)) == "2026-12"


def test_budget_is_named_by_its_owner_and_period() -> None:
    assert budget_id("token:tok_1", "month", AT) == "token:tok_1:2026-11"


def test_call_without_a_token_draws_on_the_bridges_budgets_only() -> None:
    budgets = Budgets(bridge=BRIDGE, token=(TokenBudget(7, "day"),))

    assert budgets.lines(call_of(None)) == (
        BudgetLine("bridge:2026-11-24", 500, "the bridge's budget for this day"),
        BudgetLine("bridge:2026-11", 9000, "the bridge's budget for this month"),
    )


def test_token_without_a_budget_has_the_default_ones() -> None:
    budgets = Budgets(token=(TokenBudget(7, "day"), TokenBudget(70, "month")))

    assert budgets.lines(call_of(principal())) == (
        BudgetLine("token:tok_1:2026-11-24", 7, "this token's budget for this day"),
        BudgetLine("token:tok_1:2026-11", 70, "this token's budget for this month"),
    )


def test_budget_of_a_token_takes_the_place_of_the_defaults_and_not_of_the_bridges() -> None:
    budgets = Budgets(bridge=BRIDGE[:1], token=(TokenBudget(7, "day"),))

    assert budgets.lines(call_of(principal(TokenBudget(10**12, "total")))) == (
        BudgetLine("bridge:2026-11-24", 500, "the bridge's budget for this day"),
        BudgetLine("token:tok_1:total", 10**12, "this token's budget"),
    )


def test_call_draws_on_the_budgets_of_all_above_its_token() -> None:
    above = (Above("tok_2", budget=TokenBudget(20, "total")), Above("tok_3"))
    child = Principal("tok_1", "ci", ScopeSet(), budget=TokenBudget(900, "month"), above=above)
    budgets = Budgets(token=(TokenBudget(7, "day"),))

    assert budgets.lines(call_of(child)) == (
        BudgetLine("token:tok_1:2026-11", 900, "this token's budget for this month"),
        BudgetLine("token:tok_2:total", 20, "the token above's budget"),
        BudgetLine("token:tok_3:2026-11-24", 7, "the token above's budget for this day"),
    )
    narrowed = Principal("tok_1", "ci", ScopeSet(), budget=TokenBudget(900, "month"), above=above[:1])
    assert len(budgets.lines(call_of(narrowed))) == 2


@pytest.mark.parametrize(
    ("period", "at", "id", "ends"),
    [
        ("day", AT, "calls:sub_1:2026-11-24", datetime(2026, 11, 25, tzinfo=UTC)),
        ("month", AT, "calls:sub_1:2026-11", datetime(2026, 12, 1, tzinfo=UTC)),
        ("day", datetime(2026, 12, 31, tzinfo=UTC), "calls:sub_1:2026-12-31", datetime(2027, 1, 1, tzinfo=UTC)),
        ("month", datetime(2026, 12, 31, tzinfo=UTC), "calls:sub_1:2026-12", datetime(2027, 1, 1, tzinfo=UTC)),
        ("month", datetime(2027, 1, 31, tzinfo=UTC), "calls:sub_1:2027-01", datetime(2027, 2, 1, tzinfo=UTC)),
    ],
)
def test_call_under_a_plan_with_a_quota_draws_on_that_until_the_period_ends(
    period: str, at: datetime, id: str, ends: datetime
) -> None:
    call = call_of(principal())
    call.received = at
    call.entered = Entered(terms=Subscribed("sub_1", quota=CallQuota(5, period)))

    assert quota_line(call) == BudgetLine(id, 5, f"the subscription's quota for this {period}", ends.timestamp())


@pytest.mark.parametrize("entered", [None, Entered(), Entered(terms=Subscribed("sub_1"))])
def test_call_without_a_quota_draws_on_none(entered: Entered | None) -> None:
    call = call_of(principal())
    call.entered = entered

    assert quota_line(call) is None


def test_no_budgets_are_no_lines() -> None:
    assert Budgets().lines(call_of(principal())) == ()


def test_lines_of_one_call_have_ids_of_their_own() -> None:
    budgets = Budgets(
        bridge=tuple(TokenBudget(1, period) for period in PERIODS), token=tuple(TokenBudget(1, p) for p in PERIODS)
    )

    ids = [line.id for line in budgets.lines(call_of(principal()))]

    assert len(ids) == len(set(ids)) == 6


def test_lines_follow_the_day_and_the_budget_of_the_token() -> None:
    budgets = Budgets(bridge=BRIDGE[:1])
    today, tomorrow = call_of(principal()), call_of(principal())
    tomorrow.received = AT + timedelta(seconds=1)

    assert [line.id for call in (today, tomorrow, today) for line in budgets.lines(call)] == [
        "bridge:2026-11-24",
        "bridge:2026-11-25",
        "bridge:2026-11-24",
    ]
    assert len(budgets.lines(call_of(principal(TokenBudget(1, "day"))))) == 2
    assert len(budgets.lines(call_of(principal()))) == 1


def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollbridge.metering.budgets._MOST_KNOWN", 2)
    budgets = Budgets(token=(TokenBudget(7, "day"),))

    for number in range(5):
        caller = Principal(f"tok_{number}", "ci", ScopeSet())
        assert budgets.lines(call_of(caller))[0].id == f"token:tok_{number}:2026-11-24"

    assert len(budgets._known) <= 2
