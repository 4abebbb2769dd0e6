"""Tokens: find them, keep them, and end several at once."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Hit, Row, Search
from tollbridge.screens import BRIDGE, Action, Cell, Listing, Pages, Pick, cells, viewer
from tollbridge.screens.waits import collect_waiting
from tollbridge_dashboard.scopes import READ, WRITE
from tollbridge_dashboard.token_changing import TokenChanging
from tollbridge_dashboard.token_making import TOKENS, TokenMaking
from tollbridge_dashboard.token_pages import SAID, OneToken
from tollbridge_dashboard.token_rows import LIVE, columns, named

STATES = {
    "": N_("All"),
    "active": N_("Active"),
    "ending": N_("Ends soon"),
    "near-budget": N_("Near budget"),
    "over-budget": N_("Over budget"),
    "unused": N_("Unused for 30 days"),
    "disabled": N_("Disabled"),
    "expired": N_("Expired"),
    "revoked": N_("Revoked"),
}
_PICKED = "picked"
_MOST_PICKED = 200
_MOST_HITS = 5


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    tokens, making = Tokens(pages), TokenMaking(pages)
    one = OneToken(pages, below=TOKENS, calls=TOKENS, title=N_("Tokens"), own=False)
    changing = TokenChanging(pages, one)
    sees, makes, path = Need(READ), Need(WRITE, proved=True), f"{TOKENS}/{{id}}"
    return (
        Page("GET", TOKENS, tokens.page, sees),
        Page("GET", f"{TOKENS}/new", making.form, makes),
        Page("POST", f"{TOKENS}/new", making.create, makes),
        Page("GET", f"{TOKENS}/revoke", tokens.ask, makes),
        Page("POST", f"{TOKENS}/revoke", tokens.revoke, makes),
        Page("GET", path, one.show, sees),
        Page("GET", f"{path}/used", one.used, sees),
        Page("GET", f"{path}/edit", changing.edit, makes),
        Page("POST", f"{path}/edit", changing.change, makes),
        Page("GET", f"{path}/extend", changing.ask_extend, makes),
        Page("POST", f"{path}/extend", changing.extend, makes),
        Page("GET", f"{path}/rotate", one.ask_rotate, makes),
        Page("POST", f"{path}/rotate", one.rotate, makes),
        Page("GET", f"{path}/revoke", one.ask_revoke, makes),
        Page("POST", f"{path}/revoke", one.revoke, makes),
        Page("POST", f"{path}/{{what}}", changing.switch, makes),
    )


def search(pages: Pages) -> Search:
    """Look for tokens."""

    async def find(request: Request, wanted: str) -> Sequence[Hit]:
        found = []
        for team in viewer(request).teams(READ):
            page = await pages.asking(request, team=team).get(TOKENS, q=wanted, limit=_MOST_HITS)
            found += [Hit(one["name"], f"{TOKENS}/{one['id']}", _("Token")) for one in page["items"]]
            if team == BRIDGE:  # which has those of all teams
                break
        return found

    return find


class Tokens:
    """The pages about all tokens."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._clock = pages.gateway.clock

    async def page(self, request: Request) -> Response:
        """List tokens, newest first; the address holds search, filter and where the page begins."""
        who, listing = viewer(request), self._listing(request)
        teams = listing.teams(request)
        team = request.query_params.get("team", "")
        team = team if team in teams else teams[0]
        return await listing.page(
            self._pages,
            request,
            "tokens.html",
            nav=TOKENS,
            waits=None if BRIDGE in teams else await collect_waiting(self._pages.gateway, who),
            counts=await self._pages.asking(request, team=team).get(f"{TOKENS}/counts"),
            states=STATES,
            picked=_PICKED,
            may_end=who.reaches(WRITE, team),
            me=who.id if who.person is not None else "",
            said=self._pages.told(request, SAID),
        )

    async def ask(self, request: Request) -> Response:
        """Ask before those that were ticked are revoked."""
        return await self._ask(request, request.query_params.getlist("id"), request.query_params.get("team", ""))

    async def revoke(self, request: Request) -> Response:
        """Revoke them, if how many they are was typed; says of each what became of it, where one is left."""
        form = await read_form(request)
        ids, team = form.get("id", [])[:_MOST_PICKED], field_of(form, "team")
        typed = field_of(form, "name").strip()
        if typed != str(len(ids)):
            return await self._ask(request, ids, team, typed=typed, error=_("That is not how many they are."))
        done = await self._pages.asking(request, team=team).post(f"{TOKENS}/revoke", {"ids": ids})
        left = [one["id"] for one in done["items"] if one["result"] != "revoked"]
        if not left:
            return self._pages.back(request, TOKENS, **({"team": team} if team else {}), said="revoked")
        return await self._ask(request, left, team, error=_("These are out of your reach, or not there any more."))

    async def _ask(
        self, request: Request, ids: Sequence[str], team: str, *, typed: str = "", error: str = ""
    ) -> Response:
        asking, now = self._pages.asking(request, team=team), self._clock.now()
        replies = [await asking.send("GET", f"{TOKENS}/{id}", query={"details": True}) for id in ids[:_MOST_PICKED]]
        tokens = [reply.value for reply in replies if reply.status == 200]
        tokens = [token for token in tokens if token["state"] in LIVE]
        table = replace(self._listing(request), columns=columns(now, named)[:8]).table(tokens)
        return self._pages.render(
            request,
            "tokens_revoke.html",
            status=400 if error else 200,
            nav=TOKENS,
            up=(f"{TOKENS}?{urlencode({'team': team})}" if team else TOKENS, _("Tokens")),
            tokens=tokens,
            table=table,
            team=team,
            typed=typed,
            error=error,
        )

    def _listing(self, request: Request) -> Listing:
        now, who = self._clock.now(), viewer(request)

        def may_end(row: Row) -> bool:
            return row["state"] in LIVE and who.reaches(WRITE, row["team"])

        def name(row: Row) -> Cell:
            box = Pick(_PICKED, "id", row["id"], _("Choose %(name)s") % {"name": row["name"]})
            return replace(named(row).to(f"{TOKENS}/{row['id']}"), pick=box if may_end(row) else None)

        def acts(row: Row) -> Cell:
            path = f"{TOKENS}/{row['id']}/revoke"
            return cells.actions(*([Action(_("Revoke"), path, row["name"])] if may_end(row) else ()))

        return Listing(
            name="tokens",
            label=N_("Tokens"),
            path=TOKENS,
            columns=columns(now, name, Column("", "", acts)),
            filters=("q", "state", "owner", "parent"),
            known={"state": [state for state in STATES if state]},
            fixed={"details": "true"},
            scope=READ,
            empty=N_("No token matches."),
            unfiltered_empty=N_("There is no token yet."),
        )
