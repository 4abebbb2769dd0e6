"""Webhooks: who is told of what, and whether it arrives."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import field_of, read_form, read_query
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Action, Field, Form, Listing, Pages, Refused, cells, new_key
from tollbridge.screens.viewing import viewer
from tollbridge_dashboard.deeds import Deed, Revealed, asked_first, shown_once
from tollbridge_dashboard.states import state

READ, WRITE = "admin:webhooks:read", "admin:webhooks:write"
HOOKS = "/webhooks"
_ONE = f"{HOOKS}/{{id}}"
_SAID = {
    "changed": N_("The change holds from now on."),
    "tested": N_("A message is on its way; how it ends stands in the list of messages soon."),
    "again": N_("The message is on its way again."),
    "removed": N_("The webhook is gone, and all messages to it."),
}
_TEAM = Field(name="team", label=N_("Team"), kind="choice", hint=N_("It is told of what befalls that team alone."))
_KEPT = (
    Field(name="name", label=N_("Name")),
    Field(name="url", label=N_("Where messages are sent"), hint=N_("https://..., or mailto:ops@example.com.")),
    Field(
        name="events",
        label=N_("What it is told of"),
        kind="area",
        rows=3,
        begin="*",
        hint=N_("One a line, such as token.rotate, team.* or * for all."),
    ),
    Field(name="allow_private", label=N_("It may be on this machine or a private network"), kind="tick"),
)
_SWITCH = Field(name="disabled", label=N_("Nothing is sent to it for now"), kind="tick")
_HOURS = Field(
    name="hours",
    label=N_("Hours that both secrets sign"),
    kind="number",
    begin="24",
    api="overlap_s",
    hint=N_("0 ends the old one."),
)
_HOUR_S = 3600
REMOVE = Deed(
    path=f"{_ONE}/remove",
    call=f"{_ONE}/remove",
    about=_ONE,
    title=lambda hook: hook["name"],
    heading=N_("Remove a webhook"),
    warning=N_("Nothing is sent to it any more, and all messages to it are forgotten."),
    button=N_("Remove"),
    nav=HOOKS,
    up=_ONE,
    then=HOOKS,
    said="removed",
)


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    hooks, sees, makes, sure = Webhooks(pages), Need(READ), Need(WRITE), Need(WRITE, proved=True)
    return (
        Page("GET", HOOKS, hooks.list, sees),
        Page("GET", f"{HOOKS}/new", hooks.new, sure),
        Page("POST", f"{HOOKS}/new", hooks.create, sure),
        Page("GET", _ONE, hooks.show, sees),
        Page("GET", f"{_ONE}/edit", hooks.edit, sure),
        Page("POST", f"{_ONE}/edit", hooks.change, sure),
        Page("GET", f"{_ONE}/rotate", hooks.ask_rotate, sure),
        Page("POST", f"{_ONE}/rotate", hooks.rotate, sure),
        Page("POST", f"{_ONE}/test", hooks.test, makes),
        Page("POST", f"{_ONE}/messages/{{message}}/again", hooks.again, makes),
        *asked_first(pages, REMOVE, sure),
    )


class Webhooks:
    """The pages about webhooks."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        now = pages.gateway.clock.now
        self._list = Listing(
            name="webhooks",
            label=N_("Webhooks"),
            path="/webhooks",
            columns=(
                Column("name", N_("Name"), lambda row: cells.text(row["name"], strong=True).to(f"{HOOKS}/{row['id']}")),
                Column("state", N_("Status"), lambda row: state("disabled" if row["disabled"] else "active")),
                Column("url", N_("Where"), lambda row: cells.code(row["url"])),
                Column("events", N_("Is told of"), lambda row: cells.tags(row["events"])),
                Column("team", N_("Team"), lambda row: cells.text(row["team"] or _("Whole bridge")), wide=True),
                Column("created_at", N_("Since"), lambda row: cells.time(row["created_at"], now()), wide=True),
            ),
            scope=READ,
            empty=N_("Nobody is told of anything yet."),
        )

    async def list(self, request: Request) -> Response:
        """List them."""
        new = {"new_path": f"{HOOKS}/new", "new_label": N_("New webhook")}
        return await self._list.page(
            self._pages,
            request,
            "list_page.html",
            nav=HOOKS,
            heading=N_("Webhooks"),
            about=N_("What happens here is told to others, by signed messages or by mail."),
            said=self._pages.told(request, _SAID),
            **(new if viewer(request).teams(WRITE) else {}),
        )

    async def show(self, request: Request) -> Response:
        """Show one, with the messages to it."""
        hook = await self._pages.asking(request).get(_of(request))
        changes = viewer(request).reaches(WRITE, hook["team"])
        return await self._messages(hook["id"], may=changes).page(
            self._pages,
            request,
            "webhook.html",
            nav=HOOKS,
            one=hook,
            state=state("disabled" if hook["disabled"] else "active"),
            changes=changes,
            said=self._pages.told(request, _SAID),
        )

    async def new(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        given = read_query(request)
        return self._new(request, Form.read(self._new_fields(request), given, posted=False))

    async def create(self, request: Request) -> Response:
        """Make one, and show its secret this once; or show the form with what is wrong."""
        typed = await read_form(request)
        form = Form.read(self._new_fields(request), typed, posted=True)
        up = (HOOKS, _("Webhooks"))

        async def make_it() -> Revealed:
            made = await self._pages.asking(request).post("/webhooks", {**_wish(form), **form.body("team")})
            return _revealed(made)

        try:
            return await shown_once(self._pages, request, field_of(typed, "sent"), make_it, nav=HOOKS, up=up)
        except Refused as exc:
            form.refuse(exc)
            return self._new(request, form)

    async def edit(self, request: Request) -> Response:
        """Show the form with what holds now."""
        reply = await self._pages.asking(request).send("GET", _of(request))
        hook = reply.value
        given = {"name": [hook["name"]], "url": [hook["url"]], "events": ["\n".join(hook["events"])]}
        ticks = {name: ["yes"] for name in ("allow_private", "disabled") if hook[name]}
        return self._edit(request, Form.read((*_KEPT, _SWITCH), {**given, **ticks}, posted=True), hook, reply.tag)

    async def change(self, request: Request) -> Response:
        """Change one, if it is still as it was read."""
        typed, asking = await read_form(request), self._pages.asking(request)
        form, tag = Form.read((*_KEPT, _SWITCH), typed, posted=True), field_of(typed, "tag")
        hook = await asking.get(_of(request))
        wish = {**_wish(form), "disabled": form.has("disabled")}
        try:
            await asking.patch(_of(request), {name: said for name, said in wish.items() if said != hook[name]}, tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return self._edit(request, form, hook, tag)
        return self._pages.back(request, f"{HOOKS}/{hook['id']}", said="changed")

    async def ask_rotate(self, request: Request) -> Response:
        """Ask for how long both secrets sign."""
        hook = await self._pages.asking(request).get(_of(request))
        return self._rotate(request, Form.read((_HOURS,), {}, posted=False), hook)

    async def rotate(self, request: Request) -> Response:
        """Make another secret, and show it this once."""
        typed, asking = await read_form(request), self._pages.asking(request)
        form, hook = Form.read((_HOURS,), typed, posted=True), await asking.get(_of(request))
        hours = form.whole("hours")
        wish = {} if hours is None else {"overlap_s": hours * _HOUR_S if isinstance(hours, int) else hours}

        async def make_it() -> Revealed:
            return _revealed(await asking.post(f"{_of(request)}/rotate-secret", wish))

        try:
            up = (f"{HOOKS}/{hook['id']}", hook["name"])
            return await shown_once(self._pages, request, field_of(typed, "sent"), make_it, nav=HOOKS, up=up)
        except Refused as exc:
            form.refuse(exc)
            return self._rotate(request, form, hook)

    async def test(self, request: Request) -> Response:
        """Send a message that says nothing."""
        await self._pages.asking(request).post(f"{_of(request)}/test")
        return self._pages.back(request, f"{HOOKS}/{request.path_params['id']}", said="tested")

    async def again(self, request: Request) -> Response:
        """Send a message again."""
        wish = {"delivery": request.path_params["message"]}
        await self._pages.asking(request).post(f"{_of(request)}/redeliver", wish)
        return self._pages.back(request, f"{HOOKS}/{request.path_params['id']}", said="again")

    def _new_fields(self, request: Request) -> Sequence[Field]:
        teams = [(team, team or _("Whole bridge")) for team in viewer(request).teams(WRITE)]
        return (*_KEPT, replace(_TEAM, choices=teams)) if len(teams) > 1 else _KEPT

    def _new(self, request: Request, form: Form) -> Response:
        more = {"heading": N_("New webhook"), "button": N_("Create webhook"), "up": (HOOKS, _("Webhooks"))}
        return self._form(request, "form_page.html", form, action=f"{HOOKS}/new", key=new_key(), **more)

    def _edit(self, request: Request, form: Form, hook: Row, tag: str) -> Response:
        path = f"{HOOKS}/{hook['id']}"
        more = {"heading": N_("Change a webhook"), "button": N_("Save"), "up": (path, hook["name"])}
        return self._form(request, "form_page.html", form, action=f"{path}/edit", tag=tag, **more)

    def _rotate(self, request: Request, form: Form, hook: Row) -> Response:
        path = f"{HOOKS}/{hook['id']}"
        more = {"heading": N_("Rotate the secret"), "button": N_("Make another secret"), "whom": hook["name"]}
        up = (path, hook["name"])
        return self._form(request, "form_of.html", form, action=f"{path}/rotate", up=up, key=new_key(), **more)

    def _form(self, request: Request, template: str, form: Form, **more: Any) -> Response:
        status = 400 if form.is_wrong else 200
        return self._pages.render(request, template, status=status, nav=HOOKS, form=form, **more)

    def _messages(self, id: str, *, may: bool) -> Listing:
        now = self._pages.gateway.clock.now

        def acts(row: Row) -> cells.Cell:
            path = f"{HOOKS}/{id}/messages/{row['id']}/again"
            return cells.actions(Action(_("Send again"), path, row["event"], post=True))

        columns = [
            Column("event", N_("Event"), lambda row: cells.text(row["event"], strong=True, note=row["id"])),
            Column("state", N_("Status"), lambda row: state(row["state"])),
            Column("outcome", N_("How it ended"), lambda row: cells.text(row["outcome"])),
            Column("attempts", N_("Attempts"), lambda row: cells.number(row["attempts"]), number=True),
            Column("created_at", N_("At"), lambda row: cells.time(row["created_at"], now())),
            Column("next_at", N_("Again at"), lambda row: cells.time(row["next_at"], now()), wide=True),
        ]
        return Listing(
            name="deliveries",
            label=N_("Messages"),
            path=f"/webhooks/{id}/deliveries",
            columns=[*columns, Column("", "", acts)] if may else columns,
            empty=N_("Nothing was sent to it yet."),
        )


def _of(request: Request) -> str:
    return f"/webhooks/{request.path_params['id']}"


def _wish(form: Form) -> dict[str, Any]:
    said = {"name": form.text("name"), "url": form.text("url"), "events": form.words("events")}
    return {**said, "allow_private": form.has("allow_private")}


def _revealed(made: Row) -> Revealed:
    return Revealed(
        heading=N_("The secret of a webhook"),
        about=N_("Messages are signed with it, and whoever receives them verifies that. It is shown this once."),
        secrets=((N_("Secret"), made["secret"]),),
        up=(f"{HOOKS}/{made['id']}", made["name"]),
        nav=HOOKS,
    )
