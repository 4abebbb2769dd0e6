"""Applications: what calls services, for whom, and within which bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import field_of, read_form, read_query
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Hit, Row, Search
from tollbridge.screens import BRIDGE, Cell, Field, Form, Listing, Pages, Refused, cells, new_key, viewer
from tollbridge_dashboard.application_pages import APPLICATIONS, READ, SAID, WRITE, OneApplication, standing
from tollbridge_dashboard.application_tokens import ApplicationTokens
from tollbridge_dashboard.teams_offered import asking_for, choices, teams_offered
from tollbridge_dashboard.token_form import BOUNDS, PERIODS, bounds_given, bounds_of

_STATES = {"": N_("All"), "active": N_("Active"), "disabled": N_("Disabled"), "revoked": N_("Ended")}
_MOST_HITS = 5
_FIELDS = (
    Field(name="name", label=N_("Name"), hint=N_("Shown to those whose services it calls.")),
    Field(name="team", label=N_("Team"), kind="choice", hint=N_("It bounds what the application may do.")),
    Field(name="owner", label=N_("Who answers for it"), hint=N_("A name; may stay empty.")),
    Field(name="description", label=N_("What it is for"), kind="area", rows=3),
    Field(
        name="scopes",
        label=N_("What it may do beside what it subscribes to"),
        hint=N_("Scopes such as ai:chat or model:gpt-*, with spaces between."),
    ),
    *BOUNDS,
)


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    applications, one, tokens = Applications(pages), OneApplication(pages), ApplicationTokens(pages)
    sees, makes, path = Need(READ), Need(WRITE), f"{APPLICATIONS}/{{id}}"
    return (
        Page("GET", APPLICATIONS, applications.list, sees),
        Page("GET", f"{APPLICATIONS}/new", applications.new, makes),
        Page("POST", f"{APPLICATIONS}/new", applications.create, makes),
        Page("GET", path, one.show, sees),
        Page("GET", f"{path}/edit", applications.edit, makes),
        Page("POST", f"{path}/edit", applications.change, makes),
        Page("GET", f"{path}/token", tokens.ask, Need(WRITE, proved=True)),
        Page("POST", f"{path}/token", tokens.create, Need(WRITE, proved=True)),
        *one.deeds(),
    )


def search(pages: Pages) -> Search:
    """Look for applications."""

    async def find(request: Request, wanted: str) -> Sequence[Hit]:
        found: list[Hit] = []
        for team in viewer(request).teams(READ):
            page = await pages.asking(request, team=team).get(APPLICATIONS, q=wanted, limit=_MOST_HITS)
            found += [Hit(one["name"], f"{APPLICATIONS}/{one['id']}", _("Application")) for one in page["items"]]
            if team == BRIDGE:  # which has those of all teams
                break
        return found

    return find


class Applications:
    """The list of them, and the forms they are made and changed with."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._list = Listing(
            name="applications",
            label=N_("Applications"),
            path=APPLICATIONS,
            columns=_columns(),
            filters=("q", "state"),
            known={"state": [state for state in _STATES if state]},
            scope=READ,
            empty=N_("No application matches."),
            unfiltered_empty=N_("There is no application yet. One calls services with tokens of its own."),
        )

    async def list(self, request: Request) -> Response:
        """List them."""
        return await self._list.page(
            self._pages,
            request,
            "list_page.html",
            nav=APPLICATIONS,
            heading=N_("Applications"),
            about=N_("What calls services: each has tokens and subscriptions of its own."),
            segments=[("state", [(state, _(title)) for state, title in _STATES.items()], N_("State"))],
            new_path=f"{APPLICATIONS}/new" if viewer(request).teams(WRITE) else "",
            new_label=N_("New application"),
            said=self._pages.told(request, SAID),
        )

    async def new(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        fields = await self._fields(request)
        form = Form.read(fields, read_query(request), posted=False)
        return self._form(request, form, key=new_key())

    async def create(self, request: Request) -> Response:
        """Make one, or show the form with what is wrong."""
        typed, fields = await read_form(request), await self._fields(request)
        form, key = Form.read(fields, typed, posted=True), field_of(typed, "sent")
        teams = [team for team, _title in fields[1].choices]
        team = form.text("team") if form.text("team") in teams or len(teams) > 1 else teams[0]
        if team not in teams:
            form.errors["team"] = _("Choose one of your teams.")
            return self._form(request, form, key=key)
        wish = {name: value for name, value in _patch(form).items() if value is not None}
        try:
            asking = asking_for(self._pages, request, WRITE, team)
            made = await asking.post(APPLICATIONS, {**wish, "team": team}, key=key)
        except Refused as exc:
            form.refuse(exc)
            return self._form(request, form, key=key)
        return self._pages.back(request, f"{APPLICATIONS}/{made['id']}", said="made")

    async def edit(self, request: Request) -> Response:
        """Show the form with what holds now."""
        reply = await self._pages.asking(request).send("GET", _path(request))
        one = reply.value
        given = {
            **bounds_given(one),
            "name": [one["name"]],
            "owner": [one["owner"]],
            "description": [one["description"]],
            "scopes": [" ".join(one["scopes"])],
        }
        return self._form(request, Form.read(_kept(), given, posted=True), one=one, tag=reply.tag)

    async def change(self, request: Request) -> Response:
        """Change one, if it is still as it was read."""
        one, typed = await self._pages.asking(request).get(_path(request)), await read_form(request)
        form, tag = Form.read(_kept(), typed, posted=True), field_of(typed, "tag")
        try:
            asking = asking_for(self._pages, request, WRITE, one["team"])
            await asking.patch(_path(request), _patch(form), tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return self._form(request, form, one=one, tag=tag)
        return self._pages.back(request, _path(request), said="changed")

    async def _fields(self, request: Request) -> Sequence[Field]:
        teams = choices(await teams_offered(self._pages, request, WRITE))
        return [replace(field, choices=teams) if field.name == "team" else field for field in _periods(_FIELDS)]

    def _form(self, request: Request, form: Form, *, one: Row | None = None, tag: str = "", key: str = "") -> Response:
        path = f"{APPLICATIONS}/{one['id']}" if one else APPLICATIONS
        return self._pages.render(
            request,
            "form_page.html",
            status=400 if form.is_wrong else 200,
            nav=APPLICATIONS,
            heading=N_("Change an application") if one else N_("New application"),
            up=(path, one["name"] if one else _("Applications")),
            form=form,
            key=key,
            tag=tag,
            action=f"{path}/edit" if one else f"{path}/new",
            button=N_("Save") if one else N_("Create application"),
        )


def _path(request: Request) -> str:
    return f"{APPLICATIONS}/{request.path_params['id']}"


def _periods(fields: Sequence[Field]) -> Sequence[Field]:
    periods = [(key, _(label)) for key, label in PERIODS.items()]
    return [replace(field, choices=periods) if field.name == "period" else field for field in fields]


def _kept() -> Sequence[Field]:
    return [field for field in _periods(_FIELDS) if field.name != "team"]


def _patch(form: Form) -> Mapping[str, Any]:
    """Give a change, as the API reads it: an empty field takes away."""
    return {
        **bounds_of(form),
        "name": form.text("name"),
        "owner": form.text("owner") or None,
        "description": form.text("description") or None,
        "scopes": form.words("scopes") or None,
    }


def _columns() -> Sequence[Column]:
    def name(row: Row) -> Cell:
        return cells.text(row["name"], strong=True, note=row["description"]).to(f"{APPLICATIONS}/{row['id']}")

    def counted(what: str) -> Any:
        return lambda row: cells.number(row["counts"][what])

    return (
        Column("name", N_("Name"), name),
        Column("id", "", lambda row: cells.code(row["id"]), csv_only=True),
        Column("team", N_("Team"), lambda row: cells.text(row["team"])),
        Column("state", N_("Status"), lambda row: standing(row["state"])),
        Column("subscriptions", N_("Subscriptions"), counted("subscriptions"), number=True),
        Column("asked", N_("Asked for"), counted("asked"), number=True),
        Column("tokens", N_("Tokens"), counted("tokens"), number=True),
        Column("scopes", N_("Scopes"), lambda row: cells.tags(row["scopes"]), wide=True),
        Column("tags", N_("Tags"), lambda row: cells.tags(row["tags"]), wide=True),
    )
