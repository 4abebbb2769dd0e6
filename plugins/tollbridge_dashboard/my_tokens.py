"""One's own tokens: whoever is signed in sees what they own, and keeps it, whatever else they may do."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Action, Cell, Listing, Pages, cells, viewer
from tollbridge_dashboard.token_pages import SAID, OneToken
from tollbridge_dashboard.token_rows import LIVE, columns, named
from tollbridge_dashboard.tokens import STATES

MINE = "/my/tokens"
CALLS = "/me/tokens"


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    mine = MyTokens(pages)
    one = OneToken(pages, below=MINE, calls=CALLS, title=N_("My tokens"), own=True)
    sure, path = Need(proved=True), f"{MINE}/{{id}}"
    return (
        Page("GET", MINE, mine.page),
        Page("GET", path, one.show),
        Page("GET", f"{path}/used", one.used),
        Page("GET", f"{path}/rotate", one.ask_rotate, sure),
        Page("POST", f"{path}/rotate", one.rotate, sure),
        Page("GET", f"{path}/revoke", one.ask_revoke, sure),
        Page("POST", f"{path}/revoke", one.revoke, sure),
    )


class MyTokens:
    """The list of them."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def page(self, request: Request) -> Response:
        """List them, newest first; whoever is nowhere a member has none."""
        if not viewer(request).callers():
            return await self._pages.denied(request, "")
        return await self._listing().page(
            self._pages,
            request,
            "list_page.html",
            nav=MINE,
            heading=N_("My tokens"),
            about=N_("What calls through the bridge in your name, and what it has spent of its budget."),
            segments=[("state", [(state, _(title)) for state, title in STATES.items()], N_("State"))],
            said=self._pages.told(request, SAID),
        )

    def _listing(self) -> Listing:
        def name(row: Row) -> Cell:
            return named(row).to(f"{MINE}/{row['id']}")

        def acts(row: Row) -> Cell:
            path, about = f"{MINE}/{row['id']}", row["name"]
            both = (Action(_("New secret"), f"{path}/rotate", about), Action(_("Revoke"), f"{path}/revoke", about))
            return cells.actions(*(both if row["state"] in LIVE else ()))

        return Listing(
            name="my-tokens",
            label=N_("My tokens"),
            path=CALLS,
            columns=columns(self._pages.gateway.clock.now(), name, Column("", "", acts)),
            filters=("q", "state"),
            known={"state": [state for state in STATES if state]},
            fixed={"details": "true"},
            of_teams=True,
            empty=N_("None of your tokens matches."),
            unfiltered_empty=N_("You have no token yet."),
        )
