"""Which budgets a call draws on: the bridge's own, its token's and those of all above that, each by period.

Beside them stands the quota of the plan it is made under, which counts calls.
"""

from datetime import UTC, date, datetime, time, timedelta

from tollbridge.call import Call
from tollbridge.metering.ledger import CALLS, BudgetLine
from tollbridge.services.subscribing import SERVICE, SUBSCRIPTION
from tollbridge.tokens.model import Above, Principal, TokenBudget

PERIODS = ("day", "month", "total")
_MOST_KNOWN = 4096
_WHOSE = {SUBSCRIPTION: "the subscription's", SERVICE: "the service's"}
"""What stands above a call and is no token, by the first four letters of its id: it has its own budget or none."""
_Key = tuple[str, TokenBudget | None, tuple[Above, ...]]
_NOBODY: _Key = ("", None, ())


class Budgets:
    """Budgets that hold for everyone (`bridge`) and for each token without one of its own (`token`)."""

    def __init__(self, bridge: tuple[TokenBudget, ...] = (), token: tuple[TokenBudget, ...] = ()) -> None:
        self.bridge = bridge
        self.token = token
        self._day = date.min
        self._known: dict[_Key, tuple[BudgetLine, ...]] = {}

    def lines(self, call: Call) -> tuple[BudgetLine, ...]:
        """Give the budgets of this call, in a fixed order.  Those of a token are written once a day."""
        principal = call.principal
        key = _NOBODY if principal is None else (principal.id, principal.budget, principal.above)
        day = call.received.date()
        if day != self._day:
            self._day, self._known = day, {}
        lines = self._known.get(key)
        if lines is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            lines = self._known[key] = self._lines(principal, day)
        return lines

    def _lines(self, principal: Principal | None, day: date) -> tuple[BudgetLine, ...]:
        lines = [_line("bridge", "the bridge's", budget, day) for budget in self.bridge]
        if principal is not None:
            lines += self._of(principal.id, "this token's", principal.budget, day)
            for above in principal.above:
                whose = _WHOSE.get(above.id[:4])
                if whose is None:
                    lines += self._of(above.id, "the token above's", above.budget, day)
                elif above.budget is not None:
                    lines.append(_line(f"token:{above.id}", whose, above.budget, day))
        return tuple(lines)

    def _of(self, token_id: str, whose: str, budget: TokenBudget | None, day: date) -> list[BudgetLine]:
        own = (budget,) if budget is not None else self.token
        return [_line(f"token:{token_id}", whose, each, day) for each in own]


def quota_line(call: Call) -> BudgetLine | None:
    """Give the quota of calls that a call of a service draws on, if there is one.

    What is asked for the call is no call of the subscription, and draws on none.
    """
    terms = None if call.entered is None else call.entered.terms
    if terms is None or terms.quota is None:
        return None
    quota, day = terms.quota, call.received.date()
    id = budget_id(f"{CALLS}{terms.id}", quota.period, day)
    return BudgetLine(id, quota.calls, f"the subscription's quota for this {quota.period}", _end_of(quota.period, day))


def budget_id(owner: str, period: str, day: date) -> str:
    """Name a budget of `bridge` or `token:<id>` in the period a day (UTC) falls in."""
    return f"{owner}:{period_of(period, day)}"


def _line(owner: str, whose: str, budget: TokenBudget, day: date) -> BudgetLine:
    label = f"{whose} budget" if budget.period == "total" else f"{whose} budget for this {budget.period}"
    return BudgetLine(budget_id(owner, budget.period, day), budget.amount, label)


def _end_of(period: str, day: date) -> float:
    """Say when the day or month ends that a day falls in, in epoch seconds."""
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1) if period == "month" else day + timedelta(1)
    return datetime.combine(following, time(), UTC).timestamp()


def period_of(period: str, day: date) -> str:
    """Name the period a day (UTC) falls in: `2026-11-23`, `2026-11` or `total`."""
    if period == "day":
        return f"{day:%Y-%m-%d}"
    return f"{day:%Y-%m}" if period == "month" else "total"
