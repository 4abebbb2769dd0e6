"""People: who they are, what they are where, and where they are signed in."""

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
from tollbridge.screens import BRIDGE, Action, Field, Form, Listing, Pages, Refused, cells, new_key
from tollbridge.screens.viewing import viewer
from tollbridge_dashboard.deeds import asked_first
from tollbridge_dashboard.people_deeds import DEEDS, MEMBERS, SESSIONS, SESSIONS_SEEN, WRITE
from tollbridge_dashboard.roles_known import with_roles
from tollbridge_dashboard.states import state

READ = "admin:people:read"
PEOPLE = "/people"
_ONE = f"{PEOPLE}/{{id}}"
_MOST_SESSIONS = 50
_SAID = {
    "made": N_("They are here from now on."),
    "changed": N_("The change holds from now on."),
    "disabled": N_("Nothing of theirs crosses any more, and they are signed out."),
    "enabled": N_("They cross again, with what was disabled with them."),
    "removed": N_("They are forgotten, and what was made with their memberships has ended."),
    "role": N_("The role holds from now on."),
    "no_role": N_("They have no role in the whole bridge any more."),
    "signed_out": N_("The session has ended."),
    "all_out": N_("They are signed out everywhere."),
}
_NAME = Field(name="name", label=N_("Name"))
_EMAIL = Field(name="email", label=N_("E-mail address"), hint=N_("They sign in with it."))
_PASSWORD = Field(
    name="password",
    label=N_("Password"),
    kind="password",
    hint=N_("15 characters at least. Without one they sign in by an OpenID provider that vouches for the address."),
)
_ANOTHER = replace(
    _PASSWORD, label=N_("New password"), hint=N_("15 characters at least; it ends all of their sessions.")
)
_ROLE = Field(name="role", label=N_("Role in the whole bridge"), kind="choice")
_KEPT = (_NAME, _EMAIL, _ANOTHER)


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    people = People(pages)
    sees, makes, roles = Need(READ), Need(WRITE, whole=True), Need(MEMBERS, whole=True)
    sure = {WRITE: Need(WRITE, whole=True, proved=True), MEMBERS: roles, SESSIONS: Need(SESSIONS, whole=True)}
    return (
        Page("GET", PEOPLE, people.list, sees),
        Page("GET", f"{PEOPLE}/new", people.new, makes),
        Page("POST", f"{PEOPLE}/new", people.create, makes),
        Page("GET", _ONE, people.show, sees),
        Page("GET", f"{_ONE}/edit", people.edit, sure[WRITE]),
        Page("POST", f"{_ONE}/edit", people.change, sure[WRITE]),
        Page("GET", f"{_ONE}/role", people.ask_role, roles),
        Page("POST", f"{_ONE}/role", people.give_role, roles),
        *(page for deed, scope in DEEDS for page in asked_first(pages, deed, sure[scope])),
    )


def search(pages: Pages) -> Search:
    """Look for people."""

    async def find(request: Request, wanted: str) -> Sequence[Hit]:
        try:
            found = await pages.asking(request).get("/people", q=wanted, limit=5)
        except Refused:
            return ()
        return [Hit(one["name"], f"{PEOPLE}/{one['id']}", _("Person")) for one in found["items"]]

    return find


