"""Which budgets a call draws on: the bridge's own and its token's, each by period."""

from dataclasses import dataclass
from datetime import datetime

from tollbridge.call import Call
from tollbridge.metering.ledger import BudgetLine
from tollbridge.tokens.model import TokenBudget

PERIODS = ("day", "month", "total")


@dataclass(frozen=True, slots=True)
class Budgets:
    """Budgets that hold for everyone (`bridge`) and for each token without one of its own (`token`)."""

    bridge: tuple[TokenBudget, ...] = ()
    token: tuple[TokenBudget, ...] = ()

    def lines(self, call: Call) -> tuple[BudgetLine, ...]:
        """Give the budgets of this call, in a fixed order."""
        lines = [self._line("bridge", "the bridge's", budget, call.received) for budget in self.bridge]
        principal = call.principal
        if principal is not None:
            own = (principal.budget,) if principal.budget is not None else self.token
            lines += [self._line(f"token:{principal.id}", "this token's", b, call.received) for b in own]
        return tuple(lines)

    @staticmethod
    def _line(owner: str, whose: str, budget: TokenBudget, at: datetime) -> BudgetLine:
        period = period_of(budget.period, at)
        label = f"{whose} budget" if budget.period == "total" else f"{whose} budget for this {budget.period}"
        return BudgetLine(f"{owner}:{period}", budget.amount, label)


def period_of(period: str, at: datetime) -> str:
    """Name the period a time falls in, UTC: `2026-11-23`, `2026-11` or `total`."""
    if period == "day":
        return f"{at:%Y-%m-%d}"
    return f"{at:%Y-%m}" if period == "month" else "total"
