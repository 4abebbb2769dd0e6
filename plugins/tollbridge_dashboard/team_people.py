"""Who is in a team, and who is invited to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import field_of, read_form, read_query
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Action, Field, Form, Listing, Pages, Refused, cells, new_key
from tollbridge_dashboard.deeds import Deed, Revealed, asked_first, shown_once
from tollbridge_dashboard.roles_known import with_roles
from tollbridge_dashboard.states import state

READ, WRITE = "admin:members:read", "admin:members:write"
TEAMS = "/teams"
_TEAM = f"{TEAMS}/{{name}}"
_MEMBER, _INVITATION = f"{_TEAM}/members/{{id}}", f"{_TEAM}/invitations/{{id}}"
SAID = {
    "joined": N_("They are in the team from now on."),
    "role": N_("The role holds from now on."),
    "left": N_("They are not in the team any more, and what was made with the membership has ended."),
    "withdrawn": N_("The invitation opens nothing any more."),
}
_ROLE = Field(name="role", label=N_("Role"), kind="choice", hint=N_("What they may do in the team."))
_EMAIL = Field(name="email", label=N_("E-mail address"))
_DAYS = Field(name="days", label=N_("Days it is open"), kind="number", begin="7", hint=N_("30 at most."))
_NAME = Field(name="name", label=N_("Name"), hint=N_("Needed for somebody who is not here yet."))
_CODE = N_("The link and the code are shown this once. Send one of them to whoever is invited: nobody else can use it.")
DEEDS = (
    Deed(
        path=f"{_MEMBER}/remove",
        call="/teams/{name}/members/{id}/remove",
        about="/teams/{name}/members/{id}",
        title=lambda one: one["name"],
        heading=N_("Remove a member"),
        warning=N_("The membership and all that was made with it, such as tokens, end at once and for good."),
        button=N_("Remove for good"),
        nav=TEAMS,
        up=_TEAM,
        then=_TEAM,
        said="left",
    ),
    Deed(
        path=f"{_INVITATION}/revoke",
        call="/teams/{name}/invitations/{id}/revoke",
        about="/teams/{name}/invitations/{id}",
        title=lambda one: one["email"],
        heading=N_("Withdraw an invitation"),
        warning=N_("Its link and its code open nothing any more."),
        button=N_("Withdraw"),
        nav=TEAMS,
        up=_TEAM,
        then=_TEAM,
        said="withdrawn",
    ),
)


def people_of(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    people, may = TeamPeople(pages), Need(WRITE)
    return (
        Page("GET", f"{_TEAM}/members/new", people.new_member, may),
        Page("POST", f"{_TEAM}/members/new", people.add_member, may),
        Page("GET", f"{_MEMBER}/role", people.ask_role, may),
        Page("POST", f"{_MEMBER}/role", people.change_role, may),
        Page("GET", f"{_TEAM}/invitations/new", people.new_invitation, may),
        Page("POST", f"{_TEAM}/invitations/new", people.invite, may),
        Page("GET", f"{_INVITATION}/resend", people.ask_resend, may),
        Page("POST", f"{_INVITATION}/resend", people.resend, may),
        *(page for deed in DEEDS for page in asked_first(pages, deed, may)),
    )


class TeamPeople:
    """The pages about who is in a team."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def new_member(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        fields = await self._fields(request, _EMAIL, _NAME, _ROLE)
        return self._member(request, Form.read(fields, read_query(request), posted=False))

    async def add_member(self, request: Request) -> Response:
        """Make somebody a member, or show the form with what is wrong."""
        team = request.path_params["name"]
        typed = await read_form(request)
        form = Form.read(await self._fields(request, _EMAIL, _NAME, _ROLE), typed, posted=True)
        try:
            key = field_of(typed, "sent")
            await self._pages.asking(request).post(f"/teams/{team}/members", form.body(), key=key)
        except Refused as exc:
            form.refuse(exc)
            return self._member(request, form)
        return self._pages.back(request, f"{TEAMS}/{team}", said="joined")

    async def ask_role(self, request: Request) -> Response:
        """Show the form with the role that holds now."""
        reply = await self._pages.asking(request).send("GET", _path(request))
        member = reply.value
        form = Form.read(await self._fields(request, _ROLE), {"role": [member["role"]]}, posted=True)
        return self._role(request, form, member, reply.tag)

    async def change_role(self, request: Request) -> Response:
        """Give a member another role, if it is still as it was read."""
        typed, asking = await read_form(request), self._pages.asking(request)
        form, tag = Form.read(await self._fields(request, _ROLE), typed, posted=True), field_of(typed, "tag")
        try:
            await asking.patch(_path(request), {"role": form.text("role")}, tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return self._role(request, form, await asking.get(_path(request)), tag)
        return self._pages.back(request, f"{TEAMS}/{request.path_params['name']}", said="role")

    async def new_invitation(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        fields = await self._fields(request, _EMAIL, _ROLE, _DAYS)
        return self._invitation(request, Form.read(fields, read_query(request), posted=False))

    async def invite(self, request: Request) -> Response:
        """Invite who has an address, and show the code this once; or show the form with what is wrong."""
        typed = await read_form(request)
        form = Form.read(await self._fields(request, _EMAIL, _ROLE, _DAYS), typed, posted=True)
        wish = {**form.body("email", "role"), **_days(form)}
        return await self._once(request, form, f"/teams/{request.path_params['name']}/invitations", wish, typed)

    async def ask_resend(self, request: Request) -> Response:
        """Ask for how long the new code is open."""
        one = await self._pages.asking(request).get(_path(request))
        return self._invitation(request, Form.read((_DAYS,), {}, posted=False), one["email"])

    async def resend(self, request: Request) -> Response:
        """Give an invitation another code, and show it this once."""
        typed = await read_form(request)
        form = Form.read((_DAYS,), typed, posted=True)
        one = await self._pages.asking(request).get(_path(request))
        path = f"{_path(request)}/resend"
        return await self._once(request, form, path, _days(form), typed, again=one["email"])

    async def _once(
        self,
        request: Request,
        form: Form,
        path: str,
        wish: Mapping[str, Any],
        typed: Mapping[str, list[str]],
        *,
        again: str = "",
    ) -> Response:
        team, key = request.path_params["name"], field_of(typed, "sent")
        up = (f"{TEAMS}/{team}", team)

        async def make() -> Revealed:
            made = await self._pages.asking(request).post(path, wish)
            shown = [(N_("Link"), self._link(request, made)), (N_("Code"), made["code"])] if made["code"] else []
            return Revealed(heading=N_("Invitation made"), about=_CODE, secrets=shown, up=up, nav=TEAMS)

        try:
            return await shown_once(self._pages, request, key, make, nav=TEAMS, up=up)
        except Refused as exc:
            if exc.status == 404:
                raise
            form.refuse(exc)
            return self._invitation(request, form, again)

    def _link(self, request: Request, made: Row) -> str:
        """Give where an invitation is accepted: below the gateway's own address, else where this browser found it."""
        prefix = self._pages.gateway.config.server.prefix
        found: str = made["link"] or f"{self._pages.address(request)}{prefix}/sign-in/invitation?code={made['code']}"
        return found

    async def _fields(self, request: Request, *fields: Field) -> Sequence[Field]:
        """Give fields, the one of the role with the roles there are."""
        role = await with_roles(_ROLE, self._pages.asking(request), bridge=False)
        return [role if one is _ROLE else one for one in fields]

    def _member(self, request: Request, form: Form) -> Response:
        about = N_("Whoever is here already is found by the address; somebody new needs a name too.")
        heading, button = N_("Add a member"), N_("Add")
        return self._form(request, form, heading=heading, button=button, place="members/new", about=about)

    def _role(self, request: Request, form: Form, member: Row, tag: str) -> Response:
        more = {"heading": N_("Change a role"), "button": N_("Save"), "whom": member["name"], "tag": tag}
        return self._form(request, form, place=f"members/{request.path_params['id']}/role", **more)

    def _invitation(self, request: Request, form: Form, whom: str = "") -> Response:
        if whom:
            place = f"invitations/{request.path_params['id']}/resend"
            more = {"heading": N_("Send an invitation again"), "button": N_("Make a new code"), "whom": whom}
            about = N_("The link and the code from before open nothing then.")
        else:
            place = "invitations/new"
            more = {"heading": N_("Invite somebody"), "button": N_("Invite")}
            about = N_("Whoever has the address joins by the link, and nobody else does.")
        return self._form(request, form, place=place, about=about, **more)

    def _form(self, request: Request, form: Form, *, place: str, **more: str) -> Response:
        team = request.path_params["name"]
        return self._pages.render(
            request,
            "form_of.html",
            status=400 if form.is_wrong else 200,
            nav=TEAMS,
            form=form,
            key=new_key(),
            up=(f"{TEAMS}/{team}", team),
            action=f"{TEAMS}/{team}/{place}",
            **{"whom": "", "tag": "", "about": "", **more},
        )


def members_of(team: str, *, may: bool) -> Listing:
    """Give the list of a team's members; `may`: whoever looks may change them."""

    def acts(row: Row) -> cells.Cell:
        path, who = f"{TEAMS}/{team}/members/{row['person']}", row["name"]
        return cells.actions(Action(_("Change role"), f"{path}/role", who), Action(_("Remove"), f"{path}/remove", who))

    columns = [
        Column("name", N_("Name"), lambda row: cells.text(row["name"], strong=True)),
        Column("email", N_("Address"), lambda row: cells.text(row["email"])),
        Column("role", N_("Role"), lambda row: cells.tags([row["role"]])),
        Column("state", N_("Status"), lambda row: state(row["state"])),
        Column("via", N_("By groups of"), lambda row: cells.text(row["via"]), wide=True),
    ]
    return Listing(
        name="team_members",
        label=N_("Members"),
        path=f"/teams/{team}/members",
        columns=[*columns, Column("", "", acts)] if may else columns,
        empty=N_("Nobody is in it yet."),
    )


def invitations_of(team: str, *, may: bool) -> Listing:
    """Give the list of invitations to a team."""

    def acts(row: Row) -> cells.Cell:
        if row["state"] not in ("open", "expired"):
            return cells.actions()
        path, whom = f"{TEAMS}/{team}/invitations/{row['id']}", row["email"]
        again = Action(_("Send again"), f"{path}/resend", whom)
        return cells.actions(again, Action(_("Withdraw"), f"{path}/revoke", whom))

    columns = [
        Column("email", N_("Address"), lambda row: cells.text(row["email"], strong=True)),
        Column("role", N_("Role"), lambda row: cells.tags([row["role"]])),
        Column("state", N_("Status"), lambda row: state(row["state"])),
        Column("ends_at", N_("Open until"), lambda row: cells.text(row["ends_at"][:10])),
    ]
    return Listing(
        name="team_invitations",
        label=N_("Invitations"),
        path=f"/teams/{team}/invitations",
        columns=[*columns, Column("", "", acts)] if may else columns,
        empty=N_("Nobody was invited."),
    )


def _path(request: Request) -> str:
    """Give the API's path of the member or the invitation that a page is about."""
    team, id = request.path_params["name"], request.path_params["id"]
    what = "invitations" if f"/{team}/invitations/" in request.scope["path"] else "members"
    return f"/teams/{team}/{what}/{id}"


def _days(form: Form) -> Mapping[str, Any]:
    days = form.whole("days")
    return {} if days is None else {"days": days}
