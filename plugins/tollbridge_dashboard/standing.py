"""How a budget stands."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tollbridge.browsing import gettext as _
from tollbridge.screens import Cell, Pages, cells
from tollbridge.screens.words import usd, usd_nano


def share_of(budget: Mapping[str, Any]) -> float:
    """Give which part of a budget is spent, 0 to 1; one of nothing is full with the first thing spent."""
    used, whole = Decimal(budget["spent_usd"]), Decimal(budget["usd"])
    return min(1.0, float(used / whole)) if whole else float(used > 0)


def limit_of(budget: Mapping[str, Any]) -> str:
    """Say how large a budget is."""
    amount = usd(usd_nano(budget["usd"]))
    if budget["period"] == "total":
        return _("%(usd)s in all") % {"usd": amount}
    return (_("%(usd)s a day") if budget["period"] == "day" else _("%(usd)s a month")) % {"usd": amount}


def spent(budget: Mapping[str, Any]) -> Cell:
    """Write what is spent of a budget, with a bar."""
    shown = _("%(spent)s of %(limit)s") % {"spent": usd(usd_nano(budget["spent_usd"])), "limit": limit_of(budget)}
    cell = cells.number(Decimal(budget["spent_usd"]), shown=shown)
    return cells.meter(cell, Decimal(budget["spent_usd"]), Decimal(budget["usd"]))


def lend(pages: Pages) -> None:
    """Let templates say how budgets stand."""
    pages.environment.globals.update(share_of=share_of, limit_of=limit_of, spent=spent)
