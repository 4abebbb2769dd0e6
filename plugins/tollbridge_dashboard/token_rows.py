"""Tokens in tables: one row each, as the admin API gives them with their details."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from tollbridge import Column
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Cell, cells, words
from tollbridge.stores.base import SOON
from tollbridge_dashboard.standing import share_of
from tollbridge_dashboard.states import state

LIVE = ("active", "disabled")
"""States that a token can be ended in."""


def at(text: str | None) -> datetime | None:
    """Read a moment as the API says it."""
    return None if text is None else datetime.fromisoformat(text)


def fullest(row: Row) -> Row | None:
    """Give the budget of a token of which the largest part is spent; None where it has none."""
    return max(row.get("budgets", ()), key=_filled, default=None)


def status(row: Row, now: datetime) -> Cell:
    """Say how a token stands: what needs somebody comes before that it is active."""
    if row["state"] != "active":
        return state(row["state"])
    budget, ends = fullest(row), at(row["expires_at"])
    level = budget["level"] if budget is not None else None
    if level == "over":
        return cells.pill(_("Over budget"), "bad", value="over-budget")
    if ends is not None and ends - now <= SOON:
        return cells.pill(_("Ends soon"), "warn", value="ending")
    if level == "near":
        return cells.pill(_("Near budget"), "warn", value="near-budget")
    return state("active")


def spending(row: Row) -> Cell:
    """Write what is spent of the fullest budget."""
    one = fullest(row)
    if one is None:
        return Cell(_("no budget"), "", "number")
    spent, whole = (words.usd(words.usd_nano(one[name])) for name in ("spent_usd", "usd"))
    note = "" if one["period"] == "month" else words.period(one["period"])
    tone = {"over": "bad", "near": "warn"}.get(one["level"], "")
    return Cell(f"{spent} / {whole}", one["spent_usd"], "number", note=note, tone=tone, share=share_of(one))


def owner(row: Row) -> Cell:
    """Write who owns a token: a person by the name, with the address for who may see it."""
    shown = cells.text(row.get("owner_name") or row["owner"], note=row["team"])
    return replace(shown, title=row.get("owner_email") or shown.title) if row["owner"] else replace(shown, value="")


def last_used(row: Row, now: datetime) -> Cell:
    """Write when a token was used last, and from where."""
    shown = cells.time(row["last_used_at"], now, empty=_("never"))
    where = row["last_used_from"]
    return shown.noted(_("from %(address)s") % {"address": where}) if where else shown


def ends(row: Row, now: datetime) -> Cell:
    """Write when a token ends."""
    when = at(row["expires_at"])
    return replace(cells.time(when, now, empty=_("never")), text=words.until(when, now))


def columns(now: datetime, name: Callable[[Row], Cell], *more: Column) -> Sequence[Column]:
    """Give the columns of tokens; `name` writes the first of them, `more` come last."""
    return (
        Column("name", N_("Name"), name),
        Column("id", "", lambda row: cells.code(row["id"]), csv_only=True),
        Column("owner", N_("Owner"), owner),
        Column("team", "", lambda row: cells.text(row["team"]), csv_only=True),
        Column("scopes", N_("Scopes"), lambda row: cells.tags(row["scopes"]), wide=True),
        Column("status", N_("Status"), lambda row: status(row, now)),
        Column("spent_usd", N_("Spend / budget"), spending, number=True),
        Column("budget_usd", "", _budget, csv_only=True),
        Column("budget_period", "", lambda row: cells.text((fullest(row) or {"period": ""})["period"]), csv_only=True),
        Column("requests_per_minute", N_("RPM"), _requests, wide=True, number=True),
        Column("last_used_at", N_("Last used"), lambda row: last_used(row, now)),
        Column("last_used_from", "", lambda row: cells.text(row["last_used_from"]), csv_only=True),
        Column("ends_at", N_("Ends"), lambda row: ends(row, now)),
        Column("made_at", "", lambda row: cells.time(row["created_at"], now), csv_only=True),
        Column("environment", "", lambda row: cells.text(row["environment"]), csv_only=True),
        Column("tags", "", lambda row: cells.tags(row["tags"]), csv_only=True),
        *more,
    )


def named(row: Row) -> Cell:
    """Write a token's name over the beginning of its secret."""
    return cells.text(row["name"], strong=True, note=row["hint"])


def _requests(row: Row) -> Cell:
    return cells.number(row["requests_per_minute"])


def _budget(row: Row) -> Cell:
    one = fullest(row)
    return cells.money(None if one is None else one["usd"])


def _filled(budget: Row) -> Decimal:
    spent, whole = Decimal(budget["spent_usd"]), Decimal(budget["usd"])
    return spent / whole if whole else Decimal(spent > 0)
