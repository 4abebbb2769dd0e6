"""Budgets and limits: what is in force, how it stands, and who is near the end of theirs."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Listing, Pages, Refused, cells
from tollbridge_dashboard.standing import lend, share_of, spent

LIMITS = "/limits"
READ = "admin:tokens:read"
_MOST = 200
_LEVELS = {"over": (N_("Over budget"), "bad"), "near": (N_("Near budget"), "warn"), None: (N_("Within it"), "ok")}


def make(pages: Pages) -> Sequence[Page]:
    """Give the page."""
    lend(pages)
    return (Page("GET", LIMITS, Limits(pages).show, Need(READ)),)


class Limits:
    """The page about them."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._teams = Listing(
            name="team_budgets",
            label=N_("Budgets of teams"),
            path="/budgets",
            columns=(Column("name", N_("Team"), _team), *_COLUMNS[:2]),
            empty=N_("No team has a budget."),
        )
        self._tokens = Listing(
            name="token_budgets",
            label=N_("Tokens near their budget"),
            path="/budgets",
            columns=(
                Column("name", N_("Token"), _token),
                Column("team", N_("Team"), lambda row: cells.text(row["team"] or None), wide=True),
                *_COLUMNS,
            ),
            empty=N_("No token is near the end of its budget."),
        )

    async def show(self, request: Request) -> Response:
        """Show all of it."""
        asking = self._pages.asking(request)
        bridge = (await asking.get("/budgets"))["items"]
        teams = await asking.get("/budgets", of="team", limit=_MOST)
        over = (await asking.get("/budgets", of="token", level="over", limit=_MOST))["items"]
        near = (await asking.get("/budgets", of="token", level="near", limit=_MOST))["items"]
        try:
            rules: Mapping[str, Any] | None = await asking.get("/policies")
        except Refused:
            rules = None
        return self._pages.render(
            request,
            "limits.html",
            nav=LIMITS,
            bridge=bridge,
            rules=rules,
            teams=self._teams.table(sorted(teams["items"], key=share_of, reverse=True)),
            more_teams=bool(teams["next"]),
            tokens=self._tokens.table([*over, *near]),
            more=len(over) == _MOST or len(near) == _MOST,
        )


def _level(row: Row) -> cells.Cell:
    word, tone = _LEVELS[row["level"]]
    return cells.pill(_(word), tone, value=row["level"] or "")


def _team(row: Row) -> cells.Cell:
    return cells.text(row["name"], strong=True).to(f"/teams/{row['name']}")


def _token(row: Row) -> cells.Cell:
    return cells.text(row["name"], strong=True, note=row["id"]).to(f"/tokens/{row['id']}")


def _from(row: Row) -> cells.Cell:
    return cells.text(_("its own") if row["own"] else _("the configuration"))


_COLUMNS = (
    Column("spent_usd", N_("Spent"), spent, number=True),
    Column("level", N_("Status"), _level),
    Column("own", N_("From"), _from, wide=True),
)
