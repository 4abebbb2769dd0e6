"""Roles: what somebody may do in a team, or in the whole bridge."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import field_of, read_form, read_query
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import BRIDGE, Field, Form, Listing, Pages, Refused, cells, new_key
from tollbridge.screens.viewing import viewer
from tollbridge_dashboard.deeds import Deed, asked_first

READ, WRITE = "admin:roles:read", "admin:roles:write"
ROLES = "/roles"
_ONE = f"{ROLES}/{{name}}"
_MOST_HOLDERS = 50
_SAID = {
    "made": N_("The role is there, and can be given."),
    "changed": N_("The change holds at once, for all who have the role."),
    "removed": N_("The role is gone."),
}
_NAME = Field(name="name", label=N_("Name"), hint=N_("Small letters, digits, hyphens; it stays for ever."))
_KEPT = (
    Field(name="description", label=N_("What it is for"), kind="area", rows=2),
    Field(
        name="scopes",
        label=N_("Scopes"),
        kind="area",
        rows=8,
        hint=N_("One a line, such as ai:chat, model:gpt-*, service:* or admin:tokens:read; write includes read."),
    ),
)
_FIELDS = (_NAME, *_KEPT)
REMOVE = Deed(
    path=f"{_ONE}/remove",
    call=f"{_ONE}/remove",
    about=_ONE,
    title=lambda role: role["name"],
    heading=N_("Remove a role"),
    warning=N_("A role that somebody has stays: give them another one first."),
    button=N_("Remove"),
    nav=ROLES,
    up=_ONE,
    then=ROLES,
    said="removed",
    typed=True,
)


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    roles = Roles(pages)
    sees, makes = Need(READ), Need(WRITE, whole=True, proved=True)
    return (
        Page("GET", ROLES, roles.list, sees),
        Page("GET", f"{ROLES}/new", roles.new, makes),
        Page("POST", f"{ROLES}/new", roles.create, makes),
        Page("GET", _ONE, roles.show, sees),
        Page("GET", f"{_ONE}/edit", roles.edit, makes),
        Page("POST", f"{_ONE}/edit", roles.change, makes),
        *asked_first(pages, REMOVE, makes),
    )


class Roles:
    """The pages about roles."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._list = Listing(
            name="roles",
            label=N_("Roles"),
            path="/roles",
            columns=(
                Column("name", N_("Name"), _name),
                Column("built_in", N_("Kind"), _kind),
                Column("scopes", N_("May do"), lambda row: cells.tags(row["scopes"])),
            ),
            filters=("q",),
            empty=N_("No role is called so."),
        )

    async def list(self, request: Request) -> Response:
        """List them."""
        new = {"new_path": f"{ROLES}/new", "new_label": N_("New role")}
        return await self._list.page(
            self._pages,
            request,
            "list_page.html",
            nav=ROLES,
            heading=N_("Roles"),
            about=N_("What members of a team may do there, as far as the team may do it too."),
            said=self._pages.told(request, _SAID),
            **(new if viewer(request).reaches(WRITE, BRIDGE) else {}),
        )

    async def show(self, request: Request) -> Response:
        """Show one, with its scopes and who has it in the whole bridge."""
        asking, who = self._pages.asking(request), viewer(request)
        role = await asking.get(_of(request))
        holders = None
        if who.reaches("admin:members:read", BRIDGE):
            found = await asking.get("/members", role=role["name"], limit=_MOST_HOLDERS)
            holders = _HOLDERS.table(found["items"])
        return self._pages.render(
            request,
            "role.html",
            nav=ROLES,
            one=role,
            about=_about(role),
            kind=_kind(role),
            changes=who.reaches(WRITE, BRIDGE) and not role["built_in"],
            holders=holders,
            said=self._pages.told(request, _SAID),
        )

    async def new(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        return self._form(request, Form.read(_FIELDS, read_query(request), posted=False))

    async def create(self, request: Request) -> Response:
        """Make one, or show the form with what is wrong."""
        typed = await read_form(request)
        form = Form.read(_FIELDS, typed, posted=True)
        wish = {"name": form.text("name"), **_wish(form)}
        try:
            role = await self._pages.asking(request).post("/roles", wish, key=field_of(typed, "sent"))
        except Refused as exc:
            form.refuse(exc)
            return self._form(request, form)
        return self._pages.back(request, f"{ROLES}/{role['name']}", said="made")

    async def edit(self, request: Request) -> Response:
        """Show the form with what holds now."""
        reply = await self._pages.asking(request).send("GET", _of(request))
        role = reply.value
        given = {"description": [role["description"]], "scopes": ["\n".join(role["scopes"])]}
        return self._form(request, Form.read(_KEPT, given, posted=True), role=role["name"], tag=reply.tag)

    async def change(self, request: Request) -> Response:
        """Change one, if it is still as it was read."""
        typed, name = await read_form(request), request.path_params["name"]
        form, tag = Form.read(_KEPT, typed, posted=True), field_of(typed, "tag")
        try:
            await self._pages.asking(request).patch(_of(request), _wish(form), tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return self._form(request, form, role=name, tag=tag)
        return self._pages.back(request, f"{ROLES}/{name}", said="changed")

    def _form(self, request: Request, form: Form, *, role: str = "", tag: str = "") -> Response:
        return self._pages.render(
            request,
            "form_page.html",
            status=400 if form.is_wrong else 200,
            nav=ROLES,
            heading=N_("Change a role") if role else N_("New role"),
            about=N_("A role gives no more than whoever makes it may do."),
            up=(f"{ROLES}/{role}", role) if role else (ROLES, _("Roles")),
            form=form,
            key=new_key(),
            tag=tag,
            action=f"{ROLES}/{role}/edit" if role else f"{ROLES}/new",
            button=N_("Save") if role else N_("Create role"),
        )


_HOLDERS = Listing(
    name="holders",
    label=N_("Who has it in the whole bridge"),
    path="",
    columns=(
        Column(
            "name",
            N_("Name"),
            lambda row: cells.text(row["name"], strong=True, note=row["email"]).to(f"/people/{row['person']}"),
        ),
        Column("via", N_("By groups of"), lambda row: cells.text(row["via"])),
    ),
    empty=N_("Nobody has it in the whole bridge. Who has it in a team stands on that team's page."),
)


def _of(request: Request) -> str:
    return f"/roles/{request.path_params['name']}"


def _name(row: Row) -> cells.Cell:
    return cells.text(row["name"], strong=True, note=_about(row)).to(f"{ROLES}/{row['name']}")


def _about(role: Row) -> str:
    """Say what a role is for: those that are built in in the language of the page."""
    return _(role["description"]) if role["built_in"] else role["description"]


def _kind(row: Row) -> cells.Cell:
    return (
        cells.pill(_("Built in"), "off", value="true")
        if row["built_in"]
        else cells.pill(_("Own"), "info", value="false")
    )


def _wish(form: Form) -> dict[str, Any]:
    return {"description": form.text("description"), "scopes": form.words("scopes")}
