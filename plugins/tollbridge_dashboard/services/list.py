"""The list of services."""

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Listing, Pages, cells, viewer
from tollbridge.screens.words import NOTHING, share
from tollbridge_dashboard.services.common import ALL, KINDS, READ, STATES, WRITE, kind_word, path_of, service_state

FAILING, BROKEN = 0.01, 0.1
"""Shares of calls that fail from which a service is said to."""
SAID = {"dropped": N_("The service is forgotten; its slug is free again.")}


class List:
    """The page with all of them."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._list = Listing(
            name="services",
            label=N_("Services"),
            path="/service-figures",
            columns=columns(),
            filters=("q", "kind", "state", "team"),
            scope=READ,
            empty=N_("No service is like that."),
            unfiltered_empty=N_("Nothing is published yet: import an OpenAPI document, or begin with a prompt."),
        )

    async def page(self, request: Request) -> Response:
        """Show them."""
        makes = bool(viewer(request).teams(WRITE))
        return await self._list.page(
            self._pages,
            request,
            "services.html",
            nav=ALL,
            heading=N_("Services"),
            about=N_("What callers reach through the bridge: who owns it, how far it is, and what serves."),
            new_path=f"{ALL}/new" if makes else "",
            new_label=N_("New service"),
            segments=(
                ("kind", [("", _("All kinds")), *((name, _(word)) for name, word in KINDS.items())], N_("Kind")),
                (
                    "state",
                    [("", _("All states")), *((name, _(word)) for name, (word, _t) in STATES.items())],
                    N_("State"),
                ),
            ),
            said=self._pages.told(request, SAID),
        )


def columns(*, end: str = "") -> list[Column]:
    """Give the columns of a list of services; a name leads to the page whose path ends so."""

    def name(row: Row) -> cells.Cell:
        return cells.text(row["name"] or row["slug"], strong=True, note=row["slug"]).to(f"{path_of(row)}{end}")

    return [
        Column("name", N_("Name"), name),
        Column("slug", "", lambda row: cells.code(row["slug"]), csv_only=True),
        Column("kind", N_("Kind"), lambda row: cells.text(kind_word(row["kind"]))),
        Column("team", N_("Team"), lambda row: cells.text(row["team"] or _("whole bridge"))),
        Column("state", N_("Status"), service_state),
        Column("version", N_("Version"), lambda row: cells.text(row["version"]), wide=True),
        Column("health", N_("Health"), health),
        Column("calls", N_("Calls, 24 h"), lambda row: cells.number(row["calls"]), number=True),
        Column("failed", N_("Failed"), failed, number=True),
        Column("cost_usd", N_("Cost, 24 h"), lambda row: cells.money(row["cost_usd"]), number=True),
    ]


def health(row: Row) -> cells.Cell:
    """Say how the calls of the last day went, by the rule of Home: one of a hundred that failed is worth a word."""
    if not row["calls"]:
        return cells.pill(_("No calls"), "off", value="none")
    if not row["failed"] or row["failed"] < FAILING * row["calls"]:
        return cells.pill(_("Healthy"), "ok", value="healthy")
    if row["failed"] < BROKEN * row["calls"]:
        return cells.pill(_("Some fail"), "warn", value="failing")
    return cells.pill(_("Many fail"), "bad", value="broken")


def failed(row: Row) -> cells.Cell:
    """Write the share of calls that failed; how many they were stands in CSV."""
    return cells.number(row["failed"], shown=share(row["failed"], row["calls"]) if row["calls"] else NOTHING)
