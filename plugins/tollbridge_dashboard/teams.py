"""Teams: who is in them, what they may do, and what they have."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import field_of, read_form, read_query
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Hit, Row, Search
from tollbridge.screens import BRIDGE, Action, Field, Form, Listing, Pages, Refused, Table, cells, new_key
from tollbridge.screens.viewing import viewer
from tollbridge_dashboard.deeds import Deed, asked_first
from tollbridge_dashboard.standing import lend, limit_of
from tollbridge_dashboard.states import state
from tollbridge_dashboard.team_form import CALLED, FIELDS, KEPT, changed_of, held_of, wish_of
from tollbridge_dashboard.team_people import READ as MEMBERS
from tollbridge_dashboard.team_people import SAID, invitations_of, members_of, people_of
from tollbridge_dashboard.team_people import WRITE as MEMBERS_WRITE

READ, WRITE = "admin:teams:read", "admin:teams:write"
TEAMS = "/teams"
READS_TOKENS = "admin:tokens:read"
_MOST_INVITATIONS, _MOST_TOKENS = 50, 10
_SAID = {
    "made": N_("The team is there. Members come next."),
    "changed": N_("The change holds from now on."),
    "disabled": N_("Nobody of the team crosses any more."),
    "enabled": N_("The team crosses again."),
    "ended": N_("The team, its memberships and its tokens have ended."),
}
_OF: dict[str, Any] = {
    "about": f"{TEAMS}/{{name}}",
    "nav": TEAMS,
    "up": f"{TEAMS}/{{name}}",
    "title": lambda team: team["name"],
}
DEEDS = (
    Deed(
        path=f"{TEAMS}/{{name}}/disable",
        call="/teams/{name}/disable",
        heading=N_("Disable a team"),
        warning=N_("People in it, tokens and applications are refused at once, until it is enabled."),
        button=N_("Disable"),
        then=f"{TEAMS}/{{name}}",
        said="disabled",
        **_OF,
    ),
    Deed(
        path=f"{TEAMS}/{{name}}/enable",
        call="/teams/{name}/enable",
        heading=N_("Enable a team"),
        warning=N_("What was disabled with the team crosses again at once."),
        button=N_("Enable"),
        then=f"{TEAMS}/{{name}}",
        said="enabled",
        **_OF,
    ),
    Deed(
        path=f"{TEAMS}/{{name}}/end",
        call="/teams/{name}/end",
        heading=N_("End a team"),
        warning=N_("Its memberships and all of its tokens end with it, at once and for good."),
        button=N_("End it for good"),
        then=TEAMS,
        said="ended",
        typed=True,
        **_OF,
    ),
)


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    teams = Teams(pages)
    lend(pages)
    sees, makes, sure = Need(READ), Need(WRITE), Need(WRITE, proved=True)
    return (
        Page("GET", TEAMS, teams.list, sees),
        Page("GET", f"{TEAMS}/new", teams.new, makes),
        Page("POST", f"{TEAMS}/new", teams.create, makes),
        Page("GET", f"{TEAMS}/{{name}}", teams.show, sees),
        Page("GET", f"{TEAMS}/{{name}}/edit", teams.edit, makes),
        Page("POST", f"{TEAMS}/{{name}}/edit", teams.change, makes),
        *(page for deed in DEEDS for page in asked_first(pages, deed, sure)),
        *people_of(pages),
    )


def search(pages: Pages) -> Search:
    """Look for teams."""

    async def find(request: Request, wanted: str) -> Sequence[Hit]:
        try:
            found = await pages.asking(request).get("/teams", q=wanted, limit=5)
        except Refused:
            return ()
        return [Hit(one["title"] or one["name"], f"{TEAMS}/{one['name']}", _("Team")) for one in found["items"]]

    return find


class Teams:
    """The pages about teams."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def list(self, request: Request) -> Response:
        """List them."""
        who = viewer(request)
        new = {"new_path": f"{TEAMS}/new", "new_label": N_("New team")}
        return await _listing(may=bool(who.teams(WRITE))).page(
            self._pages,
            request,
            "list_page.html",
            nav=TEAMS,
            heading=N_("Teams"),
            about=N_("What people and tokens of a team may do at most, and for how much."),
            said=self._pages.told(request, _SAID),
            **(new if who.reaches(WRITE, BRIDGE) else {}),
        )

    async def show(self, request: Request) -> Response:
        """Show one with its members."""
        asking, name = self._pages.asking(request), request.path_params["name"]
        team = await asking.get(f"/teams/{name}")
        more = {
            "nav": TEAMS,
            "one": team,
            "tokens": await self._tokens(request, name),
            "state": state(team["state"]),
            "budget": await self._budget(request, name) if team["budget"] else None,
            "said": self._pages.told(request, _SAID | SAID),
        }
        who = viewer(request)
        if not who.reaches(MEMBERS, name):
            return self._pages.render(request, "team.html", table=None, invitations=None, **more)
        open_ones = await asking.get(f"/teams/{name}/invitations", limit=_MOST_INVITATIONS)
        invitations = invitations_of(name, may=who.reaches(MEMBERS_WRITE, name)).table(open_ones["items"])
        listing = members_of(name, may=who.reaches(MEMBERS_WRITE, name) and team["state"] != "ended")
        return await listing.page(self._pages, request, "team.html", invitations=invitations, **more)

    async def _tokens(self, request: Request, name: str) -> Table | None:
        """Give the newest tokens of it, where they may be seen."""
        if not viewer(request).reaches(READS_TOKENS, name):
            return None
        found = await self._pages.asking(request).get("/tokens", team=name, limit=_MOST_TOKENS)
        return tokens_of(self._pages.gateway.clock.now).table(found["items"])

    async def _budget(self, request: Request, name: str) -> Mapping[str, Any] | None:
        """Say how its budget stands, where that may be seen."""
        if not viewer(request).reaches(READS_TOKENS, name):
            return None
        found = await self._pages.asking(request).get("/budgets", of="team", team=name)
        return next(iter(found["items"]), None)

    async def new(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        return self._form(request, Form.read(FIELDS, read_query(request), posted=False))

    async def create(self, request: Request) -> Response:
        """Make one, or show the form with what is wrong."""
        typed = await read_form(request)
        form = Form.read(FIELDS, typed, posted=True)
        key = field_of(typed, "sent")
        try:
            team = await self._pages.asking(request).post("/teams", wish_of(form), key=key)
        except Refused as exc:
            form.refuse(exc)
            return self._form(request, form)
        return self._pages.back(request, f"{TEAMS}/{team['name']}", said="made")

    async def edit(self, request: Request) -> Response:
        """Show the form with what holds now."""
        reply = await self._pages.asking(request).send("GET", f"/teams/{request.path_params['name']}")
        team = reply.value
        form = Form.read(self._kept(request), held_of(team), posted=True)
        return self._form(request, form, team=team["name"], tag=reply.tag)

    async def change(self, request: Request) -> Response:
        """Change one, if it is still as it was read; what was left as it is is not sent."""
        typed, name, asking = await read_form(request), request.path_params["name"], self._pages.asking(request)
        form, tag = Form.read(self._kept(request), typed, posted=True), field_of(typed, "tag")
        team = await asking.get(f"/teams/{name}")
        try:
            await asking.patch(f"/teams/{name}", changed_of(form, team), tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return self._form(request, form, team=name, tag=tag)
        return self._pages.back(request, f"{TEAMS}/{name}", said="changed")

    def _kept(self, request: Request) -> Sequence[Field]:
        """Give the fields that somebody changes: who is of the team, those that say how it is called."""
        return KEPT if viewer(request).reaches(WRITE, BRIDGE) else CALLED

    def _form(self, request: Request, form: Form, *, team: str = "", tag: str = "") -> Response:
        return self._pages.render(
            request,
            "form_page.html",
            status=400 if form.is_wrong else 200,
            nav=TEAMS,
            heading=N_("Change a team") if team else N_("New team"),
            up=(f"{TEAMS}/{team}" if team else TEAMS, team or _("Teams")),
            form=form,
            key=new_key(),
            tag=tag,
            action=f"{TEAMS}/{team}/edit" if team else f"{TEAMS}/new",
            button=N_("Save") if team else N_("Create team"),
        )


def _listing(*, may: bool) -> Listing:
    """Give the list; `may`: whoever looks may change a team of it."""

    def name(row: Row) -> cells.Cell:
        shown = cells.text(row["title"] or row["name"], strong=True, note=row["name"])
        return shown.to(f"{TEAMS}/{row['name']}")

    def acts(row: Row) -> cells.Cell:
        return cells.actions(Action(_("Edit"), f"{TEAMS}/{row['name']}/edit", row["name"]))

    columns = (
        Column("name", N_("Name"), name),
        Column("state", N_("Status"), lambda row: state(row["state"])),
        Column("members", N_("Members"), lambda row: cells.number(row["counts"]["members"]), number=True),
        Column("services", N_("Services"), lambda row: cells.number(row["counts"]["services"]), number=True),
        Column("budget_usd", N_("Budget"), _budget, number=True),
        Column("scopes", N_("May do at most"), lambda row: cells.tags(row["scopes"]), wide=True),
    )
    return Listing(
        name="teams",
        label=N_("Teams"),
        path="/teams",
        columns=(*columns, Column("", "", acts)) if may else columns,
        filters=("q",),
        scope=READ,
        empty=N_("No team is called so."),
        unfiltered_empty=N_("There is no team yet."),
    )


def tokens_of(now: Callable[[], datetime]) -> Listing:
    """Give the list of a team's tokens."""
    return Listing(
        name="team_tokens",
        label=N_("Tokens"),
        path="/tokens",
        columns=(
            Column("name", N_("Name"), _token),
            Column("state", N_("Status"), lambda row: state(row["state"])),
            Column("scopes", N_("Scopes"), lambda row: cells.tags(row["scopes"]), wide=True),
            Column("last_used_at", N_("Last used"), lambda row: cells.time(row["last_used_at"], now())),
        ),
        empty=N_("It has no token yet."),
    )


def _token(row: Row) -> cells.Cell:
    return cells.text(row["name"], strong=True, note=row["hint"]).to(f"/tokens/{row['id']}")


def _budget(row: Row) -> cells.Cell:
    if not row["budget"]:
        return cells.text(_("none"))
    return replace(cells.money(row["budget"]["usd"]), text=limit_of(row["budget"]))