class People:
    """The pages about people."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        now = pages.gateway.clock.now
        self._list = Listing(
            name="people",
            label=N_("People"),
            path="/people",
            columns=(
                Column("name", N_("Name"), _name),
                Column("email", N_("Address"), lambda row: cells.text(row["email"])),
                Column("state", N_("Status"), lambda row: state(_state(row))),
                Column("has_password", N_("Signs in by"), _way),
                Column("last_seen_at", N_("Last seen"), lambda row: cells.time(row["last_seen_at"], now())),
                Column("created_at", N_("Since"), lambda row: cells.time(row["created_at"], now()), wide=True),
            ),
            filters=("q",),
            scope=READ,
            empty=N_("Nobody is called so."),
            unfiltered_empty=N_("There is nobody yet. Make a person, or invite somebody to a team."),
        )

    async def list(self, request: Request) -> Response:
        """List them."""
        new = {"new_path": f"{PEOPLE}/new", "new_label": N_("New person")}
        return await self._list.page(
            self._pages,
            request,
            "list_page.html",
            nav=PEOPLE,
            heading=N_("People"),
            about=N_("Who signs in, and what they are in which teams."),
            said=self._pages.told(request, _SAID),
            **(new if viewer(request).reaches(WRITE, BRIDGE) else {}),
        )

    async def show(self, request: Request) -> Response:
        """Show one, with what they are where and where they are signed in."""
        asking, id, who = self._pages.asking(request), request.path_params["id"], viewer(request)
        person = await asking.get(f"/people/{id}")
        sessions = None
        if who.reaches(SESSIONS_SEEN, BRIDGE):
            found = await asking.get(f"/people/{id}/sessions", limit=_MOST_SESSIONS)
            sessions = self._sessions(id, ends=who.reaches(SESSIONS, BRIDGE)).table(found["items"])
        memberships = self._memberships().table(person["memberships"])
        return self._pages.render(
            request,
            "person.html",
            nav=PEOPLE,
            one=person,
            state=state(_state(person)),
            memberships=memberships,
            role=next((one["role"] for one in person["memberships"] if one["team"] is None), ""),
            sessions=sessions,
            said=self._pages.told(request, _SAID),
        )

    async def new(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        given = read_query(request, without="password")
        return self._form(request, Form.read(await self._new_fields(request), given, posted=False))

    async def create(self, request: Request) -> Response:
        """Make somebody, or show the form with what is wrong."""
        typed = await read_form(request)
        form = Form.read(await self._new_fields(request), typed, posted=True)
        wish = {**form.body("name", "email", "role"), **_password(typed)}
        try:
            key = field_of(typed, "sent")
            person = await self._pages.asking(request).post("/people", wish, key=key)
        except Refused as exc:
            form.refuse(exc)
            return self._form(request, form)
        return self._pages.back(request, f"{PEOPLE}/{person['id']}", said="made")

    async def edit(self, request: Request) -> Response:
        """Show the form with what holds now."""
        reply = await self._pages.asking(request).send("GET", _of(request))
        person = reply.value
        form = Form.read(_KEPT, {"name": [person["name"]], "email": [person["email"]]}, posted=True)
        return self._edit(request, form, person, reply.tag)

    async def change(self, request: Request) -> Response:
        """Change somebody, if they are still as they were read."""
        typed, asking = await read_form(request), self._pages.asking(request)
        form, tag = Form.read(_KEPT, typed, posted=True), field_of(typed, "tag")
        person = await asking.get(_of(request))
        given = {name: form.text(name) for name in ("name", "email") if form.text(name) != person[name]}
        taken = {"password": None} if typed.get("no_password") else _password(typed)
        try:
            await asking.patch(_of(request), {**given, **taken}, tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return self._edit(request, form, person, tag)
        return self._pages.back(request, f"{PEOPLE}/{person['id']}", said="changed")

    async def ask_role(self, request: Request) -> Response:
        """Show the form with the role that they have in the whole bridge."""
        asking = self._pages.asking(request)
        person = await asking.get(_of(request))
        held = next((one["role"] for one in person["memberships"] if one["team"] is None), "")
        fields = (await with_roles(_ROLE, asking, bridge=True),)
        return self._role(request, Form.read(fields, {"role": [held]}, posted=True), person)

    async def give_role(self, request: Request) -> Response:
        """Give them a role in the whole bridge, at once."""
        asking, typed = self._pages.asking(request), await read_form(request)
        person = await asking.get(_of(request))
        form = Form.read((await with_roles(_ROLE, asking, bridge=True),), typed, posted=True)
        try:
            await asking.post("/members", {"person": person["id"], "role": form.text("role")})
        except Refused as exc:
            form.refuse(exc)
            return self._role(request, form, person)
        return self._pages.back(request, f"{PEOPLE}/{person['id']}", said="role")

    async def _new_fields(self, request: Request) -> Sequence[Field]:
        none = _("none")
        role = await with_roles(_ROLE, self._pages.asking(request), bridge=True, none=none)
        return (_NAME, _EMAIL, _PASSWORD, role)

    def _form(self, request: Request, form: Form) -> Response:
        more = {"heading": N_("New person"), "button": N_("Create person"), "up": (PEOPLE, _("People"))}
        return self._shown(request, "form_page.html", form, action=f"{PEOPLE}/new", key=new_key(), **more)

    def _edit(self, request: Request, form: Form, person: Row, tag: str) -> Response:
        path = f"{PEOPLE}/{person['id']}"
        more = {"heading": N_("Change a person"), "button": N_("Save"), "up": (path, person["name"]), "one": person}
        return self._shown(request, "person_edit.html", form, action=f"{path}/edit", tag=tag, **more)

    def _role(self, request: Request, form: Form, person: Row) -> Response:
        path = f"{PEOPLE}/{person['id']}"
        more = {"heading": N_("Role in the whole bridge"), "button": N_("Give it"), "whom": person["name"]}
        return self._shown(request, "form_of.html", form, action=f"{path}/role", up=(path, person["name"]), **more)

    def _shown(self, request: Request, template: str, form: Form, **more: Any) -> Response:
        return self._pages.render(
            request, template, status=400 if form.is_wrong else 200, nav=PEOPLE, form=form, **more
        )

    def _memberships(self) -> Listing:
        return Listing(
            name="memberships",
            label=N_("Memberships"),
            path="",
            columns=(
                Column("team", N_("Team"), _team),
                Column("role", N_("Role"), lambda row: cells.tags([row["role"]])),
                Column("state", N_("Status"), lambda row: state(row["state"])),
                Column("via", N_("By groups of"), lambda row: cells.text(row["via"]), wide=True),
            ),
            empty=N_("They are in no team, and have no role in the whole bridge: they can sign in and see nothing."),
        )

    def _sessions(self, id: str, *, ends: bool) -> Listing:
        now = self._pages.gateway.clock.now

        def acts(row: Row) -> cells.Cell:
            return cells.actions(Action(_("End"), f"{PEOPLE}/{id}/sessions/{row['id']}/end", row["agent"]))

        columns = [
            Column("agent", N_("Browser"), lambda row: cells.text(row["agent"] or None, strong=True)),
            Column("address", N_("Address"), lambda row: cells.code(row["address"])),
            Column("via", N_("Signed in by"), lambda row: cells.text(row["via"])),
            Column("last_seen_at", N_("Last seen"), lambda row: cells.time(row["last_seen_at"], now())),
            Column("created_at", N_("Since"), lambda row: cells.time(row["created_at"], now()), wide=True),
        ]
        return Listing(
            name="sessions",
            label=N_("Sessions"),
            path="",
            columns=[*columns, Column("", "", acts)] if ends else columns,
            empty=N_("They are signed in nowhere."),
        )


def _of(request: Request) -> str:
    return f"/people/{request.path_params['id']}"


def _state(person: Row) -> str:
    return "active" if person["disabled_at"] is None else "disabled"


def _name(row: Row) -> cells.Cell:
    return cells.text(row["name"], strong=True).to(f"{PEOPLE}/{row['id']}")


def _way(row: Row) -> cells.Cell:
    return cells.text(_("a password, or a provider") if row["has_password"] else _("a provider"))


def _team(row: Row) -> cells.Cell:
    if row["team"] is None:
        return cells.text(_("Whole bridge"), strong=True)
    return cells.text(row["team"], strong=True).to(f"/teams/{row['team']}")


def _password(typed: Mapping[str, list[str]]) -> dict[str, str]:
    """Give a password as it was typed, blanks and all."""
    said = field_of(typed, "password")
    return {"password": said} if said else {}
